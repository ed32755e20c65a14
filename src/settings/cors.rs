//! `[cors]`: pages of other origins that may read the responses of the token door.

use axum::http::HeaderValue;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{findings::Findings, hosts::is_loopback_host, origins::check_origin};

/// `[cors]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cors {
    /// Exact origins, such as `https://app.example.com`.
    pub allowed_origins: Vec<String>,
}

impl Cors {
    /// The allowed origins, as header values.
    pub fn allowed_origins(&self) -> Vec<HeaderValue> {
        self.allowed_origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect()
    }

    /// Who may call `/api/v1`, in a sentence for the operator.
    pub fn summary(&self) -> String {
        match self.allowed_origins.as_slice() {
            [] => "Pages of no other origin may call /api/v1 (cors.allowed_origins is empty).".into(),
            listed => format!("Pages of these origins may call /api/v1 (cors.allowed_origins): {}.", listed.join(", ")),
        }
    }

    /// Origins are compared byte by byte, and browsers send each in one form only (Fetch, "CORS check"). `own` is the
    /// public URL.
    pub(super) fn check(&self, own: &Url, found: &mut Findings) {
        const KEY: &str = "cors.allowed_origins";
        for (index, origin) in self.allowed_origins.iter().enumerate() {
            if let Err(message) = check_origin(origin) {
                found.error(KEY, message);
                continue;
            }
            if *origin == own.origin().ascii_serialization() {
                found.advice(KEY, format!("{origin:?} is this site itself, which needs no CORS; remove it"));
            }
            if self.allowed_origins[..index].contains(origin) {
                found.advice(KEY, format!("{origin:?} is listed twice"));
            }
            if let Some(url) = public_page(origin) {
                check_page(origin, &url, own, found);
            }
        }
    }
}

/// The URL of an http(s) origin. A name that ends in `.localhost` never leaves the machine (RFC 6761): Tauri's web view
/// is `http://tauri.localhost`.
fn public_page(origin: &str) -> Option<Url> {
    let url = Url::parse(origin).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    let is_local_name = url.host_str().is_some_and(|host| host.ends_with(".localhost"));
    (!is_local_name).then_some(url)
}

fn check_page(origin: &str, url: &Url, own: &Url, found: &mut Findings) {
    const KEY: &str = "cors.allowed_origins";
    if url.scheme() == "http" && !is_loopback_host(url) && own.scheme() == "https" {
        let message = format!(
            "{origin:?} is http: anyone on the network can change its pages, and read with them everything that its \
             tokens can read; serve it over https"
        );
        found.advice(KEY, message);
    }
    if is_loopback_host(url) && !is_loopback_host(own) {
        let message = format!(
            "{origin:?} is any program on a visitor's own machine, which is useful in development only; remove it"
        );
        found.advice(KEY, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::findings::{Finding, Severity};

    fn found(public_url: &str, origin: &str) -> Vec<Finding> {
        let mut found = Findings::default();
        let cors = Cors { allowed_origins: vec![origin.into()] };
        cors.check(&public_url.parse().unwrap(), &mut found);
        found.sorted()
    }

    #[test]
    fn what_is_odd_about_an_origin_is_said() {
        let site = "https://vestibule.example";
        for fine in ["https://app.example", "capacitor://localhost", "http://tauri.localhost", "app://bundle"] {
            assert!(found(site, fine).is_empty(), "{fine}");
        }
        for (origin, said) in [
            ("http://app.example", "is http"),
            ("https://vestibule.example", "this site itself"),
            ("http://localhost:5173", "visitor's own machine"),
        ] {
            let found = found(site, origin);
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!((found[0].severity, found[0].key), (Severity::Advice, "cors.allowed_origins"));
            assert!(found[0].message.contains(said), "{found:?}");
        }
        assert!(found("http://localhost:3000", "http://localhost:5173").is_empty(), "development");
    }
}
