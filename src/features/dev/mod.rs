//! Pages for developers: the components, an error page, the outbox. They exist on a development server only, see
//! [`Settings::is_development`].

mod components;
mod outbox;

use crate::{
    feature::Feature,
    http::{pages::Pages, problem::Problem},
    settings::Settings,
};

/// Listed in `app.rs`. The handlers of the outbox, which shows links that open accounts, also require a
/// `Developer`.
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

/// Fails, to show the error page.
async fn failure() -> Problem {
    Problem::Internal("asked for at /dev/failure".into())
}
