//! Trusted proxies, and the client address that they report.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::http::HeaderMap;
use ipnet::IpNet;

use super::peer::Peer;
use crate::settings::{ProxyHeader, Server};

/// The proxies whose report of the client's address is trusted (S38).
///
/// They are listed by address, not counted. A request that bypasses the proxy cannot claim another address, and adding
/// or removing a hop does not shift which entry is used. Only one of the two headers is read, because a proxy that sets
/// one forwards the other as the client sent it.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    trusted: Vec<IpNet>,
    header: ProxyHeader,
}

impl Proxies {
    /// The proxies that `settings` list.
    ///
    /// # Errors
    /// If an entry is neither an address nor a network; the message names it.
    pub fn new(settings: &Server) -> Result<Self, String> {
        Ok(Self { trusted: settings.trusted_networks()?, header: settings.proxy_header })
    }

    /// Whether `peer` is a trusted proxy.
    pub fn trust(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted.iter().any(|network| network.contains(&peer))
    }

    /// Whether whoever is at the other end of a connection is a trusted proxy. Only a proxy connects to a UNIX socket.
    pub(crate) fn trust_peer(&self, peer: Peer) -> bool {
        match peer {
            Peer::Address(address) => self.trust(address),
            Peer::Socket => true,
        }
    }

    /// The client's address for a request that arrives from `peer`. From the right, each trusted proxy is believed
    /// about the hop before it. Entries further to the left may have been written by the client.
    ///
    /// A proxy at a UNIX socket has no address. Where it reports none either, the client is this machine, so that the
    /// limits by address hold for all such requests together.
    pub(crate) fn client(&self, peer: Peer, headers: &HeaderMap) -> IpAddr {
        if !self.trust_peer(peer) || self.trusted.is_empty() && peer != Peer::Socket {
            return address_of(peer);
        }
        let mut client = address_of(peer);
        for hop in self.hops(headers).into_iter().rev() {
            let Some(hop) = hop else { break };
            client = hop;
            if !self.trust(client) {
                break;
            }
        }
        client
    }

    /// Every hop in the header, in its order; `None` for a hop that is hidden or is not an address.
    fn hops(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let (name, node): (_, fn(&str) -> Option<IpAddr>) = match self.header {
            ProxyHeader::XForwardedFor => ("x-forwarded-for", address),
            ProxyHeader::Forwarded => ("forwarded", forwarded_for),
        };
        let lines = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default());
        lines.flat_map(|line| line.split(',')).map(node).collect()
    }
}

fn address_of(peer: Peer) -> IpAddr {
    match peer {
        Peer::Address(address) => address.to_canonical(),
        Peer::Socket => Ipv4Addr::LOCALHOST.into(),
    }
}

/// The `for=` parameter in one element of `Forwarded` (RFC 7239 section 4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut nodes = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for")).map(|(_, node)| node);
    address(nodes.next()?)
}

/// Parses an address with or without port, brackets and quotes.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let with_port = || text.parse().ok().map(|socket: SocketAddr| socket.ip());
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(trusted: &[&str], header: ProxyHeader, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let trusted_proxies = trusted.iter().map(|text| (*text).into()).collect();
        let server = Server { trusted_proxies, proxy_header: header, ..Server::default() };
        let peer = peer.parse().map_or(Peer::Socket, Peer::Address);
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        Proxies::new(&server).unwrap().client(peer, &headers).to_string()
    }

    #[test]
    fn nobody_is_believed_by_default() {
        let lines = [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.1"), ("x-real-ip", "192.0.2.1")];
        assert_eq!(client(&[], ProxyHeader::XForwardedFor, "127.0.0.1", &lines), "127.0.0.1");
        assert_eq!(client(&[], ProxyHeader::Forwarded, "::ffff:198.51.100.7", &lines), "198.51.100.7");
    }

    #[test]
    fn trusted_proxies_are_believed_from_the_right() {
        let trusted = ["10.0.0.0/8", "2001:db8:1::/48"];
        let is = |peer, line| client(&trusted, ProxyHeader::XForwardedFor, peer, &[("x-forwarded-for", line)]);
        assert_eq!(is("10.1.1.1", "192.0.2.1"), "192.0.2.1");
        assert_eq!(is("10.1.1.1", "203.0.113.9, 192.0.2.1"), "192.0.2.1", "the client wrote the first one");
        assert_eq!(is("10.1.1.1", "203.0.113.9, 192.0.2.1, 10.2.2.2"), "192.0.2.1");
        assert_eq!(is("10.1.1.1", "10.2.2.2"), "10.2.2.2", "all of them ours");
        assert_eq!(is("192.0.2.1", "203.0.113.9"), "192.0.2.1", "past the proxy");
        assert_eq!(is("11.0.0.1", "203.0.113.9"), "11.0.0.1");
        assert_eq!(is("2001:db8:1:2::3", "2001:db8:9::1"), "2001:db8:9::1");
        assert_eq!(is("2001:db8:2::1", "2001:db8:9::1"), "2001:db8:2::1");
        assert_eq!(is("10.1.1.1", "192.0.2.1:4711"), "192.0.2.1");
        assert_eq!(is("10.1.1.1", "[2001:db8::1]:4711"), "2001:db8::1");
        assert_eq!(is("10.1.1.1", "::ffff:192.0.2.1"), "192.0.2.1");
        for nonsense in ["", "unknown", "192.0.2.1, nonsense", "192.0.2.1,", "999.1.1.1"] {
            assert_eq!(is("10.1.1.1", nonsense), "10.1.1.1", "{nonsense:?}");
        }
    }

    #[test]
    fn a_proxy_at_a_unix_socket_is_believed_about_one_hop() {
        let is = |trusted: &[&str], line| {
            client(trusted, ProxyHeader::XForwardedFor, "socket", &[("x-forwarded-for", line)])
        };
        assert_eq!(is(&[], "203.0.113.9, 192.0.2.1"), "192.0.2.1", "the client wrote the first one");
        assert_eq!(is(&["10.0.0.0/8"], "203.0.113.9, 192.0.2.1, 10.2.2.2"), "192.0.2.1", "two proxies");
        for nothing in ["", "unknown", "192.0.2.1, nonsense"] {
            assert_eq!(is(&[], nothing), "127.0.0.1", "{nothing:?}");
        }
    }

    #[test]
    fn several_lines_are_one_list() {
        let lines = [("x-forwarded-for", "203.0.113.9"), ("x-forwarded-for", "192.0.2.1, 10.2.2.2")];
        assert_eq!(client(&["10.0.0.0/8"], ProxyHeader::XForwardedFor, "10.1.1.1", &lines), "192.0.2.1");
    }

    #[test]
    fn only_the_header_that_was_chosen_is_read() {
        let lines =
            [("x-forwarded-for", "203.0.113.9"), ("forwarded", r#"for=10.9.9.9, For="[2001:db8::1]:47";proto=https"#)];
        assert_eq!(client(&["10.1.1.1"], ProxyHeader::Forwarded, "10.1.1.1", &lines), "2001:db8::1");
        assert_eq!(client(&["10.1.1.1"], ProxyHeader::XForwardedFor, "10.1.1.1", &lines), "203.0.113.9");
        let hidden = [("forwarded", "for=192.0.2.1, for=_hidden"), ("forwarded", "proto=https")];
        assert_eq!(client(&["10.1.1.1"], ProxyHeader::Forwarded, "10.1.1.1", &hidden), "10.1.1.1");
    }
}
