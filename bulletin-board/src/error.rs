//! The errors of the service: why it does not start, and why a request is refused. `Fault::verdict` is the only place
//! that maps refusals to codes and statuses.

use std::fmt;
use std::path::{Path, PathBuf};

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use thiserror::Error;
use utoipa::ToSchema;
use voting_core::record::state::PARTS_OUT_OF_ORDER;
use voting_core::record::{Culprit, Refusal, Rule};

use crate::store::{IndexError, JournalError, remedy};

/// Seconds after which a client may try again when the queue is full.
const RETRY_SECONDS: &str = "1";
/// The same when the disk is nearly full: somebody has to make room first.
const RETRY_FULL_SECONDS: &str = "30";
/// Seconds after which a client may ask again when cosignatures are missing.
pub(crate) const WITNESS_SECONDS: &str = "5";

/// Why the board does not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The configuration makes no sense.
    #[error("{place}: {fault}: {remedy}")]
    Config {
        /// The setting.
        place: String,
        /// What is wrong.
        fault: String,
        /// What to do.
        remedy: String,
    },
    /// A file or folder cannot be used.
    #[error("{}: {error}: {}", .path.display(), remedy(.error))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
    /// Another board runs on the same data.
    #[error("{}: another board is running on this data folder: stop it first, or give this one a folder of its own", .0.display())]
    Locked(PathBuf),
    /// Data of another version.
    #[error("{}: format \"{found}\" is not known, this version reads \"{expected}\": use the version that wrote it", .path.display())]
    Format {
        /// The file that names the format.
        path: PathBuf,
        /// What it says.
        found: String,
        /// What this version reads.
        expected: &'static str,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}: choose another address with --listen")]
    Listen {
        /// The address.
        address: String,
        /// The system's words.
        error: std::io::Error,
    },
    /// A journal is damaged, or contradicts itself. Nothing is served.
    #[error("{0}")]
    Journal(#[from] JournalError),
    /// The index cannot be used.
    #[error("index: {0}: move the folder \"index\" away, it is rebuilt from the journals")]
    Index(#[from] IndexError),
    /// The file of a log key is missing or damaged.
    #[error("{}: {fault}: restore the key file from your backup, without it this event's log cannot go on", .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
    },
    /// A witness knows more than the journal.
    #[error("{what}: the journal is an older copy or was damaged, and going on would fork the log: put the newest journal in \
             place, or complete it from a mirror", what = .0)]
    Rollback(String),
    /// The web server or a thread could not be started.
    #[error("internal: {0}: start the board again and report this if it stays")]
    Internal(String),
}

impl StartError {
    /// A stable code for scripts.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Config { .. } => "config-invalid",
            Self::Io { .. } => "io",
            Self::Locked(_) => "data-locked",
            Self::Format { .. } => "data-format",
            Self::Listen { .. } => "listen",
            Self::Journal(_) => "journal-damaged",
            Self::Index(_) => "index",
            Self::Key { .. } => "log-key",
            Self::Rollback(_) => "journal-behind",
            Self::Internal(_) => "internal",
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { path, error }
    }
}

/// The latest ballot of a credential, given to a client whose predecessor was stale (S3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latest {
    /// Where it stands.
    pub index: u64,
    /// Its bytes.
    pub entry: Vec<u8>,
    /// Its receipt, a C2SP tlog-proof.
    pub receipt: Vec<u8>,
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The rules of the log refuse the entry.
    Rule(Refusal, Option<Box<Latest>>),
    /// The bytes are not the canonical form of what was expected.
    Malformed(String),
    /// A signature does not hold.
    Signature(String),
    /// The ballot or labels belong to another event.
    OtherEvent,
    /// The board has no such event.
    UnknownEvent,
    /// The signer may not do this.
    NotAuthorised(String),
    /// The manifest is none, or not one for this board.
    Manifest(String),
    /// The body is longer than this many bytes.
    TooLarge(usize),
    /// The body did not arrive in time.
    TooSlow,
    /// The queue is full.
    Busy,
    /// The credential has cast as many ballots as it may in a minute: seconds to wait.
    TooManyBallots(u64),
    /// The address has sent as many requests as it may in a minute: seconds to wait.
    TooManyRequests(u64),
    /// The board is being stopped.
    Stopping,
    /// The disk is nearly full.
    DiskFull,
    /// Too few witnesses cosign the log: it is read only. In words, which.
    Witnesses(String),
    /// There is nothing at this address.
    NotFound,
    /// A fault of the board.
    Internal,
}

/// Status, code and remedy of a refusal.
struct Verdict {
    status: StatusCode,
    code: &'static str,
    remedy: &'static str,
}

const fn verdict(status: StatusCode, code: &'static str, remedy: &'static str) -> Verdict {
    Verdict { status, code, remedy }
}

impl Fault {
    /// The one mapping of refusals to statuses and codes.
    fn verdict(&self) -> Verdict {
        let malformed = "send the canonical bytes that the client library makes";
        let signature = "sign with the key that the manifest names, for this board and event";
        match self {
            Self::Rule(refusal, _) => rule_verdict(refusal),
            Self::Malformed(_) => verdict(StatusCode::BAD_REQUEST, "malformed-entry", malformed),
            Self::Signature(_) => verdict(StatusCode::UNPROCESSABLE_ENTITY, "invalid-signature", signature),
            Self::OtherEvent => {
                verdict(StatusCode::CONFLICT, "other-event", "submit it to the event that it was made for")
            }
            Self::UnknownEvent => {
                verdict(StatusCode::NOT_FOUND, "unknown-event", "check the address; GET /api/events lists the events")
            }
            Self::NotAuthorised(_) => {
                let remedy = "sign now, for this board's host name, with the key that has this right";
                verdict(StatusCode::FORBIDDEN, "not-authorised", remedy)
            }
            Self::Manifest(_) => {
                verdict(StatusCode::BAD_REQUEST, "manifest-invalid", "correct the draft and make a new manifest")
            }
            Self::TooLarge(_) => verdict(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too-large",
                "send less: `office election check` names what is too large",
            ),
            Self::TooSlow => verdict(StatusCode::REQUEST_TIMEOUT, "too-slow", "send it again over a better line"),
            Self::Busy => verdict(
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "send the same bytes again after the time that Retry-After names",
            ),
            Self::TooManyBallots(_) => verdict(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-ballots",
                "your last ballot stands and counts; send the same bytes again after the time that Retry-After names",
            ),
            Self::TooManyRequests(_) => verdict(
                StatusCode::TOO_MANY_REQUESTS,
                "too-many-requests",
                "send the same bytes again after the time that Retry-After names",
            ),
            Self::Stopping => verdict(
                StatusCode::SERVICE_UNAVAILABLE,
                "stopping",
                "nothing was taken: send the same bytes again when the board is back",
            ),
            Self::DiskFull => verdict(
                StatusCode::SERVICE_UNAVAILABLE,
                "disk-full",
                "send the same bytes again later; tell the operator of the board that its disk is full",
            ),
            Self::Witnesses(_) => verdict(
                StatusCode::SERVICE_UNAVAILABLE,
                "witnesses-missing",
                "wait: the log is read only until its witnesses answer; then send the same bytes again",
            ),
            Self::NotFound => verdict(StatusCode::NOT_FOUND, "not-found", "check the address"),
            Self::Internal => verdict(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "send the same bytes again later: an entry that was taken is answered with its receipt",
            ),
        }
    }
}

/// The verdict on a refusal by the fold.
fn rule_verdict(refusal: &Refusal) -> Verdict {
    let (bad, false_proof, state) = (StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY, StatusCode::CONFLICT);
    let look = "read the log and make an entry that its state allows";
    let proof = "make the message again from the present log; if that fails, the program that made it is faulty";
    match refusal.rule {
        Rule::EntryCanonical => {
            verdict(bad, "malformed-entry", "send the canonical bytes that the client library makes")
        }
        Rule::EntrySignature => match refusal.culprit {
            Culprit::Author(_) | Culprit::Voter(_) => {
                verdict(StatusCode::FORBIDDEN, "not-authorised", "let the one sign whose right this entry is")
            }
            Culprit::Board => {
                verdict(false_proof, "invalid-signature", "sign with the key that the manifest names, for this event")
            }
        },
        Rule::BallotBinding => verdict(state, "other-round", "seal a new ballot for the round that is open"),
        Rule::BallotEligible => verdict(
            StatusCode::FORBIDDEN,
            "unknown-credential",
            "check the voting code; if it is right, ask the registrar whether it is on the roll",
        ),
        Rule::BallotContests => verdict(bad, "wrong-contests", "answer exactly the contests of your group"),
        Rule::BallotProof => verdict(false_proof, "invalid-proof", "seal a new ballot"),
        Rule::BallotSignature => verdict(false_proof, "invalid-signature", "sign the sealed ballot again"),
        Rule::BallotChain if refusal.what == PARTS_OUT_OF_ORDER => verdict(
            state,
            "parts-out-of-order",
            "send all parts of the ballot again, from the first one; if another ballot came between them, seal a new one",
        ),
        Rule::BallotChain => verdict(
            state,
            "stale-predecessor",
            "look at the ballot in `latest`; to replace it, sign again with it as predecessor (do not seal again)",
        ),
        Rule::BallotRepeat => verdict(state, "repeated-ciphertext", "seal a new ballot"),
        Rule::BallotOpen => {
            verdict(state, "round-closed", "no ballot is taken outside the voting time: see the schedule")
        }
        Rule::CeremonyEncryptionKey
        | Rule::CeremonyCommitted
        | Rule::CeremonyPossession
        | Rule::CeremonyConfirmed
        | Rule::CeremonyIdentity
        | Rule::DecryptProof
        | Rule::ResultTotals
        | Rule::OutcomeTrue => verdict(false_proof, "invalid-proof", proof),
        Rule::RoundOrder => {
            verdict(false_proof, "invalid-signature", "let the administrator of this event sign the order")
        }
        Rule::CeremonyShape | Rule::RollKey | Rule::DecryptShape => verdict(bad, "malformed-entry", proof),
        Rule::EntryLegal
        | Rule::CeremonyMessage
        | Rule::RollOrder
        | Rule::RollCount
        | Rule::RollBound
        | Rule::RoundPlan
        | Rule::RoundReady
        | Rule::RoundCount
        | Rule::RoundTree
        | Rule::RoundTime
        | Rule::RoundAttendance
        | Rule::DecryptCheckpoint
        | Rule::DecryptOnce
        | Rule::DecryptMinimum
        | Rule::ResultTrustees
        | Rule::ResultOnce
        | Rule::CancelEarly => verdict(state, "illegal-entry", look),
        // Rules about a record as a whole: the fold never refuses an entry by one of them.
        Rule::LogCheckpoint
        | Rule::LogOrigin
        | Rule::LogSize
        | Rule::LogRoot
        | Rule::LogWitnesses
        | Rule::ManifestHash
        | Rule::ManifestValid => verdict(StatusCode::INTERNAL_SERVER_ERROR, "internal", look),
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rule(refusal, _) => f.write_str(&refusal.what),
            Self::Malformed(what) | Self::Signature(what) | Self::NotAuthorised(what) | Self::Manifest(what) => {
                f.write_str(what)
            }
            Self::OtherEvent => f.write_str("it belongs to another event"),
            Self::UnknownEvent => f.write_str("this board has no such event"),
            Self::TooLarge(limit) => write!(f, "the body is longer than {limit} bytes"),
            Self::TooSlow => f.write_str("the body did not arrive in time"),
            Self::Busy => f.write_str("the board has more submissions than it can take at once"),
            Self::TooManyBallots(_) => f.write_str("this credential has cast as many ballots as it may in a minute"),
            Self::TooManyRequests(_) => f.write_str("as many requests came from this address as may in a minute"),
            Self::Stopping => f.write_str("the board is being stopped"),
            Self::DiskFull => f.write_str("the board takes nothing new: its disk is nearly full"),
            Self::Witnesses(which) if which.is_empty() => f.write_str("too few witnesses cosign this log"),
            Self::Witnesses(which) => write!(f, "too few witnesses cosign this log: {which}"),
            Self::NotFound => f.write_str("there is nothing at this address"),
            Self::Internal => f.write_str("the board failed and took nothing, or could not say so"),
        }
    }
}

/// The code of a refusal, beside its response: for what is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Code(pub(crate) &'static str);

/// A refusal: what is wrong and what to do.
#[derive(Serialize, ToSchema)]
pub(crate) struct ApiError {
    /// A stable code for programs.
    code: &'static str,
    /// What is wrong.
    message: String,
    /// What to do.
    remedy: &'static str,
    /// The rule of the protocol that refuses it, such as `R-BALLOT-06`.
    rule: Option<&'static str>,
    /// With `stale-predecessor`: the latest ballot of the credential on the log.
    latest: Option<LatestJson>,
}

/// A ballot on the log with its receipt.
#[derive(Serialize, ToSchema)]
pub(crate) struct LatestJson {
    /// Where it stands.
    index: u64,
    /// Its bytes in base64.
    entry: String,
    /// Its receipt, a C2SP tlog-proof, in base64.
    receipt: String,
}

impl From<&Latest> for LatestJson {
    fn from(latest: &Latest) -> Self {
        let Latest { index, entry, receipt } = latest;
        Self { index: *index, entry: STANDARD.encode(entry), receipt: STANDARD.encode(receipt) }
    }
}

impl ResponseError for Fault {
    fn status_code(&self) -> StatusCode {
        self.verdict().status
    }

    fn error_response(&self) -> HttpResponse {
        let Verdict { status, code, remedy } = self.verdict();
        let (rule, latest) = match self {
            Self::Rule(refusal, latest) => (Some(refusal.rule.id()), latest.as_deref().map(LatestJson::from)),
            _ => (None, None),
        };
        let body = ApiError { code, message: self.to_string(), remedy, rule, latest };
        let mut response = HttpResponse::build(status);
        response.insert_header((CONTENT_TYPE, "application/json"));
        let seconds = match self {
            Self::Busy => Some(RETRY_SECONDS.to_owned()),
            Self::DiskFull => Some(RETRY_FULL_SECONDS.to_owned()),
            Self::Stopping | Self::Witnesses(_) => Some(WITNESS_SECONDS.to_owned()),
            Self::TooManyBallots(seconds) | Self::TooManyRequests(seconds) => Some(seconds.to_string()),
            _ => None,
        };
        if let Some(seconds) = seconds {
            response.insert_header((RETRY_AFTER, seconds));
        }
        let mut response = response.body(serde_json::to_string(&body).unwrap_or_default());
        response.extensions_mut().insert(Code(code));
        response
    }
}
