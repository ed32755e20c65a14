//! `vestibule check`

use std::path::Path;

use super::{Failure, load, output::say};

/// Says whether the settings are sound, and what would be served.
pub(super) fn check(config: &Path) -> Result<(), Failure> {
    let settings = load(config)?;
    say(&format!("The settings are sound. {} would be served on {}.", settings.origin(), settings.server.address));
    if let Some(advice) = settings.advice() {
        say(&format!("Mind: {advice}."));
    }
    Ok(())
}
