//! A policy that is read comes back equal from its canonical file, which is stable.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tlog::Policy;

fuzz_target!(|data: &[u8]| {
    if let Ok(policy) = Policy::parse(data) {
        let file = policy.to_bytes();
        assert_eq!(Policy::parse(&file).as_ref(), Ok(&policy));
        assert_eq!(Policy::parse(&file).map(|again| again.to_bytes()), Ok(file));
    }
});
