//! `/confirm/{token}` and `/email/{token}`.
//!
//! Whoever has the link reads the mail of the address. That they are who made the account as well, the browser shows by
//! being signed in, or the person by the password: or else somebody could sign up with another's address and wait for
//! its owner to click.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};

use super::{
    service,
    view::{LinkView, SentView},
};
use crate::{
    auth::{AuthSession, page::PageContext, verify_password::verify_account_password},
    db::Db,
    features::{
        accounts::{
            new_browser::notify_if_new,
            one_time_links::{self, Link, Purpose},
        },
        browser_sessions,
    },
    http::{
        client::Client,
        extract::Form,
        forms::{ShownOnce, shown},
        problem::Problem,
        redirect::see_other,
    },
    state::AppState,
    ui::FormState,
};

/// `GET /confirm/{token}`
///
/// # Errors
/// The database's.
pub async fn confirm(visit: PageContext, State(db): State<Db>, Path(token): Path<String>) -> Result<Response, Problem> {
    show(visit, &db, Purpose::Confirm, token).await
}

/// `POST /confirm/{token}`
///
/// # Errors
/// The database's.
pub async fn post_confirm(
    visit: PageContext,
    State(state): State<AppState>,
    auth: AuthSession,
    Path(token): Path<String>,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    take(visit, state, auth, Purpose::Confirm, token, client, form).await
}

/// `GET /email/{token}`
///
/// # Errors
/// The database's.
pub async fn email(visit: PageContext, State(db): State<Db>, Path(token): Path<String>) -> Result<Response, Problem> {
    show(visit, &db, Purpose::Email, token).await
}

/// `POST /email/{token}`
///
/// # Errors
/// The database's.
pub async fn post_email(
    visit: PageContext,
    State(state): State<AppState>,
    auth: AuthSession,
    Path(token): Path<String>,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    take(visit, state, auth, Purpose::Email, token, client, form).await
}

/// `POST /account/email/resend`
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::RateLimited`]; the database's.
pub async fn resend(visit: PageContext, State(state): State<AppState>, client: Client) -> Result<Response, Problem> {
    let account = visit.signed_in()?.account;
    service::ask_again(&state, &client, &account).await?;
    Ok(sent(visit, "/account/email", account.email).await)
}

/// What [`sent`] leaves for the page it leads to: the address.
pub(in crate::features::accounts) const SENT: &str = "sent";

/// What was asked for is in the mail to `address`, or is not; the page at `path` says the same.
pub async fn sent(visit: PageContext, path: &str, address: String) -> Response {
    match visit.show_at(path, ShownOnce::new(SENT, &address)) {
        Some(elsewhere) => elsewhere,
        None => sent_page(visit, StatusCode::ACCEPTED, address).await,
    }
}

/// What [`sent`] left to be shown.
pub(in crate::features::accounts) async fn show_sent(visit: PageContext, address: String) -> Response {
    shown(sent_page(visit, StatusCode::OK, address).await)
}

async fn sent_page(visit: PageContext, status: StatusCode, address: String) -> Response {
    use leptos::prelude::*;
    let content = move || {
        let address = address.clone();
        view! { <SentView address /> }
    };
    visit.page(status, "Look into your mail", content).await
}

async fn show(visit: PageContext, db: &Db, purpose: Purpose, token: String) -> Result<Response, Problem> {
    Ok(match one_time_links::find(db, purpose, &token).await? {
        Some(link) => form_of(visit, StatusCode::OK, purpose, token, link, FormState::default()).await,
        None => dead(visit).await,
    })
}

async fn take(
    visit: PageContext,
    state: AppState,
    mut auth: AuthSession,
    purpose: Purpose,
    token: String,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    let AppState { db, hasher, settings, .. } = &state;
    let Some(link) = one_time_links::find(db, purpose, &token).await? else { return Ok(dead(visit).await) };
    let proven = if is_at_home(&visit, &link) {
        None
    } else {
        let whose = (link.account_id, link.email.as_str());
        match verify_account_password(db, hasher, &settings.throttle, &client, whose, form.text("password")).await {
            // A disabled account has no links, so this one was disabled just now.
            Ok(proven) if proven.disabled => return Ok(dead(visit).await),
            Ok(proven) => Some(proven),
            Err(problem) => {
                let status = problem.status();
                let problem = match problem {
                    Problem::InvalidCredentials => Problem::field("password", "This is not the password."),
                    problem => problem,
                };
                let form = FormState::default().with_errors(&problem);
                return Ok(form_of(visit, status, purpose, token, link, form).await);
            }
        }
    };
    let Some(link) = service::take(&state, &client, purpose, &token).await? else { return Ok(dead(visit).await) };
    if let Some(mut proven) = proven {
        if purpose == Purpose::Email {
            proven.account.email = link.sent_to;
        }
        proven.account.email_confirmed = true;
        notify_if_new(&state, &proven.account, &client);
        browser_sessions::service::begin(db, &settings.sessions, &mut auth, proven, false, &client).await?;
    }
    Ok(see_other("/account"))
}

/// Whether the browser is signed in as the account of the link.
fn is_at_home(visit: &PageContext, link: &Link) -> bool {
    visit.caller.as_ref().is_some_and(|caller| caller.account.id == link.account_id)
}

async fn form_of(
    visit: PageContext,
    status: StatusCode,
    purpose: Purpose,
    token: String,
    link: Link,
    form: FormState,
) -> Response {
    use leptos::prelude::*;
    let at_home = is_at_home(&visit, &link);
    let content = move || {
        let (token, link, form) = (token.clone(), link.clone(), form.clone());
        view! { <LinkView purpose token link at_home form /> }
    };
    visit.page(status, "Is this your address?", content).await
}

async fn dead(visit: PageContext) -> Response {
    one_time_links::dead(visit, "/account", "To your account").await
}
