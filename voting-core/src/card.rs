//! The observer card: everything that somebody must be told beforehand to check an event, in one small file that fits
//! into a QR code. Who has it needs neither the manifest nor the board to check a receipt.
//!
//! # File
//! ```text
//! urna/v1/card
//! event <64 hexadecimal digits: the SHA-256 of the manifest>
//! words <the event words, derived from the line before>
//! host <the host of the board>
//! log <64 hexadecimal digits: the Ed25519 key of the log>
//! policy <number of bytes>
//! <that many bytes: the witness policy as the manifest has it, in the format of C2SP tlog-policy>
//! ```
//! Every line ends in a newline, and nothing follows. An event without witness servers has `policy 0`.
//!
//! A card is as good as the hands that it comes from. Of its lines the event id says everything; the others follow from
//! the manifest, and [`Card::check`] compares them with it.

use core::fmt;

use thiserror::Error;
use tlog::checkpoint::Origin;
use tlog::note::VerifierKey;
use tlog::policy::{MAX_POLICY, Policy};

use crate::ballot::{log_key, witness_policy};
use crate::ids::{EventId, SigningKeyId};
use crate::manifest::{Manifest, event_words};

/// The first line of the file.
pub const HEADER: &str = "urna/v1/card";
/// Largest accepted file in bytes: a policy and some lines.
pub const MAX_CARD: usize = MAX_POLICY + 1_024;

/// What somebody must be told to check an event. Its form is right: host, key and policy can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    event: EventId,
    host: String,
    log: SigningKeyId,
    policy_text: String,
    origin: Origin,
    log_key: VerifierKey,
    policy: Policy,
}

/// A card that can't be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CardError {
    /// The file is too large.
    #[error("the card has {bytes} bytes, at most {MAX_CARD} are read; it is no observer card")]
    TooLarge {
        /// Bytes found.
        bytes: usize,
    },
    /// Not this format.
    #[error("no observer card: the first line must be {HEADER}")]
    Header,
    /// A line is missing, malformed or not in its one spelling (A3).
    #[error("the card's line \"{line}\" is missing or malformed; copy the whole file without changing it")]
    Line {
        /// First word of the line.
        line: &'static str,
    },
    /// Host, key or policy can't be used.
    #[error("the card's {what} can't be used: {why}; ask for the card again")]
    Value {
        /// Which value.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The manifest says something else.
    #[error("the card's {what} is not the one of the manifest; throw the card away and tell whoever gave it to you")]
    Differs {
        /// Which value.
        what: &'static str,
    },
}

impl Card {
    /// The card of an event.
    ///
    /// # Errors
    /// [`CardError::Value`] if host, key or policy of the manifest can't be used.
    pub fn of(manifest: &Manifest) -> Result<Self, CardError> {
        let value = |what| move |why: String| CardError::Value { what, why };
        let origin = Origin::new(&manifest.origin()).map_err(|why| value("host")(why.to_string()))?;
        Ok(Self {
            event: manifest.event(),
            host: manifest.host.clone(),
            log: manifest.log_key,
            policy_text: manifest.witness_policy.clone(),
            origin,
            log_key: log_key(manifest).map_err(value("log key"))?,
            policy: witness_policy(manifest).map_err(value("witness policy"))?,
        })
    }

    /// Reads a file. Exactly one file per card is accepted.
    ///
    /// # Errors
    /// [`CardError`], but not [`CardError::Differs`].
    pub fn parse(bytes: &[u8]) -> Result<Self, CardError> {
        if bytes.len() > MAX_CARD {
            return Err(CardError::TooLarge { bytes: bytes.len() });
        }
        let text = core::str::from_utf8(bytes).map_err(|_| CardError::Header)?;
        let rest = text.strip_prefix(HEADER).and_then(|rest| rest.strip_prefix('\n')).ok_or(CardError::Header)?;
        let (event, rest) = field(rest, "event")?;
        let (_, rest) = field(rest, "words")?;
        let (host, rest) = field(rest, "host")?;
        let (log, rest) = field(rest, "log")?;
        let (_, policy) = field(rest, "policy")?;
        let event: EventId = event.parse().map_err(|_| CardError::Line { line: "event" })?;
        let log: SigningKeyId = log.parse().map_err(|_| CardError::Line { line: "log" })?;
        let value = |what| move |why: String| CardError::Value { what, why };
        let origin = Origin::new(&format!("{host}/{event}")).map_err(|why| value("host")(why.to_string()))?;
        let name = tlog::KeyName::new(origin.as_str()).map_err(|why| value("host")(why.to_string()))?;
        let log_key = VerifierKey::ed25519(name, log.as_bytes()).map_err(|why| value("log key")(why.to_string()))?;
        let parsed = if policy.is_empty() { Ok(Policy::none()) } else { Policy::parse(policy.as_bytes()) };
        let parsed = parsed.map_err(|why| value("witness policy")(why.to_string()))?;
        let (host, policy_text) = (host.to_owned(), policy.to_owned());
        let card = Self { event, host, log, policy_text, origin, log_key, policy: parsed };
        // Words, lengths, capital digits: one file per value (A3).
        let same = card.to_string();
        let differs = same.lines().zip(text.lines()).find(|(own, found)| own != found);
        match differs.map(|(own, _)| own) {
            Some(own) if own.starts_with("words ") => Err(CardError::Line { line: "words" }),
            Some(own) if own.starts_with("event ") => Err(CardError::Line { line: "event" }),
            Some(own) if own.starts_with("log ") => Err(CardError::Line { line: "log" }),
            Some(_) => Err(CardError::Line { line: "policy" }),
            None if same != text => Err(CardError::Line { line: "policy" }),
            None => Ok(card),
        }
    }

    /// The bytes of the file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.to_string().into_bytes()
    }

    /// The event.
    #[must_use]
    pub fn event(&self) -> EventId {
        self.event
    }

    /// The event words.
    #[must_use]
    pub fn words(&self) -> String {
        event_words(&self.event)
    }

    /// The host of the board.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The origin of the log (S6).
    #[must_use]
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The key of the log.
    #[must_use]
    pub fn log_key(&self) -> &VerifierKey {
        &self.log_key
    }

    /// Which witness servers are enough.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Compares the card with the manifest, value by value.
    ///
    /// # Errors
    /// [`CardError::Differs`] for the first value that is another one.
    pub fn check(&self, manifest: &Manifest) -> Result<(), CardError> {
        let same = [
            ("event id", self.event == manifest.event()),
            ("host", self.host == manifest.host),
            ("log key", self.log == manifest.log_key),
            ("witness policy", self.policy_text == manifest.witness_policy),
        ];
        match same.into_iter().find(|(_, same)| !same) {
            Some((what, _)) => Err(CardError::Differs { what }),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Card {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { event, host, log, policy_text, origin: _, log_key: _, policy: _ } = self;
        writeln!(f, "{HEADER}\nevent {event}\nwords {}\nhost {host}\nlog {log}", event_words(event))?;
        write!(f, "policy {}\n{policy_text}", policy_text.len())
    }
}

/// The value of the line that begins with a word, and what follows the line.
fn field<'a>(text: &'a str, line: &'static str) -> Result<(&'a str, &'a str), CardError> {
    let split = text.strip_prefix(line).and_then(|rest| rest.strip_prefix(' ')).and_then(|rest| rest.split_once('\n'));
    split.ok_or(CardError::Line { line })
}

#[cfg(test)]
mod tests {
    use tlog::cosign::CosigningKey;

    use super::*;
    use crate::testing::Sandbox;

    fn with_witnesses(names: &[&str]) -> Manifest {
        let mut policy = String::new();
        for (seed, name) in (1..).zip(names) {
            let key = CosigningKey::from_seed(tlog::KeyName::new(&format!("{name}.example.org")).unwrap(), &[seed; 32]);
            policy.push_str(&format!("witness {name} {}\n", key.verifier()));
        }
        policy.push_str(&format!("group all any {}\nquorum all\n", names.join(" ")));
        Sandbox::with(3, |fields| fields.witness_policy = policy).manifest()
    }

    #[test]
    fn a_card_says_what_the_manifest_says() {
        for manifest in [Sandbox::new(1).manifest(), with_witnesses(&["w1", "w2"])] {
            let card = Card::of(&manifest).unwrap();
            assert_eq!(Card::parse(&card.to_bytes()), Ok(card.clone()));
            assert_eq!(card.check(&manifest), Ok(()));
            assert_eq!(card.origin().as_str(), manifest.origin());
            assert_eq!(card.log_key(), &log_key(&manifest).unwrap());
            assert_eq!(card.policy(), &witness_policy(&manifest).unwrap());
            assert_eq!(card.words(), manifest.event_words());
            assert!(card.to_string().starts_with("urna/v1/card\nevent "), "{card}");
        }
        assert!(Card::of(&with_witnesses(&["w1", "w2"])).unwrap().to_bytes().len() < 700);
    }

    #[test]
    fn a3_a_card_has_one_spelling() {
        let good = Card::of(&with_witnesses(&["w1", "w2"])).unwrap().to_string();
        let event = good.lines().nth(1).unwrap().to_owned();
        let changed = [
            good.replacen("urna/v1/card", "urna/v2/card", 1),
            good.replacen(&event, &format!("event {}", event[6..].to_uppercase()), 1),
            good.replacen("words ", "words x", 1),
            good.replacen("\nhost ", "\nhost  ", 1),
            good.replacen("\nlog ", "\nlog A", 1),
            good.replacen("policy ", "policy 0", 1),
            good.replacen("\nhost", "\r\nhost", 1),
            format!("{good}\n"),
            format!("{good}quorum none\n"),
            good.trim_end().to_owned(),
            good.lines().take(5).collect::<Vec<_>>().join("\n"),
            good.replacen("quorum all", "quorum two", 1),
            String::new(),
            "x".repeat(MAX_CARD + 1),
        ];
        for text in changed {
            assert_ne!(text, good);
            assert!(Card::parse(text.as_bytes()).is_err(), "{text}");
        }
        // Every single changed byte gives a refusal or another card.
        for position in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[position] ^= 1;
            if let Ok(card) = Card::parse(&bytes) {
                assert_eq!(card.to_bytes(), bytes);
                assert_ne!(card.to_string(), good);
            }
        }
    }

    #[test]
    fn a22_a_card_that_differs_from_the_manifest_is_refused() {
        let manifest = with_witnesses(&["w1"]);
        let card = Card::of(&manifest).unwrap();
        let lie = |from: &str, to: &str| Card::parse(card.to_string().replacen(from, to, 1).as_bytes()).unwrap();
        let differs = |card: &Card| match card.check(&manifest) {
            Err(CardError::Differs { what }) => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(differs(&Card::of(&Sandbox::new(1).manifest()).unwrap()), "event id");
        assert_eq!(differs(&lie("host votes.example.org", "host votes.example.com")), "host");
        let other = SigningKeyId(*Sandbox::new(9).manifest().log_key.as_bytes());
        assert_eq!(differs(&lie(&manifest.log_key.to_string(), &other.to_string())), "log key");
        let policy = &manifest.witness_policy;
        let none = "quorum none\n";
        let without = lie(&format!("policy {}\n{policy}", policy.len()), &format!("policy {}\n{none}", none.len()));
        assert_eq!(differs(&without), "witness policy");
    }
}
