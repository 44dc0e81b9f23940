//! A request opens for its host and action only, and says what its key signed.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use voting_core::entry::{Request, open_request, sign_request};
use voting_core_fuzz::{WORLD, edited};

const HOST: &str = "votes.example.org";
const ACTION: &str = "found";

static VALID: LazyLock<(Request, Vec<u8>)> = LazyLock::new(|| {
    let key = &WORLD.sandbox.administrator;
    let bytes = sign_request(HOST, ACTION, b"payload", 7, key);
    let request = Request { payload: b"payload".to_vec(), time: 7, key: key.public() };
    assert_eq!(open_request(&bytes, HOST, ACTION).as_ref(), Ok(&request));
    (request, bytes)
});

fn check(bytes: &[u8]) {
    if let Ok(request) = open_request(bytes, HOST, ACTION) {
        assert_eq!(request, VALID.0);
        assert_eq!(bytes, VALID.1, "one encoding");
    }
    assert!(open_request(bytes, HOST, "reserve").is_err());
    assert!(open_request(bytes, "other.example.org", ACTION).is_err());
}

fuzz_target!(|data: &[u8]| {
    check(data);
    if let Ok(bytes) = edited(&VALID.1, &mut Unstructured::new(data)) {
        check(&bytes);
    }
});
