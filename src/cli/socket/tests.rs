#![expect(clippy::unwrap_used, reason = "tests")]
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;

use serde_json::json;
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, spawn_blocking};

use super::*;
use crate::cli::{CliError, LockedDir};

struct Running {
    stop: oneshot::Sender<()>,
    done: JoinHandle<()>,
    _locked: LockedDir,
}

/// Serves `InstanceList` with a list and `Doctor` with a panic, and refuses the rest.
fn start(dir: &Path) -> Running {
    let locked = LockedDir::take(dir).unwrap();
    let server = server::Server::bind(&locked).unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let handler = |command: Command| async move {
        match command {
            Command::InstanceList => Ok(json!([{"slug": "x"}])),
            Command::Doctor => panic!("on purpose"),
            _ => Err("Not today.".to_owned()),
        }
    };
    let done = tokio::spawn(server.run(handler, async { drop(stopped.await) }));
    Running {
        stop,
        done,
        _locked: locked,
    }
}

async fn call(dir: &Path, command: Command) -> Result<Option<Value>, CliError> {
    let dir = dir.to_owned();
    spawn_blocking(move || client::call(&dir, &command))
        .await
        .unwrap()
}

/// Sends bytes as they are and answers what comes back.
async fn raw(dir: &Path, bytes: Vec<u8>) -> String {
    let path = dir.join(SOCKET_FILE);
    let talk = move || {
        let mut stream = UnixStream::connect(path).unwrap();
        let _ = stream.write_all(&bytes);
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    };
    spawn_blocking(talk).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_are_answered_until_the_server_stops() {
    let dir = tempfile::tempdir().unwrap();
    assert!(call(dir.path(), Command::InstanceList).await.unwrap().is_none());
    let running = start(dir.path());
    let mode = fs::metadata(dir.path().join(SOCKET_FILE))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(
        call(dir.path(), Command::InstanceList).await.unwrap(),
        Some(json!([{"slug": "x"}]))
    );
    let refused = call(dir.path(), Command::Healthcheck).await.unwrap_err();
    assert_eq!(refused.to_string(), "Not today.");
    running.stop.send(()).unwrap();
    running.done.await.unwrap();
    assert!(!dir.path().join(SOCKET_FILE).exists());
    assert!(call(dir.path(), Command::InstanceList).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panicking_command_disturbs_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let _running = start(dir.path());
    assert!(matches!(
        call(dir.path(), Command::Doctor).await,
        Err(CliError::Conversation(_))
    ));
    assert!(call(dir.path(), Command::InstanceList).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_lines_are_refused_with_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let _running = start(dir.path());
    assert!(
        raw(dir.path(), b"rubbish\n".to_vec())
            .await
            .contains("could not be read")
    );
    assert!(
        raw(
            dir.path(),
            vec![b'['; 100_000].into_iter().chain(*b"\n").collect()
        )
        .await
        .contains("could not be read")
    );
    let newer = b"{\"version\":\"99.0.0\",\"command\":{\"of_tomorrow\":{}}}\n";
    assert!(
        raw(dir.path(), newer.to_vec())
            .await
            .contains("this command 99.0.0: restart the server")
    );
    let unknown = format!("{{\"version\":\"{VERSION}\",\"command\":{{\"of_tomorrow\":{{}}}}}}\n");
    assert!(
        raw(dir.path(), unknown.into_bytes())
            .await
            .contains("could not be read")
    );
    let answer = raw(dir.path(), vec![b' '; MAX_REQUEST + 20_000]).await;
    assert!(
        answer.is_empty() || answer.contains("larger than 1 MiB"),
        "{answer}"
    );
    assert!(call(dir.path(), Command::InstanceList).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_left_behind_is_replaced_and_a_long_path_reached() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("d".repeat(120));
    fs::create_dir(&dir).unwrap();
    let locked = LockedDir::take(&dir).unwrap();
    drop(server::Server::bind(&locked).unwrap());
    drop(locked);
    assert!(dir.join(SOCKET_FILE).exists());
    assert!(
        call(&dir, Command::InstanceList).await.unwrap().is_none(),
        "nobody listens on it"
    );
    let _running = start(&dir);
    assert!(call(&dir, Command::InstanceList).await.unwrap().is_some());
}
