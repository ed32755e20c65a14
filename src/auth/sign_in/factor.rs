//! The factors by which people prove who they are, and what a feature tells of a second factor.

use std::{pin::Pin, sync::Arc};

use leptos::prelude::AnyView;
use uuid::Uuid;

use crate::{
    auth::Account,
    db::Db,
    http::{client::Client, forms::ShownOnce, problem::Problem},
    mail::Mailer,
    settings::Settings,
    timestamp::Timestamp,
    ui::FormState,
};

/// Something by which a person proves who they are. The name is the `step` of the JSON calls and of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Factor {
    /// The account's password.
    Password,
    /// A passkey with user verification (`WebAuthn`).
    Passkey,
    /// A code of an authenticator app (RFC 6238).
    Totp,
    /// A code from a list that was printed or saved.
    RecoveryCode,
    /// A code that was sent by email.
    EmailCode,
}

impl Factor {
    /// Every factor, second factors in the order in which people are asked for them.
    pub const ALL: [Self; 5] = [Self::Password, Self::Totp, Self::Passkey, Self::EmailCode, Self::RecoveryCode];

    /// The stable name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passkey => "passkey",
            Self::Totp => "totp",
            Self::RecoveryCode => "recovery_code",
            Self::EmailCode => "email_code",
        }
    }

    /// The factor with this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|factor| factor.as_str() == name)
    }
}

/// What an asynchronous function of a [`SecondFactor`] returns.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, Problem>> + Send + 'a>>;

/// What second factors work with. Cheap to clone.
#[derive(Clone)]
pub struct FactorContext {
    /// The database.
    pub db: Db,
    /// The settings.
    pub settings: Arc<Settings>,
    /// Sending mail.
    pub mailer: Mailer,
    /// What the answer is bound to, such as the handle of the pending sign-in.
    pub handle: Option<Arc<str>>,
}

/// What a [`SecondFactor`] does after the second factors of an account have changed.
pub type AfterChange = for<'a> fn(&'a Db, Uuid, bool) -> Work<'a, Option<NextPage>>;

/// What a [`SecondFactor`] does before it can be answered, in the browser or program of this client.
pub type Begin = for<'a> fn(&'a FactorContext, &'a Account, &'a Client) -> Work<'a, ()>;

/// A second factor: plain data and function pointers, listed in the `Feature` of its folder. Whether somebody is let in
/// is decided by [`super::SignIns`], never here.
#[derive(Clone, Copy, Debug)]
pub struct SecondFactor {
    /// Which one.
    pub factor: Factor,
    /// The link to its step on the pages of other steps, such as "Use a recovery code".
    pub label: &'static str,
    /// Whether an account has it: a condition in SQL on a row of `accounts`.
    pub is_enrolled: &'static str,
    /// Whether `answer` proves it for `account`. What can be used once is used up by the statement that compares it. An
    /// error counts as no attempt: [`Problem::Validation`] for what cannot be an answer.
    pub check: for<'a> fn(&'a FactorContext, Uuid, &'a str) -> Work<'a, bool>,
    /// Called before it is asked for, such as to send a code; `None` if there is nothing to do.
    pub begin: Option<Begin>,
    /// The fields of its form, without the form: the answer is in the field [`ANSWER_FIELD`].
    pub fields: fn(FormState) -> AnyView,
    /// What the security page shows of it.
    pub summary: for<'a> fn(&'a Db, Uuid) -> Work<'a, Summary>,
    /// Removes it from `account`, for an operator.
    pub remove: for<'a> fn(&'a Db, Uuid) -> Work<'a, ()>,
    /// Called after the second factors of `account` have changed; the flag says whether a second factor is required
    /// now. It may return a page to show next.
    pub after_change: Option<AfterChange>,
}

/// The name of the field, and of the JSON member, that holds the answer to a step.
pub const ANSWER_FIELD: &str = "code";

/// A page to go to, with a message that it shows once.
#[derive(Clone, Debug)]
pub struct NextPage {
    /// Its path.
    pub path: &'static str,
    /// The message for it.
    pub shown: ShownOnce,
}

/// What the security page shows of a second factor.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Its name, such as "Authenticator app".
    pub title: &'static str,
    /// What it is, or how it stands, such as "8 codes left".
    pub state: String,
    /// Since when the account has it; `None` if it has not.
    pub since: Option<Timestamp>,
    /// When it was last used, if that is known.
    pub last_used_at: Option<Timestamp>,
    /// Where to add, change or remove it: path and label.
    pub links: Vec<(&'static str, &'static str)>,
}
