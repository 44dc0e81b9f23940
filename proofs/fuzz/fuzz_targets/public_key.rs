//! A public key that is read is written back byte for byte and is not the identity.

#![no_main]

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use proofs::elgamal::PublicKey;
use proofs_fuzz::{edited, key};

fn check(bytes: &[u8]) {
    if let Ok(key) = PublicKey::decode(bytes) {
        assert_eq!(key.to_bytes(), bytes);
        assert_ne!(bytes, [0; 32], "the identity");
        assert_eq!(PublicKey::new(*key.point()), Ok(key));
    }
}

fuzz_target!(|data: &[u8]| {
    check(data);
    if let Ok(bytes) = edited(&key().1.to_bytes(), &mut Unstructured::new(data)) {
        check(&bytes);
    }
});
