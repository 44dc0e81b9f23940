//! Partial decryptions: one point and one equality proof for each cell, bound to the closing checkpoint (A6, A20).

use proofs::group::{IsIdentity, Point, decode_point};
use proofs::sigma::equal_dlog::{EqualDlog, EqualDlogProof};
use rand_core::CryptoRngCore;
use thiserror::Error;
use tlog::hash::Hash;

use super::{ClosingCheckpoint, Tally};
use crate::ceremony::{JointKey, KeyShare};
use crate::codec::{Malformed, Reader, Wire, Writer};
use crate::contest::MAX_GROUPS;
use crate::context::{self, CellPosition, RoundBinding};
use crate::ids::{RoundId, TrusteeIndex};
use crate::manifest::MAX_CONTESTS;

/// Bytes of one decrypted cell: a point and a proof.
pub(crate) const CELL: usize = 32 + EqualDlogProof::BYTES;

/// The part of a cell whose first component has summed up to the identity: the identity, and no proof.
///
/// Voters who work together can bring this about with randomness that cancels out. Everybody's part is then the identity
/// whatever the share, so there is nothing to prove; without this case such a group could keep a round from being counted.
const IDENTITY_CELL: [u8; CELL] = [0; CELL];

/// One trustee's part of the count of a round, as it stands on the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartialDecryption {
    /// The round.
    pub round: RoundId,
    /// Size of the closing checkpoint.
    pub size: u64,
    /// Root of the closing checkpoint.
    pub root: Hash,
    /// For each tally the points and proofs of its cells, 96 bytes each; nothing for a tally that is not counted.
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
    /// The proof of a cell does not hold (A6).
    #[error("the proof of contest {contest}, cell {cell} does not hold")]
    Proof {
        /// The contest.
        contest: u32,
        /// The cell.
        cell: usize,
    },
}

fn position(tally: &Tally, cell: usize) -> CellPosition {
    CellPosition { contest: tally.contest, group: tally.group, cell }
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
    let mut parts = Vec::with_capacity(tallies.len());
    for tally in tallies {
        let mut bytes = Vec::with_capacity(tally.cells.len() * CELL);
        for (cell, ciphertext) in tally.cells.iter().enumerate().filter(|_| tally.counted) {
            if ciphertext.first.is_identity() {
                bytes.extend_from_slice(&IDENTITY_CELL);
                continue;
            }
            let statement = EqualDlog::of(share.secret(), ciphertext.first);
            let at = position(tally, cell);
            let checkpoint = (closing.size, &closing.root);
            let mut transcript = context::partial_decryption(binding, checkpoint, share.index(), &at, ciphertext);
            let proof = EqualDlogProof::prove(&mut transcript, &statement, share.secret(), rng);
            let proof = proof.map_err(|_| PartialError::Proof { contest: tally.contest.0, cell })?;
            bytes.extend_from_slice(statement.image.compress().as_bytes());
            bytes.extend_from_slice(&proof.to_bytes());
        }
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
        if bytes.len() != tally.cells.len() * CELL {
            return Err(PartialError::Shape); // A35
        }
        let mut decrypted = Vec::with_capacity(tally.cells.len());
        for (cell, (ciphertext, bytes)) in tally.cells.iter().zip(bytes.chunks_exact(CELL)).enumerate() {
            let bad = PartialError::Proof { contest: tally.contest.0, cell };
            if ciphertext.first.is_identity() {
                if bytes != IDENTITY_CELL {
                    return Err(bad);
                }
                decrypted.push(ciphertext.first);
                continue;
            }
            let (image, proof) = bytes.split_at_checked(32).ok_or(bad)?;
            let image = decode_point(image, "partial decryption").map_err(|_| bad)?;
            let proof = EqualDlogProof::from_bytes(proof).map_err(|_| bad)?;
            let at = position(tally, cell);
            let checkpoint = (closing.size, &closing.root);
            let mut transcript = context::partial_decryption(binding, checkpoint, author, &at, ciphertext);
            let statement = EqualDlog { public, base: ciphertext.first, image };
            proof.verify(&mut transcript, &statement).map_err(|_| bad)?; // A6
            decrypted.push(image);
        }
        points.push(decrypted);
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
