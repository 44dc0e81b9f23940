//! Every kind of thing that the log may hold, and the signatures of officials, trustees and board.
//!
//! Entry 0 is the manifest. Every other entry is a CBOR array that begins with its kind. A ballot is exactly the bytes
//! that the voter sent; all other entries are `[kind, author, body, signature]` with an Ed25519 signature (strict
//! verification) over `["urna/v1/entry", event, kind, author, body]`, so that nothing crosses events or kinds.

mod request;
#[cfg(test)]
mod tests;
mod wire;

use rand_core::CryptoRngCore;
use tlog::hash::Hash;
use tlog::signature::SecretKey;
use zeroize::Zeroizing;

pub use request::{Request, open_request, sign_request};

use crate::ballot::BallotEntry;
use crate::ceremony::messages::{Commitment, Confirmation, Dealing};
use crate::codec::{self, Malformed, Reader, Writer};
use crate::ids::{CredentialKey, EventId, GroupIndex, RoundId, RoundIndex, SigningKeyId, TrusteeIndex};
use crate::manifest::{Manifest, RoundPlan};
use crate::outcome::ContestOutcome;
use crate::tally::partial::PartialDecryption;

/// Most members in one chunk of the roll: each takes at most 46 bytes.
pub const ROLL_CHUNK: usize = 1_400;

/// The Ed25519 key of an official, a trustee or the log. Erased when dropped; prints nothing.
pub struct OfficialKey {
    seed: Zeroizing<[u8; 32]>,
    key: SecretKey,
}

impl core::fmt::Debug for OfficialKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("OfficialKey(..)")
    }
}

impl OfficialKey {
    /// A fresh key from the caller's source of randomness.
    #[must_use]
    pub fn random(rng: &mut impl CryptoRngCore) -> Self {
        let mut seed = Zeroizing::new([0; 32]);
        rng.fill_bytes(seed.as_mut());
        Self::from_seed(&seed)
    }

    /// The key of a 32-byte seed (RFC 8032).
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self { seed: Zeroizing::new(*seed), key: SecretKey::from_seed(seed) }
    }

    /// The seed, to be stored encrypted.
    #[must_use]
    pub fn expose_seed(&self) -> Zeroizing<[u8; 32]> {
        self.seed.clone()
    }

    /// The public key.
    #[must_use]
    pub fn public(&self) -> SigningKeyId {
        SigningKeyId(self.key.public())
    }

    /// Signs a message that says its own purpose.
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message)
    }
}

/// Strict verification (RFC 8032, and no small-order keys or R), the same everywhere.
pub(crate) fn verify_signature(key: &SigningKeyId, message: &[u8], signature: &[u8; 64]) -> bool {
    tlog::signature::verify_strict(key.as_bytes(), message, signature)
}

/// Who signs an entry that is not a ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Author {
    /// The administrator.
    Administrator,
    /// The registrar.
    Registrar,
    /// The board, with the log's key.
    Board,
    /// A trustee.
    Trustee(TrusteeIndex),
}

impl Author {
    /// The key that the manifest names; `None` for a trustee it does not have (A26).
    #[must_use]
    pub fn key(self, manifest: &Manifest) -> Option<SigningKeyId> {
        match self {
            Self::Administrator => Some(manifest.administrator),
            Self::Registrar => Some(manifest.registrar),
            Self::Board => Some(manifest.log_key),
            Self::Trustee(index) => manifest.trustee(index).map(|trustee| trustee.key),
        }
    }
}

impl core::fmt::Display for Author {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Administrator => f.write_str("the administrator"),
            Self::Registrar => f.write_str("the registrar"),
            Self::Board => f.write_str("the board"),
            Self::Trustee(index) => write!(f, "trustee {index}"),
        }
    }
}

/// A member of the roll of one round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RollMember {
    /// Public key of the credential in this round.
    pub key: CredentialKey,
    /// How many votes the ballot counts for.
    pub weight: u64,
    /// The member's group.
    pub group: GroupIndex,
}

/// A part of the roll of a round, ascending by key bytes (M11).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollChunk {
    /// The round.
    pub round: RoundIndex,
    /// Number of this chunk, from 0.
    pub number: u32,
    /// The members.
    pub members: Vec<RollMember>,
}

/// Ends the roll of a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollClosed {
    /// The round.
    pub round: RoundIndex,
    /// For each group the number of members and their total weight.
    pub groups: Vec<(u64, u64)>,
}

/// What starts a round: its hash is the round id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundStatement {
    /// The round.
    pub index: RoundIndex,
    /// Title, times and contests.
    pub plan: RoundPlan,
    /// For a follow-up round the one whose outcome calls for it.
    pub cause: Option<RoundId>,
}

impl RoundStatement {
    /// The round's id in an event.
    #[must_use]
    pub fn id(&self, event: &EventId) -> RoundId {
        RoundId::of(event, &codec::to_bytes(self))
    }
}

/// Starts a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundStarted {
    /// What is voted on.
    pub statement: RoundStatement,
    /// The joint key that ballots are encrypted under.
    pub joint_key: [u8; 32],
    /// The administrator's clock in seconds since 1970-01-01 UTC.
    pub time: u64,
}

/// The administrator's order to close a round; the board embeds it in [`RoundClosed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloseOrder {
    /// The round.
    pub round: RoundId,
    /// The administrator's clock in seconds since 1970-01-01 UTC.
    pub time: u64,
}

/// Ends the voting of a round; signed by the board, on the administrator's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundClosed {
    /// The signed order as the administrator sent it.
    pub order: Vec<u8>,
    /// Number of ballots on the log in this round, replaced ones included (A15).
    pub ballots: u64,
    /// Entries in the log before this one.
    pub size: u64,
    /// Root of the tree before this entry.
    pub root: Hash,
    /// The board's clock in seconds since 1970-01-01 UTC.
    pub time: u64,
}

/// Totals of one tally: a contest, and a group where totals are decrypted for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Totals(pub Vec<u64>);

/// The result of a round.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundResult {
    /// The round.
    pub round: RoundId,
    /// The t trustees whose partial decryptions were combined, ascending.
    pub trustees: Vec<TrusteeIndex>,
    /// Totals of each tally, in the order of contests and groups.
    pub totals: Vec<Totals>,
}

/// A round ends without a result because too few ballots count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotCounted {
    /// The round.
    pub round: RoundId,
}

/// How many members of a group are excused, and how many are present: people, and the votes that they hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GroupAttendance {
    /// Members who need not come, and their weight: they are on the roll, but not counted as due.
    pub excused: (u64, u64),
    /// Members who are present, and their weight.
    pub present: (u64, u64),
}

/// The registrar states who is excused and who is present, while the round is open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attendance {
    /// The round.
    pub round: RoundId,
    /// For each group of the manifest.
    pub groups: Vec<GroupAttendance>,
}

/// What the rules of the manifest make of a round's totals. Observers compute it again and compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundOutcome {
    /// The round.
    pub round: RoundId,
    /// The public value that settles ties by lots, where a rule says so.
    pub lots: Option<[u8; 32]>,
    /// One for each tally that counts, in the order of contests and groups.
    pub contests: Vec<ContestOutcome>,
}

/// A round that was planned or called for, and will not be held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoundDropped {
    /// The round.
    pub round: RoundIndex,
    /// Reason class: 1 not needed, 2 organisational, 0 other.
    pub reason: u32,
}

/// The event is cancelled before any round was closed (S12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cancelled {
    /// Reason class: 1 error in the manifest, 2 organisational, 3 security, 0 other.
    pub reason: u32,
}

/// What an entry that is not a ballot says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Ceremony, first stage.
    Commitment(Commitment),
    /// Ceremony, second stage.
    Dealing(Dealing),
    /// Ceremony, last stage.
    Confirmation(Confirmation),
    /// Part of a roll.
    RollChunk(RollChunk),
    /// End of a roll.
    RollClosed(RollClosed),
    /// Start of a round.
    RoundStarted(RoundStarted),
    /// End of a round.
    RoundClosed(RoundClosed),
    /// One trustee's part of the count.
    PartialDecryption(PartialDecryption),
    /// Totals.
    RoundResult(RoundResult),
    /// Too few ballots.
    NotCounted(NotCounted),
    /// Cancelled.
    Cancelled(Cancelled),
    /// Who is excused and present.
    Attendance(Attendance),
    /// What the rules make of the totals.
    RoundOutcome(RoundOutcome),
    /// A round that is not held.
    RoundDropped(RoundDropped),
}

/// Kind of a ballot on the log.
pub(crate) const BALLOT: u64 = 7;
/// Kind of a closing order, which is never an entry by itself.
const CLOSE_ORDER: u64 = 32;

macro_rules! kinds {
    ($($kind:literal $variant:ident $name:literal,)*) => {
        impl Body {
            /// The kind's number on the log.
            #[must_use]
            pub fn kind(&self) -> u64 {
                match self { $(Self::$variant(_) => $kind,)* }
            }

            /// The kind's name in reports.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => $name,)* }
            }

            fn to_bytes(&self) -> Vec<u8> {
                match self { $(Self::$variant(body) => codec::to_bytes(body),)* }
            }

            fn from_bytes(kind: u64, bytes: &[u8]) -> Result<Self, Malformed> {
                match kind {
                    $($kind => codec::from_bytes(bytes, tlog::tile::MAX_ENTRY).map(Self::$variant),)*
                    _ => Err(Malformed { what: "kind of entry", offset: 0 }),
                }
            }
        }
    };
}

kinds! {
    1 Commitment "ceremony: commitment",
    2 Dealing "ceremony: dealing",
    3 Confirmation "ceremony: confirmation",
    4 RollChunk "roll: chunk",
    5 RollClosed "roll: closed",
    6 RoundStarted "round started",
    8 RoundClosed "round closed",
    9 PartialDecryption "partial decryption",
    10 RoundResult "result",
    11 NotCounted "not counted",
    12 Cancelled "cancelled",
    13 Attendance "attendance",
    14 RoundOutcome "outcome",
    15 RoundDropped "round dropped",
}

/// An entry whose bytes are canonical; nothing else about it has been checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A ballot.
    Ballot(BallotEntry),
    /// Anything else.
    Official(OfficialEntry),
}

/// A signed entry, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfficialEntry {
    /// Who claims to have signed it.
    pub author: Author,
    /// What it says.
    pub body: Body,
    signature: [u8; 64],
}

/// The author's code on the log: 0 to 2 for officials, 16 + index for a trustee.
fn author_code(author: Author) -> u64 {
    match author {
        Author::Administrator => 0,
        Author::Registrar => 1,
        Author::Board => 2,
        Author::Trustee(index) => 16 + u64::from(index.0),
    }
}

fn author_from(code: u64) -> Option<Author> {
    match code {
        0 => Some(Author::Administrator),
        1 => Some(Author::Registrar),
        2 => Some(Author::Board),
        _ => u32::try_from(code.checked_sub(16)?).ok().map(|index| Author::Trustee(TrusteeIndex(index))),
    }
}

fn signed_message(event: &EventId, kind: u64, author: Author, body: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.array(5);
    writer.text("urna/v1/entry");
    writer.bytes(event.as_bytes());
    writer.uint(kind);
    writer.uint(author_code(author));
    writer.bytes(body);
    writer.finish()
}

fn signed_bytes(event: &EventId, kind: u64, author: Author, body: &[u8], key: &OfficialKey) -> Vec<u8> {
    let signature = key.sign(&signed_message(event, kind, author, body));
    let mut writer = Writer::default();
    writer.array(4);
    writer.uint(kind);
    writer.uint(author_code(author));
    writer.bytes(body);
    writer.bytes(&signature);
    writer.finish()
}

/// Signs an entry and returns its bytes.
#[must_use]
pub fn sign(event: &EventId, author: Author, body: &Body, key: &OfficialKey) -> Vec<u8> {
    signed_bytes(event, body.kind(), author, &body.to_bytes(), key)
}

/// Signs the order to close a round; it goes to the board, which puts it into the closing entry.
#[must_use]
pub fn sign_close_order(event: &EventId, order: &CloseOrder, administrator: &OfficialKey) -> Vec<u8> {
    signed_bytes(event, CLOSE_ORDER, Author::Administrator, &codec::to_bytes(order), administrator)
}

/// Opens an order to close that the administrator of this manifest signed.
///
/// # Errors
/// [`Malformed`]; a wrong signature is reported as such.
pub fn open_close_order(manifest: &Manifest, bytes: &[u8]) -> Result<CloseOrder, Malformed> {
    let bad = |what| Malformed { what, offset: 0 };
    let (kind, author, body, signature) = read_signed(bytes)?;
    if kind != CLOSE_ORDER || author != Author::Administrator {
        return Err(bad("order to close"));
    }
    let message = signed_message(&manifest.event(), kind, author, body);
    if !verify_signature(&manifest.administrator, &message, &signature) {
        return Err(bad("signature of the order to close"));
    }
    codec::from_bytes(body, 256)
}

/// Kind, author, body and signature of a signed entry.
type SignedParts<'b> = (u64, Author, &'b [u8], [u8; 64]);

fn read_signed(bytes: &[u8]) -> Result<SignedParts<'_>, Malformed> {
    let mut r = Reader::new(bytes);
    r.array(4, "entry")?;
    let kind = r.uint("kind of entry")?;
    let author = author_from(r.uint("author")?).ok_or_else(|| r.malformed("author"))?;
    let body = r.bytes("body")?;
    let signature = r.fixed("signature")?;
    if r.position() != bytes.len() {
        return Err(r.malformed("entry"));
    }
    // One encoding only (A3): the shell is encoded again and compared; the body's codec does the same for the body.
    let mut writer = Writer::default();
    writer.array(4);
    writer.uint(kind);
    writer.uint(author_code(author));
    writer.bytes(body);
    writer.bytes(&signature);
    if writer.finish() != bytes {
        return Err(Malformed { what: "entry", offset: 0 });
    }
    Ok((kind, author, body, signature))
}

impl Entry {
    /// Decodes an entry other than entry 0 (A3, A42).
    ///
    /// # Errors
    /// [`Malformed`] unless the bytes are canonical and of a known kind.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > tlog::tile::MAX_ENTRY {
            return Err(Malformed { what: "entry", offset: tlog::tile::MAX_ENTRY });
        }
        let mut r = Reader::new(bytes);
        r.array_up_to(6, "entry")?;
        if r.uint("kind of entry")? == BALLOT {
            return codec::from_bytes(bytes, tlog::tile::MAX_ENTRY).map(Self::Ballot);
        }
        let (kind, author, body, signature) = read_signed(bytes)?;
        Ok(Self::Official(OfficialEntry { author, body: Body::from_bytes(kind, body)?, signature }))
    }
}

impl OfficialEntry {
    /// Whether the claimed author signed it.
    #[must_use]
    pub fn is_signed(&self, manifest: &Manifest) -> bool {
        let message = signed_message(&manifest.event(), self.body.kind(), self.author, &self.body.to_bytes());
        self.author.key(manifest).is_some_and(|key| verify_signature(&key, &message, &self.signature))
    }
}
