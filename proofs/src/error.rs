//! What can go wrong. Nothing here says who is to blame: the caller knows whose bytes it passed.

use thiserror::Error;

/// A proof, key or ciphertext that is not accepted, or a call that cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The bytes are no canonical encoding; the text names the part.
    #[error("malformed {0}: not a canonical encoding")]
    Malformed(&'static str),
    /// The identity element stands where it is refused (A4).
    #[error("{0} is the identity element")]
    Identity(&'static str),
    /// A length differs from the one that the statement fixes.
    #[error("wrong length of {0}")]
    Length(&'static str),
    /// The verification equation does not hold: the statement is false, or the proof was made for another context.
    #[error("{0} does not verify: false statement, or made for another context")]
    Invalid(&'static str),
    /// The caller asked for something that has no answer, such as a proof of a witness outside its range.
    #[error("{0}")]
    Misuse(&'static str),
}

/// A statement that may not be proved about because its arithmetic could wrap around or it makes no sense (M1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum StatementError {
    /// No encrypted value at all.
    #[error("a statement needs at least one encrypted value")]
    Empty,
    /// A value with the range 0..0, a committed one wider than 16 bits, or an encrypted one beyond 2^40.
    #[error("value {0} has a maximum outside 1..=65535, or outside 1..=2^40 if it is encrypted")]
    Range(usize),
    /// More wide values than one range proof covers.
    #[error("the statement has {0} values above 65535, more than {max}", max = crate::linear::MAX_WIDE_VALUES)]
    TooManyWide(usize),
    /// More encrypted values and relations than an argument combines.
    #[error("the statement has {0} encrypted values and relations, more than {max}", max = crate::linear::MAX_FORMS)]
    TooManyForms(usize),
    /// A relation names a value that does not exist, names one twice, has no terms, or a zero coefficient.
    #[error("relation {0} has a missing, repeated or useless term")]
    Terms(usize),
    /// A relation with `lo > hi`.
    #[error("relation {0} has its lower bound above its upper bound")]
    Bounds(usize),
    /// Sum of |coefficient| x max, plus |lo| and |hi|, reaches 2^62: it could wrap around (M1).
    #[error("relation {0} could overflow 2^62")]
    Overflow(usize),
    /// More bits than an argument may have.
    #[error("the statement needs {0} bits, more than {max}", max = crate::linear::MAX_BITS)]
    TooLarge(usize),
}
