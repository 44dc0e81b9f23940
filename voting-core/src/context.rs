//! The only place that opens transcripts: protocol, purpose, event, round, joint key, author (A1, A2, M2).
//!
//! | purpose | fields in order |
//! | --- | --- |
//! | `ballot` | event, round, joint key, credential; then for each contest its index before its argument |
//! | `ballot signature` | event, round, joint key, credential, tracker, counter, previous |
//! | `encryption key` | event, ceremony, trustee |
//! | `dealing` | event, ceremony, dealer |
//! | `ephemeral` | event, ceremony, dealer, receiver, both encryption keys |
//! | `partial decryption` | event, round, size and root of the closing checkpoint, trustee, contest, group, cell, ciphertext |

use proofs::elgamal::{Ciphertext, PublicKey};
use proofs::transcript::Transcript;
use tlog::hash::Hash;

use crate::ids::{CeremonyId, ContestIndex, CredentialKey, EventId, GroupIndex, RoundId, Tracker, TrusteeIndex};

/// The round that a proof belongs to and the key it is made under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundBinding {
    /// The event.
    pub event: EventId,
    /// The round.
    pub round: RoundId,
    /// The joint key of the event's ceremony.
    pub joint_key: PublicKey,
}

impl RoundBinding {
    fn open(&self, purpose: &'static [u8]) -> Transcript {
        let mut transcript = Transcript::open(purpose);
        transcript.bind(b"event", self.event.as_bytes());
        transcript.bind(b"round", self.round.as_bytes());
        transcript.bind(b"joint key", &self.joint_key.to_bytes());
        transcript
    }
}

/// For all arguments of one ballot; [`contest`] comes before each of them.
#[must_use]
pub fn ballot(round: &RoundBinding, credential: &CredentialKey) -> Transcript {
    let mut transcript = round.open(b"ballot");
    transcript.bind(b"credential", credential.as_bytes());
    transcript
}

/// Binds the position of the contest whose argument follows, so that no proof moves to another contest (A10).
pub fn contest(transcript: &mut Transcript, index: ContestIndex) {
    transcript.bind_u64(b"contest", index.0.into());
}

/// For the signature under which a sealed ballot is cast (S2, M5).
#[must_use]
pub fn ballot_signature(
    round: &RoundBinding,
    credential: &CredentialKey,
    tracker: &Tracker,
    counter: u64,
    previous: &Hash,
) -> Transcript {
    let mut transcript = round.open(b"ballot signature");
    transcript.bind(b"credential", credential.as_bytes());
    transcript.bind(b"tracker", tracker.as_bytes());
    transcript.bind_u64(b"counter", counter);
    transcript.bind(b"previous", &previous.0);
    transcript
}

fn ceremony(purpose: &'static [u8], event: &EventId, ceremony: &CeremonyId) -> Transcript {
    let mut transcript = Transcript::open(purpose);
    transcript.bind(b"event", event.as_bytes());
    transcript.bind(b"ceremony", ceremony.as_bytes());
    transcript
}

/// For the proof of possession of a trustee's encryption key (A24, S9).
#[must_use]
pub fn encryption_key(event: &EventId, id: &CeremonyId, trustee: TrusteeIndex) -> Transcript {
    let mut transcript = ceremony(b"encryption key", event, id);
    transcript.bind_u64(b"trustee", trustee.0.into());
    transcript
}

/// For the proof of possession of the constant of a dealing (A24).
#[must_use]
pub fn dealing(event: &EventId, id: &CeremonyId, dealer: TrusteeIndex) -> Transcript {
    let mut transcript = ceremony(b"dealing", event, id);
    transcript.bind_u64(b"dealer", dealer.0.into());
    transcript
}

/// For the proof of knowledge of the ephemeral key of one encrypted share (A29).
#[must_use]
pub fn ephemeral(
    event: &EventId,
    id: &CeremonyId,
    (dealer, dealer_key): (TrusteeIndex, &PublicKey),
    (receiver, receiver_key): (TrusteeIndex, &PublicKey),
) -> Transcript {
    let mut transcript = ceremony(b"ephemeral", event, id);
    transcript.bind_u64(b"dealer", dealer.0.into());
    transcript.bind_u64(b"receiver", receiver.0.into());
    transcript.bind(b"dealer key", &dealer_key.to_bytes());
    transcript.bind(b"receiver key", &receiver_key.to_bytes());
    transcript
}

/// Where in the tally of a round a ciphertext stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CellPosition {
    /// The contest.
    pub contest: ContestIndex,
    /// The group, where totals are decrypted for each group.
    pub group: Option<GroupIndex>,
    /// The cell of the contest, from 0.
    pub cell: usize,
}

/// For the equality proof of one partial decryption: binds the checkpoint and the ciphertext (A6, A20).
#[must_use]
pub fn partial_decryption(
    round: &RoundBinding,
    (size, root): (u64, &Hash),
    trustee: TrusteeIndex,
    position: &CellPosition,
    ciphertext: &Ciphertext,
) -> Transcript {
    let mut transcript = round.open(b"partial decryption");
    transcript.bind_u64(b"size", size);
    transcript.bind(b"root", &root.0);
    transcript.bind_u64(b"trustee", trustee.0.into());
    transcript.bind_u64(b"contest", position.contest.0.into());
    // 0 stands for all groups together, n + 1 for group n.
    transcript.bind_u64(b"group", position.group.map_or(0, |group| u64::from(group.0) + 1));
    transcript.bind_u64(b"cell", position.cell as u64);
    transcript.bind(b"ciphertext", &ciphertext.to_bytes());
    transcript
}
