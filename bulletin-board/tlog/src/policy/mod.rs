//! Witness policies (C2SP tlog-policy): which logs are trusted, which witnesses are known, and which of them are enough.
//!
//! The file format calls the last one `quorum`. In this project that word is kept for people, so the API speaks of the
//! *requirement*.

mod parse;

#[cfg(test)]
mod tests;

use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

use crate::checkpoint::{Checkpoint, Origin, open_note};
use crate::error::{PolicyError, Unsatisfied};
use crate::note::{KeyType, SignedNote, VerifiedSignature, VerifierKey};

/// Largest accepted policy file in bytes.
pub const MAX_POLICY: usize = 256 * 1024;
/// Largest accepted number of logs, of witnesses and of groups, each.
pub const MAX_ITEMS: usize = 256;
/// Longest name or URL in bytes.
const MAX_WORD: usize = 1024;

/// A name of a witness or group within a policy, or a URL: opaque bytes, not empty, no space, no control character.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Word(Vec<u8>);

impl Word {
    /// Checks a word.
    ///
    /// # Errors
    /// [`PolicyError::Word`].
    pub fn new(bytes: impl AsRef<[u8]>) -> Result<Self, PolicyError> {
        let bytes = bytes.as_ref();
        let allowed = |byte: &u8| matches!(byte, 0x21..=0x7e | 0x80..=0xff);
        if bytes.is_empty() || bytes.len() > MAX_WORD || !bytes.iter().all(allowed) {
            return Err(PolicyError::Word);
        }
        Ok(Self(bytes.to_vec()))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Word {
    /// As text, with replacement characters where the bytes are no UTF-8.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Word({self})")
    }
}

/// A trusted log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Its key; the name of the key is the log's origin.
    pub key: VerifierKey,
    /// Where to reach it, if the file says so.
    pub url: Option<Word>,
}

/// A known witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Its name within the policy.
    pub name: Word,
    /// Its key, of type 0x04 to be counted by this version; of a type not known here it is never counted.
    pub key: VerifierKey,
    /// Its submission prefix, if the file says so.
    pub url: Option<Word>,
}

/// A group of witnesses and groups of which at least `threshold` must have cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Its name within the policy.
    pub name: Word,
    /// How many members are needed, 1 to the number of members.
    pub threshold: usize,
    /// Names of witnesses and of groups that were defined before.
    pub members: Vec<Word>,
}

/// What a checkpoint needs besides the signature of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// No cosignature at all (`quorum none`).
    None,
    /// The witness or group of this name.
    Named(Word),
}

/// A valid policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    requirement: Requirement,
}

/// A witness that cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigner {
    /// The witness' name within the policy.
    pub name: Word,
    /// The time that it states, in seconds since the Unix epoch.
    pub timestamp: u64,
}

/// A checkpoint that a policy accepts. Only [`Policy::evaluate`] and [`Policy::evaluate_listed`] make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Satisfied {
    checkpoint: Checkpoint,
    log_key: VerifierKey,
    cosigners: Vec<Cosigner>,
}

impl Satisfied {
    /// The verified checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The log's key that signed it.
    #[must_use]
    pub fn log_key(&self) -> &VerifierKey {
        &self.log_key
    }

    /// All known witnesses with a valid cosignature, in the order of the policy, needed or not.
    #[must_use]
    pub fn cosigners(&self) -> &[Cosigner] {
        &self.cosigners
    }
}

impl Policy {
    /// The policy that requires no cosignature and lists no log.
    #[must_use]
    pub fn none() -> Self {
        Self { logs: Vec::new(), witnesses: Vec::new(), groups: Vec::new(), requirement: Requirement::None }
    }

    /// The policy "at least `threshold` of these witnesses", with one group named `witnesses`.
    ///
    /// # Errors
    /// As [`PolicyBuilder`]; also if a witness is named `witnesses`.
    pub fn at_least(threshold: usize, witnesses: Vec<Witness>) -> Result<Self, PolicyError> {
        let mut builder = PolicyBuilder::new();
        let members = witnesses.iter().map(|witness| witness.name.clone()).collect();
        for witness in witnesses {
            builder.witness(witness)?;
        }
        let name = Word::new("witnesses")?;
        builder.group(Group { name: name.clone(), threshold, members })?;
        builder.requirement(Requirement::Named(name))?;
        builder.build()
    }

    /// The listed logs.
    #[must_use]
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// The known witnesses.
    #[must_use]
    pub fn witnesses(&self) -> &[Witness] {
        &self.witnesses
    }

    /// The groups, each after its members.
    #[must_use]
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// What a checkpoint needs.
    #[must_use]
    pub fn requirement(&self) -> &Requirement {
        &self.requirement
    }

    /// Judges a signed checkpoint of a log that the caller knows from elsewhere (the manifest).
    ///
    /// If the policy lists logs, `log_key` must be among them. Every line of a known witness must verify; unknown lines
    /// are ignored. Timestamps are returned, not judged.
    ///
    /// # Errors
    /// [`Unsatisfied::LogNotListed`]; [`Unsatisfied::Checkpoint`] if the log did not sign or the origin is another (S6);
    /// [`Unsatisfied::Witness`] if the line of a known witness does not verify; [`Unsatisfied::Missing`] if too few
    /// witnesses cosigned (A19).
    pub fn evaluate(
        &self,
        note: &SignedNote,
        origin: &Origin,
        log_key: &VerifierKey,
    ) -> Result<Satisfied, Unsatisfied> {
        if !self.logs.is_empty() && !self.logs.iter().any(|log| log.key == *log_key) {
            return Err(Unsatisfied::LogNotListed { name: log_key.name().to_string() });
        }
        let checkpoint = open_note(note, origin, log_key)?;
        self.judge(note, checkpoint, log_key, 0)
    }

    /// As [`Policy::evaluate`], counting only cosignatures that state a time after `time`, in seconds since the Unix epoch:
    /// whether enough witnesses saw this checkpoint later than that.
    ///
    /// # Errors
    /// As [`Policy::evaluate`].
    pub fn evaluate_after(
        &self,
        note: &SignedNote,
        origin: &Origin,
        log_key: &VerifierKey,
        time: u64,
    ) -> Result<Satisfied, Unsatisfied> {
        let Satisfied { checkpoint, .. } = self.evaluate(note, origin, log_key)?;
        self.judge(note, checkpoint, log_key, time)
    }

    /// Judges a signed checkpoint of any log that the policy lists under the checkpoint's origin.
    ///
    /// # Errors
    /// As [`Policy::evaluate`]; [`Unsatisfied::LogNotListed`] if no listed log has that origin.
    pub fn evaluate_listed(&self, note: &SignedNote) -> Result<Satisfied, Unsatisfied> {
        let origin = Checkpoint::from_unverified_note(note)?.origin;
        let mut refusal = Unsatisfied::LogNotListed { name: origin.to_string() };
        for log in self.logs.iter().filter(|log| log.key.name().as_str() == origin.as_str()) {
            match open_note(note, &origin, &log.key) {
                Ok(checkpoint) => return self.judge(note, checkpoint, &log.key, 0),
                Err(error) => refusal = error.into(),
            }
        }
        Err(refusal)
    }

    fn judge(
        &self,
        note: &SignedNote,
        checkpoint: Checkpoint,
        log_key: &VerifierKey,
        after: u64,
    ) -> Result<Satisfied, Unsatisfied> {
        // The log's own key stands in the list so that a checkpoint without cosignatures is no error by itself.
        let mut keys: Vec<VerifierKey> = self.witnesses.iter().map(|witness| witness.key.clone()).collect();
        keys.push(log_key.clone());
        let verified = note.verify(&keys).map_err(Unsatisfied::Witness)?;
        let time_of = |key: &VerifierKey| {
            let made_by = |signature: &&VerifiedSignature| signature.key() == key;
            verified.iter().find(made_by).and_then(VerifiedSignature::timestamp)
        };
        let cosigners: Vec<Cosigner> = self
            .witnesses
            .iter()
            .filter_map(|witness| Some(Cosigner { name: witness.name.clone(), timestamp: time_of(&witness.key)? }))
            .filter(|cosigner| after == 0 || cosigner.timestamp > after)
            .collect();
        let names = cosigners.iter().map(|cosigner| &cosigner.name).collect();
        // A19: without enough witnesses the checkpoint is refused.
        match self.missing(&names) {
            Some((requirement, missing)) => Err(Unsatisfied::Missing { requirement, missing }),
            None => Ok(Satisfied { checkpoint, log_key: log_key.clone(), cosigners }),
        }
    }

    /// `None` if these witnesses are enough, else the name of the requirement and the witnesses that could help.
    fn missing(&self, cosigned: &BTreeSet<&Word>) -> Option<(String, Vec<String>)> {
        let Requirement::Named(required) = &self.requirement else { return None };
        let mut met = cosigned.clone();
        // Groups stand after their members, so one pass is enough.
        for group in &self.groups {
            if group.members.iter().filter(|member| met.contains(member)).count() >= group.threshold {
                met.insert(&group.name);
            }
        }
        if met.contains(required) {
            return None;
        }
        // Downwards: the members not met of everything not met.
        let mut wanted = BTreeSet::from([required]);
        for group in self.groups.iter().rev().filter(|group| !met.contains(&group.name)) {
            if wanted.contains(&group.name) {
                wanted.extend(group.members.iter().filter(|member| !met.contains(member)));
            }
        }
        let names = self.witnesses.iter().map(|witness| &witness.name).filter(|name| wanted.contains(name));
        Some((required.to_string(), names.map(Word::to_string).collect()))
    }
}

/// Collects the lines of a policy and checks each against those before it.
#[derive(Debug, Default)]
pub struct PolicyBuilder {
    logs: Vec<Log>,
    witnesses: Vec<Witness>,
    groups: Vec<Group>,
    requirement: Option<Requirement>,
    // Every defined name, and whether a group has it as a member already.
    names: BTreeMap<Word, bool>,
}

impl PolicyBuilder {
    /// An empty builder.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a log.
    ///
    /// # Errors
    /// [`PolicyError::DuplicateKey`] if the public key is listed already, [`PolicyError::TooMany`].
    pub fn log(&mut self, log: Log) -> Result<&mut Self, PolicyError> {
        room(&self.logs)?;
        check_key_name(&log.key)?;
        if self.logs.iter().any(|other| other.key.public_key() == log.key.public_key()) {
            return Err(PolicyError::DuplicateKey { name: log.key.name().to_string() });
        }
        self.logs.push(log);
        Ok(self)
    }

    /// Adds a witness.
    ///
    /// # Errors
    /// [`PolicyError::WitnessKeyType`] for a key type that is known to make no cosignatures,
    /// [`PolicyError::DuplicateKey`], [`PolicyError::Name`] if the name is taken or `none`, [`PolicyError::TooMany`].
    pub fn witness(&mut self, witness: Witness) -> Result<&mut Self, PolicyError> {
        room(&self.witnesses)?;
        check_key_name(&witness.key)?;
        // 0x01 signs notes and 0x05 RFC 6962 tree heads; a key of a type not known here is listed and never counted.
        if matches!(witness.key.key_type(), KeyType::Ed25519 | KeyType::Other(0x05)) {
            return Err(PolicyError::WitnessKeyType { name: witness.name.to_string() });
        }
        if self.witnesses.iter().any(|other| other.key.public_key() == witness.key.public_key()) {
            return Err(PolicyError::DuplicateKey { name: witness.name.to_string() });
        }
        self.define(&witness.name)?;
        self.witnesses.push(witness);
        Ok(self)
    }

    /// Adds a group of names that are defined already.
    ///
    /// # Errors
    /// [`PolicyError::Threshold`] outside 1 to the number of members, [`PolicyError::Unknown`] for a member that is not
    /// defined yet, [`PolicyError::SecondMembership`] for one that is a member already, [`PolicyError::Name`],
    /// [`PolicyError::TooMany`].
    pub fn group(&mut self, group: Group) -> Result<&mut Self, PolicyError> {
        room(&self.groups)?;
        if group.threshold == 0 || group.threshold > group.members.len() {
            return Err(PolicyError::Threshold { group: group.name.to_string() });
        }
        for member in &group.members {
            match self.names.get_mut(member) {
                None => return Err(PolicyError::Unknown { name: member.to_string() }),
                Some(true) => return Err(PolicyError::SecondMembership { name: member.to_string() }),
                Some(taken) => *taken = true,
            }
        }
        self.define(&group.name)?;
        self.groups.push(group);
        Ok(self)
    }

    /// States what a checkpoint needs.
    ///
    /// # Errors
    /// [`PolicyError::Unknown`] if the name is not defined yet, [`PolicyError::SecondRequirement`].
    pub fn requirement(&mut self, requirement: Requirement) -> Result<&mut Self, PolicyError> {
        if self.requirement.is_some() {
            return Err(PolicyError::SecondRequirement);
        }
        if let Requirement::Named(name) = &requirement
            && !self.names.contains_key(name)
        {
            return Err(PolicyError::Unknown { name: name.to_string() });
        }
        self.requirement = Some(requirement);
        Ok(self)
    }

    /// The finished policy.
    ///
    /// # Errors
    /// [`PolicyError::NoRequirement`] if none was stated, [`PolicyError::TooLarge`] if the file would be.
    pub fn build(self) -> Result<Policy, PolicyError> {
        let Self { logs, witnesses, groups, requirement, names: _ } = self;
        let requirement = requirement.ok_or(PolicyError::NoRequirement)?;
        let policy = Policy { logs, witnesses, groups, requirement };
        let bytes = policy.to_bytes().len();
        if bytes > MAX_POLICY { Err(PolicyError::TooLarge { bytes, limit: MAX_POLICY }) } else { Ok(policy) }
    }

    /// Takes a name; witnesses and groups share them, and `none` is reserved.
    fn define(&mut self, name: &Word) -> Result<(), PolicyError> {
        if name.as_bytes() == b"none" || self.names.contains_key(name) {
            return Err(PolicyError::Name { name: name.to_string() });
        }
        self.names.insert(name.clone(), false);
        Ok(())
    }
}

/// A note's key name may hold the character 0x7f, a policy file may not.
fn check_key_name(key: &VerifierKey) -> Result<(), PolicyError> {
    if key.name().as_str().contains('\u{7f}') { Err(PolicyError::Characters) } else { Ok(()) }
}

fn room<T>(items: &[T]) -> Result<(), PolicyError> {
    if items.len() >= MAX_ITEMS { Err(PolicyError::TooMany { limit: MAX_ITEMS }) } else { Ok(()) }
}
