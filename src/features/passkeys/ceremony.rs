//! The two ceremonies of WebAuthn Level 3: making a passkey (section 7.1) and signing in with one (section 7.2). The
//! library asks and verifies; here is what this site asks for and accepts.
//!
//! Always asked for: a passkey that the browser can find without being told whose (discoverable), and that the
//! authenticator verifies its user, by a PIN or a fingerprint. So a passkey is two factors in one. The answer must come
//! from a page of this site's own origin. No attestation is asked for: which authenticators people use is theirs.

use serde_json::Value;
use uuid::Uuid;
use webauthn_rp::{
    AuthenticatedCredential, DiscoverableAuthentication16, DiscoverableAuthenticationServerState,
    DiscoverableCredentialRequestOptions, PublicKeyCredentialCreationOptions, Registration, RegistrationServerState,
    bin::{Decode, Encode},
    request::{
        AsciiDomain, BackupReq, CredentialMediationRequirement, PublicKeyCredentialDescriptor, RpId, TimedCeremony,
        UserVerificationRequirement,
        auth::AuthenticationVerificationOptions,
        register::{CredProtect, PublicKeyCredentialUserEntity, RegistrationVerificationOptions, UserHandle16},
    },
    response::{
        AuthTransports, AuthenticatorAttachment, Backup, CredentialId,
        auth::error::AuthCeremonyErr,
        register::{CompressedPubKey, DynamicState, StaticState},
    },
};

use super::model::{NewPasskey, Stored};
use crate::{http::problem::Problem, settings::Settings};

/// This site, as browsers and authenticators know it.
pub(super) struct RelyingParty {
    id: RpId,
    name: String,
    origin: String,
}

/// How a passkey is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Making {
    /// Its owner is there, and verified.
    ByOwner,
    /// By the browser, after a sign-in (WebAuthn Level 3, "conditional create").
    Automatic,
}

/// A ceremony that has begun.
pub(super) struct Begun {
    /// What the browser is asked, for `PublicKeyCredential.parse…OptionsFromJSON`.
    pub options: Value,
    /// The challenge in it, by which the answer is recognised.
    pub challenge: Vec<u8>,
    /// What the answer is compared with.
    pub state: Vec<u8>,
}

/// A sign-in with a passkey, verified.
pub(super) struct Used {
    pub sign_count: i64,
    pub backed_up: bool,
}

/// Why an answer is not accepted.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The authenticator has counted less than before, so somebody may have copied it.
    CounterWentBack,
    /// Anything else, for the log.
    Invalid(String),
}

/// An answer of somebody who adds a passkey: what `PublicKeyCredential.toJSON()` gives.
pub(super) struct Answer {
    registration: Registration,
    /// The challenge that it answers.
    pub challenge: Vec<u8>,
}

/// An answer of somebody who signs in.
pub(super) struct SignInAnswer {
    authentication: DiscoverableAuthentication16,
    /// The challenge that it answers.
    pub challenge: Vec<u8>,
}

impl RelyingParty {
    /// This site.
    ///
    /// # Errors
    /// [`Problem::NotFound`] if passkeys are off.
    pub fn of(settings: &Settings) -> Result<Self, Problem> {
        let id = settings.passkeys.rp_id(&settings.server.public_url).ok_or(Problem::NotFound)?;
        let id = AsciiDomain::try_from(id).map_err(|error| Problem::Internal(error.to_string()))?;
        Ok(Self { id: RpId::Domain(id), name: settings.passkeys.rp_name.clone(), origin: settings.origin() })
    }

    /// Asks for a new passkey of the account `id`, on an authenticator that has none of `known`. Authenticators show
    /// its `name` and `email`.
    ///
    /// # Errors
    /// [`Problem::Internal`]
    pub fn begin_adding(
        &self,
        id: Uuid,
        (name, email): (&str, &str),
        known: Vec<Vec<u8>>,
        how: Making,
    ) -> Result<Begun, Problem> {
        let handle = UserHandle16::decode(*id.as_bytes()).map_err(internal)?;
        let known = known.into_iter().filter_map(|id| CredentialId::<Vec<u8>>::decode(id).ok());
        // Browsers ask every kind of authenticator.
        let transports = AuthTransports::decode(0).map_err(internal)?;
        let known = known.map(|id| PublicKeyCredentialDescriptor { id, transports });
        let user = PublicKeyCredentialUserEntity::from(&handle);
        let mut options = PublicKeyCredentialCreationOptions::passkey(&self.id, user, known.collect());
        options.extensions.cred_protect = CredProtect::None;
        if how == Making::Automatic {
            // Nobody is asked. Signing in with it verifies the user, as with any other.
            options.mediation = CredentialMediationRequirement::Conditional;
            options.authenticator_selection.user_verification = UserVerificationRequirement::Discouraged;
        }
        let (server, client) = options.start_ceremony().map_err(internal)?;
        let mut options = serde_json::to_value(&client).map_err(internal)?;
        options["rp"]["name"] = self.name.clone().into();
        options["user"]["name"] = email.into();
        options["user"]["displayName"] = name.into();
        let challenge = server.sent_challenge().0.to_be_bytes().to_vec();
        Ok(Begun { options, challenge, state: server.encode().map_err(internal)? })
    }

    /// Verifies the answer to [`Self::begin_adding`], whose state is `state`.
    ///
    /// # Errors
    /// [`Refusal::Invalid`]
    pub fn added(&self, answer: &Answer, state: &[u8]) -> Result<NewPasskey, Refusal> {
        let state = RegistrationServerState::<16>::decode(state).map_err(invalid)?;
        let origins = [self.origin.as_str()];
        let options = RegistrationVerificationOptions::<&str, &str> {
            allowed_origins: &origins,
            error_on_unsolicited_extensions: false,
            ..RegistrationVerificationOptions::default()
        };
        let made = state.verify(&self.id, &answer.registration, &options).map_err(invalid)?;
        let (fixed, changing) = (made.static_state(), made.dynamic_state());
        Ok(NewPasskey {
            account: Uuid::from_slice(made.user_id().as_ref()).map_err(invalid)?,
            credential_id: made.id().inner().to_vec(),
            public_key: fixed.encode().map_err(invalid)?,
            sign_count: changing.sign_count.into(),
            backup_eligible: changing.backup != Backup::NotEligible,
            backed_up: changing.backup == Backup::Exists,
            aaguid: made.metadata().aaguid.data().to_vec(),
        })
    }

    /// Asks for any passkey that somebody has for this site.
    ///
    /// # Errors
    /// [`Problem::Internal`]
    pub fn begin_sign_in(&self) -> Result<Begun, Problem> {
        let (server, client) =
            DiscoverableCredentialRequestOptions::passkey(&self.id).start_ceremony().map_err(internal)?;
        let options = serde_json::to_value(&client).map_err(internal)?;
        let challenge = server.sent_challenge().0.to_be_bytes().to_vec();
        Ok(Begun { options, challenge, state: server.encode().map_err(internal)? })
    }

    /// Verifies the answer to [`Self::begin_sign_in`], whose state is `state`, by the passkey that it names.
    ///
    /// # Errors
    /// [`Refusal`]
    pub fn signed_in(&self, answer: &SignInAnswer, state: &[u8], passkey: &Stored) -> Result<Used, Refusal> {
        let state = DiscoverableAuthenticationServerState::decode(state).map_err(invalid)?;
        let id = CredentialId::<&[u8]>::decode(&passkey.credential_id).map_err(invalid)?;
        let handle = UserHandle16::decode(*passkey.account_id.as_bytes()).map_err(invalid)?;
        let key = StaticState::<CompressedPubKey<[u8; 32], [u8; 32], [u8; 48], Vec<u8>>>::decode(&passkey.public_key)
            .map_err(invalid)?;
        let backup = match (passkey.backup_eligible, passkey.backed_up) {
            (false, _) => Backup::NotEligible,
            (true, false) => Backup::Eligible,
            (true, true) => Backup::Exists,
        };
        let changing = DynamicState {
            user_verified: true,
            backup,
            sign_count: u32::try_from(passkey.sign_count).unwrap_or(u32::MAX),
            authenticator_attachment: AuthenticatorAttachment::None,
        };
        let mut credential = AuthenticatedCredential::new(id, &handle, key, changing).map_err(invalid)?;
        let origins = [self.origin.as_str()];
        let options = AuthenticationVerificationOptions::<&str, &str> {
            allowed_origins: &origins,
            backup_requirement: Some(BackupReq::from(backup)),
            error_on_unsolicited_extensions: false,
            ..AuthenticationVerificationOptions::default()
        };
        let verified = state.verify(&self.id, &answer.authentication, &mut credential, &options);
        verified.map_err(|error| match error {
            AuthCeremonyErr::SignatureCounter => Refusal::CounterWentBack,
            error => invalid(error),
        })?;
        let now = credential.dynamic_state();
        Ok(Used { sign_count: now.sign_count.into(), backed_up: now.backup == Backup::Exists })
    }
}

impl Answer {
    /// Reads the answer of a browser that made a passkey.
    ///
    /// # Errors
    /// [`Refusal::Invalid`]
    pub fn read(credential: &Value) -> Result<Self, Refusal> {
        let json = serde_json::to_vec(credential).map_err(invalid)?;
        let registration = Registration::from_json_relaxed(&json).map_err(invalid)?;
        let challenge = registration.challenge_relaxed().map_err(invalid)?.0.to_be_bytes().to_vec();
        Ok(Self { registration, challenge })
    }
}

impl SignInAnswer {
    /// Reads the answer of a browser that signs in.
    ///
    /// # Errors
    /// [`Refusal::Invalid`]
    pub fn read(credential: &Value) -> Result<Self, Refusal> {
        let json = serde_json::to_vec(credential).map_err(invalid)?;
        let authentication = DiscoverableAuthentication16::from_json_relaxed(&json).map_err(invalid)?;
        let challenge = authentication.challenge_relaxed().map_err(invalid)?.0.to_be_bytes().to_vec();
        Ok(Self { authentication, challenge })
    }

    /// What the authenticator calls the passkey.
    pub fn credential_id(&self) -> &[u8] {
        self.authentication.raw_id().into_inner()
    }
}

fn internal(error: impl std::fmt::Display) -> Problem {
    Problem::Internal(format!("passkeys: {error}"))
}

fn invalid(error: impl std::fmt::Display) -> Refusal {
    Refusal::Invalid(error.to_string())
}
