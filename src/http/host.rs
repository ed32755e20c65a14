//! The hosts that this server serves (S38).
//!
//! Another site can point a host name of its own at this server, and is then "same-origin" with it in a visitor's
//! browser (DNS rebinding). So requests for a host that is not in the settings are refused.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Version, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    http::{
        origin::shown,
        problem::{Problem, problem_response},
        request_id::RequestId,
    },
    settings::Settings,
};

/// The host names, without ports, because proxies add and remove those.
#[derive(Clone, Debug)]
pub(crate) struct Hosts(Arc<[String]>);

impl Hosts {
    pub(crate) fn of(settings: &Settings) -> Self {
        Self(settings.hosts().into())
    }

    fn admits(&self, authority: &str) -> bool {
        let Ok(authority) = authority.parse::<Authority>() else { return false };
        self.0.iter().any(|host| host.eq_ignore_ascii_case(authority.host()))
    }
}

/// Marks requests that came over a connection, as tests may call the router without one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OverTheWire;

/// Refuses a request without `Host`, with several, or with an invalid one, with 400 (RFC 9112 section 3.2): two
/// servers on its way could understand it differently. HTTP/1.0 has no `Host`.
pub(crate) async fn one(request: Request, next: Next) -> Response {
    let spared = request.extensions().get::<OverTheWire>().is_none() || request.version() < Version::HTTP_11;
    if spared || names_one(request.headers()) {
        return next.run(request).await;
    }
    let problem = Problem::InvalidBody("Send exactly one valid Host header.".into());
    problem_response(problem.clone().into_response(), &problem, &RequestId::of(request.extensions()))
}

fn names_one(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (lines.next(), lines.next()) else { return false };
    host.is_empty() || host.to_str().is_ok_and(|host| host.parse::<Authority>().is_ok())
}

/// Refuses requests for other hosts with 421 (RFC 9110 section 15.5.20). Load balancers check the health of an instance
/// by its address, so the health checks are served on every host. A request without a host is served.
pub(crate) async fn layer(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    // If the target of the request names a host, `Host` is ignored (RFC 9112 section 3.2.2).
    let target = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let named = request.headers().get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default().to_owned());
    let named: Vec<_> = target.map_or_else(|| named.collect(), |target| vec![target]);
    let healthy = matches!(request.uri().path(), "/healthz" | "/readyz");
    if healthy || named.iter().all(|host| hosts.admits(host)) {
        return next.run(request).await;
    }
    tracing::warn!(event = "host_refused", host = ?named, "request for a host that is not in server.hosts");
    let problem = Problem::Misdirected(shown(named.join(", ")));
    problem_response(problem.clone().into_response(), &problem, &RequestId::of(request.extensions()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_one_host() {
        let names = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::HOST, axum::http::HeaderValue::from_static(line));
            }
            names_one(&headers)
        };
        assert!(names(&["app.example.com"]) && names(&["[::1]:3000"]) && names(&[""]));
        assert!(!names(&[]) && !names(&["a.example", "a.example"]) && !names(&["a b"]) && !names(&["a.example/x"]));
    }

    #[test]
    fn names_are_compared_whole_and_without_ports() {
        let hosts = Hosts(["app.example.com", "[::1]"].map(str::to_owned).into());
        for ours in ["app.example.com", "APP.example.com:8443", "[::1]:3000"] {
            assert!(hosts.admits(ours), "{ours}");
        }
        for other in [
            "",
            "example.com",
            "evil.app.example.com",
            "app.example.com.evil.example",
            "127.0.0.1",
            "a b",
            "app.example.com@evil.example",
        ] {
            assert!(!hosts.admits(other), "{other:?}");
        }
    }
}
