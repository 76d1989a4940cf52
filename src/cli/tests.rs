//! The grammar, from arguments to what the hub is asked, and from answers to what is printed.
#![expect(clippy::unwrap_used, reason = "tests")]
use clap::CommandFactory;
use serde_json::json;

use super::command::{Switch, TokenEnd, Which};
use super::*;
use crate::model::{Auth, Role, Scope, UserWrites};
use crate::scim::schema::{ResourceType, Type};

fn act(args: &str, mut input: &[u8]) -> Result<Action, CliError> {
    let env = Env::from([("ROLLCALL_DATA_DIR".to_owned(), "/srv/rollcall".to_owned())]);
    parsed(args).unwrap().action(&env, &mut input)
}

fn parsed(args: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(std::iter::once("rollcall").chain(args.split(' ')))
}

fn plan(args: &str, input: &[u8]) -> Plan {
    match act(args, input).unwrap() {
        Action::Hub(dir, plan) => {
            assert_eq!(dir, PathBuf::from("/srv/rollcall"));
            *plan
        }
        other => panic!("{other:?}"),
    }
}

fn shown(plan: &Plan, answer: Value) -> (String, String) {
    let (mut results, mut notes) = (Vec::new(), Vec::new());
    (plan.show)(&mut Output::new(&mut results, &mut notes), answer).unwrap();
    (
        String::from_utf8(results).unwrap(),
        String::from_utf8(notes).unwrap(),
    )
}

#[test]
fn the_grammar_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn usage_mistakes_end_with_2() {
    for bad in [
        "",
        "serv",
        "serve --lisen x",
        "serve extra",
        "instance create x --scope groups --user-writes maybe",
        "instance edit x",
        "instance edit x --leaver go",
        "serve --limits-none 5",
        "admin create --email a@b",
        "instance create",
        "instance create x --base-url https://a",
        "instance create x --token-stdin",
        "instance create x --scope all",
        "instance delete x",
        "instance sync x --timeout 5",
        "instance sync x --wait --timeout 0",
        "instance sync x --wait --cancel",
        "instance token x --token-expires soon",
        "instance create x --token-expires 2027-01-31",
        "secret renew",
        "attribute add x urn:a:b c",
        "attribute add x urn:a:b c --type complex",
        "attribute add x urn:a:b c --type string --for people",
        "attribute remove x urn:a:b",
        "probe",
        "probe x --base-url https://a --token-stdin",
        "probe --base-url https://a",
        "probe --base-url https://a --token-stdin --write",
        "held allow x",
        "held allow x 1 --all",
        "held allow x one",
        "key create",
        "key rotate x --old-ends soon",
        "key revoke x",
        "backup",
        "demo --seconds 0",
        "admin create --email a@b --role king --password-stdin",
    ] {
        assert_eq!(parsed(bad).unwrap_err().exit_code(), 2, "{bad}");
    }
    assert_eq!(parsed("--help").unwrap_err().exit_code(), 0);
}

#[test]
fn serve_takes_settings_from_flags() {
    let line =
        "serve --listen 127.0.0.1:0 --public-url https://hub.example --allow-private-targets --data-dir /x";
    let Action::Serve(config) = act(line, b"").unwrap() else {
        panic!()
    };
    assert_eq!(config.listen.port(), 0);
    assert_eq!(config.data_dir, PathBuf::from("/x"));
    assert!(config.allow_private_targets && !config.allow_insecure_sign_in);
    let Action::Serve(config) = act("serve --allow-private-targets=false", b"").unwrap() else {
        panic!()
    };
    assert!(!config.allow_private_targets);
    let error = act("serve --workers many", b"").unwrap_err().to_string();
    assert_eq!(
        error,
        "--workers is \"many\", which is not a number from 1 to 256."
    );
}

#[test]
fn secrets_come_from_standard_input_alone() {
    let made = plan("admin create --email a@b --password-stdin", b"correct horse\n");
    let Command::AdminCreate {
        email,
        role,
        password,
    } = &made.command
    else {
        panic!()
    };
    assert_eq!(
        (email.as_str(), *role, password.0.expose()),
        ("a@b", Role::Owner, "correct horse")
    );
    assert_eq!(
        shown(&made, json!({"email": "a@b", "role": "owner"})).0,
        "a@b can sign in as owner.\n"
    );
    let reset = plan(
        "admin reset-password --email a@b --password-stdin",
        b"another horse\n",
    );
    assert!(matches!(&reset.command, Command::AdminResetPassword { .. }));
    assert!(
        act("admin create --email a@b --password-stdin", b"")
            .unwrap_err()
            .to_string()
            .contains("no password")
    );
}

#[test]
fn instances_are_made_with_and_without_a_target() {
    let made = plan(
        "instance create Wiki --base-url https://w/scim --token-stdin --token-expires 2027-01-31 --scope users --json",
        b"t0ken\n",
    );
    assert!(made.json);
    let Command::InstanceCreate {
        name,
        app: None,
        scope: Scope::Users,
        user_writes: None,
        target: Some(target),
        token_ends: Some(ends),
    } = &made.command
    else {
        panic!()
    };
    assert_eq!(
        (name.as_str(), target.base_url.as_str(), target.token.0.expose()),
        ("Wiki", "https://w/scim", "t0ken")
    );
    assert_eq!(ends.to_string(), "2027-01-31T00:00:00.000Z");
    let bare = plan("instance create HR", b"");
    assert!(matches!(
        &bare.command,
        Command::InstanceCreate {
            target: None,
            scope: Scope::UsersAndGroups,
            ..
        }
    ));
    let (text, note) = shown(
        &bare,
        json!({"id": 1, "slug": "hr", "scim_base_url": "https://h/scim/hr/v2"}),
    );
    assert_eq!(text, "Slug:           hr\nSCIM base URL:  https://h/scim/hr/v2\n");
    assert!(note.contains("rollcall key create hr"));
}

#[test]
fn an_instance_of_groups_says_what_becomes_of_users() {
    let writes = |line: &str| match plan(line, b"").command {
        Command::InstanceCreate { user_writes, .. } => user_writes,
        Command::InstanceEdit { change, .. } => change.user_writes,
        other => panic!("{other:?}"),
    };
    assert_eq!(writes("instance create HR --scope groups"), None);
    assert_eq!(
        writes("instance create HR --scope groups --user-writes refuse"),
        Some(UserWrites::Refuse)
    );
    assert_eq!(
        writes("instance edit hr --user-writes acknowledge"),
        Some(UserWrites::Acknowledge)
    );
}

#[test]
fn how_an_app_is_told_who_calls_is_typed_in_one_word() {
    let line =
        "instance create X --base-url https://a.example --token-stdin --auth header:ApiKey --header X-Org:7";
    let Command::InstanceCreate {
        target: Some(target), ..
    } = plan(line, b"abc\n").command
    else {
        panic!()
    };
    let name = "ApiKey".into();
    assert_eq!(target.access.auth, Auth::Header { name });
    assert_eq!(target.access.headers.len(), 1);
    let Command::InstanceEdit {
        auth, headers, token, ..
    } = plan(
        "instance edit x --auth oauth:https://l.example/t,me,all --token-stdin",
        b"abc\n",
    )
    .command
    else {
        panic!()
    };
    assert!(matches!(auth, Some(Auth::OAuth { .. })) && headers.is_none());
    assert_eq!(token.unwrap().0.expose(), "abc");
    let none = plan("instance edit x --no-headers", b"").command;
    assert!(matches!(none, Command::InstanceEdit { headers: Some(h), .. } if h.is_empty()));
    for line in [
        "instance edit x",
        "instance edit x --auth nonsense",
        "instance edit x --header nonsense",
        "instance edit x --header A:b --no-headers",
        "instance create X --auth basic:a",
        "instance create X --header A:b",
    ] {
        assert!(parsed(line).is_err(), "{line}");
    }
}

#[test]
fn limits_are_flags() {
    let Action::Serve(config) = act("serve --limits-members 500 --limits-per-second=7", b"").unwrap() else {
        panic!()
    };
    assert_eq!(
        (config.limits.request.members, config.limits.per_second),
        (500, 7)
    );
    let error = act("serve --limits-members 5", b"").unwrap_err().to_string();
    assert_eq!(
        error,
        "--limits-members is \"5\", which is not a whole number from 100 to 1000000."
    );
    let help = Cli::try_parse_from(["rollcall", "serve", "--help"])
        .unwrap_err()
        .to_string();
    // However it is wrapped.
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for row in &crate::config::limits::ROWS {
        assert!(help.contains(row.flag) && help.contains(row.help), "{help}");
    }
}

#[test]
fn instances_are_listed_and_switched() {
    let row = json!({"slug": "hr", "name": "HR", "app": "scim", "health": "failing", "reason": "401 from w", "users": 5,
        "groups": 2, "pending": 1, "rejected": 0, "last_sync_at": null, "next_sync_at": null});
    let (text, _) = shown(&plan("instance list", b""), json!([row]));
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[0].starts_with("SLUG  APP") && lines[1].ends_with("never      401 from w"),
        "{text}"
    );
    for (word, to) in [
        ("enable", Switch::Enabled),
        ("disable", Switch::Disabled),
        ("pause", Switch::Paused),
        ("resume", Switch::Resumed),
    ] {
        let plan = plan(&format!("instance {word} hr"), b"");
        assert!(
            matches!(&plan.command, Command::InstanceSwitch { slug, to: asked } if slug == "hr" && *asked == to)
        );
        assert_eq!(shown(&plan, row.clone()).0, "hr is failing (401 from w).\n");
    }
    let mut all = row;
    let more = json!({"scim_base_url": "u", "scope": "groups", "user_writes": "refuse", "enabled": true, "paused": true, "base_url": "https://w",
        "sync_every_s": 3600, "created_at": "2026-01-01T00:00:00.000Z"});
    all.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let text = shown(&plan("instance show hr", b""), all).0;
    assert!(
        text.contains("Sends:          no, it is paused\n")
            && text.contains("Carries:        groups; writes of users are refused\n"),
        "{text}"
    );
    let sync = plan("instance sync hr --wait", b"");
    assert!(matches!(&sync.command, Command::InstanceSync { wait: true, .. }));
    let answer = |outcome: &str, error: &str| {
        json!({"slug": "hr", "run": 7, "phase": "done", "outcome": outcome, "users": 5, "groups": 2, "created": 0, "changed": 0,
            "broken": 0, "unseen": 0, "removed": 0, "seconds": 0.5, "error": error, "pending": 0, "rejected": 1, "held": 0})
    };
    let (text, notes) = shown(&sync, answer("done", ""));
    assert_eq!(text, "hr is synced: 5 users and 2 groups read.\n");
    assert!(notes.contains("1 refused by the app."), "{notes}");
    for (outcome, passes) in [
        ("done", true),
        ("failed", false),
        ("cancelled", false),
        ("timeout", false),
    ] {
        assert_eq!((sync.passes)(&answer(outcome, "why")), passes, "{outcome}");
    }
    assert_eq!(
        shown(&sync, answer("failed", "It is away.")),
        (String::new(), "rollcall: The sync failed: It is away.\n".into())
    );
    let limited = plan("instance sync hr --wait --timeout 9", b"");
    assert!(matches!(
        &limited.command,
        Command::InstanceSync {
            timeout_s: Some(9),
            ..
        }
    ));
    assert_eq!(limited.command.patience().as_secs(), 69);
    let cancel = plan("instance sync hr --cancel", b"");
    assert!(matches!(&cancel.command, Command::InstanceCancel { slug } if slug == "hr"));
    assert!((cancel.passes)(&answer("cancelled", "")));
    let token = plan("instance token hr --token-stdin --token-expires never", b"n3w\n");
    let Command::InstanceToken {
        token: Some(new),
        ends: Some(TokenEnd::Never),
        ..
    } = &token.command
    else {
        panic!()
    };
    assert_eq!(new.0.expose(), "n3w");
    let row = json!({"slug": "hr", "set_at": "w", "ends_at": null, "reminder": "It ends."});
    let (text, notes) = shown(&token, row);
    assert!(text.contains("Entered:  w\nEnds:     not known\n"), "{text}");
    assert_eq!(notes, "It ends.\n");
    let gone = plan("instance delete hr --yes", b"");
    assert_eq!(shown(&gone, json!({"slug": "hr"})).0, "hr is deleted.\n");
}

#[test]
fn requests_are_listed_with_what_was_remarkable() {
    let asked = plan("instance requests hr --rejected", b"");
    assert!(matches!(
        &asked.command,
        Command::InstanceRequests { slug, refused: true } if slug == "hr"
    ));
    let row = json!({"id": "00123456789a", "at": "2026-01-01T00:00:00.000Z", "method": "GET", "path": "/scim/hr/v2/Users",
        "status": 401, "ms": 0.25, "key": null, "agent": "evil\u{1b}[2J", "address": "203.0.113.7", "tolerated": [],
        "scim_type": null, "detail": "No.", "why": "jwt", "reason": "It came with a token of its own."});
    let (text, _) = shown(&asked, json!([row]));
    assert!(
        text.contains("401") && text.contains("0.2") && !text.contains('\u{1b}'),
        "{text}"
    );
    assert!(
        text.trim_end().ends_with("It came with a token of its own."),
        "{text}"
    );
    assert_eq!(shown(&asked, json!([])).0, "No request of this kind is kept.\n");
}

#[test]
fn removals_are_decided_one_by_one_or_all() {
    let some = plan("held allow hr 3 4", b"");
    let Command::HeldDecide {
        which, allow: true, ..
    } = &some.command
    else {
        panic!()
    };
    assert_eq!(*which, Which::Ids(vec![3, 4]));
    let all = plan("removal reject hr --all", b"");
    assert!(matches!(
        &all.command,
        Command::HeldDecide {
            which: Which::All,
            allow: false,
            ..
        }
    ));
    assert_eq!(
        shown(&all, json!({"count": 1})).0,
        "1 removal rejected: the app keeps what it has.\n"
    );
    let held =
        json!([{"slug": "hr", "id": 3, "class": "account", "label": "ada", "reason": "left", "at": "now"}]);
    let (text, _) = shown(&plan("held list hr", b""), held);
    assert_eq!(
        text,
        "ID  INSTANCE  WHAT     WHO  SINCE  WHY\n3   hr        account  ada  now    left\n"
    );
}

#[test]
fn attributes_are_declared_and_listed() {
    let add = plan(
        "attribute add hr urn:a:b badge --type datetime --multi-valued --for group",
        b"",
    );
    assert!(matches!(
        &add.command,
        Command::AttributeAdd {
            resource: ResourceType::Group,
            kind: Type::DateTime,
            multi_valued: true,
            ..
        }
    ));
    let row = json!({"resource_type": "Group", "urn": "urn:a:b", "name": "badge", "type": "dateTime", "multi_valued": true});
    assert_eq!(
        shown(&add, row.clone()).0,
        "urn:a:b:badge is declared: values are checked from now on.\n"
    );
    let (text, _) = shown(&plan("attribute list hr", b""), json!([row]));
    assert_eq!(
        text,
        "NAME   FOR    TYPE                    URN\nbadge  group  dateTime, multi-valued  urn:a:b\n"
    );
    let gone = plan("attribute remove hr urn:a:b badge", b"");
    assert!(matches!(
        &gone.command,
        Command::AttributeRemove { resource: None, .. }
    ));
    assert!(shown(&gone, json!([row])).0.contains("stay as they are"));
}

#[test]
fn a_new_key_stands_alone_on_standard_output() {
    let made = plan("key create hr --ends-in 90d", b"");
    assert!(matches!(
        &made.command,
        Command::KeyCreate {
            ends_in_s: Some(7_776_000),
            name: None,
            ..
        }
    ));
    let (text, note) = shown(&made, json!({"key": "rc_x"}));
    assert_eq!(text, "rc_x\n");
    assert!(note.contains("only time"));
    let rotated = plan("key rotate hr --old-ends now", b"");
    assert!(matches!(
        &rotated.command,
        Command::KeyRotate {
            key: None,
            old_ends_in_s: 0,
            ..
        }
    ));
    assert_eq!(
        shown(
            &rotated,
            json!({"key": "rc_y", "old_prefix": "rc_x", "old_ends_at": "t"})
        )
        .0,
        "rc_y\n"
    );
    let mut key = json!({"id": 1, "prefix": "rc_x", "name": "Entra", "live": true, "created_at": "t", "created_by": "ada",
        "last_used_at": null, "expires_at": "u", "revoked_at": null});
    assert!(
        shown(&plan("key list hr", b""), json!([key]))
            .0
            .contains("ends u  never")
    );
    (key["last_used_at"], key["last_used_from"]) = (json!("l"), json!("192.0.2.7"));
    assert!(
        shown(&plan("key list hr", b""), json!([key]))
            .0
            .contains("l          192.0.2.7  t")
    );
    key["revoked_at"] = json!("v");
    assert_eq!(
        shown(&plan("key revoke hr 1", b""), key).0,
        "The key rc_x… opens nothing any more.\n"
    );
}

#[test]
fn upkeep() {
    let backup = plan("backup copy.db", b"");
    assert!(matches!(&backup.command, Command::Backup { file } if file.is_absolute()));
    let doctor = plan("doctor", b"");
    assert!((doctor.passes)(&json!([{"name": "a", "ok": true, "detail": ""}])));
    assert!(!(doctor.passes)(
        &json!([{"name": "a", "ok": false, "detail": ""}])
    ));
    assert!(
        matches!(act("restore copy.db", b"").unwrap(), Action::Restore(restore) if restore.file.is_absolute())
    );
    assert!(matches!(
        act("version --json", b"").unwrap(),
        Action::Version { json: true }
    ));
    assert!(plan("healthcheck", b"").command.needs_server());
    let Action::Demo(demo) = act("demo --seconds 60 --json", b"").unwrap() else {
        panic!()
    };
    assert_eq!((demo.seconds, demo.json, demo.listen.port()), (Some(60), true, 0));
}

#[test]
fn a_probe_is_a_checklist() {
    let asked = plan("probe app --write", b"");
    assert!(matches!(&asked.command, Command::ProbeInstance { slug, writes: true } if slug == "app"));
    let stranger = plan(
        "probe --base-url https://a.example/scim --token-stdin --json",
        b"t0ken\n",
    );
    let Command::ProbeTarget { target } = &stranger.command else {
        panic!()
    };
    assert_eq!(
        (target.base_url.as_str(), target.token.0.expose(), stranger.json),
        ("https://a.example/scim", "t0ken", true)
    );
    let line = |group: &str, state: &str, title: &str, advice: &str| json!({"id": "x", "group": group, "title": title, "state": state, "found": "Found.", "advice": advice});
    let answer = |usable: bool| {
        json!({
            "at": "2026-01-01T00:00:00.000Z", "usable": usable, "writes": false, "requests": 21, "capabilities": {},
            "lines": [line("users", "ok", "A", ""), line("users", "warn", "B", "Do it."), line("times", "unknown", "C", "")],
        })
    };
    assert_eq!(
        shown(&asked, answer(true)).0,
        "Users\n  ok    A: Found.\n  warn  B: Found.\n        → Do it.\nResponse times\n  ?     C: Found.\n\
         The app can be used. 21 requests were sent.\n"
    );
    assert!((asked.passes)(&answer(true)) && !(asked.passes)(&answer(false)));
}
