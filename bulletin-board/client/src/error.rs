//! What can go wrong, each with its stable code and its remedy.

use std::io;
use std::path::PathBuf;

use voting_core::ids::{EntryIndex, EventId};
use voting_core::record::Refusal;

/// The newest ballot of a credential, which a stale one did not know (S3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latest {
    /// Where it stands on the log.
    pub index: EntryIndex,
    /// Its bytes.
    pub entry: Vec<u8>,
    /// Its receipt, a C2SP tlog-proof. Not verified.
    pub receipt: Vec<u8>,
}

/// A refusal by the board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status code.
    pub status: u16,
    /// Stable code in kebab case.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
    /// Id of the broken rule, if it is one of the protocol.
    pub rule: Option<String>,
    /// The newest ballot of the credential, when the submitted one is stale.
    pub latest: Option<Box<Latest>>,
}

/// Why a request, a copy or a reading failed. The display is the fault, then the remedy.
#[derive(Debug, thiserror::Error)]
#[error("{}; {}", self.fault(), self.remedy())]
pub enum ClientError {
    /// The board refused.
    Refused(ApiError),
    /// No answer.
    Unreachable {
        /// What was asked for.
        url: String,
        /// Why it failed.
        why: String,
    },
    /// An answer that makes no sense.
    Answer {
        /// What was asked for.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// A URL that is none, or not that of a log.
    Url {
        /// The URL.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The receipt does not prove that the entry stands on the log.
    Receipt {
        /// What is wrong with it.
        why: String,
    },
    /// The entry is taken, but too few witnesses have seen it. There is a signed promise of a receipt.
    Promised {
        /// The promise, verified. It becomes a receipt, or evidence for `observer judge`.
        promise: Vec<u8>,
        /// By when there must be a receipt, in seconds since 1970-01-01 UTC.
        deadline: u64,
    },
    /// The file system refused.
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        why: io::Error,
    },
    /// A file or resource of the log is missing.
    Missing {
        /// Where it was looked for.
        place: String,
    },
    /// A file or resource of the log is malformed, or its length is wrong.
    Malformed {
        /// Where it stands.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// Entry 0 is not the manifest of the event.
    OtherEvent {
        /// The event asked for.
        expected: EventId,
        /// The event of the manifest found.
        found: EventId,
    },
    /// The checkpoint is not one of this event's log, or not signed by its key, or a line of a witness is wrong.
    Checkpoint {
        /// Where it came from.
        place: String,
        /// What is wrong with it.
        why: String,
    },
    /// Too few witnesses cosigned the checkpoint (A19).
    Witnesses {
        /// Where it came from.
        place: String,
        /// Entries that it speaks of.
        size: u64,
        /// Witnesses that did not cosign and could help.
        missing: Vec<String>,
    },
    /// Tiles or entries are not those of the checkpoint.
    Log(tlog::ClientError),
    /// The log offered now is an older state of the one that was seen.
    Rollback {
        /// Entries seen.
        old: u64,
        /// Entries of the log offered now.
        new: u64,
    },
    /// The log is no extension of the one that the folder has.
    NotAnExtension {
        /// Entries in the folder.
        old: u64,
        /// Entries of the log offered now.
        new: u64,
        /// Where both checkpoints were kept.
        evidence: PathBuf,
        /// What the evidence shows, in words.
        shows: &'static str,
        /// Whether it proves that the log signed two trees that contradict each other.
        proved: bool,
    },
    /// An entry that the rules refuse stands on the log.
    Illegal {
        /// Which entry.
        entry: EntryIndex,
        /// The rule, the culprit, and what is wrong.
        refusal: Refusal,
    },
}

impl ClientError {
    /// The stable code, for `error[code]`; the board's own where it refused.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Refused(error) => &error.code,
            Self::Unreachable { .. } => "unreachable",
            Self::Answer { .. } => "unusable-answer",
            Self::Url { .. } => "bad-url",
            Self::Receipt { .. } => "false-receipt",
            Self::Promised { .. } => "promised",
            Self::Io { .. } => "file-system",
            Self::Missing { .. } => "missing-file",
            Self::Malformed { .. } => "malformed-file",
            Self::OtherEvent { .. } => "other-event",
            Self::Checkpoint { .. } => "false-checkpoint",
            Self::Witnesses { .. } => "too-few-witnesses",
            Self::Log(_) => "not-in-the-log",
            Self::Rollback { .. } => "rollback",
            Self::NotAnExtension { .. } => "split-view",
            Self::Illegal { .. } => "illegal-entry",
        }
    }

    /// Whether something was checked and refused, as opposed to could not be checked: exit code 1 instead of 2.
    #[must_use]
    pub fn is_verdict(&self) -> bool {
        match self {
            Self::Refused(error) => error.status < 500,
            Self::Receipt { .. }
            | Self::OtherEvent { .. }
            | Self::Checkpoint { .. }
            | Self::Witnesses { .. }
            | Self::Rollback { .. }
            | Self::NotAnExtension { .. }
            | Self::Illegal { .. } => true,
            Self::Log(fault) => !matches!(
                fault,
                tlog::ClientError::Malformed { .. }
                    | tlog::ClientError::TooLarge { .. }
                    | tlog::ClientError::NotWanted { .. }
                    | tlog::ClientError::Incomplete { .. }
            ),
            Self::Promised { .. }
            | Self::Unreachable { .. }
            | Self::Answer { .. }
            | Self::Url { .. }
            | Self::Io { .. }
            | Self::Missing { .. }
            | Self::Malformed { .. } => false,
        }
    }

    /// What is wrong.
    #[must_use]
    pub fn fault(&self) -> String {
        match self {
            Self::Refused(error) => match &error.rule {
                Some(rule) => format!("the board refuses ({rule}): {}", error.message),
                None => format!("the board refuses: {}", error.message),
            },
            Self::Unreachable { url, why } => format!("{url} does not answer: {why}"),
            Self::Answer { url, why } => format!("{url} gives an unusable answer: {why}"),
            Self::Url { url, why } => format!("\"{url}\" {why}"),
            Self::Receipt { why } => format!("the board's receipt does not prove that the entry is on the log: {why}"),
            Self::Promised { .. } => {
                "the board has taken the entry, but too few witness servers answer it to give a receipt".into()
            }
            Self::Io { path, why } => format!("{}: {why}", path.display()),
            Self::Missing { place } => format!("{place} is missing"),
            Self::Malformed { place, why } => format!("{place} is malformed: {why}"),
            Self::OtherEvent { expected, found } => {
                format!("the log is that of event {found}, not of event {expected}")
            }
            Self::Checkpoint { place, why } => format!("{place} is not acceptable: {why}"),
            Self::Witnesses { place, size, missing } => format!(
                "too few witness servers cosigned the checkpoint of {size} entries in {place}; missing: {}",
                plain(&missing.join(", "))
            ),
            Self::Log(fault) => fault.to_string(),
            Self::Rollback { old, new } => {
                format!("the log has {new} entries now; {old} were seen before, and these are only their beginning")
            }
            Self::NotAnExtension { old, new, evidence, shows, proved: _ } => format!(
                "the log of {new} entries offered now does not extend the {old} entries in the folder: {shows}; both \
                 checkpoints are kept in {}",
                evidence.display()
            ),
            Self::Illegal { entry, refusal } => {
                format!("entry {entry} breaks {}: {} ({})", refusal.rule, refusal.what, refusal.culprit)
            }
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Refused(error) => error.remedy.clone(),
            Self::Unreachable { .. } => "check the address and the network, then try again".into(),
            Self::Answer { .. } => "check that the address is that of a board of this version".into(),
            Self::Url { .. } => "give http(s)://host for a board, http(s)://host/<event id> for its log".into(),
            Self::Receipt { .. } => {
                "keep the answer and tell an observer: the board may not have taken the entry".into()
            }
            Self::Promised { .. } => {
                "nothing is lost: run the same command again when the witness servers answer, and it gets the receipt"
                    .into()
            }
            Self::Io { .. } => "check that the path exists, is accessible and has room".into(),
            Self::Missing { .. } => {
                "check the address or path, or fetch the record again with `observer mirror`".into()
            }
            Self::Malformed { .. } => "fetch the record again with `observer mirror`".into(),
            Self::OtherEvent { .. } => "check the event id against the letter or page that announced it".into(),
            Self::Checkpoint { .. } => {
                "fetch it again; if that does not help, keep it and tell the administrator".into()
            }
            Self::Witnesses { .. } => {
                "try again later; if it stays so, ask the administrator and the operators of the witness servers".into()
            }
            Self::Rollback { .. } => {
                "keep your copy: the board, or somebody on the way, withholds entries or has lost them".into()
            }
            Self::Log(_) => {
                "fetch it again or from another mirror; if that does not help, the board is at fault".into()
            }
            Self::NotAnExtension { .. } => {
                "keep the folder as it is and show the evidence to the other observers".into()
            }
            Self::Illegal { .. } => "run `observer verify` and show its report to the administrator".into(),
        }
    }
}

/// A text from elsewhere for a terminal: no control characters, at most 500 characters.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect()
}
