//! Whose token is it? `/Me` (RFC 7644 §3.11) names the account, where an app offers it. Most do not, and then nobody knows:
//! no answer to this is ever a failure.

use super::client::Scim;
use crate::connector::net::Method;

/// Longest id that is believed, in bytes.
const LONGEST: usize = 500;

impl Scim {
    /// The app's id of the account behind the token, if it tells.
    pub(in crate::connector) async fn own_account(&self) -> Option<String> {
        let url = self.endpoint("Me", &[]).ok()?;
        let answer = self.ask(Method::GET, url, None).await.ok()?;
        if answer.status != 200 {
            return None;
        }
        let me = self.object(&answer, false).ok()?;
        let id = me.get("id")?.as_str()?;
        // A user, and not some page that answers everything.
        let is_user = me.get("userName").is_some_and(serde_json::Value::is_string);
        (is_user && !id.is_empty() && id.len() <= LONGEST).then(|| id.to_owned())
    }
}
