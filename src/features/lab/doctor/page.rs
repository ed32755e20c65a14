//! The handler of the doctor's page.

use axum::{extract::State, http::StatusCode, response::Response};
use leptos::prelude::*;

use super::view::DoctorView;
use crate::{auth::page::PageContext, features::lab::state::Lab};

/// The style sheets of the page.
const STYLES: [&str; 2] = ["lab/lab.css", "lab/doctor.css"];

/// `GET /lab/doctor`
pub async fn show(page: PageContext, State(lab): State<Lab>) -> Response {
    let local = lab.origins().is_local();
    let page = STYLES.into_iter().fold(page, PageContext::styled);
    page.page(StatusCode::OK, "Setup doctor", move || view! { <DoctorView local /> }).await
}
