//! Somebody who has proved one factor, and somebody who is let in.

use uuid::Uuid;

use super::Factor;
use crate::{
    auth::{Account, activity::Actor, store::accounts, verify_password::VerifiedPassword},
    db::Db,
    http::{client::Client, problem::Problem},
    settings::{Accounts, Confirm},
};

/// An account for which a first factor was just proved. It opens nothing: [`super::SignIns::proceed`] decides.
#[derive(Clone)]
pub struct Proven {
    /// The account.
    pub account: Account,
    /// The account's stamp, on which whatever follows depends (S59).
    pub auth_stamp: Vec<u8>,
    /// Whether an operator disabled the account.
    pub disabled: bool,
    /// The factor that was proved.
    pub factor: Factor,
}

impl Proven {
    /// The account `id`, for which `factor` was just proved; `None` if it does not exist.
    ///
    /// # Errors
    /// If the database fails.
    pub async fn of(db: &Db, id: Uuid, factor: Factor) -> Result<Option<Self>, Problem> {
        let found = accounts::credentials_of(db, id).await?;
        Ok(found.map(|found| Self {
            account: Account {
                id: found.id,
                email: found.email,
                email_confirmed: found.email_verified_at.is_some(),
                name: found.name,
                created_at: found.created_at,
            },
            auth_stamp: found.auth_stamp,
            disabled: found.disabled_at.is_some(),
            factor,
        }))
    }

    /// Rejects disabled accounts, and those that must confirm their email address first. Only a person who proved a
    /// factor learns of either.
    pub(super) fn allowed(self, settings: &Accounts) -> Result<Self, Problem> {
        let account = self.account.id;
        if self.disabled {
            tracing::warn!(event = "sign_in_refused", reason = "disabled", %account);
            return Err(Problem::AccountDisabled);
        }
        if settings.confirm == Confirm::Required && !self.account.email_confirmed {
            tracing::warn!(event = "sign_in_refused", reason = "unconfirmed", %account);
            return Err(Problem::AddressNotConfirmed);
        }
        Ok(self)
    }
}

impl From<VerifiedPassword> for Proven {
    fn from(VerifiedPassword { account, auth_stamp, disabled }: VerifiedPassword) -> Self {
        Self { account, auth_stamp, disabled, factor: Factor::Password }
    }
}

/// Somebody who is let in: all factors that the account asks for were proved. Only [`super::SignIns`] makes one, and
/// every session and every token of a login takes one (S76).
#[derive(Clone)]
pub struct Admitted {
    account: Account,
    auth_stamp: Vec<u8>,
    factors: Vec<Factor>,
}

impl Admitted {
    pub(super) fn new(proven: Proven, second: Option<Factor>) -> Self {
        let factors = [proven.factor].into_iter().chain(second).collect();
        Self { account: proven.account, auth_stamp: proven.auth_stamp, factors }
    }

    /// The account.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The account's stamp when the factors were proved. Whatever is created requires that it is unchanged (S59).
    pub fn auth_stamp(&self) -> &[u8] {
        &self.auth_stamp
    }

    /// Who is let in, as the actor of activity events, with the `client` they use.
    pub fn acting(&self, client: &Client) -> Actor {
        match self.factors.first() {
            Some(Factor::Passkey) => Actor::by_passkey(self.account.id, client),
            Some(Factor::EmailCode) => Actor::by_email_code(self.account.id, client),
            _ => Actor::by_password(self.account.id, client),
        }
    }

    /// The factors that were proved, the first one first.
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }
}
