//! What the proofs of keys have in common: public keys, and JWTs that are signed with them (RFC 7515, 7517, 7519).
//! [`crate::auth::dpop`] and [`crate::auth::device_bound`] say which they take.

mod jwk;
mod jwt;

pub use self::{
    jwk::{Algorithm, Jwk, PublicKey, Thumbprint, is_there},
    jwt::{Jwt, LONGEST, json},
};
