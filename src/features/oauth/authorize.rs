//! `/authorize`: the authorization endpoint (RFC 6749 section 3.1), a page of the session door.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode},
    response::Response,
};
use url::form_urlencoded;

use super::{
    codes,
    error::OAuthError,
    request::{AuthorizationRequest, PATH, Refused, after_login},
    view::{ALLOW, ConsentView, DECISION_FIELD, LeavingView, MistakenView, REQUEST_FIELD, RefusedView},
};
use crate::{
    auth::{AuthSession, page::PageContext, reauthentication::proven_at, session::CurrentSession, store::grants},
    http::{extract::Form, problem::Problem, redirect::see_other},
    state::AppState,
};

const BY_A_SCRIPT: Refused = Refused::Person("A script asked for this page. Apps open it in the browser.");

/// For how long after proving it nobody is asked again who they are, in seconds, for `prompt=login`.
const LOGIN_LASTS: i64 = 300;

static SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
static SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
static REFRESH: HeaderName = HeaderName::from_static("refresh");

/// `GET /authorize`. Whoever is not signed in, or has to prove who they are, comes back here.
///
/// It changes nothing but that a code is stored, which is worth nothing without the verifier that only the client has.
///
/// # Errors
/// If the database fails. Other errors go to the client, or are shown.
pub(super) async fn authorize(
    context: PageContext,
    State(state): State<AppState>,
    auth: AuthSession,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !is_visit(&headers) {
        return refuse(context, &headers, BY_A_SCRIPT).await;
    }
    let query = context.uri.query().unwrap_or_default().to_owned();
    let request = match read(&state, &query).await {
        Ok(request) => request,
        Err(refused) => return refuse(context, &headers, refused).await,
    };
    let prompt = request.prompt;
    let back = if prompt.login || request.max_age.is_some() {
        after_login(&query, LOGIN_LASTS)
    } else {
        format!("{PATH}?{query}")
    };
    let fail = |code, description: &str| request.answer.error(&OAuthError::new(code, description));
    let Some(signed_in) = auth.user else {
        if prompt.none {
            return leave(context, &headers, fail("login_required", "Nobody is signed in.")).await;
        }
        return Ok(see_other(&with_next("/sign-in", &back)));
    };
    if prompt.login || !is_recent(&state, &signed_in, request.max_age).await? {
        if prompt.none {
            return leave(context, &headers, fail("login_required", "The person signed in too long ago.")).await;
        }
        return Ok(see_other(&with_next("/account/confirm", &back)));
    }
    if prompt.consent || !needs_no_consent(&state, &signed_in, &request).await? {
        if prompt.none {
            return leave(context, &headers, fail("consent_required", "The person has to be asked.")).await;
        }
        return Ok(consent(context, query, request).await);
    }
    let code = codes::issue(&state.db, &signed_in, &request).await?;
    leave(context, &headers, request.answer.code(&code)).await
}

/// `POST /authorize`: the answer of the person. Only our own page can post it, for the account that it was made for.
///
/// # Errors
/// [`Problem::NotSignedIn`]; or if the database fails.
pub(super) async fn decide(
    context: PageContext,
    State(state): State<AppState>,
    auth: AuthSession,
    headers: HeaderMap,
    form: Form,
) -> Result<Response, Problem> {
    let signed_in = auth.user.ok_or(Problem::NotSignedIn)?;
    if !is_visit(&headers) {
        return refuse(context, &headers, BY_A_SCRIPT).await;
    }
    let request = match read(&state, &form.text(REQUEST_FIELD)).await {
        Ok(request) => request,
        Err(refused) => return refuse(context, &headers, refused).await,
    };
    let url = if form.text(DECISION_FIELD) == ALLOW {
        request.answer.code(&codes::issue(&state.db, &signed_in, &request).await?)
    } else {
        request.answer.error(&OAuthError::new("access_denied", "The person did not give access."))
    };
    leave_by_page(context, url).await
}

/// Whether the page is opened, rather than read by a script. The answer holds a code, so a script that runs on a page of
/// this site could get one for itself where no consent is asked for. Older browsers do not say which it is.
fn is_visit(headers: &HeaderMap) -> bool {
    headers.get(&SEC_FETCH_MODE).is_none_or(|mode| mode == "navigate")
}

async fn read(state: &AppState, query: &str) -> Result<AuthorizationRequest, Refused> {
    AuthorizationRequest::read(&state.db, &state.settings, &state.site.scopes, query).await
}

/// Whether the person proved who they are in the last `max_age` seconds.
async fn is_recent(state: &AppState, signed_in: &CurrentSession, max_age: Option<i64>) -> Result<bool, Problem> {
    let Some(max_age) = max_age else { return Ok(true) };
    let at = proven_at(&state.db, signed_in).await?.ok_or(Problem::NotSignedIn)?;
    Ok((state.db.now() - at).abs().whole_seconds() <= max_age)
}

/// Whether the application has all of the access it asks for, and the code reaches nobody else (S83, RFC 8252 section
/// 8.6).
async fn needs_no_consent(
    state: &AppState,
    signed_in: &CurrentSession,
    request: &AuthorizationRequest,
) -> Result<bool, Problem> {
    if !request.client.is_known_by(&request.redirect_uri) {
        return Ok(false);
    }
    if request.client.owner == super::client::Owner::Site {
        return Ok(true);
    }
    let (account, id, now) = (signed_in.account.id, &request.client.id, state.db.now());
    let given = grants::scopes_of(&state.db, account, id, now).await?;
    let has = |name: &str| given.iter().any(|(scopes,)| scopes.split(' ').any(|scope| scope == name));
    Ok(request.scopes.iter().all(|scope| has(scope.name)))
}

async fn consent(context: PageContext, query: String, request: AuthorizationRequest) -> Response {
    use leptos::prelude::*;
    let email = context.caller.as_ref().map(|caller| caller.account.email.clone()).unwrap_or_default();
    let AuthorizationRequest { client, redirect_uri, scopes, .. } = request;
    let title = format!("Authorize {}", client.name);
    let view = move || view! { <ConsentView client redirect_uri scopes email query /> };
    context.page(StatusCode::OK, title, view).await
}

async fn refuse(context: PageContext, headers: &HeaderMap, refused: Refused) -> Result<Response, Problem> {
    use leptos::prelude::*;
    match refused {
        Refused::Server(problem) => Err(problem),
        Refused::Client(answer, error) => leave(context, headers, answer.error(&error)).await,
        Refused::Stranger(answer, error) => {
            let view = move || view! { <MistakenView url=answer.error(&error) reason=error.description.clone() /> };
            Ok(context.page(StatusCode::BAD_REQUEST, "This app cannot be authorized", view).await)
        }
        Refused::Person(reason) => {
            let view = move || view! { <RefusedView reason /> };
            Ok(context.page(StatusCode::BAD_REQUEST, "This app cannot be authorized", view).await)
        }
    }
}

/// Sends the person to `url`, which is the client's. Where they come from one of our own forms, such as that of the
/// sign-in page, a redirect would be a part of its post, which `form-action 'self'` keeps on this site (CSP). Then a
/// page leads on.
async fn leave(context: PageContext, headers: &HeaderMap, url: String) -> Result<Response, Problem> {
    if headers.get(&SEC_FETCH_SITE).is_some_and(|site| site == "same-origin") {
        return leave_by_page(context, url).await;
    }
    Ok(see_other(&url))
}

async fn leave_by_page(context: PageContext, url: String) -> Result<Response, Problem> {
    use leptos::prelude::*;
    let refresh = HeaderValue::from_str(&format!("0; url={url}"));
    let refresh = refresh.map_err(|error| Problem::Internal(error.to_string()))?;
    let view = move || view! { <LeavingView url /> };
    let mut page = context.page(StatusCode::OK, "Back to the app", view).await;
    page.headers_mut().insert(REFRESH.clone(), refresh);
    Ok(page)
}

fn with_next(path: &str, next: &str) -> String {
    let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("{path}?next={next}")
}
