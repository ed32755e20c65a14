//! Asking for the password again before what a borrowed browser should not do (S8).
//!
//! A page that wants it sends the visitor here and back. A form that wants it is not lost: the answer holds what was
//! posted and asks for the password, and posting that does both.

pub mod view;

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{StatusCode, request::Parts},
    response::Response,
};
use time::Duration;

use self::view::{PROOF, ReauthenticateFormView};
use super::{
    Account,
    passwords::Hasher,
    session::{self, CurrentSession},
    store::browser_sessions,
};
use crate::{
    auth::{AuthSession, page::PageContext},
    db::Db,
    http::{client::Client, extract::Form, problem::Problem, redirect::see_other},
    settings::Settings,
    timestamp::Timestamp,
    ui::FormState,
};

/// What a handler takes to make sure that the person is there who knows the password.
pub struct Reauthentication {
    db: Db,
    hasher: Hasher,
    settings: Arc<Settings>,
    client: Client,
    /// Of this browser. None where no session layer stands before the handler.
    auth: Option<AuthSession>,
    /// When the password was last given, as far as was known when the request began. What is given while its body is on
    /// its way is given in another request, perhaps by another person.
    proven_at: Option<Timestamp>,
}

impl<S> FromRequestParts<S> for Reauthentication
where
    S: Send + Sync,
    Db: FromRef<S>,
    Hasher: FromRef<S>,
    Arc<Settings>: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let (db, auth) = (Db::from_ref(state), parts.extensions.get::<AuthSession>().cloned());
        let proven_at = match auth.as_ref().and_then(|auth| auth.user.as_ref()) {
            // A database that does not answer has proven nothing.
            Some(signed_in) => proven_at(&db, signed_in).await.unwrap_or_default(),
            None => None,
        };
        Ok(Self {
            db,
            hasher: Hasher::from_ref(state),
            settings: Arc::from_ref(state),
            client: Client::of(&parts.headers, &parts.extensions),
            auth,
            proven_at,
        })
    }
}

impl Reauthentication {
    /// For `GET`: the way to the page that asks and back, or nothing where the last proof is recent enough.
    ///
    /// # Errors
    /// [`Problem::NotSignedIn`]; the database's.
    pub async fn wanted_for_page(&self, visit: &PageContext) -> Result<Option<Response>, Problem> {
        visit.signed_in()?;
        if self.is_recent().await? {
            return Ok(None);
        }
        let here = visit.uri.path_and_query().map_or("/account", |wanted| wanted.as_str());
        let next: String = url::form_urlencoded::byte_serialize(here.as_bytes()).collect();
        Ok(Some(see_other(&format!("/account/confirm?next={next}"))))
    }

    /// For `POST`: the posted form with a question for the password, or nothing where the last proof is recent enough
    /// or the form brings the right password along.
    ///
    /// # Errors
    /// [`Problem::NotSignedIn`]; the database's.
    pub async fn wanted_for_form(&mut self, visit: &PageContext, form: &Form) -> Result<Option<Response>, Problem> {
        let account = visit.signed_in()?.account;
        if self.is_recent().await? {
            return Ok(None);
        }
        let refused = if form.all(PROOF).next().is_some() {
            match self.give(&account, form.text(PROOF)).await {
                Ok(()) => return Ok(None),
                Err(Problem::NotSignedIn) => return Err(Problem::NotSignedIn),
                Err(problem) => Some(problem),
            }
        } else {
            None
        };
        let status = refused.as_ref().map_or(StatusCode::FORBIDDEN, Problem::status);
        Ok(Some(ask_within(visit.clone(), status, account, form, refused.as_ref()).await))
    }

    /// For a JSON call: refuses it where the last proof is not recent enough.
    ///
    /// # Errors
    /// [`Problem::ReauthenticationRequired`]; [`Problem::NotSignedIn`]; the database's.
    pub async fn must_be_recent(&self) -> Result<(), Problem> {
        if self.is_recent().await? { Ok(()) } else { Err(Problem::ReauthenticationRequired) }
    }

    /// Takes `password` for a proof of `account`, by its id: its address may be somebody else's by now (S61). The
    /// browser gets a new session id with it (S2).
    ///
    /// # Errors
    /// [`Problem::InvalidCredentials`]; [`Problem::NotSignedIn`] where the sign-in has ended or the password was
    /// changed meanwhile; the database's.
    pub async fn give(&mut self, account: &Account, password: String) -> Result<(), Problem> {
        let (limits, whose) = (&self.settings.throttle, (account.id, account.email.as_str()));
        let proven = crate::auth::verify_password::verify_account_password(
            &self.db,
            &self.hasher,
            limits,
            &self.client,
            whose,
            password,
        )
        .await?;
        let auth = self.auth.as_mut().ok_or(Problem::NotSignedIn)?;
        let signed_in = auth.user.as_ref().ok_or(Problem::NotSignedIn)?;
        if proven.disabled || proven.account.id != signed_in.account.id || proven.auth_stamp != signed_in.stamp {
            return Err(Problem::NotSignedIn);
        }
        reauthenticate(&self.db, auth, proven.auth_stamp).await?;
        self.proven_at = Some(self.db.now());
        Ok(())
    }

    /// Whether this sign-in is still there and had proven the password, when the request began, within the time the
    /// settings give it.
    async fn is_recent(&self) -> Result<bool, Problem> {
        let signed_in = self.auth.as_ref().and_then(|auth| auth.user.as_ref()).ok_or(Problem::NotSignedIn)?;
        proven_at(&self.db, signed_in).await?.ok_or(Problem::NotSignedIn)?;
        let Some(proven_at) = self.proven_at else { return Ok(false) };
        let lasts = Duration::minutes(self.settings.accounts.reauthentication_minutes.into());
        // The clock of another instance may be a little ahead. One that jumped back makes no proof last longer (S47).
        Ok((self.db.now() - proven_at).abs() < lasts)
    }
}

/// When the password was last given in the browser of the sign-in; nothing where it has ended, or its session remembers
/// an older password.
///
/// # Errors
/// The database's.
pub async fn proven_at(db: &Db, signed_in: &CurrentSession) -> Result<Option<Timestamp>, Problem> {
    Ok(browser_sessions::proven_at(db, signed_in.id, signed_in.stamp.clone(), db.now()).await?)
}

/// The person at this browser has just proven their password: notes when, and gives the browser a new session id (S2). The
/// session remembers `stamp` from now on, which is another where the password is.
///
/// # Errors
/// [`Problem::NotSignedIn`] where the sign-in has ended or the password was changed meanwhile;
/// [`Problem::Unavailable`].
pub async fn reauthenticate(db: &Db, auth: &mut AuthSession, stamp: Vec<u8>) -> Result<(), Problem> {
    let signed_in = auth.user.clone().ok_or(Problem::NotSignedIn)?;
    if browser_sessions::verify_password(db, signed_in.account.id, stamp.clone(), signed_in.id, db.now()).await? == 0 {
        return Err(Problem::NotSignedIn);
    }
    session::begin(auth, &CurrentSession { stamp, ..signed_in }).await
}

pub(crate) async fn ask_within(
    visit: PageContext,
    status: StatusCode,
    account: Account,
    form: &Form,
    refused: Option<&Problem>,
) -> Response {
    use leptos::prelude::*;
    let action = visit.uri.path().to_owned();
    let posted: Vec<(String, String)> = form.pairs().filter(|(name, _)| name != PROOF).cloned().collect();
    let filled = refused.map_or_else(FormState::default, refusal);
    let content = move || {
        let (action, email, posted, form) = (action.clone(), account.email.clone(), posted.clone(), filled.clone());
        view! { <ReauthenticateFormView action email posted form /> }
    };
    visit.page(status, "Is it you?", content).await
}

/// The address is not asked for here, so it cannot be wrong.
pub fn refusal(problem: &Problem) -> FormState {
    match problem {
        Problem::InvalidCredentials => {
            FormState::default().with_errors(&Problem::field(PROOF, "This is not your password."))
        }
        problem => FormState::default().with_errors(problem),
    }
}
