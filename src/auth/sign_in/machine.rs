//! The machine: from a first factor to being let in.

use std::{fmt, sync::Arc};

use uuid::Uuid;

use super::{
    admitted::{Admitted, Proven},
    cookie::{LASTS, PendingCookie},
    counted::{self, Step},
    factor::{ANSWER_FIELD, Factor, FactorContext, NextPage, SecondFactor},
    rules::{self, Policy},
    store,
    wants::Wants,
};
use crate::{
    auth::{
        Account,
        activity::{Actor, Kind},
        known_devices,
        rate_limit::account_attempts,
        verify_password::why_refused,
    },
    db::Db,
    http::{
        client::Client,
        problem::{FieldError, Problem},
    },
    secret::Secret,
};

/// How many answers a pending sign-in takes.
const TRIES: i64 = 5;
/// How many pending sign-ins an account has at most.
const PER_ACCOUNT: i64 = 64;
/// The prefix of a handle.
const PREFIX: &str = "pending";

/// The sign-ins of this server. Cheap to clone.
#[derive(Clone)]
pub struct SignIns {
    pub(super) context: FactorContext,
    factors: Arc<[SecondFactor]>,
    /// See [`store::enrolled_sql`].
    enrolled_sql: Arc<str>,
}

impl fmt::Debug for SignIns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignIns").finish_non_exhaustive()
    }
}

/// Where a sign-in takes place. A pending one goes on there only.
#[derive(Clone, Copy, Debug)]
pub enum At<'a> {
    /// The session door, in the browser with this cookie.
    Browser(&'a PendingCookie),
    /// The token door. With the handle that the client sent, if any.
    Client(Option<&'a str>),
}

impl At<'_> {
    /// The name of the door.
    pub fn door(self) -> &'static str {
        match self {
            Self::Browser(_) => "session",
            Self::Client(_) => "token",
        }
    }

    /// The handle that was sent.
    pub fn sent(self) -> Option<Secret> {
        let sent = match self {
            Self::Browser(cookie) => cookie.received(),
            Self::Client(handle) => handle,
        };
        Secret::parse(PREFIX, sent?)
    }

    /// A handle for a sign-in that begins here. It opens nothing by itself.
    ///
    /// # Errors
    /// [`Problem::Internal`] if the operating system has no randomness.
    pub fn new_handle(self) -> Result<Secret, Problem> {
        Secret::generate(PREFIX).map_err(|error| Problem::Internal(error.to_string()))
    }

    /// Lets the browser keep the handle. A client gets it in the answer.
    pub fn keep(self, handle: &Secret) {
        if let Self::Browser(cookie) = self {
            cookie.give(handle.reveal());
        }
    }

    /// Gives the handle to the browser, or in the problem to the client.
    fn give(self, handle: Secret, next: &[Factor]) -> Problem {
        let next = next.iter().map(|factor| factor.as_str()).collect();
        match self {
            Self::Browser(_) => {
                self.keep(&handle);
                Problem::SecondFactorRequired { pending: None, next }
            }
            Self::Client(_) => Problem::SecondFactorRequired { pending: Some(handle), next },
        }
    }

    /// Takes the handle from the browser.
    pub fn forget(self) {
        if let Self::Browser(cookie) = self {
            cookie.remove();
        }
    }
}

/// An answer to a step.
#[derive(Clone, Debug)]
pub struct Answer<'a> {
    /// The step.
    pub factor: Factor,
    /// What was answered, such as a code.
    pub text: &'a str,
    /// Whether this browser should be trusted from now on.
    pub trust: bool,
}

impl SignIns {
    /// The sign-ins with the second factors `factors`.
    pub fn new(context: FactorContext, factors: Vec<SecondFactor>) -> Self {
        let enrolled_sql = store::enrolled_sql(factors.iter().map(|second| second.is_enrolled)).into();
        Self { context, factors: factors.into(), enrolled_sql }
    }

    /// The second factors that there are.
    pub fn factors(&self) -> &[SecondFactor] {
        &self.factors
    }

    /// The second factors that `account` has.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn enrolled(&self, account: Uuid) -> Result<Vec<Factor>, Problem> {
        let places = store::enrolled(&self.context.db, &self.enrolled_sql, account).await?;
        Ok(places.into_iter().filter_map(|place| Some(self.factors.get(place)?.factor)).collect())
    }

    /// Whether `account` asks for a second factor.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn is_required(&self, account: Uuid) -> Result<bool, Problem> {
        Ok(rules::is_required(&self.enrolled(account).await?))
    }

    /// Whether `account` has a second factor.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn has_second(&self, account: Uuid) -> Result<bool, Problem> {
        Ok(self.enrolled(account).await?.into_iter().any(Factor::is_second))
    }

    /// Whether the settings require `account` to set up a second factor or a passkey, which it has not done yet.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn must_set_up(&self, account: &Account) -> Result<bool, Problem> {
        let is_required = self.context.settings.factors.requires(&account.email);
        Ok(is_required && !rules::is_enough(&self.enrolled(account.id).await?))
    }

    /// Whether `factor` can be the step after the first.
    pub fn has_step(&self, factor: Factor) -> bool {
        let mails_codes = self.context.settings.email_codes.second_step;
        factor.is_second() || (factor == Factor::EmailCode && mails_codes && self.second(factor).is_some())
    }

    /// What the settings ask of the account with the address `email`.
    fn policy(&self, email: &str) -> Policy {
        let settings = &self.context.settings;
        Policy { is_required: settings.factors.requires(email), mails_codes: settings.email_codes.second_step }
    }

    /// Lets somebody in at the token door only with what the settings require: nothing can be set up there.
    fn admitted(&self, proven: Proven, second: Option<Factor>, door: &str) -> Result<Admitted, Problem> {
        if door == At::Client(None).door() && second.is_none_or(|factor| !factor.is_second()) {
            let email = &proven.account.email;
            let is_required = self.context.settings.factors.requires(email) && !proven.factor.stands_alone();
            if is_required {
                return Err(Problem::FactorSetupRequired);
            }
        }
        Ok(Admitted::new(proven, second))
    }

    /// After a first factor was proved: lets the person in, or says what is still wanted. `wants` is what they asked
    /// for, which the pending sign-in keeps.
    ///
    /// # Errors
    /// [`Problem::SecondFactorRequired`]; [`Problem::AccountDisabled`]; [`Problem::AddressNotConfirmed`];
    /// [`Problem::InvalidCredentials`] if the password was changed meanwhile; [`Problem::FactorSetupRequired`]; or if the
    /// database fails.
    pub async fn proceed(
        &self,
        proven: impl Into<Proven>,
        at: At<'_>,
        wants: Wants,
        client: &Client,
    ) -> Result<Admitted, Problem> {
        let result = self.go_on(proven.into(), at, wants, client).await;
        counted::count(Step::Admission, &result);
        result
    }

    async fn go_on(&self, proven: Proven, at: At<'_>, wants: Wants, client: &Client) -> Result<Admitted, Problem> {
        let proven = proven.allowed(&self.context.settings.accounts)?;
        if proven.factor.stands_alone() {
            return Ok(Admitted::new(proven, None));
        }
        let account = proven.account.id;
        let (enrolled, policy) = (self.enrolled(account).await?, self.policy(&proven.account.email));
        let is_trusted = match at {
            At::Browser(_) if rules::is_required(&enrolled) || policy.mails_codes || policy.is_required => {
                known_devices::is_trusted(&self.context.db, account, &proven.auth_stamp, client).await?
            }
            _ => false,
        };
        let mut next = rules::wanted_by(policy, proven.factor, &enrolled, is_trusted);
        if matches!(at, At::Client(_)) {
            // A passkey belongs to this site's own origin, so the token door has no step for it.
            next.retain(|factor| *factor != Factor::Passkey);
        }
        if next.is_empty() {
            return self.admitted(proven, None, at.door());
        }
        let handle = at.new_handle()?;
        let owner = proven.account.clone();
        let new = store::New {
            hash: handle.hash(),
            account,
            auth_stamp: proven.auth_stamp,
            proved: proven.factor.as_str(),
            door: at.door(),
            wants: wants.to_text()?,
            expires_at: self.context.db.now() + LASTS,
        };
        if store::insert(&self.context.db, new).await? == 0 {
            return Err(why_refused(&self.context.db, account).await?);
        }
        store::delete_oldest(&self.context.db, account, PER_ACCOUNT).await?;
        for begin in next.iter().filter_map(|factor| self.second(*factor)?.begin) {
            begin(&self.bound_to(&handle), &owner, client).await?;
        }
        Err(at.give(handle, &next))
    }

    /// The steps that may come next, for a page; `None` if no sign-in is pending here.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn next(&self, at: At<'_>) -> Result<Option<Vec<&SecondFactor>>, Problem> {
        let Some(handle) = at.sent() else { return Ok(None) };
        let Some(row) = store::find(&self.context.db, handle.hash(), at.door(), TRIES, self.context.db.now()).await?
        else {
            return Ok(None);
        };
        let next = self.wanted(&row).await?;
        let next: Vec<_> = next.iter().filter_map(|factor| self.second(*factor)).collect();
        Ok((!next.is_empty()).then_some(next))
    }

    /// Checks the answer to a step, and lets the person in with what they asked for when they began. The answer is
    /// checked to the end, even if the client disconnects.
    ///
    /// # Errors
    /// [`Problem::SignInExpired`]; [`Problem::Validation`] if the answer is wrong; [`Problem::RateLimited`]; or if the
    /// database fails.
    pub async fn answer(&self, answer: Answer<'_>, at: At<'_>, client: &Client) -> Result<(Admitted, Wants), Problem> {
        let handle = at.sent().ok_or(Problem::SignInExpired)?;
        let Answer { factor, text, trust } = answer;
        let trust = trust && matches!(at, At::Browser(_));
        let (ours, text, door, theirs) = (self.clone(), text.to_owned(), at.door(), client.clone());
        let work = async move { ours.checked(handle, (factor, &text), door, trust, &theirs).await };
        let result = self.context.db.run_to_completion(work).await;
        counted::count(factor, &result);
        if matches!(result, Ok(_) | Err(Problem::SignInExpired)) {
            at.forget();
        }
        result
    }

    async fn checked(
        &self,
        handle: Secret,
        (factor, text): (Factor, &str),
        door: &'static str,
        trust: bool,
        client: &Client,
    ) -> Result<(Admitted, Wants), Problem> {
        let (db, now, hash) = (&self.context.db, self.context.db.now(), handle.hash());
        let row = store::find(db, hash.clone(), door, TRIES, now).await?.ok_or(Problem::SignInExpired)?;
        let account = row.account_id;
        let second = self.second(factor).ok_or(Problem::NotFound)?;
        if !self.wanted(&row).await?.contains(&factor) {
            return Err(Problem::SignInExpired);
        }
        let whose = (account, row.email.as_str());
        let counted = account_attempts::second_factor(db, &self.context.settings.throttle, client, whose).await;
        let refused = |problem: &Problem| counted::log_refusal(factor, Some(account), client, problem);
        let counted = counted.inspect_err(refused)?;
        let Some((tries,)) = store::count_try(db, hash.clone(), door, TRIES, now).await? else {
            counted.give_back(db).await;
            return Err(Problem::SignInExpired);
        };
        let actor = Actor::by_password(account, client);
        match (second.check)(&self.bound_to(&handle), account, text).await {
            Ok(true) if factor == Factor::RecoveryCode => actor.record(db, Kind::RecoveryCodeUsed, None),
            Ok(true) => {}
            Ok(false) => {
                actor.record(db, Kind::SecondFactorFailed, None);
                let message = "The code is wrong, or was used before.";
                let wrong = FieldError::incorrect(ANSWER_FIELD, message).into();
                return Err(if tries < TRIES { wrong } else { Problem::SignInExpired });
            }
            Err(problem) => {
                counted.give_back(db).await;
                store::give_back(db, hash).await?;
                return Err(problem);
            }
        }
        counted.succeeded(db).await;
        if store::consume(db, hash, now).await? == 0 {
            return Err(Problem::SignInExpired);
        }
        let first = Factor::of_name(&row.proved).unwrap_or(Factor::Password);
        let proven = Proven::of(db, account, first).await?.filter(|proven| proven.auth_stamp == row.auth_stamp);
        let proven = proven.ok_or(Problem::SignInExpired)?.allowed(&self.context.settings.accounts)?;
        if trust && known_devices::trust(db, account, &row.auth_stamp, client).await? {
            actor.record(db, Kind::BrowserTrusted, None);
        }
        Ok((self.admitted(proven, Some(factor), door)?, Wants::of_text(&row.wants)))
    }

    /// What the pending sign-in still wants: the second factors may have changed since it began.
    async fn wanted(&self, row: &store::Row) -> Result<Vec<Factor>, Problem> {
        let first = Factor::of_name(&row.proved).unwrap_or(Factor::Password);
        Ok(rules::wanted_by(self.policy(&row.email), first, &self.enrolled(row.account_id).await?, false))
    }

    /// What second factors work with, for the sign-in with this handle.
    fn bound_to(&self, handle: &Secret) -> FactorContext {
        FactorContext { handle: Some(handle.reveal().into()), ..self.context.clone() }
    }

    /// What `factor` is here; `None` if no feature has it, as for the password.
    pub fn second(&self, factor: Factor) -> Option<&SecondFactor> {
        self.factors.iter().find(|second| second.factor == factor)
    }

    /// After the second factors of `account` have changed: ends its pending sign-ins and its trust in browsers, and
    /// lets the other factors follow. Returns the page to show next, if one of them has something to show.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn factors_changed(&self, account: Uuid) -> Result<Option<NextPage>, Problem> {
        store::delete_all_of(&self.context.db, account).await?;
        known_devices::end_trust(&self.context.db, account).await?;
        let (is_required, mut page) = (self.is_required(account).await?, None);
        for after_change in self.factors.iter().filter_map(|second| second.after_change) {
            page = after_change(&self.context.db, account, is_required).await?.or(page);
        }
        Ok(page)
    }

    /// Removes every second factor of `account`, for an operator.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn remove_all(&self, account: Uuid) -> Result<(), Problem> {
        self.remove(account, |_| true).await
    }

    /// Removes the factors of `account` that open it by themselves, such as passkeys. Others are still asked for.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn remove_ways_in(&self, account: Uuid) -> Result<(), Problem> {
        self.remove(account, Factor::is_first).await
    }

    async fn remove(&self, account: Uuid, which: fn(Factor) -> bool) -> Result<(), Problem> {
        for second in self.factors.iter().filter(|second| which(second.factor)) {
            (second.remove)(&self.context.db, account).await?;
        }
        self.factors_changed(account).await.map(drop)
    }
}

/// Deletes up to `batch` expired pending sign-ins and returns how many there were (S10).
///
/// # Errors
/// If the database fails.
pub async fn delete_expired(db: &Db, batch: i64) -> sqlx::Result<u64> {
    store::delete_expired(db, db.now(), batch).await
}
