//! What can go wrong, in words for the voter: fault, then remedy.

use thiserror::Error;
use voting_core::codec::Malformed;
use voting_core::credential::{CodeError, OutOfMemory};
use voting_core::ids::{EventId, GroupIndex};
use voting_core::labels::LabelError;
use voting_core::manifest::ManifestError;
use voting_core::record::Refusal;

/// Why a voter must not vote with what was given. None of these is the voter's fault.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BoothError {
    /// Nothing was given (A35).
    #[error("the log is empty: load it again")]
    Empty,
    /// Another manifest than the one that the voter was invited to (A22).
    #[error(
        "this is the event {found}, not the one of your invitation: compare the event words, and tell the administrator"
    )]
    OtherEvent {
        /// The event that the bytes found.
        found: EventId,
    },
    /// The manifest is not valid.
    #[error("the manifest is not valid ({0}): tell the administrator")]
    Manifest(ManifestError),
    /// The log holds an entry that the rules refuse.
    #[error("entry {index} of the log breaks a rule ({refusal}): do not vote, tell the administrator")]
    Illegal {
        /// Position of the entry.
        index: u64,
        /// The rule and the culprit.
        refusal: Refusal,
    },
    /// No signature of the log key, another origin, or too few witnesses (S6, A19).
    #[error("the state of the log is not signed as the manifest demands ({0}): do not vote, tell the administrator")]
    Checkpoint(String),
    /// The entries are not those that the log signed.
    #[error("the entries are not those that the log has signed ({0}): do not vote, tell the administrator")]
    OtherEntries(String),
    /// No round is open.
    #[error("no round is open for voting: look at the schedule")]
    NotOpen,
    /// The joint key is not confirmed by every trustee, or the round uses another (A21).
    #[error("not every trustee has confirmed the key of this round: do not vote, tell the administrator")]
    JointKey,
    /// The label file is not the administrator's.
    #[error("{0}: load it again, or tell the administrator")]
    Labels(LabelError),
    /// The label file lacks a text of this round.
    #[error("the label file has no text for {place}: do not vote on what you cannot read, tell the administrator")]
    MissingLabel {
        /// Which title or option.
        place: String,
    },
}

/// Why a voting code does not open the booth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EnterError {
    /// Mistyped; names the group wherever it can be known.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// The device is too small.
    #[error(transparent)]
    Memory(#[from] OutOfMemory),
    /// The event has no such group.
    #[error("there is no group {0} in this round: look at your letter")]
    Group(GroupIndex),
    /// A weight of zero.
    #[error("a ballot must count for at least one vote: look at your letter")]
    Weight,
}

/// A sealed ballot could not be signed: a fault of this program.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("internal: {0}")]
pub struct CastError(#[from] pub Malformed);

/// The board said that another ballot came before and did not prove it. The board is to blame.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConflictError {
    /// The receipt of the other ballot proves nothing.
    #[error(
        "the board names another ballot of yours without a proof that it stands on the log ({0}): keep your ballot, try again, then tell the administrator"
    )]
    Unproved(String),
    /// It is no valid ballot of this credential and round.
    #[error("what the board names is no valid ballot of your voting code in this round: tell the administrator")]
    Foreign,
    /// It is not later than the ballot that this one follows (A14).
    #[error(
        "the board names a ballot that is not later than the one yours follows: try again, then tell the administrator"
    )]
    NotLater,
}

/// An error together with the step that stays as it was.
pub struct Kept<S, E> {
    /// The step, to be tried again.
    pub step: Box<S>,
    /// What went wrong.
    pub error: E,
}

impl<S, E: core::fmt::Debug> core::fmt::Debug for Kept<S, E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Kept").field("error", &self.error).finish_non_exhaustive()
    }
}

impl<S, E: core::fmt::Display> core::fmt::Display for Kept<S, E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.error.fmt(f)
    }
}

impl<S, E: core::fmt::Debug + core::fmt::Display> core::error::Error for Kept<S, E> {}
