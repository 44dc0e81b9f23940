//! A promise that is read says what its bytes say.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::note::SignedNote;
use tlog::promise::Promise;

fuzz_target!(|data: &[u8]| {
    if let Ok(promise) = Promise::from_unverified(data) {
        let note = SignedNote::parse(data).expect("a promise is a note");
        assert_eq!(promise.to_string(), note.text());
    }
});
