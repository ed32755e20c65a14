//! `/account/name`, `/account/password`, `/account/email`, `/account/export`, `/account/delete`.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode},
    response::Response,
};

use super::{
    service::{self, Former},
    view::{DeleteView, EmailView, NameView, PasswordView},
};
use crate::{
    auth::{
        AuthSession,
        page::PageContext,
        reauthentication::{Reauthentication, reauthenticate},
        store::accounts,
    },
    db::Db,
    features::{accounts::email_verification, browser_sessions},
    http::{
        client::Client,
        extract::Form,
        problem::Problem,
        redirect::see_other,
        security_headers::{CLEAR_SITE_DATA, CLEARED},
    },
    mail::Mailer,
    settings::Settings,
    state::AppState,
    ui::FormState,
};

/// `GET /account/name`
///
/// # Errors
/// [`Problem::NotSignedIn`]
pub async fn name(context: PageContext) -> Result<Response, Problem> {
    let account = context.signed_in()?.account;
    Ok(name_form(context, StatusCode::OK, FormState::default().with("name", account.name)).await)
}

/// `POST /account/name`
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn post_name(
    context: PageContext,
    State(db): State<Db>,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    let caller = context.signed_in()?;
    let actor = caller.acting(client);
    match service::rename(&db, &actor, caller.account, &form.text("name")).await {
        Ok(_) => Ok(see_other("/account")),
        Err(problem) => {
            let typed = FormState::default().with("name", form.text("name")).with_errors(&problem);
            Ok(name_form(context, problem.status(), typed).await)
        }
    }
}

async fn name_form(context: PageContext, status: StatusCode, form: FormState) -> Response {
    use leptos::prelude::*;
    context.page(status, "Change your name", move || view! { <NameView form=form.clone() /> }).await
}

/// `GET /account/password`
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn password(
    context: PageContext,
    State(db): State<Db>,
    reauthentication: Reauthentication,
) -> Result<Response, Problem> {
    let has_one = accounts::has_password(&db, context.signed_in()?.account.id).await?;
    if !has_one && let Some(question) = reauthentication.required_for_page(&context).await? {
        return Ok(question);
    }
    Ok(password_form(context, StatusCode::OK, has_one, FormState::default()).await)
}

/// `POST /account/password`. The form asks for the current password, so it needs no further confirmation (S8). An account
/// without one has to be confirmed first.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn post_password(
    context: PageContext,
    State(state): State<AppState>,
    client: Client,
    mut auth: AuthSession,
    reauthentication: Reauthentication,
    form: Form,
) -> Result<Response, Problem> {
    let caller = context.signed_in()?;
    let has_one = accounts::has_password(&state.db, caller.account.id).await?;
    // Not a page that holds the form: there is a password in it.
    if !has_one && let Some(question) = reauthentication.required_for_page(&context).await? {
        return Ok(question);
    }
    let actor = caller.acting(client);
    let account = caller.account;
    let former = match caller.stamp {
        Some(stamp) if !has_one => Former::Nothing(stamp),
        _ => Former::Password(form.text("current").into()),
    };
    let kept = Some(auth.user.as_ref().ok_or(Problem::NotSignedIn)?.id);
    let (passwords, tokens_too) = ((former, form.text("password").into()), form.ticked("tokens"));
    let stamp = match service::change_password(&state, (&account, actor), kept, passwords, tokens_too).await {
        Ok(stamp) => stamp,
        Err(Problem::NotSignedIn) => return Err(Problem::NotSignedIn),
        Err(problem) => {
            let typed = if tokens_too { FormState::default().with("tokens", "on") } else { FormState::default() };
            return Ok(password_form(context, problem.status(), has_one, typed.with_errors(&problem)).await);
        }
    };
    reauthenticate(&state.db, &mut auth, stamp).await?;
    Ok(see_other("/account"))
}

async fn password_form(context: PageContext, status: StatusCode, has_one: bool, form: FormState) -> Response {
    use leptos::prelude::*;
    let email = context.caller.as_ref().map(|caller| caller.account.email.clone()).unwrap_or_default();
    let title = if has_one { "Change your password" } else { "Set a password" };
    let view = move || view! { <PasswordView title email=email.clone() has_one form=form.clone() /> };
    context.page(status, title, view).await
}

/// `GET /account/email`
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn email(context: PageContext, reauthentication: Reauthentication) -> Result<Response, Problem> {
    if let Some(address) = context.to_show(email_verification::page::SENT) {
        return Ok(email_verification::page::show_sent(context, address).await);
    }
    if let Some(question) = reauthentication.required_for_page(&context).await? {
        return Ok(question);
    }
    Ok(email_form(context, StatusCode::OK, FormState::default()).await)
}

/// `POST /account/email`
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn post_email(
    context: PageContext,
    State(db): State<Db>,
    State(settings): State<Arc<Settings>>,
    State(mailer): State<Mailer>,
    client: Client,
    mut reauthentication: Reauthentication,
    form: Form,
) -> Result<Response, Problem> {
    if let Some(question) = reauthentication.required_for_form(&context, &form).await? {
        return Ok(question);
    }
    let (caller, typed) = (context.signed_in()?, form.text("email"));
    let account = (&caller.account, caller.acting(client));
    match email_verification::service::ask_for_change(&db, &settings, &mailer, account, &typed).await {
        Ok(()) => Ok(email_verification::page::sent(context, "/account/email", typed).await),
        Err(problem) => {
            let form = FormState::default().with("email", typed).with_errors(&problem);
            Ok(email_form(context, problem.status(), form).await)
        }
    }
}

async fn email_form(context: PageContext, status: StatusCode, form: FormState) -> Response {
    use leptos::prelude::*;
    context.page(status, "Change your email address", move || view! { <EmailView form=form.clone() /> }).await
}

/// `GET /account/export`. Asks for the password, so that somebody with a borrowed browser cannot take the data (S8).
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn export(
    context: PageContext,
    State(state): State<AppState>,
    reauthentication: Reauthentication,
) -> Result<Response, Problem> {
    if let Some(question) = reauthentication.required_for_page(&context).await? {
        return Ok(question);
    }
    service::export(&state, &context.signed_in()?.account).await
}

/// `GET /account/delete`
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn delete(context: PageContext, reauthentication: Reauthentication) -> Result<Response, Problem> {
    if let Some(question) = reauthentication.required_for_page(&context).await? {
        return Ok(question);
    }
    delete_form(context, StatusCode::OK, FormState::default()).await
}

/// `POST /account/delete`
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn post_delete(
    context: PageContext,
    State(state): State<AppState>,
    client: Client,
    mut auth: AuthSession,
    mut reauthentication: Reauthentication,
    form: Form,
) -> Result<Response, Problem> {
    if let Some(question) = reauthentication.required_for_form(&context, &form).await? {
        return Ok(question);
    }
    let (caller, typed) = (context.signed_in()?, form.text("email"));
    if let Err(problem) = service::delete(&state, &caller, &typed).await {
        if matches!(problem, Problem::NotSignedIn) {
            return Err(problem);
        }
        let form = FormState::default().with("email", typed).with_errors(&problem);
        return delete_form(context, problem.status(), form).await;
    }
    browser_sessions::service::end(&state.db, &mut auth, &client).await?;
    let mut response = see_other("/");
    response.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static(CLEARED));
    Ok(response)
}

async fn delete_form(context: PageContext, status: StatusCode, form: FormState) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let email = context.signed_in()?.account.email;
    let view = move || view! { <DeleteView email=email.clone() form=form.clone() /> };
    Ok(context.page(status, "Delete your account", view).await)
}
