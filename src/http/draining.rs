//! Whether the server is about to stop, so that `/readyz` sends load balancers elsewhere.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::Relaxed},
};

/// Whether the server was asked to stop. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    /// The server was asked to stop.
    pub fn begin(&self) {
        self.0.store(true, Relaxed);
    }

    /// Whether it was.
    pub fn has_begun(&self) -> bool {
        self.0.load(Relaxed)
    }
}
