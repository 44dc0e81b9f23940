//! Every code of the interface, reached by a real bad request, and nothing written.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::Arc;
use std::time::Duration;

use board::store::{Index, IndexError, Indexed, MemoryIndex, Summary};
use common::{Answer, HOST, Town, get, now, post, reserve};
use proofs::elgamal::EncryptionKey;
use tempfile::TempDir;
use tlog::hash::Hash;
use voting_core::ballot::{self, RoundRules, Sealed};
use voting_core::codec;
use voting_core::contest::Entitlement;
use voting_core::credential::CodeSecret;
use voting_core::entry::{self, Author, Body, CloseOrder, sign_request};
use voting_core::ids::{EventId, GroupIndex, RoundId, RoundIndex};
use voting_core::testing::{Sandbox, chosen};

/// A refused request has this status and code, names fault and remedy, and leaves the log as it was.
#[track_caller]
fn refused(town: &Town, answer: &Answer, status: u16, code: &str, rule: Option<&str>) {
    let body = answer.json();
    assert_eq!((answer.status, body["code"].as_str()), (status, Some(code)), "{body}");
    assert_eq!(body["rule"].as_str(), rule, "{body}");
    assert!(!body["message"].as_str().unwrap().is_empty() && !body["remedy"].as_str().unwrap().is_empty(), "{body}");
    let length = std::fs::metadata(town.journal()).unwrap().len();
    assert_eq!(town.size() as usize, town.sent, "nothing was taken");
    if town.sent > 1 {
        let again = town.submit(&town.sandbox.entries[town.sent - 1]);
        assert_eq!(again.index() as usize, town.sent - 1, "the board goes on");
    }
    assert_eq!(std::fs::metadata(town.journal()).unwrap().len(), length, "nothing was written");
}

fn sealed_for(town: &mut Town, rules: &RoundRules, voter: usize, group: u32, choices: usize) -> Vec<u8> {
    let key = EncryptionKey::new(rules.binding.joint_key);
    let credential = town.sandbox.credential(voter, RoundIndex(0)).key();
    let choices = vec![chosen(&[0]); choices];
    ballot::seal(
        rules,
        &key,
        Entitlement { group: GroupIndex(group), weight: 1 },
        &credential,
        &choices,
        &mut town.sandbox.rng,
    )
    .unwrap()
    .into_parts()
    .remove(0)
}

#[test]
fn bad_ballots() {
    let mut town = Town::open(21);
    let rules = town.sandbox.state.round(RoundIndex(0)).unwrap().rules().unwrap().clone();
    let first = Hash(town.event().0);

    for garbage in [&b""[..], b"garbage", &[0x85, 7], &[0xff; 300]] {
        refused(&town, &town.submit(garbage), 400, "malformed-entry", Some("R-ENTRY-01"));
    }
    let sealed = town.sandbox.seal(0, &[chosen(&[0]), chosen(&[0])]).into_parts().remove(0);
    let good = town.sandbox.cast(0, &sealed);
    let mut trailing = good.clone();
    trailing.push(0);
    refused(&town, &town.submit(&trailing), 400, "malformed-entry", Some("R-ENTRY-01"));

    let mut elsewhere = Sandbox::opened(22);
    let foreign = elsewhere.vote(0, &[chosen(&[0]), chosen(&[0])]);
    refused(&town, &town.submit(&foreign), 409, "other-event", None);

    let nobody = CodeSecret::testing_only([200; 32]).credential(RoundIndex(0));
    let key = EncryptionKey::new(rules.binding.joint_key);
    let choices = [chosen(&[0]), chosen(&[0])];
    let stranger = ballot::seal(
        &rules,
        &key,
        Entitlement { group: GroupIndex(0), weight: 1 },
        &nobody.key(),
        &choices,
        &mut town.sandbox.rng,
    )
    .unwrap();
    let binding = rules.binding;
    let entry = ballot::cast(stranger.parts(), &binding, &nobody, 1, first, &mut town.sandbox.rng).unwrap().remove(0);
    refused(&town, &town.submit(&entry), 403, "unknown-credential", Some("R-BALLOT-02"));

    let mut other = rules.clone();
    other.binding.round = RoundId([9; 32]);
    let sealed_other = sealed_for(&mut town, &other, 0, 0, 2);
    let credential = town.sandbox.credential(0, RoundIndex(0));
    let entry =
        ballot::cast(&[sealed_other], &other.binding, &credential, 1, first, &mut town.sandbox.rng).unwrap().remove(0);
    refused(&town, &town.submit(&entry), 409, "other-round", Some("R-BALLOT-01"));

    let wrong_group = sealed_for(&mut town, &rules, 0, 1, 3);
    let entry = town.sandbox.cast(0, &wrong_group);
    refused(&town, &town.submit(&entry), 400, "wrong-contests", Some("R-BALLOT-03"));

    // The ciphertexts of one ballot with the arguments of another.
    let mut mixed: Sealed = codec::from_bytes(&sealed, 65_535).unwrap();
    let twin = town.sandbox.seal(0, &[chosen(&[1]), chosen(&[0])]);
    let twin: Sealed = codec::from_bytes(&twin.parts()[0], 65_535).unwrap();
    mixed.sections[0].argument.clone_from(&twin.sections[0].argument);
    let entry = town.sandbox.cast(0, &codec::to_bytes(&mixed));
    refused(&town, &town.submit(&entry), 422, "invalid-proof", Some("R-BALLOT-04"));

    let mut forged = good.clone();
    let scalar = forged.len() - 32;
    forged[scalar] ^= 1;
    refused(&town, &town.submit(&forged), 422, "invalid-signature", Some("R-BALLOT-05"));

    let entry = town.sandbox.cast_after(0, &sealed, 2, first);
    let answer = town.submit(&entry);
    refused(&town, &answer, 409, "stale-predecessor", Some("R-BALLOT-06"));
    assert!(answer.json()["latest"].is_null(), "there is none yet");

    town.sandbox.offer(good).unwrap();
    town.sync();
    let again = town.sandbox.cast(0, &sealed);
    refused(&town, &town.submit(&again), 409, "repeated-ciphertext", Some("R-BALLOT-07"));
}

#[test]
fn a10_copied_ballot_is_refused() {
    let mut town = Town::open(23);
    let original = town.sandbox.seal(0, &[chosen(&[0]), chosen(&[0])]).into_parts().remove(0);
    let entry = town.sandbox.cast(0, &original);
    town.sandbox.offer(entry).unwrap();
    town.sync();
    // Another voter of the same group puts the own credential on the copied cells and signs it.
    let mut copy: Sealed = codec::from_bytes(&original, 65_535).unwrap();
    copy.credential = town.sandbox.credential(2, RoundIndex(0)).key();
    let entry = town.sandbox.cast(2, &codec::to_bytes(&copy));
    refused(&town, &town.submit(&entry), 422, "invalid-proof", Some("R-BALLOT-04"));
}

#[test]
fn bad_entries_of_officials() {
    let town = Town::open(24);
    let start = Body::RoundStarted(town.sandbox.start(RoundIndex(0)));
    let event = town.event();
    let second = town.sandbox.signed(Author::Administrator, &start);
    refused(&town, &town.submit(&second), 409, "illegal-entry", Some("R-ROUND-02"));
    let forged = entry::sign(&event, Author::Administrator, &start, &town.sandbox.registrar);
    refused(&town, &town.submit(&forged), 422, "invalid-signature", Some("R-ENTRY-02"));
    let usurped = town.sandbox.signed(Author::Registrar, &start);
    refused(&town, &town.submit(&usurped), 403, "not-authorised", Some("R-ENTRY-02"));
    let elsewhere = entry::sign(&EventId([3; 32]), Author::Administrator, &start, &town.sandbox.administrator);
    refused(&town, &town.submit(&elsewhere), 422, "invalid-signature", Some("R-ENTRY-02"));
    refused(
        &town,
        &post(&format!("{}/api/events/{}/entries", town.url, EventId([3; 32])), &second),
        404,
        "unknown-event",
        None,
    );
    refused(&town, &get(&format!("{}/api/events/{}", town.url, "AB".repeat(32))), 404, "unknown-event", None);
}

#[test]
fn bad_orders_to_close() {
    let mut town = Town::open(25);
    town.sandbox.vote_all();
    town.sync();
    let close = |body: &[u8]| post(&town.api("/close"), body);
    refused(&town, &close(b"garbage"), 400, "malformed-entry", None);
    refused(&town, &close(&[0; 2_000]), 413, "too-large", None);
    let order = |round, key| entry::sign_close_order(&town.event(), &CloseOrder { round, time: now() }, key);
    let open = town.sandbox.state.round(RoundIndex(0)).unwrap().id().unwrap();
    refused(&town, &close(&order(open, &town.sandbox.registrar)), 422, "invalid-signature", None);
    refused(
        &town,
        &close(&order(RoundId([8; 32]), &town.sandbox.administrator)),
        409,
        "illegal-entry",
        Some("R-ENTRY-03"),
    );

    // After closing no ballot is taken, and no other order closes again.
    let sealed = town.sandbox.seal(0, &[chosen(&[0]), chosen(&[0])]);
    let late = town.sandbox.cast(0, &sealed.parts()[0]);
    town.close();
    refused(&town, &town.submit(&late), 409, "round-closed", Some("R-BALLOT-08"));
    let second =
        entry::sign_close_order(&town.event(), &CloseOrder { round: open, time: 5 }, &town.sandbox.administrator);
    refused(&town, &post(&town.api("/close"), &second), 409, "illegal-entry", Some("R-ENTRY-03"));

    // A false part of the count, by the trustee whose right it is.
    let mut part = town.sandbox.partial(1);
    part.tallies[0][40] ^= 1;
    let part = town.sandbox.signed(Author::Trustee(voting_core::ids::TrusteeIndex(1)), &Body::PartialDecryption(part));
    refused(&town, &town.submit(&part), 422, "invalid-proof", Some("R-DECRYPT-04"));
}

#[test]
fn bodies_over_the_limit() {
    let town = Town::found(26);
    for length in [65_536, 300_000, 4 << 20] {
        refused(&town, &town.submit(&vec![0x85; length]), 413, "too-large", None);
    }
    refused(&town, &post(&format!("{}/api/reserve", town.url), &[0; 5_000]), 413, "too-large", None);
    refused(&town, &town.submit(&vec![0x85; 65_535]), 400, "malformed-entry", Some("R-ENTRY-01"));
}

#[test]
fn bad_requests_of_administrators() {
    let town = Town::found(27);
    let key = &town.sandbox.administrator;
    let reserve = |request: &[u8]| post(&format!("{}/api/reserve", town.url), request);
    let keys = || std::fs::read_dir(town.data().join("keys")).unwrap().count();
    assert_eq!(keys(), 1);
    refused(&town, &reserve(b"garbage"), 400, "malformed-entry", None);
    refused(&town, &reserve(&sign_request("other.test", "reserve", b"", now(), key)), 403, "not-authorised", None);
    refused(&town, &reserve(&sign_request(HOST, "found", b"", now(), key)), 403, "not-authorised", None);
    refused(&town, &reserve(&sign_request(HOST, "reserve", b"", now() - 400, key)), 403, "not-authorised", None);
    let mut forged = sign_request(HOST, "reserve", b"", now(), key);
    *forged.last_mut().unwrap() ^= 1;
    refused(&town, &reserve(&forged), 422, "invalid-signature", None);
    assert_eq!(keys(), 1);
    let request = sign_request(HOST, "reserve", b"", now() + 1, key);
    let reserved = reserve(&request).json()["log_key"].clone();
    assert_eq!(reserve(&request).json()["log_key"], reserved, "the same request gets the same key");
    assert_eq!(keys(), 2);

    let found = |manifest: &[u8], key| {
        post(&format!("{}/api/events", town.url), &sign_request(HOST, "found", manifest, now(), key))
    };
    let with = |change: &dyn Fn(&mut voting_core::manifest::Fields)| {
        let manifest = Sandbox::with(27, |fields| {
            fields.host = HOST.into();
            fields.log_key = town.sandbox.manifest().log_key;
            change(fields);
        });
        manifest.manifest().as_bytes().to_vec()
    };
    refused(&town, &found(b"garbage", key), 400, "manifest-invalid", None);
    refused(&town, &found(&with(&|fields| fields.host = "other.test".into()), key), 400, "manifest-invalid", None);
    let unknown_key = Sandbox::new(28).log.public();
    refused(&town, &found(&with(&|fields| fields.log_key = unknown_key), key), 400, "manifest-invalid", None);
    // S6: a second event under the key of the first.
    refused(&town, &found(&with(&|fields| fields.retention_days = 31), key), 400, "manifest-invalid", None);
    let other = with(&|fields| fields.retention_days = 32);
    refused(&town, &found(&other, &town.sandbox.registrar), 403, "not-authorised", None);
    assert_eq!(get(&format!("{}/api/events", town.url)).json()["events"].as_array().unwrap().len(), 1);
}

#[test]
fn administrators_who_are_not_listed() {
    let dir = TempDir::new().unwrap();
    let listed = Sandbox::new(28);
    let mut config = common::config(&dir.path().join("data"));
    config.administrators = vec![listed.administrator.public()];
    let board = board::run(config).unwrap();
    let request = sign_request(HOST, "reserve", b"", now(), &Sandbox::new(29).administrator);
    let answer = post(&format!("{}/api/reserve", board.url()), &request);
    assert_eq!((answer.status, answer.code().as_str()), (403, "not-authorised"));
    assert_eq!(std::fs::read_dir(dir.path().join("data/keys")).unwrap().count(), 0);
    reserve(board.url(), &listed);
}

/// An index whose look-ups take long.
struct Slow(MemoryIndex);

impl Index for Slow {
    fn summary(&self, event: &EventId) -> Result<Option<Summary>, IndexError> {
        self.0.summary(event)
    }
    fn forget(&self, event: &EventId) -> Result<(), IndexError> {
        self.0.forget(event)
    }
    fn add(&self, event: &EventId, first: u64, entries: &[Indexed], root: Hash) -> Result<(), IndexError> {
        self.0.add(event, first, entries, root)
    }
    fn add_head(&self, event: &EventId, size: u64, note: &str) -> Result<(), IndexError> {
        self.0.add_head(event, size, note)
    }
    fn entries(&self, event: &EventId, first: u64, count: usize) -> Result<Vec<Vec<u8>>, IndexError> {
        self.0.entries(event, first, count)
    }
    fn find(&self, event: &EventId, leaf: &Hash) -> Result<Option<u64>, IndexError> {
        std::thread::sleep(Duration::from_millis(400));
        self.0.find(event, leaf)
    }
    fn head_covering(&self, event: &EventId, position: u64) -> Result<Option<(u64, String)>, IndexError> {
        self.0.head_covering(event, position)
    }
    fn flush(&self) -> Result<(), IndexError> {
        self.0.flush()
    }
}

#[test]
fn a_full_queue_says_when_to_come_again() {
    let town = Town::found_with(30, Arc::new(Slow(MemoryIndex::new())), |config| {
        config.queue = 1;
        config.batch = 1;
    });
    let mut sandbox = Sandbox::with(30, |fields| {
        fields.host = HOST.into();
        fields.log_key = town.sandbox.manifest().log_key;
    });
    sandbox.commit();
    let entry = sandbox.entries[1].clone();
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| town.submit(&entry))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let busy: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(!busy.is_empty() && busy.len() < 8, "{} of 8 were turned away", busy.len());
    for answer in busy {
        assert_eq!((answer.code().as_str(), answer.header("retry-after")), ("busy", Some("1")));
    }
    assert_eq!(town.submit(&entry).index(), 1, "later the same bytes are taken");
}

#[test]
fn a15_nothing_is_answered_that_is_not_stored_and_signed() {
    for fail_heads in [false, true] {
        let index = Arc::new(MemoryIndex::new());
        let shared: Arc<dyn Index> = index.clone();
        let mut town = Town::found_with(31, shared, |_| ());
        town.sandbox.commit();
        let entry = town.sandbox.entries[1].clone();
        if fail_heads {
            index.fail_heads(true)
        } else {
            index.fail_entries(true)
        }
        let answer = town.submit(&entry);
        assert_eq!((answer.status, answer.code().as_str()), (500, "internal"));
        assert_eq!(town.size(), 1, "what is shown does not run ahead");
        assert_eq!(town.head().size, 1);
        // This event has ended: it does not try again.
        index.fail_heads(false);
        index.fail_entries(false);
        assert_eq!(town.submit(&entry).code(), "internal");
        // The batch had reached the journal: after a new start it is signed, and the client that asks again is served.
        town.stop();
        town.restart().unwrap();
        assert_eq!(town.size(), 2);
        let answer = town.submit(&entry);
        assert_eq!(answer.index(), 1);
        assert_eq!(town.check_receipt(&entry, &answer.body), 1);
        town.sync();
    }
}
