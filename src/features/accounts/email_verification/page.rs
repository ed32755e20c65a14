//! `/confirm/{token}` and `/email/{token}`: the links that verify an email address.
//!
//! The link shows that the person can read the mail of the address. To show that the account is theirs as well, they
//! have to be signed in or give the password, or a passkey if the account has no password. Otherwise somebody could sign
//! up with another person's address and wait for its owner to click.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use secrecy::SecretString;

use super::{
    proof::Proof,
    service,
    view::{LinkView, SentView},
};
use crate::{
    auth::{
        AuthSession,
        page::PageContext,
        sign_in::{ANSWER_FIELD, At, Factor, PendingCookie, Proven, Wants},
        verify_password::verify_account_password,
    },
    features::accounts::{
        one_time_links::{self, Link, Purpose},
        sign_in::{finish, page as step},
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

/// `GET /confirm/{token}` and `GET /email/{token}`
///
/// # Errors
/// If the database fails.
pub async fn link(
    context: PageContext,
    State(state): State<AppState>,
    purpose: Purpose,
    Path(token): Path<SecretString>,
) -> Result<Response, Problem> {
    let Some(link) = one_time_links::find(&state.db, purpose, &token).await? else {
        return Ok(one_time_links::expired_page(context, purpose).await);
    };
    let proof = Proof::of(&context, &state, &link).await?;
    Ok(link_form(context, StatusCode::OK, (purpose, proof), token, link, FormState::default()).await)
}

/// `POST /confirm/{token}` and `POST /email/{token}`
///
/// # Errors
/// If the database fails.
pub async fn post_link(
    context: PageContext,
    State(state): State<AppState>,
    mut auth: AuthSession,
    pending: PendingCookie,
    (purpose, Path(token)): (Purpose, Path<SecretString>),
    client: Client,
    form: Form,
) -> Result<Response, Problem> {
    let AppState { db, hasher, settings, .. } = &state;
    let Some(link) = one_time_links::find(db, purpose, &token).await? else {
        return Ok(one_time_links::expired_page(context, purpose).await);
    };
    let owner = (link.account_id, link.email.as_str());
    let proof = Proof::of(&context, &state, &link).await?;
    let proven = match proof {
        Proof::SignedIn => Ok(None),
        Proof::Passkey(_) => {
            let answer = form.text(ANSWER_FIELD);
            state.sign_ins.reauthenticate(owner, Factor::Passkey, (&answer, None), &client).await.map(Some)
        }
        Proof::Password | Proof::Nothing => {
            let password = form.text("password").into();
            let proven = verify_account_password(db, hasher, &settings.throttle, &client, owner, password).await;
            proven.map(|proven| Some(Proven::from(proven)))
        }
    };
    let proven = match proven {
        // A disabled account has no links, so this one was disabled just now.
        Ok(Some(proven)) if proven.disabled => return Ok(one_time_links::expired_page(context, purpose).await),
        Err(Problem::NotSignedIn) => return Ok(one_time_links::expired_page(context, purpose).await),
        Ok(proven) => proven,
        Err(problem) => {
            let status = problem.status();
            let problem = match problem {
                Problem::InvalidCredentials => Problem::field("password", "The password is wrong."),
                problem => problem,
            };
            let form = FormState::default().with_errors(&problem);
            return Ok(link_form(context, status, (purpose, proof), token, link, form).await);
        }
    };
    let Some(link) = service::take(&state, &client, purpose, &token).await? else {
        return Ok(one_time_links::expired_page(context, purpose).await);
    };
    if let Some(mut proven) = proven {
        if purpose == Purpose::Email {
            proven.account.email = link.sent_to;
        }
        proven.account.email_confirmed = true;
        // The link is used up and the address confirmed; a second factor is asked for to be signed in.
        match state.sign_ins.proceed(proven, At::Browser(&pending), Wants::default(), &client).await {
            Ok(admitted) => drop(finish::in_browser(&state, &mut auth, admitted, false, &client).await?),
            Err(Problem::SecondFactorRequired { next, .. }) => {
                return step::first(context, &state, &next, "/account", None).await;
            }
            Err(problem) => return Err(problem),
        }
    }
    Ok(see_other("/account"))
}

/// `POST /account/email/resend`
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::RateLimited`]; or if the database fails.
pub async fn resend(context: PageContext, State(state): State<AppState>, client: Client) -> Result<Response, Problem> {
    let account = context.signed_in()?.account;
    service::ask_again(&state, &client, &account).await?;
    Ok(sent(context, "/account/email", account.email).await)
}

/// The kind of [`ShownOnce`] that [`sent`] leaves for the page it redirects to. It holds the address.
pub(in crate::features::accounts) const SENT: &str = "sent";

/// Says "Check your email" for mail to `address`, on the page at `path`. It says so whether or not any mail was sent.
pub async fn sent(context: PageContext, path: &str, address: String) -> Response {
    match context.show_at(path, ShownOnce::new(SENT, &address)) {
        Some(redirect) => redirect,
        None => sent_page(context, StatusCode::ACCEPTED, address).await,
    }
}

/// The page that [`sent`] redirected to.
pub(in crate::features::accounts) async fn show_sent(context: PageContext, address: String) -> Response {
    shown(sent_page(context, StatusCode::OK, address).await)
}

async fn sent_page(context: PageContext, status: StatusCode, address: String) -> Response {
    use leptos::prelude::*;
    let view = move || {
        let address = address.clone();
        view! { <SentView address /> }
    };
    context.page(status, "Check your email", view).await
}

async fn link_form(
    context: PageContext,
    status: StatusCode,
    (purpose, proof): (Purpose, Proof),
    token: SecretString,
    link: Link,
    form: FormState,
) -> Response {
    use leptos::prelude::*;
    let view = move || view! { <LinkView purpose token link proof form /> };
    context.page(status, "Confirm your email address", view).await
}
