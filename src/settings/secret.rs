//! Serde for secret settings: they are read, but never written.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer, Serializer};

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SecretString, D::Error> {
    String::deserialize(deserializer).map(SecretString::from)
}

/// Writes an empty string, so that the setting is listed and its value is not.
pub(super) fn serialize<S: Serializer>(_: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("")
}
