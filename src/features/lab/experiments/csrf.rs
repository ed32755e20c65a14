//! Forged requests: a page of another origin posts a form in the visitor's name.

use super::verdicts::{
    ARRIVES, COOKIES_BLOCKED, DONE, FRAME_IS_CLOSED, KEPT_BEFORE, NEVER_KEPT, NOT_DONE, OWN, READABLE_OWN, REFUSED,
    SAME_SITE, SENT_TO_OWN, WEBKIT_SECURE,
};
use crate::features::lab::{
    answer::{Answer, Cookie, Needs},
    experiment::{Experiment, Group::Csrf, METADATA},
    origins::Origin::{App, CrossSite, SameSite},
    prediction::{
        Engine::{Firefox, WebKit},
        Question, Value, Verdict,
    },
    step::Step,
};

/// Signing in at the app.
fn signed_in(attributes: &'static str) -> Step {
    Step::post(App).answer(Answer::silent().sets(Cookie::new(attributes)))
}

/// A request with a side effect, for which the server needs a cookie.
fn action(step: Step) -> Step {
    step.answer(Answer::silent().needs(Needs::Cookie).side_effect())
}

/// Firefox's Total Cookie Protection.
const FIREFOX_PARTITIONS: &str = "Firefox partitions the cookies of a cross-site frame, so the app's own cookie is \
                                  not available there.";

/// Observed, not documented: the frame with the form is inside a page of the app.
const WEBKIT_TOP: &str = "WebKitGTK sends it all the same from a frame inside a page of this app. It seems to go by \
                          the top-level page instead of the page that posts.";

const LAX: &str = "HttpOnly; SameSite=Lax";
const NONE_SECURE: &str = "HttpOnly; SameSite=None; Secure";

pub(super) fn all() -> Vec<Experiment> {
    let record =
        |id, title, claim, cookie, request| Experiment::new(id, Csrf, title, claim, request).after(signed_in(cookie));
    let posted = ARRIVES.because("Any page may post a form to any server. CORS does not apply to forms.");
    let same_site = Verdict {
        otherwise: "Your browser treats another port as another site, or blocks cookies in frames.",
        ..SENT_TO_OWN.by(SAME_SITE, "The form is on another origin of the same site, and SameSite requires no more.")
    };
    let held_back = Verdict {
        value: Value::No,
        otherwise: "Your browser sends a SameSite cookie with a form of another site.",
        ..SENT_TO_OWN.by(SAME_SITE, "The form is on another site, so a Lax cookie is not sent.")
    };
    let across = Verdict {
        otherwise: COOKIES_BLOCKED,
        ..SENT_TO_OWN.by(SAME_SITE, "A SameSite=None cookie is sent with requests from any site.")
    };
    let attack_works = Verdict {
        otherwise: "No cookie came with the form, so the server did not know in whose name to act.",
        ..DONE.because("The cookie was sent, and this endpoint checks nothing else. The attack works.")
    };
    let not_sent = NOT_DONE.because("No cookie was sent, so the server did not act. SameSite was enough here.");
    vec![
        record(
            "csrf-own",
            "Our own page, at the guarded endpoint",
            "The legitimate request works.",
            LAX,
            action(Step::post(App)).guarded(),
        )
        .predict(OWN, SENT_TO_OWN, KEPT_BEFORE, READABLE_OWN)
        .done(DONE.because("Signed in, and Sec-Fetch-Site is “same-origin”: the guard accepts the request.")),
        record(
            "csrf-same-site-open",
            "A same-site form, at an endpoint without a guard",
            "“SameSite protects against CSRF.” Against other sites, yes. Another port or another subdomain belongs to \
             the same site.",
            LAX,
            action(Step::form(SameSite)),
        )
        .predict(posted, same_site, KEPT_BEFORE, FRAME_IS_CLOSED)
        .done(attack_works),
        record(
            "csrf-same-site-strict",
            "A same-site form, with SameSite=Strict",
            "The strictest kind of cookie. It makes no difference within a site.",
            "HttpOnly; SameSite=Strict",
            action(Step::form(SameSite)),
        )
        .predict(posted, same_site, KEPT_BEFORE, FRAME_IS_CLOSED)
        .done(attack_works),
        record(
            "csrf-same-site-guarded",
            "A same-site form, at the guarded endpoint",
            "The same form and the same cookie. The guard that protects this app's own pages is in front.",
            LAX,
            action(Step::form(SameSite)).guarded(),
        )
        .predict(posted, same_site, KEPT_BEFORE, FRAME_IS_CLOSED)
        .done(REFUSED.by(METADATA, "Sec-Fetch-Site is “same-site”. The guard requires “same-origin”.")),
        record(
            "csrf-cross-site-lax",
            "A cross-site form, with SameSite=Lax",
            "The textbook attack, which browsers stop by now.",
            LAX,
            action(Step::form(CrossSite)),
        )
        .predict(posted, held_back, KEPT_BEFORE, FRAME_IS_CLOSED)
        .done(not_sent)
        .except(WebKit, Question::Sent, Value::Yes, WEBKIT_TOP)
        .except(WebKit, Question::Done, Value::Yes, WEBKIT_TOP),
        record(
            "csrf-cross-site-none",
            "A cross-site form, with SameSite=None",
            "An API that other sites call with cookies needs this cookie. Then every site can use it.",
            NONE_SECURE,
            action(Step::form(CrossSite)),
        )
        .predict(posted, across, KEPT_BEFORE, FRAME_IS_CLOSED)
        .done(attack_works)
        .except(Firefox, Question::Sent, Value::No, FIREFOX_PARTITIONS)
        .except(Firefox, Question::Done, Value::No, FIREFOX_PARTITIONS)
        .except(WebKit, Question::Stored, Value::No, WEBKIT_SECURE)
        .except(WebKit, Question::Sent, Value::No, NEVER_KEPT)
        .except(WebKit, Question::Done, Value::No, NEVER_KEPT),
        record(
            "csrf-cross-site-guarded",
            "A cross-site form, at the guarded endpoint",
            "The weakest cookie and another site, against the guard.",
            NONE_SECURE,
            action(Step::form(CrossSite)).guarded(),
        )
        .predict(posted, across, KEPT_BEFORE, FRAME_IS_CLOSED)
        .done(REFUSED.by(METADATA, "Sec-Fetch-Site is “cross-site”. The guard requires “same-origin”."))
        .except(Firefox, Question::Sent, Value::No, FIREFOX_PARTITIONS)
        .except(WebKit, Question::Stored, Value::No, WEBKIT_SECURE)
        .except(WebKit, Question::Sent, Value::No, NEVER_KEPT),
    ]
}
