//! Records that break one rule each, made from valid ones as a dishonest board or author would: everything else in them
//! is right, and their checkpoint is signed by the log.

mod cases;
pub mod kinds;

use proofs::elgamal::PublicKey;
use proofs::group::{BASE, CompressedPoint, Scalar};
use proofs::secret::SecretScalar;
use proofs::sharing::polynomial::Polynomial;
use proofs::sigma::signature::Signature;

use super::{START, Sandbox, Voter, chosen, contest, verify};
use crate::ballot::{self, BallotEntry, RoundRules};
use crate::ceremony::messages::{Commitment, Confirmation, Dealing};
use crate::ceremony::{self, Committed, Setup};
use crate::codec;
use crate::contest::{Choice, Selection};
use crate::entry::{
    self, Attendance, Author, Body, Cancelled, CloseOrder, Entry, GroupAttendance, NotCounted, RollChunk, RoundClosed,
    RoundResult, Totals,
};
use crate::ids::{CredentialKey, EventId, RoundIndex, TrusteeIndex};
use crate::outcome::Verdict;
use crate::record::{Report, Rule};
use proofs::elgamal::EncryptionKey;

/// A record, valid or not.
#[derive(Clone)]
pub struct TamperedRecord {
    /// The event that the verifier trusts.
    pub event: EventId,
    /// The signed checkpoint.
    pub checkpoint: Vec<u8>,
    /// The entries.
    pub entries: Vec<Vec<u8>>,
}

impl TamperedRecord {
    /// The verdict.
    #[must_use]
    pub fn report(&self) -> Report {
        verify(&self.event, &self.checkpoint, &self.entries)
    }
}

/// A way to break a rule.
pub struct Tamper {
    /// The rule that must be reported.
    pub rule: Rule,
    /// Name of the defect, with the ids of the attacks it stands for.
    pub name: &'static str,
    /// Makes the record.
    pub make: fn() -> TamperedRecord,
}

/// Every way, at least one for each rule.
#[must_use]
pub fn all() -> Vec<Tamper> {
    let mut all = cases::all();
    all.extend(kinds::all());
    all
}

const FIRST: RoundIndex = RoundIndex(0);
const ADMINISTRATOR: Author = Author::Administrator;
const REGISTRAR: Author = Author::Registrar;

fn trustee(index: u32) -> Author {
    Author::Trustee(TrusteeIndex(index))
}

fn opened() -> Sandbox {
    Sandbox::opened(1)
}

/// Votes cast and the round closed.
fn closed() -> Sandbox {
    let mut sandbox = opened();
    sandbox.vote_all();
    sandbox.close();
    sandbox
}

/// Two trustees have decrypted.
fn decrypted() -> Sandbox {
    let mut sandbox = closed();
    sandbox.decrypt(1);
    sandbox.decrypt(2);
    sandbox
}

/// Smuggles a body that its author signs.
fn with(mut sandbox: Sandbox, author: Author, body: &Body) -> TamperedRecord {
    let bytes = sandbox.signed(author, body);
    sandbox.smuggle(bytes);
    sandbox.record()
}

/// Smuggles raw bytes.
fn with_bytes(mut sandbox: Sandbox, bytes: Vec<u8>) -> TamperedRecord {
    sandbox.smuggle(bytes);
    sandbox.record()
}

fn pair() -> [Choice; 2] {
    [chosen(&[0]), chosen(&[1])]
}

/// A valid ballot of voter 0, decoded, that nobody has submitted.
fn unsent(sandbox: &mut Sandbox) -> BallotEntry {
    let sealed = sandbox.seal(0, &pair());
    let bytes = sandbox.cast(0, &sealed.parts()[0]);
    codec::from_bytes(&bytes, tlog::tile::MAX_ENTRY).unwrap()
}

/// Encodes changed sealed parts and signs them as voter 0.
fn resigned(sandbox: &mut Sandbox, change: impl FnOnce(&mut ballot::Sealed)) -> Vec<u8> {
    let mut entry = unsent(sandbox);
    change(&mut entry.sealed);
    let sealed = codec::to_bytes(&entry.sealed);
    sandbox.cast(0, &sealed)
}

/// Adds G to an encoded point: another valid point.
fn shift(bytes: &mut [u8]) {
    let point = CompressedPoint::from_slice(bytes).unwrap().decompress().unwrap();
    bytes.copy_from_slice((point + BASE).compress().as_bytes());
}

/// A first-stage message of trustee 1 with its state.
fn commitment(sandbox: &mut Sandbox, setup: Setup) -> (Committed, Commitment) {
    ceremony::commit(setup, TrusteeIndex(1), &mut sandbox.rng).unwrap()
}

/// The sandbox after the first stage, and the dealing that trustee 1 would post.
fn first_dealing() -> (Sandbox, Dealing) {
    let mut sandbox = Sandbox::new(2);
    let committed = sandbox.commit();
    let keys = sandbox.state.encryption_keys().clone();
    let state = committed.into_iter().next().unwrap();
    let dealing = state.deal(&keys, &mut sandbox.rng).unwrap().1;
    (sandbox, dealing)
}

/// A ceremony in which trustee 1 makes messages under a changed setup or state, up to its dealing.
fn dealing_of(change: impl FnOnce(&mut Sandbox) -> (Committed, Commitment)) -> (Sandbox, Dealing) {
    let mut sandbox = Sandbox::new(3);
    let (state, message) = change(&mut sandbox);
    sandbox.push(trustee(1), &Body::Commitment(message));
    for index in [2, 3] {
        let message = ceremony::commit(sandbox.setup(), TrusteeIndex(index), &mut sandbox.rng).unwrap().1;
        sandbox.push(trustee(index), &Body::Commitment(message));
    }
    let keys = sandbox.state.encryption_keys().clone();
    let dealing = state.deal(&keys, &mut sandbox.rng).unwrap().1;
    (sandbox, dealing)
}

/// The state of a trustee with a chosen polynomial, and its honest first message.
fn committed_to(sandbox: &mut Sandbox, index: u32, coefficients: Vec<SecretScalar>) -> (Committed, Commitment) {
    use proofs::sharing::feldman::Commitments;
    use proofs::sigma::possession::PossessionProof;
    let (setup, index) = (sandbox.setup(), TrusteeIndex(index));
    let (_, mut message) = ceremony::commit(setup, index, &mut sandbox.rng).unwrap();
    let encryption = SecretScalar::random(&mut sandbox.rng);
    let key = PublicKey::of(&encryption).unwrap();
    let mut transcript = crate::context::encryption_key(&setup.event, &setup.ceremony, index);
    message.encryption_key = key.to_bytes();
    message.possession = PossessionProof::prove(&mut transcript, &encryption, &key, &mut sandbox.rng).to_bytes();
    let polynomial = Polynomial::from_coefficients(coefficients).unwrap();
    let constant = polynomial.expose_secret();
    let public = PublicKey::of(&constant).unwrap();
    let mut transcript = crate::context::dealing(&setup.event, &setup.ceremony, index);
    let possession = PossessionProof::prove(&mut transcript, &constant, &public, &mut sandbox.rng).to_bytes();
    let commitments = Commitments::of(&polynomial).encode();
    message.dealing = ceremony::checks::dealing_hash(&setup, index, &commitments, &possession);
    let mut bytes = encryption.expose_bytes().to_vec();
    bytes.extend_from_slice(&possession);
    bytes.extend_from_slice(&polynomial.expose_bytes());
    (Committed::from_exposed_bytes(setup, index, &bytes).unwrap(), message)
}

/// All trustees together make polynomials with these constants and slopes.
fn colluding(polynomials: [(i64, i64); 3]) -> TamperedRecord {
    let mut sandbox = Sandbox::new(4);
    let scalar = |v: i64| SecretScalar::from_scalar(proofs::group::scalar_from_i64(v));
    let mut states = Vec::new();
    for (index, (constant, slope)) in (1..).zip(polynomials) {
        let (state, message) = committed_to(&mut sandbox, index, vec![scalar(constant), scalar(slope)]);
        sandbox.push(trustee(index), &Body::Commitment(message));
        states.push(state);
    }
    let keys = sandbox.state.encryption_keys().clone();
    for (index, state) in (1..).zip(states) {
        let message = state.deal(&keys, &mut sandbox.rng).unwrap().1;
        let bytes = sandbox.signed(trustee(index), &Body::Dealing(message));
        if index < 3 { sandbox.offer(bytes).unwrap() } else { sandbox.smuggle(bytes) }
    }
    sandbox.record()
}

/// A right confirmation of trustee 1 with one change, after the second stage.
fn confirmation(change: impl FnOnce(&mut Confirmation)) -> TamperedRecord {
    let mut sandbox = Sandbox::new(2);
    let committed = sandbox.commit();
    let dealt = sandbox.deal(committed).remove(0);
    let mut message = dealt.confirm(sandbox.state.ceremony_messages()).unwrap().1;
    change(&mut message);
    with(sandbox, trustee(1), &Body::Confirmation(message))
}

/// Ephemeral key and proof of knowledge for one share, from a secret that the dealer uses again.
fn reuse(sandbox: &mut Sandbox, dealing: &mut Dealing, dealer: u32, receiver: u32) {
    use proofs::sigma::possession::PossessionProof;
    let secret = SecretScalar::from_scalar(Scalar::from(4_711_u64));
    let public = PublicKey::of(&secret).unwrap();
    let setup = sandbox.setup();
    let keys = sandbox.state.encryption_keys().clone();
    let side = |index| (TrusteeIndex(index), &keys[&TrusteeIndex(index)]);
    let mut transcript = crate::context::ephemeral(&setup.event, &setup.ceremony, side(dealer), side(receiver));
    let share = &mut dealing.shares[receiver as usize - 1];
    share.ephemeral = public.to_bytes();
    share.possession = PossessionProof::prove(&mut transcript, &secret, &public, &mut sandbox.rng).to_bytes();
}

/// A ballot with chosen randomness for each contest and cell: every proof of it holds. Answers option 0 everywhere.
pub fn with_randomness(
    sandbox: &mut Sandbox,
    voter: usize,
    randomness: impl Fn(u32, usize) -> SecretScalar,
) -> Vec<u8> {
    let rules = sandbox.state.round(FIRST).unwrap().rules().unwrap().clone();
    let key = EncryptionKey::new(rules.binding.joint_key);
    let credential = sandbox.credential(voter, FIRST).key();
    let Voter { weight, group, .. } = sandbox.voters[voter];
    let mut transcript = crate::context::ballot(&rules.binding, &credential, 0);
    let mut sections = Vec::new();
    for rule in rules.contests_of(group) {
        let values = rule.contest.values(&chosen(&[0]), weight).unwrap().remove(0);
        let section = rule.sections(weight).unwrap()[0].clone();
        let statement = section.statement();
        let randomness: Vec<_> = section.carried().map(|cell| randomness(rule.index.0, cell)).collect();
        let pairs = statement.encrypt(&key, &values, &randomness).unwrap();
        let pairs: Vec<_> = pairs.iter().map(|pair| pair.compress()).collect();
        crate::context::section(&mut transcript, rule.index, 0);
        let generators = rules.generators();
        let rng = &mut sandbox.rng;
        let proof =
            proofs::bit_vector::prove(&mut transcript, statement, generators, &key, &pairs, &values, &randomness, rng);
        let ciphertexts = pairs.iter().flat_map(|pair| pair.to_bytes()).collect();
        sections.push(ballot::SealedSection { ciphertexts, argument: proof.unwrap().to_bytes() });
    }
    let binding = rules.binding;
    let sealed = ballot::Sealed { event: binding.event, round: binding.round, credential, part: 0, sections };
    sandbox.cast(voter, &codec::to_bytes(&sealed))
}

/// A ballot of a voter with one change outside what is sealed, signed again as a voter can who writes programs.
pub fn signed_again(
    sandbox: &mut Sandbox,
    voter: usize,
    entry: &[u8],
    change: impl FnOnce(&mut BallotEntry),
) -> Vec<u8> {
    let mut entry: BallotEntry = codec::from_bytes(entry, tlog::tile::MAX_ENTRY).unwrap();
    change(&mut entry);
    let credential = sandbox.credential(voter, FIRST);
    let binding = sandbox.state.round(FIRST).unwrap().rules().unwrap().binding;
    let (tracker, counter, previous) = (entry.tracker(), entry.counter, &entry.previous);
    let mut transcript = crate::context::ballot_signature(&binding, &credential.key(), &tracker, counter, previous);
    let public = credential.public().unwrap();
    let signature = Signature::sign(&mut transcript, credential.secret(), &public, &mut sandbox.rng);
    entry.signature = signature.to_bytes();
    codec::to_bytes(&entry)
}

/// A roll chunk with changed members, after the ceremony.
fn roll(change: impl FnOnce(&mut RollChunk)) -> TamperedRecord {
    let mut sandbox = Sandbox::new(5);
    sandbox.ceremony();
    let mut chunk = RollChunk { round: FIRST, number: 0, members: sandbox.members(FIRST) };
    change(&mut chunk);
    with(sandbox, REGISTRAR, &Body::RollChunk(chunk))
}

/// A start of the first round with one change, everything else being ready.
fn start(change: impl FnOnce(&mut entry::RoundStarted)) -> TamperedRecord {
    let mut sandbox = Sandbox::new(6);
    sandbox.ceremony();
    sandbox.roll(FIRST);
    let mut start = sandbox.start(FIRST);
    change(&mut start);
    with(sandbox, ADMINISTRATOR, &Body::RoundStarted(start))
}

/// A closing entry with one change.
fn closing(change: impl FnOnce(&mut RoundClosed, &Sandbox)) -> TamperedRecord {
    let mut sandbox = opened();
    sandbox.vote_all();
    let mut closing = sandbox.state.closing_entry(&sandbox.close_order(), super::START + 3_601).unwrap();
    change(&mut closing, &sandbox);
    with(sandbox, Author::Board, &Body::RoundClosed(closing))
}

/// A partial decryption of trustee 1 with one change.
fn partial(change: impl FnOnce(&mut crate::tally::partial::PartialDecryption)) -> TamperedRecord {
    let mut sandbox = closed();
    let mut part = sandbox.partial(1);
    change(&mut part);
    with(sandbox, trustee(1), &Body::PartialDecryption(part))
}

/// A result with one change.
fn result(change: impl FnOnce(&mut RoundResult)) -> TamperedRecord {
    let sandbox = decrypted();
    let mut result = sandbox.state.compute_result(FIRST).unwrap();
    change(&mut result);
    with(sandbox, ADMINISTRATOR, &Body::RoundResult(result))
}

/// Decodes an entry, for tests that look inside.
#[must_use]
pub fn decoded(bytes: &[u8]) -> Entry {
    Entry::from_bytes(bytes).unwrap()
}
