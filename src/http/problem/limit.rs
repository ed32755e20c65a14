//! The limits on how often something can be done.

use crate::metrics::Family;

/// Requests and attempts that were refused, by limit.
pub static REFUSED: Family<{ Limit::ALL.len() }> = Family::new(
    "vestibule_rate_limit_refusals_total",
    "Requests and attempts refused by a rate limit.",
    "limit",
    ["token", "address", "password", "code", "passkey", "sign_up", "mail", "lab"],
);

/// Which limit a request met, for 429.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The requests of one token, in a minute.
    Token,
    /// The requests without a valid token from one network address, in a minute.
    Address,
    /// The failed attempts to give a password, by account and by network address.
    Password,
    /// The failed attempts to give a code or another second factor, by account or by browser.
    Code,
    /// The requests to use a passkey from one network address, or to add one to an account.
    Passkey,
    /// The attempts to sign up from one network address.
    SignUp,
    /// The mails that are requested from one network address, or for one recipient.
    Mail,
    /// The requests of one experiment of the Lab.
    Lab,
}

impl Limit {
    /// Every limit.
    pub const ALL: [Self; 8] =
        [Self::Token, Self::Address, Self::Password, Self::Code, Self::Passkey, Self::SignUp, Self::Mail, Self::Lab];

    /// Its name, which never changes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Address => "address",
            Self::Password => "password",
            Self::Code => "code",
            Self::Passkey => "passkey",
            Self::SignUp => "sign_up",
            Self::Mail => "mail",
            Self::Lab => "lab",
        }
    }

    /// What there was too much of, for people: of all that comes from their network if `network` is true.
    pub(super) fn reason(self, network: bool) -> &'static str {
        match (self, network) {
            (Self::Token, _) => "This token has made too many requests.",
            (Self::Address, _) => "Too many requests without a valid token came from your network address.",
            (Self::Password, false) => "Too many attempts with a password.",
            (Self::Password, true) => "Too many attempts with a password came from your network address.",
            (Self::Code, false) => "Too many attempts with a code.",
            (Self::Code, true) => "Too many attempts with a code came from your network address.",
            (Self::Passkey, false) => "Too many attempts with a passkey.",
            (Self::Passkey, true) => "Too many attempts with a passkey came from your network address.",
            (Self::SignUp, _) => "Too many attempts to sign up came from your network address.",
            (Self::Mail, false) => "Too many emails were requested.",
            (Self::Mail, true) => "Too many emails were requested from your network address.",
            (Self::Lab, _) => "This experiment has made too many requests.",
        }
    }
}
