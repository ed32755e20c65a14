//! The rules of changing an account.

use uuid::Uuid;

use crate::{
    accounts::{
        Account, letters,
        passwords::About,
        service::{Proven, name_objection, normalized, prove, stamp},
        store,
    },
    activity::{Actor, Kind},
    db::Db,
    problem::Problem,
    sign_ins,
    state::AppState,
    tokens,
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
    store::set_name(db, actor.account, name).await?;
    actor.did(db, Kind::Renamed, None);
    Ok(())
}

/// A new password for the account, whose other sign-ins end; with `tokens_too`, its tokens as well. `kept` is the
/// sign-in that asks, which has to begin anew: the stamp its session remembers is another now (T6). Nobody can keep the
/// mail about it from being sent by hanging up.
///
/// # Errors
/// [`Problem::Validation`] where the old password is wrong or the new one will not do; [`Problem::Unavailable`].
pub(super) async fn change_password(
    house: &AppState,
    (account, actor): (&Account, Actor),
    kept: Uuid,
    (old, new): (String, String),
    tokens_too: bool,
) -> Result<Vec<u8>, Problem> {
    let AppState { db, hasher, mailer, settings, .. } = house;
    let wrong = || Problem::field("current", "This is not your password.");
    if let Some(message) = hasher.objection(&new, About::new(&account.email, &account.name)).await? {
        return Err(Problem::field("password", &message));
    }
    let proven: Proven = prove(db, hasher, &settings.throttle, &actor.client, &account.email, old).await.map_err(
        |problem| match problem {
            Problem::InvalidCredentials => wrong(),
            problem => problem,
        },
    )?;
    let hash = hasher.hash(new).await?;
    let stamp = stamp()?;
    let (ours, mailer, settings, account) = (db.clone(), mailer.clone(), settings.clone(), account.clone());
    // In an order that is safe to stop in: the new stamp alone ends every session and every link.
    db.finish(async move {
        if tokens_too {
            tokens::service::revoke_all(&ours, &actor).await?;
        }
        // Only in place of the password that was proven: of two who change it at once, one does.
        if store::set_password(&ours, account.id, hash, stamp.clone(), Some(proven.auth_stamp)).await? == 0 {
            return Err(wrong());
        }
        actor.did(&ours, Kind::PasswordChanged, None);
        sign_ins::service::revoke_others(&ours, &actor, kept).await?;
        mailer.post(letters::password_changed(&settings, &account.email));
        Ok(stamp)
    })
    .await
}

/// Deletes the account and all it has. `typed` is its address, typed by hand.
///
/// # Errors
/// [`Problem::Validation`] where it is another; the database's.
pub(super) async fn delete(house: &AppState, account: &Account, typed: &str) -> Result<(), Problem> {
    if normalized(typed) != normalized(&account.email) {
        return Err(Problem::field("email", "Type the address of your account, to show that you mean it."));
    }
    let (db, mailer, settings) = (house.db.clone(), house.mailer.clone(), house.settings.clone());
    let account = account.clone();
    house
        .db
        .finish(async move {
            store::delete(&db, account.id).await?;
            tracing::info!(event = "account_deleted", account = %account.id);
            mailer.post(letters::deleted(&settings, &account.email));
            Ok(())
        })
        .await
}
