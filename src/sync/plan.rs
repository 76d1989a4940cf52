//! What has to be done for one resource so that the app holds what we want: a pure decision over plain data. Push does
//! it, import asks it about drift, reconcile about everything; so "what would happen?" is the
//! same code as doing it. It gives the *next* step; when that is done the question is asked anew.

use crate::mapping::{self, Carried};
use crate::model::policies::{Drift, Leaver};
use crate::model::{Capabilities, Fingerprint, Link, LinkState, Policies, Scope, Verb};
use crate::scim::schema::ResourceType;

/// All that decides about one resource.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// What the instance carries.
    pub scope: Scope,
    /// What an admin set.
    pub policies: &'a Policies,
    /// What the app can do.
    pub capabilities: &'a Capabilities,
    /// User or Group.
    pub kind: ResourceType,
    /// Whether the scope filters take it in.
    pub carried: Carried,
    /// Somebody on our side writes to it.
    pub managed: bool,
    /// `active` on our side; groups always are.
    pub active: bool,
    /// Deleted on our side: a tombstone.
    pub deleted: bool,
    /// What we want the app to hold.
    pub desired: &'a Fingerprint,
    /// Paths that we want to have no value there.
    pub cleared: &'a [String],
    /// The counterpart, as far as it is known.
    pub link: Option<&'a Link>,
    /// A group's members that can be pushed now.
    pub members: bool,
    /// The app still lists a deleted user in groups from which it can be taken.
    pub memberships: bool,
    /// Somebody else who was deleted here still has this name in the app.
    pub name_taken: bool,
    /// The app may have it already: a person has to decide.
    pub undecided: bool,
    /// A removal of this resource waits for a person, or was rejected by one.
    pub blocked: bool,
}

/// The next step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// Make it in the app.
    Create,
    /// Look for it in the app: it may be there already.
    Resolve,
    /// The app holds what we want at these paths already: note that.
    Agree(Vec<String>),
    /// The app is known not to take what we want at these paths: note that, as if it had kept them otherwise.
    Concede(Vec<String>),
    /// Set or remove the values at these paths; switching an account on is among them.
    Update(Vec<String>),
    /// `active: false`.
    Deactivate,
    /// Delete it.
    Delete,
    /// Leave it in the app as it is, and forget it here.
    Detach,
    /// Nothing of it is in the app: forget it here.
    Forget,
    /// Push members.
    Members,
    /// Access should end, and the app is known to have no way to end it: a person has to, there.
    Helpless(&'static str),
    /// A removal waits for Allow, or an admin rejected it.
    Blocked,
    /// Nothing to do, and why.
    Nothing(&'static str),
    /// Somebody else's step comes first; that one wakes this resource.
    Wait(&'static str),
}

/// The next step for one resource.
#[must_use]
pub fn plan(s: &Situation<'_>) -> Action {
    if s.kind == ResourceType::Group && !carries_groups(s) {
        return match (s.deleted, s.link) {
            (true, Some(_)) => Action::Detach,
            (true, None) => Action::Forget,
            (false, _) => Action::Nothing("groups are not carried to this app"),
        };
    }
    let carried = s.scope.carries(s.kind);
    if carried
        && s.carried != Carried::In
        && let Some(action) = outside(s)
    {
        return action;
    }
    match s.link {
        None if s.deleted => Action::Forget,
        None => unlinked(s, carried),
        Some(link) => match link.state {
            LinkState::Creating | LinkState::Ambiguous => Action::Resolve,
            LinkState::Missing if s.deleted => Action::Forget,
            LinkState::Missing => missing(s, link, carried),
            LinkState::Linked | LinkState::Left if s.deleted => departed(s, link, carried),
            LinkState::Linked | LinkState::Left => present(s, link, carried),
        },
    }
}

fn carries_groups(s: &Situation<'_>) -> bool {
    s.scope.carries(ResourceType::Group) && s.capabilities.groups
}

/// Said of those whom the filters leave out.
pub(super) const OUTSIDE: &str = "it is out of scope";
/// Said while a filter cannot be read.
pub(super) const UNCLEAR: &str =
    "the scope filter cannot be read: nobody new is carried and nobody is removed";

/// Out of scope: what was carried leaves by the leaver policy, what never was is left alone. While nobody can tell who is
/// in scope, only that is done which would be done either way. None: the scope makes no difference.
fn outside(s: &Situation<'_>) -> Option<Action> {
    let out = s.carried == Carried::Out;
    let idle = Action::Nothing(if out { OUTSIDE } else { UNCLEAR });
    let Some(link) = s.link else {
        return (!s.deleted).then_some(idle);
    };
    match link.state {
        LinkState::Linked | LinkState::Left => {}
        LinkState::Creating => return None,
        LinkState::Ambiguous | LinkState::Missing => return (!s.deleted).then_some(idle),
    }
    let (is_user, leaver) = (s.kind == ResourceType::User, leaver(s));
    if s.deleted {
        let follows = out && (link.pushed.is_empty() || !(is_user || leaver == Leaver::Delete));
        return match () {
            () if follows => Some(Action::Detach),
            () if is_user || out => None,
            () => Some(idle),
        };
    }
    let ended = match leaver {
        _ if link.pushed.is_empty() => true,
        Leaver::Leave => true,
        Leaver::Deactivate => !is_user || is_ended(s.capabilities, link),
        Leaver::Delete if !out => is_ended(s.capabilities, link),
        Leaver::Delete => false,
    };
    Some(match () {
        () if ended => idle,
        // An account that is off on our side loses its access in scope and out of it.
        () if !out && (s.active || !is_user) => idle,
        () if s.blocked => Action::Blocked,
        () if out && leaver == Leaver::Delete => Action::Delete,
        () => deactivate(s),
    })
}

fn unlinked(s: &Situation<'_>, carried: bool) -> Action {
    match () {
        () if !s.managed => Action::Nothing("nobody here manages it"),
        () if s.undecided => Action::Wait("a person has to decide whether the app has it already"),
        () if !carried => Action::Resolve,
        () if s.name_taken => Action::Wait("somebody who left still has this name in the app"),
        () if s.refuses(Verb::Create) => Action::Resolve,
        () => Action::Create,
    }
}

/// What becomes of leavers where the app has a say: one that deletes nobody switches them off.
fn leaver(s: &Situation<'_>) -> Leaver {
    match s.policies.leaver {
        Leaver::Delete if s.refuses(Verb::Delete) => Leaver::Deactivate,
        leaver => leaver,
    }
}

fn deactivate(s: &Situation<'_>) -> Action {
    if s.refuses(Verb::Deactivate) {
        Action::Helpless(HELPLESS)
    } else {
        Action::Deactivate
    }
}

/// Said where access cannot be ended from here.
const HELPLESS: &str = "the app cannot switch users off over SCIM, so nothing was sent: take the access away in the app, \
                        or let leavers be deleted or left alone (settings)";

impl Situation<'_> {
    fn refuses(&self, verb: Verb) -> bool {
        self.capabilities.refuses(self.kind, verb)
    }

    /// Whether the app is known not to take a change here.
    fn refuses_at(&self, path: &str) -> bool {
        match path {
            "active" => self.refuses(Verb::Deactivate),
            path if path == mapping::name_path(self.kind) && self.refuses(Verb::Rename) => true,
            _ => self.refuses(Verb::Update),
        }
    }
}

/// Why something is not done that was wanted, as a sentence; none: it is not refused.
#[must_use]
pub fn refusal(capabilities: &Capabilities, kind: ResourceType, verb: Verb) -> Option<&'static str> {
    let said = match (kind, verb) {
        (ResourceType::User, Verb::Create) => {
            "The app takes no new users over SCIM: whoever should have an account there is added in the app."
        }
        (ResourceType::Group, Verb::Create) => {
            "The app takes no new groups over SCIM: make one of this name there, and the next sync links it."
        }
        (ResourceType::User, Verb::Update) => "The app takes no changes to users over SCIM.",
        (ResourceType::Group, Verb::Update) => {
            "Of a group the app takes only changes of its members over SCIM."
        }
        (_, Verb::Rename) => "Groups cannot be renamed over SCIM there: rename it in the app.",
        (_, Verb::Deactivate) => "The app cannot switch users off over SCIM.",
        (ResourceType::User, Verb::Delete) => {
            "The app deletes nobody over SCIM: the account is switched off instead."
        }
        (ResourceType::Group, Verb::Delete) => {
            "The app deletes no groups over SCIM: it stays there as it is, with its members. Delete it in the app."
        }
    };
    capabilities.refuses(kind, verb).then_some(said)
}

/// Verified as gone from the app. Only somebody's word brings it back: policy *enforce*, or a change since.
fn missing(s: &Situation<'_>, link: &Link, carried: bool) -> Action {
    let changed = s.members || !mapping::differing(s.desired, &link.pushed).is_empty();
    let asked = s.policies.drift == Drift::Enforce || changed;
    if s.managed && carried && s.active && asked && !s.refuses(Verb::Create) {
        Action::Create
    } else {
        Action::Nothing("it is gone from the app")
    }
}

fn departed(s: &Situation<'_>, link: &Link, carried: bool) -> Action {
    let ended = match (s.kind, leaver(s)) {
        (ResourceType::Group, _) if s.refuses(Verb::Delete) => return Action::Detach,
        (ResourceType::Group, _) => {
            return if s.blocked {
                Action::Blocked
            } else {
                Action::Delete
            };
        }
        _ if !carried => true,
        (ResourceType::User, Leaver::Leave) => return Action::Detach,
        (ResourceType::User, Leaver::Delete) => {
            return if s.blocked {
                Action::Blocked
            } else {
                Action::Delete
            };
        }
        (ResourceType::User, Leaver::Deactivate) => is_ended(s.capabilities, link),
    };
    match () {
        () if !ended && s.blocked => Action::Blocked,
        () if !ended => deactivate(s),
        () if s.memberships && carries_groups(s) => Action::Wait("its groups in the app come first"),
        () => Action::Detach,
    }
}

/// The app accepted our `active: false`, or had it so all along; where it takes none from us, somebody did it there.
pub(super) fn is_ended(capabilities: &Capabilities, link: &Link) -> bool {
    let off = mapping::digest(&false.into());
    let is_off = |at: &Fingerprint| at.get("active") == off.as_ref();
    let not_sent = !link.pushed.contains_key("active") || capabilities.refuses(link.kind, Verb::Deactivate);
    is_off(&link.pushed) || (not_sent && is_off(&link.seen))
}

fn present(s: &Situation<'_>, link: &Link, carried: bool) -> Action {
    let mut blocked = false;
    if s.managed && carried {
        let mut paths = mapping::differing(s.desired, &link.pushed);
        let shown = |p: &&String| link.seen.contains_key(*p) && !link.pushed.contains_key(*p);
        paths.extend(s.cleared.iter().filter(shown).cloned());
        if !s.active {
            let ends = s.policies.leaver != Leaver::Leave
                && paths.iter().any(|p| p == "active")
                && !is_ended(s.capabilities, link);
            if ends && !s.blocked {
                return deactivate(s);
            }
            blocked = ends;
            // What the app shows already is agreed on below; ending access never travels with other changes.
            if ends || s.policies.leaver == Leaver::Leave {
                paths.retain(|p| p != "active");
            }
        }
        let (agreed, other): (Vec<_>, Vec<_>) = paths.into_iter().partition(|p| {
            let ours_to_send = link.pushed.contains_key(p) && !s.refuses_at(p);
            !ours_to_send && link.seen.get(p) == s.desired.get(p)
        });
        let (refused, other): (Vec<_>, Vec<_>) = other.into_iter().partition(|p| s.refuses_at(p));
        if !other.is_empty() {
            return Action::Update(other);
        }
        if !agreed.is_empty() {
            return Action::Agree(agreed);
        }
        if !refused.is_empty() {
            return Action::Concede(refused);
        }
    }
    match () {
        () if s.members => Action::Members,
        () if blocked => Action::Blocked,
        () if !s.managed => Action::Nothing("nobody here manages it"),
        () if !carried => Action::Nothing("users are only looked up in this app"),
        () => Action::Nothing("the app holds what is wanted"),
    }
}

impl Action {
    /// Whether nothing can be done now.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        matches!(self, Self::Nothing(_) | Self::Wait(_) | Self::Blocked)
    }
}

#[cfg(test)]
mod tests;
