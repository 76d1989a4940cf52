//! What a host still allows, across all who call it.
use super::*;
use crate::clock::Clock;
use crate::model::Time;

fn told(remaining: u64, reset: u64) -> Answer {
    Answer::json(200, "{}")
        .header(&format!("RateLimit-Remaining: {remaining}"))
        .header(&format!("RateLimit-Reset: {reset}"))
}

#[tokio::test]
async fn two_instances_on_one_host_share_what_it_allows() {
    let clock = Clock::manual(Time(0));
    let policy = NetPolicy {
        clock: clock.clone(),
        ..private()
    };
    let net = net(policy);
    let server = Server::start([told(1, 60), told(0, 60), Answer::json(200, "{}")]).await;
    let other = Server::start([Answer::json(200, "{}")]).await;
    // Two instances of one app, each with its own token, as two jobs of the engine would ask.
    get(&net, &server.url("/a")).await.unwrap();
    get(&net, &server.url("/b")).await.unwrap();
    for path in ["/a", "/b"] {
        let error = get(&net, &server.url(path)).await.unwrap_err();
        assert_eq!((error.kind, error.lost()), (NetErrorKind::Paced, false));
        assert_eq!(error.after, Some(Duration::from_secs(60)));
        assert!(error.detail.contains("60 s"), "{error}");
    }
    assert_eq!(server.seen().len(), 2, "nothing is sent that would be refused");
    get(&net, &other.url("/")).await.unwrap();
    clock.advance(Duration::from_secs(60));
    get(&net, &server.url("/a")).await.unwrap();
}

#[tokio::test]
async fn a_429_holds_back_everybody_and_a_short_rest_is_waited_for() {
    let clock = Clock::manual(Time(0));
    let policy = NetPolicy {
        clock: clock.clone(),
        ..private()
    };
    let net = net(policy);
    let refusal = |after: &str| Answer::json(429, "{}").header(&format!("Retry-After: {after}"));
    let server = Server::start([refusal("30"), refusal("1"), Answer::json(200, "{}")]).await;
    assert_eq!(get(&net, &server.url("/")).await.unwrap().status, 429);
    let error = get(&net, &server.url("/")).await.unwrap_err();
    assert_eq!(error.after, Some(Duration::from_secs(30)));
    clock.advance(Duration::from_secs(30));
    assert_eq!(get(&net, &server.url("/")).await.unwrap().status, 429);
    let url = server.url("/");
    let (answer, ()) = tokio::join!(get(&net, &url), async {
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(1));
    });
    assert_eq!(answer.unwrap().status, 200);
}
