//! The server: the routers and their layers, the listener, what runs beside requests.

mod api;
mod bodies;
mod functions;
mod gate;
mod headers;
pub(crate) mod host;
mod listen;
mod manners;
pub mod openapi;
mod router;
mod sweep;
mod wire;

pub use self::{
    gate::{Gate, Timeouts},
    listen::serve,
    router::router,
    sweep::{sweep, sweep_every},
};
