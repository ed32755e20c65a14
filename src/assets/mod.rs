//! The site's files: wasm, JavaScript, CSS, icons.
//!
//! With the feature `embed` they are inside the binary, compressed as well, under names that hold a hash of their
//! content and may be kept for a year. Without it they are read from the site folder under their plain names, and a
//! browser asks each time, which is what `cargo leptos watch` needs.

#[cfg(not(feature = "embed"))]
mod disk;
#[cfg(feature = "embed")]
mod embedded;
mod names;
mod serve;

#[cfg(not(feature = "embed"))]
use self::disk as source;
#[cfg(feature = "embed")]
use self::embedded as source;

pub use self::{names::Assets, serve::serve};

/// One file, in the form the client takes.
struct File {
    bytes: std::borrow::Cow<'static, [u8]>,
    encoding: Option<&'static str>,
}
