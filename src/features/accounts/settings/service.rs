//! The rules for changing an account.

use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use secrecy::SecretString;
use serde_json::json;
use uuid::Uuid;

use crate::{
    auth::{
        Account, Caller, Stamp,
        activity::{Actor, Kind},
        new_stamp,
        passwords::{Hasher, PasswordContext, password_error},
        store::accounts,
        verify_password::{VerifiedPassword, verify_account_password},
    },
    db::Db,
    features::{
        accounts::{emails, service::normalized},
        browser_sessions, tokens,
    },
    http::{
        export,
        names::name_error,
        problem::{FieldError, Problem},
    },
    state::AppState,
};

/// Changes the name of `account`, and returns it. The name it already has is no change.
///
/// # Errors
/// [`Problem::Validation`]; or if the database fails.
pub(super) async fn rename(db: &Db, actor: &Actor, account: Account, name: &str) -> Result<Account, Problem> {
    let name = name.trim().to_owned();
    if let Some(error) = name_error(&name) {
        return Err(error.into());
    }
    if name == account.name {
        return Ok(account);
    }
    accounts::set_name(db, account.id, name.clone()).await?;
    actor.record(db, Kind::Renamed, None);
    Ok(Account { name, ..account })
}

/// Everything that belongs to `account`, as a JSON document to download.
///
/// # Errors
/// If the database fails.
pub(super) async fn export(AppState { db, site, .. }: &AppState, account: &Account) -> Result<Response, Problem> {
    let head = [("exported_at", json!(db.now())), ("account", json!(account))];
    let kept = HeaderValue::from_static(r#"attachment; filename="vestibule-export.json""#);
    let headers =
        [(header::CONTENT_TYPE, HeaderValue::from_static("application/json")), (header::CONTENT_DISPOSITION, kept)];
    Ok((headers, export::stream(db, account.id, &head, site.exports.clone()).await?).into_response())
}

/// What shows that somebody may choose a password for the account.
pub(super) enum Former {
    /// The current password.
    Password(SecretString),
    /// There is none, and they have just proved who they are otherwise, when the account had this stamp.
    Nothing(Stamp),
}

/// Chooses a password for the account, in place of the `former` one. This ends its other browser sessions and revokes the
/// tokens created by `POST login`, with their descendants; with `tokens_too`, all other tokens as well. Returns the new
/// stamp, with which the caller must renew the session `kept` (T6), if there is one. The work is completed, and the
/// notification sent, even if the client disconnects.
///
/// # Errors
/// [`Problem::Validation`] if the current password is wrong, or missing although there is one, or the new one is
/// rejected; [`Problem::Unavailable`].
pub(super) async fn change_password(
    state: &AppState,
    (account, actor): (&Account, Actor),
    kept: Option<Uuid>,
    (former, new): (Former, SecretString),
    tokens_too: bool,
) -> Result<Vec<u8>, Problem> {
    let AppState { db, hasher, mailer, settings, .. } = state;
    let wrong = || FieldError::incorrect("current", "The current password is wrong.").into();
    let context = PasswordContext::new(&account.email, &account.name);
    if let Some(message) = Hasher::quick_rejection(&new, &context) {
        return Err(password_error("password", &new, message).into());
    }
    let is_first = matches!(former, Former::Nothing(_));
    let proven = match former {
        Former::Password(old) => {
            let whose = (account.id, account.email.as_str());
            let proven = verify_account_password(db, hasher, &settings.throttle, &actor.client, whose, old).await;
            let proven: VerifiedPassword = proven.map_err(|problem| match problem {
                Problem::InvalidCredentials => wrong(),
                problem => problem,
            })?;
            proven.auth_stamp
        }
        Former::Nothing(_) if accounts::has_password(db, account.id).await? => {
            return Err(FieldError::required("current", "Enter your current password.").into());
        }
        // A password that was chosen meanwhile has changed the stamp.
        Former::Nothing(stamp) => stamp.0,
    };
    // Only once the password is verified: rating the new one costs more (S62).
    let hasher = hasher.of(&actor.client);
    if let Some(message) = hasher.rejection(&new, context).await? {
        return Err(password_error("password", &new, message).into());
    }
    let hash = hasher.hash(new).await?;
    let stamp = new_stamp()?;
    let (ours, mailer, settings, account) = (db.clone(), mailer.clone(), settings.clone(), account.clone());
    // The order makes it safe to stop anywhere: the new stamp alone ends every session, every login token and every
    // link, and lets nothing be created with the old password (S59).
    db.run_to_completion(async move {
        // Only if the verified password is still the current one: of two concurrent changes, one wins.
        if accounts::set_password(&ours, account.id, hash, stamp.clone(), proven).await? == 0 {
            return Err(if is_first { Problem::NotSignedIn } else { wrong() });
        }
        actor.record(&ours, Kind::PasswordChanged, None);
        let mail = if is_first { emails::password_added } else { emails::password_changed };
        mailer.send(mail(&settings, &account.email)).await;
        browser_sessions::service::revoke_others(&ours, &actor, kept.unwrap_or_default()).await?;
        tokens::service::revoke_of_older_password(&ours, &actor, stamp.clone(), tokens_too).await?;
        Ok(stamp)
    })
    .await
}

/// Deletes the account of `caller` and everything that belongs to it. `typed` is its email address, typed to confirm.
///
/// # Errors
/// [`Problem::Validation`] if `typed` is another address; [`Problem::NotSignedIn`] if the password was changed
/// meanwhile; or if the database fails.
pub(super) async fn delete(state: &AppState, caller: &Caller, typed: &str) -> Result<(), Problem> {
    let account = &caller.account;
    if normalized(typed) != normalized(&account.email) {
        let message = "Type the email address of your account to confirm.";
        return Err(FieldError::incorrect("email", message).into());
    }
    let (db, mailer, settings) = (state.db.clone(), state.mailer.clone(), state.settings.clone());
    let (account, stamp) = (account.clone(), caller.stamp.clone());
    state
        .db
        .run_to_completion(async move {
            if accounts::delete(&db, account.id, stamp).await? == 0 {
                return Err(Problem::NotSignedIn);
            }
            tracing::info!(event = "account_deleted", account = %account.id);
            mailer.send(emails::deleted(&settings, &account.email)).await;
            Ok(())
        })
        .await
}
