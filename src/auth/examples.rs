//! The examples of the OpenAPI document.

use serde_json::{Value, json};

use crate::http::openapi::examples::{id, moment};

/// An account.
pub fn account() -> Value {
    json!({
        "id": id(1),
        "email": "ada@example.org",
        "email_confirmed": true,
        "name": "Ada Lovelace",
        "created_at": moment(0),
    })
}

/// A token.
pub fn token() -> Value {
    json!({
        "id": id(2),
        "name": "phone",
        "scopes": ["account:read"],
        "origins": ["https://app.example.com"],
        "issued_by": "person",
        "created_at": moment(0),
        "expires_at": moment(30 * 24 * 60 * 60),
        "ends_at": moment(366 * 24 * 60 * 60),
        "renew_days": 30,
        "last_used_at": moment(60),
        "last_used_from": "192.0.2.7",
        "revoked_at": null,
        "key_thumbprint": null,
    })
}

/// A new token in plain text.
pub fn token_text() -> String {
    format!("vst_{}", "0".repeat(38))
}
