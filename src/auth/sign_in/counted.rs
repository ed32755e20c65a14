//! How sign-ins go, in numbers.

use super::Factor;
use crate::{http::problem::Problem, metrics::Grid};

/// The steps of signing in, by result.
pub static STEPS: Grid<7, 7> = Grid::new(
    "vestibule_sign_in_steps_total",
    "Steps of signing in, by result.",
    ["step", "result"],
    ["password", "passkey", "totp", "recovery_code", "email_code", "reauthentication", "admission"],
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
    /// The password of somebody who is signed in.
    Reauthentication,
    /// After the last factor: whether the account is let in.
    Admission,
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
