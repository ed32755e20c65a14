//! The client of a request: the address it comes from, and what its `User-Agent` says.

mod browser;
mod device;
mod network;
mod peer;
mod proxies;

use std::{convert::Infallible, net::IpAddr};

use axum::{
    extract::{FromRequestParts, Request, State},
    http::{Extensions, HeaderMap, header, request::Parts},
    middleware::Next,
    response::Response,
};

pub use self::{browser::browser_name, device::Device, network::Network, peer::Peer, proxies::Proxies};

/// The client of a request.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// The address the request comes from, if it is known.
    pub address: Option<IpAddr>,
    /// The `User-Agent` header, cut to 255 bytes of ASCII.
    pub user_agent: String,
    /// The device cookie, on routes that read it: those of the session door.
    pub device: Option<Device>,
}

/// The address that [`layer`] found.
#[derive(Clone, Copy)]
struct Address(IpAddr);

impl Client {
    /// The client of the request with these headers and extensions.
    pub fn of(headers: &HeaderMap, extensions: &Extensions) -> Self {
        let given = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Self {
            address: extensions.get::<Address>().map(|address| address.0),
            user_agent: given.get(..255).unwrap_or(given).into(),
            device: extensions.get().cloned(),
        }
    }

    /// The network of one customer of a provider: an IPv4 address, or 64 bits of an IPv6 address.
    pub fn network(&self) -> Option<Network> {
        self.address.map(|address| Network::around(address, 32, 64))
    }

    /// The networks that one source may control, the narrowest first, each with the multiple of the narrowest one's
    /// limit that it may use: an IPv4 address; 64, 56 and 48 bits of an IPv6 address.
    ///
    /// Providers assign any of these to a customer (RFC 6177). A customer with 48 bits has 65,536 networks of 64 bits,
    /// and customers with 64 bits share the wider networks with others (S69).
    pub fn networks(&self) -> Vec<(Network, u32)> {
        let Some(address) = self.address else { return Vec::new() };
        let levels: &[(u8, u32)] = if address.is_ipv4() { &[(32, 1)] } else { &[(64, 1), (56, 4), (48, 16)] };
        levels.iter().map(|(bits, times)| (Network::around(address, *bits, *bits), *times)).collect()
    }

    /// The widest network that one source may control: an IPv4 address, or 48 bits of an IPv6 address.
    pub fn site(&self) -> Option<Network> {
        self.address.map(|address| Network::around(address, 32, 48))
    }

    /// The address as text, empty if it is not known.
    pub fn address(&self) -> String {
        self.address.map(|address| address.to_string()).unwrap_or_default()
    }

    /// The browser's name, such as "Firefox on Windows".
    pub fn browser(&self) -> String {
        browser_name(&self.user_agent)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers, &parts.extensions))
    }
}

/// Middleware that adds the client's address to each request.
pub async fn layer(State(proxies): State<Proxies>, mut request: Request, next: Next) -> Response {
    if let Some(peer) = request.extensions().get::<Peer>().copied() {
        let address = proxies.client(peer, request.headers());
        request.extensions_mut().insert(Address(address));
        tracing::Span::current().record("address", tracing::field::display(address));
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

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
