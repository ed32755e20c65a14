//! The handler of the front page.

use std::sync::Arc;

use axum::response::Response;
use leptos::prelude::*;

use super::view::Landing;
use crate::auth::page::{PageContext, RenderedOnce};

/// `GET /`
pub async fn landing(context: PageContext, rendered: Arc<RenderedOnce>) -> Response {
    let (signed_in, lab) = (context.caller.is_some(), context.leads_to("/lab"));
    let script = context.asset("landing.js");
    let view = || view! { <Landing signed_in lab script /> };
    context.page_once(&rendered, "Two doors into one house", view).await
}
