//! The mail about a sign-in from a new browser.

use super::emails;
use crate::{
    auth::{
        Account,
        known_devices::{is_new, recognise},
    },
    http::client::Client,
    state::AppState,
};

/// Reports a sign-in to `account` from a new browser to its owner (S28). The mail is sent after the request, which does
/// not wait for it.
pub(crate) fn notify_if_new(state: &AppState, account: &Account, client: &Client) {
    recognise(&state.db, account.id, client);
    let AppState { db, mailer, settings, .. } = state.clone();
    let (account, client) = (account.clone(), client.clone());
    state.db.spawn_detached(async move {
        match is_new(&db, account.id, &client).await {
            Ok(true) => mailer.send(emails::new_browser(&settings, &account.email, &client)).await,
            Ok(false) => {}
            Err(error) => tracing::error!(%error, account = %account.id, "browser not remembered"),
        }
    });
}
