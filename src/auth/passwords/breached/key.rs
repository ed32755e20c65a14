//! What a filter knows of a password.

use sha1::{Digest, Sha1};

/// The first 64 bits of the password's SHA-1 hash.
pub(super) fn key(password: &str) -> u64 {
    Sha1::digest(password).iter().take(8).fold(0, |key, byte| (key << 8) | u64::from(*byte))
}
