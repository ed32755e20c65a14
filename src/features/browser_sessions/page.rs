//! Signing out other browsers. It asks for the password, or somebody with a borrowed browser could lock out its owner
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
        redirect::{revoked, see_other},
    },
};

/// `POST /account/sessions/{id}/revoke`. Revoking twice is not an error.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
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
    revoked(service::revoke(&db, &actor, id).await, "/account")
}

/// `POST /account/sessions/revoke-others`
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
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
