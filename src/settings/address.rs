//! Where the server listens: an address with a port, or a UNIX socket.

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Before the path of a UNIX socket.
const UNIX: &str = "unix:";
/// The longest path of a UNIX socket on Linux (`sockaddr_un`), without room for the name it has while it is made.
const LONGEST: usize = 100;

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// An address with a port.
    Tcp(SocketAddr),
    /// The absolute path of a UNIX socket.
    Unix(PathBuf),
}

impl ListenAddress {
    /// The address and the port; `None` for a UNIX socket.
    pub fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }

    /// The path of the UNIX socket, if it is one.
    pub fn socket(&self) -> Option<&Path> {
        match self {
            Self::Tcp(_) => None,
            Self::Unix(path) => Some(path),
        }
    }

    /// Whether only this machine can connect, and no proxy is needed in between. A UNIX socket is there for a proxy.
    pub fn is_loopback(&self) -> bool {
        self.tcp().is_some_and(|address| address.ip().is_loopback())
    }
}

impl From<SocketAddr> for ListenAddress {
    fn from(address: SocketAddr) -> Self {
        Self::Tcp(address)
    }
}

impl FromStr for ListenAddress {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let Some(path) = text.strip_prefix(UNIX) else {
            let wrong =
                |_| format!("{text:?} is neither an address with a port, such as 127.0.0.1:3000, nor unix:/path");
            return text.parse().map(Self::Tcp).map_err(wrong);
        };
        if !path.starts_with('/') || path.ends_with('/') || path.len() > LONGEST {
            return Err(format!("{text:?} is not an absolute path of at most {LONGEST} bytes"));
        }
        Ok(Self::Unix(path.into()))
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

impl<'de> Deserialize<'de> for ListenAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for ListenAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_or_a_path() {
        for text in ["127.0.0.1:3000", "[::1]:80", "unix:/run/vestibule/http.sock"] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), text);
        }
        let too_long = format!("unix:/{}", "x".repeat(LONGEST));
        for text in ["localhost:3000", "127.0.0.1", "unix:", "unix:run/http.sock", "unix:/run/", &too_long] {
            assert!(text.parse::<ListenAddress>().is_err(), "{text}");
        }
        let socket: ListenAddress = "unix:/run/http.sock".parse().unwrap();
        assert!(!socket.is_loopback() && socket.tcp().is_none() && socket.socket().is_some());
    }
}
