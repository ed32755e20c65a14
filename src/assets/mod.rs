//! The site's files: wasm, JavaScript, CSS, icons.
//!
//! With the feature `embed` they are inside the binary, also compressed, under names that hold a hash of their
//! content, and browsers may cache them for a year. Without it they are read from the site folder under their plain
//! names and revalidated on every use, as `cargo leptos watch` needs it.

#[cfg(not(feature = "embed"))]
mod disk;
#[cfg(feature = "embed")]
mod embedded;
mod file;
mod names;
mod serve;

#[cfg(not(feature = "embed"))]
use self::disk as source;
#[cfg(feature = "embed")]
use self::embedded as source;

pub use self::{
    names::Assets,
    serve::{ServedFile, serve},
};
