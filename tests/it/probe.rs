//! The prober against a whole server: our own endpoint, behind a relay, with everything between the command and the page.

use rollcall::cli::command::{Command, NewTarget, WireSecret};
use rollcall::cli::execute::execute;
use rollcall::secret::Secret;
use rollcall::store::probes;
use serde_json::Value;

use super::support::Gateway;

const BASE: &str = "https://hub.example.com";

/// Lines that are not *ok*, as `id state`.
fn others(report: &Value) -> Vec<String> {
    let lines = report["lines"].as_array().unwrap().iter();
    let others = lines.filter(|line| line["state"] != "ok");
    others
        .map(|line| {
            let word = |name: &str| line[name].as_str().unwrap().to_owned();
            format!("{} {}: {}", word("id"), word("state"), word("found"))
        })
        .collect()
}

fn is_about(other: &str, ids: &[&str]) -> bool {
    ids.iter().any(|id| other.starts_with(&format!("{id} ")))
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_endpoint_is_in_order() {
    let g = Gateway::with_people(&["ann@example.com", "bob@example.com", "cid@example.com"]).await;
    let hub = g.hub.server.hub();
    let id = g.instance.id;
    // Connecting asked for one.
    let first = hub
        .store
        .read(move |rx| probes::of(rx, id))
        .await
        .unwrap()
        .profile
        .unwrap();
    assert!(first.usable && !first.writes);
    assert_eq!(g.writes(), 0, "it only reads");
    let health = g.hub.status(id).await.health;

    let engine = Some(g.hub.server.engine());
    let command = Command::ProbeInstance {
        slug: g.instance.slug.clone(),
        writes: true,
    };
    let report = execute(hub, engine, BASE, command).await.unwrap();
    assert_eq!(
        (&report["usable"], &report["writes"]),
        (&true.into(), &true.into())
    );
    // An address, no TLS, nobody with an externalId or e-mail, one group alone, and no rate-limit headers.
    let known = [
        "reach.dns",
        "reach.tls",
        "filter.externalId",
        "filter.emails",
        "filter.displayName",
        "limits",
    ];
    let others: Vec<String> = others(&report)
        .into_iter()
        .filter(|o| !is_about(o, &known))
        .collect();
    assert_eq!(others, Vec::<String>::new());
    assert_eq!(report["capabilities"]["paging"], "index");
    assert_eq!(report["capabilities"]["filters"]["user_name"], true);
    assert!(g.writes() > 5);
    assert_eq!(g.hub.status(id).await.health, health);
    g.settled().await;
    let left = g
        .direct
        .get("/Users?filter=userName%20sw%20%22rollcall-probe%22")
        .await
        .expect(200);
    assert_eq!(left["totalResults"], 0, "{left}");

    let stranger = |token: &str| Command::ProbeTarget {
        target: NewTarget {
            base_url: format!("{}/Users/", g.direct.base),
            token: WireSecret(Secret::new(token.into())),
            auth: None,
            headers: Vec::new(),
        },
    };
    let report = execute(hub, engine, BASE, stranger(&g.direct.key)).await.unwrap();
    assert_eq!(report["usable"], true);
    assert!(report["requests"].as_u64().unwrap() <= 40);
    let report = execute(hub, engine, BASE, stranger("not-the-key")).await.unwrap();
    assert_eq!(report["usable"], false);
    let lines = report["lines"].as_array().unwrap();
    let refused = lines
        .iter()
        .find(|line| line["id"] == "reach.credentials")
        .unwrap();
    assert_eq!(refused["state"], "bad");
    assert!(!report.to_string().contains("not-the-key"));
    g.stop().await;
}
