//! Instances: made, listed, switched, deleted.

use super::{find, sentence, typist};
use crate::app::Hub;
use crate::cli::answer::{Deleted, InstanceCreated, InstanceDetail, InstanceRow};
use crate::cli::change::Change;
use crate::cli::command::{NewTarget, Switch, WireSecret};
use crate::connector::catalog::{self, App};
use crate::model::{Access, Auth, Header, Instance, Policies, Scope, Target, Time, UserWrites};
use crate::store::{Rx, StoreError, custom, instances};
use crate::sync::manage::{self, Edit, NewConnection};
use crate::sync::preview::{AT_THE_PROMPT, Preview};
use crate::sync::status::status;

/// The App of an instance that has no target and was given none.
const RECEIVE_ONLY: &str = "receive-only";

pub(super) async fn create(
    hub: &Hub,
    base_url: &str,
    name: String,
    app: Option<String>,
    (scope, user_writes): (Option<Scope>, Option<UserWrites>),
    target: Option<(NewTarget, Option<Time>)>,
) -> Result<InstanceCreated, String> {
    let known = app.as_deref().and_then(catalog::find);
    let scope = scope.or(known.map(App::proposed_scope)).unwrap_or_default();
    if user_writes.is_some() && scope != Scope::Groups {
        return Err("--user-writes goes with --scope groups: other instances take users anyhow.".into());
    }
    let app = match (app, &target) {
        (Some(slug), _) => known_app(&slug)?,
        (None, Some(_)) => known_app(catalog::GENERIC)?,
        (None, None) => (RECEIVE_ONLY.to_owned(), String::new()),
    };
    let notes = match &target {
        Some((target, _)) => manage::clean_url(&app.0, &target.base_url)?.1,
        None => Vec::new(),
    };
    let token_ends = target.as_ref().and_then(|(_, ends)| *ends);
    let access = match &target {
        Some((target, _)) => access(known, target)?,
        None => Access::default(),
    };
    let new = NewConnection {
        name,
        app,
        scope,
        policies: Policies {
            user_writes: user_writes.unwrap_or_default(),
            ..Policies::default()
        },
        access,
        target: target.map(|(target, _)| (target.base_url, target.token.0)),
    };
    let made = hub.manager.create_until(typist(), new, token_ends).await;
    let made = made.map_err(sentence)?;
    Ok(InstanceCreated {
        id: made.id.0,
        scim_base_url: scim_base_url(base_url, &made.slug),
        slug: made.slug,
        notes,
    })
}

/// How the app is told who calls: as typed, else as it is known to want it.
fn access(app: Option<&App>, target: &NewTarget) -> Result<Access, String> {
    let proposed = app.map(App::proposed_auth).unwrap_or_default();
    let auth = match (&target.auth, proposed) {
        (Some(typed), _) => typed.clone(),
        (None, Auth::Basic { .. }) => {
            return Err("This app wants a user name and a password: add --auth basic:USER.".into());
        }
        (None, Auth::OAuth { .. }) => {
            let text = "This app wants OAuth 2.0: add --auth oauth:TOKEN_URL,CLIENT_ID.";
            return Err(text.into());
        }
        (None, proposed) => proposed,
    };
    Ok(Access {
        auth,
        headers: target.headers.clone(),
    })
}

fn known_app(slug: &str) -> Result<(String, String), String> {
    let app = catalog::find(slug).ok_or_else(|| {
        let all: Vec<&str> = catalog::all().iter().map(|app| app.slug.as_str()).collect();
        format!(
            "There is no app “{slug}” in the catalog. It has: {}.",
            all.join(", ")
        )
    })?;
    Ok((app.slug.clone(), app.proposed_name.clone()))
}

pub(super) async fn list(hub: &Hub) -> Result<Vec<InstanceRow>, String> {
    let all = |rx: &Rx<'_>| -> Result<Vec<InstanceRow>, StoreError> {
        instances::list(rx)?.into_iter().map(|one| row(rx, one)).collect()
    };
    hub.store.read(all).await.map_err(sentence)
}

pub(super) async fn edit(
    hub: &Hub,
    base_url: &str,
    slug: String,
    change: &Change,
    (auth, headers): (Option<Auth>, Option<Vec<Header>>),
    token: Option<WireSecret>,
) -> Result<InstanceDetail, String> {
    let instance = find(hub, slug).await?;
    let mut policies = instance.policies.clone();
    if change.map_default {
        policies.mapping = manage::proposed_mapping(&instance.app).to_vec();
    }
    let id = instance.id;
    let declared = hub.store.read(move |rx| custom::of(rx, id)).await;
    change.apply(instance.scope, &declared.map_err(sentence)?, &mut policies)?;
    if !change.yes {
        let look = hub.manager.preview(instance.id, &policies, AT_THE_PROMPT).await;
        let preview = look.map_err(sentence)?;
        if preview.needs_a_word() {
            return Err(unsaved(&preview));
        }
    }
    let signs_in = auth.is_some() || headers.is_some();
    if instance.target.is_none() && (signs_in || token.is_some()) {
        return Err("This instance only receives: there is no app to sign in to.".into());
    }
    let stored = instance.target.as_ref().map(Target::access).cloned();
    let stored = stored.unwrap_or_default();
    let access = signs_in.then(|| Access {
        auth: auth.unwrap_or(stored.auth),
        headers: headers.unwrap_or(stored.headers),
    });
    let edit = Edit {
        seen: Some(instance.clone()),
        policies: Some(policies),
        access,
        token: token.map(|token| token.0),
        ..Edit::default()
    };
    let edited = hub.manager.edit(typist(), instance.id, edit).await;
    detail(hub, base_url, edited.map_err(sentence)?).await
}

/// What the edit would take away, and whose.
fn unsaved(preview: &Preview) -> String {
    let mut text = preview.sentences().join(" ");
    let names: Vec<&str> = preview.named.iter().map(|one| one.name.as_str()).collect();
    if !names.is_empty() {
        let more = (preview.users + preview.groups).saturating_sub(names.len() as u64);
        text.push_str(&format!(" They are: {}", names.join(", ")));
        text.push_str(&if more > 0 {
            format!(" and {more} more.")
        } else {
            ".".into()
        });
    }
    text.push_str(" Nothing was saved: add --yes to do it.");
    text
}

pub(super) async fn show(hub: &Hub, base_url: &str, slug: String) -> Result<InstanceDetail, String> {
    let instance = find(hub, slug).await?;
    detail(hub, base_url, instance).await
}

async fn detail(hub: &Hub, base_url: &str, instance: Instance) -> Result<InstanceDetail, String> {
    Ok(InstanceDetail {
        scim_base_url: scim_base_url(base_url, &instance.slug),
        scope: instance.scope,
        user_writes: (instance.scope == Scope::Groups).then_some(instance.policies.user_writes),
        enabled: instance.enabled,
        paused: instance.paused,
        base_url: instance.target.as_ref().map(|t| Target::base_url(t).to_owned()),
        access: instance.target.as_ref().map(|t| Target::access(t).clone()),
        sync_every_s: instance.sync_every_s,
        created_at: instance.created.to_string(),
        policies: instance.policies.clone(),
        row: one_row(hub, instance).await?,
    })
}

pub(super) async fn switch(hub: &Hub, slug: String, to: Switch) -> Result<InstanceRow, String> {
    let to = match to {
        Switch::Enabled => manage::Switch::Enable,
        Switch::Disabled => manage::Switch::Disable,
        Switch::Paused => manage::Switch::Pause,
        Switch::Resumed => manage::Switch::Resume,
    };
    let instance = find(hub, slug).await?;
    let switched = hub.manager.switch(typist(), instance.id, to).await;
    one_row(hub, switched.map_err(sentence)?).await
}

pub(super) async fn delete(hub: &Hub, slug: String) -> Result<Deleted, String> {
    let instance = find(hub, slug).await?;
    let deleted = hub.manager.delete(typist(), instance.id).await;
    deleted.map_err(sentence)?;
    Ok(Deleted { slug: instance.slug })
}

async fn one_row(hub: &Hub, instance: Instance) -> Result<InstanceRow, String> {
    let read = hub.store.read(move |rx| row(rx, instance)).await;
    read.map_err(sentence)
}

fn row(rx: &Rx<'_>, instance: Instance) -> Result<InstanceRow, StoreError> {
    let status = status(rx, &instance)?;
    Ok(InstanceRow {
        slug: instance.slug,
        name: instance.name,
        app: instance.app,
        health: status.health,
        reason: Some(status.reason).filter(|reason| !reason.is_empty()),
        users: status.users,
        groups: status.groups,
        pending: status.pending,
        rejected: status.rejected,
        pushed_per_minute: status.forecast.map(|f| f.per_minute),
        expected_end_at: status.forecast.map(|f| f.done_at.to_string()),
        last_sync_at: status.last_sync_at.map(|at| at.to_string()),
        next_sync_at: status.next_sync_at.map(|at| at.to_string()),
    })
}

pub(super) fn scim_base_url(base: &str, slug: &str) -> String {
    format!("{base}/scim/{slug}/v2")
}
