//! The machine: from a first factor to being let in.

use std::sync::Arc;

use uuid::Uuid;

use super::{
    admitted::{Admitted, Proven},
    cookie::{LASTS, PendingCookie},
    factor::{ANSWER_FIELD, Factor, FactorContext, NextPage, SecondFactor},
    rules, store,
    wants::Wants,
};
use crate::{
    auth::{
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
    fn door(self) -> &'static str {
        match self {
            Self::Browser(_) => "session",
            Self::Client(_) => "token",
        }
    }

    /// The hash of the handle that was sent.
    fn handle(self) -> Option<Vec<u8>> {
        let sent = match self {
            Self::Browser(cookie) => cookie.received(),
            Self::Client(handle) => handle,
        };
        Secret::parse(PREFIX, sent?).map(|handle| handle.hash())
    }

    /// Gives the handle to the browser, or in the problem to the client.
    fn give(self, handle: Secret, next: &[Factor]) -> Problem {
        let next = next.iter().map(|factor| factor.as_str()).collect();
        match self {
            Self::Browser(cookie) => {
                cookie.give(handle.reveal());
                Problem::SecondFactorRequired { pending: None, next }
            }
            Self::Client(_) => Problem::SecondFactorRequired { pending: Some(handle), next },
        }
    }

    fn forget(self) {
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
        Self { context, factors: factors.into() }
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
        let mut enrolled = Vec::new();
        for second in self.factors.iter() {
            if (second.is_enrolled)(&self.context.db, account).await? {
                enrolled.push(second.factor);
            }
        }
        Ok(enrolled)
    }

    /// Whether `account` asks for a second factor.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn is_required(&self, account: Uuid) -> Result<bool, Problem> {
        Ok(rules::is_required(&self.enrolled(account).await?))
    }

    /// After a first factor was proved: lets the person in, or says what is still wanted. `wants` is what they asked
    /// for, which the pending sign-in keeps.
    ///
    /// # Errors
    /// [`Problem::SecondFactorRequired`]; [`Problem::AccountDisabled`]; [`Problem::AddressNotConfirmed`];
    /// [`Problem::InvalidCredentials`] if the password was changed meanwhile; or if the database fails.
    pub async fn proceed(
        &self,
        proven: impl Into<Proven>,
        at: At<'_>,
        wants: Wants,
        client: &Client,
    ) -> Result<Admitted, Problem> {
        let proven = proven.into().allowed(&self.context.settings.accounts)?;
        if proven.factor.stands_alone() {
            return Ok(Admitted::new(proven, None));
        }
        let account = proven.account.id;
        let enrolled = self.enrolled(account).await?;
        let is_trusted = match at {
            At::Browser(_) if rules::is_required(&enrolled) => {
                known_devices::is_trusted(&self.context.db, account, &proven.auth_stamp, client).await?
            }
            _ => false,
        };
        let mut next = rules::wanted(proven.factor, &enrolled, is_trusted);
        if matches!(at, At::Client(_)) {
            // A passkey belongs to this site's own origin, so the token door has no step for it.
            next.retain(|factor| *factor != Factor::Passkey);
        }
        if next.is_empty() {
            return Ok(Admitted::new(proven, None));
        }
        let handle = Secret::generate(PREFIX).map_err(|error| Problem::Internal(error.to_string()))?;
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
        Err(at.give(handle, &next))
    }

    /// The steps that may come next, for a page; `None` if no sign-in is pending here.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn next(&self, at: At<'_>) -> Result<Option<Vec<&SecondFactor>>, Problem> {
        let Some(hash) = at.handle() else { return Ok(None) };
        let Some(row) = store::find(&self.context.db, hash, at.door(), TRIES, self.context.db.now()).await? else {
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
        let hash = at.handle().ok_or(Problem::SignInExpired)?;
        let Answer { factor, text, trust } = answer;
        let trust = trust && matches!(at, At::Browser(_));
        let (ours, text, door, theirs) = (self.clone(), text.to_owned(), at.door(), client.clone());
        let work = async move { ours.checked(hash, (factor, &text), door, trust, &theirs).await };
        let result = self.context.db.run_to_completion(work).await;
        if matches!(result, Ok(_) | Err(Problem::SignInExpired)) {
            at.forget();
        }
        result
    }

    async fn checked(
        &self,
        hash: Vec<u8>,
        (factor, text): (Factor, &str),
        door: &'static str,
        trust: bool,
        client: &Client,
    ) -> Result<(Admitted, Wants), Problem> {
        let (db, now) = (&self.context.db, self.context.db.now());
        let row = store::find(db, hash.clone(), door, TRIES, now).await?.ok_or(Problem::SignInExpired)?;
        let account = row.account_id;
        let second = self.second(factor).ok_or(Problem::NotFound)?;
        if !self.wanted(&row).await?.contains(&factor) {
            return Err(Problem::SignInExpired);
        }
        let whose = (account, row.email.as_str());
        let counted = account_attempts::second_factor(db, &self.context.settings.throttle, client, whose).await?;
        let Some((tries,)) = store::count_try(db, hash.clone(), door, TRIES, now).await? else {
            counted.give_back(db).await;
            return Err(Problem::SignInExpired);
        };
        let actor = Actor::by_password(account, client);
        match (second.check)(&self.context, account, text).await {
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
        Ok((Admitted::new(proven, Some(factor)), Wants::of_text(&row.wants)))
    }

    /// What the pending sign-in still wants: the second factors may have changed since it began.
    async fn wanted(&self, row: &store::Row) -> Result<Vec<Factor>, Problem> {
        let first = Factor::of_name(&row.proved).unwrap_or(Factor::Password);
        Ok(rules::wanted(first, &self.enrolled(row.account_id).await?, false))
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
        for second in self.factors.iter() {
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
