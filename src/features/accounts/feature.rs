//! The feature's entry in the list of features.

use super::{
    api, email_verification, factor_reset, one_time_links, page, password_reset, reauthentication,
    scopes::{AccountExport, AccountRead, AccountWrite},
    security, settings, sign_in,
};
use crate::{
    feature::{Feature, Job},
    http::pages::Pages,
    state::AppState,
    ui::NavLink,
};

/// Listed in `app.rs`.
pub const FEATURE: Feature = Feature {
    tags: &[
        ("Signing in", "Exchange a password for a session or a token, and end it."),
        ("Account", "The account of the caller."),
    ],
    scopes: &[AccountRead::INFO, AccountWrite::INFO, AccountExport::INFO],
    nav: &[NavLink { path: "/account", label: "Account" }],
    api: api::routes,
    session_api: api::session_routes,
    token_api: api::token_routes,
    unauthenticated_api: api::unauthenticated_routes,
    pages,
    jobs: &[
        Job {
            what: "one-time links",
            run: |state, batch| Box::pin(async move { one_time_links::delete_expired(&state.db, batch).await }),
        },
        Job {
            what: "removal of second factors",
            run: |state, batch| Box::pin(async move { factor_reset::service::remove_due(&state, batch).await }),
        },
    ],
    export: Some(|db, account, document| Box::pin(security::export::export(db, account, document))),
    setup_paths: &[
        security::PATH,
        "/account/confirm",
        "/sign-in",
        "/sign-out",
        "/reset",
        "/confirm",
        "/email",
        "/keep-factors",
        "/session/v1/factors",
        "/session/v1/login",
        "/session/v1/logout",
        "/session/v1/openapi.json",
        "/session/v1/reauthenticate",
    ],
    secret_paths: &["/reset", "/confirm", "/email", "/keep-factors"],
    ..Feature::new("accounts")
};

fn pages() -> Pages<AppState> {
    Pages::new()
        .get("/sign-up", page::sign_up)
        .post("/sign-up", page::post_sign_up)
        .get("/sign-in", page::sign_in)
        .post_large("/sign-in", page::post_sign_in)
        .get("/sign-in/{step}", sign_in::page::step)
        .post_large("/sign-in/{step}", sign_in::page::post_step)
        .post("/sign-out", page::sign_out)
        .get("/forgot", password_reset::page::forgot)
        .post("/forgot", password_reset::page::post_forgot)
        .get("/reset/{token}", password_reset::page::reset)
        .post("/reset/{token}", password_reset::page::post_reset)
        .get("/confirm/{token}", email_verification::page::link)
        .post("/confirm/{token}", email_verification::page::post_link)
        .get("/email/{token}", email_verification::page::link)
        .post("/email/{token}", email_verification::page::post_link)
        .get("/account", page::account)
        .post("/account/email/resend", email_verification::page::resend)
        .get("/account/confirm", reauthentication::page::confirm)
        .post("/account/confirm", reauthentication::page::post_confirm)
        .get("/account/name", settings::page::name)
        .post("/account/name", settings::page::post_name)
        .get("/account/password", settings::page::password)
        .post("/account/password", settings::page::post_password)
        .get("/account/email", settings::page::email)
        .post("/account/email", settings::page::post_email)
        .get("/keep-factors/{token}", factor_reset::page::link)
        .post("/keep-factors/{token}", factor_reset::page::post_link)
        .post("/account/security/reset/stop", factor_reset::page::stop)
        .get(security::PATH, security::page::show)
        .post("/account/security/trusted/{id}/revoke", security::page::end_trust)
        .get("/account/export", settings::page::export)
        .get("/account/delete", settings::page::delete)
        .post("/account/delete", settings::page::post_delete)
}
