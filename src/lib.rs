//! **Vestibule** signs people in: one Leptos app with two doors into one house.
//!
//! The session door is for the app's own pages: server functions on one origin, with a session cookie. The token door is
//! for everyone else: a JSON API under `/api/v1` with `Authorization: Bearer`. Behind both stands a `Caller`.
//!
//! One crate is compiled twice: with `ssr` into the server, with `hydrate` into the wasm of the islands. What only the
//! server needs is left out of the wasm where its module is declared, and nowhere else.

// A view is one nested type, and the landing page is a long one.
#![recursion_limit = "256"]

pub mod accounts;
pub mod landing;
pub mod notes;
pub mod problem;
pub mod timestamp;
pub mod tokens;
pub mod ui;

#[cfg(feature = "hydrate")]
pub mod hydrate;

#[cfg(feature = "ssr")]
pub mod activity;
#[cfg(feature = "ssr")]
pub mod address;
#[cfg(feature = "ssr")]
pub mod app;
#[cfg(feature = "ssr")]
pub mod assets;
#[cfg(feature = "ssr")]
pub mod cli;
#[cfg(feature = "ssr")]
pub mod client;
#[cfg(feature = "ssr")]
pub mod db;
#[cfg(feature = "ssr")]
pub mod dev;
#[cfg(feature = "ssr")]
pub mod doors;
#[cfg(feature = "ssr")]
pub mod etag;
#[cfg(feature = "ssr")]
pub mod explorer;
#[cfg(feature = "ssr")]
pub mod extract;
#[cfg(feature = "ssr")]
pub mod forms;
#[cfg(feature = "ssr")]
pub mod idempotency;
#[cfg(feature = "ssr")]
pub mod lab;
#[cfg(feature = "ssr")]
pub mod mail;
#[cfg(feature = "ssr")]
pub mod openapi;
#[cfg(feature = "ssr")]
pub mod operators;
#[cfg(feature = "ssr")]
pub mod request_id;
#[cfg(feature = "ssr")]
pub mod seldom;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(feature = "ssr")]
pub mod settings;
#[cfg(feature = "ssr")]
pub mod sign_ins;
#[cfg(feature = "ssr")]
pub mod state;
#[cfg(feature = "ssr")]
pub mod text;
#[cfg(feature = "ssr")]
pub mod throttle;
