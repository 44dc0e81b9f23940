//! What can go wrong: a stable code, the fault, the remedy, and what the programs said last.

use core::fmt;
use std::path::Path;

/// Why the demonstration ended before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Stable code in kebab case.
    pub code: String,
    /// What is wrong.
    pub fault: String,
    /// What to do about it.
    pub remedy: String,
    /// Exit code: 1 checked and does not hold, 2 could not.
    pub exit: u8,
    /// What the program that failed printed last.
    pub tail: Vec<String>,
}

impl Failure {
    /// Something could not be done.
    #[must_use]
    pub fn unable(code: &str, fault: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code: code.into(), fault: fault.into(), remedy: remedy.into(), exit: 2, tail: Vec::new() }
    }

    /// Something was checked and does not hold.
    #[must_use]
    pub fn wrong(code: &str, fault: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { exit: 1, ..Self::unable(code, fault, remedy) }
    }

    /// The file system refused.
    #[must_use]
    pub fn io(path: &Path, error: &std::io::Error) -> Self {
        let fault = format!("{}: {error}", path.display());
        Self::unable("file-system", fault, "check that the path exists, is accessible and has room")
    }

    /// A fault of this program or of one that it drives.
    #[must_use]
    pub fn internal(fault: impl Into<String>) -> Self {
        Self::unable("internal", fault, "report this as a fault of the program")
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}", self.code, self.fault)?;
        for line in &self.tail {
            write!(f, "\n  | {line}")?;
        }
        if self.remedy.is_empty() { Ok(()) } else { write!(f, "\n  remedy: {}", self.remedy) }
    }
}

impl From<client::ClientError> for Failure {
    fn from(error: client::ClientError) -> Self {
        Self::unable(error.code(), error.fault(), error.remedy())
    }
}
