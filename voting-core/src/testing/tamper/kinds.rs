//! Forged ballots of every kind of contest: what a voter's own program could send. Two cheats, since the arguments of an
//! honest prover can't be made for false statements:
//! - the argument is true, made for the right statement and a legal answer, but the ciphertexts beside it hold other cells;
//! - cells and argument belong together, but the argument was made for a looser rule of the voter's own, of the same size.

use proofs::elgamal::EncryptionKey;
use proofs::group::scalar_from_i64;
use proofs::secret::SecretScalar;

use super::{Tamper, TamperedRecord, with_bytes};
use crate::ballot::{self, Place, RoundRules};
use crate::codec;
use crate::contest::{Budget, Cap, Choice, Contest, Entitlement, Kind, Method, Mode, Points, Ranking, Selection};
use crate::ids::{ContestIndex, GroupIndex, OptionIndex, RoundIndex};
use crate::record::Rule;
use crate::testing::{Sandbox, Voter, contest, contest_of, grades};

const FIRST: RoundIndex = RoundIndex(0);
const BOTH: [u32; 2] = [0, 1];

/// "At most so many persons have the best grade", for each criterion.
fn best(most: u32) -> Kind {
    grades(2, false, &[Cap { criterion: None, grade: 0, lo: 0, hi: most }])
}

fn points(budget: Budget) -> Kind {
    let max = if budget == Budget::Weight { 0 } else { 5 };
    Kind::Points(Points { max, budget, exact: budget == Budget::Weight, blank: false })
}

/// The contests of [`every_kind`], all for both groups.
///
/// 0: two of three options; 1: four persons, two criteria, three grades, at most two persons have the best; 2: up to 5
/// points for each of three options, 6 in all; 3: the weight split among three options; 4, 5: orders of three options,
/// the unranked last and compared with nothing; 6: at least two of three options, or blank.
#[must_use]
pub fn contests() -> Vec<Contest> {
    let order = |mode| Kind::Ranking(Ranking { mode, ties: true, blank: true, method: Method::Schulze });
    vec![
        contest(3, Selection { min: 0, max: 2, blank: false }, &BOTH, false),
        contest_of(4, best(2), &BOTH, false),
        contest_of(3, points(Budget::Fixed(6)), &BOTH, false),
        contest_of(3, points(Budget::Weight), &BOTH, false),
        contest_of(3, order(Mode::UnrankedLast), &BOTH, false),
        contest_of(3, order(Mode::RankedOnly), &BOTH, false),
        contest(3, Selection { min: 2, max: 3, blank: true }, &BOTH, false),
    ]
}

/// A legal answer of a ballot of this weight to each of the [`contests`].
#[must_use]
pub fn answers(weight: u64) -> Vec<Choice> {
    let grades = [0, 1, 1, 0, 2, 0, 0, 2].map(Some).to_vec();
    let order = || Choice::Ranking(vec![Some(1), Some(2), None]);
    vec![
        Choice::Selection(vec![OptionIndex(0), OptionIndex(1)]),
        Choice::Grades(grades),
        Choice::Points(vec![5, 1, 0]),
        Choice::Points(vec![weight - 1, 0, 1]),
        order(),
        order(),
        Choice::Selection(vec![OptionIndex(0), OptionIndex(1)]),
    ]
}

/// An open round with these contests; voter 0 has weight 2, voter 1 weight 3, the others 1.
#[must_use]
pub fn opened_with(seed: u64, contests: Vec<Contest>) -> Sandbox {
    let mut sandbox = Sandbox::with(seed, |fields| {
        fields.rounds.truncate(1);
        fields.rounds[0].contests = contests;
    });
    sandbox.voters[0].weight = 2;
    sandbox.ceremony();
    sandbox.roll(FIRST);
    sandbox.open(FIRST);
    sandbox
}

/// An open round with a contest of every kind.
#[must_use]
pub fn every_kind() -> Sandbox {
    opened_with(1, contests())
}

/// A ballot of one part in which the ciphertexts of one section hold any cells, negative ones modulo the group order, but for
/// implied cells, which hold what the others leave. Every argument is made for the right statement, beside these ciphertexts, and is true of the legal answers.
pub fn forged(
    sandbox: &mut Sandbox,
    voter: usize,
    answers: &[Choice],
    at: (ContestIndex, usize),
    cells: &[i64],
) -> Vec<u8> {
    let rules = sandbox.state.round(FIRST).unwrap().rules().unwrap().clone();
    let key = EncryptionKey::new(rules.binding.joint_key);
    let credential = sandbox.credential(voter, FIRST).key();
    let Voter { weight, group, .. } = sandbox.voters[voter];
    let mut transcript = crate::context::ballot(&rules.binding, &credential, 0);
    let mut sections = Vec::new();
    for Place { contest, section, .. } in &rules.parts_of(group)[0] {
        let rule = rules.contest(*contest).unwrap();
        let position = rules.contests_of(group).position(|rule| rule.index == *contest).unwrap();
        let values = rule.contest.values(&answers[position], weight).unwrap().remove(*section);
        let rules_of = rule.sections(weight).unwrap()[*section].clone();
        let statement = rules_of.statement();
        let honest: Vec<i64> = values[..rules_of.cells()].iter().map(|cell| *cell as i64).collect();
        let cells = if (*contest, *section) == at { cells } else { &honest };
        let randomness: Vec<_> = rules_of.carried().map(|_| SecretScalar::random(&mut sandbox.rng)).collect();
        let pairs = rules_of.carried().zip(&randomness);
        let pairs: Vec<_> = pairs.map(|(cell, r)| key.encrypt(&scalar_from_i64(cells[cell]), r).compress()).collect();
        crate::context::section(&mut transcript, *contest, *section);
        let (generators, rng) = (rules.generators(), &mut sandbox.rng);
        let proof =
            proofs::bit_vector::prove(&mut transcript, statement, generators, &key, &pairs, &values, &randomness, rng);
        let ciphertexts = pairs.iter().flat_map(|pair| pair.to_bytes()).collect();
        sections.push(ballot::SealedSection { ciphertexts, argument: proof.unwrap().to_bytes() });
    }
    let binding = rules.binding;
    let sealed = ballot::Sealed { event: binding.event, round: binding.round, credential, part: 0, sections };
    sandbox.cast(voter, &codec::to_bytes(&sealed))
}

/// The record of [`every_kind`] with a ballot of voter 0 that holds these cells.
fn with_cells(contest: u32, section: usize, cells: &[i64]) -> TamperedRecord {
    let mut sandbox = every_kind();
    let bytes = forged(&mut sandbox, 0, &answers(2), (ContestIndex(contest), section), cells);
    with_bytes(sandbox, bytes)
}

/// The record of [`every_kind`] with a ballot of voter 0 sealed under a rule, an answer and a weight of its own.
fn with_own_rule(contest: u32, kind: Kind, answer: Choice, weight: u64) -> TamperedRecord {
    let mut sandbox = every_kind();
    let rules = sandbox.state.round(FIRST).unwrap().rules().unwrap().clone();
    let mut plan = sandbox.manifest().round(FIRST).unwrap().clone();
    plan.contests[contest as usize].kind = kind;
    let own = RoundRules::new(rules.binding, &plan).unwrap();
    let key = EncryptionKey::new(rules.binding.joint_key);
    let credential = sandbox.credential(0, FIRST).key();
    let mut choices = answers(weight);
    choices[contest as usize] = answer;
    let member = Entitlement { group: GroupIndex(0), weight };
    let sealed = ballot::seal(&own, &key, member, &credential, &choices, &mut sandbox.rng).unwrap();
    let bytes = sandbox.cast(0, &sealed.parts()[0]);
    with_bytes(sandbox, bytes)
}

macro_rules! tampers {
    ($($rule:ident $name:literal $make:expr,)*) => {
        /// Every forged ballot.
        pub(super) fn all() -> Vec<Tamper> {
            vec![$(Tamper { rule: Rule::$rule, name: $name, make: || $make },)*]
        }
    };
}

tampers! {
    BallotProof "a9: over-vote beside a true argument" with_cells(0, 0, &[1, 1, 1]),
    BallotProof "a9: two votes for one option beside a true argument" with_cells(0, 0, &[2, 0, 0]),
    BallotProof "a9: two grades for one person" with_cells(1, 0, &[1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0]),
    BallotProof "a9: a grade twice, and the implied one taken away" with_cells(1, 1, &[2, 0, -1, 0, 1, 0, 0, 0, 1, 0, 1, 0]),
    BallotProof "a9: exceeded cap of a grade" with_cells(1, 1, &[1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0]),
    BallotProof "a9: exceeded cap proved for a rule of the voter's own" {
        with_own_rule(1, best(3), Choice::Grades([0, 1, 0, 1, 0, 1, 1, 1].map(Some).to_vec()), 2)
    },
    BallotProof "a9: budget of points overrun" with_cells(2, 0, &[5, 2, 0]),
    BallotProof "a9: budget overrun proved for a rule of the voter's own" {
        with_own_rule(2, points(Budget::Fixed(7)), Choice::Points(vec![5, 2, 0]), 2)
    },
    BallotProof "a9: too many points for one option" with_cells(2, 0, &[6, 0, 0]),
    BallotProof "a9: negative points that wrap around" with_cells(2, 0, &[5, 4, -3]),
    BallotProof "a9: more than the weight in a split mandate" with_cells(3, 0, &[2, 0, 1]),
    BallotProof "a9: negative part of a split mandate" with_cells(3, 0, &[3, 0, -1]),
    BallotProof "a9: split mandate of a weight of the voter's own" {
        with_own_rule(3, points(Budget::Weight), Choice::Points(vec![3, 0, 0]), 3)
    },
    BallotProof "s10: cyclic preference, the unranked last" with_cells(4, 0, &[1, 0, 0, 1, 1, 0, 0]),
    BallotProof "s10: cyclic preference among the ranked" with_cells(5, 0, &[1, 0, 0, 1, 1, 0, 0]),
    BallotProof "s10: both of a pair before the other" with_cells(4, 0, &[1, 1, 1, 1, 0, 0, 0]),
    BallotProof "s13: blank and an order at once" with_cells(4, 0, &[1, 1, 0, 1, 0, 0, 1]),
    BallotProof "s13: neither blank nor an answer" with_cells(6, 0, &[0, 0, 0, 0]),
    BallotContests "a cell too many in a ranking" with_cells_and_length(5, |ciphertexts| {
        let again = ciphertexts[..64].to_vec();
        ciphertexts.extend(again);
    }),
    BallotContests "a cell too few in the points" with_cells_and_length(2, |ciphertexts| ciphertexts.truncate(2 * 64)),
}

/// An honest ballot of voter 0 with a wrong number of cells in one contest, signed.
fn with_cells_and_length(contest: usize, change: impl FnOnce(&mut Vec<u8>)) -> TamperedRecord {
    let mut sandbox = every_kind();
    let sealed = sandbox.seal(0, &answers(2));
    let mut sealed: ballot::Sealed = codec::from_bytes(&sealed.parts()[0], tlog::tile::MAX_ENTRY).unwrap();
    // Contest 1 has two sections, every other one has one.
    change(&mut sealed.sections[contest + usize::from(contest > 1)].ciphertexts);
    let bytes = sandbox.cast(0, &codec::to_bytes(&sealed));
    with_bytes(sandbox, bytes)
}
