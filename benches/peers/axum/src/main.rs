//! Axum with a constant answer, and axum with sqlx and the application's own statements for one fixed account, without
//! authentication, on a copy of the application's database.
//!
//! Environment: `ADDRESS`, `DATABASE_URL`, `ACCOUNT` (a UUID).

mod notes;
mod pools;
mod timestamp;

use std::env;

use axum::{Router, routing::get};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

#[tokio::main]
async fn main() {
    let setting = |name| env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let pools = pools::open(&setting("DATABASE_URL")).await;
    let account = setting("ACCOUNT").parse().expect("ACCOUNT is a UUID");
    let app = Router::new()
        .route("/constant", get(|| async { "{\"status\":\"ok\"}" }))
        .route("/me", get(notes::me))
        .route("/notes", get(notes::list).post(notes::create))
        .route("/notes/{id}", get(notes::show))
        .with_state(notes::Floor { pools, account });
    let listener = TcpListener::bind(setting("ADDRESS")).await.expect("the address is free");
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be handled");
    tokio::select! {
        served = axum::serve(listener, app) => served.expect("the server runs"),
        _ = terminate.recv() => {}
    }
}
