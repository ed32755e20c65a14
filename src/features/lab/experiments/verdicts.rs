//! The verdicts and specifications that many experiments share.

use crate::features::lab::{
    experiment::METADATA,
    prediction::{Spec, Value, Verdict},
};

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
pub(super) const HTTP_PREFIXES: Spec = spec(
    "Cookies, “The __Host-Http- Prefix”",
    "https://httpwg.org/http-extensions/draft-ietf-httpbis-layered-cookies.html#name-the-__host-http-prefix",
);
pub(super) const METADATA_ACCESS: Spec = spec(
    "Storage Access Headers, “Sec-Fetch-Storage-Access”",
    "https://privacycg.github.io/storage-access-headers/#sec-fetch-storage-access-header",
);
pub(super) const ACTIVATE: Spec = spec(
    "Storage Access Headers, “Activate-Storage-Access”",
    "https://privacycg.github.io/storage-access-headers/#activate-storage-access-header",
);
pub(super) const STORAGE_ACCESS: Spec = spec(
    "The Storage Access API, “hasStorageAccess”",
    "https://privacycg.github.io/storage-access/#dom-document-hasstorageaccess",
);
pub(super) const COOKIE_STORE: Spec =
    spec("Cookie Store API, “Monitoring cookies”", "https://cookiestore.spec.whatwg.org/#intro-monitor");
pub(super) const LOCAL_NETWORK: Spec = spec("Local Network Access", "https://wicg.github.io/local-network-access/");
pub(super) const POLICY: Spec =
    spec("Content Security Policy, “connect-src”", "https://www.w3.org/TR/CSP3/#directive-connect-src");
pub(super) const EXPOSE: Spec =
    spec("Fetch, “Access-Control-Expose-Headers”", "https://fetch.spec.whatwg.org/#http-access-control-expose-headers");
pub(super) const BEARER: Spec =
    spec("RFC 6750, 2.1 “Authorization Request Header Field”", "https://www.rfc-editor.org/rfc/rfc6750#section-2.1");
pub(super) const FORMS: Spec =
    spec("HTML, “form submission”", "https://html.spec.whatwg.org/multipage/form-control-infrastructure.html");
pub(super) const ORIGIN: Spec = spec("HTML, “origin”", "https://html.spec.whatwg.org/multipage/browsers.html#origin");

const fn verdict(value: Value, reason: &'static str, spec: Spec, otherwise: &'static str) -> Verdict {
    Verdict { value, reason, spec, otherwise }
}

pub(super) const STOPPED: &str =
    "Something stopped the request before it reached the server: an extension, a filter or the network.";
const NOT_STOPPED: &str = "Your browser sent a request without waiting for the preflight to allow it.";
pub(super) const COOKIES_BLOCKED: &str =
    "Your browser blocks third-party cookies, or does not treat this address as secure.";
const COOKIE_SENT: &str = "Your browser sends a cookie that the specification holds back.";
pub(super) const COOKIE_KEPT: &str = "Your browser stores a cookie that the specification has it refuse.";
const NOT_READABLE: &str = "Something kept the response from the page: an extension, a filter or the network.";
const READABLE: &str = "Your browser let a page read a response that it may not read. Please report it to the vendor.";

pub(super) const ARRIVES: Verdict = verdict(
    Value::Yes,
    "The browser sends the request first, and checks afterwards whether the page may read the response.",
    CORS,
    STOPPED,
);
pub(super) const OWN: Verdict =
    verdict(Value::Yes, "The request goes to the page's own origin, so CORS does not apply.", ORIGIN, STOPPED);
pub(super) const PREFLIGHT_PASSES: Verdict = verdict(
    Value::Yes,
    "A form could not send this, so the browser sends a preflight with OPTIONS. The server allows the request.",
    PREFLIGHT,
    STOPPED,
);
pub(super) const STOPPED_BY_PREFLIGHT: Verdict = verdict(
    Value::No,
    "The preflight does not allow the request, so the browser never makes it.",
    PREFLIGHT,
    NOT_STOPPED,
);

/// A request that the browser does not make, for a reason of the page that asks for it.
pub(super) const fn connects(spec: Spec, reason: &'static str) -> Verdict {
    verdict(Value::No, reason, spec, "Your browser makes the request all the same.")
}

pub(super) const NO_COOKIE_YET: Verdict = verdict(Value::No, "There is no cookie yet.", RETRIEVAL, COOKIE_SENT);
pub(super) const NOT_SENT: Verdict = verdict(
    Value::No,
    "There is a cookie. But the default of fetch is credentials: “same-origin”, which sends no cookies to other \
     origins.",
    CREDENTIALS,
    COOKIE_SENT,
);
pub(super) const INCLUDED: Verdict = verdict(
    Value::Yes,
    "The fetch sets credentials: “include”, and the cookie is for this host.",
    CREDENTIALS,
    COOKIES_BLOCKED,
);
pub(super) const SENT_TO_OWN: Verdict = verdict(
    Value::Yes,
    "Cookies are always sent to the page's own origin.",
    CREDENTIALS,
    "Your browser stores no cookies at all.",
);

pub(super) const SETS_NONE: Verdict = verdict(Value::No, "No response sets a cookie.", STORAGE, COOKIE_KEPT);
pub(super) const DROPPED: Verdict = verdict(
    Value::No,
    "Without credentials the browser ignores Set-Cookie. It reports no error.",
    NETWORK,
    COOKIE_KEPT,
);
pub(super) const KEPT: Verdict = verdict(
    Value::Yes,
    "With credentials the browser obeys Set-Cookie, and the cookie is valid.",
    NETWORK,
    COOKIES_BLOCKED,
);
pub(super) const KEPT_BEFORE: Verdict = verdict(
    Value::Yes,
    "It was set before, by a request to the page's own origin or with credentials.",
    STORAGE,
    COOKIES_BLOCKED,
);
pub(super) const KEPT_UNREAD: Verdict = verdict(
    Value::Yes,
    "The browser obeys Set-Cookie when the response arrives. Whether the page may read the response is decided later.",
    NETWORK,
    COOKIES_BLOCKED,
);
pub(super) const NOT_FROM_ANOTHER_SITE: Verdict =
    verdict(Value::No, "A response from another site can only set cookies with SameSite=None.", STORAGE, COOKIE_KEPT);
pub(super) const KEPT_SECURE: Verdict = verdict(
    Value::Yes,
    "SameSite=None is accepted from another site, and this address counts as secure.",
    STORAGE,
    COOKIES_BLOCKED,
);

pub(super) const READABLE_BY_NAME: Verdict =
    verdict(Value::Yes, "Access-Control-Allow-Origin names the page's origin.", CORS_CHECK, NOT_READABLE);
pub(super) const READABLE_BY_ANYONE: Verdict = verdict(
    Value::Yes,
    "Access-Control-Allow-Origin is “*”, and the request was made without credentials.",
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
    verdict(Value::Yes, "A page can read every response of its own origin.", ORIGIN, NOT_READABLE);
pub(super) const NO_HEADER: Verdict =
    verdict(Value::No, "Without Access-Control-Allow-Origin the page cannot read the response.", CORS_CHECK, READABLE);
pub(super) const NO_ALLOW_CREDENTIALS: Verdict = verdict(
    Value::No,
    "The request was made with credentials, so the response also needs Access-Control-Allow-Credentials.",
    CORS_CHECK,
    READABLE,
);
pub(super) const STAR_WITH_COOKIES: Verdict = verdict(
    Value::No,
    "With credentials “*” is not a wildcard: the response must name the origin.",
    CORS_CHECK,
    READABLE,
);
pub(super) const NOTHING_TO_READ: Verdict = verdict(Value::No, "There is no response to read.", PREFLIGHT, READABLE);
pub(super) const FRAME_IS_CLOSED: Verdict = verdict(
    Value::No,
    "The response is a document of another origin in a frame. The page that posted the form cannot look inside.",
    ORIGIN,
    READABLE,
);

pub(super) const DONE: Verdict =
    verdict(Value::Yes, "The request carries everything that the server checks.", CORS, COOKIES_BLOCKED);
pub(super) const NOT_DONE: Verdict = verdict(Value::No, "The request lacks what the server checks.", CORS, COOKIE_SENT);
pub(super) const REFUSED: Verdict = verdict(
    Value::No,
    "The guard reads Sec-Fetch-Site, which a page cannot forge, and accepts “same-origin” only.",
    METADATA,
    "The guard accepted the request. That is a bug in this app.",
);

pub(super) const ACTIVE: Verdict = verdict(
    Value::Active,
    "The browser allows third-party cookies, so it tells the server that they take part.",
    METADATA_ACCESS,
    "“none”: your browser holds the cookies back. “inactive”: access was granted before, and the page has not asked \
     for it yet. No header: your browser does not know it.",
);

/// Why `WebKit` stores no `Secure` cookie here.
pub(super) const WEBKIT_SECURE: &str = "WebKit does not treat http://localhost as secure, so it accepts no Secure \
                                        cookie from it. It blocks cookies of other sites anyway.";
/// Why the same refusal says nothing about `Partitioned`.
pub(super) const WEBKIT_PARTITIONED: &str = "The cookie is Secure, and WebKit accepts no Secure cookie from \
                                             http://localhost. So this says nothing about Partitioned.";
/// The consequence of that.
pub(super) const NEVER_KEPT: &str = "The cookie was never stored, so there is none to send.";
