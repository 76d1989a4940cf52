//! The README's picture, `docs/overview.png`, and pictures of single pages to look at: a hub a day old, with all that
//! can become of an instance. Made only on demand, so that a run of the tests leaves the tree as it is.

use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use rollcall::clock::Clock;
use rollcall::demo::relay::{Relay, Request, Treatment};
use rollcall::model::{Health, Instance, Policies, Scope, Time};
use rollcall::secret::Secret;
use rollcall::sync::manage::NewConnection;
use serde_json::{Value, json};

use super::owner;
use crate::support::client::{Answer, id, patch_op};
use crate::support::hub::admin;
use crate::support::state::all;
use crate::support::{Scim, TestHub};

/// Switches the test on.
const ASKED: &str = "MAKE_SCREENSHOTS";
const FIRST: [&str; 24] = [
    "Ada", "Boris", "Chiara", "Devi", "Emre", "Farah", "Goran", "Hana", "Iris", "Jonas", "Kofi", "Lena",
    "Mara", "Nils", "Olga", "Pavel", "Quinn", "Rosa", "Sven", "Tara", "Uma", "Viktor", "Wanda", "Yusuf",
];
const LAST: [&str; 23] = [
    "Abel", "Brandt", "Costa", "Diaz", "Engel", "Fischer", "Garcia", "Haas", "Ito", "Jansen", "Keller",
    "Lindt", "Moreau", "Novak", "Okafor", "Petrov", "Quist", "Ruiz", "Sato", "Tanaka", "Ueda", "Vogel",
    "Weber",
];
const TEAMS: [&str; 12] = [
    "Engineering",
    "Design",
    "Sales",
    "Finance",
    "Support",
    "Legal",
    "Security",
    "Marketing",
    "People",
    "Data",
    "Platform",
    "Contractors",
];

const TITLES: [&str; 4] = ["Engineer", "Designer", "Manager", "Analyst"];

/// In milliseconds.
const DAY: i64 = 24 * 3600 * 1000;

/// An app of the picture: name of the instance, its App, people, groups.
const APPS: [(&str, &str, &str, usize, usize); 4] = [
    ("atlassian-prod", "atlassian-cloud", "Atlassian Cloud", 184, 12),
    ("docusign-legal", "docusign", "DocuSign", 62, 4),
    ("figma-prod", "figma", "Figma", 96, 7),
    ("wiki-staff", "generic-scim", "Generic SCIM 2.0", 121, 9),
];
/// Those that only receive.
const DIRECTORIES: [(&str, usize, usize); 1] = [("crm-directory", 143, 10)];

/// One of them, and the hands that move it.
struct Connected {
    instance: Instance,
    idp: Scim,
    relay: Relay,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_picture_of_the_overview() {
    if std::env::var_os(ASKED).is_none() {
        return;
    }
    // Seen at noon.
    let today = Clock::system().now().0.div_euclid(DAY) * DAY;
    let clock = Clock::manual(Time(today - DAY + 10 * 3600 * 1000));
    let hub = TestHub::with_clock(clock.clone()).await;
    let app = TestHub::start().await;
    let (mut apps, mut directories) = (Vec::new(), Vec::new());
    for (name, slug, shown, people, groups) in APPS {
        apps.push(connect(&hub, &app, (name, slug, shown), people, groups).await);
    }
    for (name, people, groups) in DIRECTORIES {
        let (_, scim) = hub.receiver(name).await;
        fill(&scim, people, groups).await;
        directories.push(scim);
    }
    let [held, refusing, failing, fine] = apps.try_into().unwrap_or_else(|_| unreachable!("four apps"));
    clock.advance(Duration::from_secs(25 * 3600));
    for connected in [&held, &refusing, &failing, &fine] {
        clock.advance(Duration::from_secs(140));
        hub.sync(connected.instance.id).await;
    }

    failing.relay.treat(|_| Treatment::Answer {
        status: 401,
        headers: Vec::new(),
        body: String::new(),
    });
    let someone = all(&failing.idp, "Users").await.swap_remove(5);
    title(&failing.idp, &someone, "Art Director").await;
    hub.wait_health(failing.instance.id, Health::Failing, "401").await;
    clock.advance(Duration::from_secs(20 * 60));

    refusing
        .relay
        .treat(|request: &Request| match request.method.as_str() {
            "POST" => Treatment::scim_error(400, "No licence is left for this person."),
            _ => Treatment::Pass,
        });
    for name in ["Jorge Ruiz", "Mei Sato"] {
        refusing.idp.post("/Users", employee(name, 400)).await.expect(201);
    }
    hub.wait(refusing.instance.id, "rejected", |s| s.rejected == 2)
        .await;

    let page = story(&hub, &held).await;
    clock.advance(Duration::from_secs(7 * 60));
    for user in all(&held.idp, "Users").await.iter().skip(20).take(64) {
        let change = patch_op(&json!([{"op": "replace", "path": "active", "value": false}]));
        push(
            &held.idp,
            "PATCH",
            &format!("/Users/{}", user["id"].as_str().unwrap()),
            &change,
        )
        .await;
    }
    hub.wait_health(held.instance.id, Health::Held, "").await;
    hub.idle().await;
    for scim in &directories {
        let somebody = all(scim, "Users").await.swap_remove(3);
        title(scim, &somebody, "Team Lead").await;
    }
    clock.advance(Duration::from_secs(4 * 60));

    let mut browser = owner(&hub).await;
    browser.prefers("light").await;
    browser.open("/").await;
    browser.says(&["Three instances need you. Two are fine."]).await;
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    browser.picture(&docs.join("overview.png")).await;

    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    std::fs::create_dir_all(&dir).unwrap();
    let home = format!("/instances/{}", held.instance.slug);
    let rest = ["held", "keys", "users", "groups", "activity", "settings"].map(|tab| format!("{home}/{tab}"));
    let rest = rest.iter().map(String::as_str);
    for path in [
        "/",
        "/catalog",
        "/catalog/atlassian-cloud/connect",
        &home,
        &page,
        "/instances/figma-prod",
        "/login",
    ]
    .into_iter()
    .chain(rest)
    {
        browser.open(path).await;
        let name = if path == "/" {
            "overview".into()
        } else {
            path.trim_start_matches('/').replace('/', "_")
        };
        let name: String = name
            .replace("instances_atlassian-prod", "instance")
            .chars()
            .take(30)
            .collect();
        browser.pictures(&dir, &name).await;
    }
}

/// An app with people and groups of its own, connected and read; a provider has a key to it.
async fn connect(
    hub: &TestHub,
    app: &TestHub,
    (name, slug, shown): (&str, &str, &str),
    people: usize,
    groups: usize,
) -> Connected {
    let (there, direct) = app.receiver(name).await;
    fill(&direct, people, groups).await;
    let relay = Relay::start(app.server.address()).await.unwrap();
    let base = format!("http://{}/scim/{}/v2", relay.address(), there.slug);
    let new = NewConnection {
        name: name.into(),
        app: (slug.into(), shown.into()),
        scope: Scope::UsersAndGroups,
        policies: Policies::default(),
        target: Some((base, Secret::new(direct.key.clone()))),
        access: Default::default(),
    };
    let instance = hub.server.hub().manager.create(admin(), new).await.unwrap();
    hub.wait(instance.id, "imported", |s| s.last_sync_at.is_some())
        .await;
    hub.idle().await;
    let (_, key) = hub
        .server
        .hub()
        .manager
        .create_key(admin(), instance.id, "Okta production".into(), None)
        .await
        .unwrap();
    let idp = Scim::new(hub.base(&instance.slug), key.expose());
    Connected { instance, idp, relay }
}

/// People, and teams of some of them.
async fn fill(scim: &Scim, people: usize, groups: usize) {
    let mut ids = Vec::new();
    for n in 0..people {
        let name = format!("{} {}", FIRST[n % FIRST.len()], LAST[n % LAST.len()]);
        ids.push(id(push(scim, "POST", "/Users", &employee(&name, n))
            .await
            .expect(201)));
    }
    for (n, team) in TEAMS.iter().take(groups).enumerate() {
        let members = ids.iter().skip(n * 3).step_by(n + 2).map(String::as_str);
        scim.group(team, &members.collect::<Vec<_>>()).await;
    }
}

fn employee(name: &str, number: usize) -> Value {
    let (given, family) = name.split_once(' ').unwrap();
    let mail = format!("{given}.{family}@example.com").to_lowercase();
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "userName": mail,
        "externalId": format!("E{number:04}"),
        "displayName": name,
        "name": {"givenName": given, "familyName": family},
        "title": TITLES[number % TITLES.len()],
        "emails": [{"value": mail, "type": "work", "primary": true}],
        "active": true,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": TEAMS[number % TEAMS.len()]},
    })
}

/// As an identity provider's client says it.
async fn push(scim: &Scim, method: &str, path: &str, body: &Value) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    scim.raw(method, path, body.to_string().into_bytes()).await
}

async fn title(idp: &Scim, user: &Value, title: &str) {
    let change = json!([{"op": "replace", "path": "title", "value": title}]);
    let path = format!("/Users/{}", user["id"].as_str().unwrap());
    idp.patch(&path, change).await.expect(200);
}

/// Some life in one person's log; the address of their page.
async fn story(hub: &TestHub, app: &Connected) -> String {
    let somebody = all(&app.idp, "Users").await.swap_remove(11);
    let their_id = somebody["id"].as_str().unwrap();
    title(&app.idp, &somebody, "Design Lead").await;
    let department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
    let change = json!([{"op": "replace", "path": department, "value": "Design"}]);
    app.idp
        .patch(&format!("/Users/{their_id}"), change)
        .await
        .expect(200);
    let teams = all(&app.idp, "Groups").await;
    let team = |name: &str| {
        let found = teams.iter().find(|t| t["displayName"] == name).unwrap();
        format!("/Groups/{}", found["id"].as_str().unwrap())
    };
    let join = json!([{"op": "add", "path": "members", "value": [{"value": their_id}]}]);
    let leave = json!([{"op": "remove", "path": format!("members[value eq \"{their_id}\"]")}]);
    app.idp.patch(&team("Legal"), join).await;
    hub.idle().await;
    app.idp.patch(&team("Engineering"), leave).await;
    hub.idle().await;
    format!("/instances/{}/users/{their_id}", app.instance.slug)
}
