//! **Vestibule** signs people in: one Leptos app with two doors into one house.
//!
//! The session door is for the app's own pages: server functions on one origin, with a session cookie. The token door
//! is for everyone else: a JSON API under `/api/v1` with `Authorization: Bearer`. Behind both stands a `Caller`.
//!
//! One crate is compiled twice: with `ssr` into the server, with `hydrate` into the wasm of the islands. What only the
//! server needs is left out of the wasm where its module is declared, and nowhere else.

// A view is one nested type, and the landing page is a long one.
#![recursion_limit = "256"]

pub mod auth;
pub mod features;
pub mod http;
pub mod timestamp;
pub mod ui;

#[cfg(feature = "hydrate")]
pub mod hydrate;

#[cfg(feature = "ssr")]
pub mod app;
#[cfg(feature = "ssr")]
pub mod assets;
#[cfg(feature = "ssr")]
pub mod cli;
#[cfg(feature = "ssr")]
pub mod db;
#[cfg(feature = "ssr")]
pub mod feature;
#[cfg(feature = "ssr")]
pub mod mail;
#[cfg(feature = "ssr")]
pub mod metrics;
#[cfg(feature = "ssr")]
pub mod secret;
#[cfg(feature = "ssr")]
pub mod settings;
#[cfg(feature = "ssr")]
pub mod state;
#[cfg(feature = "ssr")]
pub mod text;
