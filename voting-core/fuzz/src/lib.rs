//! What the targets share: one finished event, the states on the way to it, and edits of valid bytes.
//!
//! Random bytes hardly ever pass a codec or a signature. The targets therefore read the input as edits of something
//! valid, and [`World::resigned`] signs edited contents with the key of whoever may say them.

use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use tlog::hash::leaf_hash;
use tlog::tree::MemoryTree;
use voting_core::ballot;
use voting_core::codec::{self, Wire};
use voting_core::entry::{Author, Body, Entry};
use voting_core::ids::{EntryIndex, RoundIndex};
use voting_core::record::state::looks_like_ballot;
use voting_core::record::{Refusal, State};
use voting_core::testing::{ENTROPY, Sandbox};

/// A finished event with everybody's keys, and the fold after each of its entries.
pub struct World {
    /// The finished event.
    pub sandbox: Sandbox,
    /// The state after entries 0 to i.
    pub states: Vec<State>,
}

/// The one event of all targets.
pub static WORLD: LazyLock<World> = LazyLock::new(|| {
    let sandbox = Sandbox::finished(1);
    let mut state = State::found(&sandbox.entries[0]).expect("a valid manifest");
    let mut states = vec![state.clone()];
    for (index, entry) in sandbox.entries.iter().enumerate().skip(1) {
        offer(&mut state, &sandbox.entries[..index], entry).expect("a valid entry");
        states.push(state.clone());
    }
    World { sandbox, states }
});

/// A source of randomness that repeats.
pub fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(1)
}

/// Offers an entry behind a log as a board does: a ballot to `check_ballots`, anything else to `check`, then applies it.
pub fn offer(state: &mut State, log: &[Vec<u8>], bytes: &[u8]) -> std::result::Result<(), Refusal> {
    if looks_like_ballot(bytes) {
        let mut verdicts = state.check_ballots(&[bytes], &ENTROPY);
        assert_eq!(verdicts.len(), 1);
        let before = |index: EntryIndex| log.get(usize::try_from(index.0).ok()?).cloned();
        state.apply_ballot(&verdicts.remove(0)?, &before)?;
    } else {
        let checked = state.check(bytes)?;
        state.apply(checked)?;
    }
    Ok(())
}

/// Valid bytes with up to four edits: a bit flipped, a byte set, bytes replaced, repeated, cut, or inserted.
pub fn edited(valid: &[u8], u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut bytes = valid.to_vec();
    for _ in 0..u.int_in_range(0..=4)? {
        let at = u.int_in_range(0..=bytes.len())?;
        let end = (at + u.int_in_range(1..=64)?).min(bytes.len());
        match u.int_in_range(0..=6)? {
            0 if at < bytes.len() => bytes[at] ^= 1 << u.int_in_range(0..=7)?,
            1 if at < bytes.len() => bytes[at] = u.arbitrary()?,
            2 => bytes[at..end].fill(u.arbitrary()?),
            3 => bytes.truncate(at),
            4 => drop(bytes.drain(at..end)),
            5 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            _ => bytes.insert(at, u.arbitrary()?),
        }
    }
    Ok(bytes)
}

/// The canonical bytes of what an entry says.
pub fn body_bytes(body: &Body) -> Vec<u8> {
    match body {
        Body::Commitment(body) => codec::to_bytes(body),
        Body::Dealing(body) => codec::to_bytes(body),
        Body::Confirmation(body) => codec::to_bytes(body),
        Body::RollChunk(body) => codec::to_bytes(body),
        Body::RollClosed(body) => codec::to_bytes(body),
        Body::RoundStarted(body) => codec::to_bytes(body),
        Body::RoundClosed(body) => codec::to_bytes(body),
        Body::PartialDecryption(body) => codec::to_bytes(body),
        Body::RoundResult(body) => codec::to_bytes(body),
        Body::NotCounted(body) => codec::to_bytes(body),
        Body::Cancelled(body) => codec::to_bytes(body),
        Body::Attendance(body) => codec::to_bytes(body),
        Body::RoundOutcome(body) => codec::to_bytes(body),
        Body::RoundDropped(body) => codec::to_bytes(body),
    }
}

/// The same kind of body with edited bytes, if they still are one.
fn edited_body(body: &Body, u: &mut Unstructured<'_>) -> Result<Option<Body>> {
    fn edit<T: Wire>(body: &T, u: &mut Unstructured<'_>) -> Result<Option<T>> {
        Ok(codec::from_bytes(&edited(&codec::to_bytes(body), u)?, tlog::tile::MAX_ENTRY).ok())
    }
    Ok(match body {
        Body::Commitment(body) => edit(body, u)?.map(Body::Commitment),
        Body::Dealing(body) => edit(body, u)?.map(Body::Dealing),
        Body::Confirmation(body) => edit(body, u)?.map(Body::Confirmation),
        Body::RollChunk(body) => edit(body, u)?.map(Body::RollChunk),
        Body::RollClosed(body) => edit(body, u)?.map(Body::RollClosed),
        Body::RoundStarted(body) => edit(body, u)?.map(Body::RoundStarted),
        Body::RoundClosed(body) => edit(body, u)?.map(Body::RoundClosed),
        Body::PartialDecryption(body) => edit(body, u)?.map(Body::PartialDecryption),
        Body::RoundResult(body) => edit(body, u)?.map(Body::RoundResult),
        Body::NotCounted(body) => edit(body, u)?.map(Body::NotCounted),
        Body::Cancelled(body) => edit(body, u)?.map(Body::Cancelled),
        Body::Attendance(body) => edit(body, u)?.map(Body::Attendance),
        Body::RoundOutcome(body) => edit(body, u)?.map(Body::RoundOutcome),
        Body::RoundDropped(body) => edit(body, u)?.map(Body::RoundDropped),
    })
}

impl World {
    /// An entry of the event, as it is, with edited bytes, or with edited contents that are signed again.
    pub fn entry(&self, u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
        let valid = &self.sandbox.entries[u.int_in_range(1..=self.sandbox.entries.len() - 1)?];
        Ok(match u.int_in_range(0..=3)? {
            0 => valid.clone(),
            1 => edited(valid, u)?,
            _ => self.resigned(valid, u)?.unwrap_or_else(|| valid.clone()),
        })
    }

    /// Edits what an entry says and signs it with the right key, or with another trustee's.
    fn resigned(&self, valid: &[u8], u: &mut Unstructured<'_>) -> Result<Option<Vec<u8>>> {
        match Entry::from_bytes(valid).expect("a valid entry") {
            Entry::Ballot(ballot) => {
                let sealed = edited(&ballot.sealed_bytes, u)?;
                let previous = if u.ratio(1_u8, 8_u8)? { leaf_hash(valid) } else { ballot.previous };
                let counter = if u.ratio(1_u8, 8_u8)? { u.arbitrary()? } else { ballot.counter };
                let Some((round, voter)) = self.voter(&ballot.sealed.credential) else { return Ok(None) };
                let rules = self.sandbox.state.round(round).and_then(|round| round.rules()).expect("a started round");
                let credential = self.sandbox.credential(voter, round);
                let entries = ballot::cast(&[sealed], &rules.binding, &credential, counter, previous, &mut rng());
                Ok(entries.ok().and_then(|mut entries| entries.pop()))
            }
            Entry::Official(official) => {
                let author = match official.author {
                    Author::Trustee(mut index) => {
                        index.0 = u.int_in_range(1..=3)?;
                        Author::Trustee(index)
                    }
                    other => other,
                };
                let body = edited_body(&official.body, u)?;
                Ok(body.map(|body| self.sandbox.signed(author, &body)))
            }
        }
    }

    fn voter(&self, credential: &voting_core::ids::CredentialKey) -> Option<(RoundIndex, usize)> {
        static KEYS: LazyLock<Vec<(RoundIndex, usize, voting_core::ids::CredentialKey)>> = LazyLock::new(|| {
            let sandbox = &WORLD.sandbox;
            let pairs = [0, 1].into_iter().flat_map(|round| (0..sandbox.voters.len()).map(move |voter| (round, voter)));
            let key = |(round, voter)| (RoundIndex(round), voter, sandbox.credential(voter, RoundIndex(round)).key());
            pairs.map(key).collect()
        });
        KEYS.iter().find(|(.., key)| key == credential).map(|(round, voter, _)| (*round, *voter))
    }

    /// Offers entries to the fold at some point of the event and checks its bookkeeping after each of them: an accepted
    /// entry is a leaf, a refused one changes nothing. Returns the entries on the log.
    pub fn fold(&self, start: usize, offered: Vec<Vec<u8>>) -> (State, Vec<Vec<u8>>) {
        let mut state = self.states[start].clone();
        let mut log = self.sandbox.entries[..=start].to_vec();
        let mut tree = MemoryTree::new();
        for entry in &log {
            tree.append(entry);
        }
        for bytes in offered {
            if offer(&mut state, &log, &bytes).is_ok() {
                tree.append(&bytes);
                log.push(bytes);
            }
            assert_eq!(state.size(), tree.size());
            assert_eq!(state.root(), tree.root());
        }
        (state, log)
    }
}
