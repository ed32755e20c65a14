//! The feature's entry in the list of features.

use std::sync::Arc;

use super::page;
use crate::{
    auth::page::{PageContext, RenderedOnce},
    feature::Feature,
    http::pages::Pages,
};

/// Listed in `app.rs`.
pub const FEATURE: Feature = Feature {
    pages: || {
        let rendered = Arc::<RenderedOnce>::default();
        Pages::new().get("/", move |context: PageContext| page::landing(context, rendered.clone()))
    },
    ..Feature::new("landing")
};
