//! Token care: when an app's token ends, as far as anybody said, and the reminders before that; and the token before it,
//! which is kept until the new one has worked. A date is only ever a reminder: whether a token still works is the app's to
//! say.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::context::Context;
use super::credential;
use crate::connector::Connector;
use crate::model::{Actor, ConditionKind, EventDraft, Instance, InstanceId, Outcome, Time};
use crate::scim::base64url;
use crate::store::{Rx, StoreError, Tx, conditions, events, instances};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// So many days before the end it is said, and what.
const STAGES: [(u32, &str); 4] = [
    (30, "within 30 days"),
    (14, "within 14 days"),
    (7, "within 7 days"),
    (1, "within a day"),
];
/// Nobody reminds of what is so far away; and nothing of ours is older.
const YEARS: std::ops::RangeInclusive<i16> = 2020..=2999;
/// A worker that still had the token before last may be refused this long after it was put away.
const LATELY: Duration = Duration::from_secs(2 * 60);

/// A day as it was typed, `2027-01-31`; an empty text is none.
///
/// # Errors
/// A sentence that says how to type it.
pub fn parse_date(typed: &str) -> Result<Option<Time>, String> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let day = typed.parse::<Date>().ok().filter(|day| {
        // Nothing but a day: the parser would take a time after it as well.
        typed.len() == 10 && YEARS.contains(&day.year())
    });
    let begins = day.and_then(|day| day.to_zoned(TimeZone::UTC).ok());
    match begins {
        Some(begins) => Ok(Some(Time(begins.timestamp().as_millisecond()))),
        None => Err("Type the day on which the token ends as year-month-day, such as 2027-01-31.".into()),
    }
}

/// The day of a time, as `parse_date` reads it.
#[must_use]
pub fn day(at: Time) -> String {
    Timestamp::from_millisecond(at.0).map_or_else(|_| at.to_string(), |t| t.strftime("%Y-%m-%d").to_string())
}

/// What a token that looks like a JWT (RFC 7519 §4.1.4) says of its end. Nothing is verified.
#[must_use]
pub(super) fn end_of_jwt(token: &str) -> Option<Time> {
    let mut parts = token.split('.');
    let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else {
        return None;
    };
    let claims: Value = serde_json::from_slice(&base64url::decoded(claims)?).ok()?;
    let seconds = claims.get("exp")?.as_f64()? as i64;
    let ends = Timestamp::from_second(seconds).ok()?;
    let year = ends.to_zoned(TimeZone::UTC).year();
    YEARS.contains(&year).then_some(Time(ends.as_millisecond()))
}

/// What is to be said of a token that ends then; none: nothing yet.
#[must_use]
pub fn reminder(ends: Option<Time>, now: Time) -> Option<String> {
    let ends = ends?;
    let on = day(ends);
    if ends <= now {
        let text = "the app has not refused it yet. Type a new one on the settings page";
        return Some(format!("the token was to end on {on}; {text}"));
    }
    let left = ends.since(now);
    let (_, when) = STAGES.iter().rfind(|(days, _)| left <= DAY * *days)?;
    Some(format!(
        "the token ends {when}, on {on}. Type a new one on the settings page before"
    ))
}

/// Instances of which something else is to be said now than is said.
pub(super) fn due(rx: &Rx<'_>) -> Result<Vec<InstanceId>, StoreError> {
    let mut due = Vec::new();
    for instance in instances::list(rx)?.iter().filter(|i| i.target.is_some()) {
        let text = reminder(instance.secret_ends_at, rx.now());
        if text.is_some() && said(rx, instance.id)? != text {
            due.push(instance.id);
        }
    }
    Ok(due)
}

fn said(rx: &Rx<'_>, id: InstanceId) -> Result<Option<String>, StoreError> {
    let open = conditions::open_of(rx, id)?;
    let ends = open.into_iter().find(|c| c.kind == ConditionKind::TokenEnds);
    Ok(ends.map(|c| c.reason))
}

/// Says what is to be said of the token's end, or no more.
pub(super) fn remind(tx: &Tx<'_>, id: InstanceId) -> Result<(), StoreError> {
    let Some(instance) = instances::by_id(tx, id)? else {
        return Ok(());
    };
    let Some(text) = reminder(instance.secret_ends_at, tx.now()) else {
        return conditions::close(tx, id, ConditionKind::TokenEnds).map(drop);
    };
    if said(tx, id)?.as_ref() != Some(&text) {
        conditions::open(tx, id, ConditionKind::TokenEnds, &text, None)?;
        note(tx, &instance, "token.ends", Outcome::Retried, &text)?;
    }
    Ok(())
}

/// Notes when the token ends, and says what is to be said of that.
pub(super) fn set_end(tx: &Tx<'_>, id: InstanceId, ends: Option<Time>) -> Result<(), StoreError> {
    instances::set_secret_end(tx, id, ends)?;
    remind(tx, id)
}

/// The end of a token as an event tells it.
pub(super) fn said_of_end(ends: Option<Time>) -> String {
    match ends {
        Some(at) => format!("The token ends on {}.", day(at)),
        None => "When the token ends is not known.".into(),
    }
}

fn note(
    tx: &Tx<'_>,
    instance: &Instance,
    action: &'static str,
    outcome: Outcome,
    text: &str,
) -> Result<(), StoreError> {
    let draft = EventDraft {
        instance: Some(instance.id),
        resource: None,
        subject: instance.name.clone(),
        actor: Actor::Hub,
        action,
        outcome,
        detail: format!("{text}."),
        changes: Vec::new(),
    };
    events::record(tx, draft).map(drop)
}

/// Everything was read with the token that was typed at `set_at`: the one before it is not needed any more.
pub(super) fn worked(tx: &Tx<'_>, instance: &Instance, set_at: Option<Time>) -> Result<(), StoreError> {
    if instance.secret_set_at != set_at || !instances::clear_secret_before(tx, instance.id)? {
        return Ok(());
    }
    let text = "The new token works, and the one before it was deleted";
    note(tx, instance, "token.replaced", Outcome::Done, text)
}

/// The app refuses the token that `instance` had. If there is one before it that still works, that is used on. True: it
/// is, or another token was stored meanwhile, by a worker that was refused as well or by a person.
pub(super) async fn fall_back(ctx: &Context, instance: &Instance) -> bool {
    let (id, refused) = (instance.id, instance.secret_set_at);
    let stored = ctx.read(move |rx| {
        Ok((
            instances::by_id(rx, id)?,
            instances::sealed_secret_before(rx, id)?,
        ))
    });
    let Ok((Some(now), sealed)) = stored.await else {
        return false;
    };
    if now.secret_set_at != refused {
        return true;
    }
    let (Some(sealed), Some(target)) = (sealed, instance.target.as_ref()) else {
        return false;
    };
    let Ok(token) = credential::open_before(&ctx.key, id, &sealed) else {
        return false;
    };
    let app = Connector::open(target, token.clone(), ctx.net.clone());
    if app.check(instance.scope).await.is_err() {
        return false;
    }
    let own = app.own_account().await;
    let key = std::sync::Arc::clone(&ctx.key);
    let put_back = ctx.write(id, move |tx| {
        let Some(mut instance) = instances::by_id(tx, id)?.filter(|i| i.secret_set_at == refused) else {
            return Ok(true);
        };
        if !credential::put_back(tx, &key, id, &token)? {
            return Ok(false);
        }
        if let (Some(own), Some(target)) = (own, &mut instance.target) {
            // The account that is protected as the token's own is this one's again.
            target.capabilities_mut().own = Some(own);
            instances::set_target(tx, id, target)?;
        }
        let text = "the app refuses the new token; the one before it works and is used on. Type another new one on the \
                    settings page";
        conditions::open(tx, id, ConditionKind::TokenRefused, text, None)?;
        note(tx, &instance, "token.fell_back", Outcome::Rejected, text)?;
        remind(tx, id)?;
        Ok(true)
    });
    // Without it the instance is parked, and looked at again in a minute.
    put_back.await.unwrap_or(false)
}

/// Whether the token before was taken up again a moment ago: who was refused may have used the other one.
pub(super) async fn fell_back_lately(ctx: &Context, id: InstanceId) -> bool {
    let open = ctx.read(move |rx| conditions::open_of(rx, id)).await;
    let now = ctx.now();
    open.is_ok_and(|open| {
        open.iter()
            .any(|c| c.kind == ConditionKind::TokenRefused && now.since(c.since) < LATELY)
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn days_are_typed_one_way() {
        let at = parse_date(" 2027-01-31 ").unwrap().unwrap();
        assert_eq!(day(at), "2027-01-31");
        assert_eq!(at.to_string(), "2027-01-31T00:00:00.000Z");
        assert_eq!(parse_date("  "), Ok(None));
        for bad in [
            "31.1.2027",
            "2027-02-30",
            "2027-01-31T00:00:00Z",
            "1970-01-01",
            "9999-01-01",
            "é",
            "20270131",
        ] {
            assert!(parse_date(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_end_of_a_jwt_is_read_and_nothing_else_is() {
        let jwt = |claims: &str| format!("e30.{}.c2ln", base64url::encoded(claims.as_bytes()));
        let ends = end_of_jwt(&jwt(r#"{"exp":1801353600,"sub":"x"}"#)).unwrap();
        assert_eq!(day(ends), "2027-01-31");
        assert!(end_of_jwt(&jwt(r#"{"exp":1801353600.5}"#)).is_some());
        for none in [
            "rc_opaque".to_owned(),
            "a.b.c".into(),
            "...".into(),
            jwt("{}"),
            jwt(r#"{"exp":"soon"}"#),
            jwt(r#"{"exp":1e300}"#),
            jwt(r#"{"exp":-5}"#),
            jwt("[]"),
            format!("{}.x", jwt(r#"{"exp":1801353600}"#)),
        ] {
            assert_eq!(end_of_jwt(&none), None, "{none}");
        }
    }

    #[test]
    fn reminders_come_in_stages() {
        let ends = parse_date("2027-01-31").unwrap();
        let at = |days: u32| reminder(ends, ends.unwrap().before(DAY * days)).unwrap_or_default();
        assert_eq!(at(31), "");
        assert!(at(30).contains("within 30 days, on 2027-01-31"));
        assert!(at(15).contains("within 30 days") && at(14).contains("within 14 days"));
        assert!(at(8).contains("within 14 days") && at(7).contains("within 7 days"));
        assert!(at(2).contains("within 7 days") && at(1).contains("within a day"));
        assert!(at(0).contains("was to end on 2027-01-31"));
        assert_eq!(reminder(None, Time(0)), None);
    }
}
