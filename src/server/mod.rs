//! The server: the routers and their layers, the listener, what runs beside requests.

mod api;
mod functions;
mod headers;
mod host;
mod listen;
mod manners;
pub mod openapi;
mod router;
mod sweep;

pub use self::{
    listen::serve,
    router::router,
    sweep::{sweep, sweep_every},
};
