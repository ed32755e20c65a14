//! What was found, in the order in which it was looked at.

use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::output::print;

/// Why something is not looked at with which the server would not start.
pub(super) const SEE_SETTINGS: &str = "it is not connected to: see settings";

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    Ok,
    Skipped,
    Warning,
    Problem,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skipped => "skipped",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(super) struct Entry {
    /// What was looked at, such as `certificate`.
    check: &'static str,
    status: Status,
    /// What was found.
    message: String,
    /// What to do about it; empty if there is nothing to do.
    advice: String,
}

impl Entry {
    fn line(&self) -> String {
        let Self { check, status, message, advice } = self;
        let line = format!("{:8} {check}: {}.", status.word(), message.trim_end_matches('.'));
        if advice.is_empty() { line } else { format!("{line} {advice}") }
    }
}

/// All that was looked at.
#[derive(Debug)]
pub(super) struct Report {
    entries: Vec<Entry>,
    printed: bool,
}

impl Report {
    /// Nothing yet. If it is `printed`, each entry is printed as it is added: the next may take a while.
    pub(super) fn new(printed: bool) -> Self {
        Self { entries: Vec::new(), printed }
    }

    pub(super) fn ok(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(check, Status::Ok, message, "");
    }

    pub(super) fn skipped(&mut self, check: &'static str, message: impl Into<String>) {
        self.add(check, Status::Skipped, message, "");
    }

    pub(super) fn warning(&mut self, check: &'static str, message: impl Into<String>, advice: impl Into<String>) {
        self.add(check, Status::Warning, message, advice);
    }

    pub(super) fn problem(&mut self, check: &'static str, message: impl Into<String>, advice: impl Into<String>) {
        self.add(check, Status::Problem, message, advice);
    }

    fn add(&mut self, check: &'static str, status: Status, message: impl Into<String>, advice: impl Into<String>) {
        let entry = Entry { check, status, message: message.into(), advice: advice.into() };
        if self.printed {
            print(&entry.line());
        }
        self.entries.push(entry);
    }

    /// How many things must be mended.
    pub(super) fn problems(&self) -> usize {
        self.entries.iter().filter(|entry| entry.status == Status::Problem).count()
    }

    /// The JSON document.
    pub(super) fn document(&self) -> Value {
        json!({"healthy": self.problems() == 0, "checks": self.entries})
    }
}
