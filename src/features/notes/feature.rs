//! The feature's entry in the list of features: its routes, scopes, links and export.

use super::{
    api, export, page,
    scopes::{NotesRead, NotesWrite},
};
use crate::{auth::event_streams::ResourceEvents, feature::Feature, http::pages::Pages, ui::NavLink};

/// Listed in `app.rs`.
pub const FEATURE: Feature = Feature {
    tags: &[("Notes", "Notes that only you can read.")],
    scopes: &[NotesRead::INFO, NotesWrite::INFO],
    events: &[ResourceEvents { resource: "notes", scope: NotesRead::INFO.name }],
    nav: &[NavLink { path: "/notes", label: "Notes" }],
    api: api::routes,
    pages: || {
        // `post_large`, because a note is longer than most forms.
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
