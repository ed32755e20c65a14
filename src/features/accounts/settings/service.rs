//! The rules of changing an account.

use uuid::Uuid;

use crate::{
    auth::{
        Account, Caller,
        activity::{Actor, Kind},
        new_stamp,
        passwords::{About, Hasher},
        store::accounts,
        verify_password::{VerifiedPassword, verify_account_password},
    },
    db::Db,
    features::{
        accounts::{
            emails,
            service::{name_objection, normalized},
        },
        browser_sessions, tokens,
    },
    http::problem::Problem,
    state::AppState,
};

/// Gives the account another name.
///
/// # Errors
/// [`Problem::Validation`]; the database's.
pub(super) async fn rename(db: &Db, actor: &Actor, name: &str) -> Result<(), Problem> {
    let name = name.trim().to_owned();
    if let Some(message) = name_objection(&name) {
        return Err(Problem::field("name", message));
    }
    accounts::set_name(db, actor.account, name).await?;
    actor.record(db, Kind::Renamed, None);
    Ok(())
}

/// A new password for the account. What the older one made ends: its other sign-ins, and the tokens of `POST login`
/// with all they have made; with `tokens_too`, its other tokens as well. `kept` is the sign-in that asks, which has to
/// begin anew: the stamp its session remembers is another now (T6). Nobody can keep the mail about it from being sent
/// by hanging up.
///
/// # Errors
/// [`Problem::Validation`] where the old password is wrong or the new one will not do; [`Problem::Unavailable`].
pub(super) async fn change_password(
    state: &AppState,
    (account, actor): (&Account, Actor),
    kept: Uuid,
    (old, new): (String, String),
    tokens_too: bool,
) -> Result<Vec<u8>, Problem> {
    let AppState { db, hasher, mailer, settings, .. } = state;
    let wrong = || Problem::field("current", "This is not your password.");
    let about = About::new(&account.email, &account.name);
    if let Some(message) = Hasher::objection_at_sight(&new, &about) {
        return Err(Problem::field("password", &message));
    }
    let whose = (account.id, account.email.as_str());
    let proven = verify_account_password(db, hasher, &settings.throttle, &actor.client, whose, old).await;
    let proven: VerifiedPassword = proven.map_err(|problem| match problem {
        Problem::InvalidCredentials => wrong(),
        problem => problem,
    })?;
    // Only for who knows the password: it costs more than a look (S62).
    let hasher = hasher.of(&actor.client);
    if let Some(message) = hasher.objection(&new, about).await? {
        return Err(Problem::field("password", &message));
    }
    let hash = hasher.hash(new).await?;
    let stamp = new_stamp()?;
    let (ours, mailer, settings, account) = (db.clone(), mailer.clone(), settings.clone(), account.clone());
    // In an order that is safe to stop in: the new stamp alone ends every session, every token of a login and every
    // link, and lets nothing be made that the older password was proven for (S59).
    db.run_to_completion(async move {
        // Only in place of the password that was proven: of two who change it at once, one does.
        if accounts::set_password(&ours, account.id, hash, stamp.clone(), proven.auth_stamp).await? == 0 {
            return Err(wrong());
        }
        actor.record(&ours, Kind::PasswordChanged, None);
        mailer.post(emails::password_changed(&settings, &account.email));
        browser_sessions::service::revoke_others(&ours, &actor, kept).await?;
        tokens::service::revoke_of_older_password(&ours, &actor, stamp.clone(), tokens_too).await?;
        Ok(stamp)
    })
    .await
}

/// Deletes the account of `caller` and all it has. `typed` is its address, typed by hand.
///
/// # Errors
/// [`Problem::Validation`] where it is another; [`Problem::NotSignedIn`] where the password was changed meanwhile; the
/// database's.
pub(super) async fn delete(state: &AppState, caller: &Caller, typed: &str) -> Result<(), Problem> {
    let account = &caller.account;
    if normalized(typed) != normalized(&account.email) {
        return Err(Problem::field("email", "Type the address of your account, to show that you mean it."));
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
            mailer.post(emails::deleted(&settings, &account.email));
            Ok(())
        })
        .await
}
