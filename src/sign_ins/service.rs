//! The rules of sign-ins.

use axum::http::{HeaderMap, header};
use time::Duration;
use uuid::Uuid;

use super::{SignIn, store};
use crate::{
    accounts::service::Proven,
    db::Db,
    doors::{AuthSession, Credential, session, session::SignedIn},
    problem::Problem,
    settings::Sessions,
    timestamp::Timestamp,
};

/// Signs this browser in: a row of its own, then a session that points to it. A sign-in the browser had before ends.
///
/// # Errors
/// [`Problem::Unavailable`]
pub async fn begin(
    db: &Db,
    settings: &Sessions,
    auth: &mut AuthSession,
    proven: Proven,
    remember: bool,
    headers: &HeaderMap,
) -> Result<(), Problem> {
    let now = db.now();
    let lifetime = if remember { settings.remember_days * 24 } else { settings.lifetime_hours };
    let row = SignIn {
        id: Uuid::now_v7(),
        user_agent: user_agent(headers),
        created_at: now,
        expires_at: now + Duration::hours(lifetime.into()),
    };
    let account = proven.account.id;
    let sign_in = store::insert(db, account, row).await?;

    if let Some(before) = auth.user.take() {
        store::delete(db, before.account.id, before.id).await?;
    }
    let signed_in =
        SignedIn { id: sign_in.id, account: proven.account, expires_at: sign_in.expires_at, stamp: proven.auth_stamp };
    session::begin(auth, &signed_in, remember).await?;
    tracing::info!(event = "signed_in", account = %account, sign_in = %sign_in.id);
    Ok(())
}

/// Signs this browser out. The row goes first: it is the truth.
///
/// # Errors
/// [`Problem::Unavailable`], and the browser is still signed in.
pub async fn end(db: &Db, auth: &mut AuthSession) -> Result<(), Problem> {
    if let Some(signed_in) = &auth.user {
        store::delete(db, signed_in.account.id, signed_in.id).await?;
        tracing::info!(event = "signed_out", account = %signed_in.account.id, sign_in = %signed_in.id);
    }
    session::end(auth).await;
    Ok(())
}

/// The account's signed-in browsers, the newest first.
///
/// # Errors
/// The database's.
pub async fn list(db: &Db, account: Uuid) -> Result<Vec<SignIn>, Problem> {
    Ok(store::list(db, account, db.now()).await?)
}

/// Signs another browser of the account out, from its next request on.
///
/// # Errors
/// [`Problem::NotFound`] where the account has no such sign-in.
pub async fn revoke(db: &Db, account: Uuid, id: Uuid) -> Result<(), Problem> {
    if store::delete(db, account, id).await? == 0 {
        return Err(Problem::NotFound);
    }
    tracing::info!(event = "sign_in_revoked", account = %account, sign_in = %id);
    Ok(())
}

/// When the password was last given in the browser of the sign-in `id`; nothing where it has ended.
///
/// # Errors
/// The database's.
pub async fn proven_at(db: &Db, id: Uuid) -> Result<Option<Timestamp>, Problem> {
    Ok(store::proven_at(db, id).await?)
}

/// The person at this browser has just proven their password: notes when, and gives the browser a new session id (S2). The
/// session remembers `stamp` from now on, which is another where the password is.
///
/// # Errors
/// [`Problem::NotSignedIn`] where the sign-in has ended meanwhile; [`Problem::Unavailable`].
pub async fn prove_again(db: &Db, settings: &Sessions, auth: &mut AuthSession, stamp: Vec<u8>) -> Result<(), Problem> {
    let signed_in = auth.user.clone().ok_or(Problem::NotSignedIn)?;
    let row = store::prove(db, signed_in.account.id, signed_in.id, db.now()).await?.ok_or(Problem::NotSignedIn)?;
    let remembered = row.expires_at - row.created_at > Duration::hours(settings.lifetime_hours.into());
    session::begin(auth, &SignedIn { stamp, ..signed_in }, remembered).await
}

/// Signs every other browser of the account out, from its next request on.
///
/// # Errors
/// The database's.
pub async fn end_others(db: &Db, account: Uuid, kept: Uuid) -> Result<(), Problem> {
    let count = store::delete_all_but(db, account, Some(kept)).await?;
    tracing::info!(event = "sign_ins_ended", account = %account, count);
    Ok(())
}

/// Signs every browser of the account out, from its next request on.
///
/// # Errors
/// The database's.
pub async fn end_all(db: &Db, account: Uuid) -> Result<(), Problem> {
    let count = store::delete_all_but(db, account, None).await?;
    tracing::info!(event = "sign_ins_ended", account = %account, count);
    Ok(())
}

/// Deletes up to `batch` sign-ins that are over and says how many there were (S10).
///
/// # Errors
/// The database's.
pub async fn sweep(db: &Db, batch: i64) -> sqlx::Result<u64> {
    store::sweep(db, db.now(), batch).await
}

/// Whether `sign_in` is the one that asks.
pub fn is_this_one(sign_in: &SignIn, credential: &Credential) -> bool {
    matches!(credential, Credential::SignIn(id) if *id == sign_in.id)
}

/// What the browser calls itself, cut to what fits a list.
fn user_agent(headers: &HeaderMap) -> String {
    let given = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.chars().take(255).collect()
}
