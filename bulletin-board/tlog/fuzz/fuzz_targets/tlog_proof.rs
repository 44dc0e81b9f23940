//! An offline proof that is read is written back byte for byte.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::TlogProof;

fuzz_target!(|data: &[u8]| {
    if let Ok(proof) = TlogProof::parse(data) {
        assert_eq!(proof.to_bytes(), data);
    }
});
