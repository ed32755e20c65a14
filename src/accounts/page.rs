//! Signing up, in and out; the account page. Every form is a plain post, so all of it works without JavaScript.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    confirmation, familiar, recovery,
    service::{self, SignUp},
    unsent::Unsent,
    view::{AccountView, SignInView, SignUpView},
};
use crate::{
    activity,
    client::Client,
    db::Db,
    doors::AuthSession,
    extract::{Form, Query},
    problem::Problem,
    settings::{Confirm, Settings},
    sign_ins,
    state::AppState,
    ui::{
        Filled, Visit,
        page::{local_path, see_other},
    },
};

/// Where signing in leads if the visitor was not on the way anywhere.
const HOME: &str = "/notes";

/// `?next=`
#[derive(Deserialize)]
pub struct Next {
    #[serde(default)]
    next: String,
}

/// `GET /sign-up`
pub async fn sign_up(visit: Visit, Query(Next { next }): Query<Next>) -> Response {
    if let Some(address) = visit.to_show(confirmation::page::SENT) {
        return confirmation::page::show_sent(visit, address).await;
    }
    if visit.caller.is_some() {
        return see_other(HOME);
    }
    sign_up_form(visit, StatusCode::OK, Filled::default().with("next", next)).await
}

/// `POST /sign-up`
///
/// # Errors
/// None but those of the session; what is wrong with the form stands in the form.
pub async fn post_sign_up(
    visit: Visit,
    State(house): State<AppState>,
    mut auth: AuthSession,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    let AppState { db, hasher, settings, mailer, .. } = house.clone();
    let typed = typed(&form, &["name", "email", "next"]);
    let sign_up = SignUp { name: form.text("name"), email: form.text("email"), password: form.text("password") };
    if settings.accounts.confirm == Confirm::Required {
        return match confirmation::service::sign_up(&db, &hasher, &settings, &mailer, &client, sign_up).await {
            Ok(()) => Ok(confirmation::page::sent(visit, "/sign-up", form.text("email")).await),
            Err(problem) => Ok(later(&problem, sign_up_form(visit, problem.status(), typed.refused(&problem)).await)),
        };
    }
    let proven = match service::sign_up(&db, &hasher, &settings.throttle, &client, sign_up).await {
        Ok(proven) => proven,
        Err(problem) => {
            return Ok(later(&problem, sign_up_form(visit, problem.status(), typed.refused(&problem)).await));
        }
    };
    confirmation::service::ask(&db, &settings, &mailer, &proven.account);
    familiar::meet(&house, &proven.account, &client);
    sign_ins::service::begin(&db, &settings.sessions, &mut auth, proven, false, &client).await?;
    Ok(see_other(&destination(&form)))
}

async fn sign_up_form(visit: Visit, status: StatusCode, form: Filled) -> Response {
    use leptos::prelude::*;
    visit.page(status, "Sign up", move || view! { <SignUpView form=form.clone() /> }).await
}

/// `GET /sign-in`
pub async fn sign_in(visit: Visit, Query(Next { next }): Query<Next>) -> Response {
    if let Some(tokens) = visit.to_show(recovery::page::RESET) {
        return recovery::page::show_done(visit, !tokens.is_empty()).await;
    }
    if visit.caller.is_some() {
        return see_other(match local_path(&next) {
            "/" => HOME,
            next => next,
        });
    }
    sign_in_form(visit, StatusCode::OK, Filled::default().with("next", next)).await
}

/// `POST /sign-in`
///
/// # Errors
/// None but those of the session; what is wrong with the form stands in the form.
pub async fn post_sign_in(
    visit: Visit,
    State(house): State<AppState>,
    mut auth: AuthSession,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    let AppState { db, hasher, settings, .. } = house.clone();
    let remember = form.ticked("remember");
    let unsent = Unsent::carried(&form);
    let mut typed = typed(&form, &["email", "next"]);
    if let Some(unsent) = &unsent {
        typed = unsent.carry(typed);
    }
    if remember {
        typed = typed.with("remember", "on");
    }
    let (email, password) = (form.text("email"), form.text("password"));
    let proven = service::prove(&db, &hasher, &settings.throttle, &client, &email, password).await;
    let proven = match proven.and_then(|proven| proven.admitted(&settings.accounts)) {
        Ok(proven) => proven,
        Err(problem) => {
            return Ok(later(&problem, sign_in_form(visit, problem.status(), typed.refused(&problem)).await));
        }
    };
    familiar::meet(&house, &proven.account, &client);
    sign_ins::service::begin(&db, &settings.sessions, &mut auth, proven, remember, &client).await?;
    if let Some(unsent) = unsent {
        return unsent.offer(visit, &auth).await;
    }
    Ok(see_other(&destination(&form)))
}

pub(super) async fn sign_in_form(visit: Visit, status: StatusCode, form: Filled) -> Response {
    use leptos::prelude::*;
    visit.page(status, "Sign in", move || view! { <SignInView form=form.clone() /> }).await
}

/// `POST /sign-out`, signed in or not: the second click does no harm.
///
/// # Errors
/// [`Problem::Unavailable`], and the browser is still signed in.
pub async fn sign_out(State(db): State<Db>, client: Client, mut auth: AuthSession) -> Result<Response, Problem> {
    sign_ins::service::end(&db, &mut auth, &client).await?;
    let mut response = see_other("/");
    response.headers_mut().insert(CLEAR_SITE_DATA, HeaderValue::from_static(CLEARED));
    Ok(response)
}

/// What a browser forgets at sign-out (S9). Cookies are not listed: ours is removed by name, and the directive would
/// take those of every other site on the same host with it.
pub const CLEARED: &str = r#""cache", "storage""#;
/// `Clear-Site-Data`
pub const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// `?before=`
#[derive(Deserialize)]
pub struct Before {
    before: Option<Uuid>,
}

/// `GET /account`, with what happened lately, or before the event `before`.
///
/// # Errors
/// [`Problem::NotSignedIn`]; the database's.
pub async fn account(
    visit: Visit,
    State(db): State<Db>,
    State(settings): State<Arc<Settings>>,
    Query(Before { before }): Query<Before>,
) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let caller = visit.signed_in()?;
    let shown = settings.sessions.per_account.into();
    let sign_ins = sign_ins::service::newest(&db, caller.account.id, shown).await?;
    let activity = activity::service::page(&db, caller.account.id, before).await?;
    let content = move || {
        let (account, credential, sign_ins) = (caller.account.clone(), caller.credential.clone(), sign_ins.clone());
        view! { <AccountView account credential sign_ins activity=activity.clone() /> }
    };
    Ok(visit.page(StatusCode::OK, "Account", content).await)
}

/// `page`, and when to try again where `problem` says so.
pub(super) fn later(problem: &Problem, mut page: Response) -> Response {
    if let Some(seconds) = problem.retry_after() {
        page.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    page
}

/// What was typed into `names`.
fn typed(form: &Form, names: &[&str]) -> Filled {
    names.iter().fold(Filled::default(), |filled, name| filled.with(name, form.text(name)))
}

fn destination(form: &Form) -> String {
    let next = form.text("next");
    match local_path(&next) {
        "/" => HOME.into(),
        next => next.into(),
    }
}
