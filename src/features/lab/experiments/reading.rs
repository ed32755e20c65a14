//! Who may read an answer.

use super::verdicts::{
    ARRIVES, ASKED_FIRST, CORS_CHECK, NO_COOKIE_YET, NO_HEADER, NOTHING_TO_READ, OPAQUE, OWN, READABLE_BY_ANYBODY,
    READABLE_BY_NAME, READABLE_OWN, SETS_NONE, STOPPED_BY_PREFLIGHT,
};
use crate::features::lab::experiment::{Answer, Experiment, Group::Reading, Place, Spec, Step, Verdict};

pub(super) fn all() -> Vec<Experiment> {
    let record = |id, title, claim, request, reached: Verdict, read: Verdict| {
        Experiment::new(id, Reading, title, claim, request).foresee(reached, NO_COOKIE_YET, SETS_NONE, read)
    };
    let named = |verdict: Verdict, spec: Spec, reason| Verdict { reason, spec, ..verdict };
    vec![
        record(
            "reading-own",
            "The page asks its own origin",
            "Nothing special happens here. It is what all the others are measured by.",
            Step::get(Place::House).answer(Answer::silent()),
            OWN,
            READABLE_OWN,
        ),
        record(
            "reading-silent",
            "Another port, and not a word about CORS",
            "“The browser rejects the request.” It does not: the server is asked, and it answers. Only the page never learns what.",
            Step::get(Place::Neighbour).answer(Answer::silent()),
            ARRIVES,
            NO_HEADER,
        ),
        record(
            "reading-post",
            "A POST, and not a word about CORS",
            "“The browser will not let any request sneak through.” What a form could send as well goes through, and does its work.",
            Step::post(Place::Neighbour).answer(Answer::silent()),
            ARRIVES,
            NO_HEADER,
        ),
        record(
            "reading-exact",
            "The server names our origin",
            "This is what CORS is for: the server tells the browser whose pages may read its answers.",
            Step::get(Place::Neighbour).answer(Answer::exact()),
            ARRIVES,
            READABLE_BY_NAME,
        ),
        record(
            "reading-stranger",
            "Another site names our origin",
            "For reading, it makes no difference whether the other origin belongs to the same site.",
            Step::get(Place::Stranger).answer(Answer::exact()),
            ARRIVES,
            READABLE_BY_NAME,
        ),
        record(
            "reading-star",
            "The server allows everybody",
            "“*” is right for what is public and asked without cookies.",
            Step::get(Place::Neighbour).answer(Answer::any()),
            ARRIVES,
            READABLE_BY_ANYBODY,
        ),
        record(
            "reading-null",
            "The server allows the origin “null”",
            "Looks like “nobody” and means the opposite: any page can make itself “null” in a sandboxed frame. This page is not.",
            Step::get(Place::Neighbour).answer(Answer::null()),
            ARRIVES,
            named(
                NO_HEADER,
                CORS_CHECK,
                "“null” is not the origin of this page, and nothing but the origin or “*” will do.",
            ),
        ),
        record(
            "reading-opaque",
            "The page does not even ask to read",
            "“mode: 'no-cors' makes the error go away.” So it does, and the answer with it.",
            Step::get(Place::Neighbour).no_cors().answer(Answer::exact()),
            ARRIVES,
            named(
                NO_HEADER,
                OPAQUE,
                "The answer is opaque: no status, no header, no body, whatever the server allows.",
            ),
        ),
        record(
            "reading-preflight",
            "A header of our own, and the server allows it",
            "What no form could send, the browser asks for first. Two requests then, where the page sees one.",
            Step::get(Place::Neighbour).header("x-lab", "1").answer(Answer::exact().headers("x-lab")),
            ASKED_FIRST,
            READABLE_BY_NAME,
        ),
        record(
            "reading-preflight-refused",
            "A header of our own, and the server does not allow it",
            "Here alone the browser really does hold the request back: the server sees the question and nothing else.",
            Step::get(Place::Neighbour).header("x-lab", "1").answer(Answer::exact()),
            STOPPED_BY_PREFLIGHT,
            NOTHING_TO_READ,
        ),
    ]
}
