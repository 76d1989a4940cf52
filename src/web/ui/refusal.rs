//! Why a request was refused, in plain words, and what to do about it. The words of the request log; what the provider was
//! told stands beside them.

mod behind;

use crate::model::{ApiKey, Request};

/// What a person reads of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    /// What happened.
    pub what: String,
    /// What to do, in order; may be empty.
    pub todo: Vec<String>,
}

/// Explains a refusal. `key`: the one it came with; `endpoint`: the SCIM base URL of the instance.
#[must_use]
pub fn explain(request: &Request, key: Option<&ApiKey>, endpoint: &str) -> Explained {
    let why = request.refusal.as_ref().and_then(|refusal| refusal.why);
    let (what, todo) = match why {
        Some(why) => behind::said_of(why, key, endpoint),
        None => plain(request.status),
    };
    Explained {
        what,
        todo: todo.into_iter().filter(|text| !text.is_empty()).collect(),
    }
}

type Said = (String, [String; 2]);

fn said<const N: usize>(what: impl Into<String>, todo: [&str; N]) -> Said {
    let mut steps = <[String; 2]>::default();
    for (step, text) in steps.iter_mut().zip(todo) {
        *step = text.into();
    }
    (what.into(), steps)
}

/// What the status tells, where the sentence of the answer says the rest.
fn plain(status: u16) -> Said {
    match status {
        400 => said(
            "Rollcall could not take the request as it was.",
            ["Look at the attribute mapping of the identity provider."],
        ),
        403 => said("This instance does not take such a request.", []),
        404 => said(
            "There is nothing with this id here: it was deleted, or never was.",
            [
                "Mostly nothing has to be done: the identity provider looks for it by name next and makes it anew.",
            ],
        ),
        405 => said(
            "This endpoint does not offer this method.",
            ["Look which features are switched on in the identity provider."],
        ),
        409 => said(
            "Somebody else has this name already.",
            ["Look for the name on the tab People or Groups. One of the two has to be renamed or deleted."],
        ),
        412 => said(
            "It was changed by somebody else meanwhile, so nothing was overwritten.",
            ["Nothing has to be done: the identity provider reads it again and repeats the change."],
        ),
        413 => said(
            "The body of the request was too large.",
            [
                "Let the identity provider send fewer members in one request, or raise the limit in the settings of Rollcall.",
            ],
        ),
        429 | 503 => said(
            "Rollcall was busy.",
            ["Nothing has to be done: the identity provider was told to come again."],
        ),
        500.. => said(
            "Rollcall failed.",
            ["Its log has a line with the id of this request. Please report it."],
        ),
        _ => said("It was refused.", []),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{InstanceId, Refusal, RequestId, Time, Why};

    fn refused(status: u16, why: Option<Why>) -> Request {
        Request {
            id: RequestId(1),
            instance: InstanceId(1),
            key: None,
            at: Time(0),
            took_us: 0,
            method: "GET",
            path: "/scim/a/v2/Users".into(),
            status,
            agent: "".into(),
            address: None,
            tolerated: Box::default(),
            refusal: Some(Box::new(Refusal {
                why,
                ..Refusal::default()
            })),
        }
    }

    #[test]
    fn every_reason_is_said_in_its_own_words() {
        let all: Vec<_> = Why::ALL
            .iter()
            .map(|why| explain(&refused(401, Some(*why)), None, "https://hub.example/scim/a/v2"))
            .collect();
        for (i, one) in all.iter().enumerate() {
            assert!(one.what.ends_with('.') && !one.todo.is_empty(), "{one:?}");
            assert!(
                all.iter().skip(i + 1).all(|other| other.what != one.what),
                "{one:?}"
            );
        }
        let wrong = explain(
            &refused(404, Some(Why::NoEndpoint)),
            None,
            "https://hub.example/scim/a/v2",
        );
        assert!(wrong.todo[0].contains("https://hub.example/scim/a/v2"));
    }

    #[test]
    fn what_a_key_was_called_and_when_it_ended_is_told() {
        let key = ApiKey {
            id: 1,
            instance: InstanceId(1),
            name: "Okta".into(),
            prefix: "rc_7Hq2mVb".into(),
            created: Time(0),
            created_by: "admin@example.com".into(),
            expires_at: Some(Time(0)),
            revoked_at: None,
        };
        let told = explain(&refused(401, Some(Why::Expired)), Some(&key), "");
        assert_eq!(
            told.what,
            "The key “Okta” (rc_7Hq2mVb…) has ended on 1970-01-01 00:00:00 UTC."
        );
    }
}
