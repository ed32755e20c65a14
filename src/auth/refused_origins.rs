//! The log lines by which a developer learns why their page is refused: one for each origin, with the setting to
//! change.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use url::{Host, Url};

/// How long an origin is remembered.
const LASTS: Duration = Duration::from_secs(60 * 60);
/// How many origins are remembered. Anybody can send any origin, so this bounds the lines of an hour as well.
const KEPT: usize = 100;

/// The origins whose refusal was logged within the last hour.
#[derive(Clone, Debug, Default)]
pub struct RefusedOrigins(Arc<Mutex<Vec<(String, Instant)>>>);

impl RefusedOrigins {
    /// Whether to log that `origin` is refused. If so, it counts as logged.
    pub fn is_new(&self, origin: &str) -> bool {
        self.is_new_at(origin, Instant::now())
    }

    fn is_new_at(&self, origin: &str, now: Instant) -> bool {
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logged.retain(|(_, since)| now.saturating_duration_since(*since) < LASTS);
        if logged.len() >= KEPT || logged.iter().any(|(known, _)| known == origin) {
            return false;
        }
        logged.push((origin.to_owned(), now));
        true
    }
}

/// What `origin` is mistaken for, of the `allowed` origins: one that differs in a way that is easily overlooked.
pub fn near_miss<'a>(origin: &str, allowed: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let url = Url::parse(origin).ok()?;
    allowed.into_iter().find_map(|other| {
        let difference = difference(&url, &Url::parse(other).ok()?)?;
        Some(format!("{other} is another origin: {difference}"))
    })
}

fn difference(one: &Url, other: &Url) -> Option<&'static str> {
    let (hosts, schemes) = (one.host() == other.host(), one.scheme() == other.scheme());
    let ports = one.port_or_known_default() == other.port_or_known_default();
    match (schemes, hosts, ports) {
        (true, true, true) => Some("a browser writes it without a path, a slash at its end and capital letters"),
        (true, true, false) => Some("the port differs"),
        (false, true, _) if one.port() == other.port() => Some("the scheme differs"),
        (true, false, true) if is_loopback(one) && is_loopback(other) => {
            Some("`localhost`, `127.0.0.1` and `[::1]` are different hosts")
        }
        _ => None,
    }
}

/// Whether `url` is on this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_origin_is_logged_once_an_hour_and_few_in_all() {
        let (refused, now) = (RefusedOrigins::default(), Instant::now());
        assert!(refused.is_new_at("https://a.example", now) && !refused.is_new_at("https://a.example", now));
        let logged = (0..10_000).filter(|number| refused.is_new_at(&number.to_string(), now)).count();
        assert_eq!((logged, refused.0.lock().unwrap().len()), (KEPT - 1, KEPT));
        assert!(!refused.is_new_at("https://a.example", now + LASTS / 2));
        assert!(refused.is_new_at("https://a.example", now + LASTS));
        assert_eq!(refused.0.lock().unwrap().len(), 1, "what is over is forgotten");
    }

    #[test]
    fn a_near_miss_is_named_with_its_difference() {
        let allowed = ["http://localhost:4610", "https://app.example"];
        for (origin, other, difference) in [
            ("http://localhost:4611", allowed[0], "the port"),
            ("http://127.0.0.1:4610", allowed[0], "different hosts"),
            ("http://[::1]:4610", allowed[0], "different hosts"),
            ("https://localhost:4610", allowed[0], "the scheme"),
            ("http://app.example", allowed[1], "the scheme"),
            ("https://app.example:8443", allowed[1], "the port"),
            ("https://app.example/", allowed[1], "a slash"),
            ("https://APP.example", allowed[1], "capital letters"),
        ] {
            let found = near_miss(origin, allowed).unwrap_or_default();
            assert!(found.starts_with(other) && found.contains(difference), "{origin}: {found}");
        }
        for far in ["https://other.example", "https://www.app.example", "http://127.0.0.1:4611", "null", "", "nonsense"]
        {
            assert_eq!(near_miss(far, allowed), None, "{far}");
        }
    }
}
