//! Takes away what probes made: what this one made, and before that what an earlier one had to leave behind. A host that
//! asks to wait, or stumbles, is asked again for a bounded time; what bears another name than a probe gives is not touched.

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::super::parse;
use super::seen::{self, Done, Listed, Shown};
use super::{Asked, Prober, Silence};
use crate::connector::net::{Method, NetErrorKind};
use crate::model::profile::{self, PROBE_PREFIX};
use crate::model::{LineState, Time, Verb};
use crate::scim::Attributes;
use crate::scim::schema::ResourceType;

/// What was made longer ago than this, no probe is at work with any more.
const AGE: Duration = Duration::from_secs(15 * 60);
/// Users, and groups, of earlier probes that one deletes.
const MOST: usize = 10;
/// Times that one request is sent, all waits of a probe together, and one wait where the host says nothing.
const TRIES: u32 = 5;
const PATIENCE: Duration = Duration::from_secs(90);
const PAUSE: Duration = Duration::from_secs(2);
/// So often a wait looks whether it was told to stop.
const SLICE: Duration = Duration::from_secs(1);

/// Something that was made.
pub(super) struct Made {
    pub(super) kind: ResourceType,
    pub(super) name: String,
    /// None: it may exist, but which it is is not known.
    pub(super) id: Option<String>,
    /// By another probe.
    pub(super) earlier: bool,
}

/// How a thing is after it was deleted.
#[derive(PartialEq)]
pub(super) enum Left {
    Gone,
    Inactive,
    There,
    Unsure,
}

/// The attribute that holds the name of a thing of this kind.
pub(super) fn name_of(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::User => "userName",
        ResourceType::Group => "displayName",
    }
}

pub(super) fn is_named(kind: ResourceType, held: &Attributes, name: &str) -> bool {
    seen::text(held, name_of(kind)).is_some_and(|held| seen::same(held, name))
}

/// Whether a probe gave this name that has ended long since.
fn is_left_over(name: &str, now: Time) -> bool {
    profile::probe_of(name).is_some_and(|began| began.after(AGE) < now)
}

/// When to ask again; none: this is the answer.
fn again(asked: &Asked) -> Option<Duration> {
    let after = match asked {
        Ok(answer) if matches!(answer.status, 408 | 425 | 429 | 500 | 502..=504) => answer.retry_after,
        Err(Silence::Net(error)) => match error.kind {
            NetErrorKind::Paced
            | NetErrorKind::Connect
            | NetErrorKind::ConnectTimeout
            | NetErrorKind::Timeout
            | NetErrorKind::Interrupted => error.after,
            _ => return None,
        },
        Ok(_) | Err(Silence::Spent) => return None,
    };
    Some(after.unwrap_or(PAUSE).max(SLICE))
}

impl Prober<'_> {
    /// What earlier probes left behind, as far as the app shows it.
    pub(super) async fn leftovers(&mut self) -> Vec<Made> {
        let mut all = Vec::new();
        let groups = self.plan.scope.carries(ResourceType::Group) && self.found.groups;
        for kind in [ResourceType::Group, ResourceType::User] {
            if kind == ResourceType::Group && !groups {
                continue;
            }
            let filter = format!("{} sw \"{PROBE_PREFIX}\"", name_of(kind));
            let asked = self.get(kind.endpoint(), &[("filter", &filter)]).await;
            let items = match seen::list(self.app, &asked) {
                Listed::List(list) => list.items,
                // Many compare whole values only: then it is known by the first page or not at all.
                Listed::Refused(..) | Listed::Odd(_) => match kind {
                    ResourceType::Group => self.groups.clone(),
                    ResourceType::User => self.users.clone(),
                },
            };
            let left = items.iter().filter_map(|item| {
                let name =
                    seen::text(item, name_of(kind)).filter(|name| is_left_over(name, self.plan.now))?;
                Some(Made {
                    kind,
                    name: name.to_owned(),
                    id: Some(seen::id(item)?),
                    earlier: true,
                })
            });
            all.extend(left.take(MOST));
        }
        all
    }

    /// Deletes what was made, and looks whether it is gone. It costs the checks nothing.
    pub(super) async fn clear(&mut self, all: Vec<Made>) -> Vec<(Made, Left)> {
        let before = self.asked;
        let mut left = Vec::with_capacity(all.len());
        for made in all {
            let how = self.remove(&made).await;
            left.push((made, how));
        }
        self.budget += self.asked - before;
        left
    }

    async fn remove(&mut self, made: &Made) -> Left {
        let delete = "write.delete";
        let Some(id) = &made.id else { return Left::Unsure };
        let Ok(url) = self.app.resource(made.kind, id) else {
            return Left::Unsure;
        };
        let asked = self.insist(Method::GET, &url).await;
        let other = match seen::object(self.app, &asked) {
            Shown::Object(held) if is_named(made.kind, &held, &made.name) => None,
            Shown::Object(_) => Some("Under the id of what was made the app shows something else"),
            // What this probe made it has read already, by its name.
            Shown::Refused(..) | Shown::Odd(_) if !made.earlier => None,
            Shown::Refused(..) | Shown::Odd(_) => {
                Some("What an earlier check left behind cannot be read by its id")
            }
        };
        if let Some(other) = other {
            self.puzzled(delete, format!("{other}: it was not deleted."));
            return Left::Unsure;
        }
        let asked = self.insist(Method::DELETE, &url).await;
        let done = seen::done(self.app, &asked);
        let asked = self.insist(Method::GET, &url).await;
        let after = match seen::object(self.app, &asked) {
            Shown::Refused(404, _) => Left::Gone,
            Shown::Object(other) if seen::id(&other).as_ref() != Some(id) => Left::Unsure,
            Shown::Object(user) if parse::peek(&user, "active") == Some(&Value::Bool(false)) => {
                Left::Inactive
            }
            Shown::Object(_) => Left::There,
            Shown::Refused(..) | Shown::Odd(_) => Left::Unsure,
        };
        match (&done, &after) {
            (Done::Yes(_), Left::Gone) => self.found.note(made.kind, Verb::Delete, false),
            (Done::Yes(_), Left::Inactive) | (Done::Refused(405 | 501, _), _) => {
                self.found.note(made.kind, Verb::Delete, true);
            }
            _ => {}
        }
        match (done, &after) {
            (Done::Yes(_) | Done::Refused(404, _), Left::Gone) => {
                self.ok(delete, "What was made was deleted, and is gone.");
            }
            (Done::Yes(_), Left::Inactive) => self.warn(
                delete,
                "DELETE only deactivates: the account can still be read.",
                "Nothing has to be done; accounts that are deleted here stay in the app, deactivated.",
            ),
            (Done::Yes(_), Left::There) => self.bad(
                delete,
                "DELETE was answered as done, but it is still there.",
                "Let accounts be deactivated instead (settings, leavers). Tell whoever makes the app.",
            ),
            (Done::Refused(_, words), _) => self.warn(
                delete,
                words,
                "Let accounts be deactivated instead (settings, leavers).",
            ),
            (Done::Yes(_) | Done::Odd(_), _) => {
                self.puzzled(delete, "Whether it was deleted is not known.");
            }
        }
        after
    }

    /// Sends until an answer comes that is one, as long as there is patience: also when requests or time are used up.
    pub(super) async fn insist(&mut self, method: Method, url: &Url) -> Asked {
        let mut asked = self.send(method.clone(), url.clone(), None).await;
        for _ in 1..TRIES {
            match again(&asked) {
                Some(wait) if self.pause(wait).await => {}
                _ => break,
            }
            asked = self.send(method.clone(), url.clone(), None).await;
        }
        asked
    }

    /// Waits; not if that is more than all patience, and no longer once it is told to stop.
    async fn pause(&mut self, wait: Duration) -> bool {
        if self.waited + wait > PATIENCE {
            return false;
        }
        self.waited += wait;
        let mut rest = wait;
        while !rest.is_zero() {
            if (self.plan.elapsed)() == Duration::MAX {
                return false;
            }
            let slice = rest.min(SLICE);
            self.app.rest(slice).await;
            rest -= slice;
        }
        true
    }

    pub(super) fn say_left(&mut self, left: &[(Made, Left)]) {
        let id = "write.clean";
        let named = |are: &dyn Fn(&Made, &Left) -> bool| -> String {
            let of = left.iter().filter(|(made, how)| are(made, how));
            let names: Vec<&str> = of.map(|(made, _)| made.name.as_str()).collect();
            names.join(", ")
        };
        let there = named(&|_, how| matches!(how, Left::There | Left::Inactive));
        let unsure = named(&|_, how| *how == Left::Unsure);
        let earlier = named(&|made, how| made.earlier && *how == Left::Gone);
        if !there.is_empty() {
            let said = format!("Still in the app: {there}.");
            self.say(id, LineState::Bad, said, "Delete it by hand in the app.");
        } else if !unsure.is_empty() {
            let said = format!("It is not known whether the app still holds {unsure}.");
            self.unknown(
                id,
                said,
                "The next check with writes looks for it. Or look for it in the app, and delete it by hand.",
            );
        } else if !earlier.is_empty() {
            self.ok(
                id,
                format!("All is gone, also what an earlier check had left behind: {earlier}."),
            );
        } else if left.is_empty() {
            self.ok(id, "Nothing was made.");
        } else {
            self.ok(id, "What was made for this check is gone.");
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn only_what_an_ended_probe_made_is_left_over() {
        let now = Time(1_800_000_000_000);
        let old = "rollcall-probe-0192d3b4-7c1f-7a11-8000-00000000beef";
        assert!(is_left_over(old, now));
        assert!(is_left_over(&format!("{old}@Example.com"), now));
        let young = format!(
            "{PROBE_PREFIX}{}",
            Uuid::from_u128((1_799_999_999_000_u128) << 80)
        );
        for name in [
            young.as_str(),
            "rollcall-probe-",
            "rollcall-probe-team",
            "ada@example.com",
            "rollcall-probe-0192d3b4-7c1f-7a11-8000-00000000beef@example.org",
            "my-rollcall-probe-0192d3b4-7c1f-7a11-8000-00000000beef",
        ] {
            assert!(!is_left_over(name, now), "{name}");
        }
    }
}
