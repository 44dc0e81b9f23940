use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::testing::Sandbox;

fn key() -> OfficialKey {
    OfficialKey::random(&mut ChaCha20Rng::seed_from_u64(1))
}

#[test]
fn a_signature_covers_event_kind_author_and_body() {
    let sandbox = Sandbox::new(1);
    let manifest = sandbox.manifest();
    let round = RoundId([7; 32]);
    let body = Body::NotCounted(NotCounted { round });
    let decode = |bytes: &[u8]| match Entry::from_bytes(bytes) {
        Ok(Entry::Official(entry)) => entry,
        other => panic!("{other:?}"),
    };
    let right = decode(&sandbox.signed(Author::Administrator, &body));
    assert!(right.is_signed(&manifest));
    let with = |change: &dyn Fn(&mut OfficialEntry)| {
        let mut entry = right.clone();
        change(&mut entry);
        entry.is_signed(&manifest)
    };
    assert!(!with(&|entry| entry.author = Author::Registrar));
    assert!(!with(&|entry| entry.body = Body::Cancelled(Cancelled { reason: 0 })));
    assert!(!with(&|entry| entry.body = Body::NotCounted(NotCounted { round: RoundId([8; 32]) })));
    assert!(!with(&|entry| entry.signature[0] ^= 1));
    assert!(!right.is_signed(&Sandbox::new(2).manifest()));
    // One key in two roles: what it signed as one says nothing as the other, and a kind is not another kind.
    let event = manifest.event();
    let message = |kind, author| signed_message(&event, kind, author, b"body");
    assert_ne!(message(10, Author::Administrator), message(11, Author::Administrator));
    assert_ne!(message(10, Author::Administrator), message(10, Author::Registrar));
    assert_ne!(message(10, Author::Trustee(TrusteeIndex(1))), message(10, Author::Trustee(TrusteeIndex(2))));
}

#[test]
fn an_entry_above_the_limit_is_refused_by_its_size() {
    let error = Entry::from_bytes(&vec![0x84; tlog::tile::MAX_ENTRY + 1]).unwrap_err();
    assert_eq!((error.what, error.offset), ("entry", tlog::tile::MAX_ENTRY));
}

#[test]
fn a_request_serves_one_host_and_action() {
    let key = key();
    let bytes = sign_request("votes.example.org", "found", b"payload", 5, &key);
    let open = |bytes: &[u8], host, action| open_request(bytes, host, action);
    let request = open(&bytes, "votes.example.org", "found").unwrap();
    assert_eq!((request.payload.as_slice(), request.time, request.key), (b"payload".as_slice(), 5, key.public()));
    assert!(open(&bytes, "other.example.org", "found").is_err());
    assert!(open(&bytes, "votes.example.org", "labels").is_err());
    for position in 0..bytes.len() {
        let mut tampered = bytes.clone();
        tampered[position] ^= 1;
        assert!(open(&tampered, "votes.example.org", "found").is_err(), "byte {position}");
    }
}

#[test]
fn a3_a_request_has_one_encoding() {
    let bytes = sign_request("votes.example.org", "found", b"payload", 5, &key());
    let open = |bytes: &[u8]| open_request(bytes, "votes.example.org", "found");
    assert!(open(&bytes).is_ok());
    let longer = [&[0x98, 0x02], &bytes[1..]].concat();
    assert!(open(&longer).is_err(), "longer array header");
    assert!(open(&[&bytes[..], &[0]].concat()).is_err(), "trailing byte");
}
