//! The rules for resetting a password.

use secrecy::SecretString;
use uuid::Uuid;

use crate::{
    auth::{
        activity::{Actor, Kind},
        known_devices, new_stamp,
        passwords::{PasswordContext, password_error},
        rate_limit::account_attempts,
        store::accounts,
    },
    features::{
        accounts::{
            emails,
            one_time_links::{self, Link, Purpose},
            service::normalized,
        },
        browser_sessions, tokens,
    },
    http::{client::Client, problem::Problem},
    state::AppState,
    text::email_address::may_be_known,
};

/// Sends a reset link to the account with the address `email`, if there is one.
///
/// Neither the answer nor its timing tells whether there is one: both cases take one index lookup, and everything else
/// happens after the answer (S25). The answer is also the same after too many requests for one address, and the last
/// link stays valid: nobody can keep the owner from getting one (S68).
///
/// # Errors
/// [`Problem::RateLimited`]; or if the database fails.
pub(super) async fn ask(state: &AppState, client: &Client, email: &str) -> Result<(), Problem> {
    let AppState { db, settings, mailer, .. } = state;
    let few = account_attempts::reset(db, &settings.throttle, client, &normalized(email)).await?;
    let found = if may_be_known(email) { accounts::credentials(db, email).await? } else { None };
    let Some(account) = found else { return Ok(()) };
    let (ours, settings, mailer) = (db.clone(), settings.clone(), mailer.clone());
    db.spawn_detached(async move {
        let issued = if few {
            one_time_links::issue(&ours, &settings, (account.id, None), Purpose::Reset, None).await
        } else {
            one_time_links::issue_if_old(&ours, &settings, account.id, Purpose::Reset).await
        };
        match issued {
            Ok(Some(link)) => {
                tracing::info!(event = "password_link_asked", account = %account.id);
                mailer.send(emails::reset(&settings, &account.email, link)).await;
            }
            Ok(None) if !few && account.disabled_at.is_none() => {
                tracing::warn!(event = "mail_withheld", kind = "reset", account = %account.id);
            }
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "reset link not created"),
        }
    });
    Ok(())
}

/// Sets a new password for the account of the link `token`. This ends its browser sessions and revokes the tokens
/// created by `POST login`, with their descendants; with `tokens_too`, all other tokens as well. `None` if the link is
/// no longer valid or the password was changed meanwhile.
///
/// The link also confirms the email address, since its holder can read the account's mail. If nobody has shown that
/// before, somebody may have signed up with another person's address: then all tokens and passkeys end too, unless the
/// browser is one that has signed in to the account. A second factor is still asked for (S76).
/// The work is completed, and the notification sent, even if the client disconnects.
///
/// # Errors
/// [`Problem::Validation`] if the password is rejected; the link stays valid. [`Problem::Unavailable`].
pub(super) async fn reset(
    state: &AppState,
    client: &Client,
    token: &SecretString,
    password: SecretString,
    tokens_too: bool,
) -> Result<Option<Link>, Problem> {
    let AppState { db, mailer, settings, .. } = state;
    let hasher = state.hasher.of(client);
    let Some(link) = one_time_links::find(db, Purpose::Reset, token).await? else { return Ok(None) };
    if let Some(message) = hasher.rejection(&password, PasswordContext::new(&link.email, "")).await? {
        return Err(password_error("password", &password, message).into());
    }
    let hash = hasher.hash(password).await?;
    let stamp = new_stamp()?;
    let client = client.clone();
    let (ours, mailer, settings, token) = (db.clone(), mailer.clone(), settings.clone(), token.clone());
    let sign_ins = state.sign_ins.clone();
    // The order makes it safe to stop anywhere: the new stamp alone ends every session, every login token and every
    // other link, and lets nothing be created with the old password (S59).
    db.run_to_completion(async move {
        let Some(link) = one_time_links::consume(&ours, Purpose::Reset, &token).await? else { return Ok(None) };
        let actor = Actor::by_password(link.account_id, &client);
        let before = accounts::credentials_of(&ours, link.account_id).await?;
        let is_taken_over = before.is_some_and(|account| account.email_verified_at.is_none())
            && known_devices::device(&ours, &client, &link.email).await?.is_none();
        if accounts::set_password(&ours, link.account_id, hash, stamp.clone(), link.auth_stamp.0.clone()).await? == 0 {
            return Ok(None);
        }
        actor.record(&ours, Kind::PasswordReset, None);
        mailer.send(emails::password_changed(&settings, &link.email)).await;
        if is_taken_over {
            sign_ins.remove_ways_in(link.account_id).await?;
        }
        accounts::confirm(&ours, link.account_id, link.email.clone(), ours.now()).await?;
        browser_sessions::service::revoke_others(&ours, &actor, Uuid::nil()).await?;
        tokens::service::revoke_of_older_password(&ours, &actor, stamp, tokens_too || is_taken_over).await?;
        Ok(Some(link))
    })
    .await
}
