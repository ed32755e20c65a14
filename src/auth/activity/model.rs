//! Activity events, as the owner of the account sees them.

use uuid::Uuid;

use crate::{metrics::Family, timestamp::Timestamp};

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal, $meaning:literal;)+) => {
        /// The kind of an event.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Kind {
            $($(#[$doc])* $kind,)+
            /// A kind that a later version wrote.
            Unknown,
        }

        /// Events that were recorded, by kind.
        pub static RECORDED: Family<{ Kind::ALL.len() }> = Family::new(
            "vestibule_account_events_total",
            "Events in the activity of accounts, by kind.",
            "kind",
            [$($name),+],
        );

        impl Kind {
            /// Every kind that this version writes.
            pub const ALL: &'static [Self] = &[$(Self::$kind),+];

            /// The stable name in the log and in the database.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                    Self::Unknown => "unknown",
                }
            }

            /// A description for people.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$kind => $meaning,)+
                    Self::Unknown => "Other activity",
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
    /// The account was created.
    SignedUp = "account_created", "Account created";
    /// A browser was signed in.
    SignedIn = "signed_in", "Signed in";
    /// A sign-in failed because of a wrong password.
    SignInFailed = "sign_in_failed", "Wrong password";
    /// A browser signed itself out.
    SignedOut = "signed_out", "Signed out";
    /// A browser was signed out from another browser or by an operator.
    SignInRevoked = "sign_in_revoked", "Browser signed out";
    /// The oldest browser was signed out, because the account had reached its limit.
    SignInDisplaced = "sign_in_displaced", "Oldest browser signed out (limit reached)";
    /// The password was changed with the old password.
    PasswordChanged = "password_changed", "Password changed";
    /// The password was removed, because a code by mail confirmed the address.
    PasswordRemoved = "password_removed", "Password removed";
    /// The password was reset with a link sent by email.
    PasswordReset = "password_reset", "Password reset by email";
    /// A passkey was added.
    PasskeyAdded = "passkey_added", "Passkey added";
    /// A passkey was given another name.
    PasskeyRenamed = "passkey_renamed", "Passkey renamed";
    /// A passkey was removed.
    PasskeyRemoved = "passkey_removed", "Passkey removed";
    /// A passkey was not accepted.
    PasskeyRefused = "passkey_refused", "Passkey not accepted";
    /// A passkey was used that has counted less than before: somebody may have copied it.
    PasskeyCounterWentBack = "passkey_counter_went_back", "Passkey refused, because it may have been copied";
    /// The name was changed.
    Renamed = "name_changed", "Name changed";
    /// The email address was confirmed.
    AddressConfirmed = "address_confirmed", "Email address confirmed";
    /// A change of the email address was requested.
    AddressChangeAsked = "address_change_asked", "Email address change requested";
    /// A requested change of the email address was canceled.
    AddressChangeCanceled = "address_change_canceled", "Email address change canceled";
    /// The email address was changed.
    AddressChanged = "address_changed", "Email address changed";
    /// A token was created.
    TokenCreated = "token_created", "Token created";
    /// A token was used for the first time.
    TokenFirstUsed = "token_first_used", "Token used for the first time";
    /// A token was revoked.
    TokenRevoked = "token_revoked", "Token revoked";
    /// New tokens have to be bound to a key from now on.
    KeyRequired = "key_required", "Tokens must be bound to a key";
    /// New tokens need not be bound to a key.
    KeyNotRequired = "key_not_required", "Tokens need not be bound to a key";
    /// An application got access to the account.
    AppAuthorized = "app_authorized", "App authorized";
    /// A device got access to the account, by a code that was approved in a browser.
    DeviceAuthorized = "device_authorized", "App authorized on a device";
    /// An application lost its access to the account.
    AppRevoked = "app_revoked", "App access removed";
    /// An application lost its access in one browser, because one of its refresh tokens was used again: it may have
    /// been stolen.
    RefreshTokenReused = "refresh_token_reused", "App signed out, because its token was used twice";
    /// An application was registered.
    ClientRegistered = "client_registered", "App registered";
    /// A registered application was deleted.
    ClientDeleted = "client_deleted", "Registered app deleted";
    /// An operator created a password reset link.
    ResetLinkMade = "reset_link_made", "Password reset link created";
    /// An operator disabled the account.
    Disabled = "account_disabled", "Account disabled";
    /// An operator enabled the account again.
    Enabled = "account_enabled", "Account enabled";
    /// A leaked token was reported, and revoked.
    TokenReported = "token_reported", "Leaked token reported and revoked";
    /// The answer to the question for a second factor was wrong, after the right password.
    SecondFactorFailed = "second_factor_failed", "Wrong code after the right password";
    /// A second factor was turned on.
    FactorAdded = "factor_added", "Two-factor authentication added";
    /// A second factor was removed.
    FactorRemoved = "factor_removed", "Two-factor authentication removed";
    /// New recovery codes were created.
    RecoveryCodesMade = "recovery_codes_made", "Recovery codes created";
    /// A recovery code was used to sign in.
    RecoveryCodeUsed = "recovery_code_used", "Recovery code used";
    /// A browser was trusted: no second factor is asked for there.
    BrowserTrusted = "browser_trusted", "Browser trusted";
    /// A browser is no longer trusted.
    TrustEnded = "trust_ended", "Browser no longer trusted";
    /// An operator asked to remove all second factors.
    FactorResetAsked = "factor_reset_asked", "Removal of two-factor authentication requested";
    /// The owner stopped the removal of their second factors.
    FactorResetStopped = "factor_reset_stopped", "Removal of two-factor authentication stopped";
}

/// The credential with which something was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActorCredential {
    /// The password.
    Password,
    /// A passkey.
    Passkey,
    /// A code that was sent by mail.
    EmailCode,
    /// A signed-in browser.
    Session(Uuid),
    /// A token.
    Token(Uuid),
    /// An operator, on the command line.
    Operator,
    /// None: somebody reported a leaked token.
    LeakReporter,
}

impl ActorCredential {
    /// The name in the log and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Passkey => "passkey",
            Self::EmailCode => "email_code",
            Self::Session(_) => "session",
            Self::Token(_) => "token",
            Self::Operator => "operator",
            Self::LeakReporter => "finder",
        }
    }

    /// The id of the browser session or the token.
    pub fn id(self) -> Option<Uuid> {
        match self {
            Self::Password | Self::Passkey | Self::EmailCode | Self::Operator | Self::LeakReporter => None,
            Self::Session(id) | Self::Token(id) => Some(id),
        }
    }
}

/// An event of an account.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Event {
    /// `UUIDv7`.
    pub id: Uuid,
    /// When it happened.
    pub at: Timestamp,
    /// What happened.
    #[sqlx(try_from = "String")]
    pub kind: Kind,
    /// The kind of credential: `password`, `passkey`, `email_code`, `session`, `token`, `operator` or
    /// `finder`.
    pub credential: String,
    /// The id of the browser session or token that was the credential.
    pub credential_id: Option<Uuid>,
    /// The id of the browser session or token that the event is about.
    pub subject_id: Option<Uuid>,
    /// The name of what the event is about; may be empty.
    pub subject: String,
    /// The client's address; empty if unknown.
    pub address: String,
    /// A readable name of the client, such as "Firefox on Windows".
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
