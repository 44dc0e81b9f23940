//! The voting code: 85 random bits that survive paper, phone and input methods, in two forms of the same strength.
//!
//! - Letters and digits: 17 symbols of Crockford's alphabet (no I, L, O, U) and 3 check symbols of a Reed-Solomon code
//!   over GF(32), in four groups of five. Any three wrong symbols are noticed; a single wrong one is located.
//! - Digits only: the 85 bits as 26 decimal digits and 4 check digits (remainder modulo 9,973), in six groups of five.
//!
//! Reading accepts lower case, full-width characters, any dashes and spaces, and O, I, L for 0, 1, 1.

use rand_core::CryptoRngCore;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SYMBOLS: usize = 17;
const CHECKS: usize = 3;
const DIGITS: usize = 26;
const DIGIT_CHECKS: usize = 4;
const GROUP: usize = 5;
const DIGIT_MODULUS: u128 = 9_973;
/// Random bits of a code.
const BITS: u32 = 85;

/// A voting code. Erased when dropped; prints nothing.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct VotingCode(u128);

impl core::fmt::Debug for VotingCode {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("VotingCode(..)")
    }
}

/// Why a text is no voting code. Groups are counted from 1, as people read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CodeError {
    /// A character that occurs in no code.
    #[error(
        "group {group} has the character '{character}', which no voting code contains: compare this group with your letter"
    )]
    Character {
        /// The group.
        group: usize,
        /// The character.
        character: char,
    },
    /// Neither 20 symbols nor 30 digits.
    #[error(
        "a voting code has 20 letters and digits, or 30 digits; {found} were entered: look for a missing or doubled group"
    )]
    Length {
        /// How many were found.
        found: usize,
    },
    /// The check fails and one group is known to be wrong.
    #[error("group {group} is mistyped: compare it with your letter")]
    Group {
        /// The group.
        group: usize,
    },
    /// The check fails and several groups may be wrong.
    #[error("the code is mistyped in more than one place: compare every group with your letter")]
    Mistyped,
}

impl VotingCode {
    /// A fresh code from the caller's source of randomness.
    #[must_use]
    pub fn random(rng: &mut impl CryptoRngCore) -> Self {
        let mut bytes = Zeroizing::new([0; 11]);
        rng.fill_bytes(bytes.as_mut());
        Self::from_entropy(*bytes)
    }

    /// A code from 88 bits, of which the upper 85 are used.
    #[must_use]
    pub fn from_entropy(bytes: [u8; 11]) -> Self {
        let value = bytes.iter().fold(0_u128, |value, byte| value << 8 | u128::from(*byte));
        Self(value >> 3)
    }

    /// The 20 symbols without separators: what is stretched, and the only canonical form.
    #[must_use]
    pub fn expose_canonical(&self) -> Zeroizing<String> {
        let symbols = self.symbols();
        Zeroizing::new(
            symbols.iter().filter_map(|symbol| ALPHABET.get(usize::from(*symbol))).map(|b| char::from(*b)).collect(),
        )
    }

    /// Four groups of five letters and digits.
    #[must_use]
    pub fn expose_text(&self) -> String {
        grouped(&self.expose_canonical())
    }

    /// Six groups of five digits.
    #[must_use]
    pub fn expose_digits(&self) -> String {
        grouped(&format!("{:026}{:04}", self.0, self.0 % DIGIT_MODULUS))
    }

    /// Reads either form.
    ///
    /// # Errors
    /// [`CodeError`], naming the wrong group wherever it can be known.
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let mut symbols = Zeroizing::new(Vec::with_capacity(SYMBOLS + CHECKS));
        for character in text.chars().filter(|c| !is_separator(*c)) {
            let Some(symbol) = symbol(character) else {
                return Err(CodeError::Character { group: symbols.len() / GROUP + 1, character });
            };
            symbols.push(symbol);
            if symbols.len() > 2 * (DIGITS + DIGIT_CHECKS) {
                return Err(CodeError::Length { found: symbols.len() });
            }
        }
        let read = match symbols.len() {
            20 => from_symbols,
            30 if symbols.iter().all(|symbol| *symbol < 10) => from_digits,
            found => return Err(CodeError::Length { found }),
        };
        let base = if symbols.len() == 20 { 32 } else { 10 };
        read(&symbols).map(Self).ok_or_else(|| locate(&symbols, base, read))
    }

    fn symbols(&self) -> Zeroizing<[u8; SYMBOLS + CHECKS]> {
        let mut symbols = Zeroizing::new([0; SYMBOLS + CHECKS]);
        for (i, symbol) in symbols.iter_mut().take(SYMBOLS).enumerate() {
            *symbol = (self.0 >> (5 * (SYMBOLS - 1 - i)) & 31) as u8;
        }
        // Remainder of the division by the generator polynomial (x - 1)(x - a)(x - a^2), as a shift register.
        let mut register = [0_u8; CHECKS];
        for symbol in symbols.iter().take(SYMBOLS) {
            let feedback = symbol ^ register[0];
            register = [
                register[1] ^ multiply(feedback, GENERATOR[0]),
                register[2] ^ multiply(feedback, GENERATOR[1]),
                multiply(feedback, GENERATOR[2]),
            ];
        }
        for (symbol, check) in symbols.iter_mut().skip(SYMBOLS).zip(register) {
            *symbol = check;
        }
        symbols
    }
}

/// Coefficients of x^2, x and 1 of (x + 1)(x + a)(x + a^2) with a = 2 in GF(32) modulo x^5 + x^2 + 1.
const GENERATOR: [u8; CHECKS] = [1 ^ 2 ^ 4, 2 ^ 4 ^ 8, 8];

/// Multiplication in GF(32) modulo x^5 + x^2 + 1.
const fn multiply(a: u8, b: u8) -> u8 {
    let (mut a, mut product, mut bit) = (a, 0, 0);
    while bit < 5 {
        if b >> bit & 1 == 1 {
            product ^= a;
        }
        a <<= 1;
        if a & 32 != 0 {
            a ^= 0b10_0101;
        }
        bit += 1;
    }
    product
}

fn from_symbols(symbols: &[u8]) -> Option<u128> {
    let value = symbols.iter().take(SYMBOLS).fold(0_u128, |value, symbol| value << 5 | u128::from(*symbol));
    (VotingCode(value).symbols().as_slice() == symbols).then_some(value)
}

fn from_digits(digits: &[u8]) -> Option<u128> {
    let number = |digits: &[u8]| digits.iter().fold(0_u128, |number, digit| number * 10 + u128::from(*digit));
    let (value, check) = digits.split_at_checked(DIGITS)?;
    let value = number(value);
    (value >> BITS == 0 && value % DIGIT_MODULUS == number(check)).then_some(value)
}

/// The group in which one changed symbol, or two swapped neighbours, would make the code right, if there is only one.
fn locate(symbols: &[u8], base: u8, read: fn(&[u8]) -> Option<u128>) -> CodeError {
    let mut groups = std::collections::BTreeSet::new();
    let mut candidate = Zeroizing::new(symbols.to_vec());
    for position in 0..symbols.len() {
        for symbol in 0..base {
            if let Some(place) = candidate.get_mut(position) {
                *place = symbol;
            }
            if read(&candidate).is_some() {
                groups.insert(position / GROUP + 1);
            }
        }
        candidate.copy_from_slice(symbols);
        let next = position + 1;
        if next < symbols.len() && position / GROUP == next / GROUP {
            candidate.swap(position, next);
            if read(&candidate).is_some() {
                groups.insert(position / GROUP + 1);
            }
            candidate.copy_from_slice(symbols);
        }
    }
    match (groups.len(), groups.first()) {
        (1, Some(group)) => CodeError::Group { group: *group },
        _ => CodeError::Mistyped,
    }
}

fn grouped(text: &str) -> String {
    let mut grouped = String::with_capacity(text.len() + text.len() / GROUP);
    for (i, character) in text.chars().enumerate() {
        if i > 0 && i % GROUP == 0 {
            grouped.push('-');
        }
        grouped.push(character);
    }
    grouped
}

fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '-' | '_' | '.' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{ff0d}' | '\u{200b}' | '\u{feff}')
}

/// The number of a character, after folding full-width forms, case and look-alikes.
fn symbol(character: char) -> Option<u8> {
    let folded = match character {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0)?,
        other => other,
    };
    let folded = match folded.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let position = ALPHABET.iter().position(|symbol| char::from(*symbol) == folded)?;
    u8::try_from(position).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(seed: u8) -> VotingCode {
        VotingCode::from_entropy(core::array::from_fn(|i| {
            seed.wrapping_mul(31).wrapping_add((i as u8).wrapping_mul(97))
        }))
    }

    #[test]
    fn both_forms_are_read_back_through_paper_phone_and_input_methods() {
        for seed in 0..50 {
            let code = code(seed);
            let (text, digits) = (code.expose_text(), code.expose_digits());
            assert_eq!((text.len(), digits.len()), (23, 35));
            let full_width: String = text.chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).unwrap()).collect();
            for form in
                [&text, &digits, &text.to_lowercase(), &text.replace('-', " "), &text.replace('-', ""), &full_width]
            {
                assert_eq!(VotingCode::parse(form), Ok(code.clone()), "{form}");
            }
            let look_alikes = text.replace('0', "O").replace('1', "l");
            assert_eq!(VotingCode::parse(&look_alikes), Ok(code));
        }
    }

    #[test]
    fn one_wrong_symbol_names_its_group() {
        let right: Vec<char> = code(3).expose_canonical().chars().collect();
        for position in 0..right.len() {
            for symbol in ALPHABET {
                let mut wrong = right.clone();
                wrong[position] = char::from(*symbol);
                if wrong != right {
                    let error = VotingCode::parse(&wrong.iter().collect::<String>()).unwrap_err();
                    assert_eq!(error, CodeError::Group { group: position / 5 + 1 });
                }
            }
        }
    }

    #[test]
    fn one_wrong_digit_is_always_noticed_and_never_blamed_on_a_right_group() {
        let right: Vec<char> = code(9).expose_digits().chars().filter(char::is_ascii_digit).collect();
        let mut named = 0;
        for position in 0..right.len() {
            for digit in '0'..='9' {
                let mut wrong = right.clone();
                wrong[position] = digit;
                if wrong != right {
                    match VotingCode::parse(&wrong.iter().collect::<String>()).unwrap_err() {
                        CodeError::Group { group } => {
                            assert_eq!(group, position / 5 + 1);
                            named += 1;
                        }
                        error => assert_eq!(error, CodeError::Mistyped),
                    }
                }
            }
        }
        assert!(named > 200, "most single errors are located, {named} of 270");
    }

    #[test]
    fn other_mistakes_say_what_they_are() {
        let text = code(4).expose_text();
        let unknown = text.replacen(&text[6..7], "U", 1);
        assert!(matches!(VotingCode::parse(&unknown), Err(CodeError::Character { character: 'U', .. })));
        assert_eq!(VotingCode::parse(&text[6..]), Err(CodeError::Length { found: 15 }));
        assert_eq!(VotingCode::parse(""), Err(CodeError::Length { found: 0 }));
        assert_eq!(VotingCode::parse(&"1".repeat(10_000)), Err(CodeError::Length { found: 61 }));
    }

    proptest! {
        #[test]
        fn any_three_wrong_symbols_are_noticed(entropy: [u8; 11], places in prop::collection::btree_map(0..20_usize, 1..32_u8, 1..=3)) {
            let code = VotingCode::from_entropy(entropy);
            let mut symbols = code.symbols().to_vec();
            for (place, change) in places {
                symbols[place] ^= change;
            }
            prop_assert_eq!(from_symbols(&symbols), None);
        }

        #[test]
        fn arbitrary_text_never_panics(text: String) {
            let _ = VotingCode::parse(&text);
        }
    }
}
