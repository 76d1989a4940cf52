//! Brings a command to whoever can do it, and its answer to whoever asked.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, sleep};
use std::time::Duration;

use serde_json::Value;

use super::answer::{RenewDone, RestoreDone};
use super::command::Command;
use super::socket::client;
use super::{CliError, LockedDir, Output, Plan, Progress, backup, doctor, fail, secret};
use crate::config;

/// How often to look again while a server that is starting or stopping holds the lock without a socket.
const LOOKS: u32 = 50;
const BETWEEN_LOOKS: Duration = Duration::from_millis(100);
/// How often it is said how a long command gets on.
const BETWEEN_LINES: Duration = Duration::from_secs(1);
/// The field of an answer that people read on standard error and scripts never see.
const NOTES: &str = "notes";

/// Does the plan, by the running server or by `offline`, and prints the answer. The exit code: 0, or 1 when it was refused.
pub fn run(
    dir: &Path,
    plan: &Plan,
    offline: impl FnOnce(&LockedDir, Command) -> Result<Value, String>,
) -> ExitCode {
    let answered = thread::scope(|scope| {
        let (done, ended) = mpsc::channel::<()>();
        if let Some(progress) = &plan.progress {
            scope.spawn(move || follow(dir, progress, &ended));
        }
        let answer = ask(dir, &plan.command, offline);
        drop(done);
        answer
    });
    let done = answered.and_then(|answer| {
        let passes = (plan.passes)(&answer);
        printing(|out| present(out, plan, answer)).map(|()| passes)
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => fail(&error),
    }
}

/// Takes the lock of a directory for a command that works only where no server runs.
///
/// # Errors
/// A server runs, or the directory cannot be used.
pub fn alone(dir: &Path) -> Result<LockedDir, CliError> {
    config::prepare_data_dir(dir)?;
    LockedDir::take(dir)
}

/// Says what a restore did; the exit code of that.
pub fn restored(done: &RestoreDone, json: bool) -> ExitCode {
    printing(|out| backup::show_restored(out, done, json))
        .map_or_else(|error| fail(&error), |()| ExitCode::SUCCESS)
}

/// Takes the lock of a directory that is there already, for a command that works only where no server runs.
///
/// # Errors
/// A server runs, or there is no such directory.
pub fn alone_with(dir: &Path) -> Result<LockedDir, CliError> {
    config::check_data_dir(dir)?;
    LockedDir::take(dir)
}

/// Says what a new key means; the exit code of that.
pub fn renewed(done: &RenewDone, json: bool) -> ExitCode {
    printing(|out| secret::show_renewed(out, done, json))
        .map_or_else(|error| fail(&error), |()| ExitCode::SUCCESS)
}

/// Prints the version; the exit code of that.
pub fn version(json: bool) -> ExitCode {
    printing(|out| doctor::show_version(out, json)).map_or_else(|error| fail(&error), |()| ExitCode::SUCCESS)
}

fn ask(
    dir: &Path,
    command: &Command,
    offline: impl FnOnce(&LockedDir, Command) -> Result<Value, String>,
) -> Result<Value, CliError> {
    if command.may_begin() {
        config::prepare_data_dir(dir)?;
    } else {
        config::check_data_dir(dir)?;
    }
    for look in 0.. {
        if let Some(answer) = client::call(dir, command)? {
            return Ok(answer);
        }
        if command.needs_server() {
            break;
        }
        match LockedDir::take(dir) {
            Ok(locked) => return offline(&locked, command.clone()).map_err(CliError::Refused),
            Err(CliError::Busy(_)) if look < LOOKS => sleep(BETWEEN_LOOKS),
            Err(error) => return Err(error),
        }
    }
    Err(CliError::NoServer(dir.to_owned()))
}

/// Says on standard error how a command gets on, until `ended` is closed: whoever does it is asked over the socket.
fn follow(dir: &Path, progress: &Progress, ended: &Receiver<()>) {
    let mut said = None;
    while ended.recv_timeout(BETWEEN_LINES) == Err(RecvTimeoutError::Timeout) {
        // That it cannot be asked now is not what the person waits for.
        let Ok(Some(answer)) = client::call(dir, &progress.command) else {
            continue;
        };
        let line = (progress.say)(&answer);
        if let Some(line) = line.filter(|line| said.as_ref() != Some(line)) {
            let _ = printing(|out| {
                out.note(&line);
                Ok(())
            });
            said = Some(line);
        }
    }
}

/// The answer without its notes, which are for people and go beside it.
fn present(out: &mut Output<'_>, plan: &Plan, mut answer: Value) -> Result<(), CliError> {
    let notes = answer.as_object_mut().and_then(|fields| fields.remove(NOTES));
    if plan.json {
        out.json(&answer)?;
    } else {
        (plan.show)(out, answer)?;
    }
    for note in notes.iter().flat_map(Value::as_array).flatten() {
        out.note(note.as_str().unwrap_or_default());
    }
    Ok(())
}

fn printing(print: impl FnOnce(&mut Output<'_>) -> Result<(), CliError>) -> Result<(), CliError> {
    let (mut results, mut notes) = (io::stdout().lock(), io::stderr().lock());
    print(&mut Output::new(&mut results, &mut notes))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;

    #[test]
    fn without_a_server_the_command_is_done_under_the_lock() {
        let base = tempfile::tempdir().unwrap();
        let dir = base.path().join("data");
        let ask_list = |offline: fn(&LockedDir, Command) -> Result<Value, String>| {
            ask(&dir, &Command::InstanceList, offline)
        };
        let missing = ask_list(|_, _| Ok(Value::Null)).unwrap_err().to_string();
        assert!(missing.starts_with("There is no data directory"), "{missing}");
        config::prepare_data_dir(&dir).unwrap();
        let answer = ask_list(|locked, _| {
            assert!(LockedDir::take(locked.path()).is_err());
            Ok(json!([]))
        });
        assert_eq!(answer.unwrap(), json!([]));
        assert_eq!(
            ask_list(|_, _| Err("Not so.".into())).unwrap_err().to_string(),
            "Not so."
        );
        let health = ask(&dir, &Command::Healthcheck, |_, _| Ok(Value::Null)).unwrap_err();
        assert!(matches!(health, CliError::NoServer(_)));
    }

    #[test]
    fn notes_stand_beside_the_answer() {
        for json in [true, false] {
            let plan = Plan::new(Command::InstanceList, json, |out, answer| {
                out.line(&answer.to_string())
            });
            let (mut results, mut notes) = (Vec::new(), Vec::new());
            let answer = json!({"id": 1, "notes": ["“/Users” was left off the address."]});
            present(&mut Output::new(&mut results, &mut notes), &plan, answer).unwrap();
            assert_eq!(String::from_utf8(results).unwrap(), "{\"id\":1}\n");
            assert_eq!(
                String::from_utf8(notes).unwrap(),
                "“/Users” was left off the address.\n"
            );
        }
    }

    #[test]
    fn a_lock_that_is_soon_let_go_is_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let held = LockedDir::take(dir.path()).unwrap();
        let release = std::thread::spawn(move || {
            sleep(Duration::from_millis(150));
            drop(held);
        });
        assert!(ask(dir.path(), &Command::InstanceList, |_, _| Ok(Value::Null)).is_ok());
        release.join().unwrap();
    }
}
