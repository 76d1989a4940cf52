//! The key in the header of a request (RFC 6750 §2.1), and what is wrong with a header that holds none.

use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;

use crate::model::Why;
use crate::secret::key_hash;

/// What a bearer key is looked up by.
pub(super) fn bearer(request: &HttpRequest) -> Result<[u8; 32], Why> {
    let value = request.headers().get(AUTHORIZATION).ok_or(Why::NoKey)?;
    let value = value.to_str().map_err(|_| Why::Malformed)?.trim();
    let (scheme, key) = value.split_once(' ').unwrap_or((value, ""));
    let key = key.trim();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(if key_hash(value).is_some() {
            Why::NoBearer
        } else {
            Why::OtherScheme
        });
    }
    key_hash(key).ok_or_else(|| match key {
        "" => Why::NoKey,
        key if key.starts_with("eyJ") && key.matches('.').count() == 2 => Why::Jwt,
        _ => Why::Malformed,
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use actix_web::test::TestRequest;

    use super::*;
    use crate::secret::NewKey;

    #[test]
    fn what_is_wrong_with_a_header_is_told_apart() {
        let key = NewKey::generate().plain.expose().to_owned();
        let of = |value: &str| {
            let request = TestRequest::default().insert_header((AUTHORIZATION, value));
            bearer(&request.to_http_request())
        };
        assert!(of(&format!("Bearer {key}")).is_ok());
        assert!(of(&format!("bearer   {key} ")).is_ok());
        for (value, why) in [
            ("Bearer ", Why::NoKey),
            ("Bearer", Why::NoKey),
            (key.as_str(), Why::NoBearer),
            ("Basic YWRtaW46cGFzcw==", Why::OtherScheme),
            ("Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln", Why::Jwt),
            (&format!("Bearer {}", &key[..40]), Why::Malformed),
            ("Bearer something else", Why::Malformed),
        ] {
            assert_eq!(of(value).unwrap_err(), why, "{value}");
        }
        let none = TestRequest::default().to_http_request();
        assert_eq!(bearer(&none).unwrap_err(), Why::NoKey);
    }
}
