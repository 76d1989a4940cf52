//! An app behind an issuer of access tokens (OAuth 2.0 client credentials): connected, pushed to, renewed; and no secret
//! goes where it was not entered for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rollcall::connector::CheckKind;
use rollcall::demo::relay::{Request, Treatment};
use rollcall::model::{Access, Auth, Header};
use rollcall::secret::Secret;
use rollcall::sync::manage::{Edit, ManageError};
use serde_json::json;

use crate::support::Gateway;

const CLIENT_SECRET: &str = "client-secret-that-buys-tokens-7Hq2";

fn oauth(token_url: &str) -> Access {
    Access {
        auth: Auth::OAuth {
            token_url: token_url.into(),
            client_id: "rollcall".into(),
            scope: Some("scim".into()),
        },
        headers: vec![Header {
            name: "X-Organization".into(),
            value: "42".into(),
        }],
    }
}

fn edit(access: Access, secret: Option<&str>) -> Edit {
    Edit {
        access: Some(access),
        token: secret.map(|s| Secret::new(s.to_owned())),
        ..Edit::default()
    }
}

/// The issuer lives beside the app: it gives the app's own key as an access token.
fn issuer(key: &str, sold: Arc<AtomicUsize>) -> impl Fn(&Request) -> Treatment + Send + Sync + 'static {
    let body = json!({ "access_token": key, "token_type": "bearer", "expires_in": 3600 }).to_string();
    move |request| match request.path.as_str() {
        "/token" => {
            sold.fetch_add(1, Ordering::SeqCst);
            Treatment::Answer {
                status: 200,
                headers: vec![("Content-Type".into(), "application/json".into())],
                body: body.clone(),
            }
        }
        "/closed" => Treatment::Answer {
            status: 401,
            headers: Vec::new(),
            body: "{\"error\":\"invalid_client\"}".into(),
        },
        _ => Treatment::Pass,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_called_with_tokens_that_its_issuer_sells() {
    let g = Gateway::with_people(&["ada@example.com", "ben@example.com", "cleo@example.com"]).await;
    g.hub.remember(CLIENT_SECRET);
    let sold = Arc::new(AtomicUsize::new(0));
    g.relay.treat(issuer(&g.direct.key, Arc::clone(&sold)));
    let at = |path: &str| format!("http://{}{path}", g.relay.address());
    let id = g.instance.id;

    // The stored token was entered for the app, not for an issuer elsewhere.
    let elsewhere = oauth("http://127.0.0.1:9/token");
    let refused = g.hub.edit(id, edit(elsewhere.clone(), None)).await.unwrap_err();
    assert!(
        matches!(&refused, ManageError::Refused(why) if why.contains("type the token or secret")),
        "{refused}"
    );
    let refused = g
        .hub
        .edit(id, edit(oauth(&at("/closed")), Some(CLIENT_SECRET)))
        .await
        .unwrap_err();
    let ManageError::Check(check) = &refused else {
        panic!("{refused}")
    };
    assert_eq!(check.kind, CheckKind::Credentials(401));
    assert!(
        check.sentence.contains("invalid_client") && check.sentence.contains("secret"),
        "{refused}"
    );

    let edited = g
        .hub
        .edit(id, edit(oauth(&at("/token")), Some(CLIENT_SECRET)))
        .await
        .unwrap();
    assert_eq!(edited.target.as_ref().unwrap().access(), &oauth(&at("/token")));
    g.idp.user("gus@example.com").await;
    let state = g.settled().await;
    assert!(state.users.contains_key("gus@example.com"));
    g.hub.sync(id).await;
    assert_eq!(sold.load(Ordering::SeqCst), 1, "one token serves them all");

    // Nor does the client's secret go to another issuer.
    let refused = g.hub.edit(id, edit(elsewhere, None)).await.unwrap_err();
    assert!(matches!(refused, ManageError::Refused(_)), "{refused}");
    let bare = Access {
        headers: Vec::new(),
        ..oauth(&at("/token"))
    };
    g.hub.edit(id, edit(bare, None)).await.unwrap();

    // After a start the token is bought anew, for it was kept nowhere.
    let hub = g.hub.restart_with(async {}).await;
    let idp = hub.client(&g.instance).await;
    let g = Gateway { hub, idp, ..g };
    g.idp.user("hal@example.com").await;
    g.settled().await;
    assert_eq!(sold.load(Ordering::SeqCst), 2);
    g.stop().await;
}
