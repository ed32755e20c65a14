//! The front page, where the app has none.

use axum::{http::StatusCode, response::Response};
use leptos::prelude::*;
use vestibule::auth::page::PageContext;

pub(super) async fn front(context: PageContext) -> Response {
    context.page(StatusCode::OK, "Front page", || view! { <h1>"Front page"</h1> }).await
}
