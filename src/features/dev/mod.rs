//! Pages for developers of the site. They exist on a development server only, see [`Settings::is_development`].

mod components;
mod outbox;

use crate::{
    feature::Feature,
    http::{pages::Pages, problem::Problem},
    settings::Settings,
};

/// What this feature says of itself. Pages that open accounts take a `Developer` besides.
pub const FEATURE: Feature = Feature {
    is_on: Settings::is_development,
    pages: || {
        Pages::new()
            .get("/dev/components", components::components)
            .get("/dev/failure", failure)
            .get("/dev/outbox", outbox::index)
            .get("/dev/outbox/{name}", outbox::show)
    },
    ..Feature::new("dev")
};

/// The page that people see when something breaks.
async fn failure() -> Problem {
    Problem::Internal("asked for at /dev/failure".into())
}
