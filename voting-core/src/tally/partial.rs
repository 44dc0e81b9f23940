//! Partial decryptions: one point for each cell and one equality proof for each tally, bound to the closing checkpoint
//! (A6, A20).
//!
//! Voters who work together can make the first components of a cell sum up to the identity. Everybody's part of it is then
//! the identity whatever the share, which the proof allows: such a group cannot keep a round from being counted.

use proofs::group::{BASE, Point, decode_point};
use proofs::sigma::equal_dlog::{EqualDlog, EqualDlogBatch, EqualDlogProof};
use rand_core::CryptoRngCore;
use thiserror::Error;
use tlog::hash::Hash;

use super::{ClosingCheckpoint, Tally};
use crate::ceremony::{JointKey, KeyShare};
use crate::codec::{Malformed, Reader, Wire, Writer};
use crate::contest::MAX_GROUPS;
use crate::context::{self, RoundBinding};
use crate::ids::{RoundId, TrusteeIndex};
use crate::manifest::MAX_CONTESTS;

/// Bytes of one decrypted cell: a point.
pub const CELL: usize = 32;
/// Bytes of the proof that stands behind the cells of a tally.
pub const PROOF: usize = EqualDlogProof::BYTES;

/// One trustee's part of the count of a round, as it stands on the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartialDecryption {
    /// The round.
    pub round: RoundId,
    /// Size of the closing checkpoint.
    pub size: u64,
    /// Root of the closing checkpoint.
    pub root: Hash,
    /// For each tally the points of its cells, 32 bytes each, and a proof of 64 bytes; nothing for a tally that is not
    /// counted.
    pub tallies: Vec<Vec<u8>>,
}

/// Why a partial decryption is not made or not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PartialError {
    /// The share belongs to another event (S9).
    #[error("this key share belongs to another event")]
    OtherEvent,
    /// Bound to another round or checkpoint than the closing one (A20).
    #[error("the partial decryption is for another round or checkpoint")]
    OtherCheckpoint,
    /// Not one value for each cell of each tally.
    #[error("the partial decryption does not have one value for each cell")]
    Shape,
    /// A tally is decrypted although too few ballots count in it (A36, S12).
    #[error("contest {0} is decrypted although too few ballots count in it")]
    TooFew(u32),
    /// The proof of a tally does not hold (A6).
    #[error("the proof of contest {0} does not hold")]
    Proof(u32),
}

/// The transcript of the proof of a tally.
fn transcript(
    binding: &RoundBinding,
    closing: &ClosingCheckpoint,
    trustee: TrusteeIndex,
    tally: &Tally,
) -> proofs::transcript::Transcript {
    let checkpoint = (closing.size, &closing.root);
    context::partial_decryption(binding, checkpoint, trustee, (tally.contest, tally.group), &tally.cells)
}

fn bases(tally: &Tally) -> Vec<Point> {
    tally.cells.iter().map(|cell| cell.first).collect()
}

/// Decrypts every cell of every tally that counts in part; others stay empty (A36). The caller has computed the tallies itself, from the log (A6, A20).
///
/// # Errors
/// [`PartialError::OtherEvent`], or [`PartialError::Proof`] for an aggregate that cannot be proved about.
pub fn decrypt(
    share: &KeyShare,
    binding: &RoundBinding,
    closing: &ClosingCheckpoint,
    tallies: &[Tally],
    rng: &mut impl CryptoRngCore,
) -> Result<PartialDecryption, PartialError> {
    if share.event() != binding.event {
        return Err(PartialError::OtherEvent);
    }
    let public = EqualDlog::of(share.secret(), BASE).public;
    let mut parts = Vec::with_capacity(tallies.len());
    for tally in tallies {
        if !tally.counted {
            parts.push(Vec::new());
            continue;
        }
        let mut transcript = transcript(binding, closing, share.index(), tally);
        let proved = EqualDlogBatch::prove(&mut transcript, share.secret(), &public, &bases(tally), rng);
        let (images, proof) = proved.map_err(|_| PartialError::Proof(tally.contest.0))?;
        let mut bytes = Vec::with_capacity(images.len() * CELL + PROOF);
        images.iter().for_each(|image| bytes.extend_from_slice(image.compress().as_bytes()));
        bytes.extend_from_slice(&proof.to_bytes());
        parts.push(bytes);
    }
    Ok(PartialDecryption { round: binding.round, size: closing.size, root: closing.root, tallies: parts })
}

/// Verifies a trustee's partial decryption of these tallies and returns its points.
///
/// # Errors
/// [`PartialError`].
pub fn verify(
    message: &PartialDecryption,
    author: TrusteeIndex,
    key: &JointKey,
    binding: &RoundBinding,
    closing: &ClosingCheckpoint,
    tallies: &[Tally],
) -> Result<Vec<Vec<Point>>, PartialError> {
    let PartialDecryption { round, size, root, tallies: parts } = message;
    if (*round, *size, *root) != (binding.round, closing.size, closing.root) {
        return Err(PartialError::OtherCheckpoint); // A20
    }
    let public = *key.share(author).ok_or(PartialError::Shape)?;
    if parts.len() != tallies.len() {
        return Err(PartialError::Shape); // A35
    }
    let mut points = Vec::with_capacity(tallies.len());
    for (tally, bytes) in tallies.iter().zip(parts) {
        if !tally.counted {
            if !bytes.is_empty() {
                return Err(PartialError::TooFew(tally.contest.0)); // A36
            }
            points.push(Vec::new());
            continue;
        }
        let shape = bytes.len() == tally.cells.len() * CELL + PROOF;
        let (images, proof) =
            bytes.split_at_checked(tally.cells.len() * CELL).filter(|_| shape).ok_or(PartialError::Shape)?; // A35
        let bad = |_| PartialError::Proof(tally.contest.0);
        let images = images.chunks_exact(CELL).map(|image| decode_point(image, "partial decryption"));
        let images: Vec<_> = images.collect::<Result<_, _>>().map_err(bad)?;
        let proof = EqualDlogProof::from_bytes(proof).map_err(bad)?;
        let mut transcript = transcript(binding, closing, author, tally);
        EqualDlogBatch::verify(&mut transcript, &public, &bases(tally), &images, &proof).map_err(bad)?; // A6
        points.push(images);
    }
    Ok(points)
}

impl Wire for PartialDecryption {
    const WHAT: &'static str = "partial decryption";
    fn write(&self, w: &mut Writer) {
        w.array(4);
        w.bytes(self.round.as_bytes());
        w.uint(self.size);
        w.bytes(&self.root.0);
        w.array(self.tallies.len());
        self.tallies.iter().for_each(|tally| w.bytes(tally));
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(4, Self::WHAT)?;
        let (round, size, root) = (RoundId(r.fixed("round")?), r.uint("size")?, Hash(r.fixed("root")?));
        let count = r.array_up_to(MAX_CONTESTS * MAX_GROUPS, "tallies")?;
        let tallies = (0..count).map(|_| r.bytes("decrypted cells").map(<[u8]>::to_vec)).collect::<Result<_, _>>()?;
        Ok(Self { round, size, root, tallies })
    }
}
