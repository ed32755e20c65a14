//! What this feature says of itself.

use std::sync::Arc;

use super::page;
use crate::{
    auth::page::{PageContext, RenderedOnce},
    feature::Feature,
    http::pages::Pages,
};

/// The entry in the list of features.
pub const FEATURE: Feature = Feature {
    pages: || {
        let rendered = Arc::<RenderedOnce>::default();
        Pages::new().get("/", move |visit: PageContext| page::landing(visit, rendered.clone()))
    },
    ..Feature::new("landing")
};
