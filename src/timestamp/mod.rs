//! A point in time, in the one form in which pages and JSON write it.
//!
//! The server computes with timestamps. A browser only parses and prints them, which its own `Date` does, so the wasm
//! needs no calendar code.

#[cfg(not(feature = "ssr"))]
mod browser;
#[cfg(feature = "ssr")]
mod server;

#[cfg(not(feature = "ssr"))]
pub use browser::Timestamp;
#[cfg(feature = "ssr")]
pub use server::Timestamp;
