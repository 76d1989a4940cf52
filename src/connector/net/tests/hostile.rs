//! Answers that lie about their size, never end, or unpack without bound.
use super::*;

/// `{"a":1}`, packed.
const SMALL: [u8; 27] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 171, 86, 74, 84, 178, 50, 172, 5, 0, 175, 172, 27, 86, 7, 0, 0, 0,
];
/// A hundred thousand zeros, packed.
const BOMB: [u8; 132] = [
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 237, 193, 49, 1, 0, 0, 0, 194, 160, 245, 79, 109, 13, 15, 160, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128, 87, 3, 125, 149, 17, 212, 160,
    134, 1, 0,
];

fn short() -> NetPolicy {
    NetPolicy {
        max_body: 4096,
        request_timeout: Duration::from_secs(1),
        ..private()
    }
}

#[tokio::test]
async fn a_packed_answer_is_unpacked() {
    let server = Server::start([Answer::packed(&SMALL)]).await;
    let answer = get(&net(short()), &server.url("/")).await.unwrap();
    assert_eq!(answer.body, br#"{"a":1}"#);
    assert!(server.seen()[0].head.contains("accept-encoding: gzip"));
}

#[tokio::test]
async fn a_small_answer_that_unpacks_without_bound_is_cut_off() {
    let server = Server::start([Answer::packed(&BOMB)]).await;
    let error = get(&net(short()), &server.url("/")).await.unwrap_err();
    assert_eq!(
        (error.kind, error.lost()),
        (NetErrorKind::TooLarge, true),
        "{error}"
    );
}

#[tokio::test]
async fn broken_packing_is_an_answer_that_broke_off() {
    let mut broken = SMALL;
    broken[12] ^= 0xff;
    for bytes in [&broken[..], &SMALL[..15], b"{}"] {
        let server = Server::start([Answer::packed(bytes)]).await;
        let error = get(&net(short()), &server.url("/")).await.unwrap_err();
        assert_eq!(
            (error.kind, error.lost()),
            (NetErrorKind::Interrupted, true),
            "{error}"
        );
    }
}

#[tokio::test]
async fn an_answer_shorter_than_announced_is_no_answer() {
    for cut in [1, 5, 7] {
        let server = Server::start([Answer::json(200, "{\"a\":1}").cut(cut)]).await;
        let error = get(&net(short()), &server.url("/")).await.unwrap_err();
        assert_eq!(
            (error.kind, error.lost()),
            (NetErrorKind::Interrupted, true),
            "{error}"
        );
    }
}

#[tokio::test]
async fn an_answer_that_drips_for_ever_ends_at_the_deadline() {
    let server = Server::start([Answer::drips()]).await;
    let error = get(&net(short()), &server.url("/")).await.unwrap_err();
    assert_eq!(
        (error.kind, error.lost()),
        (NetErrorKind::Timeout, true),
        "{error}"
    );
}

#[tokio::test]
async fn endless_headers_are_not_read() {
    let long = format!("X-Long: {}", "x".repeat(2_000_000));
    let server = Server::start([Answer::json(200, "{}").header(&long)]).await;
    let error = get(&net(short()), &server.url("/")).await.unwrap_err();
    assert!(error.lost(), "{error}");
}
