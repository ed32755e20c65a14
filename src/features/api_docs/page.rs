//! The explorer's handler.

use std::sync::Arc;

use axum::{Extension, http::StatusCode, response::Response};
use leptos::prelude::*;

use super::{Reference, view::Explorer};
use crate::auth::page::PageContext;

/// `GET /api/docs`
pub async fn api_docs(visit: PageContext, Extension(reference): Extension<Arc<Reference>>) -> Response {
    let (origin, script) = (visit.origin().to_owned(), visit.asset("explorer.js"));
    let page = move || {
        let (reference, origin, script) = (reference.clone(), origin.clone(), script.clone());
        view! { <Explorer reference origin script /> }
    };
    visit.of_nobody().styled("explorer.css").page(StatusCode::OK, "The API", page).await
}
