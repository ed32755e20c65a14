//! The rules for verifying email addresses.

use secrecy::SecretString;
use uuid::Uuid;

use crate::{
    auth::{
        Account, Stamp,
        activity::{Actor, Kind},
        new_stamp,
        passwords::Hasher,
        rate_limit::account_attempts,
        store::accounts,
    },
    db::{Db, is_unique_violation},
    features::accounts::{
        emails,
        one_time_links::{self, Link, Pending, Purpose},
        service::{SignUp, hash_for_sign_up, is_address, normalized, validated},
    },
    http::{
        client::Client,
        problem::{FieldCode, FieldError, Problem},
    },
    mail::Mailer,
    settings::Settings,
    state::AppState,
};

/// Sends `account` another link to confirm its email address.
///
/// # Errors
/// [`Problem::RateLimited`]; or if the database fails.
pub(super) async fn ask_again(state: &AppState, client: &Client, account: &Account) -> Result<(), Problem> {
    account_attempts::mail(
        &state.db,
        &state.settings.throttle,
        client,
        account_attempts::Asked::Confirm,
        &account.email,
    )
    .await?;
    ask(&state.db, &state.settings, &state.mailer, account).await;
    Ok(())
}

/// Sends `account` a link to confirm its email address. The mail is stored when this returns, also if the client
/// disconnects meanwhile.
pub async fn ask(db: &Db, settings: &Settings, mailer: &Mailer, account: &Account) {
    let (ours, settings, mailer, account) = (db.clone(), settings.clone(), mailer.clone(), account.clone());
    let work = async move {
        if let Some(link) = link(&ours, &settings, (account.id, None), Purpose::Confirm, None).await {
            mailer.send(emails::confirm(&settings, &account.email, link)).await;
        }
        Ok::<_, Problem>(())
    };
    if let Err(error) = db.run_to_completion(work).await {
        tracing::error!(%error, "confirmation link not sent");
    }
}

/// Signs up where email addresses must be confirmed first. The answer, and the work before it, are the same whether or
/// not there is an account with the address. The rest happens in the background, and the mail tells the person which it
/// was (S25).
///
/// # Errors
/// [`Problem::Validation`], which depends only on the form; [`Problem::RateLimited`];
/// [`Problem::Unavailable`].
pub async fn sign_up(
    db: &Db,
    hasher: &Hasher,
    settings: &Settings,
    mailer: &Mailer,
    client: &Client,
    form: SignUp,
) -> Result<(), Problem> {
    let (name, email) = validated(&form)?;
    // Either way mail is sent, so the attempt stays counted.
    let (password_hash, _counted) =
        hash_for_sign_up((db, hasher, &settings.throttle), client, (&name, &email), form.password).await?;
    let auth_stamp = new_stamp()?;
    // Query in both cases, and before answering: if the database is down, do not answer "Check your email".
    let found = accounts::credentials(db, &email).await?;
    let (ours, settings, mailer, client) = (db.clone(), settings.clone(), mailer.clone(), client.clone());
    db.spawn_detached(async move {
        if found.is_none() {
            let (id, created_at) = (Uuid::now_v7(), ours.now());
            let account = Account { id, email: email.clone(), email_confirmed: false, name, created_at };
            match accounts::insert(&ours, account, Some(password_hash), auth_stamp).await {
                Ok(account) => {
                    Actor::by_password(account.id, &client).record(&ours, Kind::SignedUp, None);
                    return ask(&ours, &settings, &mailer, &account).await;
                }
                // A concurrent sign-up with the same address was faster.
                Err(error) if is_unique_violation(&error) => {}
                Err(error) => return tracing::error!(%error, "account not created"),
            }
        }
        again(&ours, &settings, &mailer, &email).await;
    });
    Ok(())
}

/// Tells the owner of the address that somebody tried to sign up with it. The account, its password and its name stay
/// as they are.
pub(in crate::features::accounts) async fn again(db: &Db, settings: &Settings, mailer: &Mailer, email: &str) {
    let Ok(Some(account)) = accounts::credentials(db, email).await else { return };
    let link = if account.email_verified_at.is_none() {
        link(db, settings, (account.id, None), Purpose::Confirm, None).await
    } else {
        None
    };
    mailer.send(emails::signed_up_again(settings, &account.email, link)).await;
}

/// The new address of `account`, as it is stored.
///
/// # Errors
/// [`Problem::Validation`] if it is not an email address or is the current one.
pub fn new_address(account: &Account, email: &str) -> Result<String, Problem> {
    let email = normalized(email);
    if !is_address(&email) {
        return Err(Problem::field("email", "Enter an email address, such as ada@example.org."));
    }
    if email == normalized(&account.email) {
        return Err(FieldError::new("email", "This is already your email address.").code(FieldCode::Taken).into());
    }
    Ok(email)
}

/// Sends a link to `email`, the new address of `account`, and a notification to its current address. If another account
/// has the new address, the answer is the same, and so is what [`pending`] says: there is a link then too, but it is
/// sent to nobody.
///
/// # Errors
/// [`Problem::Validation`] if it is not an email address or is the current one; [`Problem::RateLimited`]; or if the
/// database fails.
pub async fn ask_for_change(
    db: &Db,
    settings: &Settings,
    mailer: &Mailer,
    (account, actor): (&Account, Actor),
    email: &str,
) -> Result<(), Problem> {
    let email = new_address(account, email)?;
    account_attempts::mail(db, &settings.throttle, &actor.client, account_attempts::Asked::Change, &email).await?;
    let taken = accounts::credentials(db, &email).await?.is_some();
    let (ours, settings, mailer, account) = (db.clone(), settings.clone(), mailer.clone(), account.clone());
    // Run to completion: nobody keeps the notification back by disconnecting.
    db.run_to_completion(async move {
        actor.record(&ours, Kind::AddressChangeAsked, None);
        let asker = (account.id, actor.stamp.clone());
        let link = one_time_links::issue(&ours, &settings, asker, Purpose::Email, Some(email.clone())).await?;
        // Either way two mails are stored before the answer.
        match link {
            Some(_) if taken => mailer.send(emails::taken(&settings, &email)).await,
            Some(link) => mailer.send(emails::new_address(&settings, &email, link)).await,
            None => {}
        }
        mailer.send(emails::change_asked(&settings, &account.email)).await;
        Ok(())
    })
    .await
}

/// The change of `account`'s address that waits for its confirmation.
///
/// # Errors
/// If the database fails.
pub async fn pending(db: &Db, account: Uuid) -> Result<Option<Pending>, Problem> {
    one_time_links::pending(db, account, Purpose::Email).await
}

/// Cancels the change of the address that waits for its confirmation, if there is one.
///
/// # Errors
/// If the database fails.
pub async fn cancel_change(db: &Db, actor: &Actor) -> Result<(), Problem> {
    if one_time_links::cancel(db, actor.account, Purpose::Email).await? > 0 {
        actor.record(db, Kind::AddressChangeCanceled, None);
    }
    Ok(())
}

async fn link(
    db: &Db,
    settings: &Settings,
    whose: (Uuid, Option<Stamp>),
    purpose: Purpose,
    sent_to: Option<String>,
) -> Option<url::Url> {
    one_time_links::issue(db, settings, whose, purpose, sent_to).await.unwrap_or_else(|error| {
        tracing::error!(%error, "confirmation link not created");
        None
    })
}

/// Confirms or changes the email address as the link `token` says. `None` if the link is no longer valid. The work is
/// completed, and the notification sent, even if the client disconnects.
///
/// # Errors
/// [`Problem::Conflict`] if another account has taken the address meanwhile; or if the database fails.
pub async fn take(
    state: &AppState,
    client: &Client,
    purpose: Purpose,
    token: &SecretString,
) -> Result<Option<Link>, Problem> {
    let AppState { db, mailer, settings, .. } = state;
    let client = client.clone();
    let (ours, mailer, settings, token) = (db.clone(), mailer.clone(), settings.clone(), token.clone());
    db.run_to_completion(async move {
        let Some(link) = one_time_links::consume(&ours, purpose, &token).await? else { return Ok(None) };
        let actor = Actor::by_password(link.account_id, &client);
        if purpose != Purpose::Email {
            accounts::confirm(&ours, link.account_id, link.email.clone(), ours.now()).await?;
            actor.record(&ours, Kind::AddressConfirmed, None);
            return Ok(Some(link));
        }
        let whose = (link.account_id, link.auth_stamp.clone());
        let changed = accounts::set_email(&ours, whose, link.email.clone(), link.sent_to.clone(), ours.now())
            .await
            .map_err(|error| {
                if is_unique_violation(&error) {
                    return Problem::Conflict("Another account now uses this email address, so yours was not changed.");
                }
                error.into()
            })?;
        if changed == 0 {
            return Ok(None);
        }
        actor.record(&ours, Kind::AddressChanged, None);
        mailer.send(emails::address_changed(&settings, &link.email)).await;
        Ok(Some(link))
    })
    .await
}
