//! One experiment as a record: who asks whom for what, what is answered, and what the specifications say comes of it.
//!
//! Nothing here acts. The engine in the browser (`public/lab/lab.js`) takes the steps, [`super::answer`] gives the
//! answers, and both find them in the record by the experiment's id, so no URL ever says what to answer.

use serde::{Serialize, Serializer, ser::SerializeMap};

/// One of the three origins of the Lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// The page's own origin.
    House,
    /// Another origin of the same site: on a development server, another port of localhost.
    Neighbour,
    /// Another site: on a development server, 127.0.0.1.
    Stranger,
}

impl Place {
    /// `Sec-Fetch-Site` of a request from here to `to`.
    pub fn site(self, to: Self) -> Value {
        match (self, to) {
            (from, to) if from == to => Value::SameOrigin,
            (Self::Stranger, _) | (_, Self::Stranger) => Value::CrossSite,
            _ => Value::SameSite,
        }
    }
}

/// What experiments have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Who may read an answer.
    Reading,
    /// Which cookies are kept and sent.
    Cookies,
    /// The set-up the essay is about.
    Bug,
    /// Requests a page did not want.
    Csrf,
    /// Tokens.
    Bearer,
    /// Solution 2: a proxy on the page's own origin.
    Proxy,
}

/// Which way into a server a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Door {
    /// No guard.
    #[serde(rename = "at")]
    Open,
    /// The guard of the session door.
    #[serde(rename = "guarded")]
    Guarded,
    /// Handed on to the neighbour.
    #[serde(rename = "proxy")]
    Proxy,
}

/// How a page makes a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// `fetch()`
    Fetch,
    /// A form that posts itself into a frame, as a hostile page would.
    Form,
    /// No request at all: `document.cookie`.
    Script,
}

/// `credentials` of a `fetch()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Credentials {
    /// What a `fetch()` does that says nothing.
    #[serde(rename = "same-origin")]
    SameOrigin,
    /// With cookies, wherever it goes.
    #[serde(rename = "include")]
    Include,
}

/// `mode` of a `fetch()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Mode {
    /// What a `fetch()` does that says nothing.
    #[serde(rename = "cors")]
    Cors,
    /// Without asking to read the answer.
    #[serde(rename = "no-cors")]
    NoCors,
}

/// One request of an experiment, and its answer.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// Whose page makes it.
    pub from: Place,
    /// Whose server it goes to.
    pub to: Place,
    /// Which way in it takes there.
    pub door: Door,
    /// How it is made.
    pub how: How,
    /// Its method.
    pub method: &'static str,
    /// Whether cookies go with it.
    pub credentials: Credentials,
    /// Whether the page asks to read the answer.
    pub mode: Mode,
    /// The headers the page sets; `{token}` stands for the token of the visit.
    pub headers: Vec<(&'static str, &'static str)>,
    /// What the server answers.
    #[serde(skip)]
    pub answer: Answer,
}

impl Step {
    fn new(from: Place, to: Place, how: How, method: &'static str) -> Self {
        let (door, credentials, mode) = (Door::Open, Credentials::SameOrigin, Mode::Cors);
        Self { from, to, door, how, method, credentials, mode, headers: Vec::new(), answer: Answer::default() }
    }

    /// `fetch()` of the page, with `GET`.
    pub fn get(to: Place) -> Self {
        Self::new(Place::House, to, How::Fetch, "GET")
    }

    /// `fetch()` of the page, with `POST` and a body as forms have it, which needs no preflight.
    pub fn post(to: Place) -> Self {
        Self::new(Place::House, to, How::Fetch, "POST")
    }

    /// A form on a page of `from` that posts to the house.
    pub fn form(from: Place) -> Self {
        Self::new(from, Place::House, How::Form, "POST")
    }

    /// Reading `document.cookie` on the page.
    pub fn script() -> Self {
        Self::new(Place::House, Place::House, How::Script, "GET")
    }

    /// To somebody else.
    pub fn to(self, to: Place) -> Self {
        Self { to, ..self }
    }

    /// With `credentials: "include"`.
    pub fn include(self) -> Self {
        Self { credentials: Credentials::Include, ..self }
    }

    /// With `mode: "no-cors"`.
    pub fn no_cors(self) -> Self {
        Self { mode: Mode::NoCors, ..self }
    }

    /// With a header of the page's own.
    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.push((name, value));
        self
    }

    /// With the visit's token.
    pub fn token(self) -> Self {
        self.header("authorization", "Bearer {token}")
    }

    /// Through the guard.
    pub fn guarded(self) -> Self {
        Self { door: Door::Guarded, ..self }
    }

    /// Through the proxy.
    pub fn proxied(self) -> Self {
        Self { door: Door::Proxy, ..self }
    }

    /// Answered so.
    pub fn answer(self, answer: Answer) -> Self {
        Self { answer, ..self }
    }
}

/// `Access-Control-Allow-Origin`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllowOrigin {
    /// The page's origin by name.
    Exact,
    /// `*`
    Any,
    /// `null`
    Null,
}

/// What a server wants to see before it does what it is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Needs {
    /// Nothing.
    #[default]
    Nothing,
    /// A cookie that this experiment has set.
    Cookie,
    /// The token of the visit; cookies are not looked at.
    Token,
}

/// What a server answers.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Who may read it.
    pub allow_origin: Option<AllowOrigin>,
    /// Whether with cookies, too.
    pub allow_credentials: bool,
    /// What a preflight is told may be sent; without it every preflight fails.
    pub allow_headers: Option<&'static str>,
    /// The cookie it sets.
    pub cookie: Option<Cookie>,
    /// What it wants to see first; without it the answer is 401.
    pub needs: Needs,
    /// Whether it does something: one deed on the record of the visit.
    pub deed: bool,
}

impl Answer {
    /// An answer without a CORS header.
    pub fn silent() -> Self {
        Self::default()
    }

    /// An answer that the page may read by name.
    pub fn exact() -> Self {
        Self { allow_origin: Some(AllowOrigin::Exact), ..Self::default() }
    }

    /// An answer that anybody may read.
    pub fn any() -> Self {
        Self { allow_origin: Some(AllowOrigin::Any), ..Self::default() }
    }

    /// An answer for the origin `null`.
    pub fn null() -> Self {
        Self { allow_origin: Some(AllowOrigin::Null), ..Self::default() }
    }

    /// With `Access-Control-Allow-Credentials`.
    pub fn credentials(self) -> Self {
        Self { allow_credentials: true, ..self }
    }

    /// Where preflights are told that these headers may be sent.
    pub fn headers(self, names: &'static str) -> Self {
        Self { allow_headers: Some(names), ..self }
    }

    /// That sets a cookie.
    pub fn sets(self, cookie: Cookie) -> Self {
        Self { cookie: Some(cookie), ..self }
    }

    /// That wants to see something first.
    pub fn needs(self, needs: Needs) -> Self {
        Self { needs, ..self }
    }

    /// That does something.
    pub fn deed(self) -> Self {
        Self { deed: true, ..self }
    }
}

/// A cookie as `Set-Cookie` has it. Its name is that of the experiment and its value is new each time.
#[derive(Clone, Debug)]
pub struct Cookie {
    /// Before the name.
    pub prefix: &'static str,
    /// Where it goes.
    pub path: &'static str,
    /// Whether `Domain` names the host it comes from.
    pub domain: bool,
    /// What else is said of it.
    pub attributes: &'static str,
}

impl Cookie {
    /// A cookie for the Lab's own paths.
    pub fn new(attributes: &'static str) -> Self {
        Self { prefix: "", path: "/lab", domain: false, attributes }
    }

    /// With the prefix `__Host-`, which wants `Path=/`.
    pub fn host_prefix(self) -> Self {
        Self { prefix: "__Host-", path: "/", ..self }
    }

    /// With `Domain`.
    pub fn domain(self) -> Self {
        Self { domain: true, ..self }
    }
}

/// Who the browser is, for what is known of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Chrome, Edge, Opera and so on.
    Chromium,
    /// Firefox.
    Firefox,
    /// Safari, and GNOME Web.
    WebKit,
}

/// What is observed of the request that an experiment is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum What {
    /// The server saw it.
    Reached,
    /// A cookie of the experiment went with it.
    Sent,
    /// The last cookie that the experiment set is kept.
    Stored,
    /// The page got the answer.
    Read,
    /// `Sec-Fetch-Site` as the server saw it.
    Site,
    /// The server did what it was asked.
    Done,
}

impl What {
    /// The five verdicts every experiment has.
    pub const FIVE: [Self; 5] = [Self::Reached, Self::Sent, Self::Stored, Self::Read, Self::Site];

    /// Its name in the record that the engine reads.
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

    /// The question it answers.
    pub fn question(self) -> &'static str {
        match self {
            Self::Reached => "Did the request reach the server?",
            Self::Sent => "Was a cookie sent?",
            Self::Stored => "Was the cookie stored?",
            Self::Read => "Could the page read the answer?",
            Self::Site => "What did Sec-Fetch-Site say?",
            Self::Done => "Did the server do it?",
        }
    }
}

/// What comes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// It did.
    Yes,
    /// It did not.
    No,
    /// `Sec-Fetch-Site: same-origin`
    SameOrigin,
    /// `Sec-Fetch-Site: same-site`
    SameSite,
    /// `Sec-Fetch-Site: cross-site`
    CrossSite,
    /// No such header, or no request that could have it.
    Absent,
}

impl Value {
    /// As the engine and people read it.
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

    /// `Yes` or `No`.
    pub fn of(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// Where it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The document and its section.
    pub name: &'static str,
    /// Where to read it.
    pub url: &'static str,
}

/// One verdict as it is predicted.
#[derive(Clone, Copy, Debug)]
pub struct Verdict {
    /// What comes of it.
    pub value: Value,
    /// Why.
    pub reason: &'static str,
    /// Where that is written.
    pub spec: Spec,
    /// What it means if it comes out otherwise.
    pub otherwise: &'static str,
}

impl Verdict {
    /// Explained in other words.
    pub fn because(self, reason: &'static str) -> Self {
        Self { reason, ..self }
    }
}

/// What an engine is known to do otherwise, and why.
#[derive(Clone, Copy, Debug)]
pub struct Exception {
    /// Which.
    pub engine: Engine,
    /// About what.
    pub what: What,
    /// What comes of it there.
    pub value: Value,
    /// Why.
    pub reason: &'static str,
}

/// The record of one experiment.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Its name in URLs, and of its cookie.
    pub id: &'static str,
    /// Where it belongs.
    pub group: Group,
    /// What it tries, in a few words.
    pub title: &'static str,
    /// What people say of it, in our words.
    pub claim: &'static str,
    /// What happens first, such as signing in.
    pub before: Vec<Step>,
    /// What it is about.
    pub request: Step,
    /// What comes of it, by the specifications.
    pub prediction: Vec<(What, Verdict)>,
    /// What is known of engines that do otherwise.
    pub exceptions: Vec<Exception>,
    /// Whether it shows something only on `http://localhost`.
    pub local: bool,
}

impl Experiment {
    /// A record without a step before and without exceptions.
    pub fn new(id: &'static str, group: Group, title: &'static str, claim: &'static str, request: Step) -> Self {
        let (before, prediction, exceptions) = (Vec::new(), Vec::new(), Vec::new());
        Self { id, group, title, claim, before, request, prediction, exceptions, local: false }
    }

    /// With a step before the request.
    pub fn after(mut self, step: Step) -> Self {
        self.before.push(step);
        self
    }

    /// The four verdicts in the order of [`What::FIVE`]; the fifth follows from who asks whom.
    pub fn foresee(mut self, reached: Verdict, sent: Verdict, stored: Verdict, read: Verdict) -> Self {
        let site = super::experiments::site(&self.request, reached.value);
        self.prediction = What::FIVE.into_iter().zip([reached, sent, stored, read, site]).collect();
        self
    }

    /// And whether the server does what it is asked.
    pub fn done(mut self, verdict: Verdict) -> Self {
        self.prediction.push((What::Done, verdict));
        self
    }

    /// Where `engine` is known to do otherwise.
    pub fn except(mut self, engine: Engine, what: What, value: Value, reason: &'static str) -> Self {
        self.exceptions.push(Exception { engine, what, value, reason });
        self
    }

    /// For `http://localhost` only.
    pub fn local(self) -> Self {
        Self { local: true, ..self }
    }

    /// The verdict about `what`.
    pub fn verdict(&self, what: What) -> Option<Verdict> {
        self.prediction.iter().find(|(of, _)| *of == what).map(|(_, verdict)| *verdict)
    }

    /// The step named `key` in a URL, and a step of the engine's own: `probe`, which looks which cookies arrive.
    pub fn step(&self, key: &str) -> Option<Step> {
        match key {
            "request" => Some(self.request.clone()),
            "probe" => Some(self.probe()),
            key => self.before.get(key.strip_prefix("before-")?.parse::<usize>().ok()?).cloned(),
        }
    }

    /// Every step under its key, in order.
    pub fn steps(&self) -> Vec<(String, Step)> {
        let before = self.before.iter().enumerate().map(|(index, step)| (format!("before-{index}"), step.clone()));
        before.chain([("request".into(), self.request.clone()), ("probe".into(), self.probe())]).collect()
    }

    /// Asks the server that the request went to, with every cookie there is for it.
    fn probe(&self) -> Step {
        Step::get(self.request.to).include().answer(Answer::exact().credentials())
    }

    /// The servers it involves, each once.
    pub fn places(&self) -> Vec<Place> {
        let mut places: Vec<_> = self.before.iter().chain([&self.request]).map(|step| step.to).collect();
        places.sort();
        places.dedup();
        places
    }

    /// Every cookie that some answer of it sets, with the server that does.
    pub fn cookies(&self) -> impl Iterator<Item = (Place, &Cookie)> {
        let steps = self.before.iter().chain([&self.request]);
        steps.filter_map(|step| Some((step.to, step.answer.cookie.as_ref()?)))
    }
}

/// What the engine needs to know.
impl Serialize for Experiment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let foreseen: std::collections::BTreeMap<_, _> =
            self.prediction.iter().map(|(what, verdict)| (what.key(), (verdict.value, verdict.otherwise))).collect();
        let exceptions: Vec<_> = self.exceptions.iter().map(|e| (e.engine, e.what, e.value, e.reason)).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", self.id)?;
        map.serialize_entry("title", self.title)?;
        map.serialize_entry("steps", &self.steps())?;
        map.serialize_entry("places", &self.places())?;
        map.serialize_entry("foreseen", &foreseen)?;
        map.serialize_entry("exceptions", &exceptions)?;
        map.end()
    }
}
