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
    context: PageContext,
    State(db): State<Db>,
    client: Client,
    mut reauthentication: Reauthentication,
    PathId(id): PathId,
    form: Form,
) -> Result<Response, Problem> {
    if let Some(question) = reauthentication.required_for_form(&context, &form).await? {
        return Ok(question);
    }
    let actor = context.signed_in()?.acting(client);
    revoked(service::revoke(&db, &actor, id).await, "/account")
}

/// `POST /account/sessions/revoke-others`
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn revoke_others(
    context: PageContext,
    State(db): State<Db>,
    client: Client,
    mut reauthentication: Reauthentication,
    form: Form,
) -> Result<Response, Problem> {
    if let Some(question) = reauthentication.required_for_form(&context, &form).await? {
        return Ok(question);
    }
    let caller = context.signed_in()?;
    if let Credential::Session(kept) = caller.credential {
        service::revoke_others(&db, &caller.acting(client), kept).await?;
    }
    Ok(see_other("/account"))
}
