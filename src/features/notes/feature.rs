//! What this feature says of itself.

use super::{
    api, export, page,
    scopes::{NotesRead, NotesWrite},
};
use crate::{feature::Feature, http::pages::Pages, ui::NavLink};

/// The entry in the list of features.
pub const FEATURE: Feature = Feature {
    tags: &[("Notes", "The sample resource.")],
    scopes: &[NotesRead::INFO, NotesWrite::INFO],
    nav: Some(NavLink { path: "/notes", label: "Notes" }),
    api: api::routes,
    pages: || {
        Pages::new()
            .get("/notes", page::index)
            .post_large("/notes", page::create)
            .get("/notes/{id}", page::show)
            .post_large("/notes/{id}", page::save)
            .post("/notes/{id}/delete", page::delete)
    },
    export: Some(|db, account, document| Box::pin(export::export(db, account, document))),
    ..Feature::new("notes")
};
