//! How answers are shown, and what is asked for to get them.

use super::*;

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
    let text = shown(&plan("instance show hr", b""), all.clone()).0;
    assert!(
        text.contains("Sends:          no, it is paused\n")
            && text.contains("Carries:        groups; writes of users are refused\n"),
        "{text}"
    );
    assert!(text.contains("Pending:        1\n"), "{text}");
    all["pushed_per_minute"] = json!(240);
    all["expected_end_at"] = json!("2026-01-01T00:05:00.000Z");
    let text = shown(&plan("instance show hr", b""), all).0;
    assert!(
        text.contains("Pending:        1, 240 a minute, done at about 2026-01-01T00:05:00.000Z\n"),
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
