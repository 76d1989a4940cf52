//! What the catalog says of an app is kept from the first request on.

use rollcall::demo::relay::{Relay, Request, Treatment};
use rollcall::model::{Access, Policies, Scope, Target};
use rollcall::secret::Secret;
use rollcall::sync::manage::NewConnection;
use serde_json::Value;

use crate::support::TestHub;
use crate::support::gateway::app;
use crate::support::hub::admin;

/// More than two pages of 50, and more than two changes of 100 members.
const PEOPLE: usize = 230;

/// Refuses what AWS IAM Identity Center is documented to refuse: pages over 50, over 100 membership changes at once.
fn as_documented(request: &Request) -> Treatment {
    let count = request.path.split("count=").nth(1).unwrap_or("1");
    let count: usize = count.split('&').next().unwrap().parse().unwrap();
    let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
    let operations = body["Operations"].as_array().cloned().unwrap_or_default();
    let changes: usize = operations
        .iter()
        .map(|operation| operation["value"].as_array().map_or(1, Vec::len))
        .sum();
    match (request.method.as_str(), count > 50, changes > 100) {
        ("GET", true, _) => Treatment::scim_error(400, "count is over 50"),
        ("PATCH", _, true) => Treatment::scim_error(400, "more than 100 membership changes"),
        _ => Treatment::Pass,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limits_of_an_app_are_kept_from_the_first_page_on() {
    let (app, there, direct) = app().await;
    let mut ids = Vec::new();
    for n in 0..PEOPLE {
        ids.push(direct.user(&format!("person{n:03}@example.com")).await);
    }
    let relay = Relay::start(app.server.address()).await.unwrap();
    relay.treat(as_documented);
    let hub = TestHub::start().await;
    hub.remember(&direct.key);
    let new = NewConnection {
        name: "AWS".into(),
        app: ("aws-iam-identity-center".into(), "AWS IAM Identity Center".into()),
        scope: Scope::UsersAndGroups,
        policies: Policies::default(),
        access: Access::default(),
        target: Some((
            format!("http://{}/scim/{}/v2", relay.address(), there.slug),
            Secret::new(direct.key.clone()),
        )),
    };
    let instance = hub.server.hub().manager.create(admin(), new).await.unwrap();
    let found = instance.target.as_ref().map(Target::capabilities).unwrap();
    assert_eq!((found.page_size, found.member_chunk), (50, 100));
    hub.wait(instance.id, "imported", |s| s.last_sync_at.is_some())
        .await;
    hub.idle().await;
    assert_eq!(hub.status(instance.id).await.users, PEOPLE as u64);

    let idp = hub.client(&instance).await;
    let mut members = Vec::new();
    for n in 0..PEOPLE {
        let person = idp.named("Users", &format!("person{n:03}@example.com")).await;
        members.push(person.unwrap()["id"].as_str().unwrap().to_owned());
    }
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    idp.group("Everybody", &members).await;
    hub.wait(instance.id, "pushed", |s| s.pending == 0).await;
    hub.idle().await;
    let group = direct.named("Groups", "Everybody").await.unwrap();
    assert_eq!(group["members"].as_array().unwrap().len(), PEOPLE);
    assert_eq!(hub.status(instance.id).await.rejected, 0);
    app.stop().await;
    hub.stop().await;
}
