//! Every rule that the record must keep, with its id. docs/protocol.md has the same list; a test compares them.

use thiserror::Error;

use crate::entry::Author;
use crate::ids::{CredentialKey, EntryIndex};

macro_rules! rules {
    ($($variant:ident $id:literal $must:literal,)*) => {
        /// A rule of the protocol.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule {
            $(#[doc = $must] $variant,)*
        }

        impl Rule {
            /// All rules.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The id, the same in specification, report and test.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* }
            }

            /// What must hold.
            #[must_use]
            pub const fn must(self) -> &'static str {
                match self { $(Self::$variant => $must,)* }
            }
        }
    };
}

rules! {
    LogCheckpoint "R-LOG-01" "The checkpoint is signed by the log key of the manifest.",
    LogOrigin "R-LOG-02" "The origin is the host and the event id (S6).",
    LogSize "R-LOG-03" "The record has exactly as many entries as the checkpoint says, and at least one (A35).",
    LogRoot "R-LOG-04" "The root recomputed from all entries is the checkpoint's.",
    LogWitnesses "R-LOG-05" "The witness policy of the manifest is met (A19).",
    ManifestHash "R-MANIFEST-01" "The hash of entry 0 is the event id (A22).",
    ManifestValid "R-MANIFEST-02" "The manifest is canonical and valid.",
    EntryCanonical "R-ENTRY-01" "Every entry is canonical and of a known kind (A3).",
    EntrySignature "R-ENTRY-02" "Every entry is signed by the author whose right it is.",
    EntryLegal "R-ENTRY-03" "Every entry is legal in the state it meets (A41).",
    CeremonyMessage "R-CEREMONY-01" "One message of each stage from each trustee of the manifest, for this ceremony (A26, A27).",
    CeremonyEncryptionKey "R-CEREMONY-02" "Encryption keys have a proof of possession and are distinct (S9).",
    CeremonyCommitted "R-CEREMONY-03" "A dealing is the one committed to before (A24).",
    CeremonyShape "R-CEREMONY-04" "A dealing has exactly t commitments and n shares, its constant is not the identity (A4, A25).",
    CeremonyPossession "R-CEREMONY-05" "Constant and ephemeral keys of a dealing have proofs of possession; no ephemeral key is used twice (A24, A29).",
    CeremonyConfirmed "R-CEREMONY-06" "Every trustee confirms the record and joint key that the log gives (A21, A28).",
    CeremonyIdentity "R-CEREMONY-07" "Neither the joint key nor a verification share is the identity (M9).",
    RollOrder "R-ROLL-01" "The roll is in chunks ascending by key bytes, without repeats (M11).",
    RollKey "R-ROLL-02" "Every credential on the roll is a point and not the identity (A4).",
    RollCount "R-ROLL-03" "The end of the roll states the members and weights of each group; no group has one member.",
    RollBound "R-ROLL-04" "Sum of weights times the largest cell is at most 2^40, every weight at least 1, every group known (A9).",
    RoundPlan "R-ROUND-01" "A round starts with the contests that the manifest planned, or that an outcome calls for.",
    RoundReady "R-ROUND-02" "A round starts only when ceremony and roll are complete and no other round is open, under the joint key (A41).",
    RoundOrder "R-ROUND-03" "A round is closed on the administrator's order (A15).",
    RoundCount "R-ROUND-04" "The closing entry states the number of ballots of the round (A15).",
    RoundTree "R-ROUND-05" "The closing entry states size and root of the tree before it.",
    RoundTime "R-ROUND-06" "A round is neither ordered to close nor closed before it was started.",
    RoundAttendance "R-ROUND-07" "Attendance is stated once, and no more members are excused and present than are on the roll.",
    BallotBinding "R-BALLOT-01" "A ballot names this event and the open round (A2).",
    BallotEligible "R-BALLOT-02" "A ballot's credential is on the roll of the round (A11).",
    BallotContests "R-BALLOT-03" "A ballot has exactly the contests of its credential's group, each part canonical (A3, A4).",
    BallotProof "R-BALLOT-04" "The arguments of a ballot hold (A1, A9, A10).",
    BallotSignature "R-BALLOT-05" "A ballot is signed under its credential (A11, S2).",
    BallotChain "R-BALLOT-06" "A ballot follows the latest ballot of its credential on the log, and counts one more (A14, S3).",
    BallotRepeat "R-BALLOT-07" "No ciphertext repeats the first component of an accepted one (A10, M14).",
    BallotOpen "R-BALLOT-08" "Ballots stand between start and end of their round (A41).",
    DecryptCheckpoint "R-DECRYPT-01" "A partial decryption is bound to the closing checkpoint of its round (A20).",
    DecryptOnce "R-DECRYPT-02" "A trustee decrypts a round once.",
    DecryptShape "R-DECRYPT-03" "A partial decryption has one value for each cell of each tally (A35).",
    DecryptProof "R-DECRYPT-04" "Every partial decryption is proved (A6).",
    DecryptMinimum "R-DECRYPT-05" "Nothing is decrypted below the minimum of ballots, or where one credential holds too much weight (A36, S12).",
    ResultTrustees "R-RESULT-01" "A result names exactly t trustees, ascending, who posted their parts.",
    ResultTotals "R-RESULT-02" "The totals are what the named parts give, within their bounds (A9).",
    ResultOnce "R-RESULT-03" "A round has one result, or none if too few ballots count.",
    OutcomeTrue "R-OUTCOME-01" "An outcome is what the rules of the manifest make of the totals and numbers.",
    CancelEarly "R-CANCEL-01" "An event is cancelled only before any round is closed (S12).",
}

impl core::fmt::Display for Rule {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.id())
    }
}

/// Who made an entry that is refused. Once it stands on the log it is a fault of the board as well: see `Fault::of_entry`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Culprit {
    /// Whoever runs the board.
    Board,
    /// The author of a signed entry.
    Author(Author),
    /// The holder of a credential, or whoever has it.
    Voter(CredentialKey),
}

impl core::fmt::Display for Culprit {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Board => f.write_str("the board"),
            Self::Author(author) => author.fmt(f),
            Self::Voter(credential) => write!(f, "credential {credential}"),
        }
    }
}

/// An entry that the rules refuse.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{rule}: {what}")]
pub struct Refusal {
    /// The rule.
    pub rule: Rule,
    /// Who broke it.
    pub culprit: Culprit,
    /// What is wrong, in words.
    pub what: String,
    /// For a stale predecessor the latest ballot of the credential on the log (S3).
    pub latest: Option<EntryIndex>,
}

impl Refusal {
    /// A refusal without a latest ballot.
    #[must_use]
    pub fn new(rule: Rule, culprit: Culprit, what: impl Into<String>) -> Self {
        Self { rule, culprit, what: what.into(), latest: None }
    }
}
