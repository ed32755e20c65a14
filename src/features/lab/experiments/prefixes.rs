//! `__Http-` and `__Host-Http-`, on `http://localhost`: a cookie of such a name is `HttpOnly` and was set by a server.

use super::verdicts::{ARRIVES, COOKIE_KEPT, HTTP_PREFIXES, KEPT, NO_COOKIE_YET, READABLE_WITH_COOKIES, WEBKIT_SECURE};
use crate::features::lab::{
    answer::{Answer, Cookie},
    experiment::{Experiment, Group::Cookies},
    origins::Origin::SameSite,
    prediction::{Engine::WebKit, Question, Value, Verdict},
    step::Step,
};

pub(super) fn all() -> Vec<Experiment> {
    let record = |id, title, claim, cookie| {
        let request = Step::post(SameSite).include().answer(Answer::exact().credentials().sets(cookie));
        Experiment::new(id, Cookies, title, claim, request).local()
    };
    let kept = KEPT.by(HTTP_PREFIXES, "Everything the name promises is there, and http://localhost counts as secure.");
    let refused = Verdict {
        value: Value::No,
        otherwise: COOKIE_KEPT,
        ..KEPT.by(HTTP_PREFIXES, "The name promises HttpOnly, which is missing.")
    };
    let (whole, readable) = ("HttpOnly; SameSite=Lax; Secure", "SameSite=Lax; Secure");
    vec![
        record(
            "host-http-prefix",
            "__Host-Http-, on http://localhost",
            "The name promises what __Host- does, and that a server set the cookie with HttpOnly.",
            Cookie::new(whole).host_http_prefix(),
        )
        .predict(ARRIVES, NO_COOKIE_YET, kept, READABLE_WITH_COOKIES)
        .except(WebKit, Question::Stored, Value::No, WEBKIT_SECURE),
        record(
            "host-http-prefix-readable",
            "__Host-Http- without HttpOnly",
            "Does the browser enforce it? To one that does not know the prefix, this is a cookie like any other.",
            Cookie::new(readable).host_http_prefix(),
        )
        .predict(ARRIVES, NO_COOKIE_YET, refused, READABLE_WITH_COOKIES),
        record(
            "http-prefix",
            "__Http-, on http://localhost",
            "The same promise for a cookie with a Path or a Domain of its own.",
            Cookie::new(whole).http_prefix(),
        )
        .predict(ARRIVES, NO_COOKIE_YET, kept, READABLE_WITH_COOKIES)
        .except(WebKit, Question::Stored, Value::No, WEBKIT_SECURE),
        record(
            "http-prefix-readable",
            "__Http- without HttpOnly",
            "The one attribute that the name is about is missing.",
            Cookie::new(readable).http_prefix(),
        )
        .predict(ARRIVES, NO_COOKIE_YET, refused, READABLE_WITH_COOKIES),
    ]
}
