//! `GET /lab/theft`

use axum::{extract::State, http::StatusCode, response::Response};
use leptos::prelude::*;

use super::{state::Theft, view::TheftView};
use crate::auth::page::PageContext;

/// The style sheets of the page.
const STYLES: [&str; 2] = ["lab/lab.css", "lab/theft/theft.css"];

pub(super) async fn show(page: PageContext, State(theft): State<Theft>) -> Response {
    let origins = theft.origins();
    let page = page.reaching([origins.cross_site.clone()]);
    let page = STYLES.into_iter().fold(page, PageContext::styled);
    let content = move || {
        let (thief, usual) = (theft.origins().cross_site.clone(), theft.usual_short_life());
        let (unavailable, https) = (theft.unavailable().map(str::to_owned), theft.is_https());
        view! { <TheftView thief unavailable https usual /> }
    };
    page.page(StatusCode::OK, "The theft drill", content).await
}
