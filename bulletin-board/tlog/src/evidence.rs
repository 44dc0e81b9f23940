//! Evidence of a split view (A19): two checkpoints signed by one log of which one is not a prefix of the other.
//!
//! # What convinces
//! - Equal sizes and different roots convince by themselves.
//! - With different sizes, a consistency proof that fails convinces nobody: anybody can spoil a proof. What convinces is
//!   a proof that *succeeds* for another root. It shows that under the larger root the first entries have the root
//!   `prefix`, and the log signed a different root for that size. Whoever holds the tiles of the larger tree can make it
//!   ([`SplitView::from_source`]); often the log itself has made it, in the proof that failed ([`SplitView::from_proof`]).
//! - A log that hands out failing proofs and no tiles can be reported without `prefix`. The judge then says that the
//!   proof fails, which is a complaint and no conviction.
//!
//! # File
//! ```text
//! urna/v1/split-view
//! smaller <bytes>
//! <that many bytes: the signed checkpoint of the smaller tree>
//! larger <bytes>
//! <that many bytes: the signed checkpoint of the larger tree>
//! prefix <base64 root, or `none`>
//! proof <number of hashes>
//! <one base64 hash per line>
//! ```
//! Every line ends in a newline; each checkpoint ends in its own. Equal sizes have no prefix and no proof, and the
//! checkpoint with the smaller bytes comes first.

use core::fmt;

use crate::checkpoint::{Checkpoint, Origin, open_note};
use crate::error::EvidenceError;
use crate::hash::Hash;
use crate::note::{MAX_NOTE, SignedNote, VerifierKey};
use crate::proof::{MAX_PROOF, proven_prefix, verify_consistency};
use crate::text::{decimal, line};
use crate::tree::{NodeSource, consistency, root_at};

/// The first line of the file.
pub const HEADER: &str = "urna/v1/split-view";
/// Largest accepted file in bytes: two notes and some lines.
pub const MAX_EVIDENCE: usize = 2 * MAX_NOTE + 8192;

/// Two signed checkpoints of one origin and what shows that they contradict each other. Nothing is verified before
/// [`SplitView::judge`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitView {
    smaller: SignedNote,
    larger: SignedNote,
    prefix: Option<Hash>,
    proof: Vec<Hash>,
}

/// What the evidence shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The log signed two trees that contradict each other. Nobody without its key could make this.
    SplitView,
    /// The consistency proof fails. Proves nothing against the log: ask it, or a mirror, for a proof or the tiles.
    ProofFails,
    /// The two checkpoints agree.
    Consistent,
}

impl SplitView {
    /// Evidence from two signed checkpoints, in either order.
    ///
    /// `prefix` is the root of the first entries under the larger tree, which `proof` leads to; without it `proof` is the
    /// one that failed for the smaller checkpoint itself. Both are dropped if the sizes are equal.
    ///
    /// # Errors
    /// [`EvidenceError::Checkpoint`] if a text is no checkpoint, [`EvidenceError::Origins`] if the origins differ,
    /// [`EvidenceError::TooManyHashes`] above 64.
    pub fn new(
        one: SignedNote,
        other: SignedNote,
        prefix: Option<Hash>,
        proof: Vec<Hash>,
    ) -> Result<Self, EvidenceError> {
        if proof.len() > MAX_PROOF {
            return Err(EvidenceError::TooManyHashes);
        }
        let sizes = same_log(&one, &other)?;
        let swap = sizes.0 > sizes.1 || (sizes.0 == sizes.1 && one.to_bytes() > other.to_bytes());
        let (smaller, larger) = if swap { (other, one) } else { (one, other) };
        let (prefix, proof) = if sizes.0 == sizes.1 { (None, Vec::new()) } else { (prefix, proof) };
        Ok(Self { smaller, larger, prefix, proof })
    }

    /// Evidence from two signed checkpoints and the tree of the larger one, for instance its tiles.
    ///
    /// # Errors
    /// As [`SplitView::new`]; [`EvidenceError::Tree`] if the source lacks a needed node.
    pub fn from_source<S: NodeSource + ?Sized>(
        one: SignedNote,
        other: SignedNote,
        larger_tree: &S,
    ) -> Result<Self, EvidenceError> {
        let sizes = same_log(&one, &other)?;
        let (old, new) = (sizes.0.min(sizes.1), sizes.0.max(sizes.1));
        let prefix = root_at(larger_tree, old)?;
        Self::new(one, other, Some(prefix), consistency(larger_tree, old, new)?)
    }

    /// Evidence from two signed checkpoints and a consistency proof between them that failed, as a witness meets it.
    ///
    /// If the proof leads from another root to that of the larger tree, it convicts as it is: the owner of the larger tree
    /// has shown which prefix it has. Otherwise the result is a complaint.
    ///
    /// # Errors
    /// As [`SplitView::new`].
    pub fn from_proof(one: SignedNote, other: SignedNote, proof: Vec<Hash>) -> Result<Self, EvidenceError> {
        let (a, b) = (Checkpoint::from_unverified_note(&one)?, Checkpoint::from_unverified_note(&other)?);
        let (old, new) = if a.size <= b.size { (a, b) } else { (b, a) };
        let prefix = proven_prefix(old.size, new.size, &new.root, &proof).filter(|prefix| *prefix != old.root);
        Self::new(one, other, prefix, proof)
    }

    /// The signed checkpoint of the smaller tree.
    #[must_use]
    pub fn smaller(&self) -> &SignedNote {
        &self.smaller
    }

    /// The signed checkpoint of the larger tree.
    #[must_use]
    pub fn larger(&self) -> &SignedNote {
        &self.larger
    }

    /// Judges the evidence with the key of the log. Needs nothing else, and no network.
    ///
    /// # Errors
    /// [`EvidenceError::Checkpoint`] if the log did not sign both, [`EvidenceError::Origins`] if they are of two logs.
    pub fn judge(&self, origin: &Origin, log_key: &VerifierKey) -> Result<Verdict, EvidenceError> {
        let Self { smaller, larger, prefix, proof } = self;
        let old = open_note(smaller, origin, log_key)?;
        let new = open_note(larger, origin, log_key)?;
        if old.size == new.size {
            return Ok(if old.root == new.root { Verdict::Consistent } else { Verdict::SplitView });
        }
        if old.size == 0 {
            // Both are signed, and `open_note` has checked that this is the empty tree.
            return Ok(Verdict::Consistent);
        }
        let claimed = prefix.unwrap_or(old.root);
        Ok(match verify_consistency(old.size, new.size, &claimed, &new.root, proof) {
            Err(_) => Verdict::ProofFails,
            Ok(()) if claimed == old.root => Verdict::Consistent,
            Ok(()) => Verdict::SplitView,
        })
    }

    /// Reads a file. Exactly one file per piece of evidence is accepted.
    ///
    /// # Errors
    /// The [`EvidenceError`] of the first fault in the form.
    pub fn parse(bytes: &[u8]) -> Result<Self, EvidenceError> {
        if bytes.len() > MAX_EVIDENCE {
            return Err(EvidenceError::TooLarge { bytes: bytes.len(), limit: MAX_EVIDENCE });
        }
        let text = core::str::from_utf8(bytes).map_err(|_| EvidenceError::Lines)?;
        let (header, rest) = line(text).ok_or(EvidenceError::Header)?;
        if header != HEADER {
            return Err(EvidenceError::Header);
        }
        let (smaller, rest) = parse_note(rest, "smaller ")?;
        let (larger, rest) = parse_note(rest, "larger ")?;
        let (prefix, rest) = line(rest).ok_or(EvidenceError::Lines)?;
        let prefix = match prefix.strip_prefix("prefix ").ok_or(EvidenceError::Lines)? {
            "none" => None,
            hash => Some(Hash::from_base64(hash)?),
        };
        let (count, mut rest) = parse_count(rest, "proof ")?;
        if count > MAX_PROOF {
            return Err(EvidenceError::TooManyHashes);
        }
        let mut proof = Vec::with_capacity(count);
        for _ in 0..count {
            let (hash, after) = line(rest).ok_or(EvidenceError::Lines)?;
            proof.push(Hash::from_base64(hash)?);
            rest = after;
        }
        let evidence = Self::new(smaller, larger, prefix, proof)?;
        // Order, dropped parts and trailing bytes: one file per value (A3).
        if evidence.to_string().as_bytes() == bytes { Ok(evidence) } else { Err(EvidenceError::Lines) }
    }

    /// The bytes of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }
}

impl fmt::Display for SplitView {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (smaller, larger) = (self.smaller.to_string(), self.larger.to_string());
        write!(f, "{HEADER}\nsmaller {}\n{smaller}larger {}\n{larger}", smaller.len(), larger.len())?;
        match self.prefix {
            Some(prefix) => writeln!(f, "prefix {}", prefix.to_base64())?,
            None => writeln!(f, "prefix none")?,
        }
        writeln!(f, "proof {}", self.proof.len())?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", hash.to_base64()))
    }
}

/// The sizes of two checkpoints of one origin, unverified.
fn same_log(one: &SignedNote, other: &SignedNote) -> Result<(u64, u64), EvidenceError> {
    let one = Checkpoint::from_unverified_note(one)?;
    let other = Checkpoint::from_unverified_note(other)?;
    if one.origin == other.origin { Ok((one.size, other.size)) } else { Err(EvidenceError::Origins) }
}

fn parse_count<'a>(text: &'a str, keyword: &str) -> Result<(usize, &'a str), EvidenceError> {
    let (first, rest) = line(text).ok_or(EvidenceError::Lines)?;
    let count = first.strip_prefix(keyword).and_then(decimal).and_then(|count| usize::try_from(count).ok());
    Ok((count.ok_or(EvidenceError::Lines)?, rest))
}

fn parse_note<'a>(text: &'a str, keyword: &str) -> Result<(SignedNote, &'a str), EvidenceError> {
    let (length, rest) = parse_count(text, keyword)?;
    let (note, rest) = rest.split_at_checked(length).ok_or(EvidenceError::Lines)?;
    Ok((SignedNote::parse(note.as_bytes()).map_err(|fault| EvidenceError::Checkpoint(fault.into()))?, rest))
}
