//! A witness request that is read is written back byte for byte.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::witness::AddCheckpoint;

fuzz_target!(|data: &[u8]| {
    if let Ok(request) = AddCheckpoint::parse(data) {
        assert_eq!(request.to_bytes(), data);
    }
});
