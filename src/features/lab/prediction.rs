//! What an experiment observes, and what the specifications predict.

use serde::{Serialize, Serializer};

/// A browser engine whose behaviour is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Chrome, Edge, Opera and others.
    Chromium,
    /// Firefox.
    Firefox,
    /// Safari and GNOME Web.
    WebKit,
}

impl Engine {
    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chromium => "Chromium",
            Self::Firefox => "Firefox",
            Self::WebKit => "WebKit",
        }
    }
}

/// A question about an experiment's request. Each has one verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Question {
    /// Did the server receive the request?
    Reached,
    /// Did a cookie of the experiment come with it?
    Sent,
    /// Did the browser keep the last cookie that the experiment set?
    Stored,
    /// Could the page read the response?
    Read,
    /// Which `Sec-Fetch-Site` did the server receive?
    Site,
    /// Did the server carry out the action?
    Done,
}

impl Question {
    /// The questions that every experiment answers, in the order of the page.
    pub const COMMON: [Self; 5] = [Self::Reached, Self::Sent, Self::Stored, Self::Read, Self::Site];
    /// These, and the one that only experiments with an action answer.
    pub const ALL: [Self; 6] = [Self::Reached, Self::Sent, Self::Stored, Self::Read, Self::Site, Self::Done];

    /// Its name in the record that the script reads.
    pub fn key(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Sent => "sent",
            Self::Stored => "stored",
            Self::Read => "read",
            Self::Site => "site",
            Self::Done => "done",
        }
    }

    /// The question as the page asks it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Reached => "Did the request reach the server?",
            Self::Sent => "Was the cookie sent?",
            Self::Stored => "Was the cookie stored?",
            Self::Read => "Could the page read the response?",
            Self::Site => "What was Sec-Fetch-Site?",
            Self::Done => "Did the server carry out the action?",
        }
    }

    /// The values it can have.
    fn values(self) -> &'static [Value] {
        match self {
            Self::Site => &[Value::SameOrigin, Value::SameSite, Value::CrossSite, Value::Absent],
            _ => &[Value::Yes, Value::No],
        }
    }

    /// A label of a word or two for `value`, as the summary of an experiment shows it.
    pub fn label(self, value: Value) -> &'static str {
        match (self, value) {
            (Self::Reached, Value::Yes) => "reached",
            (Self::Reached, _) => "not reached",
            (Self::Sent, Value::Yes) => "cookie sent",
            (Self::Sent, _) => "no cookie sent",
            (Self::Stored, Value::Yes) => "stored",
            (Self::Stored, _) => "not stored",
            (Self::Read, Value::Yes) => "readable",
            (Self::Read, _) => "not readable",
            (Self::Done, Value::Yes) => "done",
            (Self::Done, _) => "not done",
            (Self::Site, Value::Absent) => "no Sec-Fetch-Site",
            (Self::Site, value) => value.as_str(),
        }
    }

    /// All labels as JSON, by question and value: the script shows the same words for what it observes.
    pub fn labels() -> String {
        let of = |question: Self| -> serde_json::Map<_, _> {
            question.values().iter().map(|v| (v.as_str().to_owned(), question.label(*v).into())).collect()
        };
        let labels: serde_json::Map<_, serde_json::Value> =
            Self::ALL.into_iter().map(|question| (question.key().to_owned(), of(question).into())).collect();
        serde_json::Value::from(labels).to_string()
    }
}

/// The answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// Yes.
    Yes,
    /// No.
    No,
    /// `Sec-Fetch-Site: same-origin`
    SameOrigin,
    /// `Sec-Fetch-Site: same-site`
    SameSite,
    /// `Sec-Fetch-Site: cross-site`
    CrossSite,
    /// No such header, or no request to carry it.
    Absent,
}

impl Value {
    /// As the script and people read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::SameOrigin => "same-origin",
            Self::SameSite => "same-site",
            Self::CrossSite => "cross-site",
            Self::Absent => "absent",
        }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A section of a specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The document and its section.
    pub name: &'static str,
    /// Where to read it.
    pub url: &'static str,
}

/// A predicted answer.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    /// The answer.
    pub value: Value,
    /// Why.
    pub reason: &'static str,
    /// The specification that says so.
    pub spec: Spec,
    /// What a different observation means.
    pub otherwise: &'static str,
}

impl Verdict {
    /// The same verdict with another reason.
    pub fn because(self, reason: &'static str) -> Self {
        Self { reason, ..self }
    }

    /// The same verdict with another reason, from another specification.
    pub fn by(self, spec: Spec, reason: &'static str) -> Self {
        Self { reason, spec, ..self }
    }
}

/// A known difference between an engine and the prediction.
#[derive(Clone, Copy, Debug)]
pub struct Exception {
    /// The engine.
    pub engine: Engine,
    /// The question it answers differently.
    pub question: Question,
    /// Its answer.
    pub value: Value,
    /// Why.
    pub reason: &'static str,
}
