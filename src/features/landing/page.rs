//! The handler of the front page.

use axum::{http::StatusCode, response::Response};
use leptos::prelude::*;

use super::view::Landing;
use crate::auth::page::PageContext;

/// `GET /`
pub async fn landing(context: PageContext) -> Response {
    let (signed_in, lab) = (context.caller.is_some(), context.leads_to("/lab"));
    let script = context.asset("landing.js");
    context.page(StatusCode::OK, "Two doors into one house", || view! { <Landing signed_in lab script /> }).await
}
