//! Fuzzes the parser of DPoP proofs: what it accepts fits a request or is refused, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../src/auth/dpop/jwk.rs"]
#[allow(dead_code)]
mod jwk;
#[path = "../../src/auth/dpop/proof.rs"]
#[allow(dead_code)]
mod proof;
#[path = "../../src/auth/dpop/target.rs"]
#[allow(dead_code)]
mod target;

fuzz_target!(|text: &str| {
    let _ = target::Target::parse(text);
    let Ok(proof) = proof::Proof::parse(text) else { return };
    let target = target::Target::parse("https://a.example/b").expect("it is a URL");
    let expected = proof::Expected { method: "GET", target: &target, token: None, now: 1000.0, window: 60.0 };
    let _ = proof.fits(expected);
    let _ = proof.is_signed();
    assert_eq!(proof.identity().len(), 32);
    assert_eq!(proof.into_key().as_str().len(), 43);
});
