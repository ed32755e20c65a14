//! Signing other browsers out: with the password given lately, or whoever borrows a browser would shut its owner out
//! (S8).

use axum::{extract::State, response::Response};

use super::service;
use crate::{
    auth::{Credential, page::PageContext, reauthentication::Reauthentication},
    db::Db,
    http::{
        client::Client,
        extract::{Form, PathId},
        problem::Problem,
        redirect::see_other,
    },
};

/// `POST /account/sessions/{id}/revoke`. A second click finds nothing left to do and says so no louder.
///
/// # Errors
/// [`Problem::NotSignedIn`]; the database's.
pub async fn revoke(
    visit: PageContext,
    State(db): State<Db>,
    client: Client,
    mut proof: Reauthentication,
    PathId(id): PathId,
    form: Form,
) -> Result<Response, Problem> {
    if let Some(question) = proof.wanted_for_form(&visit, &form).await? {
        return Ok(question);
    }
    let actor = visit.signed_in()?.acting(client);
    match service::revoke(&db, &actor, id).await {
        Ok(()) | Err(Problem::NotFound) => Ok(see_other("/account")),
        Err(problem) => Err(problem),
    }
}

/// `POST /account/sessions/revoke-others`
///
/// # Errors
/// [`Problem::NotSignedIn`]; the database's.
pub async fn revoke_others(
    visit: PageContext,
    State(db): State<Db>,
    client: Client,
    mut proof: Reauthentication,
    form: Form,
) -> Result<Response, Problem> {
    if let Some(question) = proof.wanted_for_form(&visit, &form).await? {
        return Ok(question);
    }
    let caller = visit.signed_in()?;
    if let Credential::Session(kept) = caller.credential {
        service::revoke_others(&db, &caller.acting(client), kept).await?;
    }
    Ok(see_other("/account"))
}
