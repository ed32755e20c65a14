//! Which cookies are stored, and which are sent.

use super::{
    prefixes,
    verdicts::{
        ARRIVES, CHIPS, COOKIE_KEPT, COOKIES_BLOCKED, DROPPED, INCLUDED, KEPT, KEPT_BEFORE, KEPT_SECURE, KEPT_UNREAD,
        NEVER_KEPT, NO_ALLOW_CREDENTIALS, NO_COOKIE_YET, NOT_FROM_ANOTHER_SITE, NOT_SENT, PORTS, PREFIXES,
        READABLE_BY_NAME, READABLE_OWN, READABLE_WITH_COOKIES, RETRIEVAL, SAME_SITE, STAR_WITH_COOKIES, STORAGE,
        TRUSTWORTHY, WEBKIT_PARTITIONED, WEBKIT_SECURE,
    },
};
use crate::features::lab::{
    answer::{Answer, Cookie},
    experiment::{Experiment, Group::Cookies},
    origins::Origin::{self, App, CrossSite, SameSite},
    prediction::{
        Engine::{Firefox, WebKit},
        Question, Spec, Value, Verdict,
    },
    step::Step,
};

const LAX: &str = "HttpOnly; SameSite=Lax";
const NONE_SECURE: &str = "HttpOnly; SameSite=None; Secure";

/// A response that a page may read with credentials, and that sets `cookie`.
fn setting(cookie: Cookie) -> Answer {
    Answer::exact().credentials().sets(cookie)
}

fn record(id: &'static str, title: &'static str, claim: &'static str, request: Step) -> Experiment {
    Experiment::new(id, Cookies, title, claim, request)
}

/// A request with credentials that sets a cookie.
fn post(to: Origin, attributes: &'static str) -> Step {
    Step::post(to).include().answer(setting(Cookie::new(attributes)))
}

/// A request with credentials.
fn get(to: Origin) -> Step {
    Step::get(to).include().answer(Answer::exact().credentials())
}

fn not(spec: Spec, reason: &'static str) -> Verdict {
    Verdict { value: Value::No, reason, spec, otherwise: COOKIE_KEPT }
}

pub(super) fn all() -> Vec<Experiment> {
    [credentials(), ports(), shadowed(), cross_site(), secure(), prefixes::all()].concat()
}

/// The `credentials` option and `Access-Control-Allow-Credentials`.
fn credentials() -> Vec<Experiment> {
    vec![
        record(
            "cookie-default",
            "Set-Cookie, and a fetch without the credentials option",
            "“The browser strips Set-Cookie headers.” This is the case in which it does: the page can read the \
             response, and the cookie is not stored.",
            Step::post(SameSite).answer(setting(Cookie::new(LAX))),
        )
        .predict(ARRIVES, NO_COOKIE_YET, DROPPED, READABLE_BY_NAME)
        .shows(&["credentials-not-set"]),
        record(
            "cookie-unread",
            "With credentials that the server does not allow",
            "The console shows an error, as if the request had failed. The cookie is stored all the same.",
            Step::post(SameSite).include().answer(Answer::exact().sets(Cookie::new(LAX))),
        )
        .predict(ARRIVES, NO_COOKIE_YET, KEPT_UNREAD, NO_ALLOW_CREDENTIALS)
        .explaining(&["credentialed_cors"])
        .shows(&["credentials-not-allowed"]),
        record(
            "cookie-both",
            "With credentials that the server allows",
            "Page and server agree. Between two ports of one host this works, also on localhost, with or without dots \
             in the name.",
            post(SameSite, LAX),
        )
        .predict(ARRIVES, NO_COOKIE_YET, KEPT, READABLE_WITH_COOKIES),
        record(
            "cookie-star",
            "With credentials, and the server allows “*”",
            "The usual first try. The browser keeps the response from the page and stores the cookie.",
            Step::post(SameSite).include().answer(Answer::any().credentials().sets(Cookie::new(LAX))),
        )
        .predict(ARRIVES, NO_COOKIE_YET, KEPT_UNREAD, STAR_WITH_COOKIES)
        .shows(&["star"]),
        record(
            "cookie-not-sent",
            "A stored cookie, and a fetch without the credentials option",
            "“Existing cookies are attached to every request.” Not to this one. The new cookie is dropped as well.",
            Step::post(SameSite).answer(setting(Cookie::new(LAX))),
        )
        .after(post(SameSite, LAX))
        .predict(ARRIVES, NOT_SENT, DROPPED, READABLE_BY_NAME),
        record(
            "cookie-sent",
            "A stored cookie, and a fetch with credentials",
            "Signed in on the other port, and called from this one.",
            get(SameSite),
        )
        .after(post(SameSite, LAX))
        .predict(ARRIVES, INCLUDED, KEPT_BEFORE, READABLE_WITH_COOKIES),
    ]
}

/// Cookies and ports within a site.
fn ports() -> Vec<Experiment> {
    vec![
        record(
            "cookie-ports",
            "A cookie that one port sets and another receives",
            "“The browser considers the port a part of the domain.” A part of the origin, yes. Cookies ignore ports.",
            get(SameSite),
        )
        .after(Step::post(App).answer(Answer::silent().sets(Cookie::new(LAX))))
        .predict(
            ARRIVES,
            INCLUDED.by(PORTS, "This port set the cookie, and it is sent to every port of the host."),
            KEPT_BEFORE,
            READABLE_WITH_COOKIES,
        )
        .local(),
        record(
            "cookie-script",
            "A script reads the cookie of another port",
            "“The cookie is not set for the frontend's origin.” Cookies have no origin. Unless it is HttpOnly, a \
             script of this page can read a cookie that the other port set.",
            Step::script(),
        )
        .after(post(SameSite, "SameSite=Lax"))
        .predict(
            not(RETRIEVAL, "Reading document.cookie makes no request."),
            not(RETRIEVAL, "There is no request to send it with."),
            KEPT_BEFORE,
            READABLE_OWN.by(PORTS, "Host and path match, so document.cookie has it, whichever port set it."),
        )
        .local(),
        record(
            "samesite-strict",
            "SameSite=Strict, from another port",
            "Strict still allows requests from the same site.",
            get(SameSite),
        )
        .after(post(SameSite, "HttpOnly; SameSite=Strict"))
        .predict(
            ARRIVES,
            INCLUDED.by(SAME_SITE, "Page and server belong to one site, so the request is same-site."),
            KEPT_BEFORE,
            READABLE_WITH_COOKIES,
        ),
        record(
            "samesite-unset",
            "SameSite not set, from another port",
            "The default is Lax, which is enough within a site.",
            get(SameSite),
        )
        .after(post(SameSite, "HttpOnly"))
        .predict(ARRIVES, INCLUDED, KEPT_BEFORE, READABLE_WITH_COOKIES),
    ]
}

/// Two cookies of one name.
fn shadowed() -> Vec<Experiment> {
    let older = Step::post(SameSite).include().answer(setting(Cookie::new(LAX).path("/lab/at")));
    let shadowed = record(
        "cookie-shadowed",
        "An older cookie of the same name, for a longer path",
        "A cookie is known by name, domain and path. Setting it again for another path does not replace it.",
        get(SameSite),
    )
    .after(older)
    .after(post(SameSite, LAX))
    .predict(ARRIVES, INCLUDED, KEPT_BEFORE, READABLE_WITH_COOKIES)
    .also(
        Question::Count,
        Verdict {
            value: Value::Two,
            reason: "Both are sent, the one with the longer path first. A server that reads the first one reads the \
                     older.",
            spec: RETRIEVAL,
            otherwise: COOKIES_BLOCKED,
        },
    )
    .shows(&["shadowed"]);
    vec![shadowed]
}

/// Cookies from another site.
fn cross_site() -> Vec<Experiment> {
    vec![
        record(
            "cross-site-strict",
            "SameSite=Strict, from another site",
            "The same again, but the page is on localhost and the server is 127.0.0.1. To a browser these are two \
             sites.",
            post(CrossSite, "HttpOnly; SameSite=Strict"),
        )
        .predict(ARRIVES, NO_COOKIE_YET, NOT_FROM_ANOTHER_SITE, READABLE_WITH_COOKIES),
        record(
            "cross-site-lax",
            "SameSite=Lax, from another site",
            "Most frameworks set Lax by default. From another site it is dropped as silently as Strict.",
            post(CrossSite, LAX),
        )
        .predict(ARRIVES, NO_COOKIE_YET, NOT_FROM_ANOTHER_SITE, READABLE_WITH_COOKIES)
        .shows(&["same-site"]),
        record(
            "cross-site-unset",
            "SameSite not set, from another site",
            "The default used to be None and is now Lax. Not every browser has changed it.",
            post(CrossSite, "HttpOnly"),
        )
        .predict(
            ARRIVES,
            NO_COOKIE_YET,
            Verdict {
                otherwise: "Your browser does not treat a cookie without SameSite as Lax yet.",
                ..NOT_FROM_ANOTHER_SITE.because(
                    "The default is Lax, and a Lax cookie is not accepted from another \
                                                 site.",
                )
            },
            READABLE_WITH_COOKIES,
        )
        .except(
            Firefox,
            Question::Stored,
            Value::Yes,
            "Firefox does not treat a cookie without SameSite as Lax yet. It stores it in a partition of this page's \
             site.",
        ),
        record(
            "cross-site-none",
            "SameSite=None without Secure, from another site",
            "SameSite=None requires Secure. Without it the cookie is refused.",
            post(CrossSite, "HttpOnly; SameSite=None"),
        )
        .predict(
            ARRIVES,
            NO_COOKIE_YET,
            Verdict {
                otherwise: "Your browser accepts SameSite=None without Secure.",
                ..NOT_FROM_ANOTHER_SITE.because("SameSite=None is refused without Secure.")
            },
            READABLE_WITH_COOKIES,
        ),
        record(
            "cross-site-none-secure",
            "SameSite=None and Secure, from another site",
            "The only cookie that another site can set and receive. Browsers are about to remove this.",
            get(CrossSite),
        )
        .after(post(CrossSite, NONE_SECURE))
        .predict(ARRIVES, INCLUDED, KEPT_SECURE, READABLE_WITH_COOKIES)
        .except(WebKit, Question::Stored, Value::No, WEBKIT_SECURE)
        .except(WebKit, Question::Sent, Value::No, NEVER_KEPT)
        .shows(&["third-party"]),
        record(
            "cross-site-partitioned",
            "Partitioned, from another site",
            "The replacement: the browser keeps a separate cookie for each site that embeds the server.",
            get(CrossSite),
        )
        .after(post(CrossSite, "HttpOnly; SameSite=None; Secure; Partitioned"))
        .predict(
            ARRIVES,
            INCLUDED,
            KEPT_SECURE.by(CHIPS, "It is stored for this page's site only, and sent with requests from this site."),
            READABLE_WITH_COOKIES,
        )
        .except(WebKit, Question::Stored, Value::No, WEBKIT_PARTITIONED)
        .except(WebKit, Question::Sent, Value::No, NEVER_KEPT),
    ]
}

/// `Secure`, `Domain` and name prefixes on `http://localhost`.
fn secure() -> Vec<Experiment> {
    vec![
        record(
            "secure-local",
            "Secure, on http://localhost",
            "“Secure needs https.” Most browsers trust localhost without it.",
            post(SameSite, "HttpOnly; SameSite=Lax; Secure"),
        )
        .predict(
            ARRIVES,
            NO_COOKIE_YET,
            KEPT.by(TRUSTWORTHY, "http://localhost counts as secure: the traffic never leaves the machine."),
            READABLE_WITH_COOKIES,
        )
        .except(WebKit, Question::Stored, Value::No, WEBKIT_SECURE)
        .shows(&["secure"]),
        record(
            "secure-shadow",
            "An insecure cookie over a secure one",
            "A plain http server cannot replace a cookie that was set securely. Does that hold where http counts as \
             secure?",
            post(SameSite, LAX),
        )
        .after(post(SameSite, "HttpOnly; SameSite=Lax; Secure"))
        .predict(
            ARRIVES,
            INCLUDED,
            Verdict {
                otherwise: "Your browser protects the secure cookie even from a server that it treats as secure.",
                ..KEPT.by(
                    STORAGE,
                    "The rule stops insecure servers from replacing secure cookies. Where http://localhost counts as \
                     secure, it does not apply.",
                )
            },
            READABLE_WITH_COOKIES,
        )
        .except(WebKit, Question::Sent, Value::No, NEVER_KEPT),
        record(
            "domain-local",
            "Domain=localhost",
            "“localhost has no two dots, so it is not a valid domain.” That rule was dropped long ago.",
            post(SameSite, LAX).answer(setting(Cookie::new(LAX).domain())),
        )
        .predict(
            ARRIVES,
            NO_COOKIE_YET,
            KEPT.by(STORAGE, "Domain is the host itself, so the cookie is accepted for this host."),
            READABLE_WITH_COOKIES,
        )
        .except(
            WebKit,
            Question::Stored,
            Value::No,
            "libsoup, which stores the cookies of WebKitGTK, accepts no Domain without a dot.",
        ),
        record(
            "host-prefix",
            "__Host-, on http://localhost",
            "The name promises Secure, Path=/ and no Domain, and the browser enforces it.",
            Step::post(SameSite).include().answer(setting(Cookie::new("HttpOnly; SameSite=Lax; Secure").host_prefix())),
        )
        .predict(
            ARRIVES,
            NO_COOKIE_YET,
            KEPT.by(PREFIXES, "Everything the name promises is there, and http://localhost counts as secure."),
            READABLE_WITH_COOKIES,
        )
        .except(WebKit, Question::Stored, Value::No, WEBKIT_SECURE),
        record(
            "host-prefix-insecure",
            "__Host- without Secure",
            "Does the browser enforce it? To one that does not know the prefix, this is a cookie like any other.",
            Step::post(SameSite).include().answer(setting(Cookie::new(LAX).host_prefix())),
        )
        .predict(
            ARRIVES,
            NO_COOKIE_YET,
            not(PREFIXES, "The name promises Secure, which is missing."),
            READABLE_WITH_COOKIES,
        )
        .except(
            WebKit,
            Question::Stored,
            Value::Yes,
            "libsoup, which stores the cookies of WebKitGTK, does not enforce the prefix.",
        ),
    ]
    .into_iter()
    .map(Experiment::local)
    .collect()
}
