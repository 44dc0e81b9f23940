//! Canonical bytes: deterministic CBOR (RFC 8949, 4.2.1) restricted to arrays of fixed length, definite lengths and
//! shortest integers; no maps, tags, floats or indefinite items.
//!
//! There is exactly one byte string for each value (A3): [`from_bytes`] caps the size first, decodes, refuses trailing
//! bytes, then encodes the value again and compares. The tokens come from `minicbor`, which alone would accept longer
//! forms of the same integer.

use core::convert::Infallible;

use minicbor::{Decoder, Encoder};
use thiserror::Error;

/// Bytes that are not the canonical form of the value that was expected.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("malformed {what} near byte {offset}")]
pub struct Malformed {
    /// What was being read.
    pub what: &'static str,
    /// Offset from the start of the input.
    pub offset: usize,
}

/// A value with exactly one encoding.
pub trait Wire: Sized {
    /// Name of the value, for errors.
    const WHAT: &'static str;

    /// Appends the canonical encoding.
    fn write(&self, w: &mut Writer);

    /// Reads the value.
    ///
    /// # Errors
    /// [`Malformed`] if the next tokens are others.
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed>;
}

/// The canonical bytes of a value.
#[must_use]
pub fn to_bytes<T: Wire>(value: &T) -> Vec<u8> {
    let mut writer = Writer::default();
    value.write(&mut writer);
    writer.finish()
}

/// Decodes exactly one canonical value of at most `limit` bytes (A3).
///
/// # Errors
/// [`Malformed`] if the input is too long, has other tokens, trailing bytes or another encoding of the same value.
pub fn from_bytes<T: Wire>(bytes: &[u8], limit: usize) -> Result<T, Malformed> {
    if bytes.len() > limit {
        return Err(Malformed { what: T::WHAT, offset: limit });
    }
    let mut reader = Reader::new(bytes);
    let value = T::read(&mut reader)?;
    let end = reader.position();
    if end != bytes.len() {
        return Err(Malformed { what: T::WHAT, offset: end });
    }
    let again = to_bytes(&value);
    if again != bytes {
        let offset = again.iter().zip(bytes).take_while(|(a, b)| a == b).count();
        return Err(Malformed { what: T::WHAT, offset });
    }
    Ok(value)
}

/// Writes tokens.
pub struct Writer(Encoder<Vec<u8>>);

impl Default for Writer {
    fn default() -> Self {
        Self(Encoder::new(Vec::new()))
    }
}

/// Writing to memory cannot fail.
fn written<T>(result: Result<T, minicbor::encode::Error<Infallible>>) {
    debug_assert!(result.is_ok());
}

impl Writer {
    /// The header of an array of `len` items.
    pub fn array(&mut self, len: usize) {
        written(self.0.array(len as u64));
    }

    /// An unsigned integer in its shortest form.
    pub fn uint(&mut self, value: u64) {
        written(self.0.u64(value));
    }

    /// A byte string.
    pub fn bytes(&mut self, value: &[u8]) {
        written(self.0.bytes(value));
    }

    /// A text string.
    pub fn text(&mut self, value: &str) {
        written(self.0.str(value));
    }

    /// A Boolean.
    pub fn bool(&mut self, value: bool) {
        written(self.0.bool(value));
    }

    /// An array of values.
    pub fn list<T: Wire>(&mut self, values: &[T]) {
        self.array(values.len());
        values.iter().for_each(|value| value.write(self));
    }

    /// The bytes written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.0.into_writer()
    }
}

/// `[body, signature]`: the shell of what is signed but is no entry.
#[must_use]
pub(crate) fn signed_pair(body: &[u8], signature: &[u8; 64]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.array(2);
    writer.bytes(body);
    writer.bytes(signature);
    writer.finish()
}

/// Reads tokens; every failure names what was read and where.
pub struct Reader<'b>(Decoder<'b>);

impl<'b> Reader<'b> {
    /// A reader at the start of `bytes`.
    #[must_use]
    pub fn new(bytes: &'b [u8]) -> Self {
        Self(Decoder::new(bytes))
    }

    /// Offset of the next token.
    #[must_use]
    pub fn position(&self) -> usize {
        self.0.position()
    }

    /// The failure to report at this position.
    #[must_use]
    pub fn malformed(&self, what: &'static str) -> Malformed {
        Malformed { what, offset: self.0.position() }
    }

    fn token<T>(
        &mut self,
        what: &'static str,
        read: impl FnOnce(&mut Decoder<'b>) -> Result<T, minicbor::decode::Error>,
    ) -> Result<T, Malformed> {
        let offset = self.0.position();
        read(&mut self.0).map_err(|_| Malformed { what, offset })
    }

    /// The header of an array of exactly `len` items.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn array(&mut self, len: usize, what: &'static str) -> Result<(), Malformed> {
        let offset = self.position();
        let found = self.array_up_to(len, what)?;
        if found == len { Ok(()) } else { Err(Malformed { what, offset }) }
    }

    /// The header of an array of at most `max` items.
    ///
    /// # Errors
    /// [`Malformed`] for anything else, indefinite lengths included.
    pub fn array_up_to(&mut self, max: usize, what: &'static str) -> Result<usize, Malformed> {
        let offset = self.position();
        let len = self.token(what, Decoder::array)?.and_then(|len| usize::try_from(len).ok());
        len.filter(|len| *len <= max).ok_or(Malformed { what, offset })
    }

    /// An unsigned integer.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn uint(&mut self, what: &'static str) -> Result<u64, Malformed> {
        self.token(what, Decoder::u64)
    }

    /// An unsigned integer of 32 bits.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn uint32(&mut self, what: &'static str) -> Result<u32, Malformed> {
        self.token(what, Decoder::u32)
    }

    /// A byte string of any length.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn bytes(&mut self, what: &'static str) -> Result<&'b [u8], Malformed> {
        self.token(what, Decoder::bytes)
    }

    /// A byte string of exactly N bytes.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn fixed<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Malformed> {
        let offset = self.position();
        self.bytes(what)?.try_into().map_err(|_| Malformed { what, offset })
    }

    /// A text string of at most `max` bytes.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn text(&mut self, max: usize, what: &'static str) -> Result<String, Malformed> {
        let offset = self.position();
        let text = self.token(what, Decoder::str)?;
        if text.len() <= max { Ok(text.to_owned()) } else { Err(Malformed { what, offset }) }
    }

    /// A Boolean.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn bool(&mut self, what: &'static str) -> Result<bool, Malformed> {
        self.token(what, Decoder::bool)
    }

    /// An array of at most `max` values.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    pub fn list<T: Wire>(&mut self, max: usize) -> Result<Vec<T>, Malformed> {
        let len = self.array_up_to(max, T::WHAT)?;
        (0..len).map(|_| T::read(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Pair(u64, Vec<u8>);

    impl Wire for Pair {
        const WHAT: &'static str = "pair";
        fn write(&self, w: &mut Writer) {
            w.array(2);
            w.uint(self.0);
            w.bytes(&self.1);
        }
        fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
            r.array(2, "pair")?;
            Ok(Self(r.uint("number")?, r.bytes("bytes")?.to_vec()))
        }
    }

    #[test]
    fn decode_inverts_encode() {
        for n in [0, 23, 24, 255, 256, 65_536, u64::MAX] {
            let pair = Pair(n, vec![7; 300]);
            assert_eq!(from_bytes::<Pair>(&to_bytes(&pair), 400), Ok(pair));
        }
    }

    #[test]
    fn a3_other_encodings_of_the_same_value_are_refused() {
        assert_eq!(from_bytes::<Pair>(&[0x82, 0x01, 0x41, 0x09], 9), Ok(Pair(1, vec![9])));
        for (name, bytes) in [
            ("integer longer than needed", vec![0x82, 0x18, 0x01, 0x41, 0x09]),
            ("length longer than needed", vec![0x82, 0x01, 0x58, 0x01, 0x09]),
            ("array header longer than needed", vec![0x98, 0x02, 0x01, 0x41, 0x09]),
            ("indefinite array", vec![0x9f, 0x01, 0x41, 0x09, 0xff]),
            ("indefinite bytes", vec![0x82, 0x01, 0x5f, 0x41, 0x09, 0xff]),
            ("trailing byte", vec![0x82, 0x01, 0x41, 0x09, 0x00]),
            ("missing item", vec![0x81, 0x01]),
            ("tag", vec![0x82, 0xc1, 0x01, 0x41, 0x09]),
            ("text for bytes", vec![0x82, 0x01, 0x61, 0x09]),
            ("negative", vec![0x82, 0x20, 0x41, 0x09]),
            ("truncated", vec![0x82, 0x01, 0x42, 0x09]),
            ("nothing", vec![]),
        ] {
            assert!(from_bytes::<Pair>(&bytes, 100).is_err(), "{name}");
        }
    }

    #[test]
    fn the_limit_comes_first() {
        let error = from_bytes::<Pair>(&[0x82, 0x01, 0x41, 0x09], 3).unwrap_err();
        assert_eq!(error, Malformed { what: "pair", offset: 3 });
    }
}
