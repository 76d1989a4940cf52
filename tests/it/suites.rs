//! Other people's suites and clients against an instance that only receives, each on a hub of its own.

use crate::support::TestHub;
use crate::support::tools::{Verdict, kit, run};

/// The scripts that take base URL and key as their first two arguments.
async fn checked(path: &'static str, arguments: &[&str]) -> Verdict {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let all: Vec<&str> = [scim.base.as_str(), &scim.key]
        .into_iter()
        .chain(arguments.iter().copied())
        .collect();
    let verdict = run(path, &all).await;
    hub.stop().await;
    verdict
}

async fn conformance(suite: &str) -> Verdict {
    let allow = kit("allow.txt");
    let arguments = ["--only", suite, "--allow", allow.to_str().unwrap()];
    checked("conformance/run.sh", &arguments).await
}

#[tokio::test(flavor = "multi_thread")]
async fn scim2_tester() {
    conformance("scim2-tester").await.clean(100);
}

#[tokio::test(flavor = "multi_thread")]
async fn scim_sanity() {
    let verdict = conformance("scim-sanity").await;
    verdict.clean(20);
    // An exception that is needed no more has to go.
    let allowed = std::fs::read_to_string(kit("allow.txt")).unwrap();
    let allowed: Vec<&str> = allowed.lines().filter(|l| !l.starts_with('#')).collect();
    assert!(allowed.len() <= 5);
    for line in allowed {
        assert!(
            verdict.said.contains(&format!("KNOWN {line}")),
            "{line}: {}",
            verdict.said
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_of_large_providers() {
    conformance("idp").await.clean(10);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_suites_leave_out() {
    conformance("gaps").await.clean(10);
}

#[tokio::test(flavor = "multi_thread")]
async fn dialects_twice_on_the_same_store() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    for _ in 0..2 {
        let arguments = ["--base", &scim.base, "--token", &scim.key];
        run("dialects/run.py", &arguments).await.clean(146);
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn canaille_as_the_provider() {
    checked("conformance/clients/canaille_push.sh", &[])
        .await
        .clean(8);
}

#[tokio::test(flavor = "multi_thread")]
async fn scim_sim_as_the_provider() {
    checked("conformance/clients/scim_sim.sh", &[]).await.clean(7);
}
