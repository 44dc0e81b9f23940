//! A verifier key that is read is written back as the same text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::VerifierKey;

fuzz_target!(|text: &str| {
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.to_string(), text);
    }
});
