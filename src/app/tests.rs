//! A hub whose listener ends, and a key file that is not lost.
#![expect(clippy::unwrap_used, reason = "tests")]
use std::collections::BTreeMap;
use std::path::Path;

use super::*;

fn config(dir: &Path) -> Config {
    let flags = BTreeMap::from([("listen", "127.0.0.1:0".to_owned()), ("workers", "1".to_owned())]);
    Config::load(dir, None, &BTreeMap::new(), &flags).unwrap()
}

#[tokio::test]
async fn a_listener_that_ends_by_itself_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Server::start(config(dir.path()), Tuning::default())
        .await
        .unwrap();
    let soon = Duration::from_millis(50);
    assert!(tokio::time::timeout(soon, server.failed()).await.is_err());
    server.handle.stop(false).await;
    assert_eq!(server.failed().await, "The listener ended.");
    assert!(tokio::time::timeout(soon, server.failed()).await.is_err());
    let end = tokio::time::timeout(Duration::from_secs(20), server.stop());
    end.await.unwrap();
}

#[tokio::test]
async fn a_key_that_is_there_is_not_renewed() {
    let dir = tempfile::tempdir().unwrap();
    let hub = Hub::open(config(dir.path()), Tuning::default()).await.unwrap();
    let before = std::fs::read(dir.path().join("secret.key")).unwrap();
    assert!(matches!(hub.renew_key().await, Err(RenewError::Ready)));
    assert_eq!(std::fs::read(dir.path().join("secret.key")).unwrap(), before);
}
