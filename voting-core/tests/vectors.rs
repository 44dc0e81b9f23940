//! Voting codes against vectors that another program made: `vectors/voting_code.py`.
//!
//! Printed codes must keep working, so these vectors never change; a new protocol version gets a file of its own (M10).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use serde::Deserialize;
use voting_core::credential::{CodeError, CodeSecret, VotingCode};
use voting_core::ids::{CredentialKey, EventId, RoundIndex};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vector {
    /// 11 bytes, of which the upper 85 bits are used.
    entropy: String,
    /// Four groups of five symbols.
    text: String,
    /// Six groups of five digits.
    digits: String,
    event: EventId,
    /// Credential keys of the rounds 0 and 1.
    keys: [CredentialKey; 2],
}

fn vectors() -> Vec<Vector> {
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("vectors/voting_code.json")).unwrap();
    assert_eq!(vectors.len(), 10);
    vectors
}

impl Vector {
    fn code(&self) -> VotingCode {
        VotingCode::from_entropy(hex::decode(&self.entropy).unwrap().try_into().unwrap())
    }
}

#[test]
fn m10_both_forms_of_a_code_are_those_of_the_vectors() {
    for vector in vectors() {
        let code = vector.code();
        assert_eq!(code.expose_text(), vector.text);
        assert_eq!(code.expose_digits(), vector.digits);
        assert_eq!(VotingCode::parse(&vector.text), Ok(code.clone()));
        assert_eq!(VotingCode::parse(&vector.digits), Ok(code));
    }
}

#[test]
fn m10_credentials_are_those_of_the_vectors() {
    for vector in vectors() {
        for form in [&vector.text, &vector.digits] {
            let code = VotingCode::parse(form).unwrap();
            let secret = CodeSecret::stretch(&code, &vector.event).unwrap();
            let keys = [0, 1].map(|round| secret.credential(RoundIndex(round)).key());
            assert_eq!(keys, vector.keys, "{}", vector.text);
        }
    }
}

/// In the lower-case form without separators one wrong symbol names its group.
#[test]
fn a_mistyped_vector_is_refused_with_its_group() {
    for vector in vectors() {
        let right: Vec<char> = vector.text.to_lowercase().chars().filter(|c| *c != '-').collect();
        assert!(VotingCode::parse(&right.iter().collect::<String>()).is_ok());
        for position in 0..right.len() {
            let mut wrong = right.clone();
            wrong[position] = if wrong[position] == '7' { '8' } else { '7' };
            let error = VotingCode::parse(&wrong.iter().collect::<String>()).unwrap_err();
            assert_eq!(error, CodeError::Group { group: position / 5 + 1 });
        }
    }
}
