//! Evidence that is read is written back byte for byte.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::evidence::SplitView;

fuzz_target!(|data: &[u8]| {
    if let Ok(evidence) = SplitView::parse(data) {
        assert_eq!(evidence.to_bytes(), data);
    }
});
