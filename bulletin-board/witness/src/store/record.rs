//! What the witness knows of one log: the newest checkpoint that it cosigned.
//!
//! ```text
//! urna witness record 1
//! origin <origin>
//! key <vkey of the log>
//! size <number>
//! root <base64>
//! time <seconds since 1970>
//!
//! <the checkpoint with the log's signature and this witness' cosignature>
//! ```
//! Every value stands in signed text or verifies a signature, so damage anywhere is found.

use core::fmt;

use tlog::cosign;
use tlog::note::{MAX_NOTE, NoteSignature, SignedNote, VerifierKey};
use tlog::witness::Latest;
use tlog::{Checkpoint, NoteError, Origin, checkpoint};

/// The first line of the file.
const HEADER: &str = "urna witness record 1";
/// Largest record in bytes: a note and the lines before it.
pub(crate) const MAX_RECORD: usize = MAX_NOTE + 8192;

/// The newest checkpoint of a log that this witness cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// The key of the log, fixed with its first cosignature.
    pub(crate) key: VerifierKey,
    /// What was cosigned.
    pub(crate) checkpoint: Checkpoint,
    /// The time that the cosignature states, in seconds since 1970.
    pub(crate) time: u64,
    /// The checkpoint with the log's signature and the cosignature.
    pub(crate) note: SignedNote,
}

impl Record {
    /// The record of a checkpoint that passed every check, with its cosignature.
    ///
    /// Of the note's lines only that of the log is kept: what others sign there is not this witness' matter.
    ///
    /// # Errors
    /// [`NoteError::TooLarge`] if the cosignature makes the note too large; [`NoteError::NotSigned`].
    pub(crate) fn new(
        key: &VerifierKey,
        checkpoint: Checkpoint,
        signed: &SignedNote,
        cosignature: NoteSignature,
        time: u64,
    ) -> Result<Self, NoteError> {
        let of_log = |line: &&NoteSignature| line.name() == key.name() && line.key_id() == key.id();
        let line = signed.signatures().iter().find(of_log).ok_or(NoteError::NotSigned)?.clone();
        let note = SignedNote::from_parts(signed.text(), vec![line, cosignature])?;
        Ok(Self { key: key.clone(), checkpoint, time, note })
    }

    /// The log.
    pub(crate) fn origin(&self) -> &Origin {
        &self.checkpoint.origin
    }

    /// Size and root, as the checks of the protocol take them.
    pub(crate) fn latest(&self) -> Latest {
        Latest { size: self.checkpoint.size, root: self.checkpoint.root }
    }

    /// Reads a record and verifies both signatures in it.
    pub(crate) fn parse(text: &str, own: &VerifierKey) -> Result<Self, String> {
        let (head, note) = text.split_once("\n\n").ok_or("it is incomplete")?;
        let mut lines = head.split('\n');
        if lines.next() != Some(HEADER) {
            return Err(format!("it does not begin with \"{HEADER}\""));
        }
        let origin = lines.next().and_then(|line| line.strip_prefix("origin ")).ok_or("it names no origin")?;
        let origin = Origin::new(origin).map_err(|error| error.to_string())?;
        let key = lines.next().and_then(|line| line.strip_prefix("key ")).ok_or("it names no key")?;
        let key: VerifierKey = key.parse().map_err(|error| format!("the key of the log: {error}"))?;
        let note = SignedNote::parse(note.as_bytes()).map_err(|error| error.to_string())?;
        let checkpoint = checkpoint::open_note(&note, &origin, &key).map_err(|error| error.to_string())?;
        let cosigned = cosign::verify(&note, core::slice::from_ref(own)).map_err(|error| error.to_string())?;
        let time = cosigned.first().and_then(|cosignature| cosignature.timestamp());
        let time = time.ok_or("its checkpoint is not cosigned by this witness")?;
        let record = Self { key, checkpoint, time, note };
        // One spelling: size, root and time in the lines are those of the signed text.
        if record.to_string() == text { Ok(record) } else { Err("its lines contradict its checkpoint".into()) }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, checkpoint, time, note } = self;
        let (origin, size, root) = (&checkpoint.origin, checkpoint.size, checkpoint.root.to_base64());
        write!(f, "{HEADER}\norigin {origin}\nkey {key}\nsize {size}\nroot {root}\ntime {time}\n\n{note}")
    }
}

#[cfg(test)]
mod tests {
    use tlog::cosign::CosigningKey;
    use tlog::{KeyName, MemoryTree, SigningKey};

    use super::*;

    #[test]
    fn damage_anywhere_is_found() {
        let name = KeyName::new("log.example/1").unwrap();
        let log = SigningKey::from_seed(name.clone(), &[1; 32]);
        let own = CosigningKey::from_seed(KeyName::new("w").unwrap(), &[2; 32]);
        let mut tree = MemoryTree::new();
        for entry in 0..5u8 {
            tree.append(&[entry]);
        }
        let head = Checkpoint::new(Origin::from(&name), 5, tree.root());
        let mut signed = SignedNote::parse(checkpoint::sign(&head, &log).as_bytes()).unwrap();
        let stranger = CosigningKey::from_seed(KeyName::new("w2").unwrap(), &[3; 32]);
        signed.add_signature(stranger.cosign(&head, 7).unwrap()).unwrap();
        let line = own.cosign(&head, 1_700_000_000).unwrap();
        let record = Record::new(&log.verifier(), head, &signed, line, 1_700_000_000).unwrap();
        assert_eq!(record.note.signatures().len(), 2);
        let text = record.to_string();
        assert_eq!(Record::parse(&text, &own.verifier()).unwrap(), record);
        assert!(text.len() <= MAX_RECORD);
        assert!(Record::parse(&text, &stranger.verifier()).is_err());
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut bytes = text.clone().into_bytes();
                bytes[at] ^= 1 << bit;
                let Ok(flipped) = String::from_utf8(bytes) else { continue };
                assert!(Record::parse(&flipped, &own.verifier()).is_err(), "byte {at}, bit {bit}");
            }
            assert!(text.get(..at).is_none_or(|cut| Record::parse(cut, &own.verifier()).is_err()), "cut at {at}");
        }
        assert!(Record::parse(&format!("{text}\n"), &own.verifier()).is_err());
    }
}
