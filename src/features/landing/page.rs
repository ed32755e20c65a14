//! The handler of the front page.

use axum::{http::StatusCode, response::Response};
use leptos::prelude::*;

use super::view::Landing;
use crate::auth::page::PageContext;

/// `GET /`
pub async fn landing(visit: PageContext) -> Response {
    let (signed_in, lab) = (visit.caller.is_some(), visit.leads_to("/lab"));
    let script = visit.asset("landing.js");
    visit.page(StatusCode::OK, "Two doors into one house", || view! { <Landing signed_in lab script /> }).await
}
