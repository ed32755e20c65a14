//! Signing another browser out.

use axum::{extract::State, response::Response};

use super::service;
use crate::{
    client::Client,
    db::Db,
    doors::Credential,
    extract::PathId,
    problem::Problem,
    ui::{Visit, page::see_other},
};

/// `POST /account/sign-ins/{id}/revoke`. A second click finds nothing left to do and says so no louder.
///
/// # Errors
/// [`Problem::NotSignedIn`]; the database's.
pub async fn revoke(
    visit: Visit,
    State(db): State<Db>,
    client: Client,
    PathId(id): PathId,
) -> Result<Response, Problem> {
    let actor = visit.signed_in()?.acting(client);
    match service::revoke(&db, &actor, id).await {
        Ok(()) | Err(Problem::NotFound) => Ok(see_other("/account")),
        Err(problem) => Err(problem),
    }
}

/// `POST /account/sign-ins/revoke-others`
///
/// # Errors
/// [`Problem::NotSignedIn`]; the database's.
pub async fn revoke_others(visit: Visit, State(db): State<Db>, client: Client) -> Result<Response, Problem> {
    let caller = visit.signed_in()?;
    if let Credential::SignIn(kept) = caller.credential {
        service::revoke_others(&db, &caller.acting(client), kept).await?;
    }
    Ok(see_other("/account"))
}
