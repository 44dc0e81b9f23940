//! Passphrases: from a prompt, a file or a file descriptor, never from an argument, which other users can see.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use zeroize::Zeroizing;

use crate::error::VaultError;

/// Longest passphrase in bytes.
const MAX_PASSPHRASE: u64 = 4_096;

/// A passphrase. Erased when dropped; prints nothing.
pub struct Passphrase(Zeroizing<String>);

impl core::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

impl Passphrase {
    /// A passphrase that is not empty.
    ///
    /// # Errors
    /// [`VaultError::EmptyPassphrase`].
    pub fn new(text: impl Into<String>) -> Result<Self, VaultError> {
        let text = Zeroizing::new(text.into());
        if text.trim().is_empty() { Err(VaultError::EmptyPassphrase) } else { Ok(Self(text)) }
    }

    /// The text.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

/// Where a passphrase comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PassphraseSource {
    /// The terminal; without echo.
    Prompt,
    /// The first line of a file.
    File(PathBuf),
    /// The first line of an open file descriptor.
    Fd(i32),
}

impl PassphraseSource {
    /// Reads it. With `confirm` a prompt asks twice: for passphrases that are newly chosen.
    ///
    /// # Errors
    /// [`VaultError::Passphrase`], [`VaultError::PassphrasesDiffer`], [`VaultError::EmptyPassphrase`].
    pub fn read(&self, confirm: bool) -> Result<Passphrase, VaultError> {
        match self {
            Self::Prompt => prompt(confirm),
            Self::File(path) => first_line(path, &path.display().to_string()),
            // Opening the device file duplicates the descriptor without unsafe code.
            Self::Fd(number) => {
                first_line(&PathBuf::from(format!("/dev/fd/{number}")), &format!("file descriptor {number}"))
            }
        }
    }
}

fn prompt(confirm: bool) -> Result<Passphrase, VaultError> {
    let ask = |question: &str| {
        let failed = |why| VaultError::Passphrase { source_name: "the terminal".into(), why };
        rpassword::prompt_password(question).map(Zeroizing::new).map_err(failed)
    };
    let first = ask("Passphrase: ")?;
    if confirm && *ask("The same passphrase again: ")? != *first {
        return Err(VaultError::PassphrasesDiffer);
    }
    Passphrase::new(first.as_str())
}

fn first_line(path: &PathBuf, source_name: &str) -> Result<Passphrase, VaultError> {
    let failed = |why: io::Error| VaultError::Passphrase { source_name: source_name.to_owned(), why };
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_PASSPHRASE as usize + 1));
    File::open(path).and_then(|file| file.take(MAX_PASSPHRASE + 1).read_to_end(&mut bytes)).map_err(failed)?;
    let line = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.len() as u64 > MAX_PASSPHRASE {
        return Err(failed(io::Error::new(io::ErrorKind::InvalidData, "its first line is too long")));
    }
    let text = core::str::from_utf8(line);
    let text = text.map_err(|_| failed(io::Error::new(io::ErrorKind::InvalidData, "its first line is no text")))?;
    Passphrase::new(text)
}

/// The options of every command that needs a passphrase.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct PassphraseArgs {
    /// Read the passphrase from the first line of this file instead of asking
    #[arg(long, value_name = "PATH", conflicts_with = "passphrase_fd")]
    pub passphrase_file: Option<PathBuf>,
    /// Read the passphrase from the first line of this file descriptor instead of asking
    #[arg(long, value_name = "N")]
    pub passphrase_fd: Option<i32>,
}

impl PassphraseArgs {
    /// Where the passphrase comes from.
    #[must_use]
    pub fn source(&self) -> PassphraseSource {
        match (&self.passphrase_file, self.passphrase_fd) {
            (Some(path), _) => PassphraseSource::File(path.clone()),
            (None, Some(number)) => PassphraseSource::Fd(number),
            (None, None) => PassphraseSource::Prompt,
        }
    }

    /// Reads it; see [`PassphraseSource::read`].
    ///
    /// # Errors
    /// As [`PassphraseSource::read`].
    pub fn read(&self, confirm: bool) -> Result<Passphrase, VaultError> {
        self.source().read(confirm)
    }
}
