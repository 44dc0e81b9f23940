//! The board's own shortcut at a start: how far it has verified a log already.
//!
//! After some tens of thousands of entries, and at a stop in order, the sequencer keeps size and root of the log in the file
//! `snapshot` beside the journal, signed with the log key. The next start folds the journal up to there without verifying
//! the proofs of ballots again; everything else is checked as ever, and the root over the entries must be the one that was
//! signed, or all of it is verified. The operator could sign a false one and so deceive the own board, which is trusted with
//! nothing: observers verify every proof and never read this file.
//!
//! The file is a C2SP signed note, with a signature of type 0xff as promises have (`tlog::promise`), so that it is no
//! checkpoint of the log:
//! ```text
//! urna/v1/snapshot
//! <origin>
//! <version of the program>
//! <size>
//! <base64 root>
//!
//! — <origin> <base64 of key id and Ed25519 signature over the text>
//! ```

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::sync::Arc;

use tlog::checkpoint::Origin;
use tlog::hash::Hash;
use tlog::note::{KeyId, KeyType, NoteSignature, SignedNote, SigningKey, VerifierKey};
use tlog::signature::{KEY_LEN, SIGNATURE_LEN, verify_strict};

use crate::store::{Disk, write_atomic};

const HEADER: &str = "urna/v1/snapshot";
/// What wrote it. Another version may have other rules.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// As the version of a board whose test setting leaves out proofs: no other board takes its word.
const WITHOUT_PROOFS: &str = concat!(env!("CARGO_PKG_VERSION"), "-without-proofs");

/// A log as far as this program has verified it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Number of entries.
    pub(crate) size: u64,
    /// Root over them.
    pub(crate) root: Hash,
}

/// What a program of this kind calls itself.
pub(crate) fn version(without_proofs: bool) -> &'static str {
    if without_proofs { WITHOUT_PROOFS } else { VERSION }
}

fn key_id(key: &VerifierKey) -> KeyId {
    KeyId::derive(key.name(), KeyType::Other(0xff), &[HEADER.as_bytes(), key.public_key()].concat())
}

impl Snapshot {
    fn text(&self, origin: &Origin, version: &str) -> String {
        format!("{HEADER}\n{origin}\n{version}\n{}\n{}\n", self.size, self.root.to_base64())
    }

    /// Signs it with the key of the log. `None` if that is impossible, which the form of the text excludes.
    pub(crate) fn sign(&self, origin: &Origin, version: &str, key: &SigningKey) -> Option<String> {
        let text = self.text(origin, version);
        let signature = key.sign_text(&text).ok()?.signature().to_vec();
        let line = NoteSignature::new(key.name().clone(), key_id(&key.verifier()), signature).ok()?;
        Some(SignedNote::from_parts(&text, vec![line]).ok()?.to_string())
    }

    /// Reads one that this board wrote in this version; the error says why it counts for nothing.
    pub(crate) fn open(bytes: &[u8], origin: &Origin, version: &str, key: &VerifierKey) -> Result<Self, &'static str> {
        let note = SignedNote::parse(bytes).map_err(|_| "it is damaged")?;
        let id = key_id(key);
        let line = note.signatures().iter().find(|line| line.name() == key.name() && line.key_id() == id);
        let signature = line.and_then(|line| <&[u8; SIGNATURE_LEN]>::try_from(line.signature()).ok());
        let public = <&[u8; KEY_LEN]>::try_from(key.public_key()).ok();
        let (Some(signature), Some(public)) = (signature, public) else { return Err("the log key has not signed it") };
        if !verify_strict(public, note.text().as_bytes(), signature) {
            return Err("the log key has not signed it");
        }
        let mut lines = note.text().lines();
        let (header, of, by) = (lines.next(), lines.next(), lines.next());
        if header != Some(HEADER) || of != Some(origin.to_string().as_str()) {
            return Err("it is of another log");
        }
        if by != Some(version) {
            return Err("another version of the program wrote it");
        }
        let size = lines.next().and_then(|size| size.parse().ok());
        let root = lines.next().and_then(|root| Hash::from_base64(root).ok());
        let (Some(size), Some(root)) = (size, root) else { return Err("it is damaged") };
        let snapshot = Self { size, root };
        // One spelling.
        if snapshot.text(origin, version) == note.text() { Ok(snapshot) } else { Err("it is damaged") }
    }
}

/// Where the snapshot of an event lies.
#[derive(Debug)]
pub(crate) struct SnapshotFile {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) path: PathBuf,
}

impl SnapshotFile {
    /// Its bytes, if there is one.
    pub(crate) fn read(&self) -> io::Result<Option<Vec<u8>>> {
        match self.disk.read(&self.path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces it.
    pub(crate) fn write(&self, note: &str) -> io::Result<()> {
        write_atomic(self.disk.as_ref(), &self.path, note.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use tlog::note::KeyName;

    use super::*;

    #[test]
    fn only_what_this_board_signed_in_this_version_is_opened() {
        let name = "board.test/5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9";
        let origin = Origin::new(name).unwrap();
        let key = SigningKey::from_seed(KeyName::new(name).unwrap(), &[7; 32]);
        let other = SigningKey::from_seed(KeyName::new(name).unwrap(), &[8; 32]);
        let snapshot = Snapshot { size: 70_000, root: Hash([3; 32]) };
        let note = snapshot.sign(&origin, VERSION, &key).unwrap();
        let open = |bytes: &str, version| Snapshot::open(bytes.as_bytes(), &origin, version, &key.verifier());
        assert_eq!(open(&note, VERSION), Ok(snapshot));
        assert_eq!(open(&note, WITHOUT_PROOFS), Err("another version of the program wrote it"));
        assert_eq!(open(&snapshot.sign(&origin, WITHOUT_PROOFS, &key).unwrap(), VERSION), open(&note, WITHOUT_PROOFS));
        assert_eq!(open(&note.replace("70000", "70001"), VERSION), Err("the log key has not signed it"));
        assert_eq!(
            open(&snapshot.sign(&origin, VERSION, &other).unwrap(), VERSION),
            Err("the log key has not signed it")
        );
        let elsewhere = Origin::new(&name.replace("board.test", "other.test")).unwrap();
        assert_eq!(open(&snapshot.sign(&elsewhere, VERSION, &key).unwrap(), VERSION), Err("it is of another log"));
        // No checkpoint of the log, and no checkpoint is one.
        assert!(tlog::checkpoint::open(note.as_bytes(), &origin, &key.verifier()).is_err());
        let head = tlog::checkpoint::Checkpoint::new(origin.clone(), 70_000, Hash([3; 32]));
        let head = tlog::checkpoint::sign(&head, &key);
        assert_eq!(open(&head, VERSION), Err("the log key has not signed it"));
        for cut in 0..note.len() {
            if note.is_char_boundary(cut) {
                assert!(open(&note[..cut], VERSION).is_err(), "cut at {cut}");
            }
        }
    }
}
