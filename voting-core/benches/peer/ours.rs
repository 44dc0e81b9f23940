//! Our side: a real event with an open round of one contest. Sealing goes from the choice to the entry's bytes, signature
//! included; verifying from the entry's bytes to the verdict, through the fold of the board and of every observer.

use core::ops::Range;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use tlog::hash::Hash;
use voting_core::ballot::{self, BallotEntry, EncryptionKey, RoundRules};
use voting_core::contest::{
    Budget, Choice, Contest, Entitlement, Grades, Kind, Method, Mode, Points, Ranking, Selection,
};
use voting_core::credential::{CodeSecret, Credential};
use voting_core::entry::{Author, Body, Entry, RollChunk};
use voting_core::ids::{GroupIndex, LabelDigest, RoundIndex};
use voting_core::testing::{ENTROPY, Sandbox, Voter, chosen, contest, contest_of, label_digests};

const ROUND: RoundIndex = RoundIndex(0);
const MEMBER: Entitlement = Entitlement { group: GroupIndex(0), weight: 1 };

/// A work: what is asked, and what voter `i` answers.
pub(crate) struct Work {
    pub(crate) name: &'static str,
    pub(crate) contest: fn() -> Contest,
    pub(crate) choice: fn(usize) -> Choice,
}

fn kind(options: u32, kind: Kind) -> Contest {
    contest_of(options, kind, &[0], false)
}

fn ranks(options: usize, voter: usize) -> Choice {
    // Three options share each rank, and the last one is left out.
    let rank = |option: usize| (option + 1 < options).then_some(((option * 5 + voter) % options / 3) as u32);
    Choice::Ranking((0..options).map(rank).collect())
}

const RANKING: Ranking = Ranking { mode: Mode::UnrankedLast, ties: true, blank: false, method: Method::Schulze };

/// The works, without blank cells, which the peer does not have; and two with them.
pub(crate) const WORKS: &[Work] = &[
    Work {
        name: "1 of 5",
        contest: || contest(5, Selection { min: 1, max: 1, blank: false }, &[0], false),
        choice: |voter| chosen(&[voter as u32 % 5]),
    },
    Work {
        name: "up to 3 of 20",
        contest: || contest(20, Selection { min: 0, max: 3, blank: false }, &[0], false),
        choice: |voter| chosen(&[voter as u32 % 20, (voter as u32 + 7) % 20, (voter as u32 + 11) % 20]),
    },
    Work {
        name: "5 scores to 100, total at most 100",
        contest: || kind(5, Kind::Points(Points { max: 100, budget: Budget::Fixed(100), exact: false, blank: false })),
        choice: |voter| Choice::Points([31, 7, 0, 44, voter % 18].map(|points| points as u64).to_vec()),
    },
    Work {
        name: "1 of 5 or blank",
        contest: || contest(5, Selection { min: 1, max: 1, blank: true }, &[0], false),
        choice: |voter| chosen(&[voter as u32 % 5]),
    },
    Work {
        name: "1 to 3 of 20 or blank",
        contest: || contest(20, Selection { min: 1, max: 3, blank: true }, &[0], false),
        choice: |voter| chosen(&[voter as u32 % 20, (voter as u32 + 7) % 20, (voter as u32 + 11) % 20]),
    },
    Work {
        name: "4 grades for 10 persons",
        contest: || {
            let (criteria, grades) = (label_digests(1_000, 1), label_digests(2_000, 4));
            kind(10, Kind::Grades(Grades { criteria, grades, rows_may_be_blank: false, caps: vec![], median: false }))
        },
        choice: |voter| Choice::Grades((0..10).map(|person| Some((person + voter as u32) % 4)).collect()),
    },
    Work {
        name: "ranking of 8, ties allowed",
        contest: || kind(8, Kind::Ranking(RANKING)),
        choice: |voter| ranks(8, voter),
    },
    Work {
        name: "ranking of 13, ties allowed",
        contest: || kind(13, Kind::Ranking(RANKING)),
        choice: |voter| ranks(13, voter),
    },
];

/// An open round with the entries of all its voters.
pub(crate) struct Ours {
    sandbox: Sandbox,
    rules: RoundRules,
    key: EncryptionKey,
    choice: fn(usize) -> Choice,
    credentials: Vec<Credential>,
    pub(crate) entries: Vec<Vec<u8>>,
}

impl Ours {
    pub(crate) fn new(work: &Work, voters: usize) -> Self {
        let mut sandbox = Sandbox::with(1, |fields| {
            fields.groups = vec![LabelDigest([4; 32])];
            fields.rounds.truncate(1);
            fields.rounds[0].contests = vec![(work.contest)()];
        });
        let voter = |i: usize| {
            let mut secret = [0; 32];
            secret[..8].copy_from_slice(&(i as u64).to_le_bytes());
            Voter { secret: CodeSecret::testing_only(secret), weight: 1, group: GroupIndex(0) }
        };
        sandbox.voters = (0..voters).map(voter).collect();
        sandbox.ceremony();
        let members = sandbox.members(ROUND);
        sandbox.push(Author::Registrar, &Body::RollChunk(RollChunk { round: ROUND, number: 0, members }));
        let end = sandbox.roll_end(ROUND);
        sandbox.push(Author::Registrar, &Body::RollClosed(end));
        sandbox.open(ROUND);
        let rules = sandbox.state.round(ROUND).unwrap().rules().unwrap().clone();
        let key = EncryptionKey::new(rules.binding.joint_key);
        let credentials = (0..voters).map(|voter| sandbox.credential(voter, ROUND)).collect();
        let mut ours = Self { sandbox, rules, key, choice: work.choice, credentials, entries: Vec::new() };
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        ours.entries = (0..voters).map(|voter| ours.seal(voter, &mut rng)).collect();
        ours
    }

    /// From the choice to the bytes of the entry.
    pub(crate) fn seal(&self, voter: usize, rng: &mut ChaCha20Rng) -> Vec<u8> {
        let voter = voter % self.credentials.len();
        let (credential, choices) = (&self.credentials[voter], [(self.choice)(voter)]);
        let sealed = ballot::seal(&self.rules, &self.key, MEMBER, &credential.key(), &choices, rng).unwrap();
        let first = Hash(self.rules.binding.event.0);
        let binding = &self.rules.binding;
        ballot::cast(&sealed.into_parts(), binding, credential, 1, first, rng).unwrap().remove(0)
    }

    /// From the bytes of entries to the verdict on each.
    pub(crate) fn verify(&self, entries: &[Vec<u8>]) {
        let slices: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
        let verdicts = self.sandbox.state.check_ballots(&slices, &ENTROPY);
        assert!(verdicts.len() == entries.len() && verdicts.iter().all(Result::is_ok));
    }

    /// Decoded entries, for the sizes and for the floor.
    pub(crate) fn decoded(&self, entries: Range<usize>) -> Vec<BallotEntry> {
        let decode = |entry: &Vec<u8>| match Entry::from_bytes(entry).unwrap() {
            Entry::Ballot(ballot) => ballot,
            Entry::Official(_) => panic!("a ballot"),
        };
        self.entries[entries].iter().map(decode).collect()
    }

    /// Bytes of ciphertexts and argument: what the peer's ballots consist of.
    pub(crate) fn proof_bytes(&self) -> usize {
        let ballot = self.decoded(0..1).remove(0);
        ballot.sealed.sections.iter().map(|section| section.ciphertexts.len() + section.argument.len()).sum()
    }

    /// Points that all ballots of a batch share: G, Y, K and two generators for each bit.
    pub(crate) fn shared_points(&self) -> usize {
        3 + 2 * self.rules.generators().bits()
    }
}
