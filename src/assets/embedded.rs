//! Files inside the binary. `cargo leptos build --release --precompress` puts a `.br` and a `.gz` beside each.

use std::path::Path;

use rust_embed::RustEmbed;

use super::file::File;

#[derive(RustEmbed)]
#[folder = "target/site"]
struct Site;

/// Every file that pages link to, with the first 64 bits of its SHA-256 in hexadecimal. Files that browsers and
/// crawlers request by well-known names are not among them.
pub(super) fn hashes() -> Vec<(String, String)> {
    let linked =
        |path: &String| path.starts_with("pkg/") || [".css", ".js", ".svg"].iter().any(|end| path.ends_with(end));
    let hash = |path: String| {
        let digest = Site::get(&path)?.metadata.sha256_hash();
        let first = u64::from_be_bytes(*digest.first_chunk()?);
        Some((path, format!("{first:016x}")))
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
