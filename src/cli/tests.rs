//! The grammar, from arguments to what the hub is asked, and from answers to what is printed.
#![expect(clippy::unwrap_used, reason = "tests")]
mod answers;

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
        scope: Some(Scope::Users),
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
            scope: None,
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
    assert_eq!(target.auth, Some(Auth::Header { name }));
    assert_eq!(target.headers.len(), 1);
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
