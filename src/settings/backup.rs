//! `[backup]`: backups that the server makes by itself, and where PostgreSQL's programs are.

use serde::{Deserialize, Serialize};

use super::findings::Findings;

/// `[backup]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Backup {
    /// Hours between two backups that the server makes; 0 for none.
    pub every_hours: u32,
    /// The folder they are written to.
    pub folder: String,
    /// How many of them are kept.
    pub keep: u32,
    /// The folder of `pg_dump` and `pg_restore`. If empty, they are looked for on the `PATH` and where Debian has them.
    pub postgres_bin: String,
}

impl Default for Backup {
    fn default() -> Self {
        Self { every_hours: 0, folder: "backups".into(), keep: 7, postgres_bin: String::new() }
    }
}

impl Backup {
    pub(super) fn check(&self, found: &mut Findings) {
        let reason = "0 makes none, and a year is the longest time between two";
        found.range("backup.every_hours", self.every_hours, 0..=8_784, reason);
        found.range("backup.keep", self.keep, 1..=10_000, "the newest backup is always kept");
        let message = "must name a folder, such as backups";
        found.error_if(self.every_hours > 0 && self.folder.is_empty(), "backup.folder", message);
    }
}
