//! The first code that is used confirms the address of the account.
//!
//! Until then nobody has shown that the account belongs to whoever reads the mail: somebody may have signed up with
//! another person's address, and wait for its owner to sign in. So everything that opens the account and was made
//! before is ended, unless the browser is one that has signed in to it.

use uuid::Uuid;

use super::emails;
use crate::{
    auth::{
        activity::{Actor, Kind},
        known_devices, new_stamp,
        store::accounts,
    },
    features::{browser_sessions, tokens},
    http::{client::Client, problem::Problem},
    state::AppState,
};

/// Confirms the address of `account`, to which a code was sent that was just used, if it is not confirmed yet.
///
/// The order makes it safe to stop anywhere: the new stamp alone ends every session, every login token and every link
/// (S59), and the address is confirmed last.
///
/// # Errors
/// [`Problem::SignInExpired`] if the password was changed meanwhile; or if the database fails.
pub(super) async fn confirm(state: &AppState, client: &Client, (id, stamp): (Uuid, &[u8])) -> Result<(), Problem> {
    let AppState { db, settings, mailer, .. } = state;
    let account = accounts::credentials_of(db, id).await?.ok_or(Problem::SignInExpired)?;
    if account.email_verified_at.is_some() {
        return Ok(());
    }
    let actor = Actor::by_email_code(id, client);
    if known_devices::device(db, client, &account.email).await?.is_none() {
        if accounts::set_password(db, id, String::new(), new_stamp()?, stamp.to_vec()).await? == 0 {
            return Err(Problem::SignInExpired);
        }
        browser_sessions::service::revoke_others(db, &actor, Uuid::nil()).await?;
        tokens::service::revoke_all(db, &actor).await?;
        state.sign_ins.remove_all(id).await?;
        actor.record(db, Kind::PasswordRemoved, None);
        mailer.send(emails::taken_over(settings, &account.email)).await;
    }
    accounts::confirm(db, id, account.email, db.now()).await?;
    actor.record(db, Kind::AddressConfirmed, None);
    Ok(())
}
