//! The headers of every answer (S32).

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::accounts::links;

/// Which answers are meant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    /// Whether the site is on https.
    pub https: bool,
}

static CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
static COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
static PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");

/// Sets what the answer has not set itself.
pub(super) async fn layer(State(policy): State<Policy>, request: Request, next: Next) -> Response {
    let link = links::is_in(request.uri().path());
    let token_door = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let page = response.headers().contains_key(header::CONTENT_SECURITY_POLICY);
    let headers = response.headers_mut();
    let mut set = |name: &HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(&header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(&header::REFERRER_POLICY, if link { "no-referrer" } else { "same-origin" });
    set(&CORP, if token_door && !page { "cross-origin" } else { "same-origin" });
    if page {
        set(&COOP, "same-origin");
        set(&PERMISSIONS, "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    } else {
        // Nothing but a page is ever shown as one.
        set(&header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    }
    // What is not a file is somebody's own.
    set(&header::CACHE_CONTROL, "no-store");
    if policy.https {
        set(&header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains");
    }
    response
}
