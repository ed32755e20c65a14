//! `vestibule settings`

use super::output;

/// Every setting with its default, as the source tree has them.
const FILE: &str = include_str!("../../Leptos.toml");

/// Prints the settings file, for whoever has the binary only.
pub(super) fn print() {
    output::print(FILE.trim_end());
}
