//! `[metrics]`: the listener that Prometheus reads.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use super::findings::Findings;

/// `[metrics]`
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Metrics {
    /// The address that `GET /metrics` is served on, apart from everything else; empty for none.
    pub address: String,
}

impl Metrics {
    /// The address to listen on, if there is one.
    pub fn listens_on(&self) -> Option<SocketAddr> {
        self.address.parse().ok()
    }

    pub(super) fn check(&self, server: Option<SocketAddr>, found: &mut Findings) {
        const ADDRESS: &str = "metrics.address";
        if self.address.is_empty() {
            return;
        }
        let Some(address) = self.listens_on() else {
            return found
                .error(ADDRESS, format!("{:?} is not an address with a port, such as 127.0.0.1:9464", self.address));
        };
        found.error_if(
            Some(address) == server,
            ADDRESS,
            "is server.address: metrics have a listener of their own, which the site's visitors do not reach",
        );
        let any = address.ip().is_unspecified();
        found.error_if(
            !any && !is_private(address.ip()),
            ADDRESS,
            "is a public address, and metrics are not for everybody; use one of this machine or of a private network",
        );
        found.advice_if(
            any,
            ADDRESS,
            "is every address of this machine, as only a container needs it; clients at public addresses are refused",
        );
    }
}

/// Whether an address is that of this machine, or of a private network (RFC 1918, RFC 4193), a link, or the shared
/// space that providers and overlay networks use (RFC 6598).
pub fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || (first == 100 && second & 0xC0 == 64)
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(address: &str) -> usize {
        let mut found = Findings::default();
        Metrics { address: address.into() }.check("10.0.0.1:3000".parse().ok(), &mut found);
        found.sorted().len()
    }

    #[test]
    fn only_addresses_that_the_world_does_not_reach() {
        for good in
            ["", "127.0.0.1:9464", "[::1]:9464", "192.168.1.2:9464", "10.0.0.1:9464", "100.64.0.9:1", "[fd00::1]:1"]
        {
            assert_eq!(findings(good), 0, "{good}");
        }
        for bad in ["9464", "localhost:9464", "192.0.2.1:9464", "[2001:db8::1]:9464", "10.0.0.1:3000", "100.128.0.1:1"]
        {
            assert_eq!(findings(bad), 1, "{bad}");
        }
        assert_eq!((findings("0.0.0.0:9464"), findings("[::]:9464")), (1, 1), "advice");
        assert!(is_private("::ffff:10.1.2.3".parse().unwrap()));
    }
}
