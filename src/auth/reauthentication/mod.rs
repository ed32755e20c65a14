//! Asking for the password again before sensitive actions, so that somebody with a borrowed browser or a stolen token
//! cannot do them (S8).
//!
//! A JSON call requires either that the password was given recently with the credential that makes the call
//! ([`Reauthentication::must_be_recent`]), or, where the call could give access to the account for longer, the password
//! itself ([`Reauthentication::prove`]).
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
    Account, Caller, Credential, Door, Token,
    passwords::Hasher,
    session::{self, CurrentSession},
    stamp::Stamp,
    store::{browser_sessions, token_renewal},
    verify_password::{VerifiedPassword, verify_account_password},
};
use crate::{
    auth::{AuthSession, page::PageContext},
    db::Db,
    http::{
        client::Client,
        extract::Form,
        problem::{FieldError, Problem},
        redirect::see_other,
    },
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
    /// Whether a page of the request's origin may send passwords (S70). Pages of the session door are our own.
    is_trusted_origin: bool,
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
        let is_trusted_origin = match parts.extensions.get::<Door>() {
            Some(Door::Token(door)) => door.origins.are_known(&parts.headers),
            _ => true,
        };
        Ok(Self {
            db,
            hasher: Hasher::from_ref(state),
            settings: Arc::from_ref(state),
            client: Client::of(&parts.headers, &parts.extensions),
            auth,
            proven_at,
            is_trusted_origin,
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

    /// For a JSON call: an error if the password was not given recently enough with the credential of `caller`.
    ///
    /// # Errors
    /// [`Problem::ReauthenticationRequired`]; [`Problem::NotSignedIn`]; or if the database fails.
    pub async fn must_be_recent(&self, caller: &Caller) -> Result<(), Problem> {
        let is_recent = match &caller.credential {
            Credential::Session(_) => self.is_recent().await?,
            Credential::Token(token) => {
                let proven_at = token_renewal::reauthenticated_at(&self.db, token.id, self.db.now()).await?;
                proven_at.is_some_and(|at| self.is_soon_after(at))
            }
        };
        if is_recent { Ok(()) } else { Err(Problem::ReauthenticationRequired) }
    }

    /// For a JSON call that takes the `password`: verifies it. With a session cookie it may be left out if it was given
    /// recently enough. Returns the account's stamp, on which whatever the call creates depends (S59).
    ///
    /// # Errors
    /// [`Problem::Validation`] if it is wrong or missing; [`Problem::ReauthenticationRequired`]; the errors of
    /// [`Self::may_take_password`]; [`Problem::RateLimited`]; [`Problem::NotSignedIn`]; [`Problem::TokenRevoked`];
    /// [`Problem::Unavailable`].
    pub async fn prove(&mut self, caller: &Caller, password: Option<SecretString>) -> Result<Option<Stamp>, Problem> {
        let stamp = match (&caller.credential, password) {
            (Credential::Session(_), None) => self.must_be_recent(caller).await.map(|()| caller.stamp.clone()),
            (Credential::Session(_), Some(password)) => {
                self.verify(&caller.account, password).await.map(|()| caller.stamp.clone())
            }
            (Credential::Token(_), None) => {
                return Err(FieldError::required("password", "Send the account’s password.").into());
            }
            (Credential::Token(_), Some(password)) => {
                self.verified(&caller.account, password).await.map(|proven| Some(Stamp(proven.auth_stamp)))
            }
        };
        stamp.map_err(|problem| match problem {
            Problem::InvalidCredentials => FieldError::incorrect("password", "The password is wrong.").into(),
            problem => problem,
        })
    }

    /// Verifies `password` and remembers that it was given with the credential of `caller`.
    ///
    /// # Errors
    /// [`Problem::InvalidCredentials`]; [`Problem::TokenRevoked`]; the errors of [`Self::verify`] and
    /// [`Self::may_take_password`].
    pub async fn confirm(&mut self, caller: &Caller, password: SecretString) -> Result<(), Problem> {
        let Credential::Token(Token { id, .. }) = &caller.credential else {
            return self.verify(&caller.account, password).await;
        };
        let proven = self.verified(&caller.account, password).await?;
        let (account, now) = (caller.account.id, self.db.now());
        match token_renewal::reauthenticate(&self.db, account, proven.auth_stamp, *id, now).await? {
            0 => Err(Problem::TokenRevoked),
            _ => Ok(()),
        }
    }

    /// Whether this request may hold a password. At the token door, only if the site has clients of its own there that
    /// sign people in, and if it does not come from a page that only a token allows (S70).
    ///
    /// # Errors
    /// [`Problem::OriginNotAllowed`]; [`Problem::LoginDisabled`]
    pub fn may_take_password(&self) -> Result<(), Problem> {
        if !self.is_trusted_origin {
            return Err(Problem::OriginNotAllowed);
        }
        if self.auth.is_none() && !self.settings.tokens.login { Err(Problem::LoginDisabled) } else { Ok(()) }
    }

    /// After the password was changed: this browser stays signed in, with the new `stamp` (T6). A token has no session
    /// to renew.
    ///
    /// # Errors
    /// The same as [`reauthenticate`].
    pub async fn renew_session(&mut self, stamp: Vec<u8>) -> Result<(), Problem> {
        match &mut self.auth {
            Some(auth) => reauthenticate(&self.db, auth, stamp).await,
            None => Ok(()),
        }
    }

    /// Verifies `password` and remembers when it was given. The account is looked up by id, since its address may
    /// belong to another account by now (S61). The browser gets a new session id (S2).
    ///
    /// # Errors
    /// [`Problem::InvalidCredentials`]; [`Problem::NotSignedIn`] if the session has ended or the password was changed
    /// meanwhile; or if the database fails.
    pub async fn verify(&mut self, account: &Account, password: SecretString) -> Result<(), Problem> {
        let proven = self.verified(account, password).await?;
        let auth = self.auth.as_mut().ok_or(Problem::NotSignedIn)?;
        let signed_in = auth.user.as_ref().ok_or(Problem::NotSignedIn)?;
        if proven.disabled || proven.account.id != signed_in.account.id || proven.auth_stamp != signed_in.stamp.0 {
            return Err(Problem::NotSignedIn);
        }
        reauthenticate(&self.db, auth, proven.auth_stamp).await?;
        self.proven_at = Some(self.db.now());
        Ok(())
    }

    async fn verified(&self, account: &Account, password: SecretString) -> Result<VerifiedPassword, Problem> {
        self.may_take_password()?;
        let (throttle, whose) = (&self.settings.throttle, (account.id, account.email.as_str()));
        verify_account_password(&self.db, &self.hasher, throttle, &self.client, whose, password).await
    }

    /// Whether the session still exists, and the password had been given recently enough when the request began.
    async fn is_recent(&self) -> Result<bool, Problem> {
        let signed_in = self.auth.as_ref().and_then(|auth| auth.user.as_ref()).ok_or(Problem::NotSignedIn)?;
        proven_at(&self.db, signed_in).await?.ok_or(Problem::NotSignedIn)?;
        Ok(self.proven_at.is_some_and(|at| self.is_soon_after(at)))
    }

    /// Another instance's clock may be a little ahead. If a clock jumps back, the password does not count longer (S47).
    fn is_soon_after(&self, proven_at: Timestamp) -> bool {
        let lasts = Duration::minutes(self.settings.accounts.reauthentication_minutes.into());
        (self.db.now() - proven_at).abs() < lasts
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
