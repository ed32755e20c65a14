//! Which build this is.

use std::sync::LazyLock;

/// The version, as in the changelog.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that was built, as `VESTIBULE_COMMIT` named it to the build; empty if it did not.
pub const COMMIT: &str = match option_env!("VESTIBULE_COMMIT") {
    Some(commit) => commit,
    None => "",
};

/// Both, for people: `0.2.0 (1a2b3c4)`.
pub fn described() -> &'static str {
    static DESCRIBED: LazyLock<String> =
        LazyLock::new(|| if COMMIT.is_empty() { VERSION.into() } else { format!("{VERSION} ({COMMIT})") });
    &DESCRIBED
}
