//! What an instance's page says of its identity provider: what it does its own way, which Rollcall serves, and whether
//! the last thing it sent was turned away at the door.

use std::time::Duration;

use super::refusal::explain;
use super::sent::key_of;
use super::words;
use crate::model::{ApiKey, InstanceId, Time};
use crate::scim::tolerance::Tolerance;
use crate::store::StoreError;
use crate::store::telemetry::{Habit, Only, Telemetry};

/// What the requests of late tell.
#[derive(Clone, Debug, Default)]
pub struct Habits {
    /// Each with how often.
    pub rows: Vec<HabitRow>,
    /// The base URL was saved with `/Users` or `/Groups` at its end, and still is.
    pub endpoint_in_base_url: bool,
    /// The last request, if it was not let in.
    pub turned_away: Option<TurnedAway>,
}

/// Something done its own way.
#[derive(Clone, Debug)]
pub struct HabitRow {
    /// `Entra: legacy member removal`.
    pub text: String,
    /// `12 today`.
    pub often: String,
}

/// A request that was not let in.
#[derive(Clone, Debug)]
pub struct TurnedAway {
    /// In the address of its page.
    pub id: String,
    /// Why, as a sentence.
    pub what: String,
}

/// A habit counts as given up after this.
const STILL: Duration = Duration::from_secs(24 * 3600);

/// What the requests to an instance tell.
///
/// # Errors
/// When the telemetry file cannot be read.
pub fn habits(
    telemetry: &Telemetry,
    instance: InstanceId,
    keys: &[ApiKey],
    endpoint: &str,
    now: Time,
) -> Result<Habits, StoreError> {
    let habits = telemetry.habits(instance, now)?;
    let of_base = |h: &Habit| h.tolerance == Tolerance::EndpointInBaseUrl && now.since(h.last) < STILL;
    let last = telemetry.requests(instance, Only::All, None, 1)?.pop();
    let turned_away = last
        .map(|(_, request)| request)
        .filter(|r| matches!(r.status, 401 | 403));
    Ok(Habits {
        rows: habits.iter().map(row).collect(),
        endpoint_in_base_url: habits.iter().any(of_base),
        turned_away: turned_away.map(|request| TurnedAway {
            id: request.id.to_string(),
            what: explain(&request, key_of(&request, keys), endpoint).what,
        }),
    })
}

fn row(habit: &Habit) -> HabitRow {
    let often = if habit.today > 0 {
        format!("{} today", words::number(habit.today))
    } else {
        format!("{} in 30 days", words::number(habit.month))
    };
    HabitRow {
        text: format!("{}: {}", habit.tolerance.client(), habit.tolerance.title()),
        often,
    }
}
