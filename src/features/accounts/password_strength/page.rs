//! What the island asks the server.

use axum::http::request::Parts;
use leptos::prelude::use_context;

use crate::{
    auth::{
        passwords::{About, Hasher, Verdict},
        server_fn::failure,
    },
    http::{
        client::Client,
        problem::{Details, Problem},
    },
};

/// What there is to say of `password`. Nothing of it is kept or logged.
pub(super) async fn strength(password: String, email: String, name: String) -> Result<Verdict, Details> {
    let hasher = use_context::<Hasher>().ok_or_else(|| failure(Problem::Internal("no hasher".into())))?;
    let client = use_context::<Parts>().map(|parts| Client::of(&parts.headers, &parts.extensions)).unwrap_or_default();
    hasher.of(&client).advise(password, About::new(&email, &name)).await.map_err(failure)
}
