//! Secrets in files of the age format (C2SP age) with one scrypt recipient.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use age::secrecy::SecretString;
use age::{DecryptError, Decryptor, Encryptor};
use zeroize::Zeroizing;

use crate::error::VaultError;
use crate::file::{PRIVATE, write_atomic, write_new};
use crate::passphrase::Passphrase;

/// Base-2 logarithm of the scrypt cost N of new files: about a second.
pub const DEFAULT_COST: u8 = 18;
/// Base-2 logarithm of the highest cost that is accepted when a file is opened: about 16 seconds and 4 GiB.
pub const MAX_COST: u8 = 22;
/// Longest secret in bytes.
pub const MAX_SECRET: usize = 64 << 20;
/// Environment variable that lowers the cost of new files. For tests only: files written so are easily opened by guessing.
pub const WORK_FACTOR_VARIABLE: &str = "URNA_TEST_WORK_FACTOR";
/// Longest encrypted file: the secret, the header, and the tag of each 64 KiB.
const MAX_FILE: u64 = MAX_SECRET as u64 + 4_096 + 16 * (MAX_SECRET as u64 / 65_536 + 1);

/// What one guess at the passphrase of a new file costs: the base-2 logarithm of scrypt's N.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost(u8);

impl Default for Cost {
    fn default() -> Self {
        Self(DEFAULT_COST)
    }
}

impl Cost {
    /// A cost other than the default, for tests and for slow devices.
    ///
    /// # Errors
    /// [`VaultError::Cost`] outside 1 to [`MAX_COST`].
    pub fn lowered(log2: u8) -> Result<Self, VaultError> {
        if (1..=MAX_COST).contains(&log2) { Ok(Self(log2)) } else { Err(VaultError::Cost { given: log2.to_string() }) }
    }

    /// The cost for a program: the default, or what [`WORK_FACTOR_VARIABLE`] says.
    ///
    /// # Errors
    /// [`VaultError::Cost`] if the variable holds something else than a number from 1 to [`MAX_COST`].
    pub fn from_environment() -> Result<Self, VaultError> {
        match std::env::var(WORK_FACTOR_VARIABLE) {
            Ok(text) => {
                let given = text.parse().map_err(|_| VaultError::Cost { given: text.chars().take(20).collect() })?;
                Self::lowered(given)
            }
            Err(_) => Ok(Self::default()),
        }
    }
}

/// A secret that was opened, and how well its file protected it.
pub struct Opened {
    /// The secret, erased when dropped.
    pub secret: Zeroizing<Vec<u8>>,
    /// Base-2 logarithm of the scrypt cost in the file's header.
    pub cost: u8,
}

impl core::fmt::Debug for Opened {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Opened").field("cost", &self.cost).finish_non_exhaustive()
    }
}

impl Opened {
    /// The warning for a file that is easily opened by guessing.
    #[must_use]
    pub fn warning(&self, path: &Path) -> Option<String> {
        (self.cost < DEFAULT_COST).then(|| {
            format!(
                "warning: {} has the work factor {} instead of {DEFAULT_COST}: its passphrase is easily guessed; use \
                 such files for tests only",
                path.display(),
                self.cost
            )
        })
    }
}

/// Writes a secret into a new file of mode 0600.
///
/// # Errors
/// [`VaultError::Exists`], and then nothing was written; [`VaultError::TooLong`]; [`VaultError::Io`].
pub fn seal(path: &Path, secret: &[u8], passphrase: &Passphrase, cost: Cost) -> Result<(), VaultError> {
    // Before a second of work; `write_new` decides for good.
    if path.symlink_metadata().is_ok() {
        return Err(VaultError::Exists { path: path.to_owned() });
    }
    write_new(path, &encrypt(path, secret, passphrase, cost)?, PRIVATE)
}

/// Writes a secret, replacing the file in one step: for state that is resumed.
///
/// # Errors
/// [`VaultError::TooLong`]; [`VaultError::Io`], and then the old contents are still there.
pub fn replace(path: &Path, secret: &[u8], passphrase: &Passphrase, cost: Cost) -> Result<(), VaultError> {
    write_atomic(path, &encrypt(path, secret, passphrase, cost)?)
}

/// Opens a file. Prints a warning on stderr if its cost is below the default.
///
/// # Errors
/// [`VaultError::WrongPassphrase`], [`VaultError::TooMuchWork`], [`VaultError::Damaged`], [`VaultError::Missing`],
/// [`VaultError::Io`].
pub fn open(path: &Path, passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let opened = inspect(path, passphrase)?;
    if let Some(warning) = opened.warning(path) {
        let _ = writeln!(io::stderr(), "{warning}");
    }
    Ok(opened.secret)
}

/// As [`open`], and leaves the warning to the caller.
///
/// # Errors
/// As [`open`].
pub fn inspect(path: &Path, passphrase: &Passphrase) -> Result<Opened, VaultError> {
    let failed = |why: io::Error| match why.kind() {
        io::ErrorKind::NotFound => VaultError::Missing { path: path.to_owned() },
        _ => VaultError::Io { path: path.to_owned(), why },
    };
    let damaged = |why: &str| VaultError::Damaged { path: path.to_owned(), why: why.to_owned() };
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_FILE + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(damaged("it is too long"));
    }
    let cost = stated_cost(&bytes).ok_or_else(|| damaged("its header names no passphrase"))?;
    if cost > MAX_COST {
        return Err(VaultError::TooMuchWork { path: path.to_owned(), demanded: cost, limit: MAX_COST });
    }
    let refused = |error: DecryptError| match error {
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed | DecryptError::NoMatchingKeys => {
            VaultError::WrongPassphrase { path: path.to_owned() }
        }
        DecryptError::ExcessiveWork { required, .. } => {
            VaultError::TooMuchWork { path: path.to_owned(), demanded: required, limit: MAX_COST }
        }
        DecryptError::Io(why) => damaged(&why.to_string()),
        other => damaged(&other.to_string()),
    };
    let mut identity = age::scrypt::Identity::new(SecretString::from(passphrase.expose().to_owned()));
    identity.set_max_work_factor(MAX_COST);
    let decryptor = Decryptor::new(bytes.as_slice()).map_err(refused)?;
    let mut reader = decryptor.decrypt(core::iter::once(&identity as &dyn age::Identity)).map_err(refused)?;
    // The capacity is never exceeded, so that no copy of the secret stays behind in freed memory.
    let mut secret = Zeroizing::new(Vec::with_capacity(bytes.len()));
    reader.read_to_end(&mut secret).map_err(|why| damaged(&why.to_string()))?;
    Ok(Opened { secret, cost })
}

fn encrypt(path: &Path, secret: &[u8], passphrase: &Passphrase, cost: Cost) -> Result<Vec<u8>, VaultError> {
    if secret.len() > MAX_SECRET {
        return Err(VaultError::TooLong { bytes: secret.len(), limit: MAX_SECRET });
    }
    let failed = |why: io::Error| VaultError::Io { path: path.to_owned(), why };
    let mut recipient = age::scrypt::Recipient::new(SecretString::from(passphrase.expose().to_owned()));
    recipient.set_work_factor(cost.0);
    let encryptor = Encryptor::with_recipients(core::iter::once(&recipient as &dyn age::Recipient));
    let encryptor = encryptor.map_err(|error| failed(io::Error::other(error.to_string())))?;
    let mut bytes = Vec::new();
    let mut writer = encryptor.wrap_output(&mut bytes).map_err(failed)?;
    writer.write_all(secret).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(bytes)
}

/// The cost in the header: second line `-> scrypt <salt> <cost>`.
fn stated_cost(bytes: &[u8]) -> Option<u8> {
    let mut lines = bytes.get(..bytes.len().min(512))?.split(|byte| *byte == b'\n');
    if lines.next()? != b"age-encryption.org/v1" {
        return None;
    }
    let stanza = core::str::from_utf8(lines.next()?).ok()?;
    let mut words = stanza.strip_prefix("-> scrypt ")?.split(' ');
    let _salt = words.next()?;
    words.next()?.parse().ok().filter(|_| words.next().is_none())
}
