//! `instance token`: how old the app's token is and when it ends; a new one; another end.

use super::{find, sentence, typist};
use crate::app::Hub;
use crate::cli::answer::TokenRow;
use crate::cli::command::{TokenEnd, WireSecret};
use crate::sync::manage::Edit;
use crate::sync::token::reminder;

pub(super) async fn token(
    hub: &Hub,
    slug: String,
    token: Option<WireSecret>,
    ends: Option<TokenEnd>,
) -> Result<TokenRow, String> {
    let mut instance = find(hub, slug).await?;
    let id = instance.id;
    if token.is_some() || ends.is_some() {
        let edit = Edit {
            token: token.map(|token| token.0),
            token_ends: ends.map(|ends| match ends {
                TokenEnd::Never => None,
                TokenEnd::At(at) => Some(at),
            }),
            ..Edit::default()
        };
        let edited = hub.manager.edit(typist(), id, edit).await;
        instance = edited.map_err(sentence)?;
    }
    let reminder = reminder(instance.secret_ends_at, hub.store.clock().now());
    Ok(TokenRow {
        slug: instance.slug,
        set_at: instance.secret_set_at.map(|at| at.to_string()),
        ends_at: instance.secret_ends_at.map(|at| at.to_string()),
        reminder: reminder.map(sentence),
    })
}
