//! A note that is read is written back byte for byte, and verification never panics.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::{SignedNote, VerifierKey};

fuzz_target!(|data: &[u8]| {
    if let Ok(note) = SignedNote::parse(data) {
        assert_eq!(note.to_bytes(), data);
        let key = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
        if let Ok(key) = VerifierKey::parse(key) {
            let _ = note.verify(&[key]);
        }
    }
});
