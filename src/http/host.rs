//! Which hosts this server answers for (S38).
//!
//! A page elsewhere may point a name of its own at this server, and then be "same-origin" with it in a visitor's browser
//! (DNS rebinding). What is asked of a name that is not ours is refused, so nothing is done or told under it.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Version, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::{
    http::{
        problem::{Problem, problem_response},
        request_id::RequestId,
    },
    settings::Settings,
};

/// The names, without ports: proxies add and drop those.
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

/// Marks what has come over a connection, in one of HTTP's own forms.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OverTheWire;

/// Refuses with 400 what has no `Host`, several, or one that is no name (RFC 9112 section 3.2): two servers on the way
/// would take it for two different requests. HTTP/1.0 knows no `Host`.
pub(crate) async fn one(request: Request, next: Next) -> Response {
    let spared = request.extensions().get::<OverTheWire>().is_none() || request.version() < Version::HTTP_11;
    if spared || names_one(request.headers()) {
        return next.run(request).await;
    }
    let problem = Problem::InvalidBody("A request names the host it is for, once, in its Host header.".into());
    problem_response(problem.clone().into_response(), &problem, &RequestId::of(request.extensions()))
}

fn names_one(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (lines.next(), lines.next()) else { return false };
    host.is_empty() || host.to_str().is_ok_and(|host| host.parse::<Authority>().is_ok())
}

/// Refuses what is asked of another host with 421 (RFC 9110 section 15.5.20). Balancers ask for the health of an instance
/// by its address, so that is told to everybody. A request that names no host claims nothing.
pub(crate) async fn layer(State(hosts): State<Hosts>, request: Request, next: Next) -> Response {
    // Of a request that names one in its target, `Host` does not count (RFC 9112 section 3.2.2).
    let target = request.uri().authority().map(|authority| authority.as_str().to_owned());
    let named = request.headers().get_all(header::HOST).iter().map(|host| host.to_str().unwrap_or_default().to_owned());
    let named: Vec<_> = target.map_or_else(|| named.collect(), |target| vec![target]);
    let healthy = matches!(request.uri().path(), "/healthz" | "/readyz");
    if healthy || named.iter().all(|host| hosts.admits(host)) {
        return next.run(request).await;
    }
    tracing::warn!(event = "host_refused", host = ?named, "asked for a host that is not in server.hosts");
    let problem = Problem::Misdirected;
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
