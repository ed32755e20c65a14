//! The table of pages.

mod api;
pub mod openapi;
mod router;
mod server_functions;
pub mod sweep;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};

pub use self::{
    router::router,
    sweep::{sweep, sweep_every},
};
use crate::{
    features::{
        accounts::{self, email_verification, password_reset, settings},
        api_docs, browser_sessions, lab, landing, notes, tokens,
    },
    http::extract::LONG_BODY_LIMIT,
    state::AppState,
};

/// Every page, and every form's post.
pub fn pages() -> Router<AppState> {
    Router::new()
        .route("/", get(landing::page::landing))
        .route("/lab", get(lab::page::index))
        .route("/lab/story", get(lab::page::story))
        .route("/sign-up", get(accounts::page::sign_up).post(accounts::page::post_sign_up))
        .route("/sign-in", get(accounts::page::sign_in).post(accounts::page::post_sign_in).layer(long()))
        .route("/sign-out", post(accounts::page::sign_out))
        .route("/forgot", get(password_reset::page::forgot).post(password_reset::page::post_forgot))
        .route("/reset/{token}", get(password_reset::page::reset).post(password_reset::page::post_reset))
        .route("/account", get(accounts::page::account))
        .route("/confirm/{token}", get(email_verification::page::confirm).post(email_verification::page::post_confirm))
        .route("/email/{token}", get(email_verification::page::email).post(email_verification::page::post_email))
        .route("/account/email/resend", post(email_verification::page::resend))
        .route(
            "/account/confirm",
            get(crate::features::accounts::reauthentication::page::confirm)
                .post(crate::features::accounts::reauthentication::page::post_confirm),
        )
        .route("/account/name", get(settings::page::name).post(settings::page::post_name))
        .route("/account/password", get(settings::page::password).post(settings::page::post_password))
        .route("/account/email", get(settings::page::email).post(settings::page::post_email))
        .route("/account/export", get(settings::page::export))
        .route("/account/delete", get(settings::page::delete).post(settings::page::post_delete))
        .route("/account/sessions/{id}/revoke", post(browser_sessions::page::revoke))
        .route("/account/sessions/revoke-others", post(browser_sessions::page::revoke_others))
        .route("/notes", get(notes::page::index).post(notes::page::create).layer(long()))
        .route("/notes/{id}", get(notes::page::show).post(notes::page::save).layer(long()))
        .route("/notes/{id}/delete", post(notes::page::delete))
        .route("/tokens", get(tokens::page::index).post(tokens::page::create))
        .route("/tokens/revoke-all", post(tokens::page::revoke_all))
        .route("/tokens/{id}/revoke", post(tokens::page::revoke))
}

/// What stands outside of both doors: nobody is known there.
pub fn open_pages() -> Router<AppState> {
    Router::new().route("/api/docs", get(api_docs::page::api_docs))
}

/// For forms that hold a whole note, or carry one along.
fn long() -> DefaultBodyLimit {
    DefaultBodyLimit::max(LONG_BODY_LIMIT)
}
