//! An experiment as a record: the requests, the responses, and what the specifications predict.
//!
//! A record does nothing by itself. The script in the browser (`public/lab/lab.js`) makes its requests and
//! [`super::respond`] gives its responses. Both look the record up by its id, so no URL decides what is answered.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{
    answer::{Answer, Cookie},
    origins::Origin,
    prediction::{Engine, Exception, Question, Spec, Value, Verdict},
    step::{FramePage, Step},
};

/// Where Fetch Metadata is specified.
pub const METADATA: Spec = Spec {
    name: "Fetch Metadata, “Sec-Fetch-Site”",
    url: "https://w3c.github.io/webappsec-fetch-metadata/#sec-fetch-site-header",
};

/// The section of the page that an experiment belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Which page may read a response.
    Reading,
    /// Which cookies are stored and sent.
    Cookies,
    /// Storage access of a page in a frame.
    Frame,
    /// What a script is told of cookies, and may write.
    Change,
    /// Requests to this machine and to the local network.
    Network,
    /// The setup of the essay.
    Bug,
    /// Forged requests.
    Csrf,
    /// Bearer tokens.
    Bearer,
    /// Solution 2 of the essay: a proxy on the page's own origin.
    Proxy,
}

/// The record of one experiment.
#[derive(Clone, Debug)]
pub struct Experiment {
    /// Its name in URLs and in the name of its cookie.
    pub id: &'static str,
    /// Its section of the page.
    pub group: Group,
    /// What it tries, in a few words.
    pub title: &'static str,
    /// What to know before running it, such as the common belief that it tests.
    pub claim: &'static str,
    /// The requests before the one in question, such as signing in.
    pub before: Vec<Step>,
    /// The request in question.
    pub request: Step,
    /// The predicted verdicts.
    pub prediction: Vec<(Question, Verdict)>,
    /// Known differences of engines.
    pub exceptions: Vec<Exception>,
    /// Whether it only means something on `http://localhost`.
    pub local: bool,
    /// The codes of the problems of this app that it shows the reason of.
    pub explains: &'static [&'static str],
    /// The ids of the setup doctor's causes that it shows.
    pub shows: &'static [&'static str],
}

impl Experiment {
    /// A record of a single request, without predictions.
    pub fn new(id: &'static str, group: Group, title: &'static str, claim: &'static str, request: Step) -> Self {
        let (before, prediction, exceptions) = (Vec::new(), Vec::new(), Vec::new());
        Self {
            id,
            group,
            title,
            claim,
            before,
            request,
            prediction,
            exceptions,
            local: false,
            explains: &[],
            shows: &[],
        }
    }

    /// With a request before the one in question.
    pub fn after(mut self, step: Step) -> Self {
        self.before.push(step);
        self
    }

    /// With the first four verdicts of [`Question::COMMON`]. The fifth follows from the two origins.
    pub fn predict(mut self, reached: Verdict, sent: Verdict, stored: Verdict, read: Verdict) -> Self {
        let site = fetch_site(&self.request, reached.value);
        self.prediction = Question::COMMON.into_iter().zip([reached, sent, stored, read, site]).collect();
        self
    }

    /// With the verdict on whether the server carries out the action.
    pub fn done(self, verdict: Verdict) -> Self {
        self.also(Question::Done, verdict)
    }

    /// With the verdict on one more question.
    pub fn also(mut self, question: Question, verdict: Verdict) -> Self {
        self.prediction.push((question, verdict));
        if question.is_of_page() {
            self.request.asks.push(question);
        }
        self
    }

    /// With a known difference of `engine`.
    pub fn except(mut self, engine: Engine, question: Question, value: Value, reason: &'static str) -> Self {
        self.exceptions.push(Exception { engine, question, value, reason });
        self
    }

    /// For `http://localhost` only.
    pub fn local(self) -> Self {
        Self { local: true, ..self }
    }

    /// Shows the reason of the problems with these codes.
    pub fn explaining(self, explains: &'static [&'static str]) -> Self {
        Self { explains, ..self }
    }

    /// Shows these causes of the setup doctor.
    pub fn shows(self, shows: &'static [&'static str]) -> Self {
        Self { shows, ..self }
    }

    /// The verdict on `question`.
    pub fn verdict(&self, question: Question) -> Option<Verdict> {
        self.prediction.iter().find(|(of, _)| *of == question).map(|(_, verdict)| *verdict)
    }

    /// The step with the key `key`: `before-0` and so on, `request`, or `probe`, the last request of every run, which
    /// shows which cookies are sent.
    pub fn step(&self, key: &str) -> Option<Step> {
        match key {
            "request" => Some(self.request.clone()),
            "probe" => Some(self.probe()),
            key => self.before.get(key.strip_prefix("before-")?.parse::<usize>().ok()?).cloned(),
        }
    }

    /// Every step with its key, in order.
    fn steps(&self) -> Vec<(String, Step)> {
        let before = self.before.iter().enumerate().map(|(index, step)| (format!("before-{index}"), step.clone()));
        before.chain([("request".into(), self.request.clone()), ("probe".into(), self.probe())]).collect()
    }

    /// A request with credentials to the origin that the request in question went to.
    fn probe(&self) -> Step {
        Step::get(self.request.to).include().answer(Answer::exact().credentials())
    }

    /// The steps before the one in question, and that one.
    pub fn described(&self) -> impl Iterator<Item = &Step> {
        self.before.iter().chain([&self.request])
    }

    /// The origins that it sends requests to, each once.
    fn targets(&self) -> Vec<Origin> {
        let mut targets: Vec<_> = self.described().map(|step| step.to).collect();
        targets.sort();
        targets.dedup();
        targets
    }

    /// Every cookie that its responses set and its scripts write.
    pub fn cookies(&self) -> impl Iterator<Item = &Cookie> {
        self.described().flat_map(|step| step.answer.cookie.iter().chain(&step.writes))
    }
}

/// The part that the script needs.
impl Serialize for Experiment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let predicted: BTreeMap<_, _> =
            self.prediction.iter().map(|(question, v)| (question.key(), (v.value, v.otherwise))).collect();
        let exceptions: Vec<_> = self.exceptions.iter().map(|e| (e.engine, e.question, e.value, e.reason)).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", self.id)?;
        map.serialize_entry("title", self.title)?;
        map.serialize_entry("steps", &self.steps())?;
        map.serialize_entry("targets", &self.targets())?;
        map.serialize_entry("predicted", &predicted)?;
        map.serialize_entry("exceptions", &exceptions)?;
        map.end()
    }
}

/// The verdict on `Sec-Fetch-Site`, which follows from the two origins.
fn fetch_site(request: &Step, reached: Value) -> Verdict {
    let (value, reason) = match request.site() {
        _ if !request.how.is_request() => (Value::Absent, "No request is made, so there is no header."),
        _ if reached == Value::No && request.page != FramePage::Open => {
            (Value::Absent, "Nothing reaches the server, so there is no header.")
        }
        _ if reached == Value::No => (Value::Absent, "Only the preflight reaches the server."),
        site @ Value::SameOrigin => (site, "Scheme, host and port are the same."),
        site @ Value::SameSite => {
            (site, "The origin differs, the site does not: a site is scheme and registrable domain, without the port.")
        }
        site => (site, "The hosts share no registrable domain, so they are two sites."),
    };
    let otherwise = "Your browser sends no Fetch Metadata here. The guard then checks the Origin header instead.";
    Verdict { value, reason, spec: METADATA, otherwise }
}
