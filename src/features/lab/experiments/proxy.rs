//! Solution 2: a path on the page's own origin that hands requests on to the other server.

use super::verdicts::{KEPT, KEPT_BEFORE, NETWORK, NO_COOKIE_YET, OWN, READABLE_OWN, SENT_HOME};
use crate::features::lab::experiment::{Answer, Cookie, Experiment, Group::Proxy, Needs, Place::House, Step, Verdict};

pub(super) fn all() -> Vec<Experiment> {
    let sign_in = Step::post(House).proxied().answer(Answer::silent().sets(Cookie::new("HttpOnly; SameSite=Lax")));
    let ask = Step::get(House).proxied().answer(Answer::silent().needs(Needs::Cookie));
    let handed_on = Verdict {
        reason: "To the browser it stays at home. The proxy hands it on, and CORS knows nothing of proxies.",
        ..OWN
    };
    let kept = Verdict {
        spec: NETWORK,
        ..KEPT
            .because("The same fetch as in the essay, without a word about credentials. At home they always go along.")
    };
    vec![
        Experiment::new(
            "proxy-sign-in",
            Proxy,
            "Signing in through a path of our own",
            "Solution 2, and why it works: there is no other origin any more, as far as the browser can tell.",
            sign_in.clone(),
        )
        .foresee(handed_on, NO_COOKIE_YET, kept, READABLE_OWN),
        Experiment::new(
            "proxy-ask",
            Proxy,
            "And then asking through it",
            "The other server sees the cookie that it set itself.",
            ask,
        )
        .after(sign_in)
        .foresee(handed_on, SENT_HOME, KEPT_BEFORE, READABLE_OWN),
    ]
}
