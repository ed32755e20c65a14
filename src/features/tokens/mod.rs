//! Personal access tokens: named, scoped, expiring, stored as a hash, shown once.

pub mod admin;
pub mod api;
mod current;
mod emails;
pub mod page;
mod renewal;
mod revocation;
mod rules;
mod scopes;
pub mod service;
mod view;

pub use scopes::TokensManage;

use crate::{
    feature::{Feature, Job},
    http::pages::Pages,
    ui::{AccountLink, NavLink},
};

/// Listed in `app.rs`.
pub const FEATURE: Feature = Feature {
    tags: &[("Tokens", "Access tokens. The token itself is shown only once, when it is created.")],
    scopes: &[TokensManage::INFO],
    nav: &[NavLink { path: "/tokens", label: "Tokens" }],
    account_links: &[AccountLink {
        path: "/tokens",
        label: "Manage tokens",
        hint: "Access for scripts and other apps.",
    }],
    api: api::routes,
    session_api: current::session_routes,
    token_api: current::token_routes,
    unauthenticated_api: api::unauthenticated_routes,
    pages: || {
        Pages::new()
            .get("/tokens", page::index)
            .post("/tokens", page::create)
            .post("/tokens/key", page::require_key)
            .post("/tokens/revoke-all", page::revoke_all)
            .post("/tokens/{id}/revoke", page::revoke)
    },
    export: Some(|db, account, document| {
        Box::pin(async move { document.member("tokens", &service::list(db, account).await?).await })
    }),
    jobs: &[
        Job {
            what: "tokens",
            run: |state, batch| {
                Box::pin(
                    async move { service::delete_expired(&state.db, state.settings.tokens.keep_days, batch).await },
                )
            },
        },
        Job {
            what: "mails about tokens that expire",
            run: |state, batch| {
                Box::pin(async move { service::tell_of_end(&state.db, &state.settings, &state.mailer, batch).await })
            },
        },
    ],
    ..Feature::new("tokens")
};
