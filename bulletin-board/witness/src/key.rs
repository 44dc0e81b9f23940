//! The key of the witness: one Ed25519 seed in a file that only its owner may read.
//!
//! ```text
//! urna witness key 1
//! name witness.example/w1
//! vkey witness.example/w1+<id>+<base64>
//! seed <64 hex digits>
//! ```
//! The third line is for people, and must be the key of the fourth.
//!
//! Beside the file, `<file>.used` names the data folder with which the key began to cosign. It keeps an operator who lost
//! that folder from going on with an empty one: the witness would have forgotten every tree that it vouched for.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rand::RngCore;
use rand::rngs::OsRng;
use tlog::cosign::CosigningKey;
use tlog::note::{KeyName, VerifierKey};
use zeroize::Zeroizing;

use crate::error::StartError;
use crate::files::{read_text, write_new};

const HEADER: &str = "urna witness key 1";
const USED: &str = "urna witness key used 1";
/// Largest key file that is read, in bytes.
const LIMIT: usize = 4096;

/// The key of a witness, and the file that it came from.
pub struct Key {
    path: PathBuf,
    secret: CosigningKey,
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.secret.name())
    }
}

fn wrong(path: &Path, fault: impl Into<String>, remedy: &'static str) -> StartError {
    StartError::Key { path: path.to_owned(), fault: fault.into(), remedy }
}

const DAMAGED: &str = "bring back the key file as `witness key new` wrote it; without it this witness cannot go on";

impl Key {
    /// Draws a key and writes it to a new file with mode 0600.
    ///
    /// # Errors
    /// [`StartError::Config`] for a bad name, [`StartError::Key`] if the file is there already, [`StartError::Io`].
    pub fn make(name: &str, path: &Path) -> Result<VerifierKey, StartError> {
        let name = KeyName::new(name).map_err(|fault| StartError::Config {
            place: "--name".into(),
            fault: fault.to_string(),
            remedy: "give a name without spaces and +, such as witness.example/w1".into(),
        })?;
        let mark = mark_of(path);
        if mark.exists() {
            return Err(wrong(&mark, "a key of this file name was in use", "choose another file name for the new key"));
        }
        let mut seed = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(seed.as_mut());
        let vkey = CosigningKey::from_seed(name.clone(), &seed).verifier();
        let mut digits = Zeroizing::new([0; 64]);
        hex::encode_to_slice(seed.as_slice(), digits.as_mut())
            .map_err(|error| StartError::Internal(error.to_string()))?;
        let mut text = Zeroizing::new(Vec::with_capacity(LIMIT));
        text.extend_from_slice(format!("{HEADER}\nname {name}\nvkey {vkey}\nseed ").as_bytes());
        text.extend_from_slice(digits.as_slice());
        text.push(b'\n');
        write_new(path, &text).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => {
                wrong(path, "the file is there already", "choose another file; keys are never overwritten")
            }
            _ => StartError::Io { path: path.to_owned(), error },
        })?;
        Ok(vkey)
    }

    /// Reads a key file.
    ///
    /// # Errors
    /// [`StartError::Key`] if it is missing, damaged, or may be read by everybody.
    pub fn read(path: &Path) -> Result<Self, StartError> {
        let found = fs::metadata(path).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => {
                wrong(path, "there is no such key file", "make one with `witness key new --name NAME --out FILE`")
            }
            _ => StartError::Io { path: path.to_owned(), error },
        })?;
        if found.permissions().mode() & 0o007 != 0 {
            return Err(wrong(path, "every user of this machine may read the key", "take the right away: chmod 600"));
        }
        let text = read_text(path, LIMIT).map(Zeroizing::new).map_err(|error| match error.kind() {
            io::ErrorKind::InvalidData => wrong(path, "it is no key file", DAMAGED),
            _ => StartError::Io { path: path.to_owned(), error },
        })?;
        let secret = parse(&text).ok_or_else(|| wrong(path, "it is no key file, or a damaged one", DAMAGED))?;
        Ok(Self { path: path.to_owned(), secret })
    }

    /// The public half, as policies name it.
    #[must_use]
    pub fn verifier(&self) -> VerifierKey {
        self.secret.verifier()
    }

    pub(crate) fn secret(&self) -> &CosigningKey {
        &self.secret
    }

    /// The id of the data folder with which this key began, if it has.
    pub(crate) fn used_with(&self) -> Result<Option<String>, StartError> {
        let path = self.mark();
        let text = match read_text(&path, LIMIT) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StartError::Io { path, error }),
        };
        let id = text.strip_prefix(USED).and_then(|rest| rest.strip_prefix("\ndata "));
        let id = id.and_then(|id| id.strip_suffix('\n')).filter(|id| !id.contains('\n'));
        let remedy = "bring it back as it was; it names the data folder of this key";
        id.map(|id| Some(id.to_owned())).ok_or_else(|| wrong(&path, "it is damaged", remedy))
    }

    /// Notes durably that this key cosigns with the data folder of this id.
    pub(crate) fn mark_used(&self, id: &str) -> io::Result<()> {
        write_new(&self.mark(), format!("{USED}\ndata {id}\n").as_bytes())
    }

    pub(crate) fn mark(&self) -> PathBuf {
        mark_of(&self.path)
    }
}

fn mark_of(path: &Path) -> PathBuf {
    let mut mark = path.as_os_str().to_owned();
    mark.push(".used");
    mark.into()
}

fn parse(text: &str) -> Option<CosigningKey> {
    let lines: Vec<&str> = text.strip_suffix('\n')?.split('\n').collect();
    let [HEADER, name, vkey, seed] = lines.as_slice() else { return None };
    let name = KeyName::new(name.strip_prefix("name ")?).ok()?;
    let mut bytes = Zeroizing::new([0; 32]);
    hex::decode_to_slice(seed.strip_prefix("seed ")?, bytes.as_mut()).ok()?;
    let key = CosigningKey::from_seed(name, &bytes);
    (key.verifier().to_string() == vkey.strip_prefix("vkey ")?).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_file_has_one_form() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let made = Key::make("witness.example/w1", &path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let read = Key::read(&path).unwrap();
        assert_eq!(read.verifier(), made);
        assert_eq!(format!("{read:?}"), "Key(witness.example/w1)");
        let text = fs::read_to_string(&path).unwrap();
        let seed = text.split("seed ").nth(1).unwrap().trim().to_owned();
        assert!(!format!("{:?}", read.secret()).contains(&seed));
        let turn = |digit: char| if digit == '0' { '1' } else { '0' };
        let other: String = seed.chars().take(1).map(turn).chain(seed.chars().skip(1)).collect();
        for bad in [
            String::new(),
            text.trim_end().to_owned(),
            format!("{text}\n"),
            text.replace(&seed, &other),
            text.replace(&seed, &seed[2..]),
            text.replace("key 1", "key 2"),
            text.replace("name witness.example/w1", "name witness.example/w2"),
            "x".repeat(LIMIT + 1),
        ] {
            fs::write(&path, &bad).unwrap();
            let error = Key::read(&path).unwrap_err();
            assert_eq!(error.code(), "key", "{bad}");
            assert!(!error.to_string().contains(&seed[8..]), "{error}");
        }
    }

    #[test]
    fn keys_are_never_overwritten_and_not_read_where_everybody_may() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let made = Key::make("w", &path).unwrap();
        assert!(matches!(Key::make("w", &path), Err(StartError::Key { .. })));
        assert_eq!(Key::read(&path).unwrap().verifier(), made);
        for bad in ["", "a b", "a+b"] {
            assert_eq!(Key::make(bad, &dir.path().join("other")).unwrap_err().code(), "config-invalid");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
        assert_eq!(Key::read(&path).unwrap_err().code(), "key");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let key = Key::read(&path).unwrap();
        assert_eq!(key.used_with().unwrap(), None);
        key.mark_used("00ff").unwrap();
        assert_eq!(key.used_with().unwrap().as_deref(), Some("00ff"));
        fs::remove_file(&path).unwrap();
        // The name of a key that was in use is not taken again.
        assert_eq!(Key::make("w", &path).unwrap_err().code(), "key");
        assert_eq!(Key::read(&path).unwrap_err().code(), "key");
    }
}
