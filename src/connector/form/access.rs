//! How a target is told who calls, as people type it: on the command line in one word, in a form field by field. What
//! comes out can be sent, and leaves alone what HTTP itself needs.

use super::{clean_token, is_blank, same_origin};
use crate::connector::net::{Token, well_formed};
use crate::model::{Access, Auth, Header};

/// Longest name of a header, user or client, and longest value or scope, in bytes.
const NAME: usize = 200;
const VALUE: usize = 2000;
/// Most headers beside the credential.
const HEADERS: usize = 8;
/// Longest password or client secret, in bytes.
const SECRET: usize = 8 * 1024;

/// Headers that are the connection's own (RFC 9110 §7.6.1), say what a body is or which answers are wanted, or carry what
/// must not be shown to admins.
const OURS: [&str; 21] = [
    "accept",
    "accept-encoding",
    "connection",
    "cookie",
    "cookie2",
    "date",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "max-forwards",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];

/// Reads `bearer`, `header:NAME`, `basic:USER` or `oauth:TOKEN_URL,CLIENT_ID[,SCOPE]`.
///
/// # Errors
/// A sentence that says what to change.
pub fn parse_auth(text: &str) -> Result<Auth, String> {
    let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
    match kind {
        "bearer" if rest.is_empty() => Ok(Auth::Bearer),
        "header" => Ok(Auth::Header { name: rest.into() }),
        "basic" => Ok(Auth::Basic { user: rest.into() }),
        "oauth" => {
            let mut parts = rest.splitn(3, ',');
            let mut next = || parts.next().unwrap_or_default().to_owned();
            Ok(Auth::OAuth {
                token_url: next(),
                client_id: next(),
                scope: Some(next()),
            })
        }
        _ => Err("Use bearer, header:NAME, basic:USER or oauth:TOKEN_URL,CLIENT_ID[,SCOPE].".into()),
    }
}

/// Reads `Name: value`.
///
/// # Errors
/// A sentence that says what to change.
pub fn parse_header(text: &str) -> Result<Header, String> {
    let (name, value) = text
        .split_once(':')
        .ok_or("Write each header as “Name: value”.")?;
    Ok(Header {
        name: name.into(),
        value: value.into(),
    })
}

/// Makes what was typed fit to be sent and stored.
///
/// # Errors
/// A sentence that says what to change.
pub fn clean_access(typed: &Access) -> Result<Access, String> {
    let auth = clean_auth(&typed.auth)?;
    if typed.headers.len() > HEADERS {
        return Err(format!("No more than {HEADERS} headers can be sent."));
    }
    let mut headers: Vec<Header> = Vec::with_capacity(typed.headers.len());
    for header in &typed.headers {
        let name = header_name(&header.name)?;
        let value = header.value.trim().to_owned();
        if name.eq_ignore_ascii_case("authorization") {
            return Err(
                "A header of one's own shows its value to admins: choose how to sign in instead of \
                        “Authorization”."
                    .into(),
            );
        }
        let credential = matches!(&auth, Auth::Header { name: taken } if taken.eq_ignore_ascii_case(&name));
        if credential || headers.iter().any(|h| h.name.eq_ignore_ascii_case(&name)) {
            return Err(format!("The header “{name}” is there twice."));
        }
        if value.is_empty() || value.len() > VALUE || !value.bytes().all(|b| matches!(b, b' '..=b'~')) {
            return Err(format!(
                "The value of the header “{name}” must be one line of plain characters, at most {VALUE}."
            ));
        }
        headers.push(Header { name, value });
    }
    Ok(Access { auth, headers })
}

fn clean_auth(typed: &Auth) -> Result<Auth, String> {
    Ok(match typed {
        Auth::Bearer => Auth::Bearer,
        Auth::Header { name } => Auth::Header {
            name: header_name(name)?,
        },
        Auth::Basic { user } => {
            let user = word(user, "user name", VALUE)?;
            if user.contains(':') {
                return Err("A user name with a colon cannot be sent (RFC 7617).".into());
            }
            Auth::Basic { user }
        }
        Auth::OAuth {
            token_url,
            client_id,
            scope,
        } => Auth::OAuth {
            token_url: clean_token_url(token_url)?,
            client_id: word(client_id, "client id", VALUE)?,
            scope: match scope.as_deref().map(str::trim) {
                None | Some("") => None,
                Some(scope) => Some(word(scope, "scope", VALUE)?),
            },
        },
    })
}

/// The path is the issuer's: nothing is cut off it.
fn clean_token_url(typed: &str) -> Result<String, String> {
    let text = word(typed, "token URL", VALUE)?;
    let usable = well_formed(&text).map_err(|why| format!("The token URL cannot be used: {why}."))?;
    if text.contains(' ') {
        return Err("The token URL contains blanks.".into());
    }
    Ok(usable.into())
}

fn word(typed: &str, what: &str, most: usize) -> Result<String, String> {
    let text = typed.trim_matches(is_blank);
    match () {
        () if text.is_empty() => Err(format!("Enter the {what}.")),
        () if text.len() > most => Err(format!("The {what} is longer than {most} characters.")),
        () if text.chars().any(|c| c != ' ' && is_blank(c)) => {
            Err(format!("The {what} contains characters that cannot be seen."))
        }
        () => Ok(text.to_owned()),
    }
}

fn header_name(typed: &str) -> Result<String, String> {
    let name = word(typed, "name of the header", NAME)?;
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    if !name.bytes().all(token) {
        return Err(format!(
            "“{name}” is no name of a header: it has letters, digits and hyphens only."
        ));
    }
    let lower = name.to_ascii_lowercase();
    if OURS.contains(&lower.as_str()) || lower.starts_with("content-") || lower.starts_with("if-") {
        return Err(format!(
            "The header “{name}” cannot be chosen: the connection needs it for itself."
        ));
    }
    Ok(name)
}

/// Makes a secret of what was pasted: a token loses the word before it, the value of a header and a password or client
/// secret keep every character.
///
/// # Errors
/// A sentence that says what to change; it never contains the input.
pub fn clean_secret(auth: &Auth, input: &str) -> Result<Token, String> {
    let text = match auth {
        Auth::Bearer => return clean_token(input),
        // "Token token=abc": what stands before the token is the app's own.
        Auth::Header { .. } => input.trim_matches(is_blank),
        Auth::Basic { .. } | Auth::OAuth { .. } => input.trim_matches(['\r', '\n']),
    };
    if matches!(auth, Auth::Header { .. }) && !text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return Err("The value of the header must be one line of plain characters. Copy it again.".into());
    }
    if text.is_empty() {
        return Err("Enter the secret.".into());
    }
    if text.len() > SECRET || text.chars().any(char::is_control) {
        return Err("The secret is too long or contains control characters. Copy it again.".into());
    }
    Ok(Token::new(text.to_owned()))
}

/// Whether the stored secret, and what it buys, would go only where it went before: it was entered for that.
#[must_use]
pub fn same_destination(old: (&str, &Access), new: (&str, &Access)) -> bool {
    same_origin(old.0, new.0) && same_origin(destination(old), destination(new))
}

/// Where the secret itself is sent.
fn destination<'a>((base_url, access): (&'a str, &'a Access)) -> &'a str {
    match &access.auth {
        Auth::OAuth { token_url, .. } => token_url,
        Auth::Bearer | Auth::Header { .. } | Auth::Basic { .. } => base_url,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn cleaned(auth: &str, headers: &[&str]) -> Result<Access, String> {
        let headers = headers
            .iter()
            .map(|h| parse_header(h))
            .collect::<Result<_, _>>()?;
        clean_access(&Access {
            auth: parse_auth(auth)?,
            headers,
        })
    }

    #[test]
    fn every_way_to_sign_in_can_be_typed() {
        let header = |name: &str| Auth::Header { name: name.into() };
        let oauth = |scope: Option<&str>| Auth::OAuth {
            token_url: "https://login.example/token?x=1".into(),
            client_id: "me".into(),
            scope: scope.map(Into::into),
        };
        for (typed, auth) in [
            ("bearer", Auth::Bearer),
            ("header:ApiKey", header("ApiKey")),
            ("header: Authorization ", header("Authorization")),
            (
                "basic:ann@x y",
                Auth::Basic {
                    user: "ann@x y".into(),
                },
            ),
            ("oauth:https://login.example/token?x=1,me", oauth(None)),
            ("oauth:https://login.example/token?x=1,me,", oauth(None)),
            (
                "oauth:https://login.example/token?x=1,me,scim read,write",
                oauth(Some("scim read,write")),
            ),
        ] {
            assert_eq!(cleaned(typed, &[]).unwrap().auth, auth, "{typed}");
        }
        for bad in [
            "",
            "Bearer",
            "bearer:x",
            "header:",
            "header:a b",
            "header:Content-Type",
            "header:host",
            "header:Cookie",
            "basic:",
            "basic:a:b",
            "oauth:",
            "oauth:https://login.example/token",
            "oauth:login.example,me",
            "oauth:ftp://login.example,me",
            "oauth:https://u:p@login.example,me",
            "oauth:https://login.example/#x,me",
        ] {
            assert!(cleaned(bad, &[]).is_err(), "{bad}");
        }
    }

    #[test]
    fn headers_leave_alone_what_the_connection_needs() {
        let good = cleaned("bearer", &["X-Org: 7 ", "Accept-Language:de"]).unwrap();
        let pairs: Vec<_> = good
            .headers
            .iter()
            .map(|h| (h.name.as_str(), h.value.as_str()))
            .collect();
        assert_eq!(pairs, [("X-Org", "7"), ("Accept-Language", "de")]);
        for name in OURS.into_iter().chain([
            "Authorization",
            "Content-Length",
            "Content-Encoding",
            "If-Match",
            "a b",
            "ä",
            "",
        ]) {
            assert!(cleaned("bearer", &[&format!("{name}: x")]).is_err(), "{name}");
        }
        for value in ["", " ", "a\r\nHost: b", "ä", "\u{0}"] {
            assert!(
                cleaned("bearer", &[&format!("X-Org: {value}")]).is_err(),
                "{value:?}"
            );
        }
        assert!(cleaned("bearer", &["no colon"]).is_err());
        assert!(cleaned("bearer", &["X-Org: 1", "x-org: 2"]).is_err());
        assert!(cleaned("header:ApiKey", &["apikey: 2"]).is_err());
        let many: Vec<String> = (0..=HEADERS).map(|n| format!("X-{n}: 1")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(cleaned("bearer", &many[1..]).is_ok());
        assert!(cleaned("bearer", &many).is_err());
    }

    #[test]
    fn a_secret_is_cleaned_as_its_kind_needs() {
        let basic = Auth::Basic { user: "a".into() };
        assert_eq!(
            clean_secret(&Auth::Bearer, " Bearer abc\n").unwrap().expose(),
            "abc"
        );
        assert_eq!(
            clean_secret(&basic, " pass wörd \r\n").unwrap().expose(),
            " pass wörd "
        );
        let header = Auth::Header {
            name: "Authorization".into(),
        };
        for value in ["SSWS abc", "Token token=x", "GenieKey  x", "Bearer abc", "x"] {
            let pasted = format!(" {value}\u{200b}\r\n");
            assert_eq!(clean_secret(&header, &pasted).unwrap().expose(), value);
        }
        for bad in ["", "\n", "a\u{7}b", &"x".repeat(SECRET + 1)] {
            assert!(clean_secret(&basic, bad).is_err());
            assert!(clean_secret(&header, bad).is_err());
        }
        for bad in [" ", "a\nb", "a\tb", "wörd", "a\u{200b}b"] {
            assert!(clean_secret(&header, bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_secret_stays_where_it_was_entered_for() {
        let bearer = Access::default();
        let oauth = |url: &str| Access {
            auth: Auth::OAuth {
                token_url: url.into(),
                client_id: "me".into(),
                scope: None,
            },
            headers: Vec::new(),
        };
        let (app, login) = ("https://app.example/v2", "https://login.example/token");
        let (elsewhere, evil) = (
            oauth("https://login.example/v2/token"),
            oauth("https://evil.example/token"),
        );
        let oauth = oauth(login);
        for (old, new, same) in [
            ((app, &bearer), ("https://app.example/v3", &bearer), true),
            ((app, &bearer), ("https://app2.example/v2", &bearer), false),
            ((app, &oauth), (app, &elsewhere), true),
            ((app, &oauth), (app, &evil), false),
            ((app, &oauth), ("https://evil.example", &oauth), false),
            ((app, &bearer), (app, &oauth), false),
            ((app, &oauth), (app, &bearer), false),
        ] {
            assert_eq!(same_destination(old, new), same, "{old:?} {new:?}");
        }
    }
}
