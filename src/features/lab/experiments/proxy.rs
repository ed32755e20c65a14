//! Solution 2 of the essay: a path on the page's own origin that forwards requests to the other server.

use super::verdicts::{
    COOKIE_KEPT, KEPT, KEPT_BEFORE, NETWORK, NO_COOKIE_YET, OWN, READABLE_OWN, SENT_TO_OWN, STORAGE,
};
use crate::features::lab::{
    answer::{Answer, Cookie, Needs},
    experiment::{Experiment, Group::Proxy},
    origins::Origin::App,
    prediction::{Value, Verdict},
    step::Step,
};

pub(super) fn all() -> Vec<Experiment> {
    let sign_in = Step::post(App).proxied().answer(Answer::silent().sets(Cookie::new("HttpOnly; SameSite=Lax")));
    let request = Step::get(App).proxied().answer(Answer::silent().needs(Needs::Cookie));
    let forwarded = OWN.because(
        "To the browser, the request goes to the page's own origin. The proxy forwards it, and CORS does not apply to \
         proxies.",
    );
    let kept = KEPT.by(
        NETWORK,
        "The same fetch as in the essay, without a credentials option. On the page's own origin cookies always take \
         part.",
    );
    vec![
        Experiment::new(
            "proxy-sign-in",
            Proxy,
            "Signing in through a path of our own origin",
            "Solution 2. It works because the browser no longer sees a second origin.",
            sign_in.clone(),
        )
        .predict(forwarded, NO_COOKIE_YET, kept, READABLE_OWN),
        Experiment::new(
            "proxy-domain",
            Proxy,
            "A proxy that leaves the Domain of the cookie",
            "The server behind the proxy sets its cookie for its own name, and the proxy hands it on as it is.",
            Step::post(App)
                .proxied()
                .answer(Answer::silent().sets(Cookie::new("HttpOnly; SameSite=Lax; Domain=api.example.com"))),
        )
        .predict(
            forwarded,
            NO_COOKIE_YET,
            Verdict {
                value: Value::No,
                otherwise: COOKIE_KEPT,
                ..kept.by(STORAGE, "To the browser the response comes from this host, which is not below the Domain.")
            },
            READABLE_OWN,
        )
        .shows(&["proxy"]),
        Experiment::new(
            "proxy-ask",
            Proxy,
            "The next request through the proxy",
            "The other server receives the cookie that it set.",
            request,
        )
        .after(sign_in)
        .predict(forwarded, SENT_TO_OWN, KEPT_BEFORE, READABLE_OWN),
    ]
}
