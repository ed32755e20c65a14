//! Who is at the other end of a request: the address it comes from, and what the client calls itself.

mod browser;
mod device;

use std::{convert::Infallible, net::IpAddr};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{Extensions, HeaderMap, header, request::Parts},
    middleware::Next,
    response::Response,
};

pub use self::{browser::in_words, device::Device};
use crate::settings::{ProxyHeader, Server};

/// The other end of the connection. The listener puts it into each request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub IpAddr);

/// Who is at the other end.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Where the request comes from, if that is known.
    pub address: Option<IpAddr>,
    /// What it calls itself, cut to what fits a list.
    pub user_agent: String,
    /// Its device cookie, where one is read: at the session door.
    pub device: Option<Device>,
}

/// What [`layer`] found out.
#[derive(Clone, Copy)]
struct Address(IpAddr);

impl Client {
    /// The client of the request with these parts.
    pub fn of(headers: &HeaderMap, extensions: &Extensions) -> Self {
        let given = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            address: extensions.get::<Address>().map(|address| address.0),
            user_agent: given.chars().take(255).collect(),
            device: extensions.get().cloned(),
        }
    }

    /// What one customer of a provider has: an IPv4 address, or 64 bits of an IPv6 address.
    pub fn network(&self) -> Option<Network> {
        self.address.map(|address| Network::around(address, 32, 64))
    }

    /// The networks that one source may have to itself, the narrowest first, and how many times as much as the narrowest
    /// each of them may do: an IPv4 address; 64, 56 and 48 bits of an IPv6 address. Providers give a customer any of these
    /// (RFC 6177), so whoever has 48 bits has 65,536 networks of 64, and whoever has 64 may have neighbours (S69).
    pub fn networks(&self) -> Vec<(Network, u32)> {
        let Some(address) = self.address else { return Vec::new() };
        let levels: &[(u8, u32)] = if address.is_ipv4() { &[(32, 1)] } else { &[(64, 1), (56, 4), (48, 16)] };
        levels.iter().map(|(bits, times)| (Network::around(address, *bits, *bits), *times)).collect()
    }

    /// All that one source can have: an IPv4 address, or 48 bits of an IPv6 address.
    pub fn site(&self) -> Option<Network> {
        self.address.map(|address| Network::around(address, 32, 48))
    }

    /// The address as text, empty if it is not known.
    pub fn address(&self) -> String {
        self.address.map(|address| address.to_string()).unwrap_or_default()
    }

    /// The browser in words, such as "Firefox on Windows".
    pub fn browser(&self) -> String {
        in_words(&self.user_agent)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers, &parts.extensions))
    }
}

/// Finds out where each request comes from.
pub async fn layer(State(proxies): State<Proxies>, mut request: Request, next: Next) -> Response {
    if let Some(Peer(peer)) = request.extensions().get().copied() {
        let address = proxies.client(peer, request.headers());
        request.extensions_mut().insert(Address(address));
    }
    next.run(request).await
}

/// The proxies that may say where a request comes from (S38).
///
/// They are named by their addresses, not counted: whoever reaches the server past the proxy is not believed, and a hop
/// that is added or lost moves nothing. One header is read, because a proxy that writes one of the two passes the other
/// on as the client wrote it.
#[derive(Clone, Debug, Default)]
pub struct Proxies {
    trusted: Vec<Network>,
    header: ProxyHeader,
}

impl Proxies {
    /// The proxies that `settings` trust.
    ///
    /// # Errors
    /// Says which entry is no network.
    pub fn new(settings: &Server) -> Result<Self, String> {
        let trusted = settings.trusted_proxies.iter().map(|text| Network::parse(text)).collect::<Result<_, _>>()?;
        Ok(Self { trusted, header: settings.proxy_header })
    }

    /// Whether `peer` is one of them.
    pub fn trust(&self, peer: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.contains(peer.to_canonical()))
    }

    /// Where a request that arrives from `peer` comes from: from the right, each trusted proxy is believed about the one
    /// before it. What stands further left, the client may have written itself.
    fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let mut hops = self.hops(headers).into_iter().rev();
        while self.trusted.iter().any(|network| network.contains(client)) {
            let Some(Some(before)) = hops.next() else { break };
            client = before;
        }
        client
    }

    /// Every hop the header names, in its order; none where it hides its name.
    fn hops(&self, headers: &HeaderMap) -> Vec<Option<IpAddr>> {
        let (name, node): (_, fn(&str) -> Option<IpAddr>) = match self.header {
            ProxyHeader::XForwardedFor => ("x-forwarded-for", address),
            ProxyHeader::Forwarded => ("forwarded", forwarded_for),
        };
        if self.trusted.is_empty() {
            return Vec::new();
        }
        let lines = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default());
        lines.flat_map(|line| line.split(',')).map(node).collect()
    }
}

/// `for=` in one element of `Forwarded` (RFC 7239 section 4).
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let mut nodes = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for")).map(|(_, node)| node);
    address(nodes.next()?)
}

/// An address with or without a port, brackets and quotes.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let with_port = || text.parse().ok().map(|socket: std::net::SocketAddr| socket.ip());
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    bare.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

/// Addresses that begin alike: `10.0.0.0/8`, or one alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads `address` or `address/bits`.
    ///
    /// # Errors
    /// Says what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is no address and no network; write something like \"10.0.0.0/8\"");
        let (base, bits) = text.split_once('/').map_or((text, None), |(base, bits)| (base, Some(bits)));
        let base: IpAddr = base.trim().parse().map_err(|_| wrong())?;
        let whole = if base.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(whole), |bits| bits.trim().parse().map_err(|_| wrong()))?;
        if bits > whole {
            return Err(wrong());
        }
        if bits == 0 {
            return Err(format!("{text:?} is everybody, and any visitor could claim any address; name your proxies"));
        }
        Ok(Self { base, bits })
    }

    /// The network of the first `v4` or `v6` bits around `address`.
    pub fn around(address: IpAddr, v4: u8, v6: u8) -> Self {
        let bits = if address.is_ipv4() { v4 } else { v6 };
        let base = match address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shr(bits.into()).map_or(u32::MAX, |low| !low);
                IpAddr::V4((u32::from(address) & mask).into())
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shr(bits.into()).map_or(u128::MAX, |low| !low);
                IpAddr::V6((u128::from(address) & mask).into())
            }
        };
        Self { base, bits }
    }

    fn contains(&self, address: IpAddr) -> bool {
        address.is_ipv4() == self.base.is_ipv4()
            && Self::around(address, self.bits, self.bits) == Self::around(self.base, self.bits, self.bits)
    }
}

impl std::fmt::Display for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn client(trusted: &[&str], header: ProxyHeader, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let trusted_proxies = trusted.iter().map(|text| (*text).into()).collect();
        let server = Server { trusted_proxies, proxy_header: header, ..Server::default() };
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        Proxies::new(&server).unwrap().client(peer.parse().unwrap(), &headers).to_string()
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

    #[test]
    fn networks() {
        for bad in ["", "10.0.0.0/33", "10.0.0.0/x", "proxy.internal", "::/129", "0.0.0.0/0", "::/0"] {
            assert!(Network::parse(bad).is_err(), "{bad:?}");
        }
        let around = |text: &str| Network::around(text.parse().unwrap(), 32, 64).to_string();
        assert_eq!(around("192.0.2.77"), "192.0.2.77/32");
        assert_eq!(around("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    }

    #[test]
    fn a_source_is_counted_by_all_it_may_have() {
        let of = |text: &str| {
            let client = Client { address: text.parse().ok(), ..Client::default() };
            let networks = client.networks().into_iter().map(|(network, times)| format!("{network} {times}"));
            (networks.collect::<Vec<_>>(), client.site().map(|site| site.to_string()).unwrap_or_default())
        };
        assert_eq!(of("192.0.2.77"), (vec!["192.0.2.77/32 1".into()], "192.0.2.77/32".into()));
        let wide = ["2001:db8:1:a2b::/64 1", "2001:db8:1:a00::/56 4", "2001:db8:1::/48 16"].map(str::to_owned);
        assert_eq!(of("2001:db8:1:a2b:4:5:6:7"), (wide.to_vec(), "2001:db8:1::/48".into()));
        assert_eq!(of("nowhere"), (Vec::new(), String::new()));
    }
}
