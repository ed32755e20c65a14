//! `[lab]`: the Lab and the origins it needs. Without the cargo feature `lab` it is read and has no effect.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::Settings;

/// `[lab]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lab {
    /// Where the Lab is on.
    pub enabled: LabEnabled,
    /// The address its peer, the other origin, listens on.
    pub address: SocketAddr,
    /// The peer's origin of the same site. If empty, a development server uses the port above.
    pub same_site_url: String,
    /// The peer's origin of another site. If empty, a development server uses the port above.
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

impl Settings {
    /// The origins of the Lab's peer, of the same site and of another. None if the Lab is off.
    pub fn lab_peer(&self) -> Option<(String, String)> {
        let wanted = match self.lab.enabled {
            LabEnabled::Development => self.is_development(),
            LabEnabled::Always => true,
            LabEnabled::Never => false,
        };
        let (same, cross) = (&self.lab.same_site_url, &self.lab.cross_site_url);
        match (wanted, same.is_empty() && cross.is_empty()) {
            (false, _) => None,
            (true, false) => Some((same.clone(), cross.clone())),
            (true, true) => self.lab_on_this_machine(),
        }
    }

    /// `localhost` and `127.0.0.1`, which are two sites and need no DNS.
    fn lab_on_this_machine(&self) -> Option<(String, String)> {
        let url = &self.server.public_url;
        let (here, there) = match url.host_str()? {
            "localhost" => ("localhost", "127.0.0.1"),
            "127.0.0.1" => ("127.0.0.1", "localhost"),
            _ => return None,
        };
        let port = self.lab.address.port();
        let reachable = url.scheme() == "http" && self.lab.address.ip().is_loopback();
        reachable.then(|| (format!("http://{here}:{port}"), format!("http://{there}:{port}")))
    }
}

/// Whether two hosts belong to one site, as far as that can be told without the public suffix list: the same host, or
/// names whose last two labels are the same.
pub(super) fn share_a_site(one: &Url, other: &Url) -> bool {
    let (Some(Host::Domain(one)), Some(Host::Domain(other))) = (one.host(), other.host()) else {
        return one.host() == other.host();
    };
    let end = |name: &str| name.rsplit('.').take(2).map(str::to_owned).collect::<Vec<_>>();
    one == other || (end(one).len() == 2 && end(one) == end(other))
}
