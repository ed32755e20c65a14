//! The contract over HTTP: the real router, on SQLite and on PostgreSQL.
//!
//! Each file begins with the list of its tests: `both!` runs each of them on both databases, `without_database!` once.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that panics is a test that fails")]

mod support;

mod account;
mod account_api;
mod activity;
mod addresses;
mod binary;
mod breached_passwords;
mod browser_sessions;
mod browsers;
mod confirmation;
mod cors;
mod credential_links;
mod credentials;
mod database;
mod deprecation;
mod descent;
mod devices;
mod disabled;
mod documents;
mod durable;
mod embedding;
mod errors;
mod events;
mod forms;
mod generators;
mod hashing;
mod headers;
mod hosts;
mod hot_path;
mod idempotency;
mod jobs;
#[cfg(feature = "lab")]
mod lab;
mod landing;
mod limits;
mod login;
mod mail;
mod mail_limits;
mod mails;
mod manners;
mod notes;
mod openapi;
mod operating;
mod operators;
mod pages;
mod password_proofs;
mod passwords;
mod plain_http;
mod postgres;
mod problems;
mod races;
mod reauthentication;
mod recovery;
mod refused_origins;
mod routes;
mod same_origin;
mod secrets;
mod server_functions;
mod serving;
mod session_door;
mod sessions_api;
mod settings;
mod settings_check;
mod sign_in;
mod sign_in_ends;
mod sign_in_limits;
mod sockets;
mod text;
mod throttle;
mod token_door;
mod token_ends;
mod token_life;
mod token_login;
mod token_making;
mod token_origins;
mod tokens;
mod unsent;
mod upgrade;
