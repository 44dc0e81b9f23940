//! Ballots: sealed, cast, verified.
//!
//! Sealing makes ciphertexts and proofs; the tracker is the hash of these sealed bytes. The signature is made only when
//! the voter chooses to cast (S2). A ballot's entry is exactly the bytes that the voter sent:
//! `[7, sealed, parts, counter, previous, signature]` where `sealed` is `[event, round, credential, part, sections]` and each
//! section of a contest is `[ciphertexts, argument]`.
//!
//! A ballot too large for one entry is cast in numbered parts, which share counter, predecessor and signature: `parts` are
//! then the digests of all sealed parts, and the tracker is the hash of these digests. It counts when its last part is on
//! the log. `parts` is empty for a ballot of one part.

mod opening;
mod receipt;
mod rules;
mod seal;
#[cfg(test)]
mod tests;
mod verify;

use proofs::StatementError;
/// A public key with its table, for whoever seals.
pub use proofs::elgamal::EncryptionKey;
use tlog::hash::Hash;

pub use opening::{Opening, OpeningError};
pub use receipt::{Receipt, ReceiptError, log_key, witness_policy};
pub use rules::{ContestRules, MAX_PARTS, Place, RoundRules, TooLarge};
pub use seal::{SealError, SealedBallot, cast, seal, tracker_of};
pub use verify::{
    BallotFault, PreparedBallot, VerifiedBallot, VerifiedSection, Verifier, prepare, signature_holds, verify,
};
pub(crate) use verify::{diagnose, read_again};

use crate::codec::{self, Malformed, Reader, Wire, Writer};
use crate::contest::Contest;
use crate::entry::BALLOT;
use crate::ids::{ContestIndex, CredentialKey, EventId, RoundId, Tracker};

/// Most sections of one part: each takes some hundred bytes at least.
const MAX_SECTIONS: usize = 256;

/// Ciphertexts and argument of one section of a contest, as bytes whose lengths the contest fixes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSection {
    /// 64 bytes for each encrypted cell.
    pub ciphertexts: Vec<u8>,
    /// The bit-vector argument.
    pub argument: Vec<u8>,
}

/// What is sealed of a ballot, or one part of it; canonical but not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The event.
    pub event: EventId,
    /// The round.
    pub round: RoundId,
    /// The voter's credential.
    pub credential: CredentialKey,
    /// Number of this part, from 0.
    pub part: u32,
    /// The sections of this part, in order.
    pub sections: Vec<SealedSection>,
}

/// A ballot as it stands on the log, canonical but not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BallotEntry {
    /// The sealed bytes.
    pub sealed_bytes: Vec<u8>,
    /// The same, decoded.
    pub sealed: Sealed,
    /// Digests of all sealed parts; empty if there is only one.
    pub parts: Vec<Tracker>,
    /// 1 for the first ballot of a credential, then one more each time.
    pub counter: u64,
    /// Leaf hash of the credential's latest ballot on the log; the event id if there is none (S3).
    pub previous: Hash,
    /// Schnorr signature under the credential.
    pub signature: [u8; 64],
}

impl BallotEntry {
    /// The tracker, recomputed from the sealed bytes (A13). Where there are several parts [`verify`] makes sure that this one
    /// is among those named.
    #[must_use]
    pub fn tracker(&self) -> Tracker {
        if self.parts.is_empty() { Tracker::of(&self.sealed_bytes) } else { Tracker::of_parts(&self.parts) }
    }
}

impl Wire for Sealed {
    const WHAT: &'static str = "sealed ballot";
    fn write(&self, w: &mut Writer) {
        w.array(5);
        w.bytes(self.event.as_bytes());
        w.bytes(self.round.as_bytes());
        w.bytes(self.credential.as_bytes());
        w.uint(self.part.into());
        w.array(self.sections.len());
        for SealedSection { ciphertexts, argument } in &self.sections {
            w.array(2);
            w.bytes(ciphertexts);
            w.bytes(argument);
        }
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(5, Self::WHAT)?;
        let event = EventId(r.fixed("event")?);
        let round = RoundId(r.fixed("round")?);
        let credential = CredentialKey(r.fixed("credential")?);
        let part = r.uint32("part of a ballot")?;
        let count = r.array_up_to(MAX_SECTIONS, "sections of a ballot")?;
        let mut sections = Vec::with_capacity(count);
        for _ in 0..count {
            r.array(2, "section of a ballot")?;
            let ciphertexts = r.bytes("ciphertexts")?.to_vec();
            sections.push(SealedSection { ciphertexts, argument: r.bytes("argument")?.to_vec() });
        }
        Ok(Self { event, round, credential, part, sections })
    }
}

impl Wire for Tracker {
    const WHAT: &'static str = "digest of a sealed part";
    fn write(&self, w: &mut Writer) {
        w.bytes(self.as_bytes());
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.fixed(Self::WHAT).map(Self)
    }
}

impl Wire for BallotEntry {
    const WHAT: &'static str = "ballot";
    fn write(&self, w: &mut Writer) {
        w.array(6);
        w.uint(BALLOT);
        w.bytes(&self.sealed_bytes);
        w.list(&self.parts);
        w.uint(self.counter);
        w.bytes(&self.previous.0);
        w.bytes(&self.signature);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(6, Self::WHAT)?;
        if r.uint("kind of entry")? != BALLOT {
            return Err(r.malformed(Self::WHAT));
        }
        let sealed_bytes = r.bytes("sealed ballot")?.to_vec();
        Ok(Self {
            sealed: codec::from_bytes(&sealed_bytes, tlog::tile::MAX_ENTRY)?,
            sealed_bytes,
            parts: r.list(MAX_PARTS)?,
            counter: r.uint("counter")?,
            previous: Hash(r.fixed("previous")?),
            signature: r.fixed("signature")?,
        })
    }
}

/// The most bytes of each part of a ballot with these contests.
///
/// # Errors
/// [`SizeError`] for an invalid contest, or one of which a section does not fit an entry.
pub fn part_sizes<'a>(contests: impl Iterator<Item = (ContestIndex, &'a Contest)>) -> Result<Vec<usize>, SizeError> {
    let rules: Result<Vec<_>, _> = contests.map(|(index, contest)| ContestRules::new(index, contest)).collect();
    let rules = rules.map_err(SizeError::Statement)?;
    let parts = rules::pack(rules.iter()).map_err(SizeError::TooLarge)?;
    if parts.len() > MAX_PARTS {
        return Err(SizeError::Parts(parts.len()));
    }
    Ok(rules::part_sizes(&rules.iter().collect::<Vec<_>>(), &parts))
}

/// Why a ballot can't be cast at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SizeError {
    /// A contest is not valid.
    Statement(StatementError),
    /// A section does not fit an entry.
    TooLarge(TooLarge),
    /// More than [`MAX_PARTS`] parts.
    Parts(usize),
}
