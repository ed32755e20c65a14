//! The API explorer: a page with the reference of the token API, where every operation can be tried.
//!
//! It is rendered from the same document as `/api/v1/openapi.json`. `public/explorer.js` sends the requests; a wasm
//! island would add to the download of every page.

mod page;
mod reference;
mod view;

use std::sync::Arc;

use crate::{feature::Feature, http::pages::Pages, ui::NavLink};

/// Listed in `app.rs`.
pub const FEATURE: Feature = Feature {
    footer: &[NavLink { path: "/api/docs", label: "The API" }],
    open_pages: |document| {
        let reference = Arc::new(reference::Reference::new(document));
        Pages::new().get("/api/docs", move |context| page::explorer(context, reference.clone()))
    },
    ..Feature::new("api_docs")
};
