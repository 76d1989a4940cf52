//! POST of several writes at once (RFC 7644 §3.7). Each is the `Write` that it would be alone, in a savepoint of its
//! own: a refused one undoes itself and nothing else. What the message says is `crate::scim::bulk`'s; `run` is what
//! happens in the writer.
//!
//! Operations share units of work, and a unit is kept short: the writer has other instances to serve. So the hub may
//! stop between two units; then the operations before are done and the others are not, as with single requests.

mod circle;
mod run;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::{Value, json};

use super::change::change;
use super::failure::Failure;
use super::gate::{self, Gate};
use super::{answer, body, trail};
use crate::clock::Stopwatch;
use crate::scim::Attributes;
use crate::scim::bulk::{self, BulkRequest, Operation, Step};
use crate::scim::urn;
use run::{Item, Outcome, Part, Progress};

/// Most operations in one unit of work, and so in one circle.
const UNIT: usize = 20;
/// After so long a unit takes up no further operation.
const UNIT_TIME: Duration = Duration::from_millis(20);

pub(super) async fn post(
    request: HttpRequest,
    gate: Data<Gate>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let caller = gate::caller(&request)?;
    let limits = &caller.rules.limits;
    let base = gate.base(&request, &caller);
    let body = body::json(payload, limits).await?;
    let bulk = BulkRequest::parse(body, &base, limits.bulk_operations)?;
    let most_errors = bulk.fail_on_errors.unwrap_or(usize::MAX);
    let asked: Vec<Attributes> = bulk.operations.iter().map(repeated).collect();
    let mut waiting = parts(bulk.operations);
    let mut progress = Progress::default();
    while !waiting.is_empty() && progress.errors() < most_errors {
        let mut unit = unit(&mut waiting);
        unit.iter_mut()
            .for_each(|part| part.read_ahead(&progress, &caller));
        // A unit that is lost loses what it learnt, so it works on a copy.
        let (mut learnt, reader) = (progress.clone(), Arc::clone(&caller));
        let done = change(&gate, &caller, move |door| {
            let watch = Stopwatch::start();
            while learnt.errors() < most_errors && watch.elapsed() < UNIT_TIME {
                let Some(part) = unit.pop_front() else { break };
                learnt.run(door, part, &reader)?;
            }
            Ok((learnt, unit))
        });
        match done.await {
            Ok((learnt, left)) => {
                progress = learnt;
                left.into_iter().rev().for_each(|part| waiting.push_front(part));
            }
            Err(failure) if progress.is_new() => return Err(failure),
            Err(failure) => {
                progress.refuse_rest(asked.len(), &failure.into_error());
                break;
            }
        }
    }
    trail::tolerated(&request, &progress.tolerated);
    let outcomes = asked
        .into_iter()
        .enumerate()
        .filter_map(|(at, asked)| Some(told(asked, progress.outcome(at)?, &base)));
    let body = json!({ "schemas": [urn::BULK_RESPONSE], "Operations": outcomes.collect::<Vec<_>>() });
    Ok(answer::json(&request, StatusCode::OK, body.to_string()))
}

/// What the answer repeats of an operation.
fn repeated(operation: &Operation) -> Attributes {
    let parts = [("method", &operation.method), ("bulkId", &operation.bulk_id)];
    parts
        .into_iter()
        .filter_map(|(name, part)| Some((name.to_owned(), Value::from(part.clone()?))))
        .collect()
}

/// The answer to one operation: its status is a string (RFC 7644 §3.7.3), a body is there only for errors.
fn told(mut asked: Attributes, outcome: &Outcome, base: &str) -> Value {
    let mut put = |name: &str, value: Value| asked.insert(name.to_owned(), value);
    if let Some((kind, id)) = &outcome.about {
        put("location", format!("{base}/{}/{id}", kind.endpoint()).into());
    }
    if let Some(version) = &outcome.version {
        put("version", version.clone().into());
    }
    put("status", outcome.status().to_string().into());
    if let Err(refusal) = &outcome.result {
        put("response", refusal.to_json());
    }
    Value::Object(asked)
}

/// The operations, in the order in which they can run.
fn parts(operations: Vec<Operation>) -> VecDeque<Part> {
    let steps = bulk::steps(&operations);
    let mut operations: Vec<_> = operations.into_iter().map(Some).collect();
    let mut item = |at: &usize| Some(Item::new(*at, operations.get_mut(*at)?.take()?));
    steps
        .iter()
        .filter_map(|step| {
            Some(match step {
                Step::One(at) => Part::One(item(at)?),
                Step::Circle(all) => Part::Circle(all.iter().filter_map(&mut item).collect()),
            })
        })
        .collect()
}

/// As many as one unit may have.
fn unit(waiting: &mut VecDeque<Part>) -> VecDeque<Part> {
    let (mut unit, mut size) = (VecDeque::new(), 0);
    while let Some(part) = waiting.pop_front() {
        size += part.size();
        if size > UNIT && !unit.is_empty() {
            waiting.push_front(part);
            break;
        }
        unit.push_back(part);
    }
    unit
}
