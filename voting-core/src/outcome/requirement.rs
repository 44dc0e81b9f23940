//! The six numbers, and requirements as exact fractions of one of them.

use core::fmt;
use core::str::FromStr;

use serde::Serialize;
use thiserror::Error;

/// People, and the votes that they hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// People.
    pub members: u64,
    /// Sum of their weights.
    pub weight: u64,
}

impl Count {
    /// Members with one vote each.
    #[must_use]
    pub const fn each_one_vote(members: u64) -> Self {
        Self { members, weight: members }
    }
}

/// The numbers that a rule may name. They refer to the roll at closing (S12).
///
/// Where an event has no check-in, those whose ballots count are the ones present.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Numbers {
    /// On the roll.
    pub entitled: Count,
    /// Not counted as due, for a reason that the rules know.
    pub excused: Count,
    /// Checked in.
    pub present: Count,
    /// Whose ballots count.
    pub ballots: Count,
    /// Weight of the ballots that are not blank in this contest.
    pub answered: u64,
}

impl Numbers {
    /// Entitled less excused.
    #[must_use]
    pub const fn due(&self) -> Count {
        Count {
            members: self.entitled.members.saturating_sub(self.excused.members),
            weight: self.entitled.weight.saturating_sub(self.excused.weight),
        }
    }

    /// A number in members, for a quorum; none for the numbers that only votes have.
    #[must_use]
    pub const fn members(&self, of: Number) -> Option<u64> {
        match of {
            Number::Entitled => Some(self.entitled.members),
            Number::Due => Some(self.due().members),
            Number::Present => Some(self.present.members),
            Number::Ballots => Some(self.ballots.members),
            Number::Answered | Number::Decided => None,
        }
    }

    /// A number in votes, for a majority requirement. `decided` is the sum of the votes for and against.
    #[must_use]
    pub fn votes(&self, of: Number, decided: u128) -> u128 {
        match of {
            Number::Entitled => self.entitled.weight.into(),
            Number::Due => self.due().weight.into(),
            Number::Present => self.present.weight.into(),
            Number::Ballots => self.ballots.weight.into(),
            Number::Answered => self.answered.into(),
            Number::Decided => decided,
        }
    }

    /// Whether every member on the roll has one vote, so that votes are people.
    #[must_use]
    pub const fn one_vote_each(&self) -> bool {
        let Self { entitled, excused, present, ballots, answered: _ } = self;
        entitled.members == entitled.weight
            && excused.members == excused.weight
            && present.members == present.weight
            && ballots.members == ballots.weight
    }
}

/// Which number a requirement is a part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Number {
    /// All on the roll.
    Entitled,
    /// Entitled less excused.
    Due,
    /// Checked in.
    Present,
    /// Ballots that count, blank ones included.
    Ballots,
    /// Ballots that are not blank in this contest.
    Answered,
    /// Votes for and against: abstentions are not counted.
    Decided,
}

impl Number {
    /// All of them, in the order of their codes on the log.
    pub const ALL: [Self; 6] = [Self::Entitled, Self::Due, Self::Present, Self::Ballots, Self::Answered, Self::Decided];

    /// The word that drafts use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Entitled => "entitled",
            Self::Due => "due",
            Self::Present => "present",
            Self::Ballots => "ballots",
            Self::Answered => "answered",
            Self::Decided => "decided",
        }
    }
}

/// Whether exactly the part is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// It is.
    AtLeast,
    /// It is not.
    MoreThan,
}

/// At least, or more than, a part of a number. The part is an exact fraction; nothing is ever rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Requirement {
    /// Whether exactly the part is enough.
    pub bound: Bound,
    /// Numerator and denominator, in lowest terms.
    pub part: (u32, u32),
    /// The number that it is a part of.
    pub of: Number,
}

impl Requirement {
    /// At least `part` of `of`.
    #[must_use]
    pub const fn at_least(part: (u32, u32), of: Number) -> Self {
        Self { bound: Bound::AtLeast, part, of }
    }

    /// More than `part` of `of`.
    #[must_use]
    pub const fn more_than(part: (u32, u32), of: Number) -> Self {
        Self { bound: Bound::MoreThan, part, of }
    }

    /// Whether `value` satisfies it when the number is `base`: `value x denominator` against `base x numerator`. Nothing
    /// satisfies a part of 0, nor one with the denominator 0.
    #[must_use]
    pub fn is_met(&self, value: u64, base: u128) -> bool {
        self.needed(base).is_some_and(|needed| u128::from(value) >= needed)
    }

    /// The least integer that satisfies it; none if nothing does.
    #[must_use]
    pub fn needed(&self, base: u128) -> Option<u128> {
        let (part, whole) = (u128::from(self.part.0), u128::from(self.part.1));
        if base == 0 || whole == 0 {
            return None;
        }
        let product = base.checked_mul(part)?;
        Some(match self.bound {
            Bound::AtLeast => product.div_ceil(whole),
            Bound::MoreThan => product / whole + 1,
        })
    }

    /// Whether `value` is exactly the part.
    #[must_use]
    pub fn is_exact(&self, value: u64, base: u128) -> bool {
        let product = base.checked_mul(self.part.0.into());
        base > 0 && product == u128::from(value).checked_mul(self.part.1.into())
    }

    /// Whether the fraction makes sense: above 0, at most 1, in lowest terms, and reachable.
    #[must_use]
    pub const fn is_sane(&self) -> bool {
        let (part, whole) = self.part;
        let reachable = part < whole || (part == whole && matches!(self.bound, Bound::AtLeast));
        part > 0 && reachable && gcd(part, whole) == 1
    }
}

const fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// `at least 4/5 of due`: the form that [`Requirement::from_str`] reads.
impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bound = match self.bound {
            Bound::AtLeast => "at least",
            Bound::MoreThan => "more than",
        };
        write!(f, "{bound} {}/{} of {}", self.part.0, self.part.1, self.of.word())
    }
}

/// A text is no requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "must be such as \"at least 4/5 of due\" or \"more than 1/2 of present\": at least or more than, a fraction above 0 and up \
     to 1, and one of entitled, due, present, ballots, answered, decided"
)]
pub struct NotARequirement;

/// Reads `at least 4/5 of due`, and reduces the fraction.
impl FromStr for Requirement {
    type Err = NotARequirement;
    fn from_str(text: &str) -> Result<Self, NotARequirement> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let [first, second, fraction, "of", number] = words.as_slice() else { return Err(NotARequirement) };
        let bound = match (*first, *second) {
            ("at", "least") => Bound::AtLeast,
            ("more", "than") => Bound::MoreThan,
            _ => return Err(NotARequirement),
        };
        let (part, whole) = fraction.split_once('/').ok_or(NotARequirement)?;
        let integer = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
            if plain { digits.parse::<u32>().map_err(|_| NotARequirement) } else { Err(NotARequirement) }
        };
        let (part, whole) = (integer(part)?, integer(whole)?);
        let common = gcd(part, whole);
        if common == 0 {
            return Err(NotARequirement);
        }
        let of = Number::ALL.into_iter().find(|known| known.word() == *number).ok_or(NotARequirement)?;
        let requirement = Self { bound, part: (part / common, whole / common), of };
        if requirement.is_sane() { Ok(requirement) } else { Err(NotARequirement) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HALF: Requirement = Requirement::more_than((1, 2), Number::Due);

    #[test]
    fn exactly_half_is_not_more_than_half() {
        assert!(!HALF.is_met(13, 26) && HALF.is_met(14, 26));
        assert!(!HALF.is_met(13, 27) && HALF.is_met(14, 27));
        assert_eq!((HALF.needed(26), HALF.needed(27), HALF.needed(1)), (Some(14), Some(14), Some(1)));
        assert!(HALF.is_exact(13, 26) && !HALF.is_exact(13, 27));
    }

    #[test]
    fn thirds_and_fifths_are_exact() {
        let thirds = Requirement::at_least((2, 3), Number::Due);
        assert_eq!((thirds.needed(30), thirds.needed(31), thirds.needed(32)), (Some(20), Some(21), Some(22)));
        let more = Requirement { bound: Bound::MoreThan, ..thirds };
        assert_eq!((more.needed(30), more.needed(31), more.needed(32)), (Some(21), Some(21), Some(22)));
        let fifths = Requirement::at_least((4, 5), Number::Due);
        assert_eq!((fifths.needed(28), fifths.needed(30), fifths.needed(1)), (Some(23), Some(24), Some(1)));
    }

    #[test]
    fn nothing_satisfies_a_part_of_nothing() {
        for bound in [Bound::AtLeast, Bound::MoreThan] {
            let rule = Requirement { bound, ..HALF };
            assert!(!rule.is_met(0, 0) && !rule.is_met(5, 0) && !rule.is_exact(0, 0));
            assert!(!Requirement { part: (1, 0), ..rule }.is_met(u64::MAX, 5));
        }
    }

    #[test]
    fn due_is_entitled_less_excused_and_never_below_nothing() {
        let numbers = Numbers {
            entitled: Count { members: 30, weight: 33 },
            excused: Count { members: 2, weight: 5 },
            ..Numbers::default()
        };
        assert_eq!(numbers.due(), Count { members: 28, weight: 28 });
        assert_eq!(Numbers { excused: Count::each_one_vote(40), ..numbers }.due(), Count::default());
    }

    #[test]
    fn a_requirement_is_read_as_it_is_written() {
        for of in Number::ALL {
            for requirement in [Requirement::at_least((4, 5), of), Requirement::more_than((1, 2), of)] {
                assert_eq!(requirement.to_string().parse(), Ok(requirement));
            }
        }
        assert_eq!("more  than 50/100 of due".parse(), Ok(HALF));
        assert_eq!("at least 1/1 of due".parse(), Ok(Requirement::at_least((1, 1), Number::Due)));
        for text in [
            "",
            "half of due",
            "at least 0/5 of due",
            "at least 5/0 of due",
            "at least 0/0 of due",
            "at least 6/5 of due",
            "more than 1/1 of due",
            "at least 4/5 of members",
            "at least 4/5",
            "at least +4/5 of due",
            "at least 4/5 of due please",
            "at most 4/5 of due",
            "at least 99999999999/5 of due",
        ] {
            assert_eq!(text.parse::<Requirement>(), Err(NotARequirement), "{text}");
        }
    }

    proptest! {
        /// `needed` is the least integer for which the exact comparison of products holds.
        #[test]
        fn needed_is_the_least_that_satisfies(part in 1_u32.., whole in 1_u32.., base in 1_u64.., more: bool) {
            let bound = if more { Bound::MoreThan } else { Bound::AtLeast };
            let rule = Requirement { bound, part: (part, whole), of: Number::Due };
            let holds = |value: u128| {
                let (left, right) = (value * u128::from(whole), u128::from(base) * u128::from(part));
                if more { left > right } else { left >= right }
            };
            let needed = rule.needed(base.into()).unwrap();
            prop_assert!(holds(needed) && !holds(needed - 1));
        }
    }
}
