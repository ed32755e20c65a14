//! How sign-ins go, in numbers, and what limits refuse, in the log.

use uuid::Uuid;

use super::Factor;
use crate::{
    http::{client::Client, problem::Problem},
    metrics::Grid,
};

/// The steps of signing in, by result.
pub static STEPS: Grid<7, 7> = Grid::new(
    "vestibule_sign_in_steps_total",
    "Steps of signing in, by result.",
    ["step", "result"],
    [
        Step::Password.as_str(),
        Step::Passkey.as_str(),
        Step::Totp.as_str(),
        Step::RecoveryCode.as_str(),
        Step::EmailCode.as_str(),
        Step::Reauthentication.as_str(),
        Step::Admission.as_str(),
    ],
    ["passed", "failed", "throttled", "expired", "refused", "second_factor", "error"],
);

/// A step, in the order of the rows of [`STEPS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The password.
    Password,
    /// A passkey.
    Passkey,
    /// A code of an authenticator app.
    Totp,
    /// A recovery code.
    RecoveryCode,
    /// A code that was sent by mail.
    EmailCode,
    /// The password of somebody who is signed in; in the log, also another factor.
    Reauthentication,
    /// After the last factor: whether the account is let in.
    Admission,
}

impl Step {
    /// Its name, which never changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passkey => "passkey",
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
            Self::EmailCode => "email_code",
            Self::Reauthentication => "reauthentication",
            Self::Admission => "admission",
        }
    }
}

impl From<Factor> for Step {
    fn from(factor: Factor) -> Self {
        match factor {
            Factor::Password => Self::Password,
            Factor::Passkey => Self::Passkey,
            Factor::Totp => Self::Totp,
            Factor::RecoveryCode => Self::RecoveryCode,
            Factor::EmailCode => Self::EmailCode,
        }
    }
}

/// Counts what came of `step`.
pub fn count<T>(step: impl Into<Step>, result: &Result<T, Problem>) {
    let column = match result {
        Ok(_) => 0,
        Err(
            Problem::InvalidCredentials | Problem::Validation(_) | Problem::PasskeyRefused | Problem::PasskeyUnknown,
        ) => 1,
        Err(Problem::RateLimited { .. }) => 2,
        Err(Problem::SignInExpired) => 3,
        Err(Problem::AccountDisabled | Problem::AddressNotConfirmed | Problem::FactorSetupRequired) => 4,
        Err(Problem::SecondFactorRequired { .. }) => 5,
        Err(_) => 6,
    };
    STEPS.count(step.into() as usize, column);
}

/// Logs that `step` has to wait, if that is what `problem` says. `account` is whose sign-in it is, if that is known.
pub fn log_refusal(step: impl Into<Step>, account: Option<Uuid>, client: &Client, problem: &Problem) {
    let Problem::RateLimited { limit, network, seconds } = problem else { return };
    let step: Step = step.into();
    tracing::warn!(
        event = "sign_in_refused",
        reason = "throttled",
        step = step.as_str(),
        account = account.map(tracing::field::display),
        limit = limit.as_str(),
        network,
        seconds,
        address = client.address(),
        browser = client.browser(),
    );
}
