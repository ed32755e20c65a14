//! Asking for the password again before sensitive actions, so that somebody with a borrowed browser cannot do them
//! (S8).
//!
//! A page that requires it redirects here and back. A form that requires it loses nothing: the answer asks for the
//! password and holds what was posted, and posting that does both.

pub mod view;

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{StatusCode, request::Parts},
    response::Response,
};
use secrecy::SecretString;
use time::Duration;

use self::view::{PASSWORD_FIELD, ReauthenticateFormView};
use super::{
    Account,
    passwords::Hasher,
    session::{self, CurrentSession},
    stamp::Stamp,
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

/// Makes sure that the person gave their password recently. An extractor for handlers.
pub struct Reauthentication {
    db: Db,
    hasher: Hasher,
    settings: Arc<Settings>,
    client: Client,
    /// The session of this browser. `None` at the token door.
    auth: Option<AuthSession>,
    /// When the password was last given, read when the request began. A password given while the body is still arriving
    /// was given in another request, perhaps by another person.
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
            // If the database fails, the password counts as not given.
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
    /// For `GET`: a redirect to the page that asks for the password, or `None` if it was given recently enough.
    ///
    /// # Errors
    /// [`Problem::NotSignedIn`]; or if the database fails.
    pub async fn required_for_page(&self, context: &PageContext) -> Result<Option<Response>, Problem> {
        context.signed_in()?;
        if self.is_recent().await? {
            return Ok(None);
        }
        let here = context.uri.path_and_query().map_or("/account", |wanted| wanted.as_str());
        let next: String = url::form_urlencoded::byte_serialize(here.as_bytes()).collect();
        Ok(Some(see_other(&format!("/account/confirm?next={next}"))))
    }

    /// For `POST`: a page that asks for the password and holds the posted form, or `None` if the password was given
    /// recently enough or is part of the form.
    ///
    /// # Errors
    /// [`Problem::NotSignedIn`]; or if the database fails.
    pub async fn required_for_form(&mut self, context: &PageContext, form: &Form) -> Result<Option<Response>, Problem> {
        let account = context.signed_in()?.account;
        if self.is_recent().await? {
            return Ok(None);
        }
        let refused = if form.all(PASSWORD_FIELD).next().is_some() {
            match self.verify(&account, form.text(PASSWORD_FIELD).into()).await {
                Ok(()) => return Ok(None),
                Err(Problem::NotSignedIn) => return Err(Problem::NotSignedIn),
                Err(problem) => Some(problem),
            }
        } else {
            None
        };
        let status = refused.as_ref().map_or(StatusCode::FORBIDDEN, Problem::status);
        Ok(Some(password_prompt(context.clone(), status, account, form, refused.as_ref()).await))
    }

    /// For a JSON call: an error if the password was not given recently enough.
    ///
    /// # Errors
    /// [`Problem::ReauthenticationRequired`]; [`Problem::NotSignedIn`]; or if the database fails.
    pub async fn must_be_recent(&self) -> Result<(), Problem> {
        if self.is_recent().await? { Ok(()) } else { Err(Problem::ReauthenticationRequired) }
    }

    /// Verifies `password` and remembers when it was given. The account is looked up by id, since its address may
    /// belong to another account by now (S61). The browser gets a new session id (S2).
    ///
    /// # Errors
    /// [`Problem::InvalidCredentials`]; [`Problem::NotSignedIn`] if the session has ended or the password was changed
    /// meanwhile; or if the database fails.
    pub async fn verify(&mut self, account: &Account, password: SecretString) -> Result<(), Problem> {
        let (throttle, whose) = (&self.settings.throttle, (account.id, account.email.as_str()));
        let proven = crate::auth::verify_password::verify_account_password(
            &self.db,
            &self.hasher,
            throttle,
            &self.client,
            whose,
            password,
        )
        .await?;
        let auth = self.auth.as_mut().ok_or(Problem::NotSignedIn)?;
        let signed_in = auth.user.as_ref().ok_or(Problem::NotSignedIn)?;
        if proven.disabled || proven.account.id != signed_in.account.id || proven.auth_stamp != signed_in.stamp.0 {
            return Err(Problem::NotSignedIn);
        }
        reauthenticate(&self.db, auth, proven.auth_stamp).await?;
        self.proven_at = Some(self.db.now());
        Ok(())
    }

    /// Whether the session still exists, and the password had been given recently enough when the request began.
    async fn is_recent(&self) -> Result<bool, Problem> {
        let signed_in = self.auth.as_ref().and_then(|auth| auth.user.as_ref()).ok_or(Problem::NotSignedIn)?;
        proven_at(&self.db, signed_in).await?.ok_or(Problem::NotSignedIn)?;
        let Some(proven_at) = self.proven_at else { return Ok(false) };
        let lasts = Duration::minutes(self.settings.accounts.reauthentication_minutes.into());
        // Another instance's clock may be a little ahead. If a clock jumps back, the password does not count longer
        // (S47).
        Ok((self.db.now() - proven_at).abs() < lasts)
    }
}

/// When the password was last given in this browser; `None` if it is no longer signed in or the password was changed.
///
/// # Errors
/// If the database fails.
pub async fn proven_at(db: &Db, signed_in: &CurrentSession) -> Result<Option<Timestamp>, Problem> {
    Ok(browser_sessions::proven_at(db, signed_in.id, signed_in.stamp.0.clone(), db.now()).await?)
}

/// Remembers that the password was just given in this browser, and gives it a new session id (S2). The session
/// remembers `stamp` from now on, which is a new one if the password was changed.
///
/// # Errors
/// [`Problem::NotSignedIn`] if the browser is no longer signed in or the password was changed meanwhile;
/// [`Problem::Unavailable`].
pub async fn reauthenticate(db: &Db, auth: &mut AuthSession, stamp: Vec<u8>) -> Result<(), Problem> {
    let signed_in = auth.user.clone().ok_or(Problem::NotSignedIn)?;
    if browser_sessions::verify_password(db, signed_in.account.id, stamp.clone(), signed_in.id, db.now()).await? == 0 {
        return Err(Problem::NotSignedIn);
    }
    session::begin(auth, &CurrentSession { stamp: Stamp(stamp), ..signed_in }).await
}

pub(crate) async fn password_prompt(
    context: PageContext,
    status: StatusCode,
    account: Account,
    form: &Form,
    refused: Option<&Problem>,
) -> Response {
    use leptos::prelude::*;
    let action = context.uri.path().to_owned();
    let posted: Vec<(String, String)> = form.pairs().filter(|(name, _)| name != PASSWORD_FIELD).cloned().collect();
    let filled = refused.map_or_else(FormState::default, refusal);
    let view = move || {
        let (action, email, posted, form) = (action.clone(), account.email.clone(), posted.clone(), filled.clone());
        view! { <ReauthenticateFormView action email posted form /> }
    };
    context.page(status, "Confirm it's you", view).await
}

/// The message for a wrong password does not mention the address, which is not asked for here.
pub fn refusal(problem: &Problem) -> FormState {
    match problem {
        Problem::InvalidCredentials => {
            FormState::default().with_errors(&Problem::field(PASSWORD_FIELD, "The password is wrong."))
        }
        problem => FormState::default().with_errors(problem),
    }
}
