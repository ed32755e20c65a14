//! Limits on connections, and on the time a client may take (S37, S65).
//!
//! An idle client holds a connection and the responses it has not read. Both are bounded: connections in total and
//! for each network, responses by the number of unread bytes.

use std::{
    collections::HashMap,
    fs,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use crate::{
    http::{
        client::{Network, Peer, Proxies},
        seldom::Seldom,
    },
    metrics::Counter,
    settings::Settings,
};

/// With more unread bytes of responses than this, clients that do not read are disconnected soon.
const UNSENT_SOFT: usize = 32 << 20;
/// With more than this, no large response is added.
const UNSENT_HARD: usize = 128 << 20;
/// How much memory a response of unknown length is counted as, in bytes.
const UNKNOWN: usize = 256 << 10;

/// How long a client may take, and how long the server waits for it when it stops.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the request line and headers, from the first byte; and from the connection to the first byte.
    pub head: Duration,
    /// For a request body.
    pub body: Duration,
    /// Between two requests.
    pub idle: Duration,
    /// Between two requests of a trusted proxy.
    pub idle_proxy: Duration,
    /// For a client that reads nothing of its response.
    pub stall: Duration,
    /// For running requests, when the server is asked to stop.
    pub grace: Duration,
}

impl Default for Timeouts {
    /// A proxy that reuses a connection just as we close it answers its visitor with 502, so our idle timeouts are
    /// longer than those of proxies: nginx keeps upstream connections for 60 s, an AWS load balancer for 60 s,
    /// Traefik for 90 s, Caddy for 120 s, Google's load balancer for 600 s, Cloudflare for 900 s. The last two run on
    /// other machines, so they are in the settings as trusted proxies.
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(20),
            idle: Duration::from_secs(125),
            idle_proxy: Duration::from_secs(905),
            stall: Duration::from_secs(30),
            grace: Duration::from_secs(22),
        }
    }
}

/// Connections that were refused, because a limit was reached.
pub static REFUSED: Counter = Counter::new();

/// Counts and limits the connections of all listeners. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    connections: usize,
    per_network: usize,
    proxies: Proxies,
    timeouts: Timeouts,
    open: Mutex<Open>,
    /// Bytes of responses that clients have not read yet.
    unsent: AtomicUsize,
    refusals: Seldom,
}

#[derive(Debug, Default)]
struct Open {
    all: usize,
    networks: HashMap<Network, usize>,
}

impl Gate {
    /// The limits of `settings`. If the process may open fewer files than `server.connections`, the limit is lower.
    ///
    /// # Errors
    /// Names the trusted proxy that is not a network.
    pub fn new(settings: &Settings, timeouts: Timeouts) -> Result<Self, String> {
        let server = &settings.server;
        let mut connections = usize::try_from(server.connections).unwrap_or(usize::MAX);
        if let Some(files) = open_files().map(|files| files - (files / 2).min(128)).filter(|files| *files < connections)
        {
            tracing::info!(
                connections = files,
                "fewer than server.connections: the limit on open files is too low. Raise LimitNOFILE (ulimit -n)"
            );
            connections = files;
        }
        Ok(Self(Arc::new(Inner {
            connections,
            per_network: usize::try_from(server.connections_per_network).unwrap_or(usize::MAX),
            proxies: Proxies::new(server)?,
            timeouts,
            open: Mutex::default(),
            unsent: AtomicUsize::new(0),
            refusals: Seldom::new(),
        })))
    }

    /// How long clients may take.
    pub fn timeouts(&self) -> &Timeouts {
        &self.0.timeouts
    }

    /// How long a connection from `peer` may be idle between requests.
    pub(crate) fn idle(&self, peer: Peer) -> Duration {
        if self.0.proxies.trust_peer(peer) { self.0.timeouts.idle_proxy } else { self.0.timeouts.idle }
    }

    /// How many connections may be open.
    pub fn most(&self) -> usize {
        self.0.connections
    }

    /// The number of open connections.
    pub fn open(&self) -> usize {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner).all
    }

    /// Whether few connections are left, so that idle ones should be closed.
    pub(crate) fn is_crowded(&self) -> bool {
        self.open() > self.0.connections / 8 * 7
    }

    /// Admits a connection from `peer`, or returns `None` if a limit is reached. A trusted proxy brings the
    /// connections of many clients, so its network is not counted.
    pub(crate) fn enter(&self, peer: Peer) -> Option<Ticket> {
        let networks = match peer {
            Peer::Address(address) if !self.0.proxies.trust(address) => around(address.to_canonical()),
            _ => Vec::new(),
        };
        let mut open = self.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        let full = networks.iter().any(|(network, share)| {
            open.networks.get(network).is_some_and(|count| *count >= self.0.per_network.saturating_mul(*share))
        });
        if full || open.all >= self.0.connections {
            let all = open.all;
            drop(open);
            REFUSED.add_one();
            if self.0.refusals.again() {
                let key = if full { "server.connections_per_network" } else { "server.connections" };
                tracing::warn!(%peer, open = all, "connections are refused: {key} is reached");
            }
            return None;
        }
        open.all += 1;
        for (network, _) in &networks {
            *open.networks.entry(*network).or_default() += 1;
        }
        drop(open);
        Some(Ticket { gate: self.clone(), networks: networks.into_iter().map(|(network, _)| network).collect() })
    }

    /// Whether a response of `size` bytes may be added to the unread ones.
    pub(crate) fn has_room_for(&self, size: usize) -> bool {
        self.0.unsent.load(Relaxed).saturating_add(size) <= UNSENT_HARD
    }

    /// Whether so much is unread that slow clients should be disconnected.
    pub(crate) fn is_short_of_memory(&self) -> bool {
        self.0.unsent.load(Relaxed) > UNSENT_SOFT
    }

    fn add_unsent(&self, size: usize) {
        self.0.unsent.fetch_add(size, Relaxed);
    }

    fn take_unsent(&self, size: usize) {
        self.0.unsent.fetch_sub(size, Relaxed);
    }
}

/// An admitted connection, counted until this is dropped.
#[derive(Debug)]
pub(crate) struct Ticket {
    gate: Gate,
    networks: Vec<Network>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut open = self.gate.0.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all -= 1;
        for network in &self.networks {
            if let Some(count) = open.networks.get_mut(network) {
                *count -= 1;
                if *count == 0 {
                    open.networks.remove(network);
                }
            }
        }
    }
}

/// The networks that `address` is counted in, each with the multiple of the limit it may have: an IPv6 customer has a
/// network of between 64 and 48 bits (S69).
fn around(address: IpAddr) -> Vec<(Network, usize)> {
    let of_v6: &[(u8, usize)] = if address.is_ipv6() { &[(56, 2), (48, 4)] } else { &[] };
    let wider = of_v6.iter().map(|(bits, share)| (Network::around(address, 32, *bits), *share));
    std::iter::once((Network::around(address, 32, 64), 1)).chain(wider).collect()
}

/// How many files the process may open, if the system reports it.
fn open_files() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The unread bytes of one connection's responses, and whether a request is running on it.
#[derive(Debug)]
pub(crate) struct Progress {
    gate: Gate,
    unsent: AtomicUsize,
    busy: AtomicUsize,
    served: AtomicUsize,
    unread: std::sync::atomic::AtomicBool,
}

impl Progress {
    pub(crate) fn new(gate: Gate) -> Arc<Self> {
        Arc::new(Self {
            gate,
            unsent: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
            served: AtomicUsize::new(0),
            unread: false.into(),
        })
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Records a new request. Everything that belongs to it keeps a clone of the result.
    pub(crate) fn begin(self: &Arc<Self>) -> Busy {
        self.served.fetch_add(1, Relaxed);
        self.sent(usize::MAX);
        Busy::new(self)
    }

    /// The number of requests so far.
    pub(crate) fn served(&self) -> usize {
        self.served.load(Relaxed)
    }

    /// Whether a request is still running.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy.load(Relaxed) > 0
    }

    /// Records a response of `size` bytes, or of unknown size, as unread.
    pub(crate) fn answers(&self, size: Option<usize>) {
        let size = size.unwrap_or(UNKNOWN);
        self.unsent.fetch_add(size, Relaxed);
        self.gate.add_unsent(size);
    }

    /// Records that `size` bytes were read, or all of the unread ones if they are fewer.
    pub(crate) fn sent(&self, size: usize) {
        let before = self.unsent.fetch_update(Relaxed, Relaxed, |unsent| Some(unsent.saturating_sub(size)));
        self.gate.take_unsent(before.unwrap_or_default().min(size));
    }

    /// Records that a part of a request body will not be read.
    pub(crate) fn leave_unread(&self) {
        self.unread.store(true, Relaxed);
    }

    pub(crate) fn left_unread(&self) -> bool {
        self.unread.load(Relaxed)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.sent(usize::MAX);
    }
}

/// Held by the parts of a request and its response until they are finished.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Progress>);

impl Busy {
    fn new(progress: &Arc<Progress>) -> Self {
        progress.busy.fetch_add(1, Relaxed);
        Self(progress.clone())
    }

    pub(crate) fn progress(&self) -> &Progress {
        &self.0
    }
}

impl Clone for Busy {
    fn clone(&self) -> Self {
        Self::new(&self.0)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(connections: u32, per_network: u32, proxies: &[&str]) -> Gate {
        let mut settings = Settings::default();
        settings.server.connections = connections;
        settings.server.connections_per_network = per_network;
        settings.server.trusted_proxies = proxies.iter().map(|proxy| (*proxy).into()).collect();
        Gate::new(&settings, Timeouts::default()).unwrap()
    }

    fn enter(gate: &Gate, peer: &str) -> Option<Ticket> {
        gate.enter(Peer::Address(peer.parse().unwrap()))
    }

    #[test]
    fn one_network_does_not_take_all_connections() {
        let gate = gate(10, 2, &["127.0.0.1"]);
        let inside: Vec<_> = (0..2).map(|_| enter(&gate, "192.0.2.1").unwrap()).collect();
        assert!(enter(&gate, "192.0.2.1").is_none());
        assert!(enter(&gate, "::ffff:192.0.2.1").is_none(), "the same by another spelling");
        let other = enter(&gate, "192.0.2.2").unwrap();
        drop(inside);
        let again = enter(&gate, "192.0.2.1").unwrap();
        let proxied: Vec<_> = (0..8).map(|_| enter(&gate, "127.0.0.1").unwrap()).collect();
        assert!(enter(&gate, "127.0.0.1").is_none() && enter(&gate, "192.0.2.9").is_none(), "ten in all");
        drop((other, again, proxied));
        assert_eq!((gate.open(), gate.0.open.lock().unwrap().networks.len()), (0, 0));
    }

    #[test]
    fn addresses_of_one_customer_are_one_network() {
        let gate = gate(1000, 2, &[]);
        let inside: Vec<_> =
            (0..64_u32).filter_map(|n| enter(&gate, &format!("2001:db8:1:{:x}::{n:x}", n << 8))).collect();
        assert_eq!(inside.len(), 8, "four shares for 48 bits, whatever /56 they come from");
        let inside: Vec<_> = (0..64_u32).filter_map(|n| enter(&gate, &format!("2001:db8:2:{n:x}::1"))).collect();
        assert_eq!(inside.len(), 4, "two shares for 56 bits");
    }

    #[test]
    fn what_waits_to_be_read_is_counted_until_it_is_gone() {
        let gate = gate(10, 10, &[]);
        let progress = Progress::new(gate.clone());
        progress.answers(Some(UNSENT_SOFT + 10));
        assert!(gate.is_short_of_memory() && gate.has_room_for(10) && !gate.has_room_for(UNSENT_HARD - UNSENT_SOFT));
        progress.sent(10);
        assert!(!gate.is_short_of_memory());
        drop(progress);
        assert_eq!(gate.0.unsent.load(Relaxed), 0);
    }
}
