//! What was found, in the order in which it was looked at.

use serde::Serialize;
use serde_json::{Value, json};

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

/// All that was looked at.
#[derive(Debug, Default)]
pub(super) struct Report(Vec<Entry>);

impl Report {
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
        self.0.push(Entry { check, status, message: message.into(), advice: advice.into() });
    }

    /// How many things must be mended.
    pub(super) fn problems(&self) -> usize {
        self.0.iter().filter(|entry| entry.status == Status::Problem).count()
    }

    /// The JSON document.
    pub(super) fn document(&self) -> Value {
        json!({"healthy": self.problems() == 0, "checks": self.0})
    }

    /// A line for each.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|Entry { check, status, message, advice }| {
            let line = format!("{:8} {check}: {}.", status.word(), message.trim_end_matches('.'));
            if advice.is_empty() { line } else { format!("{line} {advice}") }
        })
    }
}
