//! The handler of the explorer.

use std::sync::Arc;

use axum::{http::StatusCode, response::Response};
use leptos::prelude::*;

use super::{reference::Reference, view::Explorer};
use crate::auth::page::PageContext;

/// `GET /api/docs`
pub(super) async fn explorer(context: PageContext, reference: Arc<Reference>) -> Response {
    let (origin, script) = (context.origin().to_owned(), context.asset("explorer.js"));
    let page = move || {
        let (reference, origin, script) = (reference.clone(), origin.clone(), script.clone());
        view! { <Explorer reference origin script /> }
    };
    context.of_nobody().styled("explorer.css").page(StatusCode::OK, "The API", page).await
}
