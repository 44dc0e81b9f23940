//! A trustee's part of the count, as a pure function of the log's state and the trustee's memory: what may be decrypted,
//! and at most one checkpoint of a round, for ever (A20).

use rand::{CryptoRng, RngCore};
use thiserror::Error;
use voting_core::ceremony::KeyShare;
use voting_core::entry::{self, Author, Body, OfficialKey};
use voting_core::ids::RoundIndex;
use voting_core::record::State;
use voting_core::record::state::{Counting, Round};
use voting_core::tally::partial::{self, PartialError};

use crate::memory::{Counted, Memory, Secret};

/// Why nothing is decrypted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CountError {
    /// There is no closed round that waits for the count.
    #[error("no round is closed and waits for the count")]
    NotClosed,
    /// Every closed round has its result, or has ended without one.
    #[error("nothing is left to decrypt: what was closed has its result, or ended without one")]
    Ended,
    /// There is no round with this number.
    #[error("the event has no round {}", .0 + 1)]
    NoSuchRound(u32),
    /// The dispute period is not over (S7).
    #[error("members may still complain for {left} s: the round was closed at second {closed} by the board's clock")]
    Dispute {
        /// Seconds left.
        left: u64,
        /// When the board closed it.
        closed: u64,
    },
    /// The board's clock is far ahead of this computer's.
    #[error("by the board's clock the round was closed {0} s in the future")]
    Future(u64),
    /// Too few ballots, or a credential with too much weight (A36, S12).
    #[error("{0}")]
    TooFew(String),
    /// A different checkpoint of this round was decrypted before (A20).
    #[error(
        "you have decrypted another checkpoint of this round: {} entries, root {}; this one has {} entries, root {}",
        .before.closing.size, .before.closing.root, .size, .root
    )]
    OtherCheckpoint {
        /// What was decrypted.
        before: Box<Counted>,
        /// Entries of the checkpoint offered now.
        size: u64,
        /// Root of the checkpoint offered now.
        root: String,
    },
    /// The log has a partial decryption of this trustee that this memory did not make (M9).
    #[error("the log has a partial decryption of yours that this folder did not make")]
    Foreign,
    /// The memory has no share.
    #[error("this folder has no share of the key of this event: the ceremony was not finished with it")]
    NoShare,
    /// A share that does not fit, or an aggregate that cannot be proved about.
    #[error(transparent)]
    Partial(#[from] PartialError),
}

/// The round that is to be counted: the one asked for, or the first closed one without an ending.
///
/// # Errors
/// [`CountError::NoSuchRound`], [`CountError::NotClosed`]; [`CountError::Ended`] if there is nothing left to do.
pub fn choose(state: &State, wanted: Option<RoundIndex>) -> Result<(RoundIndex, &Counting), CountError> {
    let mut closed = state.rounds().filter_map(|(index, round)| Some((index, round.closed()?)));
    let fits = |(index, counting): &(RoundIndex, &Counting)| match wanted {
        Some(wanted) => *index == wanted,
        None => counting.ending().is_none(),
    };
    let ended = state.rounds().any(|(_, round)| round.is_finished());
    closed.find(fits).ok_or(match wanted {
        Some(wanted) if state.round(wanted).is_none() => CountError::NoSuchRound(wanted.0),
        None if ended && state.open_round().is_none() => CountError::Ended,
        Some(_) | None => CountError::NotClosed,
    })
}

/// Whether this round may be decrypted at this time, in seconds since 1970-01-01 UTC of the trustee's own clock.
///
/// # Errors
/// [`CountError`].
pub fn permitted(state: &State, counting: &Counting, now: u64) -> Result<(), CountError> {
    let (closed, dispute) = (counting.closed_at(), state.manifest().dispute_seconds);
    // A board that dates the closing back would shorten the period; one that dates it ahead is wrong or lies.
    let ahead = closed.saturating_sub(now);
    if ahead > state.manifest().grace_seconds {
        return Err(CountError::Future(ahead));
    }
    let left = closed.saturating_add(dispute).saturating_sub(now.max(closed));
    if left > 0 {
        return Err(CountError::Dispute { left, closed }); // S7
    }
    state.may_be_decrypted(counting).map_err(CountError::TooFew)
}

/// The entry that this trustee made of a closed round before, to be posted again; `None` if the round waits for one.
///
/// # Errors
/// [`CountError::OtherCheckpoint`], [`CountError::Foreign`], [`CountError::Ended`].
pub fn earlier(counting: &Counting, index: RoundIndex, memory: &Memory) -> Result<Option<Vec<u8>>, CountError> {
    let (binding, closing) = (&counting.rules().binding, counting.closing());
    if let Some(before) = memory.counted.get(&index) {
        if (before.round, before.closing) == (binding.round, closing) {
            return Ok(Some(before.entry.clone()));
        }
        let (before, root) = (Box::new(before.clone()), closing.root.to_string());
        return Err(CountError::OtherCheckpoint { before, size: closing.size, root }); // A20
    }
    if counting.parts().contains_key(&memory.index) {
        return Err(CountError::Foreign); // M9
    }
    if counting.ending().is_some() { Err(CountError::Ended) } else { Ok(None) }
}

/// The entry of this trustee's partial decryption: the one in the memory, or a new one that is put there. The caller
/// stores the memory before it posts the entry.
///
/// # Errors
/// [`CountError`]; the memory is unchanged.
pub fn decrypt(
    state: &State,
    index: RoundIndex,
    memory: &mut Memory,
    identity: &OfficialKey,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Vec<u8>, CountError> {
    let counting = state.round(index).and_then(Round::closed).ok_or(CountError::NotClosed)?;
    if let Some(entry) = earlier(counting, index, memory)? {
        return Ok(entry);
    }
    let (binding, closing) = (&counting.rules().binding, counting.closing());
    let Secret::Share(secret) = &memory.secret else { return Err(CountError::NoShare) };
    let share = KeyShare::from_exposed_bytes(memory.event, memory.index, secret).map_err(|_| CountError::NoShare)?;
    let message = partial::decrypt(&share, binding, &closing, counting.tallies(), rng)?;
    let entry = entry::sign(&memory.event, Author::Trustee(memory.index), &Body::PartialDecryption(message), identity);
    memory.counted.insert(index, Counted { round: binding.round, closing, entry: entry.clone() });
    Ok(entry)
}
