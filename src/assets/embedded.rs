//! Files inside the binary. `cargo leptos build --release --precompress` lays `.br` and `.gz` beside each.

use std::{fmt::Write, path::Path};

use rust_embed::RustEmbed;

use super::File;

#[derive(RustEmbed)]
#[folder = "target/site"]
struct Site;

/// Every file that pages link to and the first 64 bits of its SHA-256. What browsers and crawlers ask for by a name of
/// their own keeps it.
pub(super) fn hashes() -> Vec<(String, String)> {
    let linked =
        |path: &String| path.starts_with("pkg/") || [".css", ".js", ".svg"].iter().any(|end| path.ends_with(end));
    let hash = |path: String| {
        let file = Site::get(&path)?;
        let hex = file.metadata.sha256_hash()[..8].iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        Some((path, hex))
    };
    Site::iter().map(|path| path.into_owned()).filter(linked).filter_map(hash).collect()
}

#[expect(clippy::unused_async, reason = "reads from the disk where the files are not embedded")]
pub(super) async fn read(_root: &Path, path: &str, encodings: &[&'static str]) -> Option<File> {
    let compressed = encodings.iter().find_map(|encoding| {
        let suffix = if *encoding == "br" { "br" } else { "gz" };
        Some(File { bytes: Site::get(&format!("{path}.{suffix}"))?.data, encoding: Some(encoding) })
    });
    compressed.or_else(|| Some(File { bytes: Site::get(path)?.data, encoding: None }))
}
