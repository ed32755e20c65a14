//! Bearer tokens, which the page's own code adds to a request.

use super::verdicts::{
    ARRIVES, BEARER, DONE, FORMS, FRAME_IS_CLOSED, INCLUDED, KEPT_BEFORE, NO_ALLOW_CREDENTIALS, NO_COOKIE_YET,
    NOT_DONE, NOT_SENT, NOTHING_TO_READ, PREFLIGHT_PASSES, READABLE_BY_NAME, SETS_NONE, STOPPED_BY_PREFLIGHT,
};
use crate::features::lab::{
    answer::{Answer, Cookie, Needs},
    experiment::{Experiment, Group::Bearer},
    origins::Origin::{CrossSite, SameSite},
    prediction::Verdict,
    step::Step,
};

/// A response as the token door gives it: for named origins, never with credentials.
fn token_door() -> Answer {
    Answer::exact().headers("authorization, content-type").needs(Needs::Token).side_effect()
}

pub(super) fn all() -> Vec<Experiment> {
    let record = |id, title, claim, request| Experiment::new(id, Bearer, title, claim, request);
    let with_cookie = Step::post(SameSite)
        .include()
        .answer(Answer::exact().credentials().sets(Cookie::new("HttpOnly; SameSite=Lax")));
    let done = Verdict {
        otherwise: "The token did not arrive.",
        ..DONE.by(BEARER, "The token identifies the caller. The server checks nothing else.")
    };
    let not_done = Verdict {
        otherwise: "The server acted without a token. That is a bug in this app.",
        ..NOT_DONE.by(BEARER, "Without a token the response is 401.")
    };
    vec![
        record(
            "bearer",
            "With a token, from another port",
            "Solution 1 of the essay. The token travels in a header, so the browser sends a preflight. A cookie for \
             this server exists and is not sent.",
            Step::post(SameSite).token().answer(token_door()),
        )
        .after(with_cookie.clone())
        .predict(PREFLIGHT_PASSES, NOT_SENT, KEPT_BEFORE, READABLE_BY_NAME)
        .done(done)
        .explaining(&["token_at_session_door"]),
        record(
            "bearer-cross-site",
            "With a token, from another site",
            "Sites and ports make no difference to a token.",
            Step::post(CrossSite).token().answer(token_door()),
        )
        .predict(PREFLIGHT_PASSES, NO_COOKIE_YET, SETS_NONE, READABLE_BY_NAME)
        .done(done),
        record(
            "bearer-missing",
            "Without a token",
            "The server refuses, and the page can read why: CORS headers are sent with errors, too.",
            Step::post(SameSite).answer(token_door()),
        )
        .predict(
            ARRIVES,
            NO_COOKIE_YET,
            SETS_NONE,
            READABLE_BY_NAME.because("The error response names the page's origin, too."),
        )
        .done(not_done),
        record(
            "bearer-cookie",
            "With a cookie instead of a token",
            "The cookie arrives and is ignored.",
            Step::post(SameSite).include().answer(token_door()),
        )
        .after(with_cookie)
        .predict(
            ARRIVES,
            INCLUDED,
            KEPT_BEFORE,
            NO_ALLOW_CREDENTIALS.because(
                "The token door never allows credentials, so a page that sends cookies cannot read the \
                          response.",
            ),
        )
        .done(not_done)
        .explaining(&["cookie_at_token_door"]),
        record(
            "bearer-unlisted",
            "With a token, but the preflight does not allow Authorization",
            "The header that is forgotten most often.",
            Step::post(SameSite).token().answer(token_door().headers("content-type")),
        )
        .predict(STOPPED_BY_PREFLIGHT, NO_COOKIE_YET, SETS_NONE, NOTHING_TO_READ)
        .done(not_done.because("The request was never made.")),
        record(
            "bearer-include",
            "With a token, and with credentials",
            "The call needs no cookie, and asks for them all the same: credentials: “include” beside Authorization.",
            Step::post(SameSite).include().token().answer(token_door()),
        )
        .predict(
            STOPPED_BY_PREFLIGHT
                .because("The token door never allows credentials, so the preflight fails for a call with them."),
            NO_COOKIE_YET,
            SETS_NONE,
            NOTHING_TO_READ,
        )
        .done(not_done.because("The request was never made."))
        .shows(&["credentials-needless"]),
        record(
            "bearer-form",
            "A cross-site form, at the token door",
            "CSRF, tried at the token door.",
            Step::form(CrossSite).answer(token_door()),
        )
        .predict(ARRIVES.because("Any page may post a form to any server."), NO_COOKIE_YET, SETS_NONE, FRAME_IS_CLOSED)
        .done(not_done.by(FORMS, "A form cannot set headers, and a browser never adds a token by itself.")),
    ]
}
