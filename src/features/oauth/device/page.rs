//! `/device`, a page of the session door: a person enters the code that a device shows, sees what asks, and answers.
//!
//! A link that holds the code ([RFC 8628 section 3.3.1]) asks to compare it first, and looks nothing up: what asks is
//! seen only after a post of our own page.
//!
//! [RFC 8628 section 3.3.1]: https://www.rfc-editor.org/rfc/rfc8628#section-3.3.1

use axum::{extract::State, http::StatusCode, response::Response};
use url::form_urlencoded;

use super::{
    limits,
    service::{approve, deny, find},
    store::WaitingRow,
    user_code::UserCode,
    view::{APPROVE, AnsweredView, AskView, Asking, CODE_FIELD, CompareView, DECISION_FIELD, EnterView, PAGE},
};
use crate::{
    auth::{AuthSession, page::PageContext, reauthentication::Reauthentication},
    features::oauth::client::Client,
    http::{
        client::{Client as Somewhere, Network},
        extract::Form,
        forms::{ShownOnce, shown},
        problem::{FieldError, Problem},
    },
    state::AppState,
    ui::FormState,
};

/// The kind of [`ShownOnce`] that says what was answered.
const ANSWERED: &str = "device";

/// `GET /device`. Whoever is not signed in comes back here, with the code of the link.
///
/// # Errors
/// [`Problem::NotSignedIn`]
pub async fn index(context: PageContext) -> Result<Response, Problem> {
    context.signed_in()?;
    if let (None, Some(answer)) = (context.uri.query(), context.to_show(ANSWERED)) {
        return Ok(shown(answered(context, answer == APPROVE).await));
    }
    let query = context.uri.query().unwrap_or_default();
    let given = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "user_code");
    match given.as_ref().and_then(|(_, code)| UserCode::parse(code)) {
        Some(code) => Ok(compare(context, &code).await),
        None => Ok(enter(context, StatusCode::OK, FormState::default()).await),
    }
}

/// `POST /device`: says what asks. It changes nothing but that a wrong code is counted.
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::RateLimited`]; or if the database fails.
pub async fn look(
    context: PageContext,
    State(state): State<AppState>,
    from: Somewhere,
    form: Form,
) -> Result<Response, Problem> {
    let (code, waiting) = match entered(&context, &state, &from, &form).await {
        Ok(found) => found,
        Err(problem) => return refused(context, &form, problem).await,
    };
    let Some(client) = Client::find(&state.db, &state.settings, &waiting.client_id).await? else {
        return refused(context, &form, unknown()).await;
    };
    let device = Somewhere { address: waiting.address.parse().ok(), user_agent: waiting.user_agent, device: None };
    let asking = Asking {
        code: code.to_string(),
        email: context.signed_in()?.account.email,
        client,
        scopes: {
            let named: Vec<_> = waiting.scopes.split(' ').collect();
            state.site.scopes.iter().filter(|scope| named.contains(&scope.name)).copied().collect()
        },
        is_near: is_near(&device, &from),
        address: device.address(),
        browser: device.browser(),
        at: waiting.created_at,
    };
    Ok(ask(context, asking).await)
}

/// `POST /device/decide`: the answer of the person. To approve, they must have confirmed lately who they are, since the
/// device keeps its access when this browser is signed out.
///
/// # Errors
/// [`Problem::NotSignedIn`]; [`Problem::RateLimited`]; or if the database fails.
pub async fn decide(
    context: PageContext,
    State(state): State<AppState>,
    auth: AuthSession,
    from: Somewhere,
    mut reauthentication: Reauthentication,
    form: Form,
) -> Result<Response, Problem> {
    let is_approved = form.text(DECISION_FIELD) == APPROVE;
    if is_approved && let Some(question) = reauthentication.required_for_form(&context, &form).await? {
        return Ok(question);
    }
    let signed_in = auth.user.ok_or(Problem::NotSignedIn)?;
    let code = match entered(&context, &state, &from, &form).await {
        Ok((code, _)) => code,
        Err(problem) => return refused(context, &form, problem).await,
    };
    let (db, ours) = (state.db.clone(), state.db.clone());
    let work =
        async move { if is_approved { approve(&ours, &code, &signed_in).await } else { deny(&ours, &code).await } };
    if !db.run_to_completion(work).await? {
        return refused(context, &form, unknown()).await;
    }
    let answer = if is_approved { APPROVE } else { "deny" };
    match context.show_at(PAGE, ShownOnce::new(ANSWERED, answer)) {
        Some(redirect) => Ok(redirect),
        None => Ok(answered(context, is_approved).await),
    }
}

/// The code in `form`, and the device that shows it. A wrong code is counted.
async fn entered(
    context: &PageContext,
    state: &AppState,
    from: &Somewhere,
    form: &Form,
) -> Result<(UserCode, WaitingRow), Problem> {
    let account = context.signed_in()?.account.id;
    let text = form.text(CODE_FIELD);
    if text.trim().is_empty() {
        return Err(FieldError::required(CODE_FIELD, "Enter the code that your device shows.").into());
    }
    let wrong = || FieldError::new(CODE_FIELD, "A code has eight letters, such as WDJB-MJHT. Check it on your device.");
    let code = UserCode::parse(&text).ok_or_else(wrong)?;
    let attempt = limits::enter(&state.db, &state.settings.throttle, from, account).await?;
    match find(&state.db, &code).await {
        Ok(Some(waiting)) => {
            attempt.give_back(&state.db).await;
            Ok((code, waiting))
        }
        Ok(None) => Err(unknown()),
        Err(problem) => {
            attempt.give_back(&state.db).await;
            Err(problem)
        }
    }
}

/// Whether both are on one network; `None` if that cannot be told, as between the two kinds of addresses.
fn is_near(device: &Somewhere, person: &Somewhere) -> Option<bool> {
    let (device, person) = (device.address?, person.address?);
    let network = |address| Network::around(address, 32, 64);
    (device.is_ipv4() == person.is_ipv4()).then(|| network(device) == network(person))
}

fn unknown() -> Problem {
    let message = "No device waits with this code. It may have expired, or was answered already: start again on your \
                   device.";
    FieldError::new(CODE_FIELD, message).into()
}

async fn refused(context: PageContext, form: &Form, problem: Problem) -> Result<Response, Problem> {
    match problem {
        Problem::Validation(_) => {
            let typed = FormState::default().with(CODE_FIELD, form.text(CODE_FIELD)).with_errors(&problem);
            Ok(enter(context, problem.status(), typed).await)
        }
        problem => Err(problem),
    }
}

async fn enter(context: PageContext, status: StatusCode, form: FormState) -> Response {
    use leptos::prelude::*;
    context.page(status, "Connect a device", move || view! { <EnterView form /> }).await
}

async fn compare(context: PageContext, code: &UserCode) -> Response {
    use leptos::prelude::*;
    let code = code.to_string();
    context.page(StatusCode::OK, "Connect a device", move || view! { <CompareView code /> }).await
}

async fn ask(context: PageContext, asking: Asking) -> Response {
    use leptos::prelude::*;
    let title = format!("Authorize {} on a device", asking.client.name);
    context.page(StatusCode::OK, title, move || view! { <AskView asking /> }).await
}

async fn answered(context: PageContext, is_approved: bool) -> Response {
    use leptos::prelude::*;
    let title = if is_approved { "Device connected" } else { "Access denied" };
    context.page(StatusCode::OK, title, move || view! { <AnsweredView title is_approved /> }).await
}
