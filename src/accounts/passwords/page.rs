//! What the island asks the server.

use leptos::prelude::use_context;

use super::{About, Hasher, Verdict};
use crate::{
    doors::server_fn::failure,
    problem::{Details, Problem},
};

/// What there is to say of `password`. Nothing of it is kept or logged.
pub(super) async fn strength(password: String, email: String, name: String) -> Result<Verdict, Details> {
    let hasher = use_context::<Hasher>().ok_or_else(|| failure(Problem::Internal("no hasher".into())))?;
    hasher.advise(password, About::new(&email, &name)).await.map_err(failure)
}
