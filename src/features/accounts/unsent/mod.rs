//! A form that was posted and not done, because its session had ended or another account is signed in now.
//!
//! What a page sends is for the account the page was made for, or nobody's. What was written is not lost: the answer to
//! a post whose session has ended is the sign-in page, which carries it along; the page after that, and the answer to a
//! post for another account, show it, to be copied or sent with one click. Passwords are never carried.

mod view;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{StatusCode, Uri},
    middleware::Next,
    response::Response,
};
use uuid::Uuid;

pub(super) use self::view::Carried;
use self::view::UnsentView;
use super::page;
use crate::{
    assets::Assets,
    auth::{AuthSession, Caller, Credential, Stamp, page::PageContext},
    http::{extract::Form, forms::Posted, problem::Problem, redirect::local_path},
    ui::{FOR_ACCOUNT, FORM_KEY, FormState},
};

/// On the sign-in page, where it was posted to.
const TO: &str = "unsent_to";
/// What the names of its fields begin with there.
const PREFIX: &str = "unsent-";
/// Fields that people do not write into.
const UNSEEN: [&str; 3] = ["version", "next", FOR_ACCOUNT];

const ENDED: &str = "Your session has ended. Sign in to go on: what you wrote is kept.";

/// What was posted, and where to.
#[derive(Clone, Debug)]
pub(super) struct Unsent {
    to: String,
    pairs: Vec<(String, String)>,
}

impl Unsent {
    fn of(uri: &Uri, form: &Form) -> Self {
        let to = uri.path_and_query().map_or("/", |to| to.as_str()).to_owned();
        // A form of passwords says nothing without them.
        let of_passwords = form.pairs().any(|(name, _)| name == "password" || name == "current");
        let is_kept = |name: &str| name == FOR_ACCOUNT || !(of_passwords || name == FORM_KEY || is_secret(name));
        let kept = form.pairs().filter(|(name, _)| is_kept(name));
        Self { to, pairs: kept.cloned().collect() }
    }

    /// What the sign-in form carries.
    pub(super) fn carried(form: &Form) -> Option<Self> {
        let to = local_path(&form.text(TO)).to_owned();
        let pairs =
            form.pairs().filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_owned(), value.clone())));
        let pairs: Vec<_> = pairs.filter(|(name, _)| name != FORM_KEY && !is_secret(name)).collect();
        (to != "/" && !pairs.is_empty()).then_some(Self { to, pairs })
    }

    /// The sign-in form, with this in it.
    pub(super) fn carry(&self, form: FormState) -> FormState {
        let pairs = self.pairs.iter();
        pairs.fold(form.with(TO, &self.to), |form, (name, value)| form.with(&format!("{PREFIX}{name}"), value))
    }

    /// Whether anybody has written anything.
    fn is_written(&self) -> bool {
        self.pairs.iter().any(|(name, value)| is_seen(name, value))
    }

    fn is_for(&self, account: Uuid) -> bool {
        let wanted = self.pairs.iter().find(|(name, _)| name == FOR_ACCOUNT);
        wanted.is_some_and(|(_, id)| id.parse() == Ok(account))
    }

    /// After signing in: what was not sent, with a button that sends it.
    pub(super) async fn offer(self, mut visit: PageContext, auth: &AuthSession) -> Result<Response, Problem> {
        let signed_in = auth.user.clone().ok_or(Problem::NotSignedIn)?;
        let (credential, stamp) = (Credential::Session(signed_in.id), Some(Stamp(signed_in.stamp)));
        visit.caller = Some(Caller { account: signed_in.account, credential, stamp });
        self.page(visit, StatusCode::OK).await
    }

    async fn page(self, visit: PageContext, status: StatusCode) -> Result<Response, Problem> {
        use leptos::prelude::*;
        let account = visit.signed_in()?.account;
        let (same, written) = (self.is_for(account.id), self.is_written());
        let title = if same { "Not sent yet" } else { "Another account is signed in" };
        let content = move || {
            let (Self { to, pairs }, email) = (self.clone(), account.email.clone());
            let pairs = pairs.into_iter().filter(|(name, _)| name != FOR_ACCOUNT).collect::<Vec<_>>();
            view! { <UnsentView title to pairs email same written /> }
        };
        Ok(visit.page(status, title, content).await)
    }
}

/// Whether a field holds what only its form may ask for.
fn is_secret(name: &str) -> bool {
    name.contains("password") || name == "current"
}

/// Whether people wrote `value`; a box that is ticked says so by its name.
fn is_seen(name: &str, value: &str) -> bool {
    !UNSEEN.contains(&name) && !value.is_empty() && value != "on"
}

/// Stands inside the layers of the session, around every page: what was posted from a page of another account is not
/// done, and what was posted after the end of a session is kept.
///
/// A form that does not say whom it is for is a script's, or good for anybody.
pub async fn layer(State(assets): State<Assets>, request: Request, next: Next) -> Response {
    let posted = request.extensions().get::<Posted>().map(|posted| posted.form.clone());
    let Some(form) = posted.filter(|form| !form.text(FOR_ACCOUNT).is_empty()) else {
        return next.run(request).await;
    };
    let (mut parts, body) = request.into_parts();
    let Ok(mut visit) = PageContext::from_request_parts(&mut parts, &assets).await;
    let unsent = Unsent::of(&visit.uri, &form);
    if visit.caller.as_ref().is_some_and(|caller| !unsent.is_for(caller.account.id)) {
        tracing::info!(event = "account_changed", "a form of another account's page was not taken");
        return unsent
            .page(visit, StatusCode::CONFLICT)
            .await
            .unwrap_or_else(axum::response::IntoResponse::into_response);
    }
    let response = next.run(Request::from_parts(parts, body)).await;
    if !matches!(response.extensions().get(), Some(Problem::NotSignedIn)) || !unsent.is_written() {
        return response;
    }
    visit.caller = None;
    let form = unsent.carry(FormState { notice: Some(ENDED.into()), ..FormState::default() });
    page::sign_in_form(visit, StatusCode::UNAUTHORIZED, form).await
}
