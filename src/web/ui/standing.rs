//! How one user or group stands in the app, in a word: from its link and its push.

use super::parts::{Badge, Tone, When};
use super::person::TargetSide;
use super::{paging, words};
use crate::mapping::{Carried, Onward};
use crate::model::job::OUR_MAPPING;
use crate::model::{Instance, LinkState, Resource, Time, Verb};
use crate::scim::schema::ResourceType;
use crate::store::{Rx, StoreError, custom, jobs, links};
use crate::sync::{adoption, plan};

/// The badge of a row, from the stored words of its link and push. `carried`: what is written here goes to the app;
/// otherwise it is only looked up there.
#[must_use]
pub fn badge(link: Option<&str>, job: Option<&str>, active: bool, carried: bool) -> Badge {
    match job {
        Some("rejected") => return Badge::new(Tone::Bad, "Rejected"),
        Some("held") => return Badge::new(Tone::Held, "Held"),
        Some("retrying") => return Badge::new(Tone::Warn, "Trying again"),
        Some(_) => return Badge::new(Tone::Info, "Waiting"),
        None => {}
    }
    match link.and_then(LinkState::parse) {
        Some(LinkState::Linked) if !carried => Badge::new(Tone::Ok, "Has an account"),
        Some(LinkState::Linked) if active => Badge::new(Tone::Ok, "In step"),
        Some(LinkState::Linked) => Badge::new(Tone::Ok, "Deactivated"),
        Some(LinkState::Creating) => Badge::new(Tone::Info, "Being created"),
        Some(LinkState::Ambiguous) => Badge::new(Tone::Warn, "Several match"),
        Some(LinkState::Left) => Badge::new(Tone::Off, "Left behind"),
        Some(LinkState::Missing) => Badge::new(Tone::Warn, "Gone there"),
        None if !carried => Badge::new(Tone::Off, "No account"),
        None => Badge::new(Tone::Off, "Not there"),
    }
}

/// The card of one user or group; none for an instance without target.
///
/// # Errors
/// When the database fails.
pub fn target(
    rx: &Rx<'_>,
    instance: &Instance,
    ours: &Resource,
    now: Time,
) -> Result<Option<TargetSide>, StoreError> {
    if instance.target.is_none() {
        return Ok(None);
    }
    let link = links::by_resource(rx, ours.row)?;
    let job = jobs::of_resource(rx, instance.id, ours.row)?;
    let state = link.as_ref().map(|l| l.state);
    let carried = instance.scope.carries(ours.kind);
    let undecided = link.is_none() && adoption::is_undecided(rx, ours.row)?;
    let custom = custom::of(rx, instance.id)?;
    let of = Onward::new(&instance.policies, &custom).carries(ours);
    let refusal = |verb| {
        let target = instance.target.as_ref()?;
        plan::refusal(target.capabilities(), ours.kind, verb)
    };
    let reason = match (&job, state) {
        (Some(job), _) if job.state == "held" => "Its removal waits for Allow or Reject.".into(),
        (Some(job), _) if job.last_error.is_some() => {
            format!(
                "{}.",
                words::sentence(job.last_error.as_deref().unwrap_or_default())
            )
        }
        (Some(_), _) if !instance.enabled => "It is sent when the instance is enabled again.".into(),
        (Some(_), _) if instance.paused => "It is sent when the instance is resumed.".into(),
        (Some(_), _) => "It is on its way.".into(),
        (None, Some(LinkState::Ambiguous)) => "Several accounts match: rename one of them there.".into(),
        (None, Some(LinkState::Missing)) => "It was deleted there and is kept here.".into(),
        (None, Some(LinkState::Left)) => "It was left there as it is.".into(),
        (None, None) if undecided => {
            "Somebody has to decide whether the app has it already: see Adoption on the instance's page."
                .into()
        }
        (None, _) if carried && of != Carried::In => match of {
            Carried::Unclear => {
                "The scope filter cannot be read: it is left as it is until that is mended.".into()
            }
            _ => "It is out of scope.".into(),
        },
        (None, None) if carried && refusal(Verb::Create).is_some() => {
            refusal(Verb::Create).unwrap_or_default().into()
        }
        (None, None) if !carried => {
            "Nobody there has this userName. As soon as somebody has, groups take them in there.".into()
        }
        (None, Some(LinkState::Linked)) if !carried => {
            "Groups take them in there. The account itself is left as it is.".into()
        }
        (None, _) => String::new(),
    };
    Ok(Some(TargetSide {
        badge: if undecided && job.is_none() {
            Badge::new(Tone::Warn, "Undecided")
        } else {
            badge(
                state.map(LinkState::as_str),
                job.as_ref().map(|j| j.state.as_str()),
                ours.active,
                carried,
            )
        },
        reason,
        remote_id: link.and_then(|l| l.remote_id),
        next_try: job
            .as_ref()
            .and_then(|j| j.due_at)
            .filter(|due| *due > now)
            .map(|due| When::clock(due, now)),
        mend: job
            .as_ref()
            .and_then(|j| j.last_error.as_deref())
            .filter(|why| why.starts_with(OUR_MAPPING))
            .map(|_| mend(instance, ours)),
        may_retry: job.is_some_and(|j| matches!(j.state.as_str(), "rejected" | "retrying")),
    }))
}

/// The page of the mapping, with what it gives for this person.
fn mend(instance: &Instance, ours: &Resource) -> String {
    let page = format!("/instances/{}/mapping", instance.slug);
    match ours.kind {
        ResourceType::User => paging::link(&page, &[], ("user", &ours.name)),
        ResourceType::Group => page,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_push_says_more_than_the_link() {
        assert_eq!(
            badge(Some("linked"), Some("rejected"), true, true).word,
            "Rejected"
        );
        assert_eq!(badge(Some("linked"), None, true, true).word, "In step");
        assert_eq!(badge(None, None, true, true).word, "Not there");
        assert_eq!(badge(Some("linked"), None, false, false).word, "Has an account");
        assert_eq!(badge(None, None, true, false).word, "No account");
        assert_eq!(badge(None, Some("waiting"), true, true).word, "Waiting");
    }
}
