//! The server side of the strength meter.

use axum::http::request::Parts;
use leptos::prelude::use_context;

use crate::{
    auth::{
        passwords::{Hasher, PasswordContext, PasswordStrength},
        server_fn::failure,
    },
    http::{
        client::Client,
        problem::{Details, Problem},
    },
};

/// Estimates the strength of `password`. Nothing is stored or logged.
pub(super) async fn strength(password: String, email: String, name: String) -> Result<PasswordStrength, Details> {
    let hasher = use_context::<Hasher>().ok_or_else(|| failure(Problem::Internal("no hasher".into())))?;
    let client = use_context::<Parts>().map(|parts| Client::of(&parts.headers, &parts.extensions)).unwrap_or_default();
    hasher.of(&client).feedback(password.into(), PasswordContext::new(&email, &name)).await.map_err(failure)
}
