//! Paths as clients really send them, led to the endpoint that is meant. Answered directly, never by a redirect, which
//! would lose the body and the key. Doubled and trailing slashes are gone before this.

use actix_web::dev::ServiceRequest;
use actix_web::http::uri::{PathAndQuery, Uri};

use crate::scim::tolerance::{self, Tolerance};

/// `/scim`, the slug, `/v2`.
const BEFORE: usize = 3;

/// Changes the path of a request to the one that is meant; what was tolerated in doing so.
pub(super) fn straighten(request: &mut ServiceRequest) -> Vec<Tolerance> {
    let Some((path, tolerated)) = meant(request.uri().path()) else {
        return Vec::new();
    };
    let path = match request.uri().query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    };
    let mut parts = request.uri().clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(path).ok();
    let Ok(uri) = Uri::from_parts(parts) else {
        return Vec::new();
    };
    // What is matched already, up to `/v2`, stands where it stood.
    request.match_info_mut().get_mut().update(&uri);
    request.head_mut().uri = uri;
    tolerated
}

/// The path that is meant by one that is not quite right.
fn meant(path: &str) -> Option<(String, Vec<Tolerance>)> {
    let at = path.match_indices('/').nth(BEFORE)?.0;
    let (base, rest) = path.split_at(at);
    let mut tolerated = Vec::new();
    let (mut first, mut rest) = step(rest);
    let (second, further) = step(rest);
    if tolerance::endpoint_in_base_url(first, second) {
        tolerated.push(Tolerance::EndpointInBaseUrl);
        (first, rest) = (second, further);
    }
    if let Some(endpoint) = tolerance::endpoint_case(first).filter(|endpoint| *endpoint != first) {
        tolerated.push(Tolerance::EndpointCase);
        first = endpoint;
    }
    (!tolerated.is_empty()).then(|| (format!("{base}/{first}{rest}"), tolerated))
}

/// `/Users/1/x` → `Users` and `/1/x`.
fn step(path: &str) -> (&str, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split_at(path.find('/').unwrap_or(path.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_led_to_the_endpoint_that_is_meant() {
        use Tolerance::{EndpointCase, EndpointInBaseUrl};
        type Led = Option<(&'static str, &'static [Tolerance])>;
        let cases: [(&str, Led); 14] = [
            ("", None),
            ("/Users", None),
            ("/Users/2819c223-7f76", None),
            ("/Users/.search", None),
            ("/Groups/Users", Some(("/Users", &[EndpointInBaseUrl]))),
            ("/Groups/Groups/7", Some(("/Groups/7", &[EndpointInBaseUrl]))),
            (
                "/Groups/Groups/.search",
                Some(("/Groups/.search", &[EndpointInBaseUrl])),
            ),
            (
                "/Users/ServiceProviderConfig",
                Some(("/ServiceProviderConfig", &[EndpointInBaseUrl])),
            ),
            (
                "/Groups/Schemas/urn:x",
                Some(("/Schemas/urn:x", &[EndpointInBaseUrl])),
            ),
            (
                "/groups/USERS/Users",
                Some(("/Users/Users", &[EndpointInBaseUrl, EndpointCase])),
            ),
            ("/users/Bulk", Some(("/Bulk", &[EndpointInBaseUrl]))),
            ("/users/7", Some(("/Users/7", &[EndpointCase]))),
            (
                "/serviceproviderconfig",
                Some(("/ServiceProviderConfig", &[EndpointCase])),
            ),
            ("/Widgets/Users", None),
        ];
        for (sent, led) in cases {
            let found = meant(&format!("/scim/a/v2{sent}"));
            let led = led.map(|(path, tolerated)| (format!("/scim/a/v2{path}"), tolerated.to_vec()));
            assert_eq!(found, led, "{sent}");
        }
        assert_eq!(meant("/scim/a"), None);
    }
}
