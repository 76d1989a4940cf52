//! What commands do: each [`Command`] done on the hub, and answered with the types of `answer`. The same code serves the
//! socket of a running server and a command that found none.
//!
//! Not here: the grammar and what people see (the files beside this folder), and what the nouns are (`sync`, `store`).

mod admin;
mod adoption;
mod attribute;
mod backup;
mod doctor;
mod held;
mod instance;
mod key;
mod probe;
mod requests;
mod sync;
#[cfg(test)]
mod tests;
mod token;

use std::fmt::Display;

use serde::Serialize;
use serde_json::Value;

use super::answer::Serving;
use super::command::Command;
use crate::app::Hub;
use crate::model::{Actor, Instance};
use crate::scim::rules::Declared;
use crate::store::{Lane, StoreError, access, instances};
use crate::sync::engine::Engine;

/// How events call whoever types commands: they own the data directory, and no account is asked for.
const TYPIST: &str = "command line";

/// Does a command. `engine` is the one that runs, if one does; `base_url` is what SCIM base URLs begin with, without a
/// trailing slash. What was refused changed nothing.
///
/// # Errors
/// A sentence that says why not.
pub async fn execute(
    hub: &Hub,
    engine: Option<&Engine>,
    base_url: &str,
    command: Command,
) -> Result<Value, String> {
    match command {
        Command::AdminCreate {
            email,
            role,
            password,
        } => answer(admin::create(hub, &email, role, password).await),
        Command::AdminResetPassword { email, password } => {
            answer(admin::reset_password(hub, &email, password).await)
        }
        Command::InstanceCreate {
            name,
            app,
            scope,
            user_writes,
            target,
            token_ends,
        } => {
            let target = target.map(|target| (target, token_ends));
            answer(instance::create(hub, base_url, name, app, (scope, user_writes), target).await)
        }
        Command::InstanceToken { slug, token, ends } => answer(token::token(hub, slug, token, ends).await),
        Command::InstanceList => answer(instance::list(hub).await),
        Command::InstanceShow { slug } => answer(instance::show(hub, base_url, slug).await),
        Command::InstanceEdit {
            slug,
            change,
            auth,
            headers,
            token,
        } => answer(instance::edit(hub, base_url, slug, &change, (auth, headers), token).await),
        Command::InstanceSync {
            slug,
            wait,
            timeout_s,
        } => answer(sync::sync(hub, engine, slug, wait.then_some(timeout_s)).await),
        Command::InstanceCancel { slug } => answer(sync::cancel(hub, slug).await),
        Command::InstanceRuns { slug } => answer(sync::runs(hub, slug).await),
        Command::InstanceSwitch { slug, to } => answer(instance::switch(hub, slug, to).await),
        Command::InstanceDelete { slug } => answer(instance::delete(hub, slug).await),
        Command::InstanceRequests { slug, refused } => {
            answer(requests::list(hub, base_url, slug, refused).await)
        }
        Command::ProbeInstance { slug, writes } => answer(probe::instance(hub, engine, slug, writes).await),
        Command::ProbeTarget { target } => answer(probe::target(hub, target).await),
        Command::HeldList { slug } => answer(held::list(hub, slug).await),
        Command::HeldDecide { slug, which, allow } => answer(held::decide(hub, slug, which, allow).await),
        Command::AdoptionList { slug } => answer(adoption::list(hub, slug).await),
        Command::AdoptionDecide { slug, ids, same } => answer(adoption::decide(hub, slug, ids, same).await),
        Command::KeyCreate {
            slug,
            name,
            ends_in_s,
        } => answer(key::create(hub, slug, name, ends_in_s).await),
        Command::KeyList { slug } => answer(key::list(hub, slug).await),
        Command::KeyRotate {
            slug,
            key,
            old_ends_in_s,
        } => answer(key::rotate(hub, slug, key, old_ends_in_s).await),
        Command::KeyRevoke { slug, key } => answer(key::revoke(hub, slug, key).await),
        Command::AttributeAdd {
            slug,
            resource,
            urn,
            name,
            kind,
            multi_valued,
        } => {
            let new = Declared::new(resource, &urn, &name, kind, multi_valued);
            answer(attribute::add(hub, slug, new).await)
        }
        Command::AttributeList { slug } => answer(attribute::list(hub, slug).await),
        Command::AttributeRemove {
            slug,
            resource,
            urn,
            name,
        } => answer(attribute::remove(hub, slug, resource, urn, name).await),
        Command::Backup { file } => answer(backup::backup(hub, file).await),
        Command::Doctor => answer(doctor::look(hub).await),
        Command::Healthcheck => answer(serving(hub).await),
    }
}

fn answer<T: Serialize>(done: Result<T, String>) -> Result<Value, String> {
    done.and_then(|done| serde_json::to_value(done).map_err(sentence))
}

/// An error's text as a sentence: errors below write it without capital and full stop. A host or file at its start stays as
/// it is written.
pub(in crate::cli) fn sentence(error: impl Display) -> String {
    let text = error.to_string();
    let first = text.split_whitespace().next().unwrap_or_default();
    let named = first.trim_end_matches(['.', ':']).contains(['.', ':', '/', '[']);
    let mut letters = text.chars();
    let mut said: String = match letters.next() {
        Some(letter) if !named => letter.to_uppercase().collect(),
        letter => letter.into_iter().collect(),
    };
    said.push_str(letters.as_str());
    if !said.ends_with(['.', '!', '?']) {
        said.push('.');
    }
    said
}

fn typist() -> Actor {
    Actor::Admin(TYPIST.into())
}

async fn find(hub: &Hub, slug: String) -> Result<Instance, String> {
    let named = slug.clone();
    let found = hub.store.read(move |rx| instances::by_slug(rx, &named)).await;
    found.map_err(sentence)?.ok_or_else(|| {
        format!("There is no instance with the slug “{slug}”. `rollcall instance list` shows them all.")
    })
}

/// Serves: a reader and the writer both answer.
async fn serving(hub: &Hub) -> Result<Serving, String> {
    hub.store.read(access::count_admins).await.map_err(sentence)?;
    let nothing = hub.store.write(Lane::Front, None, |_| Ok::<(), StoreError>(()));
    nothing.await.map_err(sentence)?;
    Ok(Serving {
        version: env!("CARGO_PKG_VERSION").into(),
    })
}
