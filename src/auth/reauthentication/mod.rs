//! Asking once more who somebody is before sensitive actions, so that somebody with a borrowed browser or a stolen token
//! cannot do them (S8).
//!
//! It is asked for by what the account has: the password, a passkey, a code of an authenticator app, a code by mail.
//! [`crate::auth::sign_in`] says which of them count.
//!
//! A JSON call requires either that it was proved recently with the credential that makes the call
//! ([`Reauthentication::must_be_recent`]), or, where the call could give access to the account for longer, the password
//! itself ([`Reauthentication::prove`]).
//!
//! A page that requires it redirects here and back. A form that requires it loses nothing: the answer asks and holds
//! what was posted, and posting that does both.

mod question;
pub mod view;

use std::{convert::Infallible, sync::Arc};

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{StatusCode, header, request::Parts},
    response::Response,
};
use secrecy::SecretString;
use time::Duration;

pub use self::question::Question;
use self::{
    question::{BEGIN_FIELD, BY_FIELD, PASSWORD_FIELD, SHOW_FIELD, Way, is_ours},
    view::ReauthenticateFormView,
};
use super::{
    Account, Caller, Credential, Door, Token,
    passwords::Hasher,
    session::{self, CurrentSession},
    sign_in::{ANSWER_FIELD, Factor, Proven, SignIns},
    stamp::Stamp,
    store::{accounts, browser_sessions, token_renewal},
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
};

/// Makes sure that the person proved recently who they are. An extractor for handlers.
pub struct Reauthentication {
    db: Db,
    hasher: Hasher,
    sign_ins: SignIns,
    settings: Arc<Settings>,
    client: Client,
    /// The session of this browser. `None` at the token door.
    auth: Option<AuthSession>,
    /// When the password was last given, read when the request began. A password given while the body is still arriving
    /// was given in another request, perhaps by another person.
    proven_at: Option<Timestamp>,
    /// Whether the door takes passwords.
    takes_passwords: Result<(), Problem>,
    /// Whether a page of the request's origin may send passwords (S70). Pages of the session door are our own.
    is_trusted_origin: bool,
    /// The `Authorization` header of the token door.
    authorization: Option<Arc<str>>,
}

impl<S> FromRequestParts<S> for Reauthentication
where
    S: Send + Sync,
    Db: FromRef<S>,
    Hasher: FromRef<S>,
    SignIns: FromRef<S>,
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
        let takes_passwords = match parts.extensions.get::<Door>() {
            Some(Door::Token(door)) => door.passwords.check(),
            _ => Ok(()),
        };
        let is_trusted_origin = match parts.extensions.get::<Door>() {
            Some(Door::Token(door)) => door.origins.are_known(&parts.headers),
            _ => true,
        };
        let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        Ok(Self {
            authorization: authorization.map(Into::into),
            db,
            hasher: Hasher::from_ref(state),
            sign_ins: SignIns::from_ref(state),
            settings: Arc::from_ref(state),
            client: Client::of(&parts.headers, &parts.extensions),
            auth,
            proven_at,
            is_trusted_origin,
            takes_passwords,
        })
    }
}

impl Reauthentication {
    /// For `GET`: a redirect to the page that asks, or `None` if it was proved recently enough.
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

    /// For `POST`: a page that asks and holds the posted form, or `None` if it was proved recently enough or by the form
    /// itself.
    ///
    /// # Errors
    /// [`Problem::NotSignedIn`]; or if the database fails.
    pub async fn required_for_form(&mut self, context: &PageContext, form: &Form) -> Result<Option<Response>, Problem> {
        let account = context.signed_in()?.account;
        if self.is_recent().await? {
            return Ok(None);
        }
        let Some(question) = self.asked(&account, form).await? else { return Ok(None) };
        Ok(Some(prompt(context.clone(), account, form, question).await))
    }

    /// What a form of the page that asks says: the next question, or `None` if it has just proved who the person is.
    ///
    /// # Errors
    /// [`Problem::NotSignedIn`]; or if the database fails.
    pub async fn asked(&mut self, account: &Account, form: &Form) -> Result<Option<Question>, Problem> {
        let named = |field: &str| Factor::of_name(&form.text(field));
        if let Some(factor) = named(SHOW_FIELD) {
            return self.question(account, Some(factor)).await.map(Some);
        }
        if let Some(factor) = named(BEGIN_FIELD) {
            let begun = self.sign_ins.begin_reauthentication(account, factor, self.handle(), &self.client).await;
            let question = self.question(account, Some(factor)).await?;
            return Ok(Some(match begun {
                Ok(begun) => Question { begun, ..question },
                Err(problem) => Question { refused: Some(problem), ..question },
            }));
        }
        let (factor, result) = if form.all(PASSWORD_FIELD).next().is_some() {
            (Factor::Password, self.verify(account, form.text(PASSWORD_FIELD).into()).await)
        } else if let Some(factor) = named(BY_FIELD) {
            (factor, self.verify_by(account, factor, &form.text(ANSWER_FIELD)).await)
        } else {
            return self.question(account, None).await.map(Some);
        };
        match result {
            Ok(()) => Ok(None),
            Err(Problem::NotSignedIn) => Err(Problem::NotSignedIn),
            Err(problem) => {
                let question = self.question(account, Some(factor)).await?;
                Ok(Some(Question { begun: true, refused: Some(problem), ..question }))
            }
        }
    }

    /// The question to `account`, by `wanted` if it has that, or else by the best that it has.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn question(&self, account: &Account, wanted: Option<Factor>) -> Result<Question, Problem> {
        let factors = self.sign_ins.reauthentication(account.id).await?;
        let way = |factor: Factor| match factor {
            Factor::Password => Some(Way::Password),
            factor => self.sign_ins.second(factor).copied().map(Way::Second),
        };
        let mut ways: Vec<_> = factors.into_iter().filter_map(way).collect();
        // A stable sort: the others keep their order.
        ways.sort_by_key(|way| Some(way.factor()) != wanted);
        Ok(Question { ways, begun: false, refused: None })
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
                let message = if accounts::has_password(&self.db, caller.account.id).await? {
                    "Send the account’s password."
                } else {
                    "The account has no password. Do this on the pages of the site, or set a password there."
                };
                return Err(FieldError::required("password", message).into());
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

    /// Verifies the answer `text` by a `factor` other than the password, and remembers that it was given with the
    /// credential of `caller`.
    ///
    /// # Errors
    /// [`Problem::Validation`] if it is wrong or the account cannot be confirmed this way; [`Problem::TokenRevoked`];
    /// [`Problem::RateLimited`]; [`Problem::NotSignedIn`]; the errors of [`Self::may_take_password`].
    pub async fn confirm_by(&mut self, caller: &Caller, factor: Factor, text: &str) -> Result<(), Problem> {
        self.may_take_password()?;
        let Credential::Token(Token { id, .. }) = &caller.credential else {
            return self.verify_by(&caller.account, factor, text).await;
        };
        let proven = self.proven_by(&caller.account, factor, text).await?;
        match token_renewal::reauthenticate(&self.db, caller.account.id, proven.auth_stamp, *id, self.db.now()).await? {
            0 => Err(Problem::TokenRevoked),
            _ => Ok(()),
        }
    }

    /// What comes before an answer by `factor`, such as sending a code. Returns whether there is anything to do.
    ///
    /// # Errors
    /// [`Problem::Validation`] if the account cannot be confirmed this way; [`Problem::RateLimited`]; the errors of
    /// [`Self::may_take_password`]; or if the database fails.
    pub async fn begin(&self, caller: &Caller, factor: Factor) -> Result<bool, Problem> {
        self.may_take_password()?;
        self.sign_ins.begin_reauthentication(&caller.account, factor, self.handle(), &self.client).await
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
        self.takes_passwords.clone()
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
        self.remember(proven.into()).await
    }

    /// The same, by the answer `text` of another `factor`.
    async fn verify_by(&mut self, account: &Account, factor: Factor, text: &str) -> Result<(), Problem> {
        let proven = self.proven_by(account, factor, text).await?;
        self.remember(proven).await
    }

    async fn proven_by(&self, account: &Account, factor: Factor, text: &str) -> Result<Proven, Problem> {
        let whose = (account.id, account.email.as_str());
        self.sign_ins.reauthenticate(whose, factor, (text, self.handle()), &self.client).await
    }

    /// What a code that is sent is bound to: the session of this browser, or the token of the request.
    fn handle(&self) -> Option<Arc<str>> {
        let signed_in = self.auth.as_ref().and_then(|auth| auth.user.as_ref());
        signed_in.map(|signed_in| signed_in.id.to_string().into()).or_else(|| self.authorization.clone())
    }

    async fn remember(&mut self, proven: Proven) -> Result<(), Problem> {
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

/// The page that asks, and holds `form`.
async fn prompt(context: PageContext, account: Account, form: &Form, question: Question) -> Response {
    use leptos::prelude::*;
    let (action, status) = (context.uri.path().to_owned(), question.status().unwrap_or(StatusCode::FORBIDDEN));
    let posted = form.pairs().filter(|(name, _)| !is_ours(name)).cloned().collect();
    let view = move || view! { <ReauthenticateFormView action email=account.email posted question /> };
    context.page(status, "Confirm it's you", view).await
}
