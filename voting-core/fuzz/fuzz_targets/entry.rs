//! An entry that is read is written back byte for byte.

#![no_main]

use libfuzzer_sys::arbitrary::Unstructured;
use libfuzzer_sys::fuzz_target;
use voting_core::codec::{self, Writer};
use voting_core::entry::{Author, Entry};
use voting_core_fuzz::{WORLD, body_bytes};

fn check(bytes: &[u8]) {
    let again = match Entry::from_bytes(bytes) {
        Err(_) => return,
        Ok(Entry::Ballot(ballot)) => {
            assert_eq!(codec::to_bytes(&ballot.sealed), ballot.sealed_bytes);
            codec::to_bytes(&ballot)
        }
        Ok(Entry::Official(entry)) => {
            let author = match entry.author {
                Author::Administrator => 0,
                Author::Registrar => 1,
                Author::Board => 2,
                Author::Trustee(index) => 16 + u64::from(index.0),
            };
            let _ = entry.is_signed(&WORLD.sandbox.manifest());
            let mut writer = Writer::default();
            writer.array(4);
            writer.uint(entry.body.kind());
            writer.uint(author);
            writer.bytes(&body_bytes(&entry.body));
            // The signature is the last thing of an entry; it is not public, for nothing but verification needs it.
            writer.bytes(&bytes[bytes.len() - 64..]);
            writer.finish()
        }
    };
    assert_eq!(again, bytes);
}

fuzz_target!(|data: &[u8]| {
    check(data);
    if let Ok(bytes) = WORLD.entry(&mut Unstructured::new(data)) {
        check(&bytes);
    }
});
