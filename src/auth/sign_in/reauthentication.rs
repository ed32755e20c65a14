//! Proving once more who uses a session or a token, by what the account has. What it is needed for is in
//! [`crate::auth::reauthentication`].

use std::sync::Arc;

use uuid::Uuid;

use super::{
    admitted::Proven,
    counted::{self, Step},
    factor::{ANSWER_FIELD, Factor, FactorContext, SecondFactor},
    machine::SignIns,
    rules,
};
use crate::{
    auth::{
        Account,
        activity::{Actor, Kind},
        rate_limit::account_attempts,
        store::accounts,
    },
    http::{
        client::Client,
        problem::{FieldError, Problem},
    },
};

impl SignIns {
    /// The factors by which `account` can prove once more who uses it, the one to offer first comes first. None if it
    /// has neither a password nor anything else.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn reauthentication(&self, account: Uuid) -> Result<Vec<Factor>, Problem> {
        let has_password = accounts::has_password(&self.context.db, account).await?;
        Ok(rules::reauthentication(has_password, &self.enrolled(account).await?))
    }

    /// Does what comes before the answer by `factor`, such as sending a code. Returns whether there is anything to do.
    /// The answer works with the same `handle` only: that of the session or token.
    ///
    /// # Errors
    /// [`Problem::Validation`] if the account cannot use the factor for this; the errors of [`SecondFactor::begin`]; or
    /// if the database fails.
    pub async fn begin_reauthentication(
        &self,
        account: &Account,
        factor: Factor,
        handle: Option<Arc<str>>,
        client: &Client,
    ) -> Result<bool, Problem> {
        let Some(begin) = self.usable(account.id, factor).await?.begin else { return Ok(false) };
        let context = FactorContext { handle, ..self.context.clone() };
        begin(&context, account, client).await?;
        Ok(true)
    }

    /// Checks the answer of the account `id` by a `factor` other than the password. It is counted like an answer to a
    /// step of a sign-in, and checked to the end, even if the client disconnects. `email` is the account's address.
    ///
    /// # Errors
    /// [`Problem::Validation`] if the answer is wrong, or the account cannot use the factor for this;
    /// [`Problem::NotSignedIn`] if the account is gone; [`Problem::RateLimited`]; or if the database fails.
    pub async fn reauthenticate(
        &self,
        (id, email): (Uuid, &str),
        factor: Factor,
        (text, handle): (&str, Option<Arc<str>>),
        client: &Client,
    ) -> Result<Proven, Problem> {
        let (ours, email, text, client) = (self.clone(), email.to_owned(), text.to_owned(), client.clone());
        let work = async move {
            let (db, settings) = (&ours.context.db, &ours.context.settings);
            // Before the check: whatever follows depends on the stamp of this moment (S59).
            let proven = Proven::of(db, id, factor).await?.filter(|proven| !proven.disabled);
            let proven = proven.ok_or(Problem::NotSignedIn)?;
            let second = ours.usable(id, factor).await?;
            let counted = account_attempts::second_factor(db, &settings.throttle, &client, (id, &email)).await;
            let refused = |problem: &Problem| counted::log_refusal(Step::Reauthentication, Some(id), &client, problem);
            let counted = counted.inspect_err(refused)?;
            let context = FactorContext { handle, ..ours.context.clone() };
            match (second.check)(&context, id, &text).await {
                Ok(true) => {
                    counted.succeeded(db).await;
                    Ok(proven)
                }
                Ok(false) => {
                    Actor::by_password(id, &client).record(db, Kind::SecondFactorFailed, None);
                    let message = match factor {
                        Factor::Passkey => "The passkey was not accepted, or it took too long. Try again.",
                        _ => "The code is wrong, or was used before.",
                    };
                    Err(FieldError::incorrect(ANSWER_FIELD, message).into())
                }
                Err(problem) => {
                    counted.give_back(db).await;
                    Err(problem)
                }
            }
        };
        self.context.db.run_to_completion(work).await
    }

    async fn usable(&self, account: Uuid, factor: Factor) -> Result<&SecondFactor, Problem> {
        let usable = self.reauthentication(account).await?.contains(&factor);
        let second = self.second(factor).filter(|_| usable);
        second.ok_or_else(|| Problem::field("step", "This account cannot be confirmed this way. Choose another one."))
    }
}
