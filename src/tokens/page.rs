//! The tokens page: make one, see it once, list, revoke.

use std::sync::Arc;

use axum::{extract::State, http::StatusCode, response::Response};

use super::{
    Scope,
    service::{self, NewToken},
    view::{TokensView, scope_field},
};
use crate::{
    accounts::proof::Proof,
    client::Client,
    db::Db,
    extract::{Form, PathId},
    problem::Problem,
    settings::Settings,
    ui::{Filled, Visit, page::see_other},
};

/// `GET /tokens`
///
/// # Errors
/// [`Problem::NotSignedIn`]; the database's.
pub async fn index(visit: Visit, State(db): State<Db>) -> Result<Response, Problem> {
    let form = Filled::default().with("days", "30").with(scope_field(Scope::NotesRead), "on");
    page(visit, &db, StatusCode::OK, form, None).await
}

/// `POST /tokens`. The answer shows the token, this once, so there is no redirect; 201 tells a script the same.
///
/// # Errors
/// [`Problem::NotSignedIn`]; the database's.
pub async fn create(
    visit: Visit,
    State(db): State<Db>,
    State(settings): State<Arc<Settings>>,
    client: Client,
    mut proof: Proof,
    form: Form,
) -> Result<Response, Problem> {
    if let Some(question) = proof.wanted_for_form(&visit, &form).await? {
        return Ok(question);
    }
    let actor = visit.signed_in()?.acting(client);
    let new = NewToken {
        name: form.text("name"),
        scopes: Scope::ALL.into_iter().filter(|scope| form.ticked(scope_field(*scope))).collect(),
        days: form.text("days").parse().unwrap_or_default(),
    };
    let mut typed = Filled::default().with("name", form.text("name")).with("days", form.text("days"));
    for scope in new.scopes.iter() {
        typed = typed.with(scope_field(scope), "on");
    }
    match service::create(&db, &settings.tokens, &actor, new).await {
        Ok(issued) => {
            let fresh = Filled::default().with("days", "30").with(scope_field(Scope::NotesRead), "on");
            page(visit, &db, StatusCode::CREATED, fresh, Some(issued.secret.reveal().to_owned())).await
        }
        Err(problem) => page(visit, &db, problem.status(), typed.refused(&problem), None).await,
    }
}

/// `POST /tokens/{id}/revoke`. A second click finds nothing left to do and says so no louder.
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
        Ok(()) | Err(Problem::NotFound) => Ok(see_other("/tokens")),
        Err(problem) => Err(problem),
    }
}

async fn page(
    visit: Visit,
    db: &Db,
    status: StatusCode,
    form: Filled,
    secret: Option<String>,
) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let caller = visit.signed_in()?;
    let (tokens, now, origin) = (service::list(db, caller.account.id).await?, db.now(), visit.origin().to_owned());
    let content = move || {
        let (form, secret, tokens, origin) = (form.clone(), secret.clone(), tokens.clone(), origin.clone());
        view! { <TokensView form secret tokens now origin /> }
    };
    Ok(visit.page(status, "Tokens", content).await)
}
