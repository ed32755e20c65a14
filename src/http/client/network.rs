//! Networks that count as one source.

use std::{fmt, net::IpAddr};

use ipnet::IpNet;

/// The addresses that share their first bits, such as `2001:db8:1:2::/64`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(IpNet);

impl Network {
    /// The network of the first `v4` bits (at most 32) or `v6` bits (at most 128) of `address`.
    pub fn around(address: IpAddr, v4: u8, v6: u8) -> Self {
        let bits = if address.is_ipv4() { v4 } else { v6 };
        Self(IpNet::new(address, bits).map_or(IpNet::from(address), |network| network.trunc()))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        let around = |text: &str| Network::around(text.parse().unwrap(), 32, 64).to_string();
        assert_eq!(around("192.0.2.77"), "192.0.2.77/32");
        assert_eq!(around("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(Network::around("192.0.2.77".parse().unwrap(), 16, 32).to_string(), "192.0.0.0/16");
    }
}
