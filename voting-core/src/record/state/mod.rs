//! The fold: the state of an event after a prefix of its log. Board, trustee, observer and browser run the same code.
//!
//! An entry other than a ballot is checked against the state ([`State::check`]) and then applied; ballots are verified in
//! batches ([`State::check_ballots`]) and then applied one by one, when chain and repeats are judged (M14). There is no
//! other way to change a state (A41).

mod ceremony;
mod chains;
mod count;
mod outcome;
mod plan;
mod prefixes;
mod recall;
mod roll;
mod round;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proofs::elgamal::PublicKey;
use tlog::hash::{Hash, leaf_hash};
use tlog::tree::CompactTree;

pub use ceremony::CeremonyStatus;
pub use chains::Chain;
pub use plan::{Origin, Planned};
pub use recall::Recall;
pub use roll::Roll;
pub use round::{Counting, Ending, Round, Voting};

use self::ceremony::Ceremony;
use self::prefixes::Prefixes;
use crate::ballot::{self, BallotEntry, BallotFault, VerifiedBallot};
use crate::ceremony::{JointKey, Messages};
use crate::context::RoundBinding;
use crate::entry::{Author, Body, Entry, OfficialEntry};
use crate::ids::{CredentialKey, EntryIndex, RoundIndex, TrusteeIndex};
use crate::manifest::{Manifest, ManifestError};
use crate::record::{Culprit, Refusal, Rule};

/// What is wrong with a part of a ballot that comes before its turn; its rule is that of a stale predecessor.
pub const PARTS_OUT_OF_ORDER: &str =
    "the parts before this one are not on the log: send the parts of a ballot in order";

/// The state of an event.
#[derive(Clone, Debug)]
pub struct State {
    manifest: Manifest,
    tree: CompactTree,
    ceremony: Ceremony,
    rolls: Vec<Arc<Roll>>,
    /// Rounds of the manifest, then those that outcomes call for.
    plans: Vec<Planned>,
    rounds: Vec<Round>,
    /// First 16 bytes of the first component of every accepted ciphertext of the event (A10).
    seen: Prefixes,
    cancelled: bool,
}

/// An entry that was checked against one state and may be applied to exactly that one.
#[derive(Debug)]
pub struct Checked {
    leaf: Hash,
    position: u64,
    effect: Effect,
}

/// What applying an entry does.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "lives for one entry")]
enum Effect {
    Ceremony(ceremony::Effect),
    Roll(RoundIndex, roll::Effect),
    Round(RoundIndex, round::Effect),
    Cancel,
}

impl State {
    /// The state after entry 0.
    ///
    /// # Errors
    /// [`ManifestError`].
    pub fn found(manifest_bytes: &[u8]) -> Result<Self, ManifestError> {
        let manifest = Manifest::from_bytes(manifest_bytes)?;
        let mut tree = CompactTree::new();
        tree.append_leaf_hash(leaf_hash(manifest_bytes));
        let ceremony = Ceremony::new(&manifest);
        let rolls = manifest.rounds.iter().map(|_| Arc::new(Roll::new(manifest.groups.len()))).collect();
        let plans = manifest.rounds.iter().map(Planned::of_manifest).collect();
        let rounds = manifest.rounds.iter().map(|_| Round::Planned).collect();
        Ok(Self { manifest, tree, ceremony, rolls, plans, rounds, seen: Prefixes::default(), cancelled: false })
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }
    /// Number of entries so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.tree.size()
    }
    /// Root of the tree so far.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.tree.root()
    }
    /// The joint key, once every trustee has confirmed it.
    #[must_use]
    pub fn joint_key(&self) -> Option<&JointKey> {
        self.ceremony.complete()
    }
    /// How far the ceremony has come.
    #[must_use]
    pub fn ceremony(&self) -> CeremonyStatus {
        self.ceremony.status()
    }
    /// The checked messages of the ceremony, for a trustee's own next step.
    #[must_use]
    pub fn ceremony_messages(&self) -> &Messages {
        self.ceremony.messages()
    }
    /// The encryption keys posted in the ceremony.
    #[must_use]
    pub fn encryption_keys(&self) -> &BTreeMap<TrusteeIndex, PublicKey> {
        self.ceremony.keys()
    }
    /// The roll of a round.
    #[must_use]
    pub fn roll(&self, round: RoundIndex) -> Option<&Roll> {
        self.rolls.get(round.position()).map(Arc::as_ref)
    }
    /// What a round asks, as planned or as it was started.
    #[must_use]
    pub fn plan(&self, round: RoundIndex) -> Option<&Planned> {
        self.plans.get(round.position())
    }
    /// A round.
    #[must_use]
    pub fn round(&self, round: RoundIndex) -> Option<&Round> {
        self.rounds.get(round.position())
    }
    /// All rounds in order.
    pub fn rounds(&self) -> impl Iterator<Item = (RoundIndex, &Round)> {
        (0..).map(RoundIndex).zip(&self.rounds)
    }
    /// The round in which ballots are accepted now.
    #[must_use]
    pub fn open_round(&self) -> Option<RoundIndex> {
        self.voting().map(|(index, _)| index)
    }

    /// The open round; none once the event was cancelled (S12).
    fn voting(&self) -> Option<(RoundIndex, &round::Voting)> {
        self.rounds().find_map(|(index, round)| Some((index, round.open()?))).filter(|_| !self.cancelled)
    }
    /// Binding and roll of the open round, shared: what a service needs to turn away early what can't be accepted.
    #[must_use]
    pub fn open_roll(&self) -> Option<(RoundBinding, Arc<Roll>)> {
        let (index, round) = self.voting()?;
        Some((round.rules().binding, Arc::clone(self.rolls.get(index.position())?)))
    }
    /// Whether the event was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.cancelled
    }
    /// Whether every round has ended with or without a result, and with an outcome where a rule asks for one; or the event was
    /// cancelled.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        let decided = |(index, round): (RoundIndex, &Round)| round.is_finished() && !self.lacks_outcome(index);
        self.cancelled || self.rounds().all(decided)
    }

    /// Checks an entry that is not a ballot: canonical, signed, legal, and true as far as it can be judged.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn check(&self, bytes: &[u8]) -> Result<Checked, Refusal> {
        let malformed =
            |error: crate::codec::Malformed| Refusal::new(Rule::EntryCanonical, Culprit::Board, error.to_string());
        let effect = match Entry::from_bytes(bytes).map_err(malformed)? {
            Entry::Ballot(_) => {
                let what = "a ballot is verified as one, not as an entry of officials";
                return Err(Refusal::new(Rule::EntryLegal, Culprit::Board, what));
            }
            Entry::Official(entry) => self.check_official(&entry)?,
        };
        Ok(Checked { leaf: leaf_hash(bytes), position: self.size(), effect })
    }

    fn check_official(&self, entry: &OfficialEntry) -> Result<Effect, Refusal> {
        let author = entry.author;
        if !entry.is_signed(&self.manifest) {
            let what = format!("{}: not signed by {author}", entry.body.name());
            return Err(Refusal::new(Rule::EntrySignature, Culprit::Board, what));
        }
        let by = Culprit::Author(author);
        if !may_write(author, &entry.body) {
            let what = format!("{author} may not write \"{}\"", entry.body.name());
            return Err(Refusal::new(Rule::EntrySignature, by, what));
        }
        if self.cancelled {
            return Err(Refusal::new(Rule::EntryLegal, by, "the event was cancelled: its log has ended"));
        }
        match &entry.body {
            Body::Commitment(_) | Body::Dealing(_) | Body::Confirmation(_) => {
                self.ceremony.check(author, &entry.body).map(Effect::Ceremony)
            }
            Body::RollChunk(chunk) => {
                let roll = self.roll_of(chunk.round, by)?;
                roll.check_chunk(chunk, by).map(|effect| Effect::Roll(chunk.round, effect))
            }
            Body::RollClosed(closed) => {
                let roll = self.roll_of(closed.round, by)?;
                let contests = self.plan(closed.round).map_or(&[][..], |planned| &planned.plan.contests);
                roll.check_closed(closed, contests, by).map(|effect| Effect::Roll(closed.round, effect))
            }
            Body::RoundStarted(started) => self.check_started(started, by),
            Body::RoundClosed(closed) => self.check_closed(closed, by),
            Body::PartialDecryption(partial) => self.check_partial(author, partial, by),
            Body::RoundResult(result) => self.check_result(result, by),
            Body::Attendance(attendance) => self.check_attendance(attendance, by),
            Body::RoundOutcome(outcome) => self.check_outcome(outcome, by),
            Body::RoundDropped(dropped) => self.check_dropped(dropped, by),
            Body::NotCounted(not_counted) => self.check_not_counted(not_counted, by),
            Body::Cancelled(_) => {
                let early = self.rounds.iter().all(|round| round.closed().is_none());
                let what = "a round has been closed: its ballots are counted and the result stands";
                if early { Ok(Effect::Cancel) } else { Err(Refusal::new(Rule::CancelEarly, by, what)) }
            }
        }
    }

    fn roll_of(&self, round: RoundIndex, by: Culprit) -> Result<&Roll, Refusal> {
        let unknown = || Refusal::new(Rule::EntryLegal, by, format!("there is no round {round}"));
        self.roll(round).ok_or_else(unknown)
    }

    /// Applies a checked entry.
    ///
    /// # Errors
    /// [`Refusal`] if the state has moved on since the check.
    pub fn apply(&mut self, checked: Checked) -> Result<EntryIndex, Refusal> {
        let Checked { leaf, position, effect } = checked;
        if position != self.size() {
            let what = "the log has grown since this entry was checked: check it again";
            return Err(Refusal::new(Rule::EntryLegal, Culprit::Board, what));
        }
        self.tree.append_leaf_hash(leaf);
        match effect {
            Effect::Ceremony(effect) => self.ceremony.apply(effect),
            Effect::Roll(round, effect) => {
                if let Some(roll) = self.rolls.get_mut(round.position()) {
                    Arc::make_mut(roll).apply(effect);
                }
            }
            Effect::Round(index, effect) => {
                match &effect {
                    round::Effect::Start(_, plan) => {
                        if let Some(planned) = self.plans.get_mut(index.position()) {
                            planned.plan.clone_from(plan);
                        }
                    }
                    round::Effect::Outcome(outcome) => self.found_follow_up(index, outcome),
                    _ => {}
                }
                let (size, root) = (self.tree.size(), self.tree.root());
                if let Some(round) = self.rounds.get_mut(index.position()) {
                    round.apply(effect, size, root);
                }
            }
            Effect::Cancel => self.cancelled = true,
        }
        Ok(EntryIndex(position))
    }

    /// Takes an illegal entry of a record into the tree and nowhere else, so that verification can go on.
    pub(crate) fn skip(&mut self, bytes: &[u8]) {
        self.tree.append_leaf_hash(leaf_hash(bytes));
    }

    /// Verifies ballots by themselves: canonical, of the open round, eligible, proved and signed. `entropy` are 32 fresh
    /// random bytes of the caller (M4).
    #[must_use]
    pub fn check_ballots(&self, ballots: &[&[u8]], entropy: &[u8; 32]) -> Vec<Result<VerifiedBallot, Refusal>> {
        let Some((index, round)) = self.voting() else {
            let closed = |_: &&[u8]| Err(Refusal::new(Rule::BallotOpen, Culprit::Board, "no round is open for voting"));
            return ballots.iter().map(closed).collect();
        };
        let roll = self.roll(index);
        let verifier = ballot::Verifier::new(round.rules());
        let prepare = |bytes: &&[u8]| self.prepare_ballot(round.rules(), &verifier, roll, bytes);
        #[cfg(feature = "parallel")]
        let prepared: Vec<_> = {
            use rayon::prelude::*;
            ballots.par_iter().map(prepare).collect()
        };
        #[cfg(not(feature = "parallel"))]
        let prepared: Vec<_> = ballots.iter().map(prepare).collect();

        let mut pending = Vec::with_capacity(prepared.len());
        let mut refusals = Vec::with_capacity(prepared.len());
        for ballot in prepared {
            match ballot {
                Ok(ballot) => {
                    pending.push(ballot);
                    refusals.push(None);
                }
                Err(refusal) => refusals.push(Some(refusal)),
            }
        }
        let mut verdicts = ballot::verify(round.rules(), pending, entropy).into_iter();
        let verdict = |(bytes, refusal): (&&[u8], Option<Refusal>)| match refusal {
            Some(refusal) => Err(refusal),
            None => verdicts.next().flatten().ok_or_else(|| self.diagnose(round.rules(), roll, bytes)),
        };
        ballots.iter().zip(refusals).map(verdict).collect()
    }

    fn prepare_ballot(
        &self,
        rules: &ballot::RoundRules,
        verifier: &ballot::Verifier<'_>,
        roll: Option<&Roll>,
        bytes: &[u8],
    ) -> Result<ballot::PreparedBallot, Refusal> {
        let malformed = |what: String| Refusal::new(Rule::EntryCanonical, Culprit::Board, what);
        let entry = match Entry::from_bytes(bytes).map_err(|error| malformed(error.to_string()))? {
            Entry::Ballot(entry) => entry,
            Entry::Official(entry) => return Err(malformed(format!("\"{}\" is no ballot", entry.body.name()))),
        };
        let voter = Culprit::Voter(entry.sealed.credential);
        let faulty = |fault: BallotFault| Refusal::new(fault_rule(&fault), voter, fault.to_string());
        if entry.sealed.event != self.manifest.event() {
            return Err(faulty(BallotFault::OtherEvent));
        }
        if entry.sealed.round != rules.binding.round {
            let closed = self.rounds.iter().any(|round| round.id() == Some(entry.sealed.round));
            let rule = if closed { Rule::BallotOpen } else { Rule::BallotBinding };
            let what = if closed { "the ballot's round is closed" } else { "the ballot belongs to another round" };
            return Err(Refusal::new(rule, voter, what));
        }
        let member = roll.and_then(|roll| roll.voter(&entry.sealed.credential));
        let unknown = || Refusal::new(Rule::BallotEligible, voter, "the credential is not on the roll of this round");
        let (key, member) = member.ok_or_else(unknown)?;
        ballot::prepare(verifier, (&key, member), &entry, leaf_hash(bytes)).map_err(faulty)
    }

    /// Why a ballot failed in a batch.
    fn diagnose(&self, rules: &ballot::RoundRules, roll: Option<&Roll>, bytes: &[u8]) -> Refusal {
        let Ok(Entry::Ballot(entry)) = Entry::from_bytes(bytes) else {
            return Refusal::new(Rule::EntryCanonical, Culprit::Board, "no ballot");
        };
        let voter = Culprit::Voter(entry.sealed.credential);
        let member = roll.and_then(|roll| roll.voter(&entry.sealed.credential));
        let fault =
            member.map_or(BallotFault::Signature, |(key, member)| ballot::diagnose(rules, (&key, member), &entry));
        Refusal::new(fault_rule(&fault), voter, fault.to_string())
    }

    /// Judges chain and repeats of a verified ballot (S3, M14) without applying it.
    ///
    /// # Errors
    /// [`Refusal`]; for a stale predecessor with the latest ballot on the log.
    pub fn check_chain(&self, ballot: &VerifiedBallot) -> Result<(), Refusal> {
        let voter = Culprit::Voter(ballot.credential());
        let open = self.voting().filter(|(_, round)| round.rules().binding.round == ballot.round());
        let (_, round) = open.ok_or_else(|| Refusal::new(Rule::BallotOpen, voter, "the ballot's round is not open"))?;
        let chain = round.chain(&ballot.credential());
        let latest = chain.map(|chain| chain.index);
        let previous = chain.map_or(Hash(self.manifest.event().0), |chain| chain.leaf);
        let counter = chain.map_or(0, Chain::counter).checked_add(1);
        if ballot.previous() != previous || Some(ballot.counter()) != counter {
            let what = "another ballot of this credential was accepted before: look at it, then sign again";
            return Err(Refusal { rule: Rule::BallotChain, culprit: voter, what: what.into(), latest });
        }
        if round.earlier_parts(ballot).is_none() {
            return Err(Refusal::new(Rule::BallotChain, voter, PARTS_OUT_OF_ORDER));
        }
        let mut own = BTreeSet::new();
        if ballot.prefixes().iter().any(|prefix| self.seen.contains(prefix) || !own.insert(prefix)) {
            let what = "a ciphertext of this ballot stands on the log already: seal a new ballot"; // A10
            return Err(Refusal::new(Rule::BallotRepeat, voter, what));
        }
        Ok(())
    }

    /// Applies a verified ballot, or a part of one. `log` reads entries again that were applied before: those of the ballot
    /// that this one replaces, and its own earlier parts. They are checked, not trusted.
    ///
    /// # Errors
    /// As [`Self::check_chain`]; [`Rule::LogSize`] if an entry can't be read again.
    pub fn apply_ballot(&mut self, ballot: &VerifiedBallot, log: &dyn Recall) -> Result<EntryIndex, Refusal> {
        self.check_chain(ballot)?;
        let index = EntryIndex(self.size());
        let Some(round) = self.rounds.iter_mut().find_map(Round::open_mut) else {
            return Err(Refusal::new(Rule::BallotOpen, Culprit::Board, "the ballot's round is not open"));
        };
        let recalled = round.recall(ballot, log)?;
        self.tree.append_leaf_hash(ballot.leaf());
        self.seen.extend(ballot.prefixes());
        round.count(ballot, &recalled, index);
        Ok(index)
    }

    /// What `check` and `apply` need of a ballot entry outside the fold: the credential's latest ballot (S3).
    #[must_use]
    pub fn latest_ballot(&self, credential: &CredentialKey) -> Option<&Chain> {
        self.voting()?.1.chain(credential)
    }
}

/// Whose right an entry is.
fn may_write(author: Author, body: &Body) -> bool {
    match body {
        Body::Commitment(_) | Body::Dealing(_) | Body::Confirmation(_) | Body::PartialDecryption(_) => {
            matches!(author, Author::Trustee(_))
        }
        Body::RollChunk(_) | Body::RollClosed(_) | Body::Attendance(_) => author == Author::Registrar,
        Body::RoundStarted(_)
        | Body::RoundResult(_)
        | Body::NotCounted(_)
        | Body::RoundOutcome(_)
        | Body::RoundDropped(_)
        | Body::Cancelled(_) => author == Author::Administrator,
        Body::RoundClosed(_) => author == Author::Board,
    }
}

/// The rule that a fault of a ballot breaks.
fn fault_rule(fault: &BallotFault) -> Rule {
    match fault {
        BallotFault::OtherEvent | BallotFault::OtherRound => Rule::BallotBinding,
        BallotFault::Parts | BallotFault::Contests { .. } | BallotFault::Malformed(..) => Rule::BallotContests,
        BallotFault::Argument { .. } => Rule::BallotProof,
        BallotFault::Signature => Rule::BallotSignature,
    }
}

/// Whether bytes are a ballot, judged by their kind alone: how a stream of entries is split into batches.
#[must_use]
pub fn looks_like_ballot(bytes: &[u8]) -> bool {
    // An array of six items beginning with the kind of ballots.
    bytes.starts_with(&[0x86, crate::entry::BALLOT as u8])
}

/// The ballot entry in these bytes, if they are one.
#[must_use]
pub fn as_ballot(bytes: &[u8]) -> Option<BallotEntry> {
    match Entry::from_bytes(bytes) {
        Ok(Entry::Ballot(entry)) => Some(entry),
        _ => None,
    }
}
