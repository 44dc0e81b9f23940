//! What can go wrong, each with its stable code and its remedy.

use std::io;
use std::path::PathBuf;

/// Why a file was not written, or a secret not read. The display is the fault, then the remedy.
#[derive(Debug, thiserror::Error)]
#[error("{}; {}", self.fault(), self.remedy())]
pub enum VaultError {
    /// The output is there already. Nothing was written.
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// There is no such file.
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file system refused.
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        why: io::Error,
    },
    /// The passphrase does not open the file.
    WrongPassphrase {
        /// The file.
        path: PathBuf,
    },
    /// The file demands more work than is accepted.
    TooMuchWork {
        /// The file.
        path: PathBuf,
        /// Base-2 logarithm of the work that it demands.
        demanded: u8,
        /// Base-2 logarithm of the most that is accepted.
        limit: u8,
    },
    /// The file is not one that this program encrypted, or was damaged.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What was found.
        why: String,
    },
    /// The secret is too long.
    TooLong {
        /// Bytes given.
        bytes: usize,
        /// Bytes accepted.
        limit: usize,
    },
    /// The passphrase is empty.
    EmptyPassphrase,
    /// The passphrase was typed differently the second time.
    PassphrasesDiffer,
    /// The passphrase could not be read.
    Passphrase {
        /// Where from.
        source_name: String,
        /// What the system said.
        why: io::Error,
    },
    /// A cost outside what is accepted.
    Cost {
        /// What was given.
        given: String,
    },
}

impl VaultError {
    /// The stable code, for `error[code]`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Exists { .. } => "output-exists",
            Self::Missing { .. } => "no-such-file",
            Self::Io { .. } => "file-system",
            Self::WrongPassphrase { .. } => "wrong-passphrase",
            Self::TooMuchWork { .. } => "work-factor-too-high",
            Self::Damaged { .. } => "damaged-file",
            Self::TooLong { .. } => "secret-too-long",
            Self::EmptyPassphrase => "empty-passphrase",
            Self::PassphrasesDiffer => "passphrases-differ",
            Self::Passphrase { .. } => "passphrase-unreadable",
            Self::Cost { .. } => "work-factor-invalid",
        }
    }

    /// What is wrong.
    #[must_use]
    pub fn fault(&self) -> String {
        match self {
            Self::Exists { path } => format!("{} exists already; nothing was written", path.display()),
            Self::Missing { path } => format!("{} does not exist", path.display()),
            Self::Io { path, why } => format!("{}: {why}", path.display()),
            Self::WrongPassphrase { path } => format!("the passphrase does not open {}", path.display()),
            Self::TooMuchWork { path, demanded, limit } => {
                format!("{} demands 2^{demanded} units of work to open, at most 2^{limit} are accepted", path.display())
            }
            Self::Damaged { path, why } => format!("{} is no intact encrypted file: {why}", path.display()),
            Self::TooLong { bytes, limit } => format!("the secret has {bytes} bytes, at most {limit} are accepted"),
            Self::EmptyPassphrase => "the passphrase is empty".into(),
            Self::PassphrasesDiffer => "the two passphrases differ".into(),
            Self::Passphrase { source_name, why } => format!("the passphrase can't be read from {source_name}: {why}"),
            Self::Cost { given } => format!("\"{given}\" is no work factor"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Exists { .. } => "choose another name, or move the file away yourself".into(),
            Self::Missing { .. } => "check the path".into(),
            Self::Io { .. } => "check that the folder exists, is writable and has room".into(),
            Self::WrongPassphrase { .. } => "type it again; without it the secret can't be recovered".into(),
            Self::TooMuchWork { .. } => "take the file that this program wrote; this one may be a trap".into(),
            Self::Damaged { .. } => "restore the file from a copy".into(),
            Self::TooLong { .. } => "this is a fault of the program; report it".into(),
            Self::EmptyPassphrase => "choose one of several words".into(),
            Self::PassphrasesDiffer => "start again and type the same one twice".into(),
            Self::Passphrase { .. } => "use a terminal, `--passphrase-file PATH` or `--passphrase-fd N`".into(),
            Self::Cost { .. } => format!("give the base-2 logarithm, 1 to {}", crate::MAX_COST),
        }
    }
}
