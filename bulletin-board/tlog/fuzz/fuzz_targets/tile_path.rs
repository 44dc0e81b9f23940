//! A path that is read is written back as the same text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::layout::Resource;

fuzz_target!(|text: &str| {
    if let Ok(resource) = Resource::from_path(text) {
        assert_eq!(resource.path(), text);
    }
});
