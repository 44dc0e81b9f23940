//! A board in memory: the real fold, real checkpoints, real receipts.
#![allow(dead_code, unreachable_pub, reason = "shared by test files, each of which uses a part")]

use std::collections::BTreeMap;
use std::sync::LazyLock;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use session::Booth;
use tlog::note::SignedNote;
use tlog::tlog_proof::TlogProof;
use tlog::tree::MemoryTree;
use voting_core::contest::{Choice, Entitlement};
use voting_core::credential::{CodeSecret, VotingCode};
use voting_core::entry::OfficialKey;
use voting_core::ids::{EntryIndex, EventId, GroupIndex, RoundIndex, Tracker};
use voting_core::labels::{Label, LabelFile};
use voting_core::record::Refusal;
use voting_core::testing::{Sandbox, chosen};

/// Voting codes of the six voters; even ones are in group 0.
pub static CODES: LazyLock<[String; 6]> =
    LazyLock::new(|| core::array::from_fn(|i| VotingCode::from_entropy([0x11 * (i as u8 + 1); 11]).expose_text()));

/// A member of group 0.
pub const MEMBER: Entitlement = Entitlement { group: GroupIndex(0), weight: 1 };

pub struct Board {
    pub sandbox: Sandbox,
}

/// Answers of a member of group 0.
pub fn choices(first: &[u32], second: &[u32]) -> Vec<Choice> {
    vec![chosen(first), chosen(second)]
}

pub fn label_file(event: &EventId, labels: &[Label], key: &OfficialKey) -> Vec<u8> {
    LabelFile { event: *event, audience: "public".into(), delete_day: 0, labels: labels.to_vec() }.sign(key)
}

impl Board {
    pub fn open(seed: u64) -> Self {
        Self::start(Sandbox::new(seed))
    }

    /// The same with labels whose digests stand in the manifest.
    pub fn open_with_labels(seed: u64) -> (Self, Vec<Label>) {
        let mut labels = Vec::new();
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let sandbox = Sandbox::with(seed, |fields| {
            let mut label = |text: &str| {
                let label = Label::new(BTreeMap::from([("en".to_owned(), text.to_owned())]), &mut rng);
                labels.push(label.clone());
                label.digest()
            };
            fields.title = label("Election");
            let names: [&[&str]; 3] = [&["A", "B", "C"], &["D", "E"], &["yes", "no"]];
            fields.rounds[0].title = label("First round");
            for (contest, names) in fields.rounds[0].contests.iter_mut().zip(names) {
                contest.title = label("Contest");
                contest.options = names.iter().map(|name| label(name)).collect();
            }
        });
        (Self::start(sandbox), labels)
    }

    /// Gives the voters their codes, publishes the rolls of the manifest's rounds and opens the first one.
    pub fn start(mut sandbox: Sandbox) -> Self {
        let event = sandbox.manifest().event();
        for (voter, code) in sandbox.voters.iter_mut().zip(CODES.iter()) {
            voter.secret = CodeSecret::stretch(&VotingCode::parse(code).unwrap(), &event).unwrap();
        }
        sandbox.ceremony();
        for round in 0..sandbox.manifest().rounds.len() as u32 {
            sandbox.roll(RoundIndex(round));
        }
        sandbox.open(RoundIndex(0));
        Self { sandbox }
    }

    pub fn booth(&self) -> Booth {
        Booth::from_state(&self.sandbox.manifest().event(), &self.sandbox.state, None).unwrap()
    }

    /// Offers all parts of a ballot and returns the receipts. Bytes that stand on the log get their receipt again.
    pub fn submit(&mut self, entries: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, Refusal> {
        let mut receipts = Vec::new();
        for entry in entries {
            let known = self.sandbox.entries.iter().position(|known| known == entry);
            let index = match known {
                Some(index) => index as u64,
                None => {
                    self.sandbox.offer(entry.clone())?;
                    self.sandbox.state.size() - 1
                }
            };
            receipts.push(self.latest(EntryIndex(index)).1);
        }
        Ok(receipts)
    }

    /// An entry with its receipt under the checkpoint of now.
    pub fn latest(&self, index: EntryIndex) -> (Vec<u8>, Vec<u8>) {
        let mut tree = MemoryTree::new();
        self.sandbox.entries.iter().for_each(|entry| {
            tree.append(entry);
        });
        let note = SignedNote::parse(&self.sandbox.checkpoint()).unwrap();
        let proof = TlogProof::new(index.0, tree.inclusion(index.0, tree.size()).unwrap(), note).unwrap();
        (self.sandbox.entries[index.0 as usize].clone(), proof.to_bytes())
    }

    pub fn cast(&mut self, code: &str, choices: &[Choice], rng: &mut ChaCha20Rng) -> Tracker {
        let voter = self.booth().enter(code, MEMBER).unwrap();
        let submission = voter.seal(choices, rng).unwrap().cast(rng).unwrap();
        let receipt = self.submit(submission.entries()).unwrap();
        submission.accept(&receipt).unwrap().tracker()
    }
}
