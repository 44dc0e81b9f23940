//! The policy file: lines of words between spaces and tabs.

use core::fmt;

use super::{Group, Log, MAX_POLICY, Policy, PolicyBuilder, Requirement, Witness, Word};
use crate::error::PolicyError;
use crate::note::VerifierKey;
use crate::text::decimal;

impl Policy {
    /// Reads a policy file. Comments and empty lines are dropped.
    ///
    /// # Errors
    /// [`PolicyError::Line`] with the number of the faulty line and the fault in it; [`PolicyError::TooLarge`],
    /// [`PolicyError::LastLine`] and [`PolicyError::NoRequirement`] for faults of the whole file.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        if bytes.len() > MAX_POLICY {
            return Err(PolicyError::TooLarge { bytes: bytes.len(), limit: MAX_POLICY });
        }
        let mut builder = PolicyBuilder::new();
        let mut rest = bytes;
        let mut number = 0;
        while !rest.is_empty() {
            number += 1;
            let end = rest.iter().position(|byte| *byte == b'\n').ok_or(PolicyError::LastLine)?;
            let (line, after) = rest.split_at_checked(end).ok_or(PolicyError::LastLine)?;
            parse_line(&mut builder, line).map_err(|fault| PolicyError::Line { number, fault: Box::new(fault) })?;
            rest = after.strip_prefix(b"\n").ok_or(PolicyError::LastLine)?;
        }
        builder.build()
    }

    /// The bytes of a policy file in canonical form: logs, witnesses, groups with numeric thresholds, requirement.
    ///
    /// Reading them gives an equal policy.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut file = Vec::new();
        for Log { key, url } in &self.logs {
            write_line(&mut file, &[b"log", key.to_string().as_bytes()], url.as_slice());
        }
        for Witness { name, key, url } in &self.witnesses {
            write_line(&mut file, &[b"witness", name.as_bytes(), key.to_string().as_bytes()], url.as_slice());
        }
        for Group { name, threshold, members } in &self.groups {
            write_line(&mut file, &[b"group", name.as_bytes(), threshold.to_string().as_bytes()], members);
        }
        let required = match &self.requirement {
            Requirement::None => b"none".as_slice(),
            Requirement::Named(name) => name.as_bytes(),
        };
        write_line(&mut file, &[b"quorum", required], &[]);
        file
    }
}

impl fmt::Display for Policy {
    /// The file as text, with replacement characters where a name or URL is no UTF-8; see [`Policy::to_bytes`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.to_bytes()))
    }
}

fn write_line(file: &mut Vec<u8>, words: &[&[u8]], more: &[Word]) {
    let more: Vec<&[u8]> = more.iter().map(Word::as_bytes).collect();
    file.extend_from_slice(&[words, &more].concat().join(b" ".as_slice()));
    file.push(b'\n');
}

fn parse_line(builder: &mut PolicyBuilder, line: &[u8]) -> Result<(), PolicyError> {
    // Tab, and everything from space up but 0x7f.
    if !line.iter().all(|byte| matches!(byte, b'\t' | 0x20..=0x7e | 0x80..=0xff)) {
        return Err(PolicyError::Characters);
    }
    let words: Vec<&[u8]> = line.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        [] => {}
        [first, ..] if first.starts_with(b"#") => {}
        [b"log", key, url @ ..] => {
            builder.log(Log { key: parse_key(key)?, url: parse_url(url)? })?;
        }
        [b"witness", name, key, url @ ..] => {
            builder.witness(Witness { name: Word::new(name)?, key: parse_key(key)?, url: parse_url(url)? })?;
        }
        [b"group", name, threshold, members @ ..] => {
            let name = Word::new(name)?;
            let threshold = match *threshold {
                b"any" => 1,
                b"all" => members.len(),
                number => core::str::from_utf8(number)
                    .ok()
                    .and_then(decimal)
                    .and_then(|number| usize::try_from(number).ok())
                    .ok_or_else(|| PolicyError::Threshold { group: name.to_string() })?,
            };
            let members = members.iter().map(Word::new).collect::<Result<_, _>>()?;
            builder.group(Group { name, threshold, members })?;
        }
        [b"quorum", b"none"] => {
            builder.requirement(Requirement::None)?;
        }
        [b"quorum", name] => {
            builder.requirement(Requirement::Named(Word::new(name)?))?;
        }
        _ => return Err(PolicyError::Syntax),
    }
    Ok(())
}

fn parse_key(word: &[u8]) -> Result<VerifierKey, PolicyError> {
    let text = core::str::from_utf8(word).map_err(|_| PolicyError::Characters)?;
    VerifierKey::parse(text).map_err(PolicyError::Key)
}

fn parse_url(words: &[&[u8]]) -> Result<Option<Word>, PolicyError> {
    match words {
        [] => Ok(None),
        [url] => Word::new(url).map(Some),
        _ => Err(PolicyError::Syntax),
    }
}
