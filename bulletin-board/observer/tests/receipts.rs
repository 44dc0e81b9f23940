//! Receipts and evidence: `observer receipt` and `observer judge`, with what is right and everything that is not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
#[path = "common/logs.rs"]
mod logs;
#[path = "../../client/tests/common/mod.rs"]
mod server;

use common::{Said, observer};
use logs::{Desk, Event};
use tlog::evidence::SplitView;
use tlog::note::SignedNote;
use tlog::tree::MemoryTree;
use voting_core::testing::Sandbox;

fn json(said: &Said) -> serde_json::Value {
    serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {}{}", said.out, said.notes))
}

#[test]
fn a_receipt_holds_under_a_card_a_manifest_and_a_record() {
    let mut event = Event::opened(1);
    let index = event.sandbox.entries.len() as u64;
    let ballot = event.vote(0);
    let log = event.whole();
    let desk = Desk::new();
    let receipt = desk.put("ballot.tlog-proof", &event.receipt(index, &log));
    let entry = desk.put("ballot.entry", &ballot);
    let card = desk.put("event.card", &event.card());
    let manifest = desk.put("manifest.cbor", event.sandbox.manifest().as_bytes());
    let record = desk.log("record", &log);
    let served = server::Server::files(event.sandbox.manifest().event(), log.clone());
    let url = format!("{}/{}", served.url, event.event());
    let (id, words) = (event.event(), event.sandbox.manifest().event_words());

    let rules: [&[&str]; 6] = [
        &["--card", &card],
        &["--event", &id, "--card", &card],
        &["--event", &id, "--manifest", &manifest],
        &["--event", &id, "--record", &record],
        &["--event", &id, "--record", &url],
        &["--card", &card, "--manifest", &manifest, "--record", &record],
    ];
    for rules in rules {
        let said = observer(&[&["receipt", &receipt, "--entry", &entry], rules].concat());
        assert_eq!(said.code, Some(0), "{rules:?} {}", said.notes);
        let trust = match rules.contains(&"--card") {
            true => format!("Taken on trust: only the card {card}, of the event {id} ({words}).\n"),
            false => format!("Taken on trust: only the event id {id} ({words}), which you gave.\n"),
        };
        assert!(said.out.starts_with(&trust), "{}", said.out);
        for part in [
            format!(" is entry {index} of the record votes.example.org/{id}.\n"),
            format!("It stands under the checkpoint of {} entries, root ", index + 1),
            "Cosigned by w1 at 2027-01-15T08:00:00Z, w2 at 2027-01-15T08:01:00Z.\n".into(),
            "The receipt holds: the ballot was accepted. It counts unless a later one replaced it.\n".into(),
        ] {
            assert!(said.out.contains(&part), "{part}\n{}", said.out);
        }
    }
    let said = observer(&["receipt", &receipt, "--entry", &entry, "--card", &card, "--json"]);
    let value = json(&said);
    assert_eq!((value["holds"].as_bool(), value["entry"].as_u64()), (Some(true), Some(index)));
    assert_eq!(value["cosigners"][1]["time"].as_u64(), Some(1_800_000_060));
    assert_eq!(value["receipt_number"].as_str().unwrap().len(), 64);

    // Any other entry has its receipt as well; it is no ballot.
    let receipt = desk.put("entry.tlog-proof", &event.receipt(1, &log));
    let entry = desk.put("entry", &event.sandbox.entries[1]);
    let said = observer(&["receipt", &receipt, "--entry", &entry, "--card", &card]);
    assert!(said.code == Some(0) && said.out.contains("\nThe entry is entry 1 of the record "), "{}", said.out);
    assert!(said.out.ends_with("\nThe receipt holds.\n"), "{}", said.out);
}

#[test]
fn a13_a_receipt_for_something_else_proves_nothing() {
    let mut event = Event::opened(2);
    let index = event.sandbox.entries.len() as u64;
    let ballot = event.vote(0);
    let log = event.whole();
    let good = event.receipt(index, &log);
    let desk = Desk::new();
    let card = desk.put("event.card", &event.card());
    let entry = desk.put("ballot.entry", &ballot);
    let other = desk.put("other.entry", &event.sandbox.entries[2]);
    let receipt = desk.put("receipt", &good);

    let check = |receipt: &str, entry: &str| observer(&["receipt", receipt, "--entry", entry, "--card", &card]);
    let said = check(&receipt, &other);
    assert_eq!(said.code, Some(1));
    assert!(said.notes.starts_with("error[false-receipt]: the receipt proves nothing: "), "{}", said.notes);
    assert!(said.out.is_empty());

    // Every changed byte is refused, as false or as malformed.
    let mut refused = [0, 0];
    for position in (0..good.len()).step_by(17) {
        let mut bytes = good.clone();
        bytes[position] ^= 1;
        let said = check(&desk.put("changed", &bytes), &entry);
        match (said.code, said.notes.split(':').next()) {
            (Some(1), Some("error[false-receipt]")) => refused[0] += 1,
            (Some(2), Some("error[malformed-receipt]")) => refused[1] += 1,
            // The time of a cosignature is signed; the log's own line and the witnesses' all are.
            other => panic!("{position}: {other:?} {}", said.out),
        }
    }
    assert!(refused[0] > 3 && refused[1] > 3, "{refused:?}");

    for (name, code) in [("empty", "malformed-receipt"), ("nothing", "no-such-file")] {
        if name == "empty" {
            desk.put(name, b"");
        }
        let said = check(&desk.name(name), &entry);
        assert!(said.code == Some(2) && said.notes.starts_with(&format!("error[{code}]: ")), "{}", said.notes);
    }
}

#[test]
fn a19_a_receipt_short_of_witnesses_proves_nothing() {
    let mut event = Event::opened(3);
    let index = event.sandbox.entries.len() as u64;
    let ballot = event.vote(0);
    let size = event.sandbox.entries.len();
    let desk = Desk::new();
    let card = desk.put("event.card", &event.card());
    let entry = desk.put("ballot.entry", &ballot);
    let log = event.log_by(size, &[(&event.witnesses[0], 1_800_000_000)]);
    let receipt = desk.put("receipt", &event.receipt(index, &log));
    let said = observer(&["receipt", &receipt, "--entry", &entry, "--card", &card]);
    assert_eq!(said.code, Some(1));
    assert!(said.notes.contains("too few witnesses cosigned for 'all'; missing: w2"), "{}", said.notes);
}

#[test]
fn s6_a_receipt_of_a_second_origin_proves_nothing() {
    let mut event = Event::opened(4);
    let index = event.sandbox.entries.len() as u64;
    let ballot = event.vote(0);
    let desk = Desk::new();
    let card = desk.put("event.card", &event.card());
    let entry = desk.put("ballot.entry", &ballot);
    // Same manifest, same key, honest cosignatures, another host; and the same with the name of the right key.
    let manifest = event.sandbox.manifest();
    let other = format!("other.example.org/{}", manifest.event());
    let checkpoints =
        [event.sandbox.checkpoint_as(&other, &event.sandbox.log, |_| ()), server::second_origin(&event.sandbox)];
    for checkpoint in checkpoints {
        let mut log = event.whole();
        log.insert("checkpoint".into(), checkpoint);
        let by = [(&event.witnesses[0], 1_800_000_000), (&event.witnesses[1], 1_800_000_000)];
        let log = server::cosign(log, &by);
        let receipt = desk.put("receipt", &event.receipt(index, &log));
        let said = observer(&["receipt", &receipt, "--entry", &entry, "--card", &card]);
        assert_eq!(said.code, Some(1), "{}", said.out);
        assert!(said.notes.starts_with("error[false-receipt]: "), "{}", said.notes);
        let record = desk.log("closed", &event.whole());
        let said = observer(&["judge", &receipt, "--entry", &entry, "--card", &card, "--record", &record]);
        assert!(said.code == Some(1) && said.out.contains("This convinces nobody."), "{}{}", said.out, said.notes);
    }
}

#[test]
fn what_is_believed_must_agree() {
    let mut event = Event::opened(5);
    let index = event.sandbox.entries.len() as u64;
    let ballot = event.vote(0);
    let log = event.whole();
    let desk = Desk::new();
    let receipt = desk.put("receipt", &event.receipt(index, &log));
    let entry = desk.put("ballot.entry", &ballot);
    let card = desk.put("event.card", &event.card());
    let other = Sandbox::new(6).manifest();
    let (foreign, foreign_id) = (desk.put("other.cbor", other.as_bytes()), other.event().to_string());
    let text = String::from_utf8(event.card()).unwrap();
    let lie = desk.put("lie.card", text.replacen("host votes.", "host cotes.", 1).as_bytes());
    let broken = desk.put("broken.card", text.replacen("words ", "words x", 1).as_bytes());
    let manifest = desk.put("manifest.cbor", event.sandbox.manifest().as_bytes());
    let id = event.event();
    let cases: [(&[&str], i32, &str); 9] = [
        (&["--event", &foreign_id, "--card", &card], 1, "error[other-event]: the card is that of event "),
        (&["--event", &id, "--manifest", &foreign], 1, "error[other-event]: "),
        (&["--card", &card, "--manifest", &foreign], 1, "error[other-event]: "),
        (
            &["--card", &lie, "--manifest", &manifest],
            1,
            "error[false-card]: the card's host is not the one of the manifest",
        ),
        (&["--card", &lie], 1, "error[false-receipt]: "),
        (&["--card", &broken], 2, "error[malformed-card]: "),
        (&["--card", &foreign], 2, "error[malformed-card]: "),
        (&["--event", &id], 2, "error: the following required arguments were not provided"),
        (&["--manifest", &manifest], 2, "error: the following required arguments were not provided"),
    ];
    for (rules, code, start) in cases {
        let said = observer(&[&["receipt", &receipt, "--entry", &entry], rules].concat());
        assert_eq!(said.code, Some(code), "{rules:?} {}", said.notes);
        assert!(said.notes.starts_with(start), "{rules:?} {}", said.notes);
    }
}

/// A board that gave a receipt for the fourth ballot and closed another log, with so many ballots.
fn two_boards(seed: u64, others: usize, close: bool) -> (Event, Vec<u8>, Event, u64) {
    let (mut honest, mut other) = (Event::opened(seed), Event::opened(seed));
    let index = honest.sandbox.entries.len() as u64 + 3;
    let mut ballot = Vec::new();
    for voter in [0, 2, 4, 0] {
        ballot = honest.vote(voter);
    }
    for voter in [2, 4, 0, 2, 4].into_iter().take(others) {
        other.vote(voter);
    }
    if close {
        other.sandbox.close();
    }
    (honest, ballot, other, index)
}

#[test]
fn a15_a_receipt_for_a_ballot_that_the_closed_record_lacks_convinces() {
    for (others, says) in [(1, "The ballot's round is over there"), (5, "Another entry stands in that place.")] {
        let (honest, ballot, other, index) = two_boards(7, others, true);
        let desk = Desk::new();
        let card = desk.put("event.card", &honest.card());
        let receipt = desk.put("receipt", &honest.receipt(index, &honest.whole()));
        let entry = desk.put("entry", &ballot);
        let record = desk.log("closed", &other.whole());
        let id = honest.event();
        for rules in [["--card", &card], ["--event", &id]] {
            let said = observer(&[&["judge", &receipt, "--entry", &entry, "--record", &record][..], &rules].concat());
            assert_eq!(said.code, Some(0), "{}{}", said.out, said.notes);
            for part in [
                format!("The log signed that this entry is entry {index} of its record, under a checkpoint of "),
                "Cosigned by w1 at ".into(),
                "The entry stands nowhere in it.".into(),
                says.into(),
                "\nThis CONVINCES.\n".into(),
            ] {
                assert!(said.out.contains(&part), "{part}\n{}", said.out);
            }
        }
        let said = observer(&["judge", &receipt, "--entry", &entry, "--record", &record, "--card", &card, "--json"]);
        assert_eq!(json(&said)["convinces"].as_bool(), Some(true));
    }
}

/// What the board says to a voter while witnesses are missing.
fn promise(event: &Event, entry: &[u8], deadline: u64) -> Vec<u8> {
    let manifest = event.sandbox.manifest();
    let origin = tlog::Origin::new(&manifest.origin()).unwrap();
    let promise = tlog::Promise { origin, leaf: tlog::leaf_hash(entry), deadline };
    let name = tlog::KeyName::new(&manifest.origin()).unwrap();
    let key = tlog::SigningKey::from_seed(name, &event.sandbox.log.expose_seed());
    promise.sign(&key).unwrap().into_bytes()
}

#[test]
fn a15_a_promise_is_broken_by_a_closed_record_or_after_its_deadline() {
    // The witnesses of these logs state 1,800,000,000 and a minute later.
    const FIRST: u64 = 1_800_000_000;
    let (honest, ballot, closed, _) = two_boards(12, 1, true);
    let (_, _, open, _) = two_boards(12, 1, false);
    let desk = Desk::new();
    let (card, entry) = (desk.put("event.card", &honest.card()), desk.put("entry", &ballot));
    let kept = desk.log("kept", &honest.whole());
    let (closed, open) = (desk.log("closed", &closed.whole()), desk.log("open", &open.whole()));
    let other = desk.put("other", b"another entry");
    let judge = |promise: &str, entry: &str, record: &str| {
        observer(&["judge", promise, "--entry", entry, "--record", record, "--card", &card])
    };
    let early = desk.put("early.promise", &promise(&honest, &ballot, FIRST - 1));
    let between = desk.put("between.promise", &promise(&honest, &ballot, FIRST));
    let late = desk.put("late.promise", &promise(&honest, &ballot, FIRST + 60));
    for (promise, record, code, says) in [
        (&early, &open, 0, "enough witness servers saw it so later than that"),
        (&late, &closed, 0, "the ballot's round is over there"),
        (&early, &kept, 1, "The promise was kept."),
        // One of the two witnesses saw it after the deadline: that is not enough.
        (&between, &open, 2, "error[record-not-late]: "),
        (&late, &open, 2, "error[record-not-late]: "),
    ] {
        let said = judge(promise, &entry, record);
        assert_eq!(said.code, Some(code), "{promise} {record} {}{}", said.out, said.notes);
        assert!([&said.out, &said.notes].iter().any(|text| text.contains(says)), "{says}\n{}{}", said.out, said.notes);
    }
    let said = judge(&early, &other, &open);
    assert!(
        said.code == Some(1) && said.out.contains("The promise is of another entry."),
        "{}{}",
        said.out,
        said.notes
    );
    let text = String::from_utf8(promise(&honest, &ballot, FIRST - 1)).unwrap();
    let forged = desk.put("forged", text.replacen("1799999999", "1799999998", 1).as_bytes());
    let said = judge(&forged, &entry, &open);
    assert!(said.code == Some(1) && said.out.contains("It binds nobody: "), "{}{}", said.out, said.notes);
    let foreign = Event::opened(13);
    let foreign = desk.put("foreign", &promise(&foreign, &ballot, FIRST - 1));
    let said = judge(&foreign, &entry, &open);
    assert!(said.code == Some(1) && said.out.contains("of the log"), "{}{}", said.out, said.notes);
}

#[test]
fn s12_a_cancelled_event_is_closed_for_a_receipt() {
    let (honest, ballot, mut other, index) = two_boards(11, 1, false);
    let cancelled = voting_core::entry::Body::Cancelled(voting_core::entry::Cancelled { reason: 1 });
    other.sandbox.push(voting_core::entry::Author::Administrator, &cancelled);
    let desk = Desk::new();
    let card = desk.put("event.card", &honest.card());
    let receipt = desk.put("receipt", &honest.receipt(index, &honest.whole()));
    let (entry, record) = (desk.put("entry", &ballot), desk.log("cancelled", &other.whole()));
    let said = observer(&["judge", &receipt, "--entry", &entry, "--record", &record, "--card", &card]);
    assert!(
        said.code == Some(0) && said.out.contains("The ballot's round is over there"),
        "{}{}",
        said.out,
        said.notes
    );
}

#[test]
fn a15_a_receipt_that_the_record_keeps_or_may_still_keep_does_not_convince() {
    let (mut honest, ballot, open, index) = two_boards(8, 1, false);
    let desk = Desk::new();
    let card = desk.put("event.card", &honest.card());
    let receipt = desk.put("receipt", &honest.receipt(index, &honest.whole()));
    let entry = desk.put("entry", &ballot);
    let judge = |record: &str| observer(&["judge", &receipt, "--entry", &entry, "--record", record, "--card", &card]);

    let said = judge(&desk.log("open", &open.whole()));
    assert_eq!(said.code, Some(2), "{}", said.out);
    assert!(said.notes.starts_with("error[record-not-closed]: "), "{}", said.notes);

    honest.sandbox.close();
    let said = judge(&desk.log("honest", &honest.whole()));
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.out.contains("Nothing is missing.\nThis convinces nobody.\n"), "{}", said.out);

    // A receipt for another entry, a record without enough witnesses, a damaged one, none at all.
    let other = desk.put("other", &honest.sandbox.entries[3]);
    let closed = desk.name("honest");
    let said = observer(&["judge", &receipt, "--entry", &other, "--record", &closed, "--card", &card]);
    assert!(said.code == Some(1) && said.out.contains("the receipt proves nothing"), "{}{}", said.out, said.notes);
    let few = honest.log_by(honest.sandbox.entries.len(), &[(&honest.witnesses[1], 1_800_000_000)]);
    let said = judge(&desk.log("few", &few));
    assert!(said.code == Some(1) && said.notes.starts_with("error[too-few-witnesses]: "), "{}", said.notes);
    let mut damaged = honest.whole();
    let path = damaged.keys().find(|path| path.starts_with("tile/entries/")).unwrap().clone();
    *damaged.get_mut(&path).unwrap().last_mut().unwrap() ^= 1;
    let said = judge(&desk.log("damaged", &damaged));
    assert!(said.code == Some(1) && said.notes.starts_with("error[not-in-the-log]: "), "{}", said.notes);
    let said = observer(&["judge", &receipt, "--entry", &entry, "--card", &card]);
    assert!(said.code == Some(2) && said.notes.starts_with("error[missing-record]: "), "{}", said.notes);
    let said = observer(&["judge", &receipt, "--card", &card, "--record", &closed]);
    assert!(said.code == Some(2) && said.notes.starts_with("error[missing-entry]: "), "{}", said.notes);
    let said = observer(&["judge", &entry, "--card", &card]);
    assert!(said.code == Some(2) && said.notes.starts_with("error[malformed-evidence]: "), "{}", said.notes);
}

#[test]
fn a19_evidence_of_a_split_view_is_judged() {
    let (honest, _, other, _) = two_boards(9, 5, false);
    let note = |log: &server::Files| SignedNote::parse(&log["checkpoint"]).unwrap();
    let tree = |event: &Event| {
        let mut tree = MemoryTree::new();
        event.sandbox.entries.iter().for_each(|entry| {
            tree.append(entry);
        });
        tree
    };
    let (one, two) = (note(&honest.whole()), note(&other.whole()));
    let desk = Desk::new();
    let card = desk.put("event.card", &honest.card());
    let judge = |name: &str, evidence: &SplitView| {
        let file = desk.put(name, &evidence.to_bytes());
        observer(&["judge", &file, "--card", &card])
    };
    let fork = SplitView::from_source(one.clone(), two, &tree(&other)).unwrap();
    let said = judge("fork", &fork);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.notes);
    assert!(said.out.contains("They contradict each other") && said.out.contains("This CONVINCES."), "{}", said.out);
    assert_eq!(said.out.matches("Cosigned by w1 at ").count(), 2);

    let unproved = SplitView::new(one.clone(), note(&other.whole()), None, vec![]).unwrap();
    let said = judge("unproved", &unproved);
    assert!(said.code == Some(1) && said.out.contains("Anybody can spoil a proof"), "{}", said.out);

    let earlier = note(&honest.log(10));
    let same = SplitView::from_source(one, earlier, &tree(&honest)).unwrap();
    let said = judge("same", &same);
    assert!(said.code == Some(1) && said.out.contains("They agree"), "{}", said.out);

    // Another event's evidence, and the true one beside one that does not convince.
    let foreign = Event::opened(10);
    let said = observer(&[
        "judge",
        &desk.name("fork"),
        "--event",
        &foreign.event(),
        "--manifest",
        &desk.put("manifest", foreign.sandbox.manifest().as_bytes()),
    ]);
    assert!(said.code == Some(1) && said.out.contains("did not sign both checkpoints"), "{}{}", said.out, said.notes);
    let said = observer(&["judge", &desk.name("fork"), &desk.name("same"), "--card", &card]);
    assert!(said.code == Some(1) && said.out.contains("This CONVINCES."), "{}", said.out);
    let text = std::fs::read_to_string(desk.path("fork")).unwrap();
    let said =
        observer(&["judge", &desk.put("changed", text.replacen("prefix ", "prefix A", 1).as_bytes()), "--card", &card]);
    assert!(said.code == Some(2) && said.notes.starts_with("error[malformed-evidence]: "), "{}", said.notes);
}
