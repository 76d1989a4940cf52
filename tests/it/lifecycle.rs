//! People and groups made, changed and removed from our side, and accounts from which nothing is taken away. What came of
//! it is read from the app.

use rollcall::model::policies::Leaver;
use rollcall::model::{Health, Policies};
use rollcall::sync::manage::Edit;
use serde_json::{Value, json};

use crate::support::client::{id, person};
use crate::support::pages::Visitor;
use crate::support::{Gateway, TestHub};

const PEOPLE: &[&str] = &[
    "ada@example.com",
    "ben@example.com",
    "cleo@example.com",
    "dan@example.com",
    "eve@example.com",
    "fay@example.com",
];
const HOME: &str = "/instances/app";

async fn theirs(g: &Gateway, name: &str) -> Value {
    g.direct.named("Users", name).await.unwrap()
}

/// Until nothing is pending; then the account is active, or not.
async fn rests(g: &Gateway, name: &str, active: bool) {
    rest(g).await;
    assert_eq!(theirs(g, name).await["active"], active);
}

async fn ours(g: &Gateway, name: &str) -> String {
    id(g.idp.named("Users", name).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_makes_changes_and_removes_people() {
    let g = Gateway::with_people(PEOPLE).await;
    let operator = Visitor::operator(&g.hub).await;
    let made = operator
        .post(
            &format!("{HOME}/users/new"),
            &[
                ("user_name", "gus@example.com"),
                ("given_name", "Gus"),
                ("email", "gus@example.com"),
                ("department", "Research"),
            ],
        )
        .await
        .went_on();
    g.settled().await;
    let there = theirs(&g, "gus@example.com").await;
    assert_eq!(there["name"]["givenName"], "Gus");
    assert_eq!(there["emails"][0]["value"], "gus@example.com");
    let department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    assert_eq!(there[department]["department"], "Research");

    // What the form does not show stays, and what was not changed in it is not claimed.
    let ada = ours(&g, "ada@example.com").await;
    let page = format!("{HOME}/users/{ada}");
    let odd = json!([{"op": "add", "path": "urn:acme:people:badge", "value": 7}]);
    g.idp.patch(&format!("/Users/{ada}"), odd).await.expect(200);
    let form = operator.get(&format!("{page}/edit")).await;
    let mut fields = form.fields();
    fields.insert("title".into(), "Countess".into());
    operator
        .post_all(&format!("{page}/edit"), &fields)
        .await
        .went_on();
    g.settled().await;
    let there = theirs(&g, "ada@example.com").await;
    assert_eq!(
        (&there["title"], &there["urn:acme:people"]["badge"]),
        (&json!("Countess"), &json!(7))
    );
    let key = id(there);
    let change = json!([{"op": "replace", "path": "name.givenName", "value": "Augusta"}, {"op": "replace", "path": "title", "value": "x"}]);
    g.direct.patch(&format!("/Users/{key}"), change).await.expect(200);
    g.hub.sync(g.instance.id).await;
    let now = g.idp.get(&format!("/Users/{ada}")).await.expect(200);
    assert_eq!(
        (&now["title"], &now["name"]["givenName"]),
        (&json!("Countess"), &json!("Augusta")),
        "only the title became the admin's"
    );

    let shown = operator.get(&made).await;
    operator
        .post(&format!("{made}/deactivate"), &[("version", &shown.version())])
        .await
        .went_on();
    rests(&g, "gus@example.com", false).await;
    let shown = operator.get(&made).await;
    operator
        .post(&format!("{made}/activate"), &[("version", &shown.version())])
        .await
        .went_on();
    rests(&g, "gus@example.com", true).await;

    let asked = operator.get(&format!("{made}/delete")).await;
    let wrong = operator.post(&asked.action(), &[("typed", "gus")]).await;
    assert_eq!(wrong.status, 422);
    operator
        .post(&asked.action(), &[("typed", "gus@example.com")])
        .await
        .went_on();
    g.hub
        .wait(g.instance.id, "gone", |s| s.pending == 0 && s.users == 6)
        .await;
    g.hub.idle().await;
    assert_eq!(
        theirs(&g, "gus@example.com").await["active"],
        false,
        "the default policy"
    );
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_in_between_is_told_and_not_overwritten() {
    let g = Gateway::with_people(PEOPLE).await;
    let operator = Visitor::operator(&g.hub).await;
    let ada = ours(&g, "ada@example.com").await;
    let page = format!("{HOME}/users/{ada}");
    let form = operator.get(&format!("{page}/edit")).await;
    assert!(form.text.contains("it may write its own value again"));
    let before = form.version();
    let change = json!([{"op": "replace", "path": "title", "value": "From the provider"}]);
    g.idp.patch(&format!("/Users/{ada}"), change).await.expect(200);
    let mut fields = form.fields();
    fields.insert("title".into(), "From the form".into());
    let told = operator.post_all(&format!("{page}/edit"), &fields).await;
    assert_eq!(told.status, 409);
    assert!(told.text.contains("From the provider") && told.text.contains("From the form"));
    let now = g.idp.get(&format!("/Users/{ada}")).await.expect(200);
    assert_eq!(now["title"], "From the provider");
    for act in ["deactivate", "activate"] {
        operator
            .post(&format!("{page}/{act}"), &[("version", &before)])
            .await
            .went_on();
    }
    let stale = format!("{page}/delete?version={before}");
    assert_eq!(
        operator
            .post(&stale, &[("typed", "ada@example.com")])
            .await
            .status,
        409
    );
    let now = g.idp.get(&format!("/Users/{ada}")).await.expect(200);
    assert_eq!(now["active"], true);
    // Sent again, it is meant.
    operator
        .post_all(&format!("{page}/edit"), &told.fields())
        .await
        .went_on();
    g.settled().await;
    assert_eq!(theirs(&g, "ada@example.com").await["title"], "From the form");
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_told_at_its_field_and_kept() {
    let g = Gateway::with_people(PEOPLE).await;
    let operator = Visitor::operator(&g.hub).await;
    g.idp.user("taken@example.com").await;
    g.settled().await;
    let taken = operator
        .post(
            &format!("{HOME}/users/new"),
            &[("user_name", "Taken@example.com"), ("title", "Kept <b>")],
        )
        .await;
    assert_eq!(taken.status, 422);
    assert!(taken.text.contains("user_name-wrong") && taken.text.contains("exists already"));
    assert_eq!(taken.fields()["title"], "Kept <b>");
    let empty = operator
        .post(&format!("{HOME}/users/new"), &[("email", "nobody")])
        .await;
    assert!(empty.text.contains("user_name-wrong") && empty.text.contains("email-wrong"));
    let group = operator.post(&format!("{HOME}/groups/new"), &[]).await;
    assert!(group.status == 422 && group.text.contains("display_name-wrong"));
    // Another name that is somebody's.
    let ben = ours(&g, "ben@example.com").await;
    let page = format!("{HOME}/users/{ben}/edit");
    let mut fields = operator.get(&page).await.fields();
    fields.insert("user_name".into(), "taken@example.com".into());
    let refused = operator.post_all(&page, &fields).await;
    assert!(refused.status == 422 && refused.text.contains("user_name-wrong"));
    assert_eq!(
        operator.post_without_token(&page, &fields).await.status,
        403,
        "no form without the visitor's token"
    );
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_makes_groups_and_moves_people() {
    let g = Gateway::with_people(PEOPLE).await;
    let operator = Visitor::operator(&g.hub).await;
    let page = operator
        .post(&format!("{HOME}/groups/new"), &[("display_name", "Design")])
        .await
        .went_on();
    let (ada, ben) = (
        ours(&g, "ada@example.com").await,
        ours(&g, "ben@example.com").await,
    );
    let found = operator.get(&format!("{page}/add?q=ada")).await;
    assert!(found.text.contains(&ada) && !found.text.contains(&ben));
    let members = format!("{page}/members");
    operator
        .post(&members, &[("act", "add"), ("member", &ada), ("member", &ben)])
        .await
        .went_on();
    let there = g.settled().await;
    assert_eq!(there.groups["Design"].len(), 2);
    operator
        .post(&members, &[("act", "remove"), ("member", &ben)])
        .await
        .went_on();
    let form = operator.get(&format!("{page}/edit")).await;
    let mut fields = form.fields();
    fields.insert("display_name".into(), "Design and more".into());
    operator
        .post_all(&format!("{page}/edit"), &fields)
        .await
        .went_on();
    let there = g.settled().await;
    assert_eq!(
        there.groups["Design and more"].iter().collect::<Vec<_>>(),
        ["ada@example.com"]
    );
    let asked = operator.get(&format!("{page}/delete")).await;
    operator
        .post(&asked.action(), &[("typed", "Design and more")])
        .await
        .went_on();
    let there = g.settled().await;
    assert_eq!(there.groups.keys().collect::<Vec<_>>(), ["Everyone"]);
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_without_an_app_is_managed_by_hand() {
    let hub = TestHub::start().await;
    let (instance, idp) = hub.receiver("Directory").await;
    let operator = Visitor::operator(&hub).await;
    let home = format!("/instances/{}", instance.slug);
    let made = operator
        .post(&format!("{home}/users/new"), &[("user_name", "ada@example.com")])
        .await
        .went_on();
    let ada = idp.named("Users", "ada@example.com").await.unwrap();
    assert!(made.ends_with(ada["id"].as_str().unwrap()));
    let asked = operator.get(&format!("{made}/delete")).await;
    operator
        .post(&asked.action(), &[("typed", "ADA@example.com")])
        .await
        .went_on();
    assert!(idp.named("Users", "ada@example.com").await.is_none());
    hub.stop().await;
}

async fn set(g: &Gateway, leaver: Leaver, protected: &[&str]) {
    let policies = Policies {
        leaver,
        protected: protected.iter().map(|name| (*name).to_owned()).collect(),
        ..g.hub.instance(g.instance.id).await.policies
    };
    let edit = Edit {
        policies: Some(policies),
        ..Edit::default()
    };
    g.hub.edit(g.instance.id, edit).await.unwrap();
    g.hub.idle().await;
}

async fn rest(g: &Gateway) {
    g.hub.wait(g.instance.id, "settled", |s| s.pending == 0).await;
    g.hub.idle().await;
}

/// Each way in which something is taken away, against one who is protected; others go on.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_taken_from_a_protected_account() {
    for leaver in [Leaver::Deactivate, Leaver::Delete] {
        let g = Gateway::with_people(PEOPLE).await;
        set(&g, leaver, &["ada@example.com"]).await;
        let (ada, ben) = (
            ours(&g, "ada@example.com").await,
            ours(&g, "ben@example.com").await,
        );
        let everyone = id(g.idp.named("Groups", "Everyone").await.unwrap());
        let members = async |g: &Gateway| {
            let group = g.direct.named("Groups", "Everyone").await.unwrap();
            group["members"].as_array().map_or(0, Vec::len)
        };
        // Pushed: PATCH, PUT, a replaced set of members, a member taken out.
        let off = json!([{"op": "replace", "path": "active", "value": false}]);
        g.idp.patch(&format!("/Users/{ada}"), off).await.expect(200);
        let out = json!([{"op": "remove", "path": format!("members[value eq \"{ada}\"]")}]);
        g.idp.patch(&format!("/Groups/{everyone}"), out).await;
        rest(&g).await;
        assert_eq!(theirs(&g, "ada@example.com").await["active"], true);
        assert_eq!(members(&g).await, 6);
        let set_of_one = json!([{"op": "replace", "path": "members", "value": [{"value": ben}]}]);
        g.idp.patch(&format!("/Groups/{everyone}"), set_of_one).await;
        rest(&g).await;
        assert_eq!(members(&g).await, 2, "ben, and whom nobody may take out");
        let mut put = person("ada@example.com");
        put["active"] = json!(false);
        g.idp.put(&format!("/Users/{ada}"), put).await.expect(200);
        g.idp.delete(&format!("/Users/{ada}")).await;
        rest(&g).await;
        let there = theirs(&g, "ada@example.com").await;
        assert_eq!(there["active"], true, "{leaver:?}");
        assert_eq!(members(&g).await, 2, "a deleted one leaves no group either");
        assert_eq!(g.idp.delete(&format!("/Groups/{everyone}")).await.status, 204);
        rest(&g).await;
        assert!(
            g.direct.named("Groups", "Everyone").await.is_some(),
            "the group is what the protected account would lose"
        );
        assert_eq!(g.count("DELETE", "/Users"), 0);
        // Others are not protected.
        let off = json!([{"op": "replace", "path": "active", "value": false}]);
        g.idp.patch(&format!("/Users/{ben}"), off).await.expect(200);
        rest(&g).await;
        assert_eq!(theirs(&g, "ben@example.com").await["active"], false);
        assert_eq!(g.hub.status(g.instance.id).await.health, Health::Healthy);
        g.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_protected_no_more_loses_what_was_asked_for() {
    let g = Gateway::with_people(PEOPLE).await;
    set(&g, Leaver::Deactivate, &["ada@example.com"]).await;
    let ada = ours(&g, "ada@example.com").await;
    let operator = Visitor::operator(&g.hub).await;
    let page = format!("{HOME}/users/{ada}");
    let shown = operator.get(&page).await;
    assert!(shown.text.contains("Protected"));
    operator
        .post(&format!("{page}/deactivate"), &[("version", &shown.version())])
        .await
        .went_on();
    rest(&g).await;
    assert_eq!(theirs(&g, "ada@example.com").await["active"], true);
    let told = operator.get(&page).await.text;
    assert!(told.contains("was not taken away in the app"), "{told}");
    set(&g, Leaver::Deactivate, &[]).await;
    rest(&g).await;
    assert_eq!(theirs(&g, "ada@example.com").await["active"], false);
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_name_does_not_lift_the_protection() {
    let g = Gateway::with_people(PEOPLE).await;
    set(&g, Leaver::Deactivate, &["ada@example.com"]).await;
    let ada = ours(&g, "ada@example.com").await;
    let renamed = json!([{"op": "replace", "path": "userName", "value": "Countess@example.com"}]);
    g.idp.patch(&format!("/Users/{ada}"), renamed).await.expect(200);
    g.settled().await;
    let protected = g.hub.instance(g.instance.id).await.policies.protected;
    assert_eq!(protected, ["countess@example.com"]);
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    g.idp.patch(&format!("/Users/{ada}"), off).await.expect(200);
    rests(&g, "countess@example.com", true).await;
    g.stop().await;
}
