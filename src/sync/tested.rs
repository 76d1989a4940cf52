//! A connection that was typed, tried before it replaces the one that works; and what becomes of the token before it.

use super::connect;
use super::context::leads_alike;
use super::credential::{self, can_seal};
use super::manage::{ManageError, Manager, changed_meanwhile, gone};
use super::token::remind;
use crate::connector::form::{clean_access, clean_base_url, clean_secret, same_destination};
use crate::connector::{Token, Verdict, catalog};
use crate::model::{Access, Capabilities, ConditionKind, Instance, Scope, Target};
use crate::secret::{KeyState, Secret};
use crate::store::{StoreError, Tx, conditions, instances, links};

/// What is to be saved of a tested connection.
pub(super) struct Tested {
    pub(super) target: Target,
    pub(super) token: Option<Token>,
    pub(super) same_app: bool,
}

impl Manager {
    /// Tests what would be saved; `None` when the connection stays as it is.
    pub(super) async fn tested(
        &self,
        instance: &Instance,
        (base_url, access, token): (Option<String>, Option<Access>, Option<Secret>),
        other_directory: bool,
    ) -> Result<Option<Tested>, ManageError> {
        let old = instance.target.as_ref().map(|t| (t.base_url(), t.access()));
        let url = match (base_url, old) {
            (Some(typed), _) => clean_base_url(&typed).map_err(ManageError::Refused)?.url,
            (None, Some((old, _))) => old.to_owned(),
            (None, None) if token.is_some() => {
                return Err(ManageError::Refused(
                    "Type the SCIM base URL beside the token.".into(),
                ));
            }
            (None, None) => return Ok(None),
        };
        let access = match (access, old) {
            (Some(typed), _) => clean_access(&typed).map_err(ManageError::Refused)?,
            (None, Some((_, old))) => old.clone(),
            (None, None) => Access::default(),
        };
        let moved = old.is_none_or(|(old, _)| old != url);
        if old == Some((url.as_str(), &access)) && token.is_none() {
            return Ok(None);
        }
        can_seal(&self.keys)?;
        let typed = token
            .map(|t| clean_secret(&access.auth, t.expose()))
            .transpose()
            .map_err(ManageError::Refused)?;
        let token = match (&typed, old) {
            (Some(token), _) => token.clone(),
            (None, Some(old)) if same_destination(old, (&url, &access)) => {
                self.stored_token(instance).await?
            }
            // A stored secret is never sent to an origin it was not entered for.
            (None, _) => {
                let text = "The new address is on another host: type the token or secret for it as well.";
                return Err(ManageError::Refused(text.into()));
            }
        };
        let capabilities = self
            .check(&instance.app, &url, &access, token.clone(), instance.scope)
            .await?;
        let mut target = Target::Scim {
            base_url: url,
            access,
            capabilities,
        };
        let id = instance.id;
        let known = self.store.read(move |rx| links::sample(rx, id, connect::ASKED));
        let same_app = match connect::recognise(&self.net, &known.await?, &target, token).await {
            Ok(recognised) => recognised.is_same(),
            // It shows nobody by id, at its old address either: then nobody is ever verified as gone there.
            Err(error) if !moved && error.verdict == Verdict::Reject => true,
            Err(error) => {
                let text = format!("The app could not be compared with the one before: {error}.");
                return Err(ManageError::Refused(text));
            }
        };
        if !same_app && !other_directory {
            return Err(ManageError::OtherDirectory);
        }
        if let Some(before) = instance.target.as_ref().filter(|_| same_app && !moved) {
            let (before, found) = (before.capabilities(), target.capabilities_mut());
            // A check asks little: of the same app at the same address, what was learnt on the way stays true.
            *found = found.clone().remembering(before);
            // Groups that were there are not given up for one refusal: they would be forgotten instead of deleted.
            found.groups |= before.groups;
        }
        Ok(Some(Tested {
            target,
            token: typed,
            same_app,
        }))
    }

    /// The token of an instance, if it is still connected as it was read: no other address gets it.
    pub(super) async fn stored_token(&self, instance: &Instance) -> Result<Token, ManageError> {
        let id = instance.id;
        let stored = self.store.look_up(move |rx| {
            Ok::<_, StoreError>((instances::by_id(rx, id)?, instances::sealed_secret(rx, id)?))
        });
        let (now, sealed) = stored.await?;
        if !leads_alike(&now.ok_or_else(gone)?, instance) {
            return Err(changed_meanwhile());
        }
        let sealed = sealed.ok_or_else(|| ManageError::Refused("No token is stored: type it.".into()))?;
        Ok(credential::open(&self.keys, id, &sealed)?)
    }

    /// What the endpoint can, as far as the catalog lets it.
    pub(super) async fn check(
        &self,
        app: &str,
        base_url: &str,
        access: &Access,
        token: Token,
        scope: Scope,
    ) -> Result<Capabilities, ManageError> {
        let bounded = |found: Capabilities| match catalog::find(app) {
            Some(app) => app.bounded(found),
            None => found,
        };
        let pace = bounded(Capabilities::default()).pace;
        let found = connect::connect(&self.net, base_url, access, token, scope, pace).await;
        Ok(bounded(found.map_err(|e| ManageError::Check(Box::new(e)))?))
    }
}

/// A tested token takes the place of the stored one, which is kept until the new one has worked: not if the app refuses
/// it, nor for an origin that it was not entered for.
pub(super) fn replace_token(
    tx: &Tx<'_>,
    keys: &KeyState,
    instance: &Instance,
    target: &Target,
    token: &Token,
) -> Result<(), StoreError> {
    let old = instance.target.as_ref().map(|t| (t.base_url(), t.access()));
    let new = (target.base_url(), target.access());
    if old.is_some_and(|old| same_destination(old, new)) && instance.parked_since.is_none() {
        credential::keep(tx, keys, instance.id)?;
    } else {
        instances::clear_secret_before(tx, instance.id)?;
    }
    credential::put(tx, keys, instance.id, token)?;
    conditions::close(tx, instance.id, ConditionKind::TokenRefused)?;
    remind(tx, instance.id)
}
