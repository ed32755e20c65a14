//! The API explorer: a page with the reference of the token API, where every operation can be tried.
//!
//! It is rendered from the same document as `/api/v1/openapi.json`. `public/explorer.js` sends the requests; a wasm
//! island would add to the download of every page.

mod page;
mod reference;
mod view;

use std::sync::{Arc, OnceLock};

use self::reference::Reference;
use crate::{feature::Feature, http::pages::Pages, ui::NavLink};

/// Listed in `app.rs`.
pub const FEATURE: Feature = Feature {
    footer: &[NavLink { path: "/api/docs", label: "The API" }],
    open_pages: |description| {
        let (description, made) = (description.clone(), Arc::new(OnceLock::new()));
        Pages::new().get("/api/docs", move |context| {
            let reference = made.get_or_init(|| Arc::new(Reference::new(&description.document())));
            page::explorer(context, Arc::clone(reference))
        })
    },
    ..Feature::new("api_docs")
};
