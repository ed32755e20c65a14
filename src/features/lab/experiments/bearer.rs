//! Tokens: what the code that asks brings by itself.

use super::verdicts::{
    ARRIVES, ASKED_FIRST, BEARER, DONE, FORMS, FRAME_IS_CLOSED, INCLUDED, KEPT_BEFORE, LEFT_AT_HOME,
    NO_ALLOW_CREDENTIALS, NO_COOKIE_YET, NOT_DONE, NOTHING_TO_READ, READABLE_BY_NAME, SETS_NONE, STOPPED_BY_PREFLIGHT,
};
use crate::features::lab::experiment::{
    Answer, Cookie, Experiment,
    Group::Bearer,
    Needs,
    Place::{Neighbour, Stranger},
    Step, Verdict,
};

/// What the token door answers: for named origins, never with credentials.
fn token_door() -> Answer {
    Answer::exact().headers("authorization, content-type").needs(Needs::Token).deed()
}

pub(super) fn all() -> Vec<Experiment> {
    let record = |id, title, claim, request| Experiment::new(id, Bearer, title, claim, request);
    let with_cookie = Step::post(Neighbour)
        .include()
        .answer(Answer::exact().credentials().sets(Cookie::new("HttpOnly; SameSite=Lax")));
    let done = Verdict {
        spec: BEARER,
        otherwise: "The token did not arrive.",
        ..DONE.because("The token is there, so the server knows who asks. It looks at nothing else.")
    };
    let not_done = Verdict {
        spec: BEARER,
        otherwise: "The server did it without a token. That is a fault of ours.",
        ..NOT_DONE.because("No token, no deed: the answer is 401.")
    };
    vec![
        record(
            "bearer",
            "With a token, from another port",
            "Solution 1. A header of its own, so the browser asks first. And there is a cookie, which stays at home.",
            Step::post(Neighbour).token().answer(token_door()),
        )
        .after(with_cookie.clone())
        .foresee(ASKED_FIRST, LEFT_AT_HOME, KEPT_BEFORE, READABLE_BY_NAME)
        .done(done),
        record(
            "bearer-stranger",
            "With a token, from another site",
            "To a token, sites and ports are all the same.",
            Step::post(Stranger).token().answer(token_door()),
        )
        .foresee(ASKED_FIRST, NO_COOKIE_YET, SETS_NONE, READABLE_BY_NAME)
        .done(done),
        record(
            "bearer-missing",
            "Without a token",
            "Refused, and in words that the page can read: CORS stands before the door.",
            Step::post(Neighbour).answer(token_door()),
        )
        .foresee(
            ARRIVES,
            NO_COOKIE_YET,
            SETS_NONE,
            READABLE_BY_NAME.because("The refusal names the page's origin, too."),
        )
        .done(not_done),
        record(
            "bearer-cookie",
            "With a cookie instead of a token",
            "The cookie arrives, and counts for nothing.",
            Step::post(Neighbour).include().answer(token_door()),
        )
        .after(with_cookie)
        .foresee(
            ARRIVES,
            INCLUDED,
            KEPT_BEFORE,
            NO_ALLOW_CREDENTIALS.because("The token door never allows credentials: who sends cookies gains nothing."),
        )
        .done(not_done),
        record(
            "bearer-unlisted",
            "With a token, and the preflight does not allow Authorization",
            "The header that is forgotten most often.",
            Step::post(Neighbour).token().answer(token_door().headers("content-type")),
        )
        .foresee(STOPPED_BY_PREFLIGHT, NO_COOKIE_YET, SETS_NONE, NOTHING_TO_READ)
        .done(not_done.because("The request was never made.")),
        record(
            "bearer-form",
            "A stranger's form, at the token door",
            "CSRF again, at the other door.",
            Step::form(Stranger).answer(token_door()),
        )
        .foresee(
            Verdict { reason: "Any page may post a form to anybody.", ..ARRIVES },
            NO_COOKIE_YET,
            SETS_NONE,
            FRAME_IS_CLOSED,
        )
        .done(Verdict {
            spec: FORMS,
            ..not_done.because("A form cannot set headers, and no browser adds a token by itself.")
        }),
    ]
}
