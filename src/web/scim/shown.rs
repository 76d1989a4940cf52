//! What of a request may stand in the log. Names and filter values are personal data and stay: an admin needs them. What
//! looks like a secret goes, wherever somebody put it.

use std::borrow::Cow;

use actix_web::http::Uri;
use url::form_urlencoded;

use crate::secret::KEY_LENGTH;

/// Longest path with query, and longest sentence of a refusal, in bytes.
const LONGEST: usize = 500;
/// Longest agent text kept.
const AGENT: usize = 120;
/// Names of query parameters, or of attributes in a filter, whose values are secrets.
const SECRETIVE: [&str; 6] = ["password", "passwd", "secret", "token", "apikey", "api_key"];

/// Path and query.
pub(super) fn path(uri: &Uri) -> Box<str> {
    let sent = uri.path_and_query().map_or("", |whole| whole.as_str());
    let shown = match uri.query() {
        Some(query) if has_secrets(query) => {
            let pairs: Vec<_> = query.split('&').map(pair).collect();
            Cow::Owned(format!("{}?{}", uri.path(), pairs.join("&")))
        }
        _ => Cow::Borrowed(sent),
    };
    cut(&without_keys(&shown), LONGEST).into()
}

/// The sentence of a refusal, which may repeat parts of the request.
pub(super) fn detail(text: &str, uri: &Uri) -> Box<str> {
    if is_secretive(text) || uri.query().is_some_and(has_secrets) {
        return "The request named something secret, so the sentence is left out here.".into();
    }
    cut(&without_keys(text), LONGEST).into()
}

/// `User-Agent`.
pub(super) fn agent(text: &str) -> Box<str> {
    cut(&without_keys(text), AGENT).into()
}

fn has_secrets(query: &str) -> bool {
    query.split('&').any(|sent| matches!(pair(sent), Cow::Owned(_)))
}

/// A parameter as it was sent, its value left out if that is, or asks for, a secret.
fn pair(pair: &str) -> Cow<'_, str> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    // Decoded only where encoding could hide something.
    let hides = pair.contains('%')
        && form_urlencoded::parse(pair.as_bytes())
            .any(|(name, value)| is_secretive(&name) || is_secretive(&value));
    if hides || is_secretive(name) || is_secretive(value) {
        Cow::Owned(format!("{}=…", cut(name, 40)))
    } else {
        Cow::Borrowed(pair)
    }
}

/// One pass: most characters begin none of the words.
fn is_secretive(text: &str) -> bool {
    let text = text.as_bytes();
    (0..text.len()).any(|at| {
        matches!(text[at] | 0x20, b'p' | b's' | b't' | b'a')
            && SECRETIVE.iter().any(|word| {
                let part = text.get(at..at + word.len());
                part.is_some_and(|part| part.eq_ignore_ascii_case(word.as_bytes()))
            })
    })
}

/// The text without anything that begins like a key of ours and is long enough to be most of one.
fn without_keys(text: &str) -> Cow<'_, str> {
    let Some(at) = text.find("rc_") else {
        return Cow::Borrowed(text);
    };
    let (before, key) = text.split_at(at);
    let long = key.bytes().skip(3).take_while(u8::is_ascii_alphanumeric).count() + 3;
    let kept = if long > KEY_LENGTH / 2 { 3 } else { long };
    let mark = if kept < long { "…" } else { "" };
    Cow::Owned(format!(
        "{before}{}{mark}{}",
        &key[..kept],
        without_keys(&key[long..])
    ))
}

/// At most so many bytes, whole characters.
fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use crate::secret::NewKey;

    fn shown(sent: &str) -> String {
        path(&sent.parse().unwrap()).into()
    }

    #[test]
    fn what_an_admin_needs_stays() {
        for sent in [
            "/scim/a/v2/Users?filter=userName%20eq%20%22ada%40example.com%22&count=1&",
            "/scim/a/v2/Users/2819c223?attributes=userName,emails",
            "/scim/a/v2/Groups?",
            "/scim/a/v2/src_of/rc_short",
        ] {
            assert_eq!(shown(sent), sent);
        }
        assert_eq!(shown(&format!("/scim/{}", "x".repeat(4000))).len(), LONGEST);
    }

    #[test]
    fn secrets_go_wherever_they_stand() {
        let key = NewKey::generate().plain.expose().to_owned();
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        for sent in [
            format!("/scim/a/v2/Users/{key}"),
            format!("/scim/a/v2/Users?x={key}&y={key}"),
            format!("/scim/a/v2/Users/{}?a=1", &key[..30]),
            "/scim/a/v2/Users?filter=password%20eq%20%22hunter2hunter2%22".to_owned(),
            "/scim/a/v2/Users?filter=p%61ssword%20eq%20%22hunter2hunter2%22".to_owned(),
            "/scim/a/v2/Users?access_token=hunter2hunter2&count=1".to_owned(),
            "/scim/a/v2/Users?Client%53ecret=hunter2hunter2".to_owned(),
        ] {
            let shown = shown(&sent);
            assert!(
                !shown.contains("hunter2") && !shown.contains(&key[..30]),
                "{sent} → {shown}"
            );
            assert!(
                shown.starts_with("/scim/a/v2/Users") && shown.contains('…'),
                "{shown}"
            );
        }
        let plain = uri("/scim/a/v2/Users");
        assert!(!detail(&format!("There is no User with the id \"{key}\"."), &plain).contains(&key[..30]));
        assert!(!detail("\"password[value eq hunter2]\" is no path.", &plain).contains("hunter2"));
        let asked = uri("/scim/a/v2/Users?filter=password%20eqq%20hunter2");
        assert!(!detail("Expected an operator, not \"hunter2\".", &asked).contains("hunter2"));
        assert_eq!(&*detail("The name is taken.", &plain), "The name is taken.");
        assert!(!agent(&format!("curl {key}")).contains(&key[..30]));
    }
}
