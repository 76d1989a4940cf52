#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::model::Header;

fn caller(auth: Auth, secret: &str) -> Caller {
    let access = Access {
        auth,
        headers: vec![Header {
            name: "X-Org".into(),
            value: "7".into(),
        }],
    };
    Caller::new(&access, Token::new(secret.into()))
}

fn sent(caller: &Caller, issued: Option<&Token>) -> Vec<(String, String)> {
    let all = caller.headers(issued).unwrap();
    assert!(all[0].1.is_sensitive());
    all.into_iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn each_kind_of_credential_has_its_header() {
    let basic = Auth::Basic {
        user: "Aladdin".into(),
    };
    let header = Auth::Header {
        name: "ApiKey".into(),
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    for (auth, secret, name, value) in [
        (Auth::Bearer, "abc", "authorization", "Bearer abc"),
        (header, "abc", "apikey", "abc"),
        // The example of RFC 7617.
        (
            basic.clone(),
            "open sesame",
            "authorization",
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        ),
        (basic, "ö", "authorization", "Basic QWxhZGRpbjrDtg=="),
    ] {
        let all = sent(&caller(auth, secret), None);
        assert_eq!(all, [pair(name, value), pair("x-org", "7")]);
    }
}

#[test]
fn what_cannot_be_sent_is_nothing_and_never_printed() {
    let broken = caller(Auth::Bearer, "line\nbreak");
    assert!(broken.headers(None).is_none());
    assert!(!format!("{broken:?}").contains("break"));
}

#[test]
fn whatever_proves_who_calls_is_masked() {
    let basic = caller(
        Auth::Basic {
            user: "Aladdin".into(),
        },
        "open sesame",
    );
    let words = basic.clean("bad: QWxhZGRpbjpvcGVuIHNlc2FtZQ== or open sesame");
    assert_eq!(words, "bad: ••• or •••");
    let oauth = caller(
        Auth::OAuth {
            token_url: "https://a.example".into(),
            client_id: "me".into(),
            scope: None,
        },
        "client-secret-1",
    );
    let issued = Token::new("access-token-2".into());
    assert_eq!(sent(&oauth, Some(&issued))[0].1, "Bearer access-token-2");
    assert_eq!(oauth.clean("access-token-2 client-secret-1"), "••• •••");
}
