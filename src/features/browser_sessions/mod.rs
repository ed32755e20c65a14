//! Browser sessions: one row per signed-in browser, listed to its owner and revocable.

mod export;
pub mod page;
pub mod service;
mod view;

pub use view::BrowserSessionList;

use crate::{
    feature::{Feature, Sweep},
    http::pages::Pages,
};

/// What this feature says of itself.
pub const FEATURE: Feature = Feature {
    pages: || {
        Pages::new()
            .post("/account/sessions/{id}/revoke", page::revoke)
            .post("/account/sessions/revoke-others", page::revoke_others)
    },
    export: Some(|db, account, document| Box::pin(export::export(db, account, document))),
    sweeps: &[Sweep {
        what: "browser sessions",
        batch: |state, batch| Box::pin(async move { service::sweep(&state.db, batch).await }),
    }],
    ..Feature::new("browser_sessions")
};
