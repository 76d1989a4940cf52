//! What the app holds appears unmanaged; whoever writes to it manages it; what nobody owns follows the app.

use rollcall::cli::command::Command;
use rollcall::cli::execute::execute;
use rollcall::demo::relay::Relay;
use rollcall::model::{Scope, UserWrites};
use rollcall::sync::manage::Switch;
use serde_json::{Value, json};

use crate::support::client::{id, person};
use crate::support::hub::admin;
use crate::support::pages::Visitor;
use crate::support::{Gateway, Scim, TestHub};

const PEOPLE: &[&str] = &["ada@example.com", "ben@example.com", "cleo@example.com"];

#[tokio::test(flavor = "multi_thread")]
async fn a_post_adopts_what_the_app_holds_already() {
    let g = Gateway::with_people(PEOPLE).await;
    let there = g.idp.named("Users", "ada@example.com").await.unwrap();
    let adopted = g.idp.post("/Users", person("ADA@example.com")).await.expect(201);
    assert_eq!(adopted["id"], there["id"]);
    g.idp
        .post("/Users", person("ada@example.com"))
        .await
        .refused(409, Some("uniqueness"));
    g.settled().await;
    assert_eq!(
        g.count("POST", "/Users"),
        0,
        "the account is there: it is never made anew"
    );
    let group = g.idp.named("Groups", "Everyone").await.unwrap();
    let body = json!({"schemas": [], "displayName": "Everyone"});
    assert_eq!(g.idp.post("/Groups", body).await.expect(201)["id"], group["id"]);
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_owns_follows_the_app() {
    let g = Gateway::with_people(PEOPLE).await;
    let ada = id(g.idp.named("Users", "ada@example.com").await.unwrap());
    // An identity provider that sets `active` has not claimed the title.
    g.idp
        .patch(
            &format!("/Users/{ada}"),
            json!([{"op": "replace", "path": "nickName", "value": "Ace"}]),
        )
        .await
        .expect(200);
    g.settled().await;
    let there = id(g.direct.named("Users", "ada@example.com").await.unwrap());
    let change = json!([{"op": "replace", "path": "title", "value": "Countess"}, {"op": "replace", "path": "nickName", "value": "Other"}]);
    g.direct
        .patch(&format!("/Users/{there}"), change)
        .await
        .expect(200);
    g.hub.sync(g.instance.id).await;
    let now = g.idp.get(&format!("/Users/{ada}")).await.expect(200);
    assert_eq!(
        (now["title"].as_str(), now["nickName"].as_str()),
        (Some("Countess"), Some("Ace"))
    );
    let kept = g.direct.get(&format!("/Users/{there}")).await.expect(200);
    assert_eq!(
        kept["nickName"], "Other",
        "the default policy reports and leaves it"
    );
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_new_in_the_app_appear_here() {
    let g = Gateway::with_people(PEOPLE).await;
    g.direct.user("new@example.com").await;
    g.hub.sync(g.instance.id).await;
    assert!(g.idp.named("Users", "new@example.com").await.is_some());
    assert_eq!(g.writes(), 0);
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_before_the_first_import_meets_the_account_that_is_there() {
    let (app, app_instance, direct) = crate::support::gateway::app().await;
    direct.user("ada@example.com").await;
    let hub = crate::support::TestHub::start().await;
    let base = format!("http://{}/scim/{}/v2", app.server.address(), app_instance.slug);
    let (instance, idp) = hub.receiver("Later").await;
    idp.post("/Users", person("ada@example.com")).await.expect(201);
    idp.post("/Users", person("ben@example.com")).await.expect(201);
    let edit = rollcall::sync::manage::Edit {
        base_url: Some(base),
        token: Some(rollcall::secret::Secret::new(direct.key.clone())),
        ..Default::default()
    };
    hub.edit(instance.id, edit).await.unwrap();
    hub.wait(instance.id, "attached", |s| {
        s.last_sync_at.is_some() && s.pending == 0
    })
    .await;
    hub.idle().await;
    use crate::support::state::State;
    assert_eq!(State::read(&idp).await, State::read(&direct).await);
    hub.stop().await;
    app.stop().await;
}

/// A hub with people of its own, to which an app with others is attached.
struct Attached {
    hub: TestHub,
    instance: rollcall::model::Instance,
    app: TestHub,
    direct: Scim,
    relay: Relay,
}

impl Attached {
    /// `here` are pushed, `there` are in the app: userName and work e-mail.
    async fn with(here: &[(&str, &str)], there: &[(&str, &str)]) -> Self {
        let (app, app_instance, direct) = crate::support::gateway::app().await;
        for (name, email) in there {
            direct.post("/Users", somebody(name, email)).await.expect(201);
        }
        let relay = Relay::start(app.server.address()).await.unwrap();
        let base = format!("http://{}/scim/{}/v2", relay.address(), app_instance.slug);
        let hub = TestHub::start().await;
        let (instance, idp) = hub.receiver("Later").await;
        for (name, email) in here {
            idp.post("/Users", somebody(name, email)).await.expect(201);
        }
        let edit = rollcall::sync::manage::Edit {
            base_url: Some(base),
            token: Some(rollcall::secret::Secret::new(direct.key.clone())),
            ..Default::default()
        };
        hub.edit(instance.id, edit).await.unwrap();
        let all = Self {
            hub,
            instance,
            app,
            direct,
            relay,
        };
        all.rest().await;
        all
    }

    async fn rest(&self) {
        self.hub
            .wait(self.instance.id, "at rest", |s| {
                s.last_sync_at.is_some() && s.pending == 0
            })
            .await;
        self.hub.idle().await;
    }

    async fn report(&self) -> Value {
        self.command(Command::AdoptionList {
            slug: self.instance.slug.clone(),
        })
        .await
        .unwrap()
    }

    async fn decide(&self, ids: &[i64], same: bool) -> Result<Value, String> {
        let done = self
            .command(Command::AdoptionDecide {
                slug: self.instance.slug.clone(),
                ids: ids.to_vec(),
                same,
            })
            .await;
        self.rest().await;
        done
    }

    async fn command(&self, command: Command) -> Result<Value, String> {
        execute(self.hub.server.hub(), None, "", command).await
    }

    fn made(&self) -> usize {
        let made = |e: &rollcall::demo::relay::Entry| e.method == "POST" && e.path.ends_with("/Users");
        self.relay.log().iter().filter(|e| made(e)).count()
    }

    async fn names(&self) -> Vec<String> {
        let all = crate::support::state::all(&self.direct, "Users").await;
        let mut names: Vec<String> = all
            .iter()
            .map(|u| u["userName"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }

    async fn stop(self) {
        self.hub.stop().await;
        self.app.stop().await;
    }
}

fn somebody(name: &str, email: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": name,
        "emails": [{"value": email, "type": "work"}],
        "active": true,
    })
}

fn waiting(report: &Value) -> Vec<(String, String, String, i64)> {
    let word = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
    let rows = report["waiting"].as_array().unwrap().iter();
    rows.map(|row| {
        (
            word(row, "class"),
            word(row, "ours"),
            word(row, "theirs"),
            row["id"].as_i64().unwrap(),
        )
    })
    .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_are_matched_and_what_is_doubtful_waits() {
    let a = Attached::with(
        &[
            ("ada", "ada@example.com"),
            ("ben.new", "ben@example.com"),
            ("cleo.new", "CLEO@example.com"),
            ("only.here", "only.here@example.com"),
            ("dan.one", "team@example.com"),
            ("dan.two", "team@example.com"),
        ],
        &[
            ("ADA", "other@example.com"),
            ("ben", "ben@example.com"),
            ("cleo", "cleo@example.com"),
            ("only.there", "only.there@example.com"),
            ("dan", "team@example.com"),
        ],
    )
    .await;
    let report = a.report().await;
    let classes = json!({"matched": 2, "proposed": 2, "ambiguous": 2, "only_here": 0, "only_in_app": 1});
    assert_eq!(report["users"], classes, "{report}");
    let pairs = waiting(&report);
    let said: Vec<_> = pairs
        .iter()
        .map(|(class, ours, theirs, _)| (class.as_str(), ours.as_str(), theirs.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("proposed", "ben.new", "ben"),
            ("proposed", "cleo.new", "cleo"),
            ("ambiguous", "dan.one", "dan"),
            ("ambiguous", "dan.two", "dan"),
        ]
    );
    // Nothing was written for them; the others went on.
    assert_eq!(a.made(), 1, "only.here alone was made");
    assert_eq!(
        a.names().await,
        ["ada", "ben", "cleo", "dan", "only.here", "only.there"]
    );

    // The same: ours is sent there. Different: one of its own is made, theirs stays.
    let there = a.direct.named("Users", "ben").await.unwrap()["id"].clone();
    a.decide(&[pairs[0].3], true).await.unwrap();
    let now = a.direct.named("Users", "ben.new").await.unwrap();
    assert_eq!(now["id"], there, "the account is the same");
    a.decide(&[pairs[1].3], false).await.unwrap();
    assert_eq!(a.made(), 2);
    let names = a.names().await;
    assert!(names.contains(&"cleo".into()) && names.contains(&"cleo.new".into()));

    // Decisions outlive a restart and further imports.
    let a = Attached {
        hub: a.hub.restart().await,
        ..a
    };
    a.hub.sync(a.instance.id).await;
    a.hub.sync(a.instance.id).await;
    let report = a.report().await;
    assert_eq!(waiting(&report).len(), 2, "only dan waits: {report}");
    assert_eq!(a.made(), 2);

    // One of two is chosen; nothing waits for the other, who gets an account.
    a.decide(&[pairs[2].3], true).await.unwrap();
    let report = a.report().await;
    assert_eq!(waiting(&report), [], "{report}");
    let names = a.names().await;
    assert!(
        names.contains(&"dan.one".into())
            && names.contains(&"dan.two".into())
            && !names.contains(&"dan".into())
    );
    assert!(
        a.decide(&[pairs[2].3], true).await.is_err(),
        "nothing waits any more"
    );
    a.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_pushed_later_waits_too_and_keeps_the_groups_of_the_account() {
    let g = Gateway::with_people(PEOPLE).await;
    let new = somebody("ada.lovelace", "ada@example.com");
    let ours = id(g.idp.post("/Users", new).await.expect(201));
    let group = g.idp.group("Poets", &[&ours]).await;
    g.hub.wait(g.instance.id, "at rest", |s| s.pending == 0).await;
    g.hub.idle().await;
    assert_eq!(g.count("POST", "/Users"), 0, "no second account is made");
    let operator = Visitor::operator(&g.hub).await;
    let page = "/instances/app/adoption";
    assert!(operator.get("/instances/app").await.text.contains(page));
    let shown = operator.get(page).await;
    for text in [
        "ada.lovelace",
        "ada@example.com",
        "Same person",
        "Different people",
    ] {
        assert!(shown.text.contains(text), "{text}");
    }
    let viewer = Visitor::viewer(&g.hub).await;
    let looked = viewer.get(page).await;
    assert!(looked.status == 200 && !looked.text.contains("name=\"same\""));
    assert_eq!(viewer.post(page, &[("act", "accept-all")]).await.status, 403);
    let listed = shown.fields()["id"].clone();
    operator
        .post(page, &[("act", "accept-all"), ("id", &listed)])
        .await
        .went_on();
    let there = g.settled().await;
    assert_eq!(there.users.len(), 3);
    for group in ["Everyone", "Poets"] {
        assert!(there.groups[group].contains("ada.lovelace"), "{there:?}");
    }
    assert_eq!(g.count("POST", "/Users"), 0);
    let told = operator.get(&format!("/instances/app/users/{ours}")).await.text;
    assert!(told.contains("operator@example.com") && told.contains("was found in the app and linked"));
    assert!(operator.get(page).await.text.contains("Nothing waits for you"));
    // A second sync finds nothing to do.
    let writes = g.writes();
    g.hub.sync(g.instance.id).await;
    assert_eq!(g.writes(), writes);
    g.idp.get(&format!("/Groups/{group}")).await.expect(200);
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_of_one_name_wait_for_a_choice() {
    let (app, app_instance, direct) = crate::support::gateway::app().await;
    let there = direct.user("ada@example.com").await;
    for members in [vec![there.as_str()], vec![]] {
        direct.group("Design", &members).await;
    }
    let hub = TestHub::start().await;
    let (instance, idp) = hub.receiver("Later").await;
    let ada = idp.user("ada@example.com").await;
    idp.group("Design", &[&ada]).await;
    let edit = rollcall::sync::manage::Edit {
        base_url: Some(format!(
            "http://{}/scim/{}/v2",
            app.server.address(),
            app_instance.slug
        )),
        token: Some(rollcall::secret::Secret::new(direct.key.clone())),
        ..Default::default()
    };
    hub.edit(instance.id, edit).await.unwrap();
    let rest = async || {
        hub.wait(instance.id, "at rest", |s| {
            s.last_sync_at.is_some() && s.pending == 0
        })
        .await;
        hub.idle().await;
    };
    rest().await;
    let list = Command::AdoptionList {
        slug: instance.slug.clone(),
    };
    let report = execute(hub.server.hub(), None, "", list.clone()).await.unwrap();
    let pairs = waiting(&report);
    assert_eq!(pairs.len(), 2, "{report}");
    assert_eq!(
        report["groups"],
        json!({"matched": 0, "proposed": 0, "ambiguous": 1, "only_here": 0, "only_in_app": 0})
    );
    let groups = crate::support::state::all(&direct, "Groups").await;
    assert_eq!(groups.len(), 2, "none is made");
    // The one with nobody in it is ours: it gets our member, the other stays as it is.
    let empty = groups
        .iter()
        .find(|g| g["members"].as_array().is_none_or(Vec::is_empty))
        .unwrap();
    let chosen = report["waiting"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["remote_id"] == empty["id"]);
    let decide = Command::AdoptionDecide {
        slug: instance.slug.clone(),
        ids: vec![chosen.unwrap()["id"].as_i64().unwrap()],
        same: true,
    };
    execute(hub.server.hub(), None, "", decide).await.unwrap();
    rest().await;
    let now = direct
        .get(&format!("/Groups/{}", empty["id"].as_str().unwrap()))
        .await
        .expect(200);
    assert_eq!(now["members"].as_array().map(Vec::len), Some(1));
    assert_eq!(crate::support::state::all(&direct, "Groups").await.len(), 2);
    hub.sync(instance.id).await;
    let report = execute(hub.server.hub(), None, "", list).await.unwrap();
    assert_eq!(waiting(&report), [], "{report}");
    hub.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_misses_a_group_for_want_of_an_account_is_proposed_too() {
    let g = Gateway::carrying((Scope::Groups, UserWrites::Acknowledge), PEOPLE).await;
    let lone = somebody("ben.new", "ben@example.com");
    g.idp.post("/Users", lone).await.expect(201);
    let new = somebody("ada.lovelace", "ada@example.com");
    let ours = id(g.idp.post("/Users", new).await.expect(201));
    g.idp.group("Poets", &[&ours]).await;
    let rest = async || {
        g.hub.wait(g.instance.id, "at rest", |s| s.pending == 0).await;
        g.hub.idle().await;
    };
    rest().await;
    let ask = async |command| execute(g.hub.server.hub(), None, "", command).await.unwrap();
    let slug = g.instance.slug.clone();
    let report = ask(Command::AdoptionList { slug: slug.clone() }).await;
    let pairs = waiting(&report);
    let said: Vec<_> = pairs
        .iter()
        .map(|(class, ours, theirs, _)| (class.as_str(), ours.as_str(), theirs.as_str()))
        .collect();
    assert_eq!(
        said,
        [("proposed", "ada.lovelace", "ada@example.com")],
        "nothing hangs on ben"
    );
    let there = g.direct.named("Groups", "Poets").await.unwrap();
    assert!(there["members"].as_array().is_none_or(Vec::is_empty), "{there}");
    let page = Visitor::operator(&g.hub)
        .await
        .get("/instances/app/adoption")
        .await;
    assert!(page.text.contains("gets the memberships"), "{}", page.text);

    let ids = vec![pairs[0].3];
    ask(Command::AdoptionDecide {
        slug,
        ids,
        same: true,
    })
    .await;
    g.hub.server.engine().wake();
    rest().await;
    let ada = g.direct.named("Users", "ada@example.com").await.unwrap();
    let there = g.direct.named("Groups", "Poets").await.unwrap();
    assert_eq!(there["members"][0]["value"], ada["id"], "{there}");
    assert_eq!((g.count("POST", "/Users"), g.count("PATCH", "/Users/")), (0, 0));
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_instance_says_that_the_rest_is_found_later() {
    let g = Gateway::with_people(PEOPLE).await;
    let manager = &g.hub.server.hub().manager;
    manager
        .switch(admin(), g.instance.id, Switch::Pause)
        .await
        .unwrap();
    let visitor = Visitor::operator(&g.hub).await;
    let page = visitor.get("/instances/app/adoption").await;
    assert!(page.text.contains("is found once it is resumed"), "{}", page.text);
    let slug = g.instance.slug.clone();
    let list = Command::AdoptionList { slug };
    let report = execute(g.hub.server.hub(), None, "", list).await.unwrap();
    assert_eq!(report["notes"].as_array().unwrap().len(), 1, "{report}");
    g.stop().await;
}
