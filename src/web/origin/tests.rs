#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use actix_web::test::TestRequest;

fn from(peer: &str, headers: &[(&str, &str)]) -> HttpRequest {
    let mut request = TestRequest::default().peer_addr(format!("{peer}:1000").parse().unwrap());
    for (name, value) in headers {
        request = request.append_header((*name, *value));
    }
    request.to_http_request()
}

fn origin() -> Origin {
    Origin::new(None, vec!["10.0.0.0/8".parse().unwrap()], false)
}

#[test]
fn forwarded_headers_count_only_from_a_trusted_proxy() {
    let headers = [
        ("host", "hub:8080"),
        ("x-forwarded-host", "hub.example.com"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-for", "203.0.113.7"),
    ];
    assert_eq!(origin().base(&from("198.51.100.1", &headers)), "http://hub:8080");
    assert_eq!(
        origin().base(&from("10.0.0.1", &headers)),
        "https://hub.example.com"
    );
    assert_eq!(
        origin().client(&from("198.51.100.1", &headers)),
        "198.51.100.1".parse().ok()
    );
    assert_eq!(
        origin().client(&from("10.0.0.1", &headers)),
        "203.0.113.7".parse().ok()
    );
}

#[test]
fn a_caller_cannot_add_hops_in_front() {
    let request = from(
        "10.0.0.1",
        &[("x-forwarded-for", "1.2.3.4, 203.0.113.7, 10.0.0.2")],
    );
    assert_eq!(origin().client(&request), "203.0.113.7".parse().ok());
    let lines = [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "203.0.113.7")];
    assert_eq!(
        origin().client(&from("10.0.0.1", &lines)),
        "203.0.113.7".parse().ok()
    );
    for (hops, client) in [
        ("1.2.3.4, 203.0.113.7:4711", "203.0.113.7"),
        ("1.2.3.4, [2001:db8::7]:4711, 10.0.0.2", "2001:db8::7"),
        ("1.2.3.4, unknown", "10.0.0.1"),
        ("", "10.0.0.1"),
    ] {
        let request = from("10.0.0.1", &[("x-forwarded-for", hops)]);
        assert_eq!(origin().client(&request), client.parse().ok(), "{hops}");
    }
}

#[test]
fn a_host_that_is_none_is_not_repeated() {
    assert_eq!(
        origin().base(&from("198.51.100.1", &[("host", "x\"><b>")])),
        "http://localhost"
    );
}

#[test]
fn the_public_url_wins() {
    let url = Url::parse("https://hub.example.com/").unwrap();
    let origin = Origin::new(Some(&url), Vec::new(), false);
    assert_eq!(
        origin.base(&from("198.51.100.1", &[("host", "other")])),
        "https://hub.example.com"
    );
    assert!(origin.is_https(&from("198.51.100.1", &[])));
}
