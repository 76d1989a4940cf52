//! The prober: what a server really does, step by step, before anybody depends on it (RFC 7644 §3, §4). It asks a bounded
//! number of times and writes nothing, unless it is told to try writes with a user and a group of its own (`writes`).
//!
//! Not here: whether an instance may be connected (`check`) and when a probe runs (`sync`). Each check decides only what it
//! understands: an answer it did not expect ends as *unknown*, never as *ok*.

mod checks;
mod clean;
mod discovery;
mod filters;
mod lists;
#[cfg(test)]
mod mock;
mod paging;
mod reach;
mod seen;
#[cfg(test)]
mod tests;
mod write_steps;
mod writes;

use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::client::Scim;
use crate::connector::net::{Method, NetError, Response};
use crate::model::{Capabilities, Line, LineState, Profile, Scope, Time};
use crate::scim::Attributes;
use crate::scim::schema::ResourceType;

/// Requests of a probe that reads, and those that writing may add.
const READS: u32 = 40;
const WRITES: u32 = 30;
/// After so long nothing new is begun; what is made is still cleaned up.
const LONGEST: Duration = Duration::from_secs(90);
/// An answer that takes so long on average, or ever, is slow.
const SLOW: Duration = Duration::from_secs(1);
const VERY_SLOW: Duration = Duration::from_secs(5);

/// What a probe is given.
#[derive(Clone, Copy)]
pub struct ProbePlan<'a> {
    /// What is carried; groups are looked at only where they are.
    pub scope: Scope,
    /// A word that nobody else uses: what is searched for in vain, and what a thing of its own is called.
    pub tag: &'a str,
    /// Make, change and delete a user and a group.
    pub writes: bool,
    /// When it begins.
    pub now: Time,
    /// How long it has been running.
    pub elapsed: &'a (dyn Fn() -> Duration + Send + Sync),
}

/// A probe under way.
struct Prober<'a> {
    app: &'a Scim,
    plan: ProbePlan<'a>,
    lines: Vec<Line>,
    found: Capabilities,
    usable: bool,
    asked: u32,
    budget: u32,
    times: Vec<Duration>,
    limits: Vec<String>,
    /// It said 429.
    throttled: bool,
    /// For a host that had to be asked again.
    waited: Duration,
    /// The user that was read alone bore a version.
    etag: Option<bool>,
    /// What `/ServiceProviderConfig` says, if it says something.
    config: Option<Attributes>,
    /// Users and groups of the first page, and what is announced.
    users: Vec<Attributes>,
    groups: Vec<Attributes>,
    total: Option<u64>,
    /// How the list of users goes on, if the server said so.
    cursor: Option<String>,
    /// Why checks that were not reached were not.
    halted: &'static str,
}

/// Why there is no answer to judge.
enum Silence {
    /// Nothing usable arrived.
    Net(NetError),
    /// Requests or time were used up.
    Spent,
}

impl Silence {
    fn words(&self) -> String {
        match self {
            Self::Net(error) => format!("{error}."),
            Self::Spent => "The probe had used up its requests or its time before this.".into(),
        }
    }
}

type Asked = Result<Response, Silence>;

impl Scim {
    /// What the server really does. Nothing here fails: what goes wrong is a line.
    pub(in crate::connector) async fn profile(&self, plan: ProbePlan<'_>) -> Profile {
        let mut prober = Prober::new(self, plan);
        prober.run().await;
        Profile {
            at: plan.now,
            usable: prober.usable,
            writes: plan.writes,
            requests: prober.asked,
            lines: checks::all(prober.lines, prober.halted),
            capabilities: prober.found,
        }
    }
}

impl<'a> Prober<'a> {
    fn new(app: &'a Scim, plan: ProbePlan<'a>) -> Self {
        Self {
            app,
            plan,
            lines: Vec::new(),
            found: Capabilities {
                // Whether it was refused for good, the next write shows.
                refused: Vec::new(),
                ..app.capabilities()
            },
            usable: false,
            asked: 0,
            budget: READS,
            times: Vec::new(),
            limits: Vec::new(),
            throttled: false,
            waited: Duration::ZERO,
            etag: None,
            config: None,
            users: Vec::new(),
            groups: Vec::new(),
            total: None,
            cursor: None,
            halted: "Not looked at: the server could not be reached.",
        }
    }

    async fn run(&mut self) {
        let Some(config) = self.reach().await else {
            return;
        };
        self.halted = "Not looked at: users could not be listed.";
        self.config(&config);
        if !self.first_users().await {
            self.costs();
            return;
        }
        self.halted = "Not looked at.";
        self.discovery().await;
        self.users().await;
        self.groups().await;
        self.paging().await;
        self.filters().await;
        self.etags();
        if self.plan.writes {
            self.budget += WRITES;
            self.writes().await;
        } else {
            self.no_writes();
        }
        self.costs();
    }

    /// Sends, unless requests or time are used up.
    async fn ask(&mut self, method: Method, url: Url, body: Option<Value>) -> Asked {
        if self.asked >= self.budget || (self.plan.elapsed)() >= LONGEST {
            return Err(Silence::Spent);
        }
        self.send(method, url, body).await
    }

    /// Sends in any case: for cleaning up.
    async fn send(&mut self, method: Method, url: Url, body: Option<Value>) -> Asked {
        self.asked += 1;
        let began = (self.plan.elapsed)();
        let answer = self.app.ask(method, url, body).await.map_err(Silence::Net)?;
        self.times.push((self.plan.elapsed)().saturating_sub(began));
        if self.limits.is_empty() {
            self.limits.clone_from(&answer.observed.rate_limits);
        }
        self.throttled |= answer.status == 429;
        Ok(answer)
    }

    async fn get(&mut self, endpoint: &str, query: &[(&str, &str)]) -> Asked {
        match self.app.endpoint(endpoint, query) {
            Ok(url) => self.ask(Method::GET, url, None).await,
            Err(error) => Err(Silence::Net(error)),
        }
    }

    /// A resource by its id; none when its id cannot be called.
    async fn one(&mut self, kind: ResourceType, id: &str) -> Option<Asked> {
        let url = self.app.resource(kind, id).ok()?;
        Some(self.ask(Method::GET, url, None).await)
    }

    fn say(&mut self, id: &str, state: LineState, found: impl Into<String>, advice: &str) {
        self.lines.push(checks::line(id, state, found.into(), advice));
    }

    fn ok(&mut self, id: &str, found: impl Into<String>) {
        self.say(id, LineState::Ok, found, "");
    }

    fn warn(&mut self, id: &str, found: impl Into<String>, advice: &str) {
        self.say(id, LineState::Warn, found, advice);
    }

    fn bad(&mut self, id: &str, found: impl Into<String>, advice: &str) {
        self.say(id, LineState::Bad, found, advice);
    }

    fn unknown(&mut self, id: &str, found: impl Into<String>, advice: &str) {
        self.say(id, LineState::Unknown, found, advice);
    }

    fn skip(&mut self, id: &str, found: impl Into<String>) {
        self.say(id, LineState::Skipped, found, "");
    }

    /// It could not be decided because something unforeseen came.
    fn puzzled(&mut self, id: &str, found: impl Into<String>) {
        self.unknown(
            id,
            found,
            "Check again later. If it stays so, ask whoever makes the app: this is not what RFC 7644 describes.",
        );
    }

    /// What all answers together showed: limits and times.
    fn costs(&mut self) {
        let shown = self.limits.join(", ");
        match (self.throttled, shown.is_empty()) {
            (true, _) => self.warn(
                "limits",
                format!("The app turned requests of this probe away (429). {shown}"),
                "Check again later. Syncs wait as long as the app asks them to.",
            ),
            (false, false) => self.ok("limits", format!("The app shows its limits: {shown}.")),
            (false, true) => self.unknown(
                "limits",
                "No answer bore a rate-limit header: there may be limits all the same.",
                "Look in the app's documentation. Syncs slow down when the app asks for it.",
            ),
        }
        self.times.sort_unstable();
        let (Some(median), Some(longest)) = (
            self.times.get(self.times.len() / 2).copied(),
            self.times.last().copied(),
        ) else {
            self.unknown("times", "Nothing was answered.", "");
            return;
        };
        let within = |time: Duration| format!("within {} ms", time.as_micros().div_ceil(1000).max(1));
        let said = match self.times.len() {
            1 => format!("1 answer, {}.", within(longest)),
            n => format!(
                "{n} answers: half of them {}, all {}.",
                within(median),
                within(longest)
            ),
        };
        if median >= SLOW || longest >= VERY_SLOW {
            self.warn(
                "times",
                said,
                "Expect long syncs. If it stays so, ask whoever runs the app.",
            );
        } else {
            self.ok("times", said);
        }
    }
}
