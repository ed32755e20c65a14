//! The handler of the doctor's page.

use axum::{http::StatusCode, response::Response};
use leptos::prelude::*;

use super::view::DoctorView;
use crate::auth::page::PageContext;

/// The style sheets of the page.
const STYLES: [&str; 2] = ["lab/lab.css", "lab/doctor.css"];

/// `GET /lab/doctor`
pub async fn show(page: PageContext) -> Response {
    let page = STYLES.into_iter().fold(page, PageContext::styled);
    page.page(StatusCode::OK, "Setup doctor", || view! { <DoctorView /> }).await
}
