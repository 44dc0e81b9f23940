//! The errors of the service: why it does not start, and why a request is refused. [`Fault::status`] is the only place
//! that maps refusals to status codes.

use std::path::{Path, PathBuf};

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use thiserror::Error;
use tlog::layout::{CHECKPOINT_TYPE, SIZE_TYPE};
use tlog::witness::format_size;
use tlog::{Refusal, WitnessError};

/// Exit code when storage failed while the witness ran.
pub const STORAGE_FAILED: u8 = 70;

/// Why a command does not work, or the witness does not start.
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
    #[error("{}: {error}: check that it exists and belongs to the user that runs the witness", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        error: std::io::Error,
    },
    /// Another witness runs on the same data.
    #[error(
        "{}: another witness is running on this data folder: stop it first, or give this one a key and a folder of its own",
        .0.display()
    )]
    Locked(PathBuf),
    /// The data folder is of another version, or damaged.
    #[error("{}: {fault}: {remedy}", .path.display())]
    Folder {
        /// The file that says so.
        path: PathBuf,
        /// What is wrong.
        fault: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The data folder belongs to another key.
    #[error(
        "{}: this data folder belongs to the key {belongs}, not to {given}: give the key file that it was made with; a new key starts with a new, empty data folder",
        .path.display()
    )]
    OtherKey {
        /// The data folder.
        path: PathBuf,
        /// The verifier key that the folder names.
        belongs: String,
        /// The one of the key file.
        given: String,
    },
    /// The key was used with another data folder.
    #[error(
        "{}: this key has cosigned with another data folder than {}: a witness that forgets what it cosigned can be led to cosign a second history. Bring the old data folder back; if it is lost, retire this key: make a new one with `witness key new` and tell everybody who names this witness",
        .mark.display(),
        .data.display()
    )]
    KeyUsed {
        /// The mark beside the key file.
        mark: PathBuf,
        /// The data folder that was given.
        data: PathBuf,
    },
    /// The key file is missing or damaged.
    #[error("{}: {fault}: {remedy}", .path.display())]
    Key {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        fault: String,
        /// What to do.
        remedy: &'static str,
    },
    /// The watched list has a faulty line.
    #[error("{}: line {line}: {fault}: correct the line, or begin it with #", .path.display())]
    List {
        /// The list.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong.
        fault: String,
    },
    /// What the witness knows of a log is gone or damaged.
    #[error(
        "{}: {fault}. It is the record of the log {origin}, which this witness has cosigned. Do not delete the record or the log's name from `logs`, and restore no older copy: a witness that forgets what it cosigned can be led to cosign a second history. If the very file was only moved, put it back; else retire this key: make a new one with `witness key new`, give it an empty data folder, and tell everybody who names this witness",
        .path.display()
    )]
    Record {
        /// The file.
        path: PathBuf,
        /// The log.
        origin: String,
        /// What is wrong.
        fault: String,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {error}: choose another address with --listen")]
    Listen {
        /// The address.
        address: String,
        /// The system's words.
        error: std::io::Error,
    },
    /// The web server or a thread could not be started.
    #[error("internal: {0}: start the witness again and report this if it stays")]
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
            Self::Folder { .. } => "data-format",
            Self::OtherKey { .. } => "data-of-other-key",
            Self::KeyUsed { .. } => "key-used",
            Self::Key { .. } => "key",
            Self::List { .. } => "list",
            Self::Record { .. } => "record-damaged",
            Self::Listen { .. } => "listen",
            Self::Internal(_) => "internal",
        }
    }

    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |error| Self::Io { path, error }
    }
}

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Fault {
    /// The body has not the form of a request.
    #[error("{0}")]
    Malformed(#[from] WitnessError),
    /// A body that broke off.
    #[error("the body could not be read; send the whole request")]
    Body,
    /// The log is not watched.
    #[error("this witness does not watch the log {0}; ask its operator to add the log's key")]
    UnknownLog(String),
    /// The checks of the protocol fail.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// The body is longer than this many bytes.
    #[error("the body is longer than {0} bytes; send one checkpoint and its proof")]
    TooLarge(usize),
    /// The body did not arrive in time.
    #[error("the body did not arrive in time; send it again over a better line")]
    TooSlow,
    /// The clock of the witness is wrong, so it can state no time.
    #[error("the clock of this witness is wrong, it cosigns nothing until that is mended; ask another witness")]
    Clock,
    /// Storage failed: nothing is cosigned any more.
    #[error("the storage of this witness failed, it cosigns nothing; ask another witness and tell the operator")]
    Storage,
    /// A fault of the program.
    #[error("the witness failed; ask another witness and tell the operator")]
    Internal,
    /// There is nothing at this address.
    #[error("there is nothing at this address; see c2sp.org/tlog-witness for those that exist")]
    NotFound,
}

impl Fault {
    /// The status code of the answer (C2SP tlog-witness for those that it names).
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(_) | Self::Body => StatusCode::BAD_REQUEST,
            Self::UnknownLog(_) | Self::NotFound => StatusCode::NOT_FOUND,
            Self::Refused(refusal) => {
                StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Clock => StatusCode::SERVICE_UNAVAILABLE,
            Self::Storage | Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl ResponseError for Fault {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status());
        response.insert_header(("Cache-Control", "no-store"));
        match self {
            // The whole body is the size, so that programs can read it.
            Self::Refused(Refusal::Conflict { size }) => response.content_type(SIZE_TYPE).body(format_size(*size)),
            // What remains of the body is not waited for.
            Self::TooSlow | Self::TooLarge(_) => {
                response.force_close().content_type(CHECKPOINT_TYPE).body(format!("{self}\n"))
            }
            _ => response.content_type(CHECKPOINT_TYPE).body(format!("{self}\n")),
        }
    }
}
