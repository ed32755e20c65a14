//! What one-time links are for.

use axum::{extract::FromRequestParts, http::request::Parts};
use time::Duration;
use uuid::Uuid;

use crate::{auth::Stamp, http::problem::Problem, settings::Settings, timestamp::Timestamp};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Confirm the email address of a new account.
    Confirm,
    /// Confirm the new email address of an existing account, and change to it.
    Email,
    /// Choose a new password.
    Reset,
    /// Stop the removal of the account's second factors.
    KeepFactors,
}

impl Purpose {
    const ALL: [Self; 4] = [Self::Confirm, Self::Email, Self::Reset, Self::KeepFactors];

    /// The name in the database, and the first segment of the link's path.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Confirm => "confirm",
            Self::Email => "email",
            Self::Reset => "reset",
            Self::KeepFactors => "keep-factors",
        }
    }

    pub(super) fn lifetime(self, Settings { accounts, factors, .. }: &Settings) -> Duration {
        match self {
            Self::Confirm | Self::Email => Duration::hours(accounts.confirm_hours.into()),
            Self::Reset => Duration::minutes(accounts.reset_minutes.into()),
            Self::KeepFactors => Duration::hours(factors.reset_hours.into()),
        }
    }

    /// Where to get another link, and the label of that button.
    pub(super) fn renewal(self) -> (&'static str, &'static str) {
        match self {
            Self::Confirm | Self::Email => ("/account", "Go to your account"),
            Self::KeepFactors => ("/account/security", "Go to your security settings"),
            Self::Reset => ("/forgot", "Request a new link"),
        }
    }

    /// The purpose of the links with this path.
    fn of_path(path: &str) -> Option<Self> {
        let (first, _token) = path.strip_prefix('/')?.split_once('/')?;
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == first)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Purpose {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::of_path(parts.uri.path()).ok_or(Problem::NotFound)
    }
}

/// A link that is still valid.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Link {
    /// The account it belongs to.
    pub account_id: Uuid,
    /// The address it was sent to.
    pub sent_to: String,
    /// The account's email address.
    pub email: String,
    /// The account's stamp when the link was sent. Using the link requires that it is unchanged (S61).
    pub auth_stamp: Stamp,
}

/// A link that waits to be used, without its token.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Pending {
    /// The address it was sent to.
    pub sent_to: String,
    /// When it expires.
    pub expires_at: Timestamp,
}
