//! A report as it is kept.

use serde::Serialize;
use uuid::Uuid;

use crate::timestamp::Timestamp;

/// What makes two reports the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// One of [`super::parse::KINDS`].
    pub kind: &'static str,
    /// The route of the page, or [`super::reduce::OTHER`].
    pub page: &'static str,
    /// The directive, or the ID of what is deprecated.
    pub subject: String,
    /// The origin, scheme or keyword of what was blocked, if there is one.
    pub blocked: String,
}

/// The rest of a report, of which the last is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Details {
    /// `enforce`, `report` or nothing.
    pub disposition: &'static str,
    /// The script, if there is one.
    pub source: String,
    /// The line in it.
    pub line: Option<u32>,
}

/// What is to be written of a report.
#[derive(Debug)]
pub(super) struct Waiting {
    /// What came last.
    pub details: Details,
    /// The name of the browser that sent it last.
    pub browser: String,
    /// How often it came since the last batch.
    pub count: u32,
    /// When it came first since then.
    pub first: Timestamp,
    /// When it came last.
    pub last: Timestamp,
}

/// A report with how often it came.
#[derive(Clone, Debug, Serialize, sqlx::FromRow)]
pub struct Listed {
    /// Its ID.
    pub id: Uuid,
    /// `csp-violation`, `permissions-policy-violation`, `deprecation` or `intervention`.
    pub kind: String,
    /// The route of the page, such as `/reset/{token}`; `other` if there is no such page.
    pub page: String,
    /// The directive of the policy, or the ID of what is deprecated.
    pub subject: String,
    /// The origin, scheme or keyword of what was blocked; empty if nothing was.
    pub blocked: String,
    /// Whether the policy was enforced: `enforce`, or `report` if it only reports; empty if it is about no policy.
    pub disposition: String,
    /// The script that caused it last; empty if it is not known.
    pub source: String,
    /// The line in that script.
    pub line: Option<i64>,
    /// The browser that reported it last, such as "Firefox on Windows".
    pub browser: String,
    /// How often it was reported.
    pub count: i64,
    /// When it was reported first.
    pub first_seen: Timestamp,
    /// When it was reported last.
    pub last_seen: Timestamp,
}
