//! OAuth 2 (RFC 6749, as RFC 9700 and RFC 10017 narrow it down): applications get tokens by a person's authorization,
//! and see no password.
//!
//! The visitor is sent to `/authorize` ([`authorize`]), signs in as on any other day, is asked for consent, and sent
//! back with a code. The application exchanges it at `/api/v1/oauth/token` ([`token`]), with the verifier of PKCE, for
//! an access token and a refresh token. A device without a browser shows a code instead, see [`device`].

pub mod admin;
mod apps;
mod authorize;
mod client;
mod codes;
mod developer;
mod device;
mod endpoints;
mod error;
mod metadata;
mod pkce;
mod refresh;
mod refresh_token;
mod registration;
mod request;
mod store;
mod token;
mod view;

use crate::{
    feature::{Feature, Job},
    http::pages::Pages,
    ui::AccountLink,
};

/// Listed in `app.rs`.
pub const FEATURE: Feature = Feature {
    client_forms: || {
        Pages::new()
            .post("/oauth/token", token::token)
            .post("/oauth/device_authorization", device::endpoint::authorize_device)
            .post("/oauth/revoke", endpoints::revoke)
            .post("/oauth/introspect", endpoints::introspect)
    },
    resource_metadata: Some(metadata::RESOURCE_OF_THE_API),
    authorization_endpoint: Some(request::PATH),
    account_links: &[AccountLink {
        path: apps::PAGE,
        label: "Authorized apps",
        hint: "Apps that you let into your account.",
    }],
    pages: || {
        Pages::new()
            .get("/authorize", authorize::authorize)
            .post("/authorize", authorize::decide)
            .get(device::view::PAGE, device::page::index)
            .post(device::view::PAGE, device::page::look)
            .post(device::view::DECIDE, device::page::decide)
            .get(apps::PAGE, apps::index)
            .post("/account/apps/revoke", apps::revoke)
            .get(developer::PAGE, developer::index)
            .post(developer::PAGE, developer::create)
            .post("/account/developer/{id}/delete", developer::delete)
    },
    open_pages: |_| {
        Pages::new()
            .get("/.well-known/oauth-authorization-server", metadata::server)
            .get("/.well-known/oauth-protected-resource", metadata::site)
            .get(metadata::RESOURCE_OF_THE_API, metadata::api)
    },
    export: Some(|db, account, document| Box::pin(apps::export(db, account, document))),
    jobs: &[
        Job {
            what: "authorization codes",
            run: |state, batch| Box::pin(async move { codes::delete_expired(&state.db, batch).await }),
        },
        Job {
            what: "device codes",
            run: |state, batch| Box::pin(async move { device::service::delete_expired(&state.db, batch).await }),
        },
        Job {
            what: "authorizations of apps",
            run: |state, batch| Box::pin(async move { refresh::delete_expired(&state.db, batch).await }),
        },
    ],
    ..Feature::new("oauth")
};
