//! What ends a command early, and what the exit code says.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use client::ClientError;
use serde_json::{Value, json};

/// What the exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Done; what was checked holds.
    Holds,
    /// Checked, and does not hold.
    Refused,
    /// Could not be checked.
    Unable,
}

impl Outcome {
    /// The exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Holds => 0,
            Self::Refused => 1,
            Self::Unable => 2,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome.code())
    }
}

/// What ended a command early.
#[derive(Debug, thiserror::Error)]
#[error("error[{}]: {}\n  remedy: {}", self.code(), self.fault(), self.remedy())]
pub enum Failure {
    /// The record could not be read, or was refused while it was.
    Record(#[from] ClientError),
    /// The folder for a temporary copy could not be made.
    Temporary(io::Error),
    /// The results could not be written.
    Output(io::Error),
    /// A file that can't be read or written.
    File(PathBuf, io::Error),
    /// Something else that was given is wrong.
    Given(Box<Given>),
}

/// What is wrong with something that was given.
#[derive(Debug)]
pub struct Given {
    /// The stable code.
    pub code: &'static str,
    /// What the exit code says about it.
    pub outcome: Outcome,
    /// What is wrong.
    pub fault: String,
    /// What to do about it.
    pub remedy: String,
}

impl Failure {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Record(error) => error.code(),
            Self::Temporary(_) => "temporary-folder",
            Self::Output(_) => "output",
            Self::File(_, why) if why.kind() == io::ErrorKind::NotFound => "no-such-file",
            Self::File(_, why) if why.kind() == io::ErrorKind::AlreadyExists => "output-exists",
            Self::File(..) => "file-system",
            Self::Given(given) => given.code,
        }
    }

    /// What the exit code says about it.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Record(error) if error.is_verdict() => Outcome::Refused,
            Self::Record(_) | Self::Temporary(_) | Self::Output(_) | Self::File(..) => Outcome::Unable,
            Self::Given(given) => given.outcome,
        }
    }

    /// Whether the reader of the results went away, as `observer show | head` does.
    #[must_use]
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(why) if why.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Something given can't be used or checked.
    pub(crate) fn unable(code: &'static str, fault: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (fault, remedy) = (fault.into(), remedy.into());
        Self::Given(Box::new(Given { code, outcome: Outcome::Unable, fault, remedy }))
    }

    /// Something given was checked and does not hold.
    pub(crate) fn refused(code: &'static str, fault: impl Into<String>, remedy: impl Into<String>) -> Self {
        let (fault, remedy) = (fault.into(), remedy.into());
        Self::Given(Box::new(Given { code, outcome: Outcome::Refused, fault, remedy }))
    }

    pub(crate) fn to_json(&self) -> Value {
        let holds = (self.outcome() == Outcome::Refused).then_some(false);
        let error = json!({ "code": self.code(), "message": self.fault(), "remedy": self.remedy() });
        json!({ "holds": holds, "error": error })
    }

    fn fault(&self) -> String {
        match self {
            Self::Record(error) => error.fault(),
            Self::Temporary(why) => format!("the folder for a temporary copy can't be made: {why}"),
            Self::Output(why) => format!("the results can't be written: {why}"),
            Self::File(path, why) => format!("{}: {why}", path.display()),
            Self::Given(given) => given.fault.clone(),
        }
    }

    fn remedy(&self) -> String {
        match self {
            Self::Record(error) => error.remedy(),
            Self::Temporary(_) => "make room, or set TMPDIR to a folder that is writable".into(),
            Self::Output(_) => "check where the output goes".into(),
            Self::File(_, why) if why.kind() == io::ErrorKind::AlreadyExists => {
                "choose another name, or move the old file away".into()
            }
            Self::File(..) => "check the path, its permissions and the free space".into(),
            Self::Given(given) => given.remedy.clone(),
        }
    }
}
