//! The table of pages.

use axum::{
    Router,
    extract::DefaultBodyLimit,
    routing::{get, post},
};

use crate::{accounts, extract::LONG_BODY_LIMIT, landing, notes, sign_ins, state::AppState, tokens};

/// Every page, and every form's post.
pub fn pages() -> Router<AppState> {
    Router::new()
        .route("/", get(landing::page::landing))
        .route("/sign-up", get(accounts::page::sign_up).post(accounts::page::post_sign_up))
        .route("/sign-in", get(accounts::page::sign_in).post(accounts::page::post_sign_in))
        .route("/sign-out", post(accounts::page::sign_out))
        .route("/account", get(accounts::page::account))
        .route("/account/sign-ins/{id}/revoke", post(sign_ins::page::revoke))
        .route("/account/sign-ins/revoke-others", post(sign_ins::page::revoke_others))
        .route("/notes", get(notes::page::index).post(notes::page::create).layer(long()))
        .route("/notes/{id}", get(notes::page::show).post(notes::page::save).layer(long()))
        .route("/notes/{id}/delete", post(notes::page::delete))
        .route("/tokens", get(tokens::page::index).post(tokens::page::create))
        .route("/tokens/{id}/revoke", post(tokens::page::revoke))
}

/// For forms that hold a whole note.
fn long() -> DefaultBodyLimit {
    DefaultBodyLimit::max(LONG_BODY_LIMIT)
}
