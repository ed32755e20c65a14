//! Security headers of every response (S32).

use axum::{
    extract::{Request, State},
    http::{HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use crate::settings::Settings;

/// `Clear-Site-Data`
pub const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");

/// What a browser deletes when somebody signs out on a page of ours (S9). Cookies are not listed: ours is removed by
/// name, and the directive would also delete those of every other site on the same host. `POST /session/v1/logout` does
/// not send it: what the origin stores then belongs to the single-page app that called.
pub const CLEARED: &str = r#""cache", "storage""#;

/// The headers that depend on the settings.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    /// The value of `Strict-Transport-Security`, if it is sent.
    hsts: Option<&'static str>,
    /// The value of `Referrer-Policy` on pages whose URL holds the token of a link (S27).
    ///
    /// `no-referrer` makes browsers send `Origin: null` with the form of the page, which only Fetch Metadata can tell
    /// from a forged one. Browsers send that to https and to loopback hosts only, so on plain http by another name the
    /// form would always be refused. There it is `same-origin`: the URL is sent to this site, which knows it, and to
    /// no other.
    links: &'static str,
    /// Paths below which the URL holds a secret.
    secret_paths: Vec<&'static str>,
    /// The value of `Reporting-Endpoints` on pages, if it is sent (W3C Reporting API). Browsers read it on https only.
    /// Reports about other than the Content-Security-Policy go to the group `default` by themselves.
    reporting: Option<HeaderValue>,
}

impl Policy {
    pub(crate) fn of(settings: &Settings, secret_paths: &[&'static str], reports_to: Option<&'static str>) -> Self {
        let https = settings.server.public_url.scheme() == "https";
        let hsts = settings.server.hsts.header().filter(|_| https);
        // On a developer's machine, other servers are at other ports of the same host.
        let hsts = hsts.map(|header| if settings.is_development() { "max-age=60" } else { header });
        let links = if settings.is_trustworthy() { "no-referrer" } else { "same-origin" };
        let reporting = reports_to.filter(|_| https).map(|path| format!("default=\"{}{path}\"", settings.origin()));
        let reporting = reporting.and_then(|value| HeaderValue::from_str(&value).ok());
        Self { hsts, links, secret_paths: secret_paths.to_vec(), reporting }
    }

    /// Whether the URL holds a secret. No request that follows from such an answer, whatever it is, tells where it
    /// comes from.
    fn is_secret(&self, path: &str) -> bool {
        let below = |secret: &&str| path.strip_prefix(secret).is_some_and(|rest| rest.starts_with('/'));
        self.secret_paths.iter().any(below)
    }
}

static CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
static COOP: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
static REPORTING: HeaderName = HeaderName::from_static("reporting-endpoints");
/// `Permissions-Policy`
pub(crate) static PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");

/// What no page may do, nor a script that slipped in: the sensors, devices and surroundings of a visitor, other ways to
/// sign in and to pay. Passkeys and copying stay with the page itself. The names are those that Chromium knows, the only
/// browser that reads the header, which logs every other name as a mistake.
macro_rules! permissions {
    ($more:literal) => {
        concat!(
            "accelerometer=(), autoplay=(), camera=(), captured-surface-control=(), clipboard-read=(), \
             clipboard-write=(self), compute-pressure=(), digital-credentials-create=(), digital-credentials-get=(), \
             display-capture=(), encrypted-media=(), gamepad=(), geolocation=(), gyroscope=(), hid=(), \
             identity-credentials-get=(), idle-detection=(), keyboard-map=(), local-fonts=(), magnetometer=(), \
             microphone=(), midi=(), otp-credentials=(), payment=(), publickey-credentials-create=(self), \
             publickey-credentials-get=(self), screen-wake-lock=(), serial=(), usb=(), window-management=(), \
             xr-spatial-tracking=()",
            $more
        )
    };
}

/// The value of [`PERMISSIONS`] on pages.
const PERMISSIONS_OF_PAGES: &str =
    permissions!(", local-network=(), local-network-access=(), loopback-network=(), storage-access=()");
/// The same on pages that call other origins and show their pages in frames.
pub(crate) const PERMISSIONS_REACHING: &str = permissions!("");

/// Sets the headers that the response has not set itself.
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
        set(&PERMISSIONS, PERMISSIONS_OF_PAGES);
    } else {
        // Only pages are ever rendered as one.
        set(&header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'");
    }
    // Files set their own. Everything else may be private.
    set(&header::CACHE_CONTROL, "no-store");
    if let Some(hsts) = policy.hsts {
        set(&header::STRICT_TRANSPORT_SECURITY, hsts);
    }
    if page && let Some(reporting) = policy.reporting {
        headers.insert(&REPORTING, reporting);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_a_token_is_known() {
        let policy = Policy::of(&Settings::default(), &["/reset", "/email"], None);
        for path in ["/reset/link_x", "/email/link_x", "/reset/"] {
            assert!(policy.is_secret(path), "{path}");
        }
        for path in ["/", "/reset", "/resets/link_x", "/account/email/resend"] {
            assert!(!policy.is_secret(path), "{path}");
        }
    }
}
