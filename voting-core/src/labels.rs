//! Labels: every title, name and explanation is a salted digest on the log; the texts lie in a file beside it (A38).
//!
//! After the file has been deleted everything still verifies; reports then say "option 3".

use std::collections::BTreeMap;

use rand_core::CryptoRngCore;

use crate::codec::{self, Malformed, Reader, Wire, Writer};
use crate::entry::{self, OfficialKey};
use crate::ids::{EventId, LabelDigest, SigningKeyId, digest};

/// Most bytes of one text.
pub const MAX_TEXT: usize = 16_384;
/// Most labels of an event.
const MAX_LABELS: usize = 100_000;
/// Most bytes of a label file.
pub const MAX_FILE: usize = 64 << 20;

/// A text in one or more languages with the salt that hides it in the manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// 32 random bytes.
    pub salt: [u8; 32],
    /// Language tag (BCP 47) to text, ascending.
    pub texts: BTreeMap<String, String>,
}

impl Label {
    /// A label with a fresh salt.
    #[must_use]
    pub fn new(texts: BTreeMap<String, String>, rng: &mut impl CryptoRngCore) -> Self {
        let mut salt = [0; 32];
        rng.fill_bytes(&mut salt);
        Self { salt, texts }
    }

    /// What stands on the log.
    #[must_use]
    pub fn digest(&self) -> LabelDigest {
        let mut writer = Writer::default();
        write_texts(&self.texts, &mut writer);
        LabelDigest(digest("urna/v1/label", &[&self.salt, &writer.finish()]))
    }

    /// The text in a language, or else in the first one there is.
    #[must_use]
    pub fn text(&self, language: &str) -> &str {
        self.texts.get(language).or_else(|| self.texts.values().next()).map_or("", String::as_str)
    }
}

/// Whether a text shows what it says: no control characters, and none that hide or reverse what stands beside them.
///
/// A title with line breaks and terminal escapes could show false event words on a trustee's screen (A21, A22).
#[must_use]
pub fn is_plain(text: &str) -> bool {
    let deceptive = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    !text.contains(deceptive)
}

fn write_texts(texts: &BTreeMap<String, String>, w: &mut Writer) {
    w.array(texts.len());
    for (language, text) in texts {
        w.array(2);
        w.text(language);
        w.text(text);
    }
}

impl Wire for Label {
    const WHAT: &'static str = "label";
    fn write(&self, w: &mut Writer) {
        w.array(2);
        w.bytes(&self.salt);
        write_texts(&self.texts, w);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(2, "label")?;
        let salt = r.fixed("salt of a label")?;
        let count = r.array_up_to(64, "texts of a label")?;
        let mut texts = BTreeMap::new();
        for _ in 0..count {
            r.array(2, "text of a label")?;
            let language = r.text(64, "language of a label")?;
            let text = r.text(MAX_TEXT, "text of a label")?;
            if !is_plain(&text) || !is_plain(&language) {
                return Err(r.malformed("text of a label"));
            }
            // Unsorted or repeated languages are encoded differently again, so the codec refuses them.
            texts.insert(language, text);
        }
        Ok(Self { salt, texts })
    }
}

/// All labels of one event, with the audience they are meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelFile {
    /// The event they belong to.
    pub event: EventId,
    /// Who may read the file: "public" or words of the organisation.
    pub audience: String,
    /// Day of deletion in days since 1970-01-01; 0 if none is set.
    pub delete_day: u64,
    /// The labels.
    pub labels: Vec<Label>,
}

impl Wire for LabelFile {
    const WHAT: &'static str = "label file";
    fn write(&self, w: &mut Writer) {
        w.array(4);
        w.bytes(self.event.as_bytes());
        w.text(&self.audience);
        w.uint(self.delete_day);
        w.list(&self.labels);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(4, "label file")?;
        Ok(Self {
            event: EventId(r.fixed("event")?),
            audience: r.text(256, "audience")?,
            delete_day: r.uint("day of deletion")?,
            labels: r.list(MAX_LABELS)?,
        })
    }
}

/// Labels by digest: the only way to a text is the digest that stands on the log.
#[derive(Clone, Debug, Default)]
pub struct Labels(BTreeMap<LabelDigest, Label>);

impl Labels {
    /// The label of a digest, if the file had it.
    #[must_use]
    pub fn get(&self, digest: &LabelDigest) -> Option<&Label> {
        self.0.get(digest)
    }

    /// The text of a digest in a language, or a fallback such as "option 3".
    #[must_use]
    pub fn text(&self, digest: &LabelDigest, language: &str, fallback: impl FnOnce() -> String) -> String {
        self.get(digest).map_or_else(fallback, |label| label.text(language).to_owned())
    }

    /// Number of labels.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no label at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

const PURPOSE: &str = "urna/v1/labels";

impl LabelFile {
    /// The signed file: the canonical labels and the administrator's signature.
    #[must_use]
    pub fn sign(&self, administrator: &OfficialKey) -> Vec<u8> {
        let body = codec::to_bytes(self);
        let signature = administrator.sign(&signed_message(&body));
        codec::signed_pair(&body, &signature)
    }

    /// Opens a signed file of this event.
    ///
    /// # Errors
    /// [`LabelError`] if it is malformed, of another event, or not signed by the administrator.
    pub fn open(bytes: &[u8], event: &EventId, administrator: &SigningKeyId) -> Result<Labels, LabelError> {
        if bytes.len() > MAX_FILE {
            return Err(LabelError::Malformed(Malformed { what: "label file", offset: MAX_FILE }));
        }
        let mut reader = Reader::new(bytes);
        reader.array(2, "signed label file")?;
        let body = reader.bytes("labels")?;
        let signature: [u8; 64] = reader.fixed("signature")?;
        // One encoding of the shell, nothing behind it (A3).
        if codec::signed_pair(body, &signature) != bytes {
            return Err(LabelError::Malformed(reader.malformed("signed label file")));
        }
        if !entry::verify_signature(administrator, &signed_message(body), &signature) {
            return Err(LabelError::Signature);
        }
        let file: Self = codec::from_bytes(body, MAX_FILE)?;
        if file.event != *event {
            return Err(LabelError::OtherEvent);
        }
        Ok(Labels(file.labels.into_iter().map(|label| (label.digest(), label)).collect()))
    }
}

fn signed_message(body: &[u8]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.array(2);
    writer.text(PURPOSE);
    writer.bytes(body);
    writer.finish()
}

/// Why a label file is not used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// Not the canonical form.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Not signed by the administrator of the manifest.
    #[error("the label file is not signed by the administrator of this event")]
    Signature,
    /// Labels of another event.
    #[error("the label file belongs to another event")]
    OtherEvent,
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha20Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    fn texts(text: &str) -> BTreeMap<String, String> {
        BTreeMap::from([("en".to_owned(), text.to_owned()), ("zh-CN".to_owned(), "文".to_owned())])
    }

    #[test]
    fn a38_digest_hides_and_binds_the_text() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let one = Label::new(texts("a"), &mut rng);
        let same_text = Label::new(texts("a"), &mut rng);
        assert_ne!(one.digest(), same_text.digest(), "the salt differs");
        let other = Label { salt: one.salt, texts: texts("b") };
        assert_ne!(one.digest(), other.digest());
        assert_eq!(one.text("zh-CN"), "文");
        assert_eq!(one.text("fr"), "a");
    }

    #[test]
    fn a21_a_text_that_could_fake_the_screen_is_refused() {
        let mut rng = ChaCha20Rng::seed_from_u64(3);
        let key = OfficialKey::random(&mut rng);
        let event = EventId([1; 32]);
        let opens = |text: &str| {
            let labels = vec![Label { salt: [0; 32], texts: texts(text) }];
            let file = LabelFile { event, audience: "public".into(), delete_day: 0, labels };
            LabelFile::open(&file.sign(&key), &event, &key.public()).is_ok()
        };
        assert!(opens("Élection du comité 理事会 – 2027 👩‍⚖️"));
        for text in ["Board\n  words  good-words", "Board\u{1b}[8m", "a\u{202e}b", "a\u{200b}", "a\tb", "\u{feff}a"] {
            assert!(!opens(text), "{text:?}");
        }
    }

    #[test]
    fn a_signed_file_opens_for_its_event_and_administrator_only() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let key = OfficialKey::random(&mut rng);
        let other = OfficialKey::random(&mut rng);
        let event = EventId([1; 32]);
        let label = Label::new(texts("a"), &mut rng);
        let file = LabelFile { event, audience: "public".into(), delete_day: 0, labels: vec![label.clone()] };
        let bytes = file.sign(&key);
        let labels = LabelFile::open(&bytes, &event, &key.public()).unwrap();
        assert_eq!(labels.get(&label.digest()), Some(&label));
        assert_eq!(labels.text(&LabelDigest([0; 32]), "en", || "option 3".into()), "option 3");
        assert_eq!(LabelFile::open(&bytes, &event, &other.public()).unwrap_err(), LabelError::Signature);
        let elsewhere = LabelFile::open(&bytes, &EventId([2; 32]), &key.public());
        assert_eq!(elsewhere.unwrap_err(), LabelError::OtherEvent);
        assert!(LabelFile::open(&bytes[1..], &event, &key.public()).is_err());
        let longer = [&[0x98, 0x02], &bytes[1..]].concat();
        assert!(LabelFile::open(&longer, &event, &key.public()).is_err(), "a3: another encoding of the shell");
    }
}
