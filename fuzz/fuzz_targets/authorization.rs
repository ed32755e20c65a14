//! Fuzzes the parser of the `Authorization` header. Each line of the input is one header; the parser accepts exactly
//! one, and returns its token unchanged.
#![no_main]

use axum::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use libfuzzer_sys::fuzz_target;

#[path = "../../src/auth/authorization.rs"]
#[allow(dead_code)]
mod authorization;

fuzz_target!(|input: &[u8]| {
    let mut headers = HeaderMap::new();
    for line in input.split(|byte| *byte == b'\n') {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(AUTHORIZATION, value);
        }
    }
    let Ok((scheme, token)) = authorization::token(&headers) else { return };
    let values: Vec<_> = headers.get_all(AUTHORIZATION).iter().collect();
    assert_eq!(values.len(), 1);
    let line = values[0].as_bytes();
    let name: &[u8] = if scheme == authorization::Scheme::DPoP { b"dpop" } else { b"bearer" };
    assert!(line[..name.len()].eq_ignore_ascii_case(name) && line.ends_with(token.as_bytes()));
});
