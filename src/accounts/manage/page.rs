//! `/account/name`, `/account/password`, `/account/email`, `/account/export`, `/account/delete`.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    export, service,
    view::{DeleteView, EmailView, NameView, PasswordView},
};
use crate::{
    accounts::{
        confirmation,
        page::{CLEAR_SITE_DATA, CLEARED},
        proof::Proof,
    },
    client::Client,
    db::Db,
    doors::AuthSession,
    extract::Form,
    mail::Mailer,
    problem::Problem,
    settings::Settings,
    sign_ins,
    state::AppState,
    ui::{Filled, Visit, page::see_other},
};

/// `GET /account/name`
///
/// # Errors
/// [`Problem::NotSignedIn`]
pub async fn name(visit: Visit) -> Result<Response, Problem> {
    let account = visit.signed_in()?.account;
    Ok(name_form(visit, StatusCode::OK, Filled::default().with("name", account.name)).await)
}

/// `POST /account/name`
///
/// # Errors
/// [`Problem::NotSignedIn`]; the database's.
pub async fn post_name(visit: Visit, State(db): State<Db>, client: Client, form: Form) -> Result<Response, Problem> {
    let actor = visit.signed_in()?.acting(client);
    match service::rename(&db, &actor, &form.text("name")).await {
        Ok(()) => Ok(see_other("/account")),
        Err(problem) => {
            let typed = Filled::default().with("name", form.text("name")).refused(&problem);
            Ok(name_form(visit, problem.status(), typed).await)
        }
    }
}

async fn name_form(visit: Visit, status: StatusCode, form: Filled) -> Response {
    use leptos::prelude::*;
    visit.page(status, "Your name", move || view! { <NameView form=form.clone() /> }).await
}

/// `GET /account/password`
///
/// # Errors
/// [`Problem::NotSignedIn`]
pub async fn password(visit: Visit) -> Result<Response, Problem> {
    visit.signed_in()?;
    Ok(password_form(visit, StatusCode::OK, Filled::default()).await)
}

/// `POST /account/password`. The old password is the proof that other changes ask for (S8).
///
/// # Errors
/// [`Problem::NotSignedIn`]; the database's.
pub async fn post_password(
    visit: Visit,
    State(house): State<AppState>,
    client: Client,
    mut auth: AuthSession,
    form: Form,
) -> Result<Response, Problem> {
    let caller = visit.signed_in()?;
    let actor = caller.acting(client);
    let account = caller.account;
    let kept = auth.user.as_ref().ok_or(Problem::NotSignedIn)?.id;
    let (passwords, tokens_too) = ((form.text("current"), form.text("password")), form.ticked("tokens"));
    let stamp = match service::change_password(&house, (&account, actor), kept, passwords, tokens_too).await {
        Ok(stamp) => stamp,
        Err(problem) => {
            let typed = if tokens_too { Filled::default().with("tokens", "on") } else { Filled::default() };
            return Ok(password_form(visit, problem.status(), typed.refused(&problem)).await);
        }
    };
    sign_ins::service::prove_again(&house.db, &mut auth, stamp).await?;
    Ok(see_other("/account"))
}

async fn password_form(visit: Visit, status: StatusCode, form: Filled) -> Response {
    use leptos::prelude::*;
    let email = visit.caller.as_ref().map(|caller| caller.account.email.clone()).unwrap_or_default();
    let content = move || view! { <PasswordView email=email.clone() form=form.clone() /> };
    visit.page(status, "Change your password", content).await
}

/// `GET /account/email`
///
/// # Errors
/// [`Problem::NotSignedIn`]; the database's.
pub async fn email(visit: Visit, proof: Proof) -> Result<Response, Problem> {
    if let Some(address) = visit.to_show(confirmation::page::SENT) {
        return Ok(confirmation::page::show_sent(visit, address).await);
    }
    if let Some(question) = proof.wanted_for_page(&visit).await? {
        return Ok(question);
    }
    Ok(email_form(visit, StatusCode::OK, Filled::default()).await)
}

/// `POST /account/email`
///
/// # Errors
/// [`Problem::NotSignedIn`]; the database's.
pub async fn post_email(
    visit: Visit,
    State(db): State<Db>,
    State(settings): State<Arc<Settings>>,
    State(mailer): State<Mailer>,
    client: Client,
    mut proof: Proof,
    form: Form,
) -> Result<Response, Problem> {
    if let Some(question) = proof.wanted_for_form(&visit, &form).await? {
        return Ok(question);
    }
    let (caller, typed) = (visit.signed_in()?, form.text("email"));
    let account = (&caller.account, caller.acting(client));
    match confirmation::service::ask_for_change(&db, &settings, &mailer, account, &typed).await {
        Ok(()) => Ok(confirmation::page::sent(visit, "/account/email", typed).await),
        Err(problem) => {
            let form = Filled::default().with("email", typed).refused(&problem);
            Ok(email_form(visit, problem.status(), form).await)
        }
    }
}

async fn email_form(visit: Visit, status: StatusCode, form: Filled) -> Response {
    use leptos::prelude::*;
    visit.page(status, "Change your address", move || view! { <EmailView form=form.clone() /> }).await
}

/// `GET /account/export`. A borrowed browser does not take everything along (S8).
///
/// # Errors
/// [`Problem::NotSignedIn`]; the database's.
pub async fn export(visit: Visit, State(db): State<Db>, proof: Proof) -> Result<Response, Problem> {
    if let Some(question) = proof.wanted_for_page(&visit).await? {
        return Ok(question);
    }
    let account = visit.signed_in()?.account;
    let kept = HeaderValue::from_static(r#"attachment; filename="vestibule-export.json""#);
    let headers =
        [(header::CONTENT_TYPE, HeaderValue::from_static("application/json")), (header::CONTENT_DISPOSITION, kept)];
    Ok((headers, export::everything(&db, account).await?).into_response())
}

/// `GET /account/delete`
///
/// # Errors
/// [`Problem::NotSignedIn`]; the database's.
pub async fn delete(visit: Visit, proof: Proof) -> Result<Response, Problem> {
    if let Some(question) = proof.wanted_for_page(&visit).await? {
        return Ok(question);
    }
    delete_form(visit, StatusCode::OK, Filled::default()).await
}

/// `POST /account/delete`
///
/// # Errors
/// [`Problem::NotSignedIn`]; the database's.
pub async fn post_delete(
    visit: Visit,
    State(house): State<AppState>,
    client: Client,
    mut auth: AuthSession,
    mut proof: Proof,
    form: Form,
) -> Result<Response, Problem> {
    if let Some(question) = proof.wanted_for_form(&visit, &form).await? {
        return Ok(question);
    }
    let (caller, typed) = (visit.signed_in()?, form.text("email"));
    if let Err(problem) = service::delete(&house, &caller, &typed).await {
        if matches!(problem, Problem::NotSignedIn) {
            return Err(problem);
        }
        let form = Filled::default().with("email", typed).refused(&problem);
        return delete_form(visit, problem.status(), form).await;
    }
    sign_ins::service::end(&house.db, &mut auth, &client).await?;
    let mut response = see_other("/");
    response.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static(CLEARED));
    Ok(response)
}

async fn delete_form(visit: Visit, status: StatusCode, form: Filled) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let email = visit.signed_in()?.account.email;
    let content = move || view! { <DeleteView email=email.clone() form=form.clone() /> };
    Ok(visit.page(status, "Delete your account", content).await)
}
