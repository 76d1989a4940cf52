//! The key file is lost: the hub starts, says so, and nothing else is lost. It heals by the old file, or by a new one that
//! was asked for and the token typed again.

use rollcall::cli::{LockedDir, renew};
use rollcall::model::Health;
use rollcall::secret::Secret;
use rollcall::store::instances;
use rollcall::sync::manage::{Edit, ManageError};

use crate::support::Gateway;

const PEOPLE: &[&str] = &["ada@example.com", "ben@example.com", "cleo@example.com"];

fn token(text: &str) -> Edit {
    Edit {
        token: Some(Secret::new(text.to_owned())),
        ..Edit::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_key_shows_at_once_and_the_old_file_heals_it() {
    let g = Gateway::with_people(PEOPLE).await;
    let key = g.hub.dir().join("secret.key");
    let kept = std::fs::read(&key).unwrap();
    let hub = g
        .hub
        .restart_with(async { std::fs::remove_file(&key).unwrap() })
        .await;
    let told = hub.status(g.instance.id).await;
    assert_eq!(told.health, Health::Failing);
    assert!(told.reason.contains("secret.key is missing"), "{}", told.reason);
    assert!(told.since.is_some());
    assert!(!key.exists(), "no new key is made silently");
    let hub = hub
        .restart_with(async { std::fs::write(&key, "00".repeat(32)).unwrap() })
        .await;
    let told = hub.status(g.instance.id).await;
    assert!(told.reason.contains("is not the one"), "{}", told.reason);

    let idp = hub.client(&g.instance).await;
    idp.user("gus@example.com").await;
    let hub = hub
        .restart_with(async { std::fs::write(&key, &kept).unwrap() })
        .await;
    hub.wait_health(g.instance.id, Health::Healthy, "").await;
    // The address is another after each start.
    let idp = hub.client(&g.instance).await;
    let g = Gateway { hub, idp, ..g };
    g.settled().await;
    assert!(g.direct.named("Users", "gus@example.com").await.is_some());
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_is_asked_for_and_the_token_typed_again() {
    let g = Gateway::with_people(PEOPLE).await;
    let id = g.instance.id;
    let dir = g.hub.dir().to_owned();
    let key = dir.join("secret.key");
    let hub = g
        .hub
        .restart_with(async { std::fs::write(&key, "00".repeat(32)).unwrap() })
        .await;
    let idp = hub.client(&g.instance).await;
    idp.user("gus@example.com").await;
    let edit = hub.edit(id, token(&g.direct.key)).await;
    assert!(matches!(edit, Err(ManageError::Credential(_))), "{edit:?}");

    let renewing = dir.clone();
    let hub = hub
        .restart_with(async move {
            let locked = LockedDir::take(&renewing).unwrap();
            let done = renew(&locked, &Default::default()).await.unwrap();
            assert_eq!(done.instances, ["app"]);
            let kept = std::fs::read_to_string(done.kept_as.unwrap()).unwrap();
            assert_eq!(kept, "00".repeat(32));
            let again = renew(&locked, &Default::default()).await.unwrap_err().to_string();
            assert!(again.contains("nothing to renew"), "{again}");
        })
        .await;
    let told = hub.status(id).await;
    assert_eq!(told.health, Health::Failing);
    assert!(told.reason.contains("no token is stored"), "{}", told.reason);
    let sealed = hub
        .server
        .hub()
        .store
        .read(move |rx| instances::sealed_secret(rx, id));
    assert_eq!(sealed.await.unwrap(), None);

    // A token that does not work changes nothing.
    let refused = hub.edit(id, token("rc_wrong-token")).await;
    assert!(matches!(refused, Err(ManageError::Check(_))));
    assert_eq!(hub.status(id).await.health, Health::Failing);
    hub.edit(id, token(&g.direct.key)).await.unwrap();
    hub.wait_health(id, Health::Healthy, "").await;
    let idp = hub.client(&g.instance).await;
    let g = Gateway { hub, idp, ..g };
    let there = g.settled().await;
    assert_eq!(there.users.len(), PEOPLE.len() + 1);
    g.stop().await;
}
