//! `[server]`: the address, the public URL, and limits on connections.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::{
    address::ListenAddress,
    findings::Findings,
    hosts::{canonical, is_loopback_host, is_name},
};

/// `[server]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// The address or the UNIX socket to listen on.
    pub address: ListenAddress,
    /// The permissions of the UNIX socket, in octal: who may connect.
    pub socket_mode: String,
    /// The origin that browsers use to reach the site.
    pub public_url: Url,
    /// Other hosts to answer for.
    pub hosts: Vec<String>,
    /// The folder of the built site, for a binary that does not contain it.
    pub site_root: String,
    /// Addresses and networks of the proxies whose report of the client's address is trusted.
    pub trusted_proxies: Vec<String>,
    /// The header in which proxies report the client's address.
    pub proxy_header: ProxyHeader,
    /// What `Strict-Transport-Security` covers, if the public URL is https.
    pub hsts: Hsts,
    /// How many connections may be open at once.
    pub connections: u32,
    /// How many of them may come from one network: an IPv4 address, or 64 bits of IPv6.
    pub connections_per_network: u32,
    /// How long the server goes on accepting requests after it was asked to stop, in seconds, while `/readyz` says that
    /// it is not ready.
    pub drain_seconds: u32,
    /// How long running work may take to finish when the server stops, in seconds.
    pub shutdown_seconds: u32,
}

/// What browsers must reach by https only, for two years (RFC 6797). Browsers remember this for the whole time, even if
/// the setting changes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Hsts {
    /// This host.
    #[default]
    Site,
    /// This host and all of its subdomains, including those served by others.
    Subdomains,
    /// This host and its subdomains, with consent to the preload lists that browsers ship with.
    Preload,
    /// Nothing: the header is not sent.
    Off,
}

impl Hsts {
    /// The value of the header, or `None` if it is not sent.
    pub fn header(self) -> Option<&'static str> {
        match self {
            Self::Site => Some("max-age=63072000"),
            Self::Subdomains => Some("max-age=63072000; includeSubDomains"),
            Self::Preload => Some("max-age=63072000; includeSubDomains; preload"),
            Self::Off => None,
        }
    }
}

/// The header in which a proxy reports the client's address.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum ProxyHeader {
    /// `X-Forwarded-For`
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239)
    Forwarded,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            address: SocketAddr::from(([127, 0, 0, 1], 3000)).into(),
            socket_mode: "0660".into(),
            #[expect(clippy::expect_used, reason = "a constant, covered by a test")]
            public_url: Url::parse("http://localhost:3000").expect("a constant URL"),
            hosts: Vec::new(),
            site_root: "target/site".into(),
            trusted_proxies: Vec::new(),
            proxy_header: ProxyHeader::default(),
            hsts: Hsts::default(),
            connections: 4096,
            connections_per_network: 512,
            drain_seconds: 0,
            shutdown_seconds: 30,
        }
    }
}

impl Server {
    /// The site's own origin, as browsers write it in `Origin`.
    pub fn origin(&self) -> String {
        self.public_url.origin().ascii_serialization()
    }

    /// Whether this is a development server: its address and its public URL are those of this machine, so nobody else
    /// can reach it, and `/dev` can be open.
    pub fn is_development(&self) -> bool {
        is_loopback_host(&self.public_url) && self.address.is_loopback()
    }

    /// The hosts to answer for, as browsers write them (IDNA, lower case): that of the public URL, those of `hosts`,
    /// and on a development server the names of this machine.
    pub fn hosts(&self) -> Vec<String> {
        let public = self.public_url.host_str().map(str::to_owned);
        let further = self.hosts.iter().filter_map(|host| canonical(host).ok());
        let local = ["localhost", "127.0.0.1", "[::1]"].into_iter().filter(|_| self.is_development());
        public.into_iter().chain(further).chain(local.map(str::to_owned)).collect()
    }

    /// `trusted_proxies`, parsed.
    ///
    /// # Errors
    /// If an entry is neither an address nor a network; the message names it.
    pub fn trusted_networks(&self) -> Result<Vec<IpNet>, String> {
        self.trusted_proxies.iter().map(|text| network(text)).collect()
    }

    /// `socket_mode`, parsed; `None` if it is not octal.
    pub fn permissions(&self) -> Option<u32> {
        u32::from_str_radix(&self.socket_mode, 8).ok().filter(|mode| *mode <= 0o777)
    }

    /// Changes the default public URL to the one at which a server that listens on `address` can be reached from this
    /// machine. Any other public URL stays as it is, and so does the default for an address that is not a loopback one.
    pub(super) fn follow_address(&mut self) {
        let Some(address) = self.address.tcp() else { return };
        let (ip, port) = (address.ip(), address.port());
        if self.public_url != Self::default().public_url || !ip.is_loopback() || port == 0 {
            return;
        }
        // These two are what `localhost` stands for.
        let local = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
        let host = if local.contains(&ip) { Ok(()) } else { self.public_url.set_ip_host(ip) };
        // Neither fails for an http URL.
        let _ = host.and_then(|()| self.public_url.set_port(Some(port)));
    }

    pub(super) fn check(&self, found: &mut Findings) {
        self.check_public_url(found);
        for host in &self.hosts {
            if let Err(message) = canonical(host) {
                found.error("server.hosts", message);
            }
        }
        if let Err(message) = self.trusted_networks() {
            found.error("server.trusted_proxies", message);
        }
        found.error_if(
            self.permissions().is_none(),
            "server.socket_mode",
            "must be permissions in octal, such as \"0660\": the owner and the group may connect",
        );
        let behind_proxy = self.public_url.scheme() == "https" && self.address.tcp().is_some();
        found.advice_if(
            behind_proxy && self.trusted_proxies.is_empty() && !self.is_development(),
            "server.trusted_proxies",
            "is empty, so every visitor seems to have the address of the proxy that terminates TLS; add the proxy's \
             address, or failed sign-ins of one visitor slow down all others",
        );
        let reason = "each connection takes an open file and about 20 KB";
        found.range("server.connections", self.connections, 1..=1_000_000, reason);
        found.range("server.connections_per_network", self.connections_per_network, 1..=1_000_000, reason);
        let reason = "a service manager kills a server that takes longer to stop (systemd after 90 s)";
        found.range("server.drain_seconds", self.drain_seconds, 0..=60, reason);
        found.range("server.shutdown_seconds", self.shutdown_seconds, 1..=80, reason);
        found.error_if(
            self.drain_seconds.saturating_add(self.shutdown_seconds) > 85,
            "server.drain_seconds",
            format!("and server.shutdown_seconds must be 85 at most in all: {reason}"),
        );
    }

    /// Over http, a cookie cannot be `Secure`, and anyone on the network can read it (ASVS 3.3.1).
    fn check_public_url(&self, found: &mut Findings) {
        const URL: &str = "server.public_url";
        let url = &self.public_url;
        let is_origin = matches!(url.scheme(), "http" | "https") && url.host().is_some();
        found.error_if(!is_origin, URL, "must be http(s)://host, the origin that browsers use to reach the site");
        let more = url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty();
        found.error_if(is_origin && more, URL, "must be an origin without a path, a query or a user");
        found.advice_if(
            url.scheme() == "http" && !is_loopback_host(url),
            URL,
            "is http: the session cookie can be neither Secure nor __Host-, and anyone on the network can read it and \
             every token; put TLS in front and use https://…",
        );
        if let Some(Host::Domain(name)) = url.host()
            && !is_name(name)
        {
            found.error(URL, format!("{name:?} is not a valid host name"));
        }
    }
}

/// Parses `address` or `address/bits`.
fn network(text: &str) -> Result<IpNet, String> {
    let invalid = || format!("{text:?} is not an address or a network; use something like \"10.0.0.0/8\"");
    let (base, bits) = text.split_once('/').map_or((text, None), |(base, bits)| (base, Some(bits)));
    // Not by ipnet, which takes "010.0.0.1" for "10.0.0.1".
    let base: IpAddr = base.trim().parse().map_err(|_| invalid())?;
    let Some(bits) = bits else { return Ok(base.into()) };
    let bits = bits.trim().parse().map_err(|_| invalid())?;
    if bits == 0 {
        return Err(format!("{text:?} is every address, so any visitor could claim any address; list your proxies"));
    }
    IpNet::new(base, bits).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        for bad in ["", "10.0.0.0/33", "10.0.0.0/x", "proxy.internal", "::/129", "0.0.0.0/0", "::/0", "010.0.0.1"] {
            assert!(network(bad).is_err(), "{bad:?}");
        }
        for (text, network_of) in [("10.1.2.3", "10.1.2.3/32"), ("::1", "::1/128"), (" 10.0.0.0 / 8 ", "10.0.0.0/8")] {
            assert_eq!(network(text).unwrap().to_string(), network_of);
        }
        assert!(network("10.1.2.3/8").unwrap().contains(&IpAddr::from([10, 9, 9, 9])), "any address of the network");
    }

    #[test]
    fn the_default_public_url_follows_the_address() {
        let followed = |address: &str, url: &str| {
            let (address, public_url) = (address.parse().unwrap(), url.parse().unwrap());
            let mut server = Server { address, public_url, ..Server::default() };
            server.follow_address();
            server.origin()
        };
        let default = "http://localhost:3000";
        for (address, origin) in [
            ("127.0.0.1:3000", default),
            ("127.0.0.1:3400", "http://localhost:3400"),
            ("[::1]:3400", "http://localhost:3400"),
            ("127.0.0.2:3000", "http://127.0.0.2:3000"),
            ("127.0.0.1:80", "http://localhost"),
            ("127.0.0.1:0", default),
            ("0.0.0.0:3400", default),
        ] {
            assert_eq!(followed(address, default), origin, "{address}");
        }
        for url in ["http://localhost:8080", "http://127.0.0.1:3000", "https://vestibule.example"] {
            assert_eq!(followed("127.0.0.1:3400", url), url);
        }
    }

    #[test]
    fn a_development_server_is_one_nobody_else_reaches() {
        let is = |url: &str, address: &str| {
            let (address, public_url) = (address.parse().unwrap(), url.parse().unwrap());
            Server { address, public_url, ..Server::default() }.is_development()
        };
        assert!(is("http://localhost:3000", "127.0.0.1:3000"));
        assert!(is("http://[::1]:3000", "[::1]:3000"));
        assert!(!is("http://localhost:3000", "0.0.0.0:3000"), "the network reaches it");
        assert!(!is("https://vestibule.example", "127.0.0.1:3000"), "a proxy stands in front of it");
        assert!(!is("http://localhost.example", "127.0.0.1:3000"));
    }

    #[test]
    fn a_host_that_no_browser_is_at_is_refused() {
        let errors = |server: Server| {
            let mut found = Findings::default();
            server.check(&mut found);
            found.sorted().into_iter().map(|finding| finding.key).collect::<Vec<_>>()
        };
        for url in ["https://*.example", "https://a..example", "https://-a.example"] {
            let found = errors(Server { public_url: url.parse().unwrap(), ..Server::default() });
            assert_eq!(found, ["server.public_url", "server.trusted_proxies"], "{url}");
        }
        let hosts = vec!["bücher.example".into(), "*.example".into()];
        assert_eq!(errors(Server { hosts, ..Server::default() }), ["server.hosts"]);
        let server = Server { hosts: vec!["Bücher.example".into()], ..Server::default() };
        assert!(server.hosts().contains(&"xn--bcher-kva.example".to_owned()));
    }
}
