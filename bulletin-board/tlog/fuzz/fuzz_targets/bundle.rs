//! An entry bundle that is read is written back byte for byte. The first byte is the expected number of entries.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::tile::{parse_bundle, write_bundle};

fuzz_target!(|data: &[u8]| {
    let Some((count, bytes)) = data.split_first() else { return };
    if let Ok(entries) = parse_bundle(bytes, usize::from(*count)) {
        assert_eq!(entries.len(), usize::from(*count));
        assert_eq!(write_bundle(&entries).as_deref(), Ok(bytes));
    }
});
