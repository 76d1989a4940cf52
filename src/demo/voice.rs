//! What the demo says and counts. Lines go to standard output; with `--json` to standard error, so that standard output
//! holds the one object.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use super::compare::Side;
use crate::clock::Stopwatch;

/// Measured pushes kept: enough for a day's.
const KEPT: usize = 30_000;

/// The demo's mouth.
pub(super) struct Voice {
    json: bool,
    began: Stopwatch,
    tally: Mutex<Tally>,
}

/// What happened so far.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) joined: u32,
    pub(super) moved: u32,
    pub(super) left: u32,
    /// From the identity provider's first request until the app shows it, while the app answers.
    pub(super) pushed: Vec<Duration>,
    /// The badge told the outage with its reason.
    pub(super) outage_seen: bool,
    /// After it the badge was well again and nothing waited.
    pub(super) healed: bool,
    /// The badge told that the app refuses somebody.
    pub(super) rejected_seen: bool,
    /// The app has that person now.
    pub(super) mended: bool,
}

impl Tally {
    /// Counts a push that had nothing in its way.
    pub(super) fn pushed_in(&mut self, took: Duration) {
        if self.pushed.len() < KEPT {
            self.pushed.push(took);
        }
    }

    /// The counts for scripts.
    pub(super) fn to_json(&self, seconds: u64, hub: &Side, app: &Side) -> Value {
        let mut ms: Vec<u128> = self.pushed.iter().map(Duration::as_millis).collect();
        ms.sort_unstable();
        json!({
            "seconds": seconds,
            "people_hub": hub.people.len(),
            "people_app": app.people.len(),
            "groups_hub": hub.groups.len(),
            "groups_app": app.groups.len(),
            "joined": self.joined,
            "moved": self.moved,
            "left": self.left,
            "pushed_ms_p50": ms.get(ms.len() / 2),
            "pushed_ms_max": ms.last(),
            "outage_seen": self.outage_seen,
            "healed": self.healed,
            "rejected_seen": self.rejected_seen,
            "mended": self.mended,
            "equal": hub == app,
        })
    }
}

impl Voice {
    /// `json`: standard output is for scripts. Times count from now.
    pub(super) fn new(json: bool) -> Self {
        Self {
            json,
            began: Stopwatch::start(),
            tally: Mutex::default(),
        }
    }

    /// How long the demo has run.
    pub(super) fn elapsed(&self) -> Duration {
        self.began.elapsed()
    }

    /// A line without a time.
    pub(super) fn say(&self, line: &str) {
        // Nobody can be told that nobody listens.
        let _ = if self.json {
            writeln!(std::io::stderr().lock(), "{line}")
        } else {
            writeln!(std::io::stdout().lock(), "{line}")
        };
    }

    /// A line about something that happened now.
    pub(super) fn happened(&self, what: &str) {
        let seconds = self.elapsed().as_secs();
        self.say(&format!("  {:02}:{:02}  {what}", seconds / 60, seconds % 60));
    }

    /// The one object, for scripts.
    pub(super) fn result(&self, counts: &Value) {
        if self.json {
            let _ = writeln!(std::io::stdout().lock(), "{counts}");
        }
    }

    /// The counts, to read or change.
    pub(super) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `240 ms`, `3.2 s`.
pub(super) fn lasting(time: Duration) -> String {
    match time.as_millis() {
        ms @ 0..1000 => format!("{ms} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}
