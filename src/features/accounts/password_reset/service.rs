//! The rules of a forgotten password.

use uuid::Uuid;

use crate::{
    auth::{
        activity::{Actor, Kind},
        new_stamp,
        passwords::About,
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

/// Mails a link to the account of `email`, if there is one.
///
/// Whether there is, nobody can tell by the answer or by the time it takes: one look at the index, and all that differs
/// comes after the answer (S25). Whoever has asked too often for the same address is told the same, and the link that was
/// mailed last stays good: nobody can keep the owner from having one (S68).
///
/// # Errors
/// [`Problem::RateLimited`]; the database's.
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
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "no link was made"),
        }
    });
    Ok(())
}

/// Gives the account behind the link `token` a new password and ends what the older one made: its sign-ins, and the
/// tokens of `POST login` with all they have made; with `tokens_too`, its other tokens as well. `None` where the link
/// is good no longer, or the password was changed meanwhile.
///
/// Whoever holds the link reads the account's mail, so the address is confirmed with it. Nobody can keep the mail about
/// the new password from being sent by hanging up.
///
/// # Errors
/// [`Problem::Validation`] where the password will not do, and the link is good for another try;
/// [`Problem::Unavailable`].
pub(super) async fn reset(
    state: &AppState,
    client: &Client,
    token: &str,
    password: String,
    tokens_too: bool,
) -> Result<Option<Link>, Problem> {
    let AppState { db, mailer, settings, .. } = state;
    let hasher = state.hasher.of(client);
    let Some(link) = one_time_links::find(db, Purpose::Reset, token).await? else { return Ok(None) };
    if let Some(message) = hasher.objection(&password, About::new(&link.email, "")).await? {
        return Err(Problem::field("password", &message));
    }
    let hash = hasher.hash(password).await?;
    let stamp = new_stamp()?;
    let client = client.clone();
    let (ours, mailer, settings, token) = (db.clone(), mailer.clone(), settings.clone(), token.to_owned());
    // In an order that is safe to stop in: the new stamp alone ends every session, every token of a login and every
    // other link, and lets nothing be made that the older password was proven for (S59).
    db.run_to_completion(async move {
        let Some(link) = one_time_links::consume(&ours, Purpose::Reset, &token).await? else { return Ok(None) };
        let actor = Actor::by_password(link.account_id, &client);
        if accounts::set_password(&ours, link.account_id, hash, stamp.clone(), link.auth_stamp.0.clone()).await? == 0 {
            return Ok(None);
        }
        actor.record(&ours, Kind::PasswordReset, None);
        mailer.post(emails::password_changed(&settings, &link.email));
        accounts::confirm(&ours, link.account_id, link.email.clone(), ours.now()).await?;
        browser_sessions::service::revoke_others(&ours, &actor, Uuid::nil()).await?;
        tokens::service::revoke_of_older_password(&ours, &actor, stamp, tokens_too).await?;
        Ok(Some(link))
    })
    .await
}
