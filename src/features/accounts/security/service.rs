//! What follows a change of second factors.

use uuid::Uuid;

use crate::{
    auth::{
        Account,
        activity::{Actor, Kind},
        known_devices,
        sign_in::NextPage,
    },
    db::Db,
    features::accounts::emails,
    http::problem::Problem,
    state::AppState,
};

/// After the second factor `name` of `account` was added or removed: records it, tells the owner, and ends pending
/// sign-ins and trust in browsers. Returns the page to show next, if a factor has one. The work is completed even if the
/// client disconnects.
///
/// # Errors
/// If the database fails.
pub(crate) async fn changed(
    state: &AppState,
    account: &Account,
    actor: &Actor,
    (kind, name): (Kind, &'static str),
) -> Result<Option<NextPage>, Problem> {
    actor.record_named(&state.db, kind, name);
    let mail = match kind {
        Kind::FactorRemoved => emails::factor_removed(&state.settings, &account.email, name),
        _ => emails::factor_added(&state.settings, &account.email, name),
    };
    state.mailer.send(mail).await;
    let (sign_ins, id) = (state.sign_ins.clone(), account.id);
    state.db.run_to_completion(async move { sign_ins.factors_changed(id).await }).await
}

/// Ends the trust in the browser `id`.
///
/// # Errors
/// [`Problem::NotFound`] if it is not trusted; or if the database fails.
pub(super) async fn end_trust(db: &Db, actor: &Actor, id: Uuid) -> Result<(), Problem> {
    let browser = known_devices::revoke(db, actor.account, id).await?;
    actor.record_named(db, Kind::TrustEnded, &browser);
    Ok(())
}
