//! The peer: elastic-elgamal on the same group, with its own range proofs where a rule about a sum needs one. Its tables
//! of admissible values are made outside the clock. It has no batches, no signatures and no context.
//!
//! Two things are in its favour. Its bytes are counted as 32 for each point and scalar, without the framing that they
//! travel in. And since its choices do not hand out their randomness, a proof about a sum is made for another encryption
//! of the same sum: that encryption, and its decoding, are outside the clock. One is not: points and scalars are decoded
//! through serde, as its types demand. `framing` tells what that costs beyond the curve.

use elastic_elgamal::app::{ChoiceParams, EncryptedChoice, MultiChoice, SingleChoice};
use elastic_elgamal::group::Ristretto;
use elastic_elgamal::{
    Ciphertext, CiphertextWithValue, Keypair, PreparedRange, PublicKey, RangeDecomposition, RangeProof,
};
use merlin::Transcript;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::Serialize;
use serde::de::DeserializeOwned;
use voting_core::contest::Choice;

type Sum = CiphertextWithValue<Ristretto, u64>;
type Proof = RangeProof<Ristretto>;

/// What the peer can do of a work.
enum Rule {
    Single(ChoiceParams<Ristretto, SingleChoice>),
    /// Any number of options, and a range proof that the sum is below a bound.
    Multi(ChoiceParams<Ristretto, MultiChoice>, PreparedRange<Ristretto>),
    /// A range proof for each score, and one for the sum.
    Scores(PreparedRange<Ristretto>),
}

/// A ballot of the peer, with the encryption of its sum.
pub(crate) struct Ballot {
    bytes: Vec<Vec<u8>>,
    sum: Ciphertext<Ristretto>,
}

pub(crate) struct Theirs {
    rule: Rule,
    receiver: PublicKey<Ristretto>,
    choice: fn(usize) -> Choice,
    sums: Vec<Sum>,
    pub(crate) ballots: Vec<Ballot>,
    /// Points and scalars of a ballot.
    pub(crate) elements: (usize, usize),
}

fn range_transcript() -> Transcript {
    Transcript::new(b"range")
}

/// Points and scalars of a range proof beside its ciphertext.
fn range_elements(range: &PreparedRange<Ristretto>) -> (usize, usize) {
    let text = range.decomposition().to_string();
    let rings = text.split('+').count();
    let size = range.decomposition().proof_size() as usize;
    (2 * (rings - 1), size - 2 * (rings - 1))
}

fn to_bincode(value: &impl Serialize) -> Vec<u8> {
    bincode::serialize(value).unwrap()
}

/// Range proofs have a flattened field, which bincode can't write.
fn to_cbor(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

fn from_cbor<T: DeserializeOwned>(bytes: &[u8]) -> T {
    ciborium::from_reader(bytes).unwrap()
}

impl Theirs {
    /// The peer at a work, if it can do it.
    pub(crate) fn new(work: &str, choice: fn(usize) -> Choice, voters: usize) -> Option<Self> {
        let mut rng = ChaCha20Rng::seed_from_u64(4);
        let (receiver, _) = Keypair::<Ristretto>::generate(&mut rng).into_tuple();
        let range = |bound: u64| PreparedRange::from(RangeDecomposition::optimal(bound));
        let rule = match work {
            "1 of 5" => Rule::Single(ChoiceParams::single(receiver.clone(), 5)),
            "up to 3 of 20" => Rule::Multi(ChoiceParams::multi(receiver.clone(), 20), range(4)),
            "5 scores to 100, total at most 100" => Rule::Scores(range(101)),
            _ => return None,
        };
        // Two points for each option; one challenge and two responses for each bit.
        let elements = match &rule {
            Rule::Single(_) => (10, 1 + 10 + 2),
            Rule::Multi(_, range) => {
                let (points, scalars) = range_elements(range);
                (40 + points, 1 + 40 + scalars)
            }
            Rule::Scores(range) => {
                let (points, scalars) = range_elements(range);
                (10 + 6 * points, 6 * scalars)
            }
        };
        let sum = |voter: usize| match choice(voter) {
            Choice::Selection(options) => options.len() as u64,
            Choice::Points(points) => points.iter().sum(),
            _ => panic!("the peer has no such choice"),
        };
        let sums = (0..voters).map(|voter| Sum::new(sum(voter), &receiver, &mut rng)).collect();
        let mut theirs = Self { rule, receiver, choice, sums, ballots: Vec::new(), elements };
        theirs.ballots = (0..voters).map(|voter| theirs.seal(voter, &mut rng)).collect();
        Some(theirs)
    }

    fn prove(&self, range: &PreparedRange<Ristretto>, of: &Sum, rng: &mut ChaCha20Rng) -> Proof {
        RangeProof::from_ciphertext(&self.receiver, range, of, &mut range_transcript(), rng)
    }

    /// From the choice to bytes.
    pub(crate) fn seal(&self, voter: usize, rng: &mut ChaCha20Rng) -> Ballot {
        let voter = voter % self.sums.len();
        let sum = &self.sums[voter];
        let bytes = match (&self.rule, (self.choice)(voter)) {
            (Rule::Single(params), Choice::Selection(options)) => {
                vec![to_bincode(&EncryptedChoice::single(params, options[0].position(), rng))]
            }
            (Rule::Multi(params, range), Choice::Selection(options)) => {
                let mut bits = [false; 20];
                options.iter().for_each(|option| bits[option.position()] = true);
                let choice = EncryptedChoice::new(params, &bits, rng);
                vec![to_bincode(&choice), to_cbor(&self.prove(range, sum, rng))]
            }
            (Rule::Scores(range), Choice::Points(points)) => {
                let mut bytes = Vec::new();
                for points in points {
                    let cell = Sum::new(points, &self.receiver, rng);
                    let proof = self.prove(range, &cell, rng);
                    bytes.push([to_bincode(cell.inner()), to_cbor(&proof)].concat());
                }
                bytes.push(to_cbor(&self.prove(range, sum, rng)));
                bytes
            }
            _ => panic!("the choice is of another kind"),
        };
        Ballot { bytes, sum: *sum.inner() }
    }

    /// From bytes to the verdict.
    pub(crate) fn verify(&self, ballot: &Ballot) {
        let Ballot { bytes, sum } = ballot;
        let holds = |range, of, proof: Proof| proof.verify(&self.receiver, range, of, &mut range_transcript()).unwrap();
        match &self.rule {
            Rule::Single(params) => {
                let choice: EncryptedChoice<Ristretto, SingleChoice> = bincode::deserialize(&bytes[0]).unwrap();
                choice.verify(params).unwrap();
            }
            Rule::Multi(params, range) => {
                let choice: EncryptedChoice<Ristretto, MultiChoice> = bincode::deserialize(&bytes[0]).unwrap();
                choice.verify(params).unwrap();
                holds(range, *sum, from_cbor(&bytes[1]));
            }
            Rule::Scores(range) => {
                let (last, cells) = bytes.split_last().unwrap();
                for mut bytes in cells.iter().map(Vec::as_slice) {
                    let cell = bincode::deserialize_from(&mut bytes).unwrap();
                    holds(range, cell, from_cbor(bytes));
                }
                holds(range, *sum, from_cbor(last));
            }
        }
    }

    /// Decodes and does nothing else.
    pub(crate) fn decode(&self, ballot: &Ballot) {
        let bytes = &ballot.bytes;
        match &self.rule {
            Rule::Single(_) => {
                let choice: EncryptedChoice<Ristretto, SingleChoice> = bincode::deserialize(&bytes[0]).unwrap();
                std::hint::black_box(choice);
            }
            Rule::Multi(..) => {
                let choice: EncryptedChoice<Ristretto, MultiChoice> = bincode::deserialize(&bytes[0]).unwrap();
                std::hint::black_box((choice, from_cbor::<Proof>(&bytes[1])));
            }
            Rule::Scores(_) => {
                let (last, cells) = bytes.split_last().unwrap();
                for mut bytes in cells.iter().map(Vec::as_slice) {
                    let cell: Ciphertext<Ristretto> = bincode::deserialize_from(&mut bytes).unwrap();
                    std::hint::black_box((cell, from_cbor::<Proof>(bytes)));
                }
                std::hint::black_box(from_cbor::<Proof>(last));
            }
        }
    }

    /// Bytes of a ballot: 32 for each point and scalar.
    pub(crate) fn bytes(&self) -> usize {
        32 * (self.elements.0 + self.elements.1)
    }
}
