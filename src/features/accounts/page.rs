//! Signing up, in and out, and the account page. Every form is a plain POST, so all of it works without JavaScript.

use std::sync::Arc;

use axum::{
    Extension,
    extract::State,
    http::{HeaderValue, StatusCode},
    response::Response,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    service::{self, SignUp},
    sign_in::{finish, page as step},
    sign_in_form::{later, sign_in_form},
    view::{AccountView, SignUpView},
};
use crate::{
    auth::{
        AuthSession, activity,
        device_bound::Unproven,
        page::PageContext,
        sign_in::{At, PendingCookie, Proven, Wants},
        store::accounts,
        verify_password::verify_password,
    },
    db::Db,
    features::{
        accounts::{email_verification, password_reset},
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
pub async fn sign_up(context: PageContext, Query(ReturnTo { next }): Query<ReturnTo>) -> Response {
    if let Some(address) = context.to_show(email_verification::page::SENT) {
        return email_verification::page::show_sent(context, address).await;
    }
    if context.caller.is_some() {
        return see_other(context.home());
    }
    sign_up_form(context, StatusCode::OK, FormState::default().with("next", next)).await
}

/// `POST /sign-up`
///
/// # Errors
/// If the session cannot be written. Other problems are shown in the form.
pub async fn post_sign_up(
    context: PageContext,
    State(state): State<AppState>,
    mut auth: AuthSession,
    pending: PendingCookie,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    let AppState { db, hasher, settings, mailer, .. } = &state;
    let sign_up = SignUp { name: form.text("name"), email: form.text("email"), password: form.text("password").into() };
    let proven = if settings.accounts.confirm == Confirm::Required {
        email_verification::service::sign_up(db, hasher, settings, mailer, &client, sign_up).await.map(|()| None)
    } else {
        match service::sign_up(db, hasher, &settings.throttle, &client, sign_up).await {
            Ok(proven) => {
                email_verification::service::ask(db, settings, mailer, &proven.account).await;
                Ok(Some(Proven::from(proven)))
            }
            Err(problem) => Err(problem),
        }
    };
    signed_up(context, &state, (&mut auth, &pending), &client, &form, proven).await
}

/// Answers a form of the sign-up page: signs in this browser, says that the address has to be confirmed first if nobody
/// was `proven`, or shows the page again, with what is wrong.
///
/// # Errors
/// If the session cannot be written. Other problems are shown in the form.
pub(crate) async fn signed_up(
    context: PageContext,
    state: &AppState,
    (auth, pending): (&mut AuthSession, &PendingCookie),
    client: &Client,
    form: &Form,
    proven: Result<Option<Proven>, Problem>,
) -> Result<Response, Problem> {
    let home = context.home();
    match proven {
        Ok(Some(proven)) => {
            let admitted = state.sign_ins.proceed(proven, At::Browser(pending), Wants::default(), client).await?;
            finish::in_browser(state, auth, admitted, false, client).await?;
            Ok(see_other(ReturnTo { next: form.text("next") }.or(home)))
        }
        Ok(None) => Ok(email_verification::page::sent(context, "/sign-up", form.text("email")).await),
        Err(problem) => {
            let typed = typed(form, &["name", "email", "next"]).with_errors(&problem);
            Ok(later(&problem, sign_up_form(context, problem.status(), typed).await))
        }
    }
}

async fn sign_up_form(context: PageContext, status: StatusCode, form: FormState) -> Response {
    use leptos::prelude::*;
    let ways_up = context.ways_up();
    context.page(status, "Sign up", move || view! { <SignUpView form ways_up /> }).await
}

/// What the sign-in page says to a browser whose session is bound to a key that it does not prove (S84).
const UNPROVEN: &str = "Your session works only in the browser that signed in, and this browser could not prove that it \
                        is the one. Sign in again.";

/// `GET /sign-in`
pub async fn sign_in(
    context: PageContext,
    unproven: Option<Extension<Unproven>>,
    Query(next): Query<ReturnTo>,
) -> Response {
    if let Some(tokens) = context.to_show(password_reset::page::RESET) {
        return password_reset::page::show_done(context, !tokens.is_empty()).await;
    }
    if context.caller.is_some() {
        return see_other(next.or(context.home()));
    }
    let form = FormState { notice: unproven.map(|_| UNPROVEN.into()), ..FormState::default() };
    sign_in_form(context, StatusCode::OK, form.with("email", next.login_hint()).with("next", next.next)).await
}

/// `POST /sign-in`
///
/// # Errors
/// If the session cannot be written. Other problems are shown in the form.
pub async fn post_sign_in(
    context: PageContext,
    State(state): State<AppState>,
    mut auth: AuthSession,
    pending: PendingCookie,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    let AppState { db, hasher, settings, .. } = &state;
    let (email, password) = (form.text("email"), form.text("password").into());
    let proven = verify_password(db, hasher, &settings.throttle, &client, &email, password).await;
    step::begin(context, &state, (&mut auth, &pending), &client, &form, proven).await
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
    context: PageContext,
    State(db): State<Db>,
    State(settings): State<Arc<Settings>>,
    Query(Before { before }): Query<Before>,
) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let caller = context.signed_in()?;
    let shown = settings.sessions.per_account.into();
    let browser_sessions = browser_sessions::service::newest(&db, caller.account.id, shown).await?;
    let activity = activity::service::page(&db, caller.account.id, before).await?;
    let has_password = accounts::has_password(&db, caller.account.id).await?;
    let links = context.account_links();
    let view = move || {
        let (account, credential, browser_sessions) =
            (caller.account.clone(), caller.credential.clone(), browser_sessions.clone());
        view! { <AccountView account credential has_password browser_sessions activity=activity.clone() links=links.clone() /> }
    };
    Ok(context.page(StatusCode::OK, "Account", view).await)
}

/// The values of the fields `names`, to show the form again.
fn typed(form: &Form, names: &[&str]) -> FormState {
    names.iter().fold(FormState::default(), |filled, name| filled.with(name, form.text(name)))
}
