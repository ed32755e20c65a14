//! The format of refresh tokens: `vsr_`, 38 characters that all refresh tokens of one grant have in common, with the
//! checksum of an access token, and 43 characters that are this one's own.
//!
//! The common part finds the grant, so that a refresh token which was used long ago is recognized as one of the family
//! without keeping any. The own part of a successor is a hash of the token it replaces and of a random salt that the
//! server stores then. So the server stores neither, but gives whoever sends the same token again, from another tab or
//! after a lost answer, the same successor.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD};
use rand::{TryRngCore, rngs::OsRng};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::{auth::store::grants::parts_of_refresh_token, http::problem::Problem, secret::Secret};

/// A refresh token in plain text. Its `Debug` does not show it.
#[derive(Clone, Debug)]
pub(super) struct RefreshToken {
    family: Secret,
    own: SecretString,
}

impl RefreshToken {
    /// The first of a family.
    ///
    /// # Errors
    /// If the operating system has no randomness.
    pub(super) fn first(prefix: &str) -> Result<Self, Problem> {
        let family = Secret::generate(prefix).map_err(|error| Problem::Internal(error.to_string()))?;
        Ok(Self { family, own: URL_SAFE_NO_PAD.encode(salt()?).into() })
    }

    /// Reads `text`; `None` if it has another form.
    pub(super) fn parse(prefix: &str, text: &str) -> Option<Self> {
        parts_of_refresh_token(prefix, text).map(|(family, own)| Self { family, own: own.into() })
    }

    /// The token that replaces this one.
    pub(super) fn successor(&self, salt: &[u8]) -> Self {
        let own = Sha256::new().chain_update(salt).chain_update(self.reveal()).finalize();
        Self { family: self.family.clone(), own: URL_SAFE_NO_PAD.encode(own).into() }
    }

    /// The hash of what the family has in common.
    pub(super) fn family_hash(&self) -> Vec<u8> {
        self.family.hash()
    }

    /// The hash of this one.
    pub(super) fn hash(&self) -> Vec<u8> {
        Sha256::digest(self.reveal()).to_vec()
    }

    /// The text, for the one answer that has it.
    pub(super) fn reveal(&self) -> String {
        format!("{}{}", self.family.reveal(), self.own.expose_secret())
    }
}

/// 32 random bytes.
///
/// # Errors
/// If the operating system has no randomness.
pub(super) fn salt() -> Result<Vec<u8>, Problem> {
    let mut bytes = vec![0; 32];
    OsRng.try_fill_bytes(&mut bytes).map_err(|error| Problem::Internal(error.to_string()))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_has_one_part_in_common() {
        let first = RefreshToken::first("vsr").unwrap();
        let read = RefreshToken::parse("vsr", &first.reveal()).unwrap();
        assert_eq!((read.hash(), first.reveal().len()), (first.hash(), 4 + 38 + 43));
        let (one, same, other) = (first.successor(b"a"), first.successor(b"a"), first.successor(b"b"));
        assert_eq!(one.reveal(), same.reveal());
        assert_ne!(one.reveal(), other.reveal());
        assert_eq!((one.family_hash(), other.family_hash()), (first.family_hash(), first.family_hash()));
        assert!(RefreshToken::parse("vsr", &one.reveal()).is_some());
        assert!(!format!("{first:?}").contains(&first.reveal()[4..20]));
    }

    #[test]
    fn nothing_else_is_one() {
        let text = RefreshToken::first("vsr").unwrap().reveal();
        let long = "é".repeat(60);
        for bad in ["", "vsr_", &text[1..], &text[..84], &text.replace("vsr_", "vst_"), &format!("{text}a"), &long] {
            assert!(RefreshToken::parse("vsr", bad).is_none(), "{bad}");
        }
        assert!(RefreshToken::parse("vst", &text).is_none());
    }
}
