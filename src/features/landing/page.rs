//! The handler of the front page.

use std::sync::Arc;

use axum::response::Response;
use leptos::prelude::*;

use super::view::Landing;
use crate::auth::page::{PageContext, RenderedOnce};

/// `GET /`
pub async fn landing(visit: PageContext, rendered: Arc<RenderedOnce>) -> Response {
    let (signed_in, lab) = (visit.caller.is_some(), visit.leads_to("/lab"));
    let content = move || view! { <Landing signed_in lab /> };
    visit.page_once(&rendered, "Two doors into one house", content).await
}
