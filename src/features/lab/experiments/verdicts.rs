//! What is said of many experiments, said once.

use crate::features::lab::experiment::{How, Spec, Step, Value, Verdict};

const fn spec(name: &'static str, url: &'static str) -> Spec {
    Spec { name, url }
}

pub(super) const CORS: Spec = spec("Fetch, “CORS protocol”", "https://fetch.spec.whatwg.org/#http-cors-protocol");
pub(super) const CORS_CHECK: Spec = spec("Fetch, “CORS check”", "https://fetch.spec.whatwg.org/#concept-cors-check");
pub(super) const PREFLIGHT: Spec =
    spec("Fetch, “CORS-preflight fetch”", "https://fetch.spec.whatwg.org/#cors-preflight-fetch-0");
pub(super) const OPAQUE: Spec =
    spec("Fetch, “opaque filtered response”", "https://fetch.spec.whatwg.org/#concept-filtered-response-opaque");
pub(super) const CREDENTIALS: Spec =
    spec("Fetch, “credentials mode”", "https://fetch.spec.whatwg.org/#concept-request-credentials-mode");
pub(super) const NETWORK: Spec =
    spec("Fetch, “HTTP-network fetch”", "https://fetch.spec.whatwg.org/#concept-http-network-fetch");
pub(super) const STORAGE: Spec = spec(
    "RFC 6265bis, 5.7 “Storage Model”",
    "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.7",
);
pub(super) const RETRIEVAL: Spec = spec(
    "RFC 6265bis, 5.8 “Retrieval Model”",
    "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.8",
);
pub(super) const SAME_SITE: Spec = spec(
    "RFC 6265bis, 5.2 “Same-site and cross-site requests”",
    "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-5.2",
);
pub(super) const PREFIXES: Spec = spec(
    "RFC 6265bis, 4.1.3 “Cookie Name Prefixes”",
    "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-4.1.3",
);
pub(super) const PORTS: Spec = spec(
    "RFC 6265bis, 8.5 “Weak Confidentiality”",
    "https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis-22#section-8.5",
);
pub(super) const TRUSTWORTHY: Spec = spec(
    "Secure Contexts, “potentially trustworthy”",
    "https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy",
);
pub(super) const CHIPS: Spec = spec(
    "Cookies Having Independent Partitioned State",
    "https://datatracker.ietf.org/doc/html/draft-cutler-httpbis-partitioned-cookies",
);
pub(super) const METADATA: Spec =
    spec("Fetch Metadata, “Sec-Fetch-Site”", "https://w3c.github.io/webappsec-fetch-metadata/#sec-fetch-site-header");
pub(super) const BEARER: Spec =
    spec("RFC 6750, 2.1 “Authorization Request Header Field”", "https://www.rfc-editor.org/rfc/rfc6750#section-2.1");
pub(super) const FORMS: Spec =
    spec("HTML, “form submission”", "https://html.spec.whatwg.org/multipage/form-control-infrastructure.html");
pub(super) const ORIGIN: Spec = spec("HTML, “origin”", "https://html.spec.whatwg.org/multipage/browsers.html#origin");

const fn verdict(value: Value, reason: &'static str, spec: Spec, otherwise: &'static str) -> Verdict {
    Verdict { value, reason, spec, otherwise }
}

const STOPPED: &str =
    "Something stopped the request before it reached the server: an extension, a filter or the network.";
const NOT_STOPPED: &str = "Your browser sent a request that it should have asked about first.";
const COOKIES_BLOCKED: &str = "Your browser blocks third-party cookies, or does not count this address as secure.";
const COOKIE_WENT_ALONG: &str = "Your browser sends cookies where the specification holds them back.";
const COOKIE_KEPT: &str = "Your browser keeps a cookie that the specification would have it refuse.";
const NOT_READABLE: &str = "Something kept the answer from the page: an extension, a filter or the network.";
const READABLE: &str = "Your browser let a page read what it may not. Please tell its makers.";

pub(super) const ARRIVES: Verdict = verdict(
    Value::Yes,
    "The browser sends it first and asks afterwards whether the page may read the answer.",
    CORS,
    STOPPED,
);
pub(super) const OWN: Verdict =
    verdict(Value::Yes, "It stays on the page's own origin, so nothing has to be asked.", ORIGIN, STOPPED);
pub(super) const ASKED_FIRST: Verdict = verdict(
    Value::Yes,
    "No form could send this, so the browser asks first with OPTIONS; the server allows it.",
    PREFLIGHT,
    STOPPED,
);
pub(super) const STOPPED_BY_PREFLIGHT: Verdict =
    verdict(Value::No, "The preflight does not allow it, so the request itself is never made.", PREFLIGHT, NOT_STOPPED);

pub(super) const NO_COOKIE_YET: Verdict = verdict(Value::No, "There is no cookie yet.", RETRIEVAL, COOKIE_WENT_ALONG);
pub(super) const LEFT_AT_HOME: Verdict = verdict(
    Value::No,
    "There is one. But a fetch that says nothing has credentials “same-origin”: to another origin it takes no cookie along.",
    CREDENTIALS,
    COOKIE_WENT_ALONG,
);
pub(super) const INCLUDED: Verdict = verdict(
    Value::Yes,
    "The fetch says credentials “include”, and the cookie is for this host.",
    CREDENTIALS,
    COOKIES_BLOCKED,
);
pub(super) const SENT_HOME: Verdict = verdict(
    Value::Yes,
    "To the page's own origin cookies always go along.",
    CREDENTIALS,
    "Your browser keeps no cookies at all.",
);

pub(super) const SETS_NONE: Verdict = verdict(Value::No, "No answer sets one.", STORAGE, COOKIE_KEPT);
pub(super) const DROPPED: Verdict = verdict(
    Value::No,
    "Without credentials the browser does not even look at Set-Cookie. Nothing says so anywhere.",
    NETWORK,
    COOKIE_KEPT,
);
pub(super) const KEPT: Verdict = verdict(
    Value::Yes,
    "With credentials Set-Cookie is obeyed, and nothing is wrong with the cookie.",
    NETWORK,
    COOKIES_BLOCKED,
);
pub(super) const KEPT_BEFORE: Verdict = verdict(
    Value::Yes,
    "It was set before, by a request that stayed at home or brought credentials.",
    STORAGE,
    COOKIES_BLOCKED,
);
pub(super) const KEPT_UNREAD: Verdict = verdict(
    Value::Yes,
    "Set-Cookie is obeyed when the answer arrives. Whether the page may read it is decided after that.",
    NETWORK,
    COOKIES_BLOCKED,
);
pub(super) const NOT_FROM_ANOTHER_SITE: Verdict =
    verdict(Value::No, "From another site only a cookie with SameSite=None is taken.", STORAGE, COOKIE_KEPT);
pub(super) const KEPT_SECURE: Verdict = verdict(
    Value::Yes,
    "SameSite=None lets it in from another site, and its address counts as secure.",
    STORAGE,
    COOKIES_BLOCKED,
);

pub(super) const READABLE_BY_NAME: Verdict =
    verdict(Value::Yes, "Access-Control-Allow-Origin names the page's origin.", CORS_CHECK, NOT_READABLE);
pub(super) const READABLE_BY_ANYBODY: Verdict = verdict(
    Value::Yes,
    "Access-Control-Allow-Origin is “*”, and no credentials are involved.",
    CORS_CHECK,
    NOT_READABLE,
);
pub(super) const READABLE_WITH_COOKIES: Verdict = verdict(
    Value::Yes,
    "The origin is named, and Access-Control-Allow-Credentials is “true”.",
    CORS_CHECK,
    NOT_READABLE,
);
pub(super) const READABLE_OWN: Verdict =
    verdict(Value::Yes, "A page reads every answer of its own origin.", ORIGIN, NOT_READABLE);
pub(super) const NO_HEADER: Verdict =
    verdict(Value::No, "No Access-Control-Allow-Origin, no reading.", CORS_CHECK, READABLE);
pub(super) const NO_ALLOW_CREDENTIALS: Verdict = verdict(
    Value::No,
    "Asked with credentials, an answer also needs Access-Control-Allow-Credentials.",
    CORS_CHECK,
    READABLE,
);
pub(super) const STAR_WITH_COOKIES: Verdict =
    verdict(Value::No, "With credentials “*” is no wildcard: the origin has to be named.", CORS_CHECK, READABLE);
pub(super) const NOTHING_TO_READ: Verdict = verdict(Value::No, "There is no answer to read.", PREFLIGHT, READABLE);
pub(super) const FRAME_IS_CLOSED: Verdict = verdict(
    Value::No,
    "The answer is a document of another origin in a frame; the page that posted cannot look inside.",
    ORIGIN,
    READABLE,
);

pub(super) const DONE: Verdict = verdict(
    Value::Yes,
    "The request carries what the server wants to see, and it asks for nothing else.",
    CORS,
    COOKIES_BLOCKED,
);
pub(super) const NOT_DONE: Verdict =
    verdict(Value::No, "What the server wants to see is not there.", CORS, COOKIE_WENT_ALONG);
pub(super) const REFUSED: Verdict = verdict(
    Value::No,
    "The guard reads Sec-Fetch-Site, which no page can forge, and refuses all but “same-origin”.",
    METADATA,
    "The guard let it pass. That is a fault of ours.",
);

/// Why `WebKit` keeps no `Secure` cookie here.
pub(super) const WEBKIT_SECURE: &str = "WebKit does not count http://localhost as secure, so it takes no Secure cookie from it, and none of another site anyway.";
/// What follows from that.
pub(super) const NEVER_KEPT: &str = "It was never stored, so there is none to send.";

const METADATA_MISSING: &str = "Your browser does not send Fetch Metadata here; the guard falls back on Origin then.";

/// `Sec-Fetch-Site`, which follows from who asks whom.
pub fn site(request: &Step, reached: Value) -> Verdict {
    if request.how == How::Script {
        return verdict(Value::Absent, "No request, no header.", METADATA, METADATA_MISSING);
    }
    if reached == Value::No {
        return verdict(Value::Absent, "Only the preflight arrived.", METADATA, METADATA_MISSING);
    }
    let value = request.from.site(request.to);
    let reason = match value {
        Value::SameOrigin => "Scheme, host and port are the same.",
        Value::SameSite => {
            "Another origin, but the same site: a site is a scheme and a registrable host, without the port."
        }
        _ => "Another host, and no domain in common: another site.",
    };
    verdict(value, reason, METADATA, METADATA_MISSING)
}
