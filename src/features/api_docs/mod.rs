//! The API explorer: the description of the token door as a page on which every call can be tried.
//!
//! It is made from the document that `/api/v1/openapi.json` answers with. Trying calls is `public/explorer.js`; a wasm
//! island for it would be part of what every page downloads.

mod page;
mod reference;
mod view;

use std::sync::Arc;

use crate::{feature::Feature, http::pages::Pages, ui::NavLink};

/// What this feature says of itself.
pub const FEATURE: Feature = Feature {
    footer: Some(NavLink { path: "/api/docs", label: "The API" }),
    open_pages: |document| {
        let reference = Arc::new(reference::Reference::new(document));
        Pages::new().get("/api/docs", move |visit| page::explorer(visit, reference.clone()))
    },
    ..Feature::new("api_docs")
};
