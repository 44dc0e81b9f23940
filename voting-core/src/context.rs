//! The only place that opens transcripts: protocol, purpose, event, round, joint key, author (A1, A2, M2).
//!
//! | purpose | fields in order |
//! | --- | --- |
//! | `ballot` | event, round, joint key, credential, part; then for each section its contest and number before its argument |
//! | `ballot signature` | event, round, joint key, credential, tracker, counter, previous |
//! | `encryption key` | event, ceremony, trustee |
//! | `dealing` | event, ceremony, dealer |
//! | `ephemeral` | event, ceremony, dealer, receiver, both encryption keys |
//! | `partial decryption` | event, round, size and root of the closing checkpoint, trustee, contest, group, ciphertexts |

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

/// What the transcripts of all ballots of a round begin with, absorbed once for whoever verifies many.
#[derive(Clone, Debug)]
pub(crate) struct Beginnings {
    ballot: Transcript,
    signature: Transcript,
}

impl Beginnings {
    pub(crate) fn of(round: &RoundBinding) -> Self {
        Self { ballot: round.open(b"ballot"), signature: round.open(b"ballot signature") }
    }

    /// The same as [`ballot`].
    pub(crate) fn ballot(&self, credential: &CredentialKey, part: u32) -> Transcript {
        let mut transcript = self.ballot.clone();
        transcript.bind(b"credential", credential.as_bytes());
        transcript.bind_u64(b"part", part.into());
        transcript
    }

    /// The same as [`ballot_signature`].
    pub(crate) fn ballot_signature(
        &self,
        credential: &CredentialKey,
        tracker: &Tracker,
        counter: u64,
        previous: &Hash,
    ) -> Transcript {
        let mut transcript = self.signature.clone();
        transcript.bind(b"credential", credential.as_bytes());
        transcript.bind(b"tracker", tracker.as_bytes());
        transcript.bind_u64(b"counter", counter);
        transcript.bind(b"previous", &previous.0);
        transcript
    }
}

/// For all arguments of one part of a ballot; [`section`] comes before each of them.
#[must_use]
pub fn ballot(round: &RoundBinding, credential: &CredentialKey, part: u32) -> Transcript {
    Beginnings::of(round).ballot(credential, part)
}

/// Binds contest and section of the argument that follows, so that no proof moves to another place (A10).
pub fn section(transcript: &mut Transcript, contest: ContestIndex, section: usize) {
    transcript.bind_u64(b"contest", contest.0.into());
    transcript.bind_u64(b"section", section as u64);
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
    Beginnings::of(round).ballot_signature(credential, tracker, counter, previous)
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

/// For the equality proof of the partial decryption of one tally: binds the checkpoint and all ciphertexts (A6, A20).
#[must_use]
pub fn partial_decryption(
    round: &RoundBinding,
    (size, root): (u64, &Hash),
    trustee: TrusteeIndex,
    (contest, group): (ContestIndex, Option<GroupIndex>),
    ciphertexts: &[Ciphertext],
) -> Transcript {
    let mut transcript = round.open(b"partial decryption");
    transcript.bind_u64(b"size", size);
    transcript.bind(b"root", &root.0);
    transcript.bind_u64(b"trustee", trustee.0.into());
    transcript.bind_u64(b"contest", contest.0.into());
    // 0 stands for all groups together, n + 1 for group n.
    transcript.bind_u64(b"group", group.map_or(0, |group| u64::from(group.0) + 1));
    let bytes: Vec<u8> = ciphertexts.iter().flat_map(Ciphertext::to_bytes).collect();
    transcript.bind(b"ciphertexts", &bytes);
    transcript
}

#[cfg(test)]
mod tests {
    use proofs::group::BASE;
    use proofs::secret::SecretScalar;
    use proofs::sigma::possession::PossessionProof;
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn key(n: u64) -> PublicKey {
        PublicKey::new(BASE * proofs::group::Scalar::from(n)).unwrap()
    }

    /// Whether a proof made on one transcript holds on the other: only if they have absorbed the same.
    fn same(mut one: Transcript, mut other: Transcript) -> bool {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let secret = SecretScalar::random(&mut rng);
        let public = PublicKey::of(&secret).unwrap();
        let proof = PossessionProof::prove(&mut one, &secret, &public, &mut rng);
        proof.verify(&mut other, &public).is_ok()
    }

    /// Each variant differs from the first in one argument: all transcripts differ from one another (A1, A2).
    fn all_differ(name: &str, variants: &[Transcript]) {
        for (i, one) in variants.iter().enumerate() {
            for (j, other) in variants.iter().enumerate() {
                assert_eq!(same(one.clone(), other.clone()), i == j, "{name}: variants {i} and {j}");
            }
        }
    }

    fn round() -> RoundBinding {
        RoundBinding { event: EventId([1; 32]), round: RoundId([2; 32]), joint_key: key(3) }
    }

    fn rounds() -> [RoundBinding; 3] {
        [
            RoundBinding { event: EventId([9; 32]), ..round() },
            RoundBinding { round: RoundId([9; 32]), ..round() },
            RoundBinding { joint_key: key(9), ..round() },
        ]
    }

    #[test]
    fn a1_every_field_of_a_ballot_is_bound() {
        let (credential, other) = (CredentialKey([4; 32]), CredentialKey([9; 32]));
        let mut variants =
            vec![ballot(&round(), &credential, 0), ballot(&round(), &other, 0), ballot(&round(), &credential, 1)];
        variants.extend(rounds().iter().map(|round| ballot(round, &credential, 0)));
        for (contest, number) in [(0, 0), (1, 0), (0, 1)] {
            let mut transcript = ballot(&round(), &credential, 0);
            section(&mut transcript, ContestIndex(contest), number);
            variants.push(transcript);
        }
        all_differ("ballot", &variants);
    }

    #[test]
    fn m5_every_field_of_a_ballot_signature_is_bound() {
        let (credential, tracker, previous) = (CredentialKey([4; 32]), Tracker([5; 32]), Hash([6; 32]));
        let sign = |round: &RoundBinding, credential, tracker, counter, previous| {
            ballot_signature(round, &CredentialKey(credential), &Tracker(tracker), counter, &Hash(previous))
        };
        let (credential, tracker, previous) = (credential.0, tracker.0, previous.0);
        let mut variants = vec![
            sign(&round(), credential, tracker, 1, previous),
            sign(&round(), [9; 32], tracker, 1, previous),
            sign(&round(), credential, [9; 32], 1, previous),
            sign(&round(), credential, tracker, 9, previous),
            sign(&round(), credential, tracker, 1, [9; 32]),
        ];
        variants.extend(rounds().iter().map(|round| sign(round, credential, tracker, 1, previous)));
        all_differ("ballot signature", &variants);
    }

    #[test]
    fn a27_every_field_of_the_ceremony_is_bound() {
        let (event, id, one, nine) = (EventId([1; 32]), CeremonyId([2; 32]), TrusteeIndex(1), TrusteeIndex(9));
        let (other_event, other_id) = (EventId([9; 32]), CeremonyId([9; 32]));
        let share = |event, id, dealer, dealer_key, receiver, receiver_key| {
            ephemeral(event, id, (TrusteeIndex(dealer), &key(dealer_key)), (TrusteeIndex(receiver), &key(receiver_key)))
        };
        all_differ(
            "ceremony",
            &[
                encryption_key(&event, &id, one),
                encryption_key(&other_event, &id, one),
                encryption_key(&event, &other_id, one),
                encryption_key(&event, &id, nine),
                dealing(&event, &id, one),
                dealing(&other_event, &id, one),
                dealing(&event, &other_id, one),
                dealing(&event, &id, nine),
                share(&event, &id, 1, 3, 2, 4),
                share(&other_event, &id, 1, 3, 2, 4),
                share(&event, &other_id, 1, 3, 2, 4),
                share(&event, &id, 9, 3, 2, 4),
                share(&event, &id, 1, 9, 2, 4),
                share(&event, &id, 1, 3, 9, 4),
                share(&event, &id, 1, 3, 2, 9),
            ],
        );
    }

    #[test]
    fn a6_every_field_of_a_partial_decryption_is_bound() {
        let pair = |first: u64, second: u64| Ciphertext { first: *key(first).point(), second: *key(second).point() };
        let at = |contest: u32, group: Option<u32>| (ContestIndex(contest), group.map(GroupIndex));
        let part = |round: &RoundBinding, size, root, trustee, position, ciphertexts: &[Ciphertext]| {
            partial_decryption(round, (size, &Hash([root; 32])), TrusteeIndex(trustee), position, ciphertexts)
        };
        let cells = [pair(5, 6), pair(7, 8)];
        let mut variants = vec![
            part(&round(), 7, 8, 1, at(0, None), &cells),
            part(&round(), 9, 8, 1, at(0, None), &cells),
            part(&round(), 7, 9, 1, at(0, None), &cells),
            part(&round(), 7, 8, 9, at(0, None), &cells),
            part(&round(), 7, 8, 1, at(9, None), &cells),
            part(&round(), 7, 8, 1, at(0, Some(0)), &cells),
            part(&round(), 7, 8, 1, at(0, Some(1)), &cells),
            part(&round(), 7, 8, 1, at(0, None), &cells[..1]),
            part(&round(), 7, 8, 1, at(0, None), &[pair(9, 6), cells[1]]),
            part(&round(), 7, 8, 1, at(0, None), &[cells[0], pair(7, 9)]),
            part(&round(), 7, 8, 1, at(0, None), &[cells[1], cells[0]]),
        ];
        variants.extend(rounds().iter().map(|round| part(round, 7, 8, 1, at(0, None), &cells)));
        all_differ("partial decryption", &variants);
    }
}
