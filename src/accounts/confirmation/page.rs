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
    accounts::{
        familiar,
        links::{self, Link, Purpose},
        service::prove_account,
    },
    client::Client,
    db::Db,
    doors::AuthSession,
    extract::Form,
    forms::{ShownOnce, shown},
    problem::Problem,
    sign_ins,
    state::AppState,
    ui::{Filled, Visit, page::see_other},
};

/// `GET /confirm/{token}`
///
/// # Errors
/// The database's.
pub async fn confirm(visit: Visit, State(db): State<Db>, Path(token): Path<String>) -> Result<Response, Problem> {
    show(visit, &db, Purpose::Confirm, token).await
}

/// `POST /confirm/{token}`
///
/// # Errors
/// The database's.
pub async fn post_confirm(
    visit: Visit,
    State(house): State<AppState>,
    auth: AuthSession,
    Path(token): Path<String>,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    take(visit, house, auth, Purpose::Confirm, token, client, form).await
}

/// `GET /email/{token}`
///
/// # Errors
/// The database's.
pub async fn email(visit: Visit, State(db): State<Db>, Path(token): Path<String>) -> Result<Response, Problem> {
    show(visit, &db, Purpose::Email, token).await
}

/// `POST /email/{token}`
///
/// # Errors
/// The database's.
pub async fn post_email(
    visit: Visit,
    State(house): State<AppState>,
    auth: AuthSession,
    Path(token): Path<String>,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    take(visit, house, auth, Purpose::Email, token, client, form).await
}

/// `POST /account/email/resend`
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::RateLimited`]; the database's.
pub async fn resend(visit: Visit, State(house): State<AppState>, client: Client) -> Result<Response, Problem> {
    let account = visit.signed_in()?.account;
    service::ask_again(&house, &client, &account).await?;
    Ok(sent(visit, "/account/email", account.email).await)
}

/// What [`sent`] leaves for the page it leads to: the address.
pub(in crate::accounts) const SENT: &str = "sent";

/// What was asked for is in the mail to `address`, or is not; the page at `path` says the same.
pub async fn sent(visit: Visit, path: &str, address: String) -> Response {
    match visit.show_at(path, ShownOnce::new(SENT, &address)) {
        Some(elsewhere) => elsewhere,
        None => sent_page(visit, StatusCode::ACCEPTED, address).await,
    }
}

/// What [`sent`] left to be shown.
pub(in crate::accounts) async fn show_sent(visit: Visit, address: String) -> Response {
    shown(sent_page(visit, StatusCode::OK, address).await)
}

async fn sent_page(visit: Visit, status: StatusCode, address: String) -> Response {
    use leptos::prelude::*;
    let content = move || {
        let address = address.clone();
        view! { <SentView address /> }
    };
    visit.page(status, "Look into your mail", content).await
}

async fn show(visit: Visit, db: &Db, purpose: Purpose, token: String) -> Result<Response, Problem> {
    Ok(match links::find(db, purpose, &token).await? {
        Some(link) => form_of(visit, StatusCode::OK, purpose, token, link, Filled::default()).await,
        None => dead(visit).await,
    })
}

async fn take(
    visit: Visit,
    house: AppState,
    mut auth: AuthSession,
    purpose: Purpose,
    token: String,
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    let AppState { db, hasher, settings, .. } = &house;
    let Some(link) = links::find(db, purpose, &token).await? else { return Ok(dead(visit).await) };
    let proven = if is_at_home(&visit, &link) {
        None
    } else {
        let whose = (link.account_id, link.email.as_str());
        match prove_account(db, hasher, &settings.throttle, &client, whose, form.text("password")).await {
            // A disabled account has no links, so this one was disabled just now.
            Ok(proven) if proven.disabled => return Ok(dead(visit).await),
            Ok(proven) => Some(proven),
            Err(problem) => {
                let status = problem.status();
                let problem = match problem {
                    Problem::InvalidCredentials => Problem::field("password", "This is not the password."),
                    problem => problem,
                };
                let form = Filled::default().refused(&problem);
                return Ok(form_of(visit, status, purpose, token, link, form).await);
            }
        }
    };
    let Some(link) = service::take(&house, &client, purpose, &token).await? else { return Ok(dead(visit).await) };
    if let Some(mut proven) = proven {
        if purpose == Purpose::Email {
            proven.account.email = link.sent_to;
        }
        proven.account.email_confirmed = true;
        familiar::meet(&house, &proven.account, &client);
        sign_ins::service::begin(db, &settings.sessions, &mut auth, proven, false, &client).await?;
    }
    Ok(see_other("/account"))
}

/// Whether the browser is signed in as the account of the link.
fn is_at_home(visit: &Visit, link: &Link) -> bool {
    visit.caller.as_ref().is_some_and(|caller| caller.account.id == link.account_id)
}

async fn form_of(
    visit: Visit,
    status: StatusCode,
    purpose: Purpose,
    token: String,
    link: Link,
    form: Filled,
) -> Response {
    use leptos::prelude::*;
    let at_home = is_at_home(&visit, &link);
    let content = move || {
        let (token, link, form) = (token.clone(), link.clone(), form.clone());
        view! { <LinkView purpose token link at_home form /> }
    };
    visit.page(status, "Is this your address?", content).await
}

async fn dead(visit: Visit) -> Response {
    links::dead(visit, "/account", "To your account").await
}
