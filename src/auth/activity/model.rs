//! An event as the owner of the account sees it.

use uuid::Uuid;

use crate::timestamp::Timestamp;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $meaning:literal;)+) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $($(#[$doc])* $kind,)+
            /// What a later version wrote.
            Unknown,
        }

        impl Kind {
            /// Every kind that this version writes.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The stable name, in the log and in the database.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                    Self::Unknown => "unknown",
                }
            }

            /// For people.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$kind => $meaning,)+
                    Self::Unknown => "Something else",
                }
            }
        }

        impl From<String> for Kind {
            fn from(name: String) -> Self {
                match name.as_str() {
                    $($name => Self::$kind,)+
                    _ => Self::Unknown,
                }
            }
        }
    };
}

kinds! {
    /// The account was made.
    SignedUp = "account_created", "Account made";
    /// A browser was signed in.
    SignedIn = "signed_in", "Signed in";
    /// A wrong password was given.
    SignInFailed = "sign_in_failed", "Wrong password";
    /// A browser was signed out by itself.
    SignedOut = "signed_out", "Signed out";
    /// A browser was signed out by another.
    SignInRevoked = "sign_in_revoked", "Browser signed out";
    /// The oldest browser was signed out, because the account had as many as it may have.
    SignInDisplaced = "sign_in_displaced", "Oldest browser signed out to make room";
    /// The password was changed by whoever knew the old one.
    PasswordChanged = "password_changed", "Password changed";
    /// It was changed by a link in a mail.
    PasswordReset = "password_reset", "Password changed by a link in a mail";
    /// The name was changed.
    Renamed = "name_changed", "Name changed";
    /// The address was shown to be the owner's.
    AddressConfirmed = "address_confirmed", "Address confirmed";
    /// Another address was asked for.
    AddressChangeAsked = "address_change_asked", "Another address asked for";
    /// The address was changed.
    AddressChanged = "address_changed", "Address changed";
    /// A token was made.
    TokenCreated = "token_created", "Token made";
    /// A token was used for the first time.
    TokenFirstUsed = "token_first_used", "Token used for the first time";
    /// A token was ended.
    TokenRevoked = "token_revoked", "Token revoked";
    /// An operator made a link for a new password.
    ResetLinkMade = "reset_link_made", "Link for a new password made";
    /// An operator keeps the owner out.
    Disabled = "account_disabled", "Account disabled";
    /// An operator lets the owner in again.
    Enabled = "account_enabled", "Account enabled";
    /// A token was found where others could read it, and ended.
    TokenReported = "token_reported", "Token found by somebody, and revoked";
}

/// What let the person in who did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorCredential {
    /// The password, just given.
    Password,
    /// A signed-in browser.
    Session(Uuid),
    /// A token.
    Token(Uuid),
    /// Those who run the house, on the command line.
    Operator,
    /// Nothing: somebody has found a token and given it back.
    LeakReporter,
}

impl ActorCredential {
    /// The name, in the log and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Session(_) => "session",
            Self::Token(_) => "token",
            Self::Operator => "operator",
            Self::LeakReporter => "finder",
        }
    }

    /// The sign-in or the token.
    pub fn id(self) -> Option<Uuid> {
        match self {
            Self::Password | Self::Operator | Self::LeakReporter => None,
            Self::Session(id) | Self::Token(id) => Some(id),
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Event {
    /// `UUIDv7`.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// What.
    #[sqlx(try_from = "String")]
    pub kind: Kind,
    /// `password`, `session`, `token`, `operator` or `finder`.
    pub credential: String,
    /// Which sign-in or token that was.
    pub credential_id: Option<Uuid>,
    /// The sign-in or the token it is about.
    pub subject_id: Option<Uuid>,
    /// What to call that; empty where there is nothing to call.
    pub subject: String,
    /// From where, empty if that is not known.
    pub address: String,
    /// With which browser, in words, or how else.
    pub browser: String,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Kind;

    #[test]
    fn every_kind_has_a_name_and_a_meaning_of_its_own() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from(kind.as_str().to_owned()), *kind);
        }
        let names: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        let meanings: BTreeSet<_> = Kind::ALL.iter().map(|kind| kind.meaning()).collect();
        assert_eq!((names.len(), meanings.len()), (Kind::ALL.len(), Kind::ALL.len()));
        assert_eq!(Kind::from("of a later version".to_owned()), Kind::Unknown);
    }
}
