//! Pages for whoever develops the site. They exist on a development server only, see [`Settings::is_development`].

mod components;

use axum::{Router, routing::get};

pub use crate::auth::dev_key::{DevKey, Developer, recognise};
use crate::{http::problem::Problem, mail, settings::Settings, state::AppState};

/// The pages below `/dev`; none at all anywhere but on a development server.
pub fn pages(settings: &Settings) -> Router<AppState> {
    if !settings.is_development() {
        return Router::new();
    }
    // What opens accounts takes a `Developer` besides.
    Router::new()
        .route("/dev/components", get(components::components))
        .route("/dev/failure", get(failure))
        .route("/dev/outbox", get(mail::page::index))
        .route("/dev/outbox/{name}", get(mail::page::show))
}

/// What people see when something breaks.
async fn failure() -> Problem {
    Problem::Internal("asked for at /dev/failure".into())
}
