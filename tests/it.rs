//! The whole hub, started on a free port with a directory of its own, and driven from outside until nothing is pending.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
#![expect(unreachable_pub, reason = "one binary: what modules share is pub")]

#[path = "it/support/mod.rs"]
mod support;

#[path = "it/adoption.rs"]
mod adoption;
#[path = "it/bad_input.rs"]
mod bad_input;
#[path = "it/bounds.rs"]
mod bounds;
#[cfg(feature = "tools")]
#[path = "it/browser.rs"]
mod browser;
#[path = "it/bulk.rs"]
mod bulk;
#[path = "it/catalog.rs"]
mod catalog;
#[path = "it/cli.rs"]
mod cli;
#[path = "it/cost.rs"]
mod cost;
#[path = "it/crash.rs"]
mod crash;
#[path = "it/credentials.rs"]
mod credentials;
#[path = "it/custom.rs"]
mod custom;
#[path = "it/demo.rs"]
mod demo;
#[path = "it/endpoint.rs"]
mod endpoint;
#[path = "it/etag.rs"]
mod etag;
#[path = "it/fairness.rs"]
mod fairness;
#[path = "it/faults.rs"]
mod faults;
#[path = "it/filters.rs"]
mod filters;
#[path = "it/fuzzed.rs"]
mod fuzzed;
#[path = "it/keys.rs"]
mod keys;
#[path = "it/leavers.rs"]
mod leavers;
#[path = "it/lifecycle.rs"]
mod lifecycle;
#[path = "it/limit.rs"]
mod limit;
#[path = "it/lists.rs"]
mod lists;
#[path = "it/mapping.rs"]
mod mapping;
#[path = "it/mass_deletion.rs"]
mod mass_deletion;
#[path = "it/outage.rs"]
mod outage;
#[path = "it/parked.rs"]
mod parked;
#[path = "it/probe.rs"]
mod probe;
#[path = "it/push.rs"]
mod push;
#[path = "it/put_only.rs"]
mod put_only;
#[cfg(feature = "tools")]
#[path = "it/real_app.rs"]
mod real_app;
#[path = "it/requests.rs"]
mod requests;
#[path = "it/runs.rs"]
mod runs;
#[path = "it/scopes.rs"]
mod scopes;
#[path = "it/sealed.rs"]
mod sealed;
#[cfg(feature = "tools")]
#[path = "it/suites.rs"]
mod suites;
#[cfg(feature = "tools")]
#[path = "it/targets.rs"]
mod targets;
#[path = "it/together.rs"]
mod together;
#[path = "it/token.rs"]
mod token;
#[path = "it/unmapped.rs"]
mod unmapped;
