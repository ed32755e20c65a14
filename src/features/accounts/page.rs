//! Signing up, in and out, and the account page. Every form is a plain POST, so all of it works without JavaScript.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode},
    response::Response,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    service::{self, SignUp},
    sign_in_form::{later, sign_in_form},
    unsent::Unsent,
    view::{AccountView, SignUpView},
};
use crate::{
    auth::{AuthSession, activity, page::PageContext},
    db::Db,
    features::{
        accounts::{email_verification, new_browser::notify_if_new, password_reset},
        browser_sessions,
    },
    http::{
        client::Client,
        extract::{Form, Query},
        problem::Problem,
        redirect::{ReturnTo, see_other},
        security_headers::{CLEAR_SITE_DATA, CLEARED},
    },
    settings::{Confirm, Settings},
    state::AppState,
    ui::FormState,
};

/// `GET /sign-up`
pub async fn sign_up(visit: PageContext, Query(ReturnTo { next }): Query<ReturnTo>) -> Response {
    if let Some(address) = visit.to_show(email_verification::page::SENT) {
        return email_verification::page::show_sent(visit, address).await;
    }
    if visit.caller.is_some() {
        return see_other(visit.home());
    }
    sign_up_form(visit, StatusCode::OK, FormState::default().with("next", next)).await
}

/// `POST /sign-up`
///
/// # Errors
/// If the session cannot be written. Other problems are shown in the form.
pub async fn post_sign_up(
    visit: PageContext,
    State(state): State<AppState>,
    mut auth: AuthSession,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    let home = visit.home();
    let AppState { db, hasher, settings, mailer, .. } = state.clone();
    let typed = typed(&form, &["name", "email", "next"]);
    let sign_up = SignUp { name: form.text("name"), email: form.text("email"), password: form.text("password").into() };
    if settings.accounts.confirm == Confirm::Required {
        return match email_verification::service::sign_up(&db, &hasher, &settings, &mailer, &client, sign_up).await {
            Ok(()) => Ok(email_verification::page::sent(visit, "/sign-up", form.text("email")).await),
            Err(problem) => {
                Ok(later(&problem, sign_up_form(visit, problem.status(), typed.with_errors(&problem)).await))
            }
        };
    }
    let proven = match service::sign_up(&db, &hasher, &settings.throttle, &client, sign_up).await {
        Ok(proven) => proven,
        Err(problem) => {
            return Ok(later(&problem, sign_up_form(visit, problem.status(), typed.with_errors(&problem)).await));
        }
    };
    email_verification::service::ask(&db, &settings, &mailer, &proven.account);
    notify_if_new(&state, &proven.account, &client);
    browser_sessions::service::begin(&db, &settings.sessions, &mut auth, proven, false, &client).await?;
    Ok(see_other(ReturnTo { next: form.text("next") }.or(home)))
}

async fn sign_up_form(visit: PageContext, status: StatusCode, form: FormState) -> Response {
    use leptos::prelude::*;
    visit.page(status, "Sign up", move || view! { <SignUpView form=form.clone() /> }).await
}

/// `GET /sign-in`
pub async fn sign_in(visit: PageContext, Query(next): Query<ReturnTo>) -> Response {
    if let Some(tokens) = visit.to_show(password_reset::page::RESET) {
        return password_reset::page::show_done(visit, !tokens.is_empty()).await;
    }
    if visit.caller.is_some() {
        return see_other(next.or(visit.home()));
    }
    sign_in_form(visit, StatusCode::OK, FormState::default().with("next", next.next)).await
}

/// `POST /sign-in`
///
/// # Errors
/// If the session cannot be written. Other problems are shown in the form.
pub async fn post_sign_in(
    visit: PageContext,
    State(state): State<AppState>,
    mut auth: AuthSession,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    let home = visit.home();
    let AppState { db, hasher, settings, .. } = state.clone();
    let remember = form.ticked("remember");
    let unsent = Unsent::carried(&form);
    let mut typed = typed(&form, &["email", "next"]);
    if let Some(unsent) = &unsent {
        typed = unsent.carry(typed);
    }
    if remember {
        typed = typed.with("remember", "on");
    }
    let (email, password) = (form.text("email"), form.text("password").into());
    let proven =
        crate::auth::verify_password::verify_password(&db, &hasher, &settings.throttle, &client, &email, password)
            .await;
    let proven = match proven.and_then(|proven| proven.admitted(&settings.accounts)) {
        Ok(proven) => proven,
        Err(problem) => {
            return Ok(later(&problem, sign_in_form(visit, problem.status(), typed.with_errors(&problem)).await));
        }
    };
    notify_if_new(&state, &proven.account, &client);
    browser_sessions::service::begin(&db, &settings.sessions, &mut auth, proven, remember, &client).await?;
    if let Some(unsent) = unsent {
        return unsent.offer(visit, &auth).await;
    }
    Ok(see_other(ReturnTo { next: form.text("next") }.or(home)))
}

/// `POST /sign-out`. Signing out twice is not an error.
///
/// # Errors
/// [`Problem::Unavailable`]; the browser is still signed in.
pub async fn sign_out(State(db): State<Db>, client: Client, mut auth: AuthSession) -> Result<Response, Problem> {
    browser_sessions::service::end(&db, &mut auth, &client).await?;
    let mut response = see_other("/");
    response.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static(CLEARED));
    Ok(response)
}

/// `?before=`
#[derive(Deserialize)]
pub struct Before {
    before: Option<Uuid>,
}

/// `GET /account`, with the recent activity, or the activity before the event `before`.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub async fn account(
    visit: PageContext,
    State(db): State<Db>,
    State(settings): State<Arc<Settings>>,
    Query(Before { before }): Query<Before>,
) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let caller = visit.signed_in()?;
    let shown = settings.sessions.per_account.into();
    let browser_sessions = browser_sessions::service::newest(&db, caller.account.id, shown).await?;
    let activity = activity::service::page(&db, caller.account.id, before).await?;
    let content = move || {
        let (account, credential, browser_sessions) =
            (caller.account.clone(), caller.credential.clone(), browser_sessions.clone());
        view! { <AccountView account credential browser_sessions activity=activity.clone() /> }
    };
    Ok(visit.page(StatusCode::OK, "Account", content).await)
}

/// The values of the fields `names`, to show the form again.
fn typed(form: &Form, names: &[&str]) -> FormState {
    names.iter().fold(FormState::default(), |filled, name| filled.with(name, form.text(name)))
}
