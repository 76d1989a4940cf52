//! Accounts of admins, made or mended by whoever owns the data directory.

use tokio::task::spawn_blocking;

use super::{sentence, typist};
use crate::app::Hub;
use crate::cli::answer::AdminDone;
use crate::cli::command::WireSecret;
use crate::model::{EventDraft, Outcome, Role};
use crate::secret::{check_password, hash_password};
use crate::store::{Lane, StoreError, Tx, access, events};

/// RFC 5321 §4.5.3.1: a path has at most 256 octets, its two brackets included.
const LONGEST_EMAIL: usize = 254;

pub(super) async fn create(
    hub: &Hub,
    email: &str,
    role: Role,
    password: WireSecret,
) -> Result<AdminDone, String> {
    let email = email_of(email)?;
    let hash = hashed(password).await?;
    let who = email.clone();
    let work = move |tx: &Tx<'_>| -> Result<bool, StoreError> {
        let made = access::insert_admin(tx, &who, role, &hash)?.is_some();
        if made {
            tell(tx, &who, "admin.created", role.as_str())?;
        }
        Ok(made)
    };
    if hub.store.write(Lane::Front, None, work).await.map_err(sentence)? {
        Ok(AdminDone { email, role })
    } else {
        Err(format!(
            "There is an account for {email} already. `rollcall admin reset-password` gives it a new password."
        ))
    }
}

pub(super) async fn reset_password(
    hub: &Hub,
    email: &str,
    password: WireSecret,
) -> Result<AdminDone, String> {
    let asked = email.trim().to_owned();
    let hash = hashed(password).await?;
    let who = asked.clone();
    let work = move |tx: &Tx<'_>| -> Result<Option<AdminDone>, StoreError> {
        let Some((admin, _)) = access::admin_by_email(tx, &who)? else {
            return Ok(None);
        };
        access::set_password(tx, &admin.email, &hash)?;
        tell(tx, &admin.email, "admin.password_reset", "")?;
        Ok(Some(AdminDone {
            email: admin.email,
            role: admin.role,
        }))
    };
    let done = hub.store.write(Lane::Front, None, work).await.map_err(sentence)?;
    done.ok_or_else(|| format!("There is no account for {asked}."))
}

/// Checks and hashes off the async threads: a hash is slow on purpose.
async fn hashed(password: WireSecret) -> Result<String, String> {
    check_password(password.0.expose()).map_err(sentence)?;
    let hashing = spawn_blocking(move || hash_password(&password.0));
    hashing.await.map_err(sentence)?.map_err(sentence)
}

/// What looks like an e-mail address; whether mail arrives there is not asked.
fn email_of(typed: &str) -> Result<String, String> {
    let email = typed.trim();
    let whole = email.len() <= LONGEST_EMAIL && !email.chars().any(|c| c.is_control() || c.is_whitespace());
    match email.split_once('@') {
        Some((name, host)) if whole && !name.is_empty() && !host.is_empty() && !host.contains('@') => {
            Ok(email.to_owned())
        }
        _ => Err("The account needs an e-mail address such as ada@example.com.".into()),
    }
}

fn tell(tx: &Tx<'_>, email: &str, action: &'static str, detail: &str) -> Result<(), StoreError> {
    let draft = EventDraft {
        instance: None,
        resource: None,
        subject: email.into(),
        actor: typist(),
        action,
        outcome: Outcome::Done,
        detail: detail.into(),
        changes: Vec::new(),
    };
    events::record(tx, draft).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_like_an_address() {
        assert_eq!(email_of(" ada@example.com ").as_deref(), Ok("ada@example.com"));
        assert!(email_of("ädä@bücher.example").is_ok() && email_of("root@localhost").is_ok());
        let long = format!("{}@example.com", "a".repeat(250));
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a@b@c",
            "a b@c",
            "a\u{7}@c",
            &long,
        ] {
            assert!(email_of(bad).is_err(), "{bad}");
        }
    }
}
