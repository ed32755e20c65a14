//! The table of pages.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};

use crate::{
    accounts::{self, confirmation, manage, proof, recovery},
    explorer,
    extract::LONG_BODY_LIMIT,
    lab, landing, notes, sign_ins,
    state::AppState,
    tokens,
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
        .route("/forgot", get(recovery::page::forgot).post(recovery::page::post_forgot))
        .route("/reset/{token}", get(recovery::page::reset).post(recovery::page::post_reset))
        .route("/account", get(accounts::page::account))
        .route("/confirm/{token}", get(confirmation::page::confirm).post(confirmation::page::post_confirm))
        .route("/email/{token}", get(confirmation::page::email).post(confirmation::page::post_email))
        .route("/account/email/resend", post(confirmation::page::resend))
        .route("/account/confirm", get(proof::page::confirm).post(proof::page::post_confirm))
        .route("/account/name", get(manage::page::name).post(manage::page::post_name))
        .route("/account/password", get(manage::page::password).post(manage::page::post_password))
        .route("/account/email", get(manage::page::email).post(manage::page::post_email))
        .route("/account/export", get(manage::page::export))
        .route("/account/delete", get(manage::page::delete).post(manage::page::post_delete))
        .route("/account/sign-ins/{id}/revoke", post(sign_ins::page::revoke))
        .route("/account/sign-ins/revoke-others", post(sign_ins::page::revoke_others))
        .route("/notes", get(notes::page::index).post(notes::page::create).layer(long()))
        .route("/notes/{id}", get(notes::page::show).post(notes::page::save).layer(long()))
        .route("/notes/{id}/delete", post(notes::page::delete))
        .route("/tokens", get(tokens::page::index).post(tokens::page::create))
        .route("/tokens/revoke-all", post(tokens::page::revoke_all))
        .route("/tokens/{id}/revoke", post(tokens::page::revoke))
}

/// What stands outside of both doors: nobody is known there.
pub fn open_pages() -> Router<AppState> {
    Router::new().route("/api/docs", get(explorer::page::explorer))
}

/// For forms that hold a whole note, or carry one along.
fn long() -> DefaultBodyLimit {
    DefaultBodyLimit::max(LONG_BODY_LIMIT)
}
