//! Small elections for tests (feature `testing`): everything real but the source of randomness, which is seeded, and the
//! voting codes' stretching, which is left out for speed. One tamper for each rule stands in [`tamper`].
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support: a failure here is a failed test"
)]

pub mod tamper;

use std::collections::BTreeMap;

use proofs::elgamal::EncryptionKey;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use tlog::checkpoint::{self, Checkpoint, Origin};
use tlog::hash::Hash;
use tlog::note::{KeyName, SigningKey};
use tlog::tree::MemoryTree;

use crate::ballot;
use crate::ceremony::{self, Committed, Dealt, KeyShare, Setup};
use crate::contest::{Cap, Choice, Contest, Entitlement, Grades, Kind, Selection};
use crate::credential::{CodeSecret, Credential};
use crate::entry::{
    self, Author, Body, CloseOrder, NotCounted, OfficialKey, RollChunk, RollClosed, RollMember, RoundStarted,
    RoundStatement,
};
use crate::ids::{EntryIndex, GroupIndex, LabelDigest, OptionIndex, RoundIndex, TrusteeIndex};
use crate::manifest::{Fields, Login, Manifest, RoundPlan, TooFew, TrusteeIdentity};
use crate::outcome::OutcomeRule;
use crate::record::state::Planned;
use crate::record::{Refusal, Report, State, verify_record};
use crate::tally::partial;

/// Fixed entropy for batch weights: vectors and tests only (M4).
pub const ENTROPY: [u8; 32] = [0; 32];
/// Start of the first round in the test manifest.
pub const START: u64 = 1_795_395_600;

/// A member of the roll, with the secret that the voter has.
pub struct Voter {
    /// What the voting code stretches to.
    pub secret: CodeSecret,
    /// Weight.
    pub weight: u64,
    /// Group.
    pub group: GroupIndex,
}

/// An event under construction, with the keys of everybody.
pub struct Sandbox {
    /// The fold of all entries so far.
    pub state: State,
    /// All entries so far.
    pub entries: Vec<Vec<u8>>,
    /// The administrator's key.
    pub administrator: OfficialKey,
    /// The registrar's key.
    pub registrar: OfficialKey,
    /// The log's key.
    pub log: OfficialKey,
    /// The trustees' identity keys.
    pub trustees: Vec<OfficialKey>,
    /// The key shares, after the ceremony.
    pub shares: Vec<KeyShare>,
    /// The voters.
    pub voters: Vec<Voter>,
    /// The seeded source of randomness.
    pub rng: ChaCha20Rng,
}

/// Choices as option indices.
#[must_use]
pub fn chosen(options: &[u32]) -> Choice {
    Choice::Selection(options.iter().copied().map(OptionIndex).collect())
}

/// A selection among `options` options for these groups.
#[must_use]
pub fn contest(options: u32, rule: Selection, groups: &[u32], per_group: bool) -> Contest {
    contest_of(options, Kind::Selection(rule), groups, per_group)
}

/// A contest of any kind with `options` options for these groups.
#[must_use]
pub fn contest_of(options: u32, kind: Kind, groups: &[u32], per_group: bool) -> Contest {
    let options = u16::try_from(options).unwrap();
    let mut title = [options as u8; 32];
    title[0] = (options >> 8) as u8;
    Contest {
        title: LabelDigest(title),
        options: label_digests(100, options.into()),
        kind,
        groups: groups.iter().copied().map(GroupIndex).collect(),
        per_group,
        outcome: OutcomeRule::totals_only(),
    }
}

/// So many digests that differ, from a number on.
#[must_use]
pub fn label_digests(first: u32, count: u32) -> Vec<LabelDigest> {
    let digest = |i: u32| {
        let mut bytes = [i as u8; 32];
        bytes[..4].copy_from_slice(&i.to_le_bytes());
        LabelDigest(bytes)
    };
    (first..first + count).map(digest).collect()
}

/// Three grades for each person and criterion, with these caps.
#[must_use]
pub fn grades(criteria: u32, rows_may_be_blank: bool, caps: &[Cap]) -> Kind {
    let (criteria, grades) = (label_digests(1_000, criteria), label_digests(2_000, 3));
    Kind::Grades(Grades { criteria, grades, rows_may_be_blank, caps: caps.to_vec(), median: false })
}

/// The fields of a valid manifest: three trustees, two of them needed; two groups; two rounds.
#[must_use]
pub fn fields(keys: &[&OfficialKey; 3], trustees: &[OfficialKey]) -> Fields {
    let [administrator, registrar, log] = keys;
    let plan = |offset: u64, contests| RoundPlan {
        title: LabelDigest([9; 32]),
        opens: START + offset,
        closes: START + offset + 3_600,
        contests,
    };
    Fields {
        demonstration: true,
        host: "votes.example.org".into(),
        log_key: log.public(),
        organisation: LabelDigest([1; 32]),
        title: LabelDigest([2; 32]),
        languages: vec!["en".into(), "zh-CN".into()],
        administrator: administrator.public(),
        registrar: registrar.public(),
        threshold: 2,
        trustees: trustees
            .iter()
            .map(|key| TrusteeIdentity { key: key.public(), name: LabelDigest([3; 32]) })
            .collect(),
        reserves: vec![],
        groups: vec![LabelDigest([4; 32]), LabelDigest([5; 32])],
        rounds: vec![
            plan(
                0,
                vec![
                    contest(3, Selection { min: 0, max: 2, blank: true }, &[0, 1], false),
                    contest(2, Selection { min: 1, max: 1, blank: false }, &[1], false),
                    contest(2, Selection { min: 1, max: 1, blank: true }, &[0, 1], true),
                ],
            ),
            plan(7_200, vec![contest(2, Selection { min: 1, max: 1, blank: true }, &[0, 1], false)]),
        ],
        rounds_may_be_added: false,
        time_zone: "Europe/Berlin".into(),
        grace_seconds: 600,
        witness_policy: String::new(),
        login: vec![Login::None],
        minimum_ballots: 2,
        if_too_few: TooFew::NoResult,
        largest_share: (2, 3),
        dispute_seconds: 0,
        retention_days: 30,
        accepted: vec![],
    }
}

impl Sandbox {
    /// A founded event with six voters, three in each group, of which one has weight 3.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with(seed, |_| ())
    }

    /// The same with changed fields of the manifest.
    #[must_use]
    pub fn with(seed: u64, change: impl FnOnce(&mut Fields)) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let [administrator, registrar, log] = core::array::from_fn(|_| OfficialKey::random(&mut rng));
        let trustees: Vec<_> = (0..3).map(|_| OfficialKey::random(&mut rng)).collect();
        let mut fields = fields(&[&administrator, &registrar, &log], &trustees);
        change(&mut fields);
        let manifest = Manifest::new(fields).unwrap();
        let voter = |i: u8| Voter {
            secret: CodeSecret::testing_only([i + seed as u8; 32]),
            weight: if i == 1 { 3 } else { 1 },
            group: GroupIndex(u32::from(i % 2)),
        };
        Self {
            state: State::found(manifest.as_bytes()).unwrap(),
            entries: vec![manifest.as_bytes().to_vec()],
            administrator,
            registrar,
            log,
            trustees,
            shares: Vec::new(),
            voters: (0..6).map(voter).collect(),
            rng,
        }
    }

    /// The manifest.
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        self.state.manifest().clone()
    }

    /// The setup of the ceremony.
    #[must_use]
    pub fn setup(&self) -> Setup {
        Setup::of(self.state.manifest(), 0)
    }

    /// Signs a body with the key that its author has.
    #[must_use]
    pub fn signed(&self, author: Author, body: &Body) -> Vec<u8> {
        let key = match author {
            Author::Administrator => &self.administrator,
            Author::Registrar => &self.registrar,
            Author::Board => &self.log,
            Author::Trustee(index) => &self.trustees[index.0 as usize - 1],
        };
        entry::sign(&self.state.manifest().event(), author, body, key)
    }

    /// Offers an entry to the fold, as a board does, and appends it if it is legal.
    ///
    /// # Errors
    /// [`Refusal`]; nothing is appended then.
    pub fn offer(&mut self, bytes: Vec<u8>) -> Result<(), Refusal> {
        if crate::record::state::looks_like_ballot(&bytes) {
            let verified = self.state.check_ballots(&[&bytes], &ENTROPY).remove(0)?;
            let entries = &self.entries;
            self.state.apply_ballot(&verified, &|index: EntryIndex| entries.get(index.0 as usize).cloned())?;
        } else {
            let checked = self.state.check(&bytes)?;
            self.state.apply(checked)?;
        }
        self.entries.push(bytes);
        Ok(())
    }

    /// Appends a legal entry.
    pub fn push(&mut self, author: Author, body: &Body) {
        let bytes = self.signed(author, body);
        self.offer(bytes).unwrap_or_else(|refusal| panic!("{refusal}"));
    }

    /// Appends an entry without asking the fold, as a dishonest board does.
    pub fn smuggle(&mut self, bytes: Vec<u8>) {
        self.state.skip(&bytes);
        self.entries.push(bytes);
    }

    /// First stage of the ceremony.
    pub fn commit(&mut self) -> Vec<Committed> {
        let setup = self.setup();
        let mut committed = Vec::new();
        for index in setup.indices() {
            let (state, message) = ceremony::commit(setup, index, &mut self.rng).unwrap();
            self.push(Author::Trustee(index), &Body::Commitment(message));
            committed.push(state);
        }
        committed
    }

    /// Second stage.
    pub fn deal(&mut self, committed: Vec<Committed>) -> Vec<Dealt> {
        let keys = self.state.encryption_keys().clone();
        let mut dealt = Vec::new();
        for (index, state) in (1..).map(TrusteeIndex).zip(committed) {
            let (state, message) = state.deal(&keys, &mut self.rng).unwrap();
            self.push(Author::Trustee(index), &Body::Dealing(message));
            dealt.push(state);
        }
        dealt
    }

    /// Last stage.
    pub fn confirm(&mut self, dealt: Vec<Dealt>) {
        for (index, state) in (1..).map(TrusteeIndex).zip(dealt) {
            let (share, message) = state.confirm(self.state.ceremony_messages()).unwrap();
            self.push(Author::Trustee(index), &Body::Confirmation(message));
            self.shares.push(share);
        }
    }

    /// The whole ceremony.
    pub fn ceremony(&mut self) {
        let committed = self.commit();
        let dealt = self.deal(committed);
        self.confirm(dealt);
    }

    /// A voter's credential in a round.
    #[must_use]
    pub fn credential(&self, voter: usize, round: RoundIndex) -> Credential {
        self.voters[voter].secret.credential(round)
    }

    /// The members of a round's roll, ascending.
    #[must_use]
    pub fn members(&self, round: RoundIndex) -> Vec<RollMember> {
        let member = |voter: &Voter| RollMember {
            key: voter.secret.credential(round).key(),
            weight: voter.weight,
            group: voter.group,
        };
        let mut members: Vec<_> = self.voters.iter().map(member).collect();
        members.sort_by_key(|member| member.key);
        members
    }

    /// The end of a round's roll as the fold expects it.
    #[must_use]
    pub fn roll_end(&self, round: RoundIndex) -> RollClosed {
        RollClosed { round, groups: self.state.roll(round).unwrap().groups().to_vec() }
    }

    /// The roll of a round, in two chunks.
    pub fn roll(&mut self, round: RoundIndex) {
        let members = self.members(round);
        for (number, members) in (0..).zip(members.chunks(4)) {
            let chunk = RollChunk { round, number, members: members.to_vec() };
            self.push(Author::Registrar, &Body::RollChunk(chunk));
        }
        let end = self.roll_end(round);
        self.push(Author::Registrar, &Body::RollClosed(end));
    }

    /// The entry body that starts a round.
    #[must_use]
    pub fn start(&self, round: RoundIndex) -> RoundStarted {
        let Planned { mut plan, cause, .. } = self.state.plan(round).unwrap().clone();
        if cause.is_some() {
            (plan.opens, plan.closes) = (START + 10_000, START + 20_000);
        }
        let joint_key = self.state.joint_key().map_or([0; 32], |joint| joint.public.to_bytes());
        RoundStarted { statement: RoundStatement { index: round, plan, cause }, joint_key, time: START }
    }

    /// Ceremony, rolls and start of the first round.
    #[must_use]
    pub fn opened(seed: u64) -> Self {
        let mut sandbox = Self::new(seed);
        sandbox.ceremony();
        sandbox.roll(RoundIndex(0));
        sandbox.roll(RoundIndex(1));
        sandbox.open(RoundIndex(0));
        sandbox
    }

    /// Starts a round.
    pub fn open(&mut self, round: RoundIndex) {
        let start = self.start(round);
        self.push(Author::Administrator, &Body::RoundStarted(start));
    }

    /// Seals a ballot of a voter in the open round.
    pub fn seal(&mut self, voter: usize, choices: &[Choice]) -> ballot::SealedBallot {
        let round = self.state.open_round().unwrap();
        let rules = self.state.round(round).unwrap().rules().unwrap().clone();
        let key = EncryptionKey::new(rules.binding.joint_key);
        let credential = self.credential(voter, round).key();
        let Voter { weight, group, .. } = self.voters[voter];
        let member = Entitlement { group, weight };
        ballot::seal(&rules, &key, member, &credential, choices, &mut self.rng).unwrap()
    }

    /// Signs sealed parts after the voter's latest ballot on the log; one entry for each part.
    pub fn cast_parts(&mut self, voter: usize, sealed: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let round = self.state.open_round().unwrap();
        let credential = self.credential(voter, round);
        let chain = self.state.latest_ballot(&credential.key());
        let event = Hash(self.state.manifest().event().0);
        let (counter, previous) = chain.map_or((1, event), |chain| (chain.counter() + 1, chain.leaf));
        let binding = self.state.round(round).unwrap().rules().unwrap().binding;
        ballot::cast(sealed, &binding, &credential, counter, previous, &mut self.rng).unwrap()
    }

    /// The same for a ballot of one part.
    pub fn cast(&mut self, voter: usize, sealed: &[u8]) -> Vec<u8> {
        self.cast_parts(voter, &[sealed.to_vec()]).remove(0)
    }

    /// Signs sealed bytes with any counter and predecessor.
    pub fn cast_after(&mut self, voter: usize, sealed: &[u8], counter: u64, previous: Hash) -> Vec<u8> {
        let round = self.state.open_round().unwrap();
        let binding = self.state.round(round).unwrap().rules().unwrap().binding;
        let credential = self.credential(voter, round);
        ballot::cast(&[sealed.to_vec()], &binding, &credential, counter, previous, &mut self.rng).unwrap().remove(0)
    }

    /// A voter votes; returns the entry, the last one if there are several parts.
    pub fn vote(&mut self, voter: usize, choices: &[Choice]) -> Vec<u8> {
        let sealed = self.seal(voter, choices);
        let entries = self.cast_parts(voter, sealed.parts());
        for entry in &entries {
            self.offer(entry.clone()).unwrap_or_else(|refusal| panic!("{refusal}"));
        }
        entries.last().unwrap().clone()
    }

    /// Votes of all six voters in the first round, one of them twice.
    ///
    /// Totals: contest 0: [2, 4, 3] with 3 blank; contest 1: [1, 4]; contest 2: group 0 [1, 1] with 1 blank, group 1
    /// [4, 1] with 0 blank. Voter 1 has weight 3.
    pub fn vote_all(&mut self) {
        let pair = |a: &[u32], c: &[u32]| [chosen(a), chosen(c)];
        let triple = |a: &[u32], b: &[u32], c: &[u32]| [chosen(a), chosen(b), chosen(c)];
        self.vote(0, &pair(&[0, 1], &[0]));
        self.vote(1, &triple(&[0, 2], &[0], &[1])); // replaced below
        self.vote(2, &pair(&[0], &[1]));
        self.vote(3, &triple(&[], &[0], &[1]));
        self.vote(1, &triple(&[1, 2], &[1], &[0]));
        self.vote(4, &pair(&[], &[]));
        self.vote(5, &triple(&[], &[1], &[0]));
    }

    /// The signed order to close the open round.
    #[must_use]
    pub fn close_order(&self) -> Vec<u8> {
        let open = self.state.open_round().unwrap();
        let round = self.state.round(open).unwrap().id().unwrap();
        let started = self.state.round(open).and_then(crate::record::state::Round::open).unwrap().started_at();
        let order = CloseOrder { round, time: started.max(START + 3_600) };
        entry::sign_close_order(&self.state.manifest().event(), &order, &self.administrator)
    }

    /// Closes the open round.
    pub fn close(&mut self) {
        let closing = self.state.closing_entry(&self.close_order(), START + 3_601).unwrap();
        self.push(Author::Board, &Body::RoundClosed(closing));
    }

    /// A trustee's partial decryption of the closed round that waits for the count.
    pub fn partial(&mut self, trustee: u32) -> partial::PartialDecryption {
        let (_, round) = self.state.rounds().filter(|(_, round)| round.closed().is_some()).last().unwrap();
        let counting = round.closed().unwrap().clone();
        let share = &self.shares[trustee as usize - 1];
        let binding = &counting.rules().binding;
        partial::decrypt(share, binding, &counting.closing(), counting.tallies(), &mut self.rng).unwrap()
    }

    /// A trustee decrypts.
    pub fn decrypt(&mut self, trustee: u32) {
        let part = self.partial(trustee);
        self.push(Author::Trustee(TrusteeIndex(trustee)), &Body::PartialDecryption(part));
    }

    /// Result of a closed round.
    pub fn result(&mut self, round: RoundIndex) {
        let result = self.state.compute_result(round).unwrap();
        self.push(Author::Administrator, &Body::RoundResult(result));
    }

    /// A round ends without a result.
    pub fn not_counted(&mut self, round: RoundIndex) {
        let round = self.state.round(round).unwrap().id().unwrap();
        self.push(Author::Administrator, &Body::NotCounted(NotCounted { round }));
    }

    /// A whole event: first round by trustees 1 and 3, second round by 2 and 3.
    #[must_use]
    pub fn finished(seed: u64) -> Self {
        let mut sandbox = Self::opened(seed);
        sandbox.vote_all();
        sandbox.close();
        sandbox.decrypt(3);
        sandbox.decrypt(1);
        sandbox.result(RoundIndex(0));
        sandbox.open(RoundIndex(1));
        for voter in 0..4 {
            sandbox.vote(voter, &[chosen(&[u32::from(voter % 2 == 1)])]);
        }
        sandbox.close();
        sandbox.decrypt(2);
        sandbox.decrypt(3);
        sandbox.result(RoundIndex(1));
        sandbox
    }

    /// A checkpoint of the entries so far under the log key.
    #[must_use]
    pub fn checkpoint(&self) -> Vec<u8> {
        self.checkpoint_as(&self.state.manifest().origin(), &self.log, |_| ())
    }

    /// A checkpoint with any origin and key, changed before it is signed.
    #[must_use]
    pub fn checkpoint_as(&self, origin: &str, key: &OfficialKey, change: impl FnOnce(&mut Checkpoint)) -> Vec<u8> {
        let mut tree = MemoryTree::new();
        self.entries.iter().for_each(|entry| {
            tree.append(entry);
        });
        let mut checkpoint = Checkpoint::new(Origin::new(origin).unwrap(), tree.size(), tree.root());
        change(&mut checkpoint);
        let key = SigningKey::from_seed(KeyName::new(origin).unwrap(), &key.expose_seed());
        checkpoint::sign(&checkpoint, &key).into_bytes()
    }

    /// The record as it stands.
    #[must_use]
    pub fn record(&self) -> tamper::TamperedRecord {
        tamper::TamperedRecord {
            event: self.state.manifest().event(),
            checkpoint: self.checkpoint(),
            entries: self.entries.clone(),
        }
    }

    /// The verdict on the record as it stands.
    #[must_use]
    pub fn report(&self) -> Report {
        self.record().report()
    }
}

/// Totals of each tally of a report's round.
#[must_use]
pub fn totals(report: &Report, round: usize) -> Vec<Vec<u64>> {
    let tallies = &report.rounds[round].tallies;
    tallies.iter().map(|tally| tally.totals.clone().unwrap_or_default()).collect()
}

/// A map of faults: how many of each rule.
#[must_use]
pub fn rules(report: &Report) -> BTreeMap<&'static str, usize> {
    let mut rules = BTreeMap::new();
    report.faults.iter().for_each(|fault| *rules.entry(fault.rule).or_default() += 1);
    rules
}

/// Verifies a record under the fixed entropy.
#[must_use]
pub fn verify(event: &crate::ids::EventId, checkpoint: &[u8], entries: &[Vec<u8>]) -> Report {
    let log = |index: EntryIndex| entries.get(index.0 as usize).cloned();
    verify_record(event, checkpoint, entries.to_vec(), &log, &ENTROPY, |_| ())
}
