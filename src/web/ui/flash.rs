//! What just happened, told once on the next page: a word in a cookie, never a text, so nobody can put words into our
//! mouth.

use super::page::Flash;

/// News for the next page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum News {
    /// The first admin was made.
    Welcome,
    /// The session was ended.
    SignedOut,
    /// An app was connected.
    Connected,
    /// The same, and something was cut off its address.
    ConnectedCut,
    /// An instance that only receives was made.
    Made,
    /// A sync was asked for.
    Syncing,
    /// A sync was ended.
    Cancelled,
    /// It sends nothing for now.
    Paused,
    /// It sends again.
    Resumed,
    /// It is on again.
    Enabled,
    /// It is off.
    Disabled,
    /// Settings were saved.
    Saved,
    /// An attribute was declared.
    Declared,
    /// A declaration was taken back.
    Undeclared,
    /// An instance was deleted.
    Deleted,
    /// A person was made by hand.
    PersonMade,
    /// A person was deleted by hand.
    PersonDeleted,
    /// Access was taken away by hand.
    Deactivated,
    /// Access was given back by hand.
    Activated,
    /// A group was made by hand.
    GroupMade,
    /// A group was deleted by hand.
    GroupDeleted,
    /// People were put into a group.
    MembersAdded,
    /// People were taken out of a group.
    MembersRemoved,
    /// A form was sent as it was.
    Unchanged,
    /// Somebody else changed it meanwhile.
    Overtaken,
    /// Pairs were told to be one.
    ToldSame,
    /// Pairs were told apart.
    ToldApart,
    /// The pairs were decided meanwhile, or are gone.
    NothingUndecided,
    /// A key was revoked.
    Revoked,
    /// Held removals were freed.
    Allowed,
    /// Held removals were turned down.
    Rejected,
    /// Nothing was chosen.
    NoneChosen,
    /// What was to be decided is decided or gone.
    NothingHeld,
    /// The app is being checked.
    Probing,
    /// A push is tried again.
    Retrying,
    /// There was nothing to try again.
    InStep,
}

const ALL: &[(News, &str, bool, &str)] = &[
    (
        News::Welcome,
        "welcome",
        true,
        "The hub is yours. Connect the first app.",
    ),
    (News::SignedOut, "signed-out", true, "You are signed out."),
    (
        News::Connected,
        "connected",
        true,
        "Connected. The first sync runs.",
    ),
    (
        News::ConnectedCut,
        "connected-cut",
        true,
        "Connected. The first sync runs. What was too much at the end of the address was cut off: /Users and /Groups are added by themselves.",
    ),
    (
        News::Made,
        "made",
        true,
        "Ready to receive. Create a key for your identity provider.",
    ),
    (News::Syncing, "syncing", true, "A sync was started."),
    (
        News::Cancelled,
        "cancelled",
        true,
        "The sync was cancelled. What was read stays, nobody is taken as gone.",
    ),
    (
        News::Paused,
        "paused",
        true,
        "Paused: changes are received and queued, nothing is sent.",
    ),
    (
        News::Resumed,
        "resumed",
        true,
        "Resumed: what was queued is sent.",
    ),
    (
        News::Enabled,
        "enabled",
        true,
        "Enabled: identity providers may push again.",
    ),
    (
        News::Disabled,
        "disabled",
        true,
        "Disabled: identity providers are told so, nothing is sent.",
    ),
    (News::Saved, "saved", true, "Saved."),
    (
        News::Declared,
        "declared",
        true,
        "Declared: values are checked from now on.",
    ),
    (
        News::Undeclared,
        "undeclared",
        true,
        "Removed: the values that are stored stay as they are.",
    ),
    (
        News::Deleted,
        "deleted",
        true,
        "The instance was deleted. The app was left as it is.",
    ),
    (News::PersonMade, "person-made", true, "The person is here now."),
    (
        News::PersonDeleted,
        "person-deleted",
        true,
        "The person was deleted.",
    ),
    (
        News::Deactivated,
        "deactivated",
        true,
        "Deactivated: access is taken away.",
    ),
    (
        News::Activated,
        "activated",
        true,
        "Activated: access is given back.",
    ),
    (
        News::GroupMade,
        "group-made",
        true,
        "The group is here now. Add its members.",
    ),
    (
        News::GroupDeleted,
        "group-deleted",
        true,
        "The group was deleted.",
    ),
    (
        News::MembersAdded,
        "members-added",
        true,
        "Those you chose are members now.",
    ),
    (
        News::MembersRemoved,
        "members-removed",
        true,
        "Those you chose are no members any more.",
    ),
    (
        News::Unchanged,
        "unchanged",
        true,
        "Nothing was different, so nothing was changed.",
    ),
    (
        News::Overtaken,
        "overtaken",
        false,
        "Nothing was done: it was changed since you opened the page. Look at it, then try again.",
    ),
    (
        News::ToldSame,
        "told-same",
        true,
        "Linked: from now on what stands here is sent to the app.",
    ),
    (
        News::ToldApart,
        "told-apart",
        true,
        "Told apart: they are not proposed again.",
    ),
    (
        News::NothingUndecided,
        "nothing-undecided",
        false,
        "Nothing was done: none of them waits any more.",
    ),
    (
        News::Revoked,
        "revoked",
        true,
        "The key was revoked: requests with it are refused from now on.",
    ),
    (
        News::Allowed,
        "allowed",
        true,
        "Allowed: the removals are carried out now.",
    ),
    (
        News::Rejected,
        "rejected",
        true,
        "Rejected: nothing is removed from the app until something changes here.",
    ),
    (
        News::NoneChosen,
        "none-chosen",
        false,
        "Nothing was done: choose who is meant first.",
    ),
    (
        News::NothingHeld,
        "nothing-held",
        false,
        "Nothing was done: none of them waits any more.",
    ),
    (News::Probing, "probing", true, "The app is being checked."),
    (News::Retrying, "retrying", true, "It is tried again now."),
    (
        News::InStep,
        "in-step",
        true,
        "There is nothing to try again: both sides are in step.",
    ),
];

impl News {
    /// The word in the cookie.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        ALL.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }
}

/// The sentence behind a cookie's word.
#[must_use]
pub fn read(word: &str) -> Option<Flash> {
    let (_, _, good, text) = ALL.iter().find(|row| row.1 == word)?;
    Some(Flash {
        good: *good,
        text: (*text).into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_has_its_sentence() {
        for (news, word, good, text) in ALL {
            assert_eq!(news.as_str(), *word);
            let flash = read(word).map(|f| (f.good, f.text));
            assert_eq!(flash, Some((*good, (*text).to_owned())));
        }
        assert!(read("<b>").is_none() && read("").is_none());
    }
}
