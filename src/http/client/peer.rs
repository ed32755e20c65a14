//! Who is at the other end of a connection.

use std::{fmt, net::IpAddr};

/// Who is at the other end of the connection. The listener adds it to each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// A client or a proxy with this address.
    Address(IpAddr),
    /// A proxy that connects to our UNIX socket, which it may by the permissions of the file.
    Socket,
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Socket => f.write_str("the UNIX socket"),
        }
    }
}
