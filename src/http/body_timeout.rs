//! The error of a request body that did not arrive in time, by which whoever reads the body tells it from others.

/// The client took too long to send the body.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the request body takes too long")]
pub(crate) struct BodyTimeout;
