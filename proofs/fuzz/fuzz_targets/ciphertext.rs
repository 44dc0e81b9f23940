//! A ciphertext that is read is written back byte for byte, before and after its points are decoded.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use proofs::elgamal::{CompressedCiphertext, EncryptionKey};
use proofs::group::Scalar;
use proofs_fuzz::{edited, key};

static VALID: LazyLock<[u8; 64]> = LazyLock::new(|| {
    let (secret, public) = key();
    EncryptionKey::new(public).encrypt(&Scalar::from(7_u64), &secret).to_bytes()
});

fn check(bytes: &[u8]) {
    let Ok(compressed) = CompressedCiphertext::from_bytes(bytes) else {
        assert_ne!(bytes.len(), 64);
        return;
    };
    assert_eq!(compressed.to_bytes(), bytes);
    if let Ok(pair) = compressed.decompress() {
        assert_ne!(bytes[..32], [0; 32], "the identity as first component");
        assert_eq!(pair.compress(), compressed);
        assert_eq!((pair + pair).to_bytes(), pair.vartime_scale(2).to_bytes());
    }
}

fuzz_target!(|data: &[u8]| {
    check(data);
    if let Ok(bytes) = edited(&*VALID, &mut Unstructured::new(data)) {
        check(&bytes);
    }
});
