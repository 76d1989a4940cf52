//! Each command on a hub in a directory of its own: what it answers, and what it refuses.
#![expect(clippy::unwrap_used, reason = "tests")]

mod held;

use std::path::Path;

use serde_json::json;

use super::*;
use crate::app::{Server, Tuning};
use crate::cli::change::Change;
use crate::cli::command::{NewTarget, Switch, TokenEnd, WireSecret};
use crate::config::{self, Config, Env, Flags};
use crate::model::{Auth, Role, Scope, UserWrites};
use crate::secret::{Secret, verify_password};
use crate::store::events;

const BASE: &str = "https://hub.example.com";

fn config(dir: &Path) -> Config {
    let flags = [
        ("listen", "127.0.0.1:0"),
        ("workers", "1"),
        ("allow_private_targets", "true"),
    ];
    let flags: Flags = flags
        .into_iter()
        .map(|(key, value)| (key, value.to_owned()))
        .collect();
    Config::load(dir, None, &Env::new(), &flags).unwrap()
}

async fn open(dir: &Path) -> Hub {
    Hub::open(config(dir), Tuning::default()).await.unwrap()
}

async fn done(hub: &Hub, command: Command) -> Value {
    execute(hub, None, BASE, command).await.unwrap()
}

#[track_caller]
fn has(sentence: &str, part: &str) {
    assert!(sentence.contains(part) && sentence.ends_with('.'), "{sentence}");
}

async fn refused(hub: &Hub, command: Command, part: &str) {
    has(&execute(hub, None, BASE, command).await.unwrap_err(), part);
}

fn secret(text: &str) -> WireSecret {
    WireSecret(Secret::new(text.into()))
}

fn receiver(name: &str) -> Command {
    Command::InstanceCreate {
        name: name.into(),
        app: None,
        scope: None,
        user_writes: None,
        target: None,
        token_ends: None,
    }
}

fn connected(base_url: &str, token: &str) -> Command {
    Command::InstanceCreate {
        name: "App".into(),
        app: None,
        scope: None,
        user_writes: None,
        target: Some(NewTarget {
            base_url: base_url.into(),
            token: secret(token),
            auth: None,
            headers: Vec::new(),
        }),
        token_ends: None,
    }
}

fn sync_of(slug: &str, wait: bool) -> Command {
    Command::InstanceSync {
        slug: slug.into(),
        wait,
        timeout_s: None,
    }
}

#[tokio::test]
async fn admins() {
    let dir = tempfile::tempdir().unwrap();
    let hub = open(dir.path()).await;
    let create = |email: &str, password: &str| Command::AdminCreate {
        email: email.into(),
        role: Role::Operator,
        password: secret(password),
    };
    let reset = |email: &str, password: &str| Command::AdminResetPassword {
        email: email.into(),
        password: secret(password),
    };
    refused(&hub, create("ada", "correct horse"), "e-mail address").await;
    refused(&hub, create("ada@example.com", "short"), "at least 10 characters").await;
    let made = done(&hub, create(" Ada@Example.com", "correct horse")).await;
    assert_eq!(made, json!({"email": "Ada@Example.com", "role": "operator"}));
    refused(
        &hub,
        create("ada@example.COM", "correct horse"),
        "an account for ada@example.COM already",
    )
    .await;

    refused(
        &hub,
        reset("eve@example.com", "another horse"),
        "no account for eve@example.com",
    )
    .await;
    refused(&hub, reset("ada@example.com", "short"), "at least 10 characters").await;
    let changed = done(&hub, reset("ADA@example.com", "another horse")).await;
    assert_eq!(changed, json!({"email": "Ada@Example.com", "role": "operator"}));
    let known = hub
        .store
        .read(|rx| access::admin_by_email(rx, "ada@example.com"))
        .await
        .unwrap();
    let hash = known.unwrap().1;
    assert!(verify_password(&Secret::new("another horse".into()), Some(&hash)));
    let told = hub.store.read(|rx| events::latest(rx, 10)).await.unwrap();
    let actions: Vec<_> = told.iter().map(|event| event.action.as_str()).collect();
    assert_eq!(actions, ["admin.password_reset", "admin.created"]);
}

#[tokio::test]
async fn instances_that_receive() {
    let dir = tempfile::tempdir().unwrap();
    let hub = open(dir.path()).await;
    let made = done(&hub, receiver("Köln Office")).await;
    assert_eq!(made["slug"], "k-ln-office");
    assert_eq!(
        made["scim_base_url"],
        "https://hub.example.com/scim/k-ln-office/v2"
    );
    let slug = || "k-ln-office".to_owned();
    let rows = done(&hub, Command::InstanceList).await;
    assert_eq!(rows.as_array().unwrap().len(), 1);
    assert_eq!(
        (&rows[0]["app"], &rows[0]["health"]),
        (&json!("receive-only"), &json!("healthy"))
    );
    let keys: Vec<_> = rows[0].as_object().unwrap().keys().cloned().collect();
    let contract = "slug name app health reason users groups pending rejected last_sync_at next_sync_at \
                    pushed_per_minute expected_end_at";
    assert_eq!(keys.join(" "), contract);

    let shown = done(&hub, Command::InstanceShow { slug: slug() }).await;
    assert_eq!(
        (&shown["enabled"], &shown["base_url"]),
        (&json!(true), &Value::Null)
    );
    let switch = |to| Command::InstanceSwitch { slug: slug(), to };
    assert_eq!(done(&hub, switch(Switch::Disabled)).await["health"], "disabled");
    assert_eq!(done(&hub, switch(Switch::Enabled)).await["health"], "healthy");
    refused(&hub, sync_of(&slug(), true), "only receives").await;

    let edit = |slug: &str, user_writes, auth| Command::InstanceEdit {
        slug: slug.into(),
        change: Box::new(Change {
            user_writes,
            ..Change::default()
        }),
        auth,
        headers: None,
        token: None,
    };
    let writes = |slug: &str, user_writes| edit(slug, Some(user_writes), None);
    refused(&hub, edit(&slug(), None, Some(Auth::Bearer)), "only receives").await;
    refused(&hub, writes(&slug(), UserWrites::Refuse), "takes users anyhow").await;
    let teams = |scope, user_writes| Command::InstanceCreate {
        name: "Teams".into(),
        app: None,
        scope: Some(scope),
        user_writes,
        target: None,
        token_ends: None,
    };
    refused(
        &hub,
        teams(Scope::Users, Some(UserWrites::Refuse)),
        "--scope groups",
    )
    .await;
    done(&hub, teams(Scope::Groups, Some(UserWrites::Refuse))).await;
    let named = || Command::InstanceShow { slug: "teams".into() };
    assert_eq!(done(&hub, named()).await["user_writes"], "refuse");
    let edited = done(&hub, writes("teams", UserWrites::Acknowledge)).await;
    assert_eq!(
        (&edited["user_writes"], &edited),
        (&json!("acknowledge"), &done(&hub, named()).await)
    );
    done(&hub, Command::InstanceDelete { slug: "teams".into() }).await;

    refused(&hub, receiver(" "), "Choose a name").await;
    let app = Command::InstanceCreate {
        name: "X".into(),
        app: Some("nonesuch".into()),
        scope: Some(Scope::Users),
        user_writes: None,
        target: None,
        token_ends: None,
    };
    refused(&hub, app, "generic-scim").await;
    assert_eq!(
        done(&hub, Command::InstanceDelete { slug: slug() }).await,
        json!({"slug": slug()})
    );
    for gone in [
        Command::InstanceShow { slug: slug() },
        Command::InstanceDelete { slug: slug() },
        switch(Switch::Paused),
        sync_of(&slug(), false),
        Command::KeyList { slug: slug() },
        Command::HeldList { slug: Some(slug()) },
    ] {
        refused(&hub, gone, "no instance with the slug “k-ln-office”").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connected_app_is_tested_read_and_its_failures_are_said() {
    let (theirs, ours) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let app = Server::start(config(theirs.path()), Tuning::default())
        .await
        .unwrap();
    let base = app.hub().config.base_url(app.address());
    let made = execute(app.hub(), Some(app.engine()), &base, receiver("People"))
        .await
        .unwrap();
    let url = made["scim_base_url"].as_str().unwrap().to_owned();
    let new_key = Command::KeyCreate {
        slug: "people".into(),
        name: None,
        ends_in_s: None,
    };
    let key = execute(app.hub(), Some(app.engine()), &base, new_key)
        .await
        .unwrap();
    let key = key["key"].as_str().unwrap();

    let hub = open(ours.path()).await;
    refused(&hub, connected(&url, "not-the-key"), "401").await;
    refused(&hub, connected("nonsense", key), "SCIM Base URL").await;
    assert_eq!(
        done(&hub, Command::InstanceList).await,
        json!([]),
        "nothing is saved"
    );
    assert_eq!(done(&hub, connected(&url, key)).await["slug"], "app");
    let queued = done(&hub, sync_of("app", false)).await;
    assert_eq!(
        (&queued["slug"], &queued["run"], &queued["outcome"]),
        (&json!("app"), &Value::Null, &Value::Null)
    );
    let synced = done(&hub, sync_of("app", true)).await;
    let keys: Vec<_> = synced.as_object().unwrap().keys().cloned().collect();
    let contract = "slug run phase outcome started_at ended_at users groups expected created changed broken unseen removed \
                    seconds error interrupted interruption waiting pending rejected held";
    assert_eq!(keys.join(" "), contract);
    assert_eq!(
        (&synced["phase"], &synced["outcome"], &synced["error"]),
        (&json!("done"), &json!("done"), &Value::Null)
    );
    let listed = done(&hub, Command::InstanceRuns { slug: "app".into() }).await;
    assert_eq!(listed[0]["run"], synced["run"]);
    let cancel = || Command::InstanceCancel { slug: "app".into() };
    refused(&hub, cancel(), "No sync runs or waits").await;
    done(&hub, sync_of("app", false)).await;
    assert_eq!(done(&hub, cancel()).await["outcome"], "cancelled");
    refused(&hub, cancel(), "No sync runs or waits").await;
    let row = &done(&hub, Command::InstanceList).await[0];
    assert_eq!(
        (&row["app"], &row["health"]),
        (&json!("generic-scim"), &json!("healthy"))
    );
    assert!(row["last_sync_at"].is_string() && row["next_sync_at"].is_string());
    // A running engine does it as well.
    let engine = hub.start_engine();
    let synced = execute(&hub, Some(&engine), BASE, sync_of("app", true))
        .await
        .unwrap();
    assert_eq!(synced["phase"], "done");
    engine.stop().await;

    let token = |token: Option<&str>, ends| Command::InstanceToken {
        slug: "app".into(),
        token: token.map(secret),
        ends,
    };
    let known = done(&hub, token(None, None)).await;
    assert!(
        known["set_at"].is_string() && known["ends_at"].is_null(),
        "{known}"
    );
    refused(&hub, token(Some("not-the-key"), None), "401").await;
    let tomorrow = hub
        .store
        .clock()
        .now()
        .after(std::time::Duration::from_secs(23 * 3600));
    let noted = done(&hub, token(Some(key), Some(TokenEnd::At(tomorrow)))).await;
    has(noted["reminder"].as_str().unwrap(), "within a day");
    assert_ne!(noted["set_at"], known["set_at"]);
    assert_eq!(done(&hub, Command::InstanceList).await[0]["health"], "degraded");
    let never = done(&hub, token(None, Some(TokenEnd::Never))).await;
    assert_eq!(never["reminder"], Value::Null);
    assert_eq!(done(&hub, Command::InstanceList).await[0]["health"], "healthy");

    let pause = Command::InstanceSwitch {
        slug: "app".into(),
        to: Switch::Paused,
    };
    done(&hub, pause).await;
    refused(&hub, sync_of("app", true), "switched off or paused").await;
    let resume = Command::InstanceSwitch {
        slug: "app".into(),
        to: Switch::Resumed,
    };
    done(&hub, resume).await;
    app.stop().await;
    let failed = done(&hub, sync_of("app", true)).await;
    let why = failed["error"].as_str().unwrap();
    assert!(
        failed["outcome"] == "failed" && why.contains("127.0.0.1"),
        "{failed}"
    );
    let checks = done(&hub, Command::Doctor).await;
    let failing = checks
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["name"] == "instance app")
        .unwrap();
    assert_eq!(failing["ok"], false, "{checks}");
}

#[tokio::test]
async fn keys() {
    let dir = tempfile::tempdir().unwrap();
    let hub = open(dir.path()).await;
    done(&hub, receiver("People")).await;
    let slug = || "people".to_owned();
    let create = |name: Option<&str>, ends_in_s| Command::KeyCreate {
        slug: slug(),
        name: name.map(str::to_owned),
        ends_in_s,
    };
    let rotate = |key: Option<&str>, old_ends_in_s| Command::KeyRotate {
        slug: slug(),
        key: key.map(str::to_owned),
        old_ends_in_s,
    };
    let revoke = |key: &str| Command::KeyRevoke {
        slug: slug(),
        key: key.into(),
    };
    let list = || Command::KeyList { slug: slug() };
    refused(&hub, rotate(None, 0), "no live key").await;
    refused(&hub, create(None, Some(0)), "ends at once").await;
    refused(&hub, create(Some(" "), None), "Choose a name").await;
    let first = done(&hub, create(None, Some(3600))).await["key"]
        .as_str()
        .unwrap()
        .to_owned();
    let rows = done(&hub, list()).await;
    assert_eq!(
        (&rows[0]["name"], &rows[0]["live"]),
        (&json!("Key 1"), &json!(true))
    );
    assert_eq!(
        (&rows[0]["created_by"], &rows[0]["last_used_at"]),
        (&json!("command line"), &Value::Null)
    );
    assert!(first.starts_with(rows[0]["prefix"].as_str().unwrap()) && rows[0]["expires_at"].is_string());

    let rotated = done(&hub, rotate(None, 600)).await;
    assert_eq!(rotated["old_prefix"], rows[0]["prefix"]);
    let rows = done(&hub, list()).await;
    assert_eq!(
        (&rows[0]["live"], &rows[1]["live"]),
        (&json!(true), &json!(true)),
        "both are live"
    );
    assert_eq!(rows[1]["expires_at"], rotated["old_ends_at"]);
    refused(&hub, rotate(None, 0), "Say which key").await;
    refused(&hub, rotate(Some("rc_"), 0), "Several keys begin so").await;
    refused(&hub, rotate(Some("zz"), 0), "no live key with this id").await;
    refused(&hub, revoke(""), "no live key with this id").await;

    let old = rows[1]["id"].to_string();
    assert_eq!(done(&hub, revoke(&old)).await["live"], false);
    refused(&hub, revoke(&old), "no live key with this id").await;
    let prefix = rows[0]["prefix"].as_str().unwrap();
    let again = done(&hub, rotate(Some(&format!("{prefix}…")), 0)).await;
    assert_eq!(again["old_prefix"], prefix);
    let live = done(&hub, list())
        .await
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["live"] == true)
        .count();
    assert_eq!(live, 1);
}

#[tokio::test]
async fn backups_doctor_and_health() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("data");
    config::prepare_data_dir(&dir).unwrap();
    let hub = open(&dir).await;
    done(&hub, receiver("People")).await;
    let file = base.path().join("copy.db");
    let backup = |file: &Path| Command::Backup {
        file: file.to_owned(),
    };
    let written = done(&hub, backup(&file)).await;
    assert_eq!(written["file"], file.display().to_string());
    assert!(written["bytes"].as_u64().unwrap() > 4096);
    refused(&hub, backup(&file), "exists already").await;
    refused(&hub, backup(Path::new("relative.db")), "absolute path").await;
    let nowhere = format!("The folder {} does not exist", base.path().join("none").display());
    refused(&hub, backup(&base.path().join("none/copy.db")), &nowhere).await;

    let checks = done(&hub, Command::Doctor).await;
    for check in checks.as_array().unwrap() {
        assert_eq!(check["ok"], true, "{check}");
        has(check["detail"].as_str().unwrap(), "");
    }
    assert_eq!(
        done(&hub, Command::Healthcheck).await["version"],
        env!("CARGO_PKG_VERSION")
    );
}

#[tokio::test]
async fn the_doctor_sees_a_missing_key_file_and_open_files() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let hub = open(dir.path()).await;
    hub.store.close();
    drop(hub);
    std::fs::remove_file(dir.path().join("secret.key")).unwrap();
    for (path, mode) in [
        (dir.path().to_owned(), 0o755),
        (dir.path().join("rollcall.db"), 0o644),
    ] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    let hub = open(dir.path()).await;
    let checks = done(&hub, Command::Doctor).await;
    let wrong: Vec<_> = checks
        .as_array()
        .unwrap()
        .iter()
        .filter(|check| check["ok"] == false)
        .collect();
    let names: Vec<_> = wrong
        .iter()
        .map(|check| check["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["key file", "data directory"], "{checks}");
    has(wrong[1]["detail"].as_str().unwrap(), "rollcall.db");
    refused(
        &hub,
        connected("https://app.example.com/scim", "token"),
        "secret.key",
    )
    .await;
}

#[test]
fn sentences() {
    assert_eq!(sentence("the disk is full"), "The disk is full.");
    assert_eq!(sentence("Done."), "Done.");
    assert_eq!(sentence("élan"), "Élan.");
    assert_eq!(
        sentence("nosuch.example.invalid could not be found"),
        "nosuch.example.invalid could not be found."
    );
    assert_eq!(
        sentence("localhost:1 did not answer"),
        "localhost:1 did not answer."
    );
    assert_eq!(sentence("no: never"), "No: never.");
}
