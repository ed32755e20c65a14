//! Which page may read a response.

use super::verdicts::{
    ARRIVES, CORS_CHECK, NO_COOKIE_YET, NO_HEADER, NOTHING_TO_READ, OPAQUE, OWN, PREFLIGHT_PASSES, READABLE_BY_ANYONE,
    READABLE_BY_NAME, READABLE_OWN, SETS_NONE, STOPPED_BY_PREFLIGHT,
};
use crate::features::lab::{
    answer::Answer,
    experiment::{Experiment, Group::Reading},
    origins::Origin,
    prediction::Verdict,
    step::Step,
};

pub(super) fn all() -> Vec<Experiment> {
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
        ),
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
        ),
    ]
}
