//! Answering a request of an experiment as its record says, and writing down what was seen.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    Inside, Origins,
    experiment::{AllowOrigin, Answer, Cookie, Door, Experiment, How, Needs, Place, Step},
    experiments,
    record::{Known, Seen, random},
};
use crate::{
    http::{
        problem::{Problem, problem_response},
        request_id::RequestId,
    },
    timestamp::Timestamp,
};

/// How long a cookie of the Lab lasts, in seconds, where nobody takes it back.
const LIFETIME: u32 = 60;

/// `{visit}/{experiment}/{step}` at the end of a path.
#[derive(Clone, Debug, Deserialize)]
pub struct Target {
    /// The visit that makes the request.
    pub visit: Uuid,
    /// The experiment it belongs to.
    pub experiment: String,
    /// Its key there.
    pub step: String,
}

/// `{visit}/{experiment}`
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Run {
    /// The visit.
    pub visit: Uuid,
    /// Its experiment.
    pub experiment: String,
}

impl Run {
    /// The record.
    pub(super) fn experiment(&self) -> Result<&'static Experiment, Problem> {
        experiments::find(&self.experiment).ok_or(Problem::NotFound)
    }
}

/// A request that some record has.
pub(super) struct Request<'a> {
    inside: &'a Inside,
    target: &'a Target,
    experiment: &'static Experiment,
    step: Step,
    at: Place,
    known: Known,
    now: Timestamp,
}

impl<'a> Request<'a> {
    /// The request for `target` that came to `at` through `door`.
    ///
    /// # Errors
    /// [`Problem::NotFound`] where no record has such a step there, or the experiment is not under way.
    pub(super) fn find(
        inside: &'a Inside,
        target: &'a Target,
        at: Place,
        door: Door,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let experiment = experiments::find(&target.experiment).ok_or(Problem::NotFound)?;
        let step = experiment.step(&target.step).filter(|step| step.how != How::Script).ok_or(Problem::NotFound)?;
        if step.door != door || step.to != at {
            return Err(Problem::NotFound);
        }
        let known = inside.visits.know(now, target.visit, experiment.id)?;
        Ok(Self { inside, target, experiment, step, at, known, now })
    }

    /// Answers as the record says, and writes it down.
    pub(super) fn answer(self, parts: &Parts) -> Response {
        let preflight = parts.method == Method::OPTIONS;
        if !preflight && parts.method.as_str() != self.step.method {
            return Problem::MethodNotAllowed.into_response();
        }
        let granted = self.is_granted(&parts.headers);
        let answer = &self.step.answer;
        let mut response = if preflight {
            StatusCode::NO_CONTENT.into_response()
        } else if granted {
            said("The answer, for whoever may read it.\n")
        } else {
            let problem = if answer.needs == Needs::Token { Problem::TokenMissing } else { Problem::NotSignedIn };
            problem_response(problem.clone().into_response(), &problem, &RequestId::of(&parts.extensions))
        };
        allow(response.headers_mut(), answer, preflight, &self.inside.origins.house);
        let mut set = None;
        if !preflight
            && granted
            && let Some(cookie) = &answer.cookie
        {
            let value = match random() {
                Ok(bytes) => format!("{:016x}", Uuid::from_bytes(bytes).as_u64_pair().0),
                Err(problem) => return problem.into_response(),
            };
            let line = set_cookie(self.experiment, cookie, &value, LIFETIME, &self.inside.origins, self.at);
            response.headers_mut().append(header::SET_COOKIE, line);
            set = Some(value);
        }
        let deed = granted && answer.deed && !preflight;
        self.show_in_frame(&parts.headers, &mut response);
        self.note(parts, &response, set, deed);
        response
    }

    /// Writes down that something before the answer refused it with `response`.
    pub(super) fn refused(self, parts: &Parts, response: &mut Response) {
        self.show_in_frame(&parts.headers, response);
        self.note(parts, response, None, false);
    }

    /// Lets frames of the three origins show what the house answers a form in them. A refusal goes there as plain text:
    /// Firefox offers to save what it cannot show, and tells the page nothing.
    fn show_in_frame(&self, asked: &HeaderMap, response: &mut Response) {
        if self.at != Place::House {
            return;
        }
        let Origins { house, neighbour, stranger } = &self.inside.origins;
        let policy = format!("default-src 'none'; frame-ancestors {house} {neighbour} {stranger}");
        let headers = response.headers_mut();
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        if asked.get("sec-fetch-dest").is_some_and(|dest| dest == "iframe") {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        }
    }

    /// Whether the request carries what the answer wants to see.
    fn is_granted(&self, headers: &HeaderMap) -> bool {
        match self.step.answer.needs {
            Needs::Nothing => true,
            Needs::Cookie => cookies(headers).iter().any(|(_, value)| self.known.values.contains(value)),
            Needs::Token => authorization(headers).is_some_and(|given| given == format!("Bearer {}", self.known.token)),
        }
    }

    fn note(&self, parts: &Parts, response: &Response, set: Option<String>, deed: bool) {
        let seen = Seen {
            step: self.target.step.clone(),
            at: self.inside.origins.at(self.at).to_owned(),
            line: format!("{} {}", parts.method, self.path()),
            preflight: parts.method == Method::OPTIONS,
            headers: self.headers(&parts.headers),
            cookies: cookies(&parts.headers),
            status: response.status().as_u16(),
            answer: shown(response.headers(), &ANSWERED),
            set,
            deed,
        };
        self.inside.visits.note(self.now, self.target.visit, self.experiment.id, seen);
    }

    /// The path without the visit, which is nobody else's business.
    fn path(&self) -> String {
        let door = match self.step.door {
            Door::Open => "at",
            Door::Guarded => "guarded",
            Door::Proxy => "proxy",
        };
        format!("/lab/{door}/…/{}/{}", self.experiment.id, self.target.step)
    }

    fn headers(&self, headers: &HeaderMap) -> Vec<(&'static str, String)> {
        let mut list = shown(headers, &ASKED);
        let cookies: Vec<_> = cookies(headers).iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            list.push(("cookie", cookies.join("; ")));
        }
        if let Some(given) = authorization(headers).filter(|given| given.ends_with(&self.known.token)) {
            list.push(("authorization", given.to_owned()));
        }
        list
    }
}

/// What is shown of a request.
const ASKED: [&str; 9] = [
    "host",
    "origin",
    "sec-fetch-site",
    "sec-fetch-mode",
    "sec-fetch-dest",
    "access-control-request-method",
    "access-control-request-headers",
    "content-type",
    "x-lab",
];

/// What is shown of an answer.
const ANSWERED: [&str; 9] = [
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
    "vary",
    "set-cookie",
    "www-authenticate",
    "content-type",
];

fn shown(headers: &HeaderMap, names: &[&'static str]) -> Vec<(&'static str, String)> {
    let all = names.iter().flat_map(|name| headers.get_all(*name).iter().map(move |value| (*name, value)));
    all.filter_map(|(name, value)| Some((name, value.to_str().ok()?.chars().take(200).collect()))).collect()
}

fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()
}

/// The Lab's own cookies; nobody else's are looked at.
fn cookies(headers: &HeaderMap) -> Vec<(String, String)> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let ours = pairs.filter(|(name, _)| name.starts_with("lab-") || name.starts_with("__Host-lab-"));
    let short = |text: &str| text.chars().take(64).collect();
    ours.take(50).map(|(name, value)| (short(name), short(value))).collect()
}

/// A word. It may be shown in the frame of a page of the Lab, where it is plain text.
fn said(text: &'static str) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (kind, Body::from(text)).into_response()
}

/// The CORS headers of `answer`.
fn allow(headers: &mut HeaderMap, answer: &Answer, preflight: bool, house: &str) {
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    let origin = match answer.allow_origin {
        None => return,
        Some(AllowOrigin::Exact) => HeaderValue::from_str(house).ok(),
        Some(AllowOrigin::Any) => Some(HeaderValue::from_static("*")),
        Some(AllowOrigin::Null) => Some(HeaderValue::from_static("null")),
    };
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    if answer.allow_credentials {
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    if preflight && let Some(names) = answer.allow_headers {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(names));
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        // Each run asks anew.
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("0"));
    }
}

/// The answer to who may clean up: the house's own page, with cookies.
pub(super) fn allow_house(headers: &mut HeaderMap, origins: &Origins) {
    allow(headers, &Answer::exact().credentials(), false, &origins.house);
}

/// Takes every cookie of `experiment` back that `at` may have set: the same names and attributes, with no time to live.
pub(super) fn forget(headers: &mut HeaderMap, experiment: &Experiment, at: Place, origins: &Origins) {
    for (_, cookie) in experiment.cookies() {
        headers.append(header::SET_COOKIE, set_cookie(experiment, cookie, "", 0, origins, at));
    }
}

fn set_cookie(
    experiment: &Experiment,
    cookie: &Cookie,
    value: &str,
    seconds: u32,
    origins: &Origins,
    at: Place,
) -> HeaderValue {
    let Cookie { prefix, path, domain, attributes } = cookie;
    let domain = if *domain { format!("; Domain={}", origins.host(at)) } else { String::new() };
    let line = format!("{prefix}lab-{}={value}; Max-Age={seconds}; Path={path}{domain}; {attributes}", experiment.id);
    HeaderValue::from_str(&line).unwrap_or_else(|_| HeaderValue::from_static("lab-none=; Max-Age=0"))
}
