//! Which cookies are kept, and which are sent.

use super::verdicts::{
    ARRIVES, CHIPS, DROPPED, INCLUDED, KEPT, KEPT_BEFORE, KEPT_SECURE, KEPT_UNREAD, LEFT_AT_HOME, NEVER_KEPT,
    NO_ALLOW_CREDENTIALS, NO_COOKIE_YET, NOT_FROM_ANOTHER_SITE, PORTS, PREFIXES, READABLE_BY_NAME, READABLE_OWN,
    READABLE_WITH_COOKIES, RETRIEVAL, SAME_SITE, STAR_WITH_COOKIES, STORAGE, TRUSTWORTHY, WEBKIT_SECURE,
};
use crate::features::lab::experiment::{
    Answer, Cookie,
    Engine::{Firefox, WebKit},
    Experiment,
    Group::Cookies,
    Place::{House, Neighbour, Stranger},
    Spec, Step, Value, Verdict, What,
};

const LAX: &str = "HttpOnly; SameSite=Lax";
const NONE_SECURE: &str = "HttpOnly; SameSite=None; Secure";

/// An answer that may be read with cookies and sets `cookie`.
fn setting(cookie: Cookie) -> Answer {
    Answer::exact().credentials().sets(cookie)
}

fn named(verdict: Verdict, spec: Spec, reason: &'static str) -> Verdict {
    Verdict { reason, spec, ..verdict }
}

fn not(spec: Spec, reason: &'static str) -> Verdict {
    let otherwise = "Your browser keeps a cookie that the specification would have it refuse.";
    Verdict { value: Value::No, reason, spec, otherwise }
}

pub(super) fn all() -> Vec<Experiment> {
    let record = |id, title, claim, request| Experiment::new(id, Cookies, title, claim, request);
    let post = |to, attributes| Step::post(to).include().answer(setting(Cookie::new(attributes)));
    let ask = |to| Step::get(to).include().answer(Answer::exact().credentials());
    vec![
        record(
            "cookie-default",
            "Set-Cookie, and the fetch says nothing about credentials",
            "“Set-Cookie headers get stripped by the browser.” This is where: the answer can be read, and its cookie is gone.",
            Step::post(Neighbour).answer(setting(Cookie::new(LAX))),
        )
        .foresee(ARRIVES, NO_COOKIE_YET, DROPPED, READABLE_BY_NAME),
        record(
            "cookie-unread",
            "With credentials, but the server does not allow them",
            "The console shows an error, so it looks as if nothing had happened. The cookie is there all the same.",
            Step::post(Neighbour).include().answer(Answer::exact().sets(Cookie::new(LAX))),
        )
        .foresee(ARRIVES, NO_COOKIE_YET, KEPT_UNREAD, NO_ALLOW_CREDENTIALS),
        record(
            "cookie-both",
            "With credentials, and the server allows them",
            "Both sides say yes. Between two ports of one host this works, on localhost too, dots or no dots.",
            post(Neighbour, LAX),
        )
        .foresee(ARRIVES, NO_COOKIE_YET, KEPT, READABLE_WITH_COOKIES),
        record(
            "cookie-star",
            "With credentials, and the server allows “*”",
            "The usual first try. The browser refuses to show the answer, and keeps the cookie.",
            Step::post(Neighbour).include().answer(Answer::any().credentials().sets(Cookie::new(LAX))),
        )
        .foresee(ARRIVES, NO_COOKIE_YET, KEPT_UNREAD, STAR_WITH_COOKIES),
        record(
            "cookie-left-at-home",
            "A cookie is there, and the fetch says nothing",
            "“Existing cookies are attached to every request.” Not to this one, and the new one is dropped as well.",
            Step::post(Neighbour).answer(setting(Cookie::new(LAX))),
        )
        .after(post(Neighbour, LAX))
        .foresee(ARRIVES, LEFT_AT_HOME, DROPPED, READABLE_BY_NAME),
        record(
            "cookie-taken-along",
            "A cookie is there, and the fetch includes credentials",
            "Signed in on the other port, asked from this one.",
            ask(Neighbour),
        )
        .after(post(Neighbour, LAX))
        .foresee(ARRIVES, INCLUDED, KEPT_BEFORE, READABLE_WITH_COOKIES),
        record(
            "cookie-ports",
            "A cookie of one port arrives at another",
            "“The browser considers the port a part of the domain.” Of the origin, yes. Cookies have never heard of ports.",
            ask(Neighbour),
        )
        .after(Step::post(House).answer(Answer::silent().sets(Cookie::new(LAX))))
        .foresee(ARRIVES, named(INCLUDED, PORTS, "This port set it, and it goes to every port of the host."), KEPT_BEFORE, READABLE_WITH_COOKIES)
        .local(),
        record(
            "cookie-script",
            "A script reads the cookie of another port",
            "“The cookie is not set for the frontend origin.” It has no origin. Unless it is HttpOnly, our script reads what the other port set.",
            Step::script(),
        )
        .after(post(Neighbour, "SameSite=Lax"))
        .foresee(
            not(RETRIEVAL, "Reading document.cookie asks nobody."),
            not(RETRIEVAL, "There is no request for it to go with."),
            KEPT_BEFORE,
            named(READABLE_OWN, PORTS, "Same host, and the path fits: document.cookie has it, whichever port set it."),
        )
        .local(),
        record(
            "samesite-strict",
            "SameSite=Strict, from another port",
            "Strict is about sites, not about origins. A neighbour on the same host is no stranger to it.",
            ask(Neighbour),
        )
        .after(post(Neighbour, "HttpOnly; SameSite=Strict"))
        .foresee(
            ARRIVES,
            named(INCLUDED, SAME_SITE, "Page and server are of one site, so the request is same-site."),
            KEPT_BEFORE,
            READABLE_WITH_COOKIES,
        ),
        record(
            "samesite-unset",
            "SameSite not set, from another port",
            "Without a word it counts as Lax, which is enough within a site.",
            ask(Neighbour),
        )
        .after(post(Neighbour, "HttpOnly"))
        .foresee(ARRIVES, INCLUDED, KEPT_BEFORE, READABLE_WITH_COOKIES),
        record(
            "stranger-strict",
            "SameSite=Strict, from another site",
            "The same again, but the page says localhost and the server is called 127.0.0.1. To a browser these are two sites.",
            post(Stranger, "HttpOnly; SameSite=Strict"),
        )
        .foresee(ARRIVES, NO_COOKIE_YET, NOT_FROM_ANOTHER_SITE, READABLE_WITH_COOKIES),
        record(
            "stranger-lax",
            "SameSite=Lax, from another site",
            "Lax is what most frameworks set by themselves. Across sites it is dropped as quietly as Strict.",
            post(Stranger, LAX),
        )
        .foresee(ARRIVES, NO_COOKIE_YET, NOT_FROM_ANOTHER_SITE, READABLE_WITH_COOKIES),
        record(
            "stranger-unset",
            "SameSite not set, from another site",
            "The old default was None, the new one is Lax. Not every browser has changed.",
            post(Stranger, "HttpOnly"),
        )
        .foresee(
            ARRIVES,
            NO_COOKIE_YET,
            Verdict {
                otherwise: "Your browser does not treat a cookie without SameSite as Lax yet.",
                ..NOT_FROM_ANOTHER_SITE.because("Without SameSite it counts as Lax, and Lax is not taken from another site.")
            },
            READABLE_WITH_COOKIES,
        )
        .except(
            Firefox,
            What::Stored,
            Value::Yes,
            "Firefox does not treat a cookie without SameSite as Lax yet. It keeps it apart, for this page's site alone.",
        ),
        record(
            "stranger-none",
            "SameSite=None without Secure, from another site",
            "None wants Secure beside it. Otherwise the cookie is refused.",
            post(Stranger, "HttpOnly; SameSite=None"),
        )
        .foresee(
            ARRIVES,
            NO_COOKIE_YET,
            Verdict {
                otherwise: "Your browser takes SameSite=None without Secure.",
                ..NOT_FROM_ANOTHER_SITE.because("SameSite=None is refused where Secure is missing.")
            },
            READABLE_WITH_COOKIES,
        ),
        record(
            "stranger-none-secure",
            "SameSite=None and Secure, from another site",
            "The only cookie that another site can set and get back, and the one that browsers are about to take away.",
            ask(Stranger),
        )
        .after(post(Stranger, NONE_SECURE))
        .foresee(ARRIVES, INCLUDED, KEPT_SECURE, READABLE_WITH_COOKIES)
        .except(WebKit, What::Stored, Value::No, WEBKIT_SECURE)
        .except(WebKit, What::Sent, Value::No, NEVER_KEPT),
        record(
            "stranger-partitioned",
            "Partitioned, from another site",
            "What is to come: the cookie is kept in a drawer of its own for each site it is seen on.",
            ask(Stranger),
        )
        .after(post(Stranger, "HttpOnly; SameSite=None; Secure; Partitioned"))
        .foresee(
            ARRIVES,
            INCLUDED,
            named(KEPT_SECURE, CHIPS, "It is kept for this page's site alone, and comes back as long as the page stays there."),
            READABLE_WITH_COOKIES,
        )
        .except(WebKit, What::Stored, Value::No, WEBKIT_SECURE)
        .except(WebKit, What::Sent, Value::No, NEVER_KEPT),
        record(
            "secure-local",
            "Secure, on http://localhost",
            "“Secure needs https.” This machine is trusted without it, in most browsers.",
            post(Neighbour, "HttpOnly; SameSite=Lax; Secure"),
        )
        .foresee(
            ARRIVES,
            NO_COOKIE_YET,
            named(KEPT, TRUSTWORTHY, "http://localhost counts as secure: nobody is in between."),
            READABLE_WITH_COOKIES,
        )
        .except(WebKit, What::Stored, Value::No, WEBKIT_SECURE)
        .local(),
        record(
            "secure-shadow",
            "An insecure cookie over a secure one",
            "A cookie that was set securely cannot be replaced by whoever listens on http. Does that hold where http counts as secure?",
            post(Neighbour, LAX),
        )
        .after(post(Neighbour, "HttpOnly; SameSite=Lax; Secure"))
        .foresee(
            ARRIVES,
            INCLUDED,
            Verdict {
                otherwise: "Your browser protects the secure cookie even from a server that it trusts.",
                ..named(
                    KEPT,
                    STORAGE,
                    "The rule keeps insecure servers from replacing secure cookies. Where http://localhost counts as secure, \
                     it does not apply.",
                )
            },
            READABLE_WITH_COOKIES,
        )
        .except(WebKit, What::Sent, Value::No, NEVER_KEPT)
        .local(),
        record(
            "domain-local",
            "Domain=localhost",
            "“localhost has no two dots, so it is not a proper domain name.” An old rule, long gone.",
            post(Neighbour, LAX).answer(setting(Cookie::new(LAX).domain())),
        )
        .foresee(
            ARRIVES,
            NO_COOKIE_YET,
            named(KEPT, STORAGE, "Domain is the host itself, so the cookie is taken, for this host."),
            READABLE_WITH_COOKIES,
        )
        .except(WebKit, What::Stored, Value::No, "libsoup, which keeps the cookies of WebKitGTK, takes no Domain without a dot.")
        .local(),
        record(
            "host-prefix",
            "__Host-, on http://localhost",
            "The name promises Secure, Path=/ and no Domain, and the browser holds the server to it.",
            Step::post(Neighbour).include().answer(setting(Cookie::new("HttpOnly; SameSite=Lax; Secure").host_prefix())),
        )
        .foresee(
            ARRIVES,
            NO_COOKIE_YET,
            named(KEPT, PREFIXES, "All that the name promises is there, and http://localhost counts as secure."),
            READABLE_WITH_COOKIES,
        )
        .except(WebKit, What::Stored, Value::No, WEBKIT_SECURE)
        .local(),
    ]
}
