//! What is voted on: verified once from the bytes of the log, then shared by every session on the device.

use std::sync::Arc;

use tlog::checkpoint::Origin;
use tlog::hash::Hash;
use tlog::note::SignedNote;
use tlog::proof::verify_consistency;
use voting_core::ballot::{ContestRules, EncryptionKey, Opening, OpeningError, RoundRules, log_key, witness_policy};
use voting_core::contest::{Choice, Entitlement, Grades, Kind};
use voting_core::credential::{CodeSecret, VotingCode};
use voting_core::ids::{EntryIndex, EventId, GroupIndex, LabelDigest, RoundId, RoundIndex, Tracker};
use voting_core::labels::{LabelFile, Labels};
use voting_core::manifest::{Manifest, RoundPlan};
use voting_core::record::State;
use voting_core::record::state::{Planned, looks_like_ballot};

use crate::error::{BoothError, EnterError};
use crate::voter::Voter;

/// The beginning of a log, up to the start of the open round or further, and what ties it to a signed checkpoint.
#[derive(Clone, Copy, Debug)]
pub struct LogStart<'a> {
    /// Entries 0, 1, 2, ... without a gap.
    pub entries: &'a [&'a [u8]],
    /// A signed checkpoint of the log, at least as large.
    pub checkpoint: &'a [u8],
    /// Consistency proof from the number of entries to the checkpoint; empty if they are equal.
    pub consistency: &'a [Hash],
}

/// The open round of an event, verified. Cheap to clone.
#[derive(Clone)]
pub struct Booth(Arc<Inner>);

struct Inner {
    manifest: Manifest,
    labels: Labels,
    round: RoundIndex,
    plan: RoundPlan,
    cause: Option<RoundId>,
    rules: RoundRules,
    key: EncryptionKey,
}

impl core::fmt::Debug for Booth {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Booth").field("event", &self.0.manifest.event()).field("round", &self.0.round).finish()
    }
}

impl Booth {
    /// Verifies the beginning of a log: the manifest is that of `expected` (A22), every entry is legal, signatures and
    /// proofs included, every trustee has confirmed the joint key that the round uses (A21), and all of it is what the
    /// log has signed under the origin and the witness policy of the manifest (S6, A19).
    ///
    /// `labels` is the signed label file; without one options have numbers for names. `entropy` are 32 fresh random
    /// bytes of the caller, used only where ballots of an earlier round stand in the way (M4).
    ///
    /// # Errors
    /// [`BoothError`].
    pub fn from_log(
        expected: &EventId,
        log: &LogStart<'_>,
        labels: Option<&[u8]>,
        entropy: &[u8; 32],
    ) -> Result<Self, BoothError> {
        let state = fold(expected, log.entries, entropy)?;
        check_signed(&state, log)?;
        Self::from_state(expected, &state, labels)
    }

    /// The same from a state that the caller has folded, of a log whose checkpoint the caller has verified.
    ///
    /// # Errors
    /// [`BoothError`].
    pub fn from_state(expected: &EventId, state: &State, labels: Option<&[u8]>) -> Result<Self, BoothError> {
        let manifest = state.manifest().clone();
        if manifest.event() != *expected {
            return Err(BoothError::OtherEvent { found: manifest.event() }); // A22
        }
        let round = state.open_round().ok_or(BoothError::NotOpen)?;
        let rules = state.round(round).and_then(|round| round.rules()).ok_or(BoothError::NotOpen)?.clone();
        // A21: the fold knows a joint key only when all trustees have confirmed it.
        let joint = state.joint_key().ok_or(BoothError::JointKey)?;
        if joint.public != rules.binding.joint_key {
            return Err(BoothError::JointKey);
        }
        let labels = match labels {
            Some(file) => {
                let labels = LabelFile::open(file, expected, &manifest.administrator).map_err(BoothError::Labels)?;
                check_labels(state, round, &rules, &labels)?;
                labels
            }
            None => Labels::default(),
        };
        let key = EncryptionKey::new(joint.public);
        let Planned { plan, cause, .. } = state.plan(round).ok_or(BoothError::NotOpen)?.clone();
        Ok(Self(Arc::new(Inner { manifest, labels, round, plan, cause, rules, key })))
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.0.manifest
    }

    /// Words that must be the same on every screen and letter (A22).
    #[must_use]
    pub fn event_words(&self) -> String {
        self.0.manifest.event_words()
    }

    /// The texts behind the digests; none if no label file was given.
    #[must_use]
    pub fn labels(&self) -> &Labels {
        &self.0.labels
    }

    /// The open round.
    #[must_use]
    pub fn round(&self) -> RoundIndex {
        self.0.round
    }

    /// Title and times of the open round, as it was started.
    #[must_use]
    pub fn plan(&self) -> &RoundPlan {
        &self.0.plan
    }

    /// For a follow-up round the one whose outcome calls for it.
    #[must_use]
    pub fn cause(&self) -> Option<RoundId> {
        self.0.cause
    }

    /// The contests that members of a group answer, in order.
    pub fn contests(&self, group: GroupIndex) -> impl Iterator<Item = &ContestRules> {
        self.0.rules.contests_of(group)
    }

    /// Opens a session with a voting code, for the group and weight that came with it. Whether the code is on the roll with
    /// them is learned only at casting (M10).
    ///
    /// Takes some milliseconds and 8 MiB.
    ///
    /// # Errors
    /// [`EnterError`]; a mistyped code names its group.
    pub fn enter(&self, code: &str, member: Entitlement) -> Result<Voter, EnterError> {
        let code = VotingCode::parse(code)?;
        if member.group.position() >= self.0.manifest.groups.len() {
            return Err(EnterError::Group(member.group));
        }
        if member.weight == 0 {
            return Err(EnterError::Weight);
        }
        let secret = CodeSecret::stretch(&code, &self.0.manifest.event())?;
        Ok(Voter::new(self.clone(), secret.credential(self.0.round), member))
    }

    /// The other device's half of a test: encrypts the answers again and compares them with the sealed bytes and with
    /// the tracker that the voter wrote down before. Returns the answers that the ballot really holds.
    ///
    /// # Errors
    /// [`OpeningError`].
    pub fn check_opening(
        &self,
        sealed: &[Vec<u8>],
        shown: &Tracker,
        opening: &[u8],
    ) -> Result<Vec<Choice>, OpeningError> {
        let opening = Opening::from_bytes(opening)?;
        opening.check(&self.0.rules, sealed, shown).map(<[Choice]>::to_vec)
    }

    pub(crate) fn rules(&self) -> &RoundRules {
        &self.0.rules
    }

    pub(crate) fn key(&self) -> &EncryptionKey {
        &self.0.key
    }
}

/// Folds entries from the manifest on.
fn fold(expected: &EventId, entries: &[&[u8]], entropy: &[u8; 32]) -> Result<State, BoothError> {
    let (manifest, mut rest) = entries.split_first().ok_or(BoothError::Empty)?;
    let found = EventId::of_manifest(manifest);
    if found != *expected {
        return Err(BoothError::OtherEvent { found }); // A22
    }
    let mut state = State::found(manifest).map_err(BoothError::Manifest)?;
    while let Some((entry, after)) = rest.split_first() {
        let index = state.size();
        let ballots = rest.iter().take_while(|entry| looks_like_ballot(entry)).count();
        if ballots == 0 {
            let applied = state.check(entry).and_then(|checked| state.apply(checked));
            applied.map_err(|refusal| BoothError::Illegal { index, refusal })?;
            rest = after;
            continue;
        }
        let (batch, after) = rest.split_at_checked(ballots).unwrap_or((rest, &[]));
        let log = |index: EntryIndex| entries.get(usize::try_from(index.0).ok()?).map(|entry| entry.to_vec());
        for verdict in state.check_ballots(batch, entropy) {
            let index = state.size();
            let applied = verdict.and_then(|ballot| state.apply_ballot(&ballot, &log));
            applied.map_err(|refusal| BoothError::Illegal { index, refusal })?;
        }
        rest = after;
    }
    Ok(state)
}

/// The entries are the beginning of what the log has signed.
fn check_signed(state: &State, log: &LogStart<'_>) -> Result<(), BoothError> {
    let manifest = state.manifest();
    let note = SignedNote::parse(log.checkpoint).map_err(|error| BoothError::Checkpoint(error.to_string()))?;
    let origin = Origin::new(&manifest.origin()).map_err(|error| BoothError::Checkpoint(error.to_string()))?; // S6
    let key = log_key(manifest).map_err(BoothError::Checkpoint)?;
    let policy = witness_policy(manifest).map_err(BoothError::Checkpoint)?;
    let satisfied = policy.evaluate(&note, &origin, &key).map_err(|error| BoothError::Checkpoint(error.to_string()))?;
    let signed = satisfied.checkpoint();
    verify_consistency(state.size(), signed.size, &state.root(), &signed.root, log.consistency)
        .map_err(|error| BoothError::OtherEntries(error.to_string()))
}

/// Every text that the voter must read stands in the file: titles, options, criteria, grades.
fn check_labels(state: &State, round: RoundIndex, rules: &RoundRules, labels: &Labels) -> Result<(), BoothError> {
    let check = |digest: &LabelDigest, place: &dyn Fn() -> String| match labels.get(digest) {
        Some(_) => Ok(()),
        None => Err(BoothError::MissingLabel { place: place() }),
    };
    check(&state.manifest().title, &|| "the title of the event".into())?;
    // A follow-up round is not in the manifest; its plan stands in the state.
    if let Some(planned) = state.plan(round) {
        check(&planned.plan.title, &|| format!("the title of round {round}"))?;
    }
    for rule in rules.contests() {
        check(&rule.contest.title, &|| format!("the title of contest {}", rule.index))?;
        for (option, digest) in rule.contest.options.iter().enumerate() {
            check(digest, &|| format!("option {option} of contest {}", rule.index))?;
        }
        match &rule.contest.kind {
            Kind::Selection(_) | Kind::Points(_) | Kind::Ranking(_) => {}
            Kind::Grades(Grades { criteria, grades, .. }) => {
                for (criterion, digest) in criteria.iter().enumerate() {
                    check(digest, &|| format!("criterion {criterion} of contest {}", rule.index))?;
                }
                for (grade, digest) in grades.iter().enumerate() {
                    check(digest, &|| format!("grade {grade} of contest {}", rule.index))?;
                }
            }
        }
    }
    Ok(())
}
