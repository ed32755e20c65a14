//! Fuzzes the parser of tokens: it accepts only text in the documented format.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../src/secret.rs"]
#[allow(dead_code)]
mod secret;

fuzz_target!(|text: &str| {
    let Some(secret) = secret::Secret::parse("vst", text) else { return };
    assert_eq!(secret.reveal(), text);
    let random = text.strip_prefix("vst_").expect("it begins with the prefix");
    assert!(random.len() == 38 && random.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_eq!(secret.hash().len(), 32);
});
