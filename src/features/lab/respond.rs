//! Responding to a request of an experiment as its record says, and recording it.

use axum::{
    body::Body,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{self, InvalidHeaderValue},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{
    answer::{AllowOrigin, Answer, Cookie, Needs, Preflight},
    experiment::Experiment,
    experiments,
    origins::{Origin, Origins},
    sessions::{Seen, Visitor, random},
    state::Lab,
    step::{Endpoint, Step},
};
use crate::http::{
    problem::{Problem, problem_response},
    request_id::RequestId,
};

/// How long a cookie of the Lab lives, in seconds, if it is not removed before.
const LIFETIME: u32 = 60;

static ACTIVATE: HeaderName = HeaderName::from_static("activate-storage-access");
static ANSWER: HeaderName = HeaderName::from_static("x-lab-answer");

/// `{session}/{experiment}/{step}` at the end of a path.
#[derive(Clone, Debug, Deserialize)]
pub struct StepPath {
    /// The Lab session that makes the request.
    pub session: Uuid,
    /// The id of the experiment.
    pub experiment: String,
    /// The key of the step.
    pub step: String,
}

/// `{session}/{experiment}` at the end of a path.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct ExperimentPath {
    /// The Lab session.
    pub session: Uuid,
    /// The id of the experiment.
    pub experiment: String,
}

impl ExperimentPath {
    /// The experiment.
    ///
    /// # Errors
    /// [`Problem::NotFound`] if there is none with this id.
    pub(super) fn find(&self) -> Result<&'static Experiment, Problem> {
        experiments::find(&self.experiment).ok_or(Problem::NotFound)
    }
}

/// A request that matches a step of an experiment that is running.
pub(super) struct StepRequest<'a> {
    lab: &'a Lab,
    path: &'a StepPath,
    experiment: &'static Experiment,
    step: Step,
    at: Origin,
    visitor: Visitor,
}

impl<'a> StepRequest<'a> {
    /// Finds the step for a request to `path` that came to `at` through `endpoint`.
    ///
    /// # Errors
    /// [`Problem::NotFound`] if no experiment has such a step there, or the experiment is not running;
    /// [`Problem::RateLimited`] if it has made too many requests.
    pub(super) fn find(lab: &'a Lab, path: &'a StepPath, at: Origin, endpoint: Endpoint) -> Result<Self, Problem> {
        let experiment = experiments::find(&path.experiment).ok_or(Problem::NotFound)?;
        let step = experiment.step(&path.step).filter(|step| step.how.is_request()).ok_or(Problem::NotFound)?;
        if step.endpoint != endpoint || step.to != at {
            return Err(Problem::NotFound);
        }
        let visitor = lab.sessions().count_request(lab.now(), path.session, experiment.id)?;
        Ok(Self { lab, path, experiment, step, at, visitor })
    }

    /// Responds as the record says, and records the request.
    pub(super) fn respond(self, parts: &Parts) -> Response {
        let preflight = parts.method == Method::OPTIONS;
        if !preflight && parts.method.as_str() != self.step.method {
            return Problem::MethodNotAllowed.into_response();
        }
        let accepted = self.is_accepted(&parts.headers);
        let answer = &self.step.answer;
        let mut response = if preflight {
            self.preflight(parts)
        } else if accepted {
            plain_text("The response, for any page that may read it.\n")
        } else {
            let problem = if answer.needs == Needs::Token { Problem::TokenMissing } else { Problem::NotSignedIn };
            problem_response(problem.clone().into_response(), &problem, &RequestId::of(&parts.extensions))
        };
        if preflight || accepted || !answer.bare_errors {
            allow(response.headers_mut(), answer, preflight, self.lab.origins(), self.at);
        }
        if answer.activates
            && let Ok(value) = self.activation()
        {
            response.headers_mut().insert(ACTIVATE.clone(), value);
        }
        let mut set = None;
        if !preflight
            && accepted
            && let Some(cookie) = &answer.cookie
        {
            let value = match random() {
                Ok(bytes) => format!("{:016x}", Uuid::from_bytes(bytes).as_u64_pair().0),
                Err(problem) => return problem.into_response(),
            };
            let line = set_cookie(self.experiment, cookie, &value, LIFETIME, self.lab.origins(), self.at);
            response.headers_mut().append(header::SET_COOKIE, line);
            set = Some(value);
        }
        let side_effect = accepted && answer.side_effect && !preflight;
        self.allow_framing(&parts.headers, &mut response);
        self.record(parts, &response, set, side_effect);
        response
    }

    /// The response to a preflight, without CORS headers.
    fn preflight(&self, parts: &Parts) -> Response {
        match self.step.answer.preflight {
            Preflight::Answered => StatusCode::NO_CONTENT.into_response(),
            Preflight::Redirected => {
                let location = [(header::LOCATION, parts.uri.path().to_owned())];
                (StatusCode::TEMPORARY_REDIRECT, location).into_response()
            }
            Preflight::Refused => Problem::TokenMissing.into_response(),
        }
    }

    /// Asks the browser to repeat the request with the cookies that it held back.
    fn activation(&self) -> Result<HeaderValue, InvalidHeaderValue> {
        HeaderValue::from_str(&format!("retry; allowed-origin=\"{}\"", self.lab.origins().url(self.step.from)))
    }

    /// Records that the guard refused the request with `response`.
    pub(super) fn record_refusal(self, parts: &Parts, response: &mut Response) {
        self.allow_framing(&parts.headers, response);
        self.record(parts, response, None, false);
    }

    /// Lets pages of the three origins show a response of the app in a frame, as the target of a form. A refusal is
    /// labelled as plain text there: Firefox would offer to save what it cannot show, and tell the page nothing.
    fn allow_framing(&self, request: &HeaderMap, response: &mut Response) {
        if self.at != Origin::App {
            return;
        }
        let policy = format!("default-src 'none'; frame-ancestors {}", self.lab.origins().all().join(" "));
        let headers = response.headers_mut();
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        if request.get("sec-fetch-dest").is_some_and(|dest| dest == "iframe") {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        }
    }

    /// Whether the request carries the credential that the record asks for.
    fn is_accepted(&self, headers: &HeaderMap) -> bool {
        let Visitor { token, values } = &self.visitor;
        match self.step.answer.needs {
            Needs::Nothing => true,
            Needs::Cookie => cookies(headers).iter().any(|(_, value)| values.contains(value)),
            Needs::Token => authorization(headers).is_some_and(|given| given == format!("Bearer {token}")),
        }
    }

    fn record(&self, parts: &Parts, response: &Response, set: Option<String>, side_effect: bool) {
        let seen = Seen {
            step: self.path.step.clone(),
            at: self.lab.origins().url(self.at).to_owned(),
            line: format!("{} {}", parts.method, self.redacted_path()),
            preflight: parts.method == Method::OPTIONS,
            headers: self.headers(&parts.headers),
            cookies: cookies(&parts.headers),
            status: response.status().as_u16(),
            answer: pick(response.headers(), &RESPONSE_HEADERS),
            set,
            side_effect,
        };
        self.lab.sessions().record(self.lab.now(), self.path.session, self.experiment.id, seen);
    }

    /// The path without the id of the session.
    fn redacted_path(&self) -> String {
        format!("/lab/{}/…/{}/{}", self.step.endpoint.segment(), self.experiment.id, self.path.step)
    }

    fn headers(&self, headers: &HeaderMap) -> Vec<(&'static str, String)> {
        let mut list = pick(headers, &REQUEST_HEADERS);
        let cookies: Vec<_> = cookies(headers).iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            list.push(("cookie", cookies.join("; ")));
        }
        if let Some(given) = authorization(headers).filter(|given| given.ends_with(&self.visitor.token)) {
            list.push(("authorization", given.to_owned()));
        }
        list
    }
}

/// The request headers that are recorded.
const REQUEST_HEADERS: [&str; 10] = [
    "host",
    "origin",
    "sec-fetch-site",
    "sec-fetch-mode",
    "sec-fetch-dest",
    "sec-fetch-storage-access",
    "access-control-request-method",
    "access-control-request-headers",
    "content-type",
    "x-lab",
];

/// The response headers that are recorded.
const RESPONSE_HEADERS: [&str; 13] = [
    "access-control-allow-origin",
    "access-control-allow-credentials",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
    "access-control-expose-headers",
    "activate-storage-access",
    "location",
    "vary",
    "set-cookie",
    "www-authenticate",
    "content-type",
    "x-lab-answer",
];

fn pick(headers: &HeaderMap, names: &[&'static str]) -> Vec<(&'static str, String)> {
    let all = names.iter().flat_map(|name| headers.get_all(*name).iter().map(move |value| (*name, value)));
    all.filter_map(|(name, value)| Some((name, value.to_str().ok()?.chars().take(200).collect()))).collect()
}

fn authorization(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()
}

/// The Lab's own cookies, cut to 64 characters. All other cookies are ignored.
fn cookies(headers: &HeaderMap) -> Vec<(String, String)> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let ours = pairs.filter(|(name, _)| {
        PREFIXES.iter().any(|prefix| name.strip_prefix(prefix).is_some_and(|name| name.starts_with("lab-")))
    });
    let short = |text: &str| text.chars().take(64).collect();
    ours.take(50).map(|(name, value)| (short(name), short(value))).collect()
}

/// The prefixes of the names of the Lab's cookies.
const PREFIXES: [&str; 4] = ["", "__Host-", "__Http-", "__Host-Http-"];

/// A response that a frame can show as plain text.
fn plain_text(text: &'static str) -> Response {
    let kind = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (kind, Body::from(text)).into_response()
}

/// Adds the CORS headers of `answer`, which `at` gives to pages of the app.
fn allow(headers: &mut HeaderMap, answer: &Answer, preflight: bool, origins: &Origins, at: Origin) {
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    let origin = match answer.allow_origin {
        None => return,
        Some(AllowOrigin::Exact) => HeaderValue::from_str(&origins.app).ok(),
        Some(AllowOrigin::Itself) => HeaderValue::from_str(origins.url(at)).ok(),
        Some(AllowOrigin::Any) => Some(HeaderValue::from_static("*")),
        Some(AllowOrigin::Null) => Some(HeaderValue::from_static("null")),
    };
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    if answer.allow_credentials {
        headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
    if !preflight && let Some(exposed) = answer.header {
        headers.insert(ANSWER.clone(), HeaderValue::from_static("1"));
        if exposed {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("x-lab-answer"));
        }
    }
    if preflight && let Some(names) = answer.allow_headers {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(names));
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
        // Each run sends its preflight again.
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("0"));
    }
}

/// Adds the CORS headers that let the app's own page call the peer with cookies.
pub(super) fn allow_app(headers: &mut HeaderMap, origins: &Origins) {
    allow(headers, &Answer::exact().credentials(), false, origins, Origin::App);
}

/// Removes every cookie of `experiment` that `at` may have set: the same names and attributes, with `Max-Age=0`.
pub(super) fn remove_cookies(headers: &mut HeaderMap, experiment: &Experiment, at: Origin, origins: &Origins) {
    for cookie in experiment.cookies() {
        headers.append(header::SET_COOKIE, set_cookie(experiment, cookie, "", 0, origins, at));
    }
}

fn set_cookie(
    experiment: &Experiment,
    cookie: &Cookie,
    value: &str,
    seconds: u32,
    origins: &Origins,
    at: Origin,
) -> HeaderValue {
    let Cookie { prefix, path, domain, attributes } = cookie;
    let domain = if *domain { format!("; Domain={}", origins.host(at)) } else { String::new() };
    let line = format!("{prefix}lab-{}={value}; Max-Age={seconds}; Path={path}{domain}; {attributes}", experiment.id);
    HeaderValue::from_str(&line).unwrap_or_else(|_| HeaderValue::from_static("lab-none=; Max-Age=0"))
}
