//! Signing up without a password, by whatever a feature stores instead of one.

use uuid::Uuid;

use super::{
    email_verification,
    service::{checked, make},
};
use crate::{
    auth::{
        Stamp,
        activity::{Actor, Kind},
        rate_limit::account_attempts,
        sign_in::{Factor, Proven},
        store::accounts,
        verify_password::VerifiedPassword,
    },
    db::Db,
    feature::BoxFuture,
    http::{
        client::Client,
        problem::{FieldCode, Problem},
    },
    settings::Confirm,
    state::AppState,
};

/// Somebody who signs up without a password.
pub(crate) struct Newcomer {
    id: Uuid,
    name: String,
    email: String,
}

/// Stores what the account signs in with, which has the id and the stamp.
pub(crate) type Store = Box<dyn FnOnce(Db, Uuid, Stamp) -> BoxFuture<'static, Result<(), Problem>> + Send>;

impl Newcomer {
    /// Somebody with this name and address, whose account will have the id `id`.
    ///
    /// # Errors
    /// [`Problem::Validation`]
    pub(crate) fn new(id: Uuid, name: &str, email: &str) -> Result<Self, Problem> {
        let (name, email, errors) = checked(name, email);
        Problem::unless(errors, Self { id, name, email })
    }

    /// The account as authenticators show it: name and address.
    pub(crate) fn shown(&self) -> (&str, &str) {
        (&self.name, &self.email)
    }

    /// Creates the account, which signs in by `factor` as it is stored by `store`. `None` if the address has to be
    /// confirmed first: then the answer, and the work before it, are the same whether or not there is an account with
    /// the address (S25).
    ///
    /// # Errors
    /// [`Problem::Validation`] if the address is taken; [`Problem::RateLimited`]; the errors of `store`; or if the
    /// database fails.
    pub(crate) async fn sign_up(
        self,
        state: &AppState,
        client: &Client,
        (factor, store): (Factor, Store),
    ) -> Result<Option<Proven>, Problem> {
        let AppState { db, settings, mailer, .. } = state;
        let counted = account_attempts::sign_up(db, &settings.throttle, client, &self.email).await?;
        let (ours, settings, mailer, client) = (db.clone(), settings.clone(), mailer.clone(), client.clone());
        if settings.accounts.confirm == Confirm::Required {
            // Query in both cases, and before answering: if the database is down, do not answer "Check your email".
            let found = accounts::credentials(db, &self.email).await?;
            db.spawn_detached(async move {
                let email = self.email.clone();
                if found.is_none() {
                    match self.make(&ours, &client, store).await {
                        Ok(made) => {
                            return email_verification::service::ask(&ours, &settings, &mailer, &made.account).await;
                        }
                        // A concurrent sign-up with the same address was faster.
                        Err(problem) if is_taken(&problem) => {}
                        Err(problem) => return tracing::error!(%problem, "account not created"),
                    }
                }
                email_verification::service::again(&ours, &settings, &mailer, &email).await;
            });
            return Ok(None);
        }
        // To the end, even if the client disconnects: an account that nothing opens must not stay.
        let made = db.run_to_completion(async move { self.make(&ours, &client, store).await }).await;
        let VerifiedPassword { account, auth_stamp, disabled } = match made {
            Ok(made) => made,
            Err(problem) => {
                counted.mailed_nobody(db).await;
                return Err(problem);
            }
        };
        email_verification::service::ask(db, &state.settings, &state.mailer, &account).await;
        Ok(Some(Proven { account, auth_stamp, disabled, factor }))
    }

    async fn make(self, db: &Db, client: &Client, store: Store) -> Result<VerifiedPassword, Problem> {
        let made = make(db, self.id, (self.name, self.email), None).await?;
        if let Err(problem) = store(db.clone(), self.id, Stamp(made.auth_stamp.clone())).await {
            accounts::delete(db, self.id, None).await?;
            return Err(problem);
        }
        Actor::by_passkey(self.id, client).record(db, Kind::SignedUp, None);
        Ok(made)
    }
}

fn is_taken(problem: &Problem) -> bool {
    problem.errors().iter().any(|error| error.code == FieldCode::Taken.as_str())
}
