//! Browser sessions: one row per signed-in browser, listed to its owner and revocable.

pub mod api;
mod export;
pub mod page;
mod scopes;
pub mod service;
mod view;

pub use view::BrowserSessionList;

use self::scopes::SessionsManage;
use crate::{
    feature::{Feature, Job},
    http::pages::Pages,
};

/// Listed in `app.rs`.
pub const FEATURE: Feature = Feature {
    tags: &[("Browser sessions", "The browsers that are signed in to the account.")],
    scopes: &[SessionsManage::INFO],
    api: api::routes,
    pages: || {
        Pages::new()
            .post("/account/sessions/{id}/revoke", page::revoke)
            .post("/account/sessions/revoke-others", page::revoke_others)
    },
    export: Some(|db, account, document| Box::pin(export::export(db, account, document))),
    jobs: &[Job {
        what: "browser sessions",
        run: |state, batch| Box::pin(async move { service::delete_expired(&state.db, batch).await }),
    }],
    ..Feature::new("browser_sessions")
};
