//! `[lab]`: the Lab's experiments, and the origins they need.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{findings::Findings, origins::check_origin, server::Server};

/// `[lab]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lab {
    /// Where the Lab is on.
    pub enabled: LabEnabled,
    /// The address that the Lab's peer, a server of other origins, listens on.
    pub address: SocketAddr,
    /// The peer's origin on the same site. If both are empty on a development server, the port above.
    pub same_site_url: String,
    /// The peer's origin on another site.
    pub cross_site_url: String,
}

impl Default for Lab {
    fn default() -> Self {
        let address = SocketAddr::from(([127, 0, 0, 1], 3002));
        Self { enabled: LabEnabled::Development, address, same_site_url: String::new(), cross_site_url: String::new() }
    }
}

/// Where the Lab is on.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum LabEnabled {
    /// On a development server.
    #[default]
    Development,
    /// Everywhere.
    Always,
    /// Nowhere.
    Never,
}

impl Lab {
    /// The origins of the Lab's peer, on the same site as `server` and on another; `None` if the Lab is off.
    pub(super) fn peer(&self, server: &Server) -> Option<(String, String)> {
        let enabled = match self.enabled {
            LabEnabled::Development => server.is_development(),
            LabEnabled::Always => true,
            LabEnabled::Never => false,
        };
        let (same, cross) = (&self.same_site_url, &self.cross_site_url);
        match (enabled, same.is_empty() && cross.is_empty()) {
            (false, _) => None,
            (true, false) => Some((same.clone(), cross.clone())),
            (true, true) => self.local_peer(&server.public_url, "http"),
        }
    }

    /// The origins of the peer of a server that serves itself and the peer by TLS on this machine, the same site's
    /// first; `None` if the settings name others.
    pub fn local_https_peer(&self, public_url: &Url) -> Option<(String, String)> {
        let named = !(self.same_site_url.is_empty() && self.cross_site_url.is_empty());
        if named { None } else { self.local_peer(public_url, "https") }
    }

    /// `localhost` and `127.0.0.1` are two sites that need no DNS.
    fn local_peer(&self, public_url: &Url, scheme: &str) -> Option<(String, String)> {
        let (same, cross) = match public_url.host_str()? {
            "localhost" => ("localhost", "127.0.0.1"),
            "127.0.0.1" => ("127.0.0.1", "localhost"),
            _ => return None,
        };
        let port = self.address.port();
        let reachable = public_url.scheme() == scheme && self.address.ip().is_loopback();
        reachable.then(|| (format!("{scheme}://{same}:{port}"), format!("{scheme}://{cross}:{port}")))
    }

    /// The Lab needs three origins, two of them on one site, and none that a page on https must not call.
    pub(super) fn check(&self, server: &Server, found: &mut Findings) {
        let Some((same, cross)) = self.peer(server) else {
            let message = "the Lab needs two more origins that lead to lab.address; set lab.same_site_url and \
                           lab.cross_site_url, or lab.enabled = \"never\"";
            return found.error_if(self.enabled == LabEnabled::Always, "lab.same_site_url", message);
        };
        let taken = server.address.tcp().is_some_and(|address| address.port() == self.address.port());
        found.error_if(taken, "lab.address", "has the port of server.address; use another port");
        for (key, origin, same_site) in [("lab.same_site_url", same, true), ("lab.cross_site_url", cross, false)] {
            if let Err(message) = check_peer(&origin, &server.public_url, same_site) {
                found.error(key, message);
            }
        }
    }
}

fn check_peer(origin: &str, public_url: &Url, same_site: bool) -> Result<(), String> {
    check_origin(origin)?;
    let url = Url::parse(origin).map_err(|error| error.to_string())?;
    if origin == public_url.origin().ascii_serialization() {
        return Err("is the site's own origin, so no request would be cross-origin; use another".into());
    }
    if url.scheme() != public_url.scheme() {
        return Err("must have the scheme of server.public_url, or browsers block it as mixed content".into());
    }
    if is_same_site(&url, public_url) != same_site {
        let which = if same_site { "another site than" } else { "the same site as" };
        return Err(format!("is on {which} server.public_url, so the experiments would show something else"));
    }
    Ok(())
}

/// Whether two hosts are on one site, as far as this can be told without the public suffix list: one host, or names
/// whose last two labels are the same.
pub fn is_same_site(one: &Url, other: &Url) -> bool {
    let (Some(Host::Domain(one)), Some(Host::Domain(other))) = (one.host(), other.host()) else {
        return one.host() == other.host();
    };
    let end = |name: &str| name.rsplit('.').take(2).map(str::to_owned).collect::<Vec<_>>();
    one == other || (end(one).len() == 2 && end(one) == end(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(public_url: &str, address: &str) -> Server {
        Server { public_url: public_url.parse().unwrap(), address: address.parse().unwrap(), ..Server::default() }
    }

    /// The keys of the errors.
    fn errors(lab: &Lab, server: &Server) -> Vec<&'static str> {
        let mut found = Findings::default();
        lab.check(server, &mut found);
        found.sorted().into_iter().map(|finding| finding.key).collect()
    }

    #[test]
    fn the_lab_is_open_where_nobody_else_comes() {
        let lab = Lab::default();
        let here = ("http://localhost:3002".to_owned(), "http://127.0.0.1:3002".to_owned());
        assert_eq!(lab.peer(&Server::default()), Some(here.clone()));
        let (same, cross) = here;
        assert_eq!(lab.peer(&server("http://127.0.0.1:3000", "127.0.0.1:3000")), Some((cross, same)));
        assert_eq!(Lab { enabled: LabEnabled::Never, ..Lab::default() }.peer(&Server::default()), None);
        assert_eq!(lab.peer(&server("http://localhost:3000", "0.0.0.0:3000")), None);
        assert_eq!(lab.peer(&server("https://vestibule.example", "127.0.0.1:3000")), None);

        // Behind a proxy for TLS, the peer has none. A server that has its own says so.
        let own = server("https://localhost:3000", "127.0.0.1:3000");
        assert_eq!(lab.peer(&own), None);
        let (same, cross) = lab.local_https_peer(&own.public_url).unwrap();
        assert_eq!((same.as_str(), cross.as_str()), ("https://localhost:3002", "https://127.0.0.1:3002"));
        let named = Lab { same_site_url: same, cross_site_url: cross, ..lab };
        assert!(named.peer(&own).is_some() && errors(&named, &own).is_empty());
        assert_eq!(named.local_https_peer(&own.public_url), None);
    }

    #[test]
    fn a_lab_that_is_always_open_needs_origins_of_two_sites() {
        let site = server("https://vestibule.example", "127.0.0.1:3000");
        let with = |same: &str, cross: &str| Lab {
            enabled: LabEnabled::Always,
            same_site_url: same.into(),
            cross_site_url: cross.into(),
            ..Lab::default()
        };
        assert_eq!(errors(&with("", ""), &site), ["lab.same_site_url"]);
        let good = with("https://lab.vestibule.example", "https://stranger.test");
        assert!(good.peer(&site).is_some() && errors(&good, &site).is_empty());
        for (same, cross, named) in [
            ("http://lab.vestibule.example", "https://stranger.test", "lab.same_site_url"),
            ("https://lab.vestibule.test", "https://stranger.test", "lab.same_site_url"),
            ("https://lab.vestibule.example", "http://stranger.test", "lab.cross_site_url"),
            ("https://lab.vestibule.example", "https://other.vestibule.example", "lab.cross_site_url"),
            ("https://vestibule.example", "https://stranger.test", "lab.same_site_url"),
        ] {
            assert_eq!(errors(&with(same, cross), &site), [named], "{same} {cross}");
        }
    }
}
