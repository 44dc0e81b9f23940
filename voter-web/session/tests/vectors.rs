//! Frozen: printed voting codes and saved tests of a ballot must keep working. The files are never edited; a new version
//! of the protocol gets files of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{Board, CODES, MEMBER, choices};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::{Value, json};
use session::{Booth, LogStart};
use voting_core::contest::Choice;
use voting_core::credential::{CodeSecret, VotingCode};
use voting_core::ids::{EventId, RoundIndex, Tracker};
use voting_core::testing::ENTROPY;

const CODE_VECTORS: &str = include_str!("vectors/v1/codes.json");
const OPENING_VECTOR: &str = include_str!("vectors/v1/opening.json");

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn code_vector(entropy: [u8; 11], event: EventId) -> Value {
    let code = VotingCode::from_entropy(entropy);
    let secret = CodeSecret::stretch(&code, &event).unwrap();
    let credentials: Vec<_> = (0..3).map(|round| secret.credential(RoundIndex(round)).key().to_string()).collect();
    json!({
        "entropy": hex::encode(entropy),
        "text": code.expose_text(),
        "digits": code.expose_digits(),
        "event": event.to_string(),
        "credentials": credentials,
    })
}

#[test]
fn m10_voting_codes_give_the_frozen_credentials() {
    let vectors: Vec<Value> = serde_json::from_str(CODE_VECTORS).unwrap();
    assert_eq!(vectors.len(), 6);
    for vector in vectors {
        let event: EventId = vector["event"].as_str().unwrap().parse().unwrap();
        let entropy = bytes(&vector["entropy"]).try_into().unwrap();
        assert_eq!(code_vector(entropy, event), vector);
        let text = VotingCode::parse(vector["text"].as_str().unwrap()).unwrap();
        assert_eq!(VotingCode::parse(vector["digits"].as_str().unwrap()).unwrap(), text);
    }
}

#[test]
fn s2_a_frozen_sealed_ballot_opens_to_its_answers() {
    let vector: Value = serde_json::from_str(OPENING_VECTOR).unwrap();
    let event: EventId = vector["event"].as_str().unwrap().parse().unwrap();
    let entries: Vec<_> = vector["entries"].as_array().unwrap().iter().map(bytes).collect();
    let entries: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
    let checkpoint = vector["checkpoint"].as_str().unwrap();
    let log = LogStart { entries: &entries, checkpoint: checkpoint.as_bytes(), consistency: &[] };
    let booth = Booth::from_log(&event, &log, None, &ENTROPY).unwrap();
    assert_eq!(booth.event_words(), vector["event_words"]);
    let tracker: Tracker = vector["tracker"].as_str().unwrap().parse().unwrap();
    let sealed = bytes(&vector["sealed"]);
    assert_eq!(Tracker::of(&sealed), tracker);
    let answers = booth.check_opening(&[sealed], &tracker, &bytes(&vector["opening"])).unwrap();
    assert_eq!(choices_of(&answers), vector["choices"]);
}

fn choices_of(answers: &[Choice]) -> Value {
    let answer = |choice: &Choice| match choice {
        Choice::Blank => json!("blank"),
        Choice::Selection(options) => json!(options.iter().map(|option| option.0).collect::<Vec<_>>()),
        other => panic!("{other:?}: the vector has selections only"),
    };
    answers.iter().map(answer).collect()
}

/// Makes the files of a new version; never run again for a version that has been published.
#[test]
#[ignore = "writes the frozen files of a new version"]
fn write_vectors() {
    let codes: Vec<_> = (0..6_u8)
        .map(|i| {
            let entropy = core::array::from_fn(|j| i.wrapping_mul(67).wrapping_add((j as u8).wrapping_mul(29)));
            code_vector(entropy, EventId([i + 1; 32]))
        })
        .collect();
    let board = Board::open(100);
    let mut rng = ChaCha20Rng::seed_from_u64(100);
    let voter = board.booth().enter(&CODES[0], MEMBER).unwrap();
    let (_, revealed) = voter.seal(&choices(&[2, 0], &[]), &mut rng).unwrap().reveal();
    let sandbox = &board.sandbox;
    let opening = json!({
        "event": sandbox.manifest().event().to_string(),
        "event_words": sandbox.manifest().event_words(),
        "entries": sandbox.entries.iter().map(hex::encode).collect::<Vec<_>>(),
        "checkpoint": String::from_utf8(sandbox.checkpoint()).unwrap(),
        "tracker": revealed.tracker.to_string(),
        "sealed": hex::encode(&revealed.sealed[0]),
        "opening": hex::encode(&revealed.opening),
        "choices": choices_of(&[choices(&[2, 0], &[])].concat()),
    });
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/v1");
    std::fs::create_dir_all(&folder).unwrap();
    for (name, value) in [("codes.json", json!(codes)), ("opening.json", opening)] {
        std::fs::write(folder.join(name), serde_json::to_string_pretty(&value).unwrap() + "\n").unwrap();
    }
}
