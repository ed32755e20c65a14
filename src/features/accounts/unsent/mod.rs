//! Posted forms that could not be processed because the session had ended or another account is signed in now.
//!
//! A form is only accepted for the account its page was rendered for. What the person wrote is not lost: if the session
//! has ended, the sign-in page carries the form along, and the page after signing in shows it, to be sent with one
//! click or copied. If another account is signed in, that page is shown at once. Passwords are never carried.

mod fields;
mod view;

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{StatusCode, Uri},
    middleware::Next,
    response::Response,
};
use uuid::Uuid;

pub(crate) use self::view::carried_pairs;
pub(super) use self::view::{Carried, carried_fields};
use self::{
    fields::{PREFIX, TO, is_secret, is_seen},
    view::UnsentView,
};
use super::sign_in_form::sign_in_form;
use crate::{
    assets::Assets,
    auth::{AuthSession, Caller, Credential, page::PageContext},
    http::{extract::Form, forms::Posted, problem::Problem, redirect::local_path},
    ui::{FOR_ACCOUNT, FORM_KEY, FormState},
};

const ENDED: &str = "Your session has ended. Sign in to continue. What you wrote has been kept.";

/// A posted form, and the path it was posted to.
#[derive(Clone, Debug)]
pub(super) struct Unsent {
    to: String,
    pairs: Vec<(String, String)>,
}

impl Unsent {
    fn of(uri: &Uri, form: &Form) -> Self {
        let to = uri.path_and_query().map_or("/", |to| to.as_str()).to_owned();
        // A form that changes a password is useless without it.
        let of_passwords = form.pairs().any(|(name, _)| name == "password" || name == "current");
        let is_kept = |name: &str| name == FOR_ACCOUNT || !(of_passwords || name == FORM_KEY || is_secret(name));
        let kept = form.pairs().filter(|(name, _)| is_kept(name));
        Self { to, pairs: kept.cloned().collect() }
    }

    /// The form that the posted sign-in form carries.
    pub(super) fn carried(form: &Form) -> Option<Self> {
        let to = local_path(&form.text(TO)).to_owned();
        let pairs =
            form.pairs().filter_map(|(name, value)| Some((name.strip_prefix(PREFIX)?.to_owned(), value.clone())));
        let pairs: Vec<_> = pairs.filter(|(name, _)| name != FORM_KEY && !is_secret(name)).collect();
        (to != "/" && !pairs.is_empty()).then_some(Self { to, pairs })
    }

    /// Adds this form to the sign-in form.
    pub(super) fn carry(&self, form: FormState) -> FormState {
        let pairs = self.pairs.iter();
        pairs.fold(form.with(TO, &self.to), |form, (name, value)| form.with(&format!("{PREFIX}{name}"), value))
    }

    /// Whether the person wrote anything.
    fn is_written(&self) -> bool {
        self.pairs.iter().any(|(name, value)| is_seen(name, value))
    }

    fn is_for(&self, account: Uuid) -> bool {
        let wanted = self.pairs.iter().find(|(name, _)| name == FOR_ACCOUNT);
        wanted.is_some_and(|(_, id)| id.parse() == Ok(account))
    }

    /// The page after signing in: shows the form, with a button that sends it.
    pub(super) async fn offer(self, mut context: PageContext, auth: &AuthSession) -> Result<Response, Problem> {
        let signed_in = auth.user.clone().ok_or(Problem::NotSignedIn)?;
        let (credential, stamp) = (Credential::Session(signed_in.id), Some(signed_in.stamp));
        let proven_until = signed_in.proven_until;
        context.caller = Some(Caller { account: signed_in.account, credential, stamp, proven_until });
        self.page(context, StatusCode::OK).await
    }

    async fn page(self, context: PageContext, status: StatusCode) -> Result<Response, Problem> {
        use leptos::prelude::*;
        let account = context.signed_in()?.account;
        let (same, written, home) = (self.is_for(account.id), self.is_written(), context.home());
        let title = if same { "Not sent yet" } else { "Another account is signed in" };
        let view = move || {
            let (Self { to, pairs }, email) = (self.clone(), account.email.clone());
            let pairs = pairs.into_iter().filter(|(name, _)| name != FOR_ACCOUNT).collect::<Vec<_>>();
            view! { <UnsentView title to pairs email same written home /> }
        };
        Ok(context.page(status, title, view).await)
    }
}

/// Middleware around every page, inside the session layers. It refuses forms of pages that were rendered for another
/// account, and keeps what was posted after the session had ended.
///
/// A form that names no account comes from a script, or works for anybody.
pub async fn layer(State(assets): State<Assets>, request: Request, next: Next) -> Response {
    let posted = request.extensions().get::<Posted>().map(|posted| posted.form.clone());
    let Some(form) = posted.filter(|form| !form.text(FOR_ACCOUNT).is_empty()) else {
        return next.run(request).await;
    };
    let (mut parts, body) = request.into_parts();
    let Ok(mut context) = PageContext::from_request_parts(&mut parts, &assets).await;
    let unsent = Unsent::of(&context.uri, &form);
    if context.caller.as_ref().is_some_and(|caller| !unsent.is_for(caller.account.id)) {
        tracing::info!(event = "account_changed", "refused a form of a page that was rendered for another account");
        return unsent
            .page(context, StatusCode::CONFLICT)
            .await
            .unwrap_or_else(axum::response::IntoResponse::into_response);
    }
    let response = next.run(Request::from_parts(parts, body)).await;
    if !matches!(response.extensions().get(), Some(Problem::NotSignedIn)) || !unsent.is_written() {
        return response;
    }
    context.caller = None;
    let form = unsent.carry(FormState { notice: Some(ENDED.into()), ..FormState::default() });
    sign_in_form(context, StatusCode::UNAUTHORIZED, form).await
}
