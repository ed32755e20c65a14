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
    /// How many cookies of the experiment came with it?
    Count,
    /// Which `Sec-Fetch-Storage-Access` did the server receive?
    Access,
    /// Does `document.hasStorageAccess()` say that the page has access?
    Granted,
    /// Did the browser make the request again, as `Activate-Storage-Access` asks for?
    Repeated,
    /// Was the page told by a `change` event of the Cookie Store?
    Change,
    /// Could the page read the header of the response that is not on CORS's own list?
    Exposed,
    /// What is the page's permission to reach this machine?
    Permission,
}

impl Question {
    /// The questions that every experiment answers, in the order of the page.
    pub const COMMON: [Self; 5] = [Self::Reached, Self::Sent, Self::Stored, Self::Read, Self::Site];
    /// These, and the ones that only some experiments answer.
    pub const ALL: [Self; 13] = [
        Self::Reached,
        Self::Sent,
        Self::Stored,
        Self::Read,
        Self::Site,
        Self::Done,
        Self::Count,
        Self::Access,
        Self::Granted,
        Self::Repeated,
        Self::Change,
        Self::Exposed,
        Self::Permission,
    ];

    /// Whether the page that makes the request answers it. The servers and the last request answer the others.
    pub fn is_of_page(self) -> bool {
        matches!(self, Self::Granted | Self::Change | Self::Exposed | Self::Permission)
    }

    /// Its name in the record that the script reads.
    pub fn key(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Sent => "sent",
            Self::Stored => "stored",
            Self::Read => "read",
            Self::Site => "site",
            Self::Done => "done",
            Self::Count => "count",
            Self::Access => "access",
            Self::Granted => "granted",
            Self::Repeated => "repeated",
            Self::Change => "change",
            Self::Exposed => "exposed",
            Self::Permission => "permission",
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
            Self::Count => "How many cookies of this name were sent?",
            Self::Access => "What was Sec-Fetch-Storage-Access?",
            Self::Granted => "Does the page have storage access?",
            Self::Repeated => "Was the request repeated?",
            Self::Change => "Was the page told of the cookie?",
            Self::Exposed => "Could the page read the header X-Lab-Answer?",
            Self::Permission => "What is the permission “loopback-network”?",
        }
    }

    /// The values it can have.
    fn values(self) -> &'static [Value] {
        match self {
            Self::Site => &[Value::SameOrigin, Value::SameSite, Value::CrossSite, Value::Absent],
            Self::Count => &[Value::Zero, Value::One, Value::Two],
            Self::Access => &[Value::Active, Value::Inactive, Value::None, Value::Absent],
            Self::Granted | Self::Change => &[Value::Yes, Value::No, Value::Unsupported],
            Self::Permission => &[Value::Granted, Value::Denied, Value::Prompt, Value::Unsupported],
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
            (Self::Count, Value::Zero) => "no cookies",
            (Self::Count, Value::One) => "one cookie",
            (Self::Count, _) => "two cookies",
            (Self::Access, Value::Active) => "access active",
            (Self::Access, Value::Inactive) => "access inactive",
            (Self::Access, Value::None) => "access none",
            (Self::Access, _) => "no storage access header",
            (Self::Granted, Value::Yes) => "storage access",
            (Self::Granted, Value::No) => "no storage access",
            (Self::Granted, _) => "no Storage Access API",
            (Self::Repeated, Value::Yes) => "repeated",
            (Self::Repeated, _) => "not repeated",
            (Self::Change, Value::Yes) => "told",
            (Self::Change, Value::No) => "not told",
            (Self::Change, _) => "no Cookie Store",
            (Self::Exposed, Value::Yes) => "header readable",
            (Self::Exposed, _) => "header hidden",
            (Self::Permission, Value::Granted) => "permission granted",
            (Self::Permission, Value::Denied) => "permission denied",
            (Self::Permission, Value::Prompt) => "permission asked for",
            (Self::Permission, _) => "no such permission",
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
    /// None.
    Zero,
    /// One.
    One,
    /// Two.
    Two,
    /// `Sec-Fetch-Storage-Access: active`
    Active,
    /// `Sec-Fetch-Storage-Access: inactive`
    Inactive,
    /// `Sec-Fetch-Storage-Access: none`
    None,
    /// A permission that is granted.
    Granted,
    /// A permission that is denied.
    Denied,
    /// A permission that the browser asks for.
    Prompt,
    /// The browser lacks the feature.
    Unsupported,
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
            Self::Zero => "0",
            Self::One => "1",
            Self::Two => "2",
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::None => "none",
            Self::Granted => "granted",
            Self::Denied => "denied",
            Self::Prompt => "prompt",
            Self::Unsupported => "unsupported",
        }
    }
}

impl Value {
    /// As a page shows it beside its question.
    pub fn shown(self) -> &'static str {
        match self {
            Self::Absent => "no header",
            Self::Unsupported => "not supported",
            value => value.as_str(),
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
