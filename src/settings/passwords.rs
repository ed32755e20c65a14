//! `[passwords]`: the cost of hashing, and breached passwords. The defaults are OWASP's parameters for Argon2id.

use serde::{Deserialize, Serialize};

use super::findings::Findings;

/// `[passwords]`
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Passwords {
    /// Memory per hash, in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes that are computed in parallel.
    pub parallelism: u32,
    /// How many passwords are hashed at once. Each worker keeps memory of its own.
    pub workers: usize,
    /// How many more requests may wait for a worker before the response is 503. One network may use a quarter of all
    /// places.
    pub queue: usize,
    /// The file that `vestibule passwords learn` makes of a list of breached passwords, which are refused; empty if
    /// there is none.
    pub breached: String,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, parallelism: 1, workers: 2, queue: 126, breached: String::new() }
    }
}

impl Passwords {
    pub(super) fn check(&self, found: &mut Findings) {
        let reason = "less makes passwords from a stolen database quick to guess (OWASP's minimum), and more takes all \
                      of the machine's memory";
        found.range("passwords.memory_kib", self.memory_kib, 19_456..=4_194_304, reason);
        let reason = "less makes passwords from a stolen database quick to guess (OWASP's minimum), and more makes \
                      every sign-in take seconds";
        found.range("passwords.iterations", self.iterations, 2..=100, reason);
        let reason = "more than the machine has cores is no faster";
        found.range("passwords.parallelism", self.parallelism, 1..=64, reason);
        let reason = "each worker keeps passwords.memory_kib of memory";
        found.range("passwords.workers", self.workers, 1..=1_024, reason);
        let reason = "with more, people would wait for minutes instead of trying again";
        found.range("passwords.queue", self.queue, 0..=10_000, reason);
    }
}
