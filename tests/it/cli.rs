//! The program as people and scripts meet it: the binary itself, what it prints, its exit codes, and its end by signal.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use rollcall::clock::Stopwatch;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::support::{Scim, canary};

const PATIENCE: Duration = Duration::from_secs(30);

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    // Nothing that stands in the environment of whoever runs the tests.
    command.env_clear().arg("--data-dir").arg(dir).args(args);
    command
}

/// How a command ended.
#[derive(Debug)]
struct Done {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Done {
    #[track_caller]
    fn json(&self) -> Value {
        assert_eq!(self.code, Some(0), "{self:?}");
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// Refused, with a sentence that has this part, and nothing on standard output.
    #[track_caller]
    fn refused(&self, part: &str) {
        assert_eq!((self.code, self.out.as_str()), (Some(1), ""), "{self:?}");
        assert!(
            self.err.starts_with("rollcall: ") && self.err.contains(part),
            "{self:?}"
        );
        assert!(self.err.trim_end().ends_with('.'), "{self:?}");
    }
}

fn told(dir: &Path, args: &[&str], input: &str) -> Done {
    let mut child = command(dir, args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that reads nothing may have closed it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    Done {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn run(dir: &Path, args: &[&str]) -> Done {
    told(dir, args, "")
}

/// A serving process; killed with the test if need be.
struct Serving {
    child: Child,
    out: BufReader<ChildStdout>,
    address: String,
}

impl Serving {
    fn start(dir: &Path, log: &Path) -> Self {
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut child = command(dir, &["serve", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("Rollcall listens on http://");
        let address = address.unwrap_or_else(|| panic!("{line}")).to_owned();
        Self { child, out, address }
    }

    /// The next line it prints.
    fn line(&mut self) -> String {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        line
    }

    fn stop(mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let mut ended = None;
        until("the server ends", || {
            ended = self.child.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[track_caller]
fn until(what: &str, mut met: impl FnMut() -> bool) {
    let watch = Stopwatch::start();
    while !met() {
        assert!(watch.elapsed() < PATIENCE, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

struct Place {
    _base: tempfile::TempDir,
    dir: PathBuf,
    log: PathBuf,
    copy: PathBuf,
}

fn place() -> Place {
    let base = tempfile::tempdir().unwrap();
    let at = |name: &str| base.path().join(name);
    let (dir, log, copy) = (at("data"), at("log"), at("copy.db"));
    Place {
        _base: base,
        dir,
        log,
        copy,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_driven_by_commands_and_goes_on_without() {
    let Place {
        dir,
        log,
        copy,
        _base,
    } = place();
    let copy = copy.to_str().unwrap();
    let mut serving = Serving::start(&dir, &log);
    let todo = serving.line();
    let code_file = dir.join("setup-code");
    assert!(
        todo.contains("/setup") && todo.contains(code_file.to_str().unwrap()),
        "{todo}"
    );
    assert_eq!(
        fs::metadata(&code_file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(!todo.contains(fs::read_to_string(&code_file).unwrap().trim()));

    let made = run(&dir, &["instance", "create", "People", "--json"]).json();
    let base = made["scim_base_url"].as_str().unwrap();
    assert_eq!(base, format!("http://{}/scim/people/v2", serving.address));
    let key = run(&dir, &["key", "create", "people", "--json"]).json();
    let first = key["key"].as_str().unwrap().to_owned();
    let idp = Scim::new(base, &first);
    let ada = idp.user("ada@example.com").await;
    assert_eq!(
        idp.get(&format!("/Users/{ada}")).await.expect(200)["userName"],
        "ada@example.com"
    );
    let rows = run(&dir, &["instance", "list", "--json"]).json();
    assert_eq!(
        (&rows[0]["users"], &rows[0]["health"]),
        (&1.into(), &"healthy".into())
    );

    // Without --json the key stands alone on standard output.
    let rotated = run(&dir, &["key", "rotate", "people", "--old-ends", "1h"]);
    let second = rotated.out.trim().to_owned();
    assert!(
        rotated.code == Some(0) && second.starts_with("rc_"),
        "{}",
        rotated.err
    );
    let renewed = Scim::new(base, &second);
    for client in [&idp, &renewed] {
        client.get(&format!("/Users/{ada}")).await.expect(200);
    }
    let keys = run(&dir, &["key", "list", "people", "--json"]).json();
    assert!(
        keys.as_array()
            .unwrap()
            .iter()
            .all(|key| key["live"] == true && key["last_used_at"].is_string())
    );
    run(
        &dir,
        &["key", "revoke", "people", keys[1]["prefix"].as_str().unwrap()],
    );
    assert_eq!(idp.get("/Users").await.status, 401);
    renewed.get("/Users").await.expect(200);
    let refused = ["instance", "requests", "people", "--rejected", "--json"];
    let refused = run(&dir, &refused).json();
    assert_eq!(
        (&refused[0]["status"], &refused[0]["why"]),
        (&401.into(), &"revoked".into())
    );
    assert_eq!(refused[0]["key"], keys[1]["prefix"]);

    run(&dir, &["serve", "--listen", "127.0.0.1:0"]).refused("Another rollcall process");
    run(&dir, &["restore", copy]).refused("Another rollcall process");
    run(&dir, &["secret", "renew", "--yes"]).refused("Another rollcall process");
    assert_eq!(run(&dir, &["healthcheck"]).code, Some(0));
    let doctor = run(&dir, &["doctor"]);
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
    run(&dir, &["backup", copy, "--json"]).json();
    run(&dir, &["backup", copy]).refused("exists already");
    run(&dir, &["key", "rotate", "none"]).refused("no instance with the slug");

    let password = "a password for the test";
    let admin = [
        "admin",
        "create",
        "--email",
        "ada@example.com",
        "--password-stdin",
        "--json",
    ];
    assert_eq!(told(&dir, &admin, password).json()["role"], "owner");
    told(&dir, &admin, password).refused("an account for ada@example.com already");
    until("the set-up code is gone", || !code_file.exists());

    assert_eq!(
        serving.stop().code(),
        Some(0),
        "{}",
        fs::read_to_string(&log).unwrap()
    );
    assert!(!dir.join("rollcall.sock").exists());
    run(&dir, &["healthcheck"]).refused("No server is running");
    let alone = run(&dir, &["instance", "list", "--json"]).json();
    assert_eq!(alone[0]["users"], 1);
    let kept = run(&dir, &["instance", "requests", "people"]);
    assert!(
        kept.out.contains("was revoked on") && kept.out.contains("POST"),
        "{kept:?}"
    );
    run(&dir, &["instance", "delete", "people", "--yes", "--json"]).json();
    assert_eq!(
        run(&dir, &["instance", "list", "--json"]).json(),
        serde_json::json!([])
    );
    let restored = run(&dir, &["restore", copy, "--json"]).json();
    assert!(Path::new(restored["kept_as"].as_str().unwrap()).exists());
    assert_eq!(run(&dir, &["instance", "list", "--json"]).json()[0]["users"], 1);

    let mut again = Serving::start(&dir, &log);
    assert!(
        again.line().contains("/setup"),
        "the backup is older than the admin"
    );
    let renewed = Scim::new(format!("http://{}/scim/people/v2", again.address), &second);
    renewed.get(&format!("/Users/{ada}")).await.expect(200);
    assert_eq!(again.stop().code(), Some(0));
    let secrets = [first, second, password.to_owned()];
    canary::grep(&dir, &secrets);
    canary::grep(log.parent().unwrap(), &secrets);
}

#[test]
fn what_cannot_be_is_said() {
    let Place { dir, _base, .. } = place();
    for mistake in [
        &["serve", "--nonesuch"][..],
        &["nonesuch"],
        &[],
        &["key", "create"],
    ] {
        let done = run(&dir, mistake);
        assert_eq!(done.code, Some(2), "{done:?}");
    }
    assert!(!dir.exists(), "a mistake makes nothing");
    run(&dir, &["instance", "list"]).refused("no data directory");
    run(&dir, &["serve", "--listen", "nonsense"]).refused("nonsense");
    assert!(run(&dir, &["version", "--json"]).json()["version"].is_string());

    // Credentials that cannot work: a sentence, and nothing is saved.
    let create = [
        "instance",
        "create",
        "App",
        "--base-url",
        "http://127.0.0.1:1/scim",
        "--token-stdin",
    ];
    told(&dir, &create, "a-token-of-the-app\n").refused("127.0.0.1");
    told(&dir, &create, "").refused("no token on standard input");
    assert_eq!(
        run(&dir, &["instance", "list", "--json"]).json(),
        serde_json::json!([])
    );
    canary::grep(&dir, &["a-token-of-the-app".to_owned()]);
    let missing = dir.join("none");
    run(&dir, &["restore", missing.to_str().unwrap()]).refused("cannot be used");
}

#[test]
fn an_address_that_is_taken_is_said() {
    let Place { dir, _base, .. } = place();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    run(&dir, &["serve", "--listen", &address]).refused("Choose another address with --listen");
    assert_eq!(
        run(&dir, &["instance", "list", "--json"]).code,
        Some(0),
        "the lock is free again"
    );
}

#[test]
fn a_lost_key_file_is_made_anew_on_request_only() {
    let base = tempfile::tempdir().unwrap();
    let (dir, key) = (base.path().join("data"), base.path().join("data/secret.key"));
    run(&dir, &["secret", "renew", "--yes"]).refused("There is no data directory");
    run(&dir, &["instance", "create", "People", "--json"]).json();
    run(&dir, &["secret", "renew", "--yes"]).refused("nothing to renew");
    fs::write(&key, "another").unwrap();
    let doctor = run(&dir, &["doctor"]);
    assert_eq!(doctor.code, Some(1));
    assert!(doctor.out.contains("rollcall secret renew"), "{doctor:?}");
    let done = run(&dir, &["secret", "renew", "--yes", "--json"]).json();
    assert_eq!(done["instances"], serde_json::json!([]));
    assert_eq!(
        fs::read_to_string(done["kept_as"].as_str().unwrap()).unwrap(),
        "another"
    );
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    let doctor = run(&dir, &["doctor"]);
    assert!(!doctor.out.contains("secret renew"), "{doctor:?}");
}
