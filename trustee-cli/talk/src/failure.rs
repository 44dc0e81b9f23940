//! Why a command did not do what was asked: problems in pairs of fault and remedy, each with a stable code.

use std::borrow::Cow;
use std::path::Path;

use client::ClientError;
use serde_json::{Value, json};
use vault::VaultError;
use voting_core::record::Refusal;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Stable code, for scripts and for the handbook.
    pub code: Cow<'static, str>,
    /// What is wrong, and where.
    pub fault: String,
    /// What to do about it; empty if the fault says it.
    pub remedy: String,
}

impl Problem {
    /// A problem with a code of this program.
    #[must_use]
    pub fn new(code: &'static str, fault: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { code: code.into(), fault: fault.into(), remedy: remedy.into() }
    }
}

impl core::fmt::Display for Problem {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "error[{}]: {}", self.code, self.fault)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(f, "\n  remedy: {}", self.remedy) }
    }
}

/// What the exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Checked and refused: exit code 1.
    Refused,
    /// Could not be done or checked: exit code 2.
    Unable,
}

/// A command that ended without doing what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What the exit code says.
    pub kind: Kind,
    /// At least one problem.
    pub problems: Vec<Problem>,
}

impl Failure {
    /// The input was checked and is refused.
    #[must_use]
    pub fn refused(code: &'static str, fault: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind: Kind::Refused, problems: vec![Problem::new(code, fault, remedy)] }
    }

    /// It could not be done.
    #[must_use]
    pub fn unable(code: &'static str, fault: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { kind: Kind::Unable, problems: vec![Problem::new(code, fault, remedy)] }
    }

    /// Several problems at once.
    #[must_use]
    pub fn all(problems: Vec<Problem>) -> Self {
        Self { kind: Kind::Refused, problems }
    }

    /// A file or folder that cannot be read or written.
    #[must_use]
    pub fn io(path: &Path, error: &std::io::Error) -> Self {
        let fault = format!("{}: {error}", path.display());
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => Self::exists(path),
            std::io::ErrorKind::NotFound => Self::unable("no-such-file", fault, "check the path"),
            _ => Self::unable("file-system", fault, "check the path, its permissions and the free space"),
        }
    }

    /// An output that is there already.
    #[must_use]
    pub fn exists(path: &Path) -> Self {
        let fault = format!("{} exists already; nothing was written", path.display());
        Self::unable("output-exists", fault, "choose another name, or move the old one away")
    }

    /// Exit code of the process.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Refused => 1,
            Kind::Unable => 2,
        }
    }

    /// The failure as the one JSON object of `--json`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let one =
            |problem: &Problem| json!({ "code": problem.code, "message": problem.fault, "remedy": problem.remedy });
        let first = self.problems.first().map(one);
        json!({ "ok": false, "error": first, "errors": self.problems.iter().map(one).collect::<Vec<_>>() })
    }
}

impl core::fmt::Display for Failure {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        for (i, problem) in self.problems.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let kind = if error.is_verdict() { Kind::Refused } else { Kind::Unable };
        let problem = Problem { code: error.code().to_owned().into(), fault: error.fault(), remedy: error.remedy() };
        Self { kind, problems: vec![problem] }
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        Self::unable(error.code(), error.fault(), error.remedy())
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let fault = format!("the log would refuse this entry: {refusal}");
        Self::refused("illegal-entry", fault, format!("the rule says: {}", refusal.rule.must()))
    }
}
