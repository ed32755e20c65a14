//! One request of an experiment.

use serde::Serialize;

use super::{
    answer::{Answer, Cookie},
    origins::Origin,
    prediction::{Question, Value},
};

/// The endpoint that a request goes to, by its path segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Endpoint {
    /// Without a guard.
    #[serde(rename = "at")]
    Open,
    /// Behind the same-origin guard of the session door.
    #[serde(rename = "guarded")]
    Guarded,
    /// Forwarded to the same-site origin.
    #[serde(rename = "proxy")]
    Proxy,
}

impl Endpoint {
    /// Its path segment.
    pub fn segment(self) -> &'static str {
        match self {
            Self::Open => "at",
            Self::Guarded => "guarded",
            Self::Proxy => "proxy",
        }
    }
}

/// How a page makes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// `fetch()`
    Fetch,
    /// A form that a script submits into a frame, as an attacker's page would.
    Form,
    /// No request: the page reads `document.cookie`.
    Script,
    /// No request: the page writes a cookie to `document.cookie`.
    Write,
}

impl How {
    /// Whether a request is made.
    pub fn is_request(self) -> bool {
        matches!(self, Self::Fetch | Self::Form)
    }
}

/// The kind of page of the peer that makes a request, by the last segment of its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FramePage {
    /// One that may call all three origins.
    Open,
    /// One whose policy has the browser treat it as if it came from the internet.
    Public,
    /// One whose policy lets it call its own origin only.
    Closed,
}

/// `credentials` of a `fetch()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Credentials {
    /// The default of `fetch()`.
    #[serde(rename = "same-origin")]
    SameOrigin,
    /// Cookies are sent and stored for every origin.
    #[serde(rename = "include")]
    Include,
}

/// `mode` of a `fetch()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Mode {
    /// The default of `fetch()`.
    #[serde(rename = "cors")]
    Cors,
    /// The response stays opaque to the page.
    #[serde(rename = "no-cors")]
    NoCors,
}

/// One request of an experiment, and the response to it.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// The origin of the page that makes it.
    pub from: Origin,
    /// The kind of page there, if it is one of the peer.
    pub page: FramePage,
    /// The origin that it goes to.
    pub to: Origin,
    /// The endpoint there.
    pub endpoint: Endpoint,
    /// How it is made.
    pub how: How,
    /// Its method.
    pub method: &'static str,
    /// Whether cookies are sent and stored.
    pub credentials: Credentials,
    /// Whether the page asks to read the response.
    pub mode: Mode,
    /// The headers that the page sets. `{token}` stands for the token of the Lab session.
    pub headers: Vec<(&'static str, &'static str)>,
    /// What the page has to find out, besides making the request.
    pub asks: Vec<Question>,
    /// The cookie that a script writes.
    pub writes: Option<Cookie>,
    /// The response.
    #[serde(skip)]
    pub answer: Answer,
}

impl Step {
    fn new(from: Origin, to: Origin, how: How, method: &'static str) -> Self {
        let (endpoint, credentials, mode) = (Endpoint::Open, Credentials::SameOrigin, Mode::Cors);
        let (headers, asks, answer) = (Vec::new(), Vec::new(), Answer::default());
        let (page, writes) = (FramePage::Open, None);
        Self { from, page, to, endpoint, how, method, credentials, mode, headers, asks, writes, answer }
    }

    /// `fetch()` with `GET`, from the app's page.
    pub fn get(to: Origin) -> Self {
        Self::new(Origin::App, to, How::Fetch, "GET")
    }

    /// `fetch()` with `POST`, from the app's page. Its body is form-encoded, so it needs no preflight.
    pub fn post(to: Origin) -> Self {
        Self::new(Origin::App, to, How::Fetch, "POST")
    }

    /// A form on a page of `from` that posts to the app.
    pub fn form(from: Origin) -> Self {
        Self::new(from, Origin::App, How::Form, "POST")
    }

    /// Reading `document.cookie` on the app's page.
    pub fn script() -> Self {
        Self::new(Origin::App, Origin::App, How::Script, "GET")
    }

    /// A script on the app's page that writes `cookie`.
    pub fn write(cookie: Cookie) -> Self {
        Self { writes: Some(cookie), ..Self::new(Origin::App, Origin::App, How::Write, "GET") }
    }

    /// From a page of `origin` in a frame of the app's page.
    pub fn from(self, origin: Origin) -> Self {
        Self { from: origin, ..self }
    }

    /// From a page of this kind.
    pub fn on(self, page: FramePage) -> Self {
        Self { page, ..self }
    }

    /// With `credentials: "include"`.
    pub fn include(self) -> Self {
        Self { credentials: Credentials::Include, ..self }
    }

    /// With `mode: "no-cors"`.
    pub fn no_cors(self) -> Self {
        Self { mode: Mode::NoCors, ..self }
    }

    /// With a header that the page sets.
    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With the token of the Lab session.
    pub fn token(self) -> Self {
        self.header("authorization", "Bearer {token}")
    }

    /// To the guarded endpoint.
    pub fn guarded(self) -> Self {
        Self { endpoint: Endpoint::Guarded, ..self }
    }

    /// Through the proxy.
    pub fn proxied(self) -> Self {
        Self { endpoint: Endpoint::Proxy, ..self }
    }

    /// With this response.
    pub fn answer(self, answer: Answer) -> Self {
        Self { answer, ..self }
    }

    /// The `Sec-Fetch-Site` that a browser sends with it.
    pub fn site(&self) -> Value {
        match (self.from, self.to) {
            (from, to) if from == to => Value::SameOrigin,
            (Origin::CrossSite, _) | (_, Origin::CrossSite) => Value::CrossSite,
            _ => Value::SameSite,
        }
    }
}
