//! `[events]`: the streams of `GET events`.

use serde::{Deserialize, Serialize};

use super::findings::Findings;

/// `[events]`
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Events {
    /// How many streams may be open at once on one instance. Past that, the response is 503.
    pub streams: u32,
    /// How many of them may be one account's. Past that, the response is 429.
    pub streams_per_account: u32,
    /// Seconds after which a stream that has nothing to tell sends a comment, so that no proxy takes it for dead.
    pub keep_alive_seconds: u32,
    /// Days for which a client that was away can catch up.
    pub keep_days: u32,
}

impl Default for Events {
    fn default() -> Self {
        Self { streams: 1_000, streams_per_account: 10, keep_alive_seconds: 15, keep_days: 7 }
    }
}

impl Events {
    pub(super) fn check(self, connections: u32, found: &mut Findings) {
        let reason = "each stream holds a connection for as long as it is open";
        found.range("events.streams", self.streams, 1..=1_000_000, reason);
        found.range("events.streams_per_account", self.streams_per_account, 1..=1_000, reason);
        found.advice_if(
            self.streams >= connections,
            "events.streams",
            "is not less than server.connections, so streams could leave no connection for requests",
        );
        let reason = "proxies close a connection on which nothing is sent for a minute, some sooner";
        found.range("events.keep_alive_seconds", self.keep_alive_seconds, 1..=50, reason);
        let reason = "a client that was away for longer reads everything again";
        found.range("events.keep_days", self.keep_days, 1..=366, reason);
    }
}
