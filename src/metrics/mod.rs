//! What is counted for `/metrics`: counters, histograms, and the Prometheus text format.
//!
//! Each counter is a static of the module that counts, and belongs to the process: several applications in one process,
//! as in tests, share it. To count is one or two atomic additions, whether somebody reads the counters or not.
//! [`crate::app::metrics`] lists all of them for the listener of `metrics.address`.
//!
//! Labels have values from a list in the source: never a path, an address or a name that a client sent.

mod counter;
mod family;
mod histogram;
mod tally;
mod text;

pub use self::{
    counter::{Counter, Gauge, Level},
    family::{Family, Grid},
    histogram::{BOUNDS, Histogram},
    tally::{Tally, Times},
    text::{Format, Kind, Text},
};
