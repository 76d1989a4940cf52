//! The words for what stands behind a refusal.

use super::{Said, said};
use crate::model::{ApiKey, Time, Why};
use crate::web::ui::words;

const PASTE: &str = "Paste a key of this instance as bearer token (also called secret token, API token or HTTP header). The \
                     tab Keys makes a new one; it is shown once.";

/// What the provider was not told, or not in these words.
pub(super) fn said_of(why: Why, key: Option<&ApiKey>, endpoint: &str) -> Said {
    let named = key.map_or_else(
        || "The key".into(),
        |key| format!("The key “{}” ({}…)", key.name, key.prefix),
    );
    let right = format!(
        "The SCIM base URL is {endpoint}. Compare it with what the identity provider has, letter by letter."
    );
    match why {
        Why::NoKey => said(
            "It came without a key.",
            [
                PASTE,
                "If there is one already, a proxy in between may drop the header Authorization: have it pass it on.",
            ],
        ),
        Why::NoBearer => said(
            "It came with a key, but without the word Bearer before it.",
            [
                "Choose bearer token as the kind of authentication, or write “Bearer ” and a blank before the key.",
            ],
        ),
        Why::OtherScheme => said(
            "It came with another kind of sign-in than a bearer token, such as a user name and password.",
            [
                "Choose bearer token (OAuth bearer token, HTTP header) as the kind of authentication.",
                PASTE,
            ],
        ),
        Why::Jwt => said(
            "It came with a token that the identity provider made itself, not with a key of this instance.",
            [
                "In Entra, fill in the field Secret Token: when it is blank, Entra sends a token of its own.",
                PASTE,
            ],
        ),
        Why::Malformed => said(
            "What it sent as key is not a whole key of Rollcall: cut off, mistyped, or another product's.",
            [
                "A key begins with rc_ and has 52 characters. Paste it whole, without quotes or blanks.",
                PASTE,
            ],
        ),
        Why::Unknown => said(
            "It came with a key that nobody here knows: of another Rollcall, or of an instance that was deleted.",
            [PASTE],
        ),
        Why::Foreign => said(
            "It came with a key of another instance.",
            [
                "Give the identity provider the SCIM base URL and a key of the same instance.",
                &right,
            ],
        ),
        Why::Expired => said(
            format!("{named} has ended{}.", when(key.and_then(|key| key.expires_at))),
            [PASTE],
        ),
        Why::Revoked => said(
            format!("{named} was revoked{}.", when(key.and_then(|key| key.revoked_at))),
            [PASTE],
        ),
        Why::Disabled => said(
            "This instance was disabled.",
            [
                "Enable it on its page. The identity provider tries again by itself; what it sent meanwhile it sends anew.",
            ],
        ),
        Why::Crowded => said(
            "Too many requests to this instance were under way at once.",
            [
                "Nothing has to be done: the identity provider was told to come again.",
                "If it goes on, let it send fewer at once.",
            ],
        ),
        Why::TooFast => said(
            "It came with more requests a second than a key may send.",
            [
                "Nothing has to be done: the identity provider was told to come again.",
                "The limit is a setting of Rollcall.",
            ],
        ),
        Why::Slow => said(
            "The body of the request did not arrive in time.",
            ["Look at the network and the proxies between the identity provider and Rollcall."],
        ),
        Why::NoEndpoint => said(
            "There is no endpoint at this path: the base URL is wrong.",
            [&right],
        ),
        Why::Gone => said(
            "The identity provider hung up before the answer was ready. What it asked for may have been carried out.",
            ["If it goes on, give it a longer time-out, or let it send fewer members in one request."],
        ),
    }
}

fn when(at: Option<Time>) -> String {
    at.map(|at| format!(" on {}", words::exact(at)))
        .unwrap_or_default()
}
