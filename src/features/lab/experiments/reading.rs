//! Which page may read a response.

use super::verdicts::{
    ARRIVES, CORS_CHECK, EXPOSE, NO_COOKIE_YET, NO_HEADER, NOTHING_TO_READ, OPAQUE, OWN, POLICY, PREFLIGHT,
    PREFLIGHT_PASSES, READABLE_BY_ANYONE, READABLE_BY_NAME, READABLE_OWN, SETS_NONE, STOPPED_BY_PREFLIGHT, connects,
};
use crate::features::lab::{
    answer::{Answer, Needs, Preflight},
    experiment::{Experiment, Group::Reading},
    origins::Origin,
    prediction::{Question, Value, Verdict},
    step::{FramePage, Step},
};

pub(super) fn all() -> Vec<Experiment> {
    [basics(), causes()].concat()
}

fn basics() -> Vec<Experiment> {
    let record = |id, title, claim, request, reached: Verdict, read: Verdict| {
        Experiment::new(id, Reading, title, claim, request).predict(reached, NO_COOKIE_YET, SETS_NONE, read)
    };
    vec![
        record(
            "reading-own",
            "The page calls its own origin",
            "The baseline. CORS plays no part here.",
            Step::get(Origin::App).answer(Answer::silent()),
            OWN,
            READABLE_OWN,
        ),
        record(
            "reading-silent",
            "Another port, without CORS headers",
            "“The browser rejects the request.” It does not. The server receives the request and responds. The browser \
             only keeps the response from the page.",
            Step::get(Origin::SameSite).answer(Answer::silent()),
            ARRIVES,
            NO_HEADER,
        )
        .shows(&["origin-not-allowed"]),
        record(
            "reading-post",
            "A POST, without CORS headers",
            "“The browser lets no request through.” A POST that a form could also send goes through, and the server \
             acts on it.",
            Step::post(Origin::SameSite).answer(Answer::silent()),
            ARRIVES,
            NO_HEADER,
        ),
        record(
            "reading-exact",
            "The server names our origin",
            "The purpose of CORS: the server tells the browser whose pages may read its responses.",
            Step::get(Origin::SameSite).answer(Answer::exact()),
            ARRIVES,
            READABLE_BY_NAME,
        ),
        record(
            "reading-cross-site",
            "A server on another site names our origin",
            "For reading, it does not matter whether the other origin belongs to the same site.",
            Step::get(Origin::CrossSite).answer(Answer::exact()),
            ARRIVES,
            READABLE_BY_NAME,
        ),
        record(
            "reading-star",
            "The server allows every origin",
            "“*” is right for public data that is requested without cookies.",
            Step::get(Origin::SameSite).answer(Answer::any()),
            ARRIVES,
            READABLE_BY_ANYONE,
        ),
        record(
            "reading-null",
            "The server allows the origin “null”",
            "It looks like “no one” and means the opposite: any page can get the origin “null” in a sandboxed frame. \
             This page is not in one.",
            Step::get(Origin::SameSite).answer(Answer::null()),
            ARRIVES,
            NO_HEADER.by(CORS_CHECK, "The page's origin is not “null”. Only its exact origin or “*” would do."),
        )
        .explaining(&["origin_null"]),
        record(
            "reading-opaque",
            "The page sets mode: “no-cors”",
            "“mode: 'no-cors' makes the error go away.” It also makes the response unreadable.",
            Step::get(Origin::SameSite).no_cors().answer(Answer::exact()),
            ARRIVES,
            NO_HEADER
                .by(OPAQUE, "The response is opaque: no status, no headers and no body, whatever the server allows."),
        ),
        record(
            "reading-preflight",
            "A custom header that the server allows",
            "A form could not send this header, so the browser sends a preflight first. The server sees two requests \
             where the page sees one.",
            Step::get(Origin::SameSite).header("x-lab", "1").answer(Answer::exact().headers("x-lab")),
            PREFLIGHT_PASSES,
            READABLE_BY_NAME,
        ),
        record(
            "reading-preflight-refused",
            "A custom header that the server does not allow",
            "The only case in which the browser holds the request back: the server receives the preflight and nothing \
             else.",
            Step::get(Origin::SameSite).header("x-lab", "1").answer(Answer::exact()),
            STOPPED_BY_PREFLIGHT,
            NOTHING_TO_READ,
        )
        .shows(&["header-not-allowed"]),
    ]
}

/// Causes that the setup doctor knows, of which the request or the page is to blame alone.
fn causes() -> Vec<Experiment> {
    let record = |id, title, claim, request, reached: Verdict, read: Verdict| {
        Experiment::new(id, Reading, title, claim, request).predict(reached, NO_COOKIE_YET, SETS_NONE, read)
    };
    let header = |value, reason, otherwise| Verdict { value, reason, spec: EXPOSE, otherwise };
    let with_header = |answer: Answer| Step::get(Origin::SameSite).header("x-lab", "1").answer(answer.headers("x-lab"));
    let whole = Answer::exact().headers("x-lab");
    vec![
        record(
            "reading-other-port",
            "The server names its own origin",
            "The right host with the wrong port. An origin is scheme, host and port, and all three are compared.",
            Step::get(Origin::SameSite).answer(Answer::itself()),
            ARRIVES,
            NO_HEADER.by(CORS_CHECK, "The page's origin has another port than the one that is named."),
        )
        .shows(&["port-or-scheme"]),
        record(
            "reading-hidden",
            "A response header that is not exposed",
            "The page can read the response and its body. Of the headers it sees seven only, and those that the \
             server exposes.",
            Step::get(Origin::SameSite).answer(Answer::exact().header(false)),
            ARRIVES,
            READABLE_BY_NAME,
        )
        .also(
            Question::Exposed,
            header(
                Value::No,
                "Access-Control-Expose-Headers does not name it. The page cannot tell it from one that was not sent.",
                "Your browser shows the page a header that the server does not expose.",
            ),
        )
        .shows(&["header-not-exposed"]),
        record(
            "reading-exposed",
            "A response header that is exposed",
            "The same response, with one more header.",
            Step::get(Origin::SameSite).answer(Answer::exact().header(true)),
            ARRIVES,
            READABLE_BY_NAME,
        )
        .also(
            Question::Exposed,
            header(
                Value::Yes,
                "Access-Control-Expose-Headers names it.",
                "Something removed the header on its way: an extension or a filter.",
            ),
        ),
        record(
            "reading-preflight-401",
            "The preflight is answered 401",
            "Middleware that asks for a credential before CORS is handled. A preflight never carries one.",
            with_header(whole.clone().preflight(Preflight::Refused)),
            STOPPED_BY_PREFLIGHT.by(
                PREFLIGHT,
                "Every header is in place, but the status of the preflight is not 2xx. So the request is never made.",
            ),
            NOTHING_TO_READ,
        )
        .shows(&["preflight"]),
        record(
            "reading-preflight-redirected",
            "The preflight is redirected",
            "A slash is missing at the end of the URL, or http is sent on to https. A preflight does not follow.",
            with_header(whole.preflight(Preflight::Redirected)),
            STOPPED_BY_PREFLIGHT.by(PREFLIGHT, "A redirect is not 2xx either, and a preflight follows none."),
            NOTHING_TO_READ,
        )
        .shows(&["preflight"]),
        record(
            "reading-error-bare",
            "A 401 without CORS headers",
            "The server adds its CORS headers to successes only. The page sees a network error in place of the 401.",
            Step::get(Origin::SameSite).answer(Answer::exact().needs(Needs::Token).bare_errors()),
            ARRIVES,
            NO_HEADER.by(CORS_CHECK, "An error needs the same headers as a success. This one has none."),
        )
        .shows(&["errors"]),
        record(
            "reading-policy",
            "The page's own policy does not list the server",
            "The Content-Security-Policy of the page in the frame lists its own origin only. The server has no part in \
             it.",
            Step::get(Origin::App).from(Origin::SameSite).on(FramePage::Closed).answer(Answer::any()),
            connects(POLICY, "connect-src of the page does not list the origin, so no connection is made."),
            NOTHING_TO_READ.by(POLICY, "The page gets the error of a failed network. The console names the directive."),
        )
        .shows(&["policy"]),
    ]
}
