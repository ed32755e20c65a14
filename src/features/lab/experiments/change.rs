//! What a script is told of cookies, and which ones it can write.

use super::verdicts::{
    ARRIVES, COOKIE_KEPT, COOKIE_STORE, HTTP_PREFIXES, KEPT, NEVER_KEPT, NO_COOKIE_YET, OWN, PORTS, READABLE_OWN,
    READABLE_WITH_COOKIES, SENT_TO_OWN, WEBKIT_SECURE,
};
use crate::features::lab::{
    answer::{Answer, Cookie},
    experiment::{Experiment, Group::Change},
    origins::Origin::{App, SameSite},
    prediction::{Engine::WebKit, Question, Value, Verdict},
    step::Step,
};

const NO_STORE: &str = "Your browser has no Cookie Store, or another change event than the specification says.";

const TOLD: Verdict = Verdict {
    value: Value::Yes,
    reason: "A script may read the cookie, so a change event tells it, whoever set it.",
    spec: COOKIE_STORE,
    otherwise: NO_STORE,
};

fn record(id: &'static str, title: &'static str, claim: &'static str, request: Step) -> Experiment {
    Experiment::new(id, Change, title, claim, request)
}

pub(super) fn all() -> Vec<Experiment> {
    [told(), written()].concat()
}

/// `change` events of the Cookie Store, while a request sets a cookie.
fn told() -> Vec<Experiment> {
    let own = |attributes| Step::post(App).answer(Answer::silent().sets(Cookie::new(attributes)));
    let kept = KEPT.because("A response of the page's own origin sets it.");
    vec![
        record(
            "change-readable",
            "A cookie that scripts may read",
            "A response sets a cookie without HttpOnly. Every script of the page hears of it, with its value.",
            own("SameSite=Lax"),
        )
        .predict(OWN, NO_COOKIE_YET, kept, READABLE_OWN)
        .also(Question::Change, TOLD),
        record(
            "change-http-only",
            "A cookie with HttpOnly",
            "The same cookie with HttpOnly. It is stored, and no script hears of it.",
            own("HttpOnly; SameSite=Lax"),
        )
        .predict(OWN, NO_COOKIE_YET, kept, READABLE_OWN)
        .also(
            Question::Change,
            Verdict {
                value: Value::No,
                reason: "HttpOnly hides the cookie from scripts, and from their events.",
                ..TOLD
            },
        ),
        record(
            "change-port",
            "A cookie that another port sets",
            "A server on another port sets a cookie without HttpOnly. The scripts of this port hear of it.",
            Step::post(SameSite).include().answer(Answer::exact().credentials().sets(Cookie::new("SameSite=Lax"))),
        )
        .predict(ARRIVES, NO_COOKIE_YET, KEPT, READABLE_WITH_COOKIES)
        .also(
            Question::Change,
            Verdict { reason: "Cookies ignore ports, so the cookie is one of this page as well.", spec: PORTS, ..TOLD },
        )
        .local(),
    ]
}

/// Cookies that a script writes, with a prefix in their name.
fn written() -> Vec<Experiment> {
    let request = Step::get(App).answer(Answer::silent());
    vec![
        record(
            "script-host",
            "A script writes a cookie named __Host-",
            "“__Host- protects the session cookie.” Against other hosts and ports without Secure, yes. A script of the \
             page itself, such as an injected one, can put its own in place.",
            request.clone(),
        )
        .after(Step::write(Cookie::new("Secure; SameSite=Lax").host_prefix()))
        .predict(
            OWN,
            SENT_TO_OWN.by(HTTP_PREFIXES, "It meets everything that __Host- promises. Who set it is not a part of it."),
            KEPT.by(HTTP_PREFIXES, "The prefix promises Secure, Path=/ and no Domain, which a script can set."),
            READABLE_OWN,
        )
        .except(WebKit, Question::Sent, Value::No, NEVER_KEPT)
        .except(WebKit, Question::Stored, Value::No, WEBKIT_SECURE),
        record(
            "script-host-http",
            "A script writes a cookie named __Host-Http-",
            "The prefix also promises HttpOnly and that a server set the cookie. A script can do neither.",
            request,
        )
        .after(Step::write(Cookie::new("Secure; SameSite=Lax").host_http_prefix()))
        .predict(
            OWN,
            Verdict {
                value: Value::No,
                otherwise: "Your browser does not know the prefix, and sends what a script wrote.",
                ..SENT_TO_OWN.by(HTTP_PREFIXES, "It was refused, so there is none to send.")
            },
            Verdict {
                value: Value::No,
                otherwise: COOKIE_KEPT,
                ..KEPT.by(HTTP_PREFIXES, "Only a response can set a cookie with this prefix.")
            },
            READABLE_OWN,
        ),
    ]
    .into_iter()
    .map(Experiment::local)
    .collect()
}
