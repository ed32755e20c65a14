//! The person at the command line.

use std::{env, fs, os::unix::fs::MetadataExt};

/// A user of the operating system, and the machine.
#[derive(Clone, Debug)]
pub struct Operator {
    /// Name and number of the user, such as `ada by sudo (uid 0)`.
    pub name: String,
    /// The host name of the machine.
    pub host: String,
}

impl Operator {
    /// The user who runs this program. The name is from the environment, which can be changed; the number is from the
    /// system.
    pub fn here() -> Self {
        let variable = |name: &str| env::var(name).ok().map(|text| plain(&text, 100)).filter(|text| !text.is_empty());
        let by_sudo = variable("SUDO_USER").map(|name| format!("{name} by sudo"));
        let name = by_sudo.or_else(|| variable("USER")).or_else(|| variable("LOGNAME"));
        let uid = fs::metadata("/proc/self").ok().map(|process| format!("uid {}", process.uid()));
        let name = match (name, uid) {
            (Some(name), Some(uid)) => format!("{name} ({uid})"),
            (name, uid) => name.or(uid).unwrap_or_else(|| "unknown".into()),
        };
        let files = ["/proc/sys/kernel/hostname", "/etc/hostname"].into_iter();
        let mut files = files.filter_map(|file| fs::read_to_string(file).ok()).map(|text| plain(&text, 100));
        let host = files.find(|name| !name.is_empty()).or_else(|| variable("HOSTNAME"));
        Self { name, host: host.unwrap_or_else(|| "unknown".into()) }
    }
}

/// `text` without control characters, cut to `most` characters.
pub(super) fn plain(text: &str, most: usize) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_somewhere_runs_this() {
        let Operator { name, host } = Operator::here();
        assert!(name.contains("uid ") && !host.is_empty(), "{name} at {host}");
    }

    #[test]
    fn a_name_is_one_plain_line() {
        assert_eq!(plain(" ada\n\u{1b}[31m ", 100), "ada[31m");
        assert_eq!(plain(&"a".repeat(200), 100).len(), 100);
    }
}
