//! One instant, the way every door writes it.
//!
//! The server computes with instants; a browser only reads and tells them, so there it is the browser's own `Date` that
//! does, and no calendar has to be downloaded.

#[cfg(not(feature = "ssr"))]
mod browser;
#[cfg(feature = "ssr")]
mod server;

#[cfg(not(feature = "ssr"))]
pub use browser::Timestamp;
#[cfg(feature = "ssr")]
pub use server::Timestamp;
