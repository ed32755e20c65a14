//! Devices without a browser or a keyboard (RFC 8628): command lines, televisions.
//!
//! The device asks for codes ([`endpoint`]), shows one of them, and polls the token endpoint with the other
//! ([`service`]). A person enters the code that it shows at `/device` ([`page`]), and is told what asks, from where and
//! for what. What is approved is not tied to the browser in which that was done: a television goes on when the phone is
//! signed out. So approving asks to confirm who the person is, as creating a token does.

pub mod endpoint;
mod limits;
pub mod page;
pub mod service;
pub mod store;
mod user_code;
pub mod view;
