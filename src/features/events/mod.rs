//! `GET events`: a stream that tells of what was created, updated and deleted elsewhere (docs/events.md).

mod api;
mod body;
mod model;

use crate::feature::Feature;

/// Listed in `app.rs`.
pub const FEATURE: Feature = Feature {
    tags: &[("Events", "What was changed by another tab, device or client, as it happens.")],
    api: api::routes,
    ..Feature::new("events")
};
