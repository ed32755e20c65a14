//! The headers of every answer (S32).

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::settings::Settings;

/// Which answers are meant.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    /// What `Strict-Transport-Security` says, if it is sent.
    hsts: Option<&'static str>,
    /// What `Referrer-Policy` says where the token of a link stands in the URL (S27).
    ///
    /// `no-referrer` makes browsers send `Origin: null` with the page's form, which is then told from a forged one by Fetch
    /// Metadata. Those are sent to https and to this machine only, so on http by another name the form would be refused
    /// for ever. There it is `same-origin`: the URL goes to the site itself, which knows it, and to nobody else.
    links: &'static str,
    /// Paths below which the URL holds a secret.
    secret_paths: Vec<&'static str>,
}

impl Policy {
    pub(crate) fn of(settings: &Settings, secret_paths: &[&'static str]) -> Self {
        let https = settings.server.public_url.scheme() == "https";
        let hsts = settings.server.hsts.header().filter(|_| https);
        let links = if settings.is_trustworthy() { "no-referrer" } else { "same-origin" };
        Self { hsts, links, secret_paths: secret_paths.to_vec() }
    }

    /// Whether the URL holds a secret. No request that follows from such an answer, whatever it is, tells where it comes
    /// from.
    fn is_secret(&self, path: &str) -> bool {
        let below = |secret: &&str| path.strip_prefix(secret).is_some_and(|rest| rest.starts_with('/'));
        self.secret_paths.iter().any(|secret| below(secret))
    }
}

static CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
static COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
static PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");

/// Sets what the answer has not set itself.
pub(crate) async fn layer(State(policy): State<Policy>, request: Request, next: Next) -> Response {
    let link = policy.is_secret(request.uri().path());
    let token_door = request.uri().path().starts_with("/api/");
    let mut response = next.run(request).await;
    let page = response.headers().contains_key(header::CONTENT_SECURITY_POLICY);
    let headers = response.headers_mut();
    let mut set = |name: &HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(&header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(&header::REFERRER_POLICY, if link { policy.links } else { "same-origin" });
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
    if let Some(hsts) = policy.hsts {
        set(&header::STRICT_TRANSPORT_SECURITY, hsts);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_token_is_known() {
        let policy = Policy::of(&Settings::default(), &["/reset", "/email"]);
        for path in ["/reset/link_x", "/email/link_x", "/reset/"] {
            assert!(policy.is_secret(path), "{path}");
        }
        for path in ["/", "/reset", "/resets/link_x", "/account/email/resend"] {
            assert!(!policy.is_secret(path), "{path}");
        }
    }
}
