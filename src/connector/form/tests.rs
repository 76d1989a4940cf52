#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;

#[test]
fn base_urls_are_cleaned_and_it_is_said() {
    for (pasted, url, notes) in [
        ("https://a.example/scim/v2", "https://a.example/scim/v2", 0),
        ("  https://a.example/scim/v2\r\n", "https://a.example/scim/v2", 0),
        (
            "\u{feff}https://a.example/scim/v2\u{200b}",
            "https://a.example/scim/v2",
            0,
        ),
        ("https://a.example", "https://a.example", 0),
        ("https://a.example/scim/v2//", "https://a.example/scim/v2", 1),
        ("https://a.example/scim/v2/Users", "https://a.example/scim/v2", 1),
        (
            "https://a.example/scim/v2/Groups/",
            "https://a.example/scim/v2",
            2,
        ),
        ("https://a.example/scim/Groups/Users", "https://a.example/scim", 2),
        ("HTTPS://A.Example:443/scim", "https://a.example/scim", 0),
        ("http://127.0.0.1:8080/v2", "http://127.0.0.1:8080/v2", 0),
    ] {
        let clean = clean_base_url(pasted).unwrap();
        assert_eq!(
            (clean.url.as_str(), clean.notes.len()),
            (url, notes),
            "{pasted:?}"
        );
    }
}

#[test]
fn base_urls_that_cannot_be_used() {
    for bad in [
        "",
        "  ",
        "a.example/scim",
        "ftp://a.example",
        "https://a b.example",
        "https://u:p@a.example/",
        "https://a.example/?x=1",
        "https://a.example/#x",
    ] {
        assert!(clean_base_url(bad).is_err(), "{bad:?}");
    }
    assert!(clean_base_url(&format!("https://a.example/{}", "x".repeat(URL_LIMIT))).is_err());
}

#[test]
fn tokens_are_cleaned() {
    for pasted in [
        "abc.def",
        " abc.def\n",
        "Bearer abc.def",
        "bearer   abc.def ",
        "BEARER\tabc.def",
        "Bearer: abc.def",
    ] {
        assert_eq!(clean_token(pasted).unwrap().expose(), "abc.def", "{pasted:?}");
    }
    for bad in [
        "",
        " ",
        "Bearer",
        "Bearer  ",
        "a b",
        "Bearer a b",
        "a\u{0}b",
        "tökén",
    ] {
        assert!(clean_token(bad).is_err(), "{bad:?}");
    }
    assert!(clean_token(&"x".repeat(TOKEN_LIMIT)).is_ok());
    assert!(clean_token(&"x".repeat(TOKEN_LIMIT + 1)).is_err());
}

#[test]
fn origins() {
    assert!(same_origin("https://a.example/x", "https://A.example:443/y"));
    for other in [
        "http://a.example/x",
        "https://a.example:8443/x",
        "https://b.example/x",
        "a.example",
    ] {
        assert!(!same_origin("https://a.example/x", other), "{other}");
    }
}
