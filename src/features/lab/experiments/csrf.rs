//! Requests that the person did not mean to make.

use super::verdicts::{
    ARRIVES, DONE, FRAME_IS_CLOSED, KEPT_BEFORE, METADATA, NEVER_KEPT, NOT_DONE, OWN, READABLE_OWN, REFUSED, SAME_SITE,
    SENT_HOME, STORAGE, WEBKIT_SECURE,
};
use crate::features::lab::experiment::{
    Answer, Cookie,
    Engine::{Firefox, WebKit},
    Experiment,
    Group::Csrf,
    Needs,
    Place::{House, Neighbour, Stranger},
    Step, Value, Verdict, What,
};

/// Signing in at the house.
fn signed_in(attributes: &'static str) -> Step {
    Step::post(House).answer(Answer::silent().sets(Cookie::new(attributes)))
}

/// What an attacker wants done.
fn deed(step: Step) -> Step {
    step.answer(Answer::silent().needs(Needs::Cookie).deed())
}

/// Firefox calls it Total Cookie Protection.
const FIREFOX_APART: &str = "Firefox keeps the cookies of a frame apart that lies inside of another site's page, so the house's \
     own cookie is not there.";

/// Seen, not read anywhere: the frame with the form lies inside of a page of the house.
const WEBKIT_TOP: &str = "Below a page of the house WebKitGTK sends it all the same. It seems to go by the page at the top, not by \
     the one that posts.";

const LAX: &str = "HttpOnly; SameSite=Lax";
const NONE_SECURE: &str = "HttpOnly; SameSite=None; Secure";

pub(super) fn all() -> Vec<Experiment> {
    let record =
        |id, title, claim, cookie, request| Experiment::new(id, Csrf, title, claim, request).after(signed_in(cookie));
    let posted = Verdict { reason: "Any page may post a form to anybody. CORS is not even asked.", ..ARRIVES };
    let same_site = Verdict {
        spec: SAME_SITE,
        otherwise: "Your browser treats another port as another site, or blocks cookies in frames.",
        ..SENT_HOME
            .because("The form stands on another origin of the same site, and SameSite asks for no more than that.")
    };
    let held_back = Verdict {
        value: Value::No,
        spec: SAME_SITE,
        otherwise: "Your browser sends a SameSite cookie with a form of another site.",
        ..SENT_HOME.because("The form comes from another site, so Lax holds the cookie back.")
    };
    let across = Verdict {
        spec: SAME_SITE,
        otherwise: "Your browser blocks third-party cookies, or does not count this address as secure.",
        ..SENT_HOME.because("SameSite=None goes along from anywhere.")
    };
    let kept_secure = Verdict { spec: STORAGE, ..KEPT_BEFORE };
    let attack_works = Verdict {
        otherwise: "No cookie came with the form, so there was nobody to act for.",
        ..DONE.because("The cookie came along, and that is all this door wants to see. The attack works.")
    };
    let luck =
        NOT_DONE.because("No cookie came along, so there was nobody to act for. SameSite has helped, this time.");
    vec![
        record(
            "csrf-own",
            "Our own page, at the guarded door",
            "What ought to work, works.",
            LAX,
            deed(Step::post(House)).guarded(),
        )
        .foresee(OWN, SENT_HOME, KEPT_BEFORE, READABLE_OWN)
        .done(DONE.because("Signed in, and Sec-Fetch-Site says “same-origin”: the guard lets it pass.")),
        record(
            "csrf-neighbour-open",
            "The neighbour's form, at a door without a guard",
            "“SameSite protects from CSRF.” From strangers. Another port, or another subdomain, is no stranger.",
            LAX,
            deed(Step::form(Neighbour)),
        )
        .foresee(posted, same_site, KEPT_BEFORE, FRAME_IS_CLOSED)
        .done(attack_works),
        record(
            "csrf-neighbour-strict",
            "The neighbour's form, with SameSite=Strict",
            "The strictest cookie there is. It makes no difference to a neighbour.",
            "HttpOnly; SameSite=Strict",
            deed(Step::form(Neighbour)),
        )
        .foresee(posted, same_site, KEPT_BEFORE, FRAME_IS_CLOSED)
        .done(attack_works),
        record(
            "csrf-neighbour-guarded",
            "The neighbour's form, at the guarded door",
            "The same form, the same cookie, and the guard of our session door in between.",
            LAX,
            deed(Step::form(Neighbour)).guarded(),
        )
        .foresee(posted, same_site, KEPT_BEFORE, FRAME_IS_CLOSED)
        .done(Verdict {
            spec: METADATA,
            ..REFUSED.because("Sec-Fetch-Site says “same-site”. The guard wants “same-origin”.")
        }),
        record(
            "csrf-stranger-lax",
            "A stranger's form, and the cookie is Lax",
            "The textbook attack. Browsers have come a long way.",
            LAX,
            deed(Step::form(Stranger)),
        )
        .foresee(posted, held_back, KEPT_BEFORE, FRAME_IS_CLOSED)
        .done(luck)
        .except(WebKit, What::Sent, Value::Yes, WEBKIT_TOP)
        .except(WebKit, What::Done, Value::Yes, WEBKIT_TOP),
        record(
            "csrf-stranger-none",
            "A stranger's form, and the cookie is SameSite=None",
            "What an API needs that is used across sites with cookies. Every site can use it then.",
            NONE_SECURE,
            deed(Step::form(Stranger)),
        )
        .foresee(posted, across, kept_secure, FRAME_IS_CLOSED)
        .done(attack_works)
        .except(Firefox, What::Sent, Value::No, FIREFOX_APART)
        .except(Firefox, What::Done, Value::No, FIREFOX_APART)
        .except(WebKit, What::Stored, Value::No, WEBKIT_SECURE)
        .except(WebKit, What::Sent, Value::No, NEVER_KEPT)
        .except(WebKit, What::Done, Value::No, NEVER_KEPT),
        record(
            "csrf-stranger-guarded",
            "A stranger's form, at the guarded door",
            "The weakest cookie, the worst origin, and the guard.",
            NONE_SECURE,
            deed(Step::form(Stranger)).guarded(),
        )
        .foresee(posted, across, kept_secure, FRAME_IS_CLOSED)
        .done(Verdict {
            spec: METADATA,
            ..REFUSED.because("Sec-Fetch-Site says “cross-site”. The guard wants “same-origin”.")
        })
        .except(Firefox, What::Sent, Value::No, FIREFOX_APART)
        .except(WebKit, What::Stored, Value::No, WEBKIT_SECURE)
        .except(WebKit, What::Sent, Value::No, NEVER_KEPT),
    ]
}
