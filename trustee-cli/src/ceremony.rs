//! The next step of a trustee in the key ceremony, as a pure function of the log's state and the trustee's memory.
//!
//! The caller stores the memory, encrypted and durable, before it posts the entry. A repetition finds the entry in the
//! memory and posts the same bytes; a polynomial is dealt once, because its dealing replaces it (S8).

use rand::{CryptoRng, RngCore};
use thiserror::Error;
use voting_core::ceremony::{Committed, Dealt, Setup, StageError, commit};
use voting_core::entry::{self, Author, Body, Entry, OfficialKey};
use voting_core::record::State;
use voting_core::record::state::CeremonyStatus;
use zeroize::Zeroizing;

use crate::memory::{Memory, Secret};

/// What a trustee does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Store the memory, then post this entry.
    Post {
        /// The entry.
        entry: Vec<u8>,
        /// Its stage, for people.
        stage: &'static str,
    },
    /// Nothing, until others have done their part.
    Wait(CeremonyStatus),
    /// Nothing more: everybody has confirmed.
    Complete,
}

/// Why a trustee cannot go on.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum StepError {
    /// The log has a message of this trustee that this memory did not make.
    #[error("the log has a {0} of yours that this folder did not make")]
    Foreign(&'static str),
    /// The memory does not have the secret that this stage needs.
    #[error("the folder does not have the secret for the stage \"{0}\"")]
    Lost(&'static str),
    /// The ceremony itself failed.
    #[error(transparent)]
    Stage(#[from] StageError),
}

/// The body of an entry that this trustee made.
fn body_of(entry: &[u8]) -> Option<Body> {
    match Entry::from_bytes(entry) {
        Ok(Entry::Official(entry)) => Some(entry.body),
        _ => None,
    }
}

/// The next step. It changes the memory only where it returns [`Next::Post`] with an entry that was not there before.
///
/// # Errors
/// [`StepError`]; the memory is unchanged.
pub fn step(
    state: &State,
    memory: &mut Memory,
    identity: &OfficialKey,
    rng: &mut (impl RngCore + CryptoRng),
) -> Result<Next, StepError> {
    let (index, event) = (memory.index, memory.event);
    let setup = Setup::of(state.manifest(), 0);
    let sign = |body: Body| entry::sign(&event, Author::Trustee(index), &body, identity);
    let again = |entry: &[u8], stage| Ok(Next::Post { entry: entry.to_vec(), stage });
    let own = state.ceremony_messages().get(&index);

    // First stage.
    match (&memory.commitment, own) {
        (None, None) => {
            let (committed, message) = commit(setup, index, rng)?;
            let entry = sign(Body::Commitment(message));
            memory.secret = Secret::Committed(committed.expose_bytes());
            memory.commitment = Some(entry.clone());
            return Ok(Next::Post { entry, stage: "commitment" });
        }
        (Some(entry), None) => return again(entry, "commitment"),
        (Some(entry), Some((message, _))) if body_of(entry) == Some(Body::Commitment(message.clone())) => {}
        (_, Some(_)) => return Err(StepError::Foreign("commitment")),
    }
    if matches!(state.ceremony(), CeremonyStatus::Commit(_)) {
        return Ok(Next::Wait(state.ceremony())); // A24: nobody reveals before everybody has committed
    }

    // Second stage.
    match (&memory.dealing, own.and_then(|(_, dealing)| dealing.as_ref())) {
        (None, None) => {
            let Secret::Committed(secret) = &memory.secret else { return Err(StepError::Lost("dealing")) };
            let committed = Committed::from_exposed_bytes(setup, index, secret)?;
            let (dealt, message) = committed.deal(state.encryption_keys(), rng)?;
            let entry = sign(Body::Dealing(message));
            memory.secret = Secret::Dealt(dealt.expose_bytes()); // S8: the polynomial is gone
            memory.dealing = Some(entry.clone());
            return Ok(Next::Post { entry, stage: "dealing" });
        }
        (Some(entry), None) => return again(entry, "dealing"),
        (Some(entry), Some((message, _))) if body_of(entry) == Some(Body::Dealing(message.clone())) => {}
        (_, Some(_)) => return Err(StepError::Foreign("dealing")),
    }

    // Last stage.
    let confirmed = match state.ceremony() {
        waiting @ (CeremonyStatus::Commit(_) | CeremonyStatus::Deal(_)) => return Ok(Next::Wait(waiting)),
        CeremonyStatus::Confirm(waiting) => !waiting.contains(&index),
        CeremonyStatus::Complete => true,
    };
    match (&memory.confirmation, confirmed) {
        (None, false) => {
            let Secret::Dealt(secret) = &memory.secret else { return Err(StepError::Lost("confirmation")) };
            let dealt = Dealt::from_exposed_bytes(setup, index, secret)?;
            let (share, message) = dealt.confirm(state.ceremony_messages())?;
            let entry = sign(Body::Confirmation(message));
            memory.secret = Secret::Share(Zeroizing::new(share.expose_bytes().to_vec()));
            memory.confirmation = Some(entry.clone());
            Ok(Next::Post { entry, stage: "confirmation" })
        }
        (Some(entry), false) => again(entry, "confirmation"),
        (None, true) => Err(StepError::Foreign("confirmation")),
        (Some(_), true) if state.ceremony() == CeremonyStatus::Complete => Ok(Next::Complete),
        (Some(_), true) => Ok(Next::Wait(state.ceremony())),
    }
}
