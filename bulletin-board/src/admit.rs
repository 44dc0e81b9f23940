//! What may be appended now: first the checks that need no state, made by the thread that serves the request, then the
//! fold of `voting-core`. Nothing here decides validity by itself.

use std::collections::BTreeMap;

use voting_core::ballot::VerifiedBallot;
use voting_core::codec::Malformed;
use voting_core::entry::{self, CloseOrder, Entry};
use voting_core::ids::EntryIndex;
use voting_core::manifest::Manifest;
use voting_core::record::state::{Recall, looks_like_ballot};
use voting_core::record::{Culprit, Refusal, Rule, State};

use crate::error::Fault;
use crate::limits::Desk;

/// Checks of an entry that need no state: canonical, of this event, and signed if it is no ballot.
///
/// # Errors
/// [`Fault`].
pub(crate) fn stateless(manifest: &Manifest, bytes: &[u8]) -> Result<Entry, Fault> {
    match Entry::from_bytes(bytes) {
        Err(error) => Err(Fault::Rule(Refusal::new(Rule::EntryCanonical, Culprit::Board, error.to_string()), None)),
        Ok(Entry::Ballot(ballot)) if ballot.sealed.event != manifest.event() => Err(Fault::OtherEvent),
        Ok(Entry::Official(official)) if !official.is_signed(manifest) => {
            let what = format!("{}: not signed by {}", official.body.name(), official.author);
            Err(Fault::Rule(Refusal::new(Rule::EntrySignature, Culprit::Board, what), None))
        }
        Ok(entry) => Ok(entry),
    }
}

/// Why an entry is not taken: by a rule of the log, or for another reason.
#[derive(Clone, Debug)]
pub(crate) enum Refused {
    Rule(Refusal),
    Fault(Fault),
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self::Rule(refusal)
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Rule(refusal) => refusal.fmt(f),
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

/// Opens an order to close, without a look at the state.
///
/// # Errors
/// [`Fault`].
pub(crate) fn close_order(manifest: &Manifest, bytes: &[u8]) -> Result<CloseOrder, Fault> {
    entry::open_close_order(manifest, bytes).map_err(|error| signed_fault(&error))
}

/// The fault of something signed that does not open: its signature, or its form.
pub(crate) fn signed_fault(error: &Malformed) -> Fault {
    if error.what.starts_with("signature of the ") {
        Fault::Signature(format!("the {} does not hold", error.what))
    } else {
        Fault::Malformed(error.to_string())
    }
}

/// Applies what the rules allow, in order; each entry is taken or refused. `log` reads entries that were committed before;
/// `entropy` is 32 fresh random bytes (M4). `desk` counts the ballots of each credential; none counts them on a replay.
///
/// Ballots in a row are verified together. An entry of officials that is refused anyway does not break a row, so that
/// nobody can slow the others down by sending such entries in between.
pub(crate) fn admit(
    state: &mut State,
    entries: &[&[u8]],
    log: &dyn Recall,
    entropy: &[u8; 32],
    desk: Option<&Desk>,
) -> Vec<Result<EntryIndex, Refused>> {
    let mut taken = BTreeMap::new();
    let mut verdicts: Vec<(usize, Result<EntryIndex, Refused>)> = Vec::with_capacity(entries.len());
    let mut row: Vec<(usize, &[u8])> = Vec::new();
    for (position, bytes) in entries.iter().enumerate() {
        if looks_like_ballot(bytes) {
            row.push((position, bytes));
            continue;
        }
        let verdict = match state.check(bytes) {
            Err(refusal) => Err(refusal),
            Ok(checked) if row.is_empty() => state.apply(checked),
            Ok(_) => {
                verdicts.append(&mut admit_ballots(state, &mut row, &mut taken, log, entropy, desk));
                state.check(bytes).and_then(|checked| state.apply(checked))
            }
        };
        verdicts.push((position, verdict.map_err(Refused::from)));
    }
    verdicts.append(&mut admit_ballots(state, &mut row, &mut taken, log, entropy, desk));
    verdicts.sort_by_key(|(position, _)| *position);
    verdicts.into_iter().map(|(_, verdict)| verdict).collect()
}

/// `taken` are the ballots of this batch that were applied already: they are not committed yet.
fn admit_ballots<'b>(
    state: &mut State,
    row: &mut Vec<(usize, &'b [u8])>,
    taken: &mut BTreeMap<EntryIndex, &'b [u8]>,
    log: &dyn Recall,
    entropy: &[u8; 32],
    desk: Option<&Desk>,
) -> Vec<(usize, Result<EntryIndex, Refused>)> {
    if row.is_empty() {
        return Vec::new();
    }
    let ballots: Vec<&[u8]> = row.iter().map(|(_, bytes)| *bytes).collect();
    let verified = state.check_ballots(&ballots, entropy);
    // Chain and repeats are judged here, one after another (S3, M14).
    let mut apply = |verified: Result<VerifiedBallot, Refusal>, bytes| {
        let before = |index: EntryIndex| taken.get(&index).map(|bytes| bytes.to_vec()).or_else(|| log.entry(index));
        let applied = verified.and_then(|ballot| {
            // Its signature and proofs hold: what is counted is the credential's own.
            let (part, credential) = (ballot.part().0, ballot.credential());
            if let Some(Err(fault)) = desk.map(|desk| desk.pace_of(part, &credential)) {
                return Ok(Err(fault));
            }
            let index = state.apply_ballot(&ballot, &before)?;
            if let Some(desk) = desk {
                desk.accepted(part, credential);
            }
            Ok(Ok(index))
        });
        match applied {
            Ok(Ok(index)) => {
                taken.insert(index, bytes);
                Ok(index)
            }
            Ok(Err(fault)) => Err(Refused::Fault(fault)),
            Err(refusal) => {
                if let Some(desk) = desk {
                    desk.refused(&refusal);
                }
                Err(Refused::Rule(refusal))
            }
        }
    };
    row.drain(..).zip(verified).map(|((position, bytes), verified)| (position, apply(verified, bytes))).collect()
}
