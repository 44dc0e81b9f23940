//! What the client makes of a board's answers. The server here says what a real board would never say.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use client::{Board, ClientError};
use common::{Reply, Server};
use tlog::note::SignedNote;
use tlog::tlog_proof::TlogProof;
use tlog::tree::MemoryTree;
use voting_core::entry::open_request;
use voting_core::ids::{EntryIndex, EventId, SigningKeyId};
use voting_core::testing::Sandbox;

fn json(status: u16, value: &serde_json::Value) -> Reply {
    (status, vec!["Content-Type: application/json".into()], value.to_string().into_bytes())
}

/// The receipt for the sandbox's entry at an index.
fn receipt(sandbox: &Sandbox, index: u64) -> Vec<u8> {
    let mut tree = MemoryTree::new();
    sandbox.entries.iter().for_each(|entry| {
        tree.append(entry);
    });
    let note = SignedNote::parse(&sandbox.checkpoint()).unwrap();
    TlogProof::new(index, tree.inclusion(index, tree.size()).unwrap(), note).unwrap().to_bytes()
}

fn board(reply: impl Fn(&common::Request) -> Reply + Send + Sync + 'static) -> (Server, Board) {
    let server = Server::new(reply);
    let board = Board::new(&server.url).unwrap();
    (server, board)
}

#[test]
fn a13_a_submission_counts_only_with_a_receipt_that_holds() {
    let mut sandbox = Sandbox::opened(1);
    let ballot = sandbox.vote(0, &[voting_core::testing::chosen(&[0]), voting_core::testing::chosen(&[1])]);
    let last = sandbox.entries.len() as u64 - 1;
    let manifest = sandbox.manifest();
    let good = receipt(&sandbox, last);

    let reply = good.clone();
    let (server, honest) = board(move |_| (200, vec!["X-Urna-Index: 99".into()], reply.clone()));
    let accepted = honest.submit(&manifest, &ballot).unwrap();
    // From the proof, not from the header.
    assert_eq!((accepted.index, &accepted.receipt), (EntryIndex(last), &good));
    let path = format!("POST /api/events/{}/entries", manifest.event());
    assert_eq!(*server.requests.lock().unwrap(), [path]);

    // For another entry, of another log, cut short, nothing at all.
    let other = Sandbox::opened(2);
    for bad in [receipt(&sandbox, last - 1), receipt(&other, 3), good[..good.len() - 5].to_vec(), vec![]] {
        let (_server, dishonest) = board(move |_| (200, vec![], bad.clone()));
        let error = dishonest.submit(&manifest, &ballot).unwrap_err();
        assert_eq!(error.code(), "false-receipt", "{error}");
    }
}

#[test]
fn s3_a_refusal_carries_rule_remedy_and_the_latest_ballot() {
    let value = serde_json::json!({
        "code": "stale-predecessor", "message": "another ballot\u{1b}[2J was accepted", "remedy": "look at it",
        "rule": "R-BALLOT-06",
        "latest": { "index": 12, "entry": STANDARD.encode(b"entry"), "receipt": STANDARD.encode(b"receipt") },
    });
    let (_server, board) = board(move |_| json(409, &value));
    let error = board.submit(&Sandbox::new(1).manifest(), b"ballot").unwrap_err();
    assert_eq!(error.code(), "stale-predecessor");
    // Nothing of what a server says may steer the terminal.
    assert_eq!(error.to_string(), "the board refuses (R-BALLOT-06): another ballot [2J was accepted; look at it");
    let ClientError::Refused(refused) = error else { panic!() };
    let latest = refused.latest.unwrap();
    assert_eq!(
        (latest.index, &latest.entry[..], &latest.receipt[..]),
        (EntryIndex(12), &b"entry"[..], &b"receipt"[..])
    );
}

#[test]
fn a_busy_board_is_asked_again() {
    let (key, tries) = (SigningKeyId([5; 32]), AtomicUsize::new(0));
    let (server, board) = board(move |_| {
        if tries.fetch_add(1, Ordering::SeqCst) < 2 {
            let busy = serde_json::json!({ "code": "busy", "message": "queue full", "remedy": "wait" });
            let (status, mut headers, body) = json(503, &busy);
            headers.push("Retry-After: 0".into());
            return (status, headers, body);
        }
        json(200, &serde_json::json!({ "log_key": key }))
    });
    assert_eq!(board.reserve("votes.example.org", &Sandbox::new(1).administrator).unwrap(), key);
    assert_eq!(server.count(), 3);
}

#[test]
fn requests_are_signed_for_their_host_and_action() {
    let sandbox = Sandbox::new(3);
    let manifest = sandbox.manifest();
    let (event, expected, key) = (manifest.event(), manifest.as_bytes().to_vec(), manifest.administrator);
    let (_server, board) = board(move |request| {
        let opened = open_request(&request.body, "votes.example.org", "found").unwrap();
        assert_eq!((opened.payload, opened.key), (expected.clone(), key));
        json(200, &serde_json::json!({ "event": event, "url": "http://votes.example.org" }))
    });
    board.found(&manifest, &sandbox.administrator).unwrap();
}

#[test]
fn a22_a_board_that_founds_another_event_is_not_believed() {
    let sandbox = Sandbox::new(4);
    let (_server, board) = board(|_| json(200, &serde_json::json!({ "event": EventId([9; 32]), "url": "x" })));
    let error = board.found(&sandbox.manifest(), &sandbox.administrator).unwrap_err();
    assert_eq!(error.code(), "other-event");
}

#[test]
fn lists_states_labels_and_closing_are_read() {
    let event = EventId([3; 32]);
    let (_server, board) = board(move |request| match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/api/events") => json(200, &serde_json::json!({ "events": [{ "event": event, "url": "x" }] })),
        ("GET", path) if path == format!("/api/events/{event}") => json(200, &serde_json::json!({ "size": 4 })),
        ("POST", path) if path == format!("/api/events/{event}/close") => json(200, &serde_json::json!({ "index": 7 })),
        ("POST", path) if path.ends_with("/labels") => json(200, &serde_json::json!({})),
        _ => json(404, &serde_json::json!({ "code": "no-labels", "message": "none", "remedy": "" })),
    });
    assert_eq!(board.events().unwrap(), [event]);
    assert_eq!(board.event_state(&event).unwrap()["size"], 4);
    assert_eq!(board.close(&event, b"order").unwrap(), EntryIndex(7));
    assert_eq!(board.labels(&event).unwrap(), None);
    let sandbox = Sandbox::new(5);
    board.deposit_labels(&sandbox.manifest(), b"file", &sandbox.administrator).unwrap();
    assert!(board.log_url(&event).ends_with(&format!("/{event}")));
}

#[test]
fn garbage_silence_and_wrong_addresses_are_told_apart() {
    let (_server, garbage) = board(|_| (200, vec![], b"<html>".to_vec()));
    assert_eq!(garbage.events().unwrap_err().code(), "unusable-answer");
    let (_server, broken) = board(|_| (502, vec![], b"<html>".to_vec()));
    let error = broken.events().unwrap_err();
    assert_eq!(error.code(), "unusable-answer");
    assert!(error.to_string().contains("status 502"), "{error}");
    assert_eq!(Board::new("http://127.0.0.1:1").unwrap().events().unwrap_err().code(), "unreachable");
    assert_eq!(Board::new("votes.example.org").unwrap_err().code(), "bad-url");
}
