//! Ballots: sealed, cast, verified.
//!
//! Sealing makes ciphertexts and proofs; the tracker is the hash of these sealed bytes. The signature is made only when
//! the voter chooses to cast (S2). A ballot's entry is exactly the bytes that the voter sent:
//! `[7, sealed, counter, previous, signature]` where `sealed` is `[event, round, credential, contests]` and each contest
//! is `[ciphertexts, argument]`.

mod opening;
mod receipt;
mod rules;
mod seal;
#[cfg(test)]
mod tests;
mod verify;

use proofs::bit_vector::BitVectorProof;
/// A public key with its table, for whoever seals.
pub use proofs::elgamal::EncryptionKey;
use tlog::hash::Hash;

pub use opening::{Opening, OpeningError};
pub use receipt::{Receipt, ReceiptError, log_key, witness_policy};
pub use rules::{ContestRules, RoundRules};
pub use seal::{SealError, SealedBallot, cast, seal};
pub(crate) use verify::diagnose;
pub use verify::{BallotFault, PreparedBallot, VerifiedBallot, prepare, verify};

use crate::codec::{self, Malformed, Reader, Wire, Writer};
use crate::contest::Contest;
use crate::entry::BALLOT;
use crate::ids::{CredentialKey, EventId, RoundId, Tracker};
use crate::manifest::MAX_CONTESTS;

/// Ciphertexts and argument of one contest, as bytes whose lengths the contest fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedContest {
    /// 64 bytes for each encrypted cell.
    pub ciphertexts: Vec<u8>,
    /// The bit-vector argument.
    pub argument: Vec<u8>,
}

/// The sealed part of a ballot, canonical but not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The event.
    pub event: EventId,
    /// The round.
    pub round: RoundId,
    /// The voter's credential.
    pub credential: CredentialKey,
    /// One for each contest of the credential's group, in order.
    pub contests: Vec<SealedContest>,
}

/// A ballot as it stands on the log, canonical but not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BallotEntry {
    /// The sealed bytes.
    pub sealed_bytes: Vec<u8>,
    /// The same, decoded.
    pub sealed: Sealed,
    /// 1 for the first ballot of a credential, then one more each time.
    pub counter: u64,
    /// Leaf hash of the credential's latest ballot on the log; the event id if there is none (S3).
    pub previous: Hash,
    /// Schnorr signature under the credential.
    pub signature: [u8; 64],
}

impl BallotEntry {
    /// The tracker, recomputed from the sealed bytes (A13).
    #[must_use]
    pub fn tracker(&self) -> Tracker {
        Tracker::of(&self.sealed_bytes)
    }
}

impl Wire for Sealed {
    const WHAT: &'static str = "sealed ballot";
    fn write(&self, w: &mut Writer) {
        w.array(4);
        w.bytes(self.event.as_bytes());
        w.bytes(self.round.as_bytes());
        w.bytes(self.credential.as_bytes());
        w.array(self.contests.len());
        for SealedContest { ciphertexts, argument } in &self.contests {
            w.array(2);
            w.bytes(ciphertexts);
            w.bytes(argument);
        }
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(4, Self::WHAT)?;
        let event = EventId(r.fixed("event")?);
        let round = RoundId(r.fixed("round")?);
        let credential = CredentialKey(r.fixed("credential")?);
        let count = r.array_up_to(MAX_CONTESTS, "contests of a ballot")?;
        let mut contests = Vec::with_capacity(count);
        for _ in 0..count {
            r.array(2, "contest of a ballot")?;
            let ciphertexts = r.bytes("ciphertexts")?.to_vec();
            contests.push(SealedContest { ciphertexts, argument: r.bytes("argument")?.to_vec() });
        }
        Ok(Self { event, round, credential, contests })
    }
}

impl Wire for BallotEntry {
    const WHAT: &'static str = "ballot";
    fn write(&self, w: &mut Writer) {
        w.array(5);
        w.uint(BALLOT);
        w.bytes(&self.sealed_bytes);
        w.uint(self.counter);
        w.bytes(&self.previous.0);
        w.bytes(&self.signature);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(5, Self::WHAT)?;
        if r.uint("kind of entry")? != BALLOT {
            return Err(r.malformed(Self::WHAT));
        }
        let sealed_bytes = r.bytes("sealed ballot")?.to_vec();
        Ok(Self {
            sealed: codec::from_bytes(&sealed_bytes, tlog::tile::MAX_ENTRY)?,
            sealed_bytes,
            counter: r.uint("counter")?,
            previous: Hash(r.fixed("previous")?),
            signature: r.fixed("signature")?,
        })
    }
}

/// Upper bound of the bytes of a ballot with these contests, every length prefix at its longest; `None` if a contest is
/// not valid.
#[must_use]
pub fn entry_size<'a>(contests: impl Iterator<Item = &'a Contest>) -> Option<usize> {
    const PREFIX: usize = 5;
    let mut sealed = 1 + 3 * (2 + 32) + PREFIX;
    for contest in contests {
        let statement = contest.statement().ok()?;
        sealed += 1 + 2 * PREFIX + statement.ciphertext_bytes() + BitVectorProof::encoded_len(&statement);
    }
    // kind, sealed, counter, previous, signature
    Some(2 + PREFIX + sealed + 9 + (2 + 32) + (2 + 64))
}
