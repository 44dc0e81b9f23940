//! How a contest is answered. An answer is a row of whole numbers, as in the CSV files of the data sets; a row of zeros is
//! blank.

use voting_core::contest::Choice;
use voting_core::ids::OptionIndex;

/// An answer: one number for each place.
///
/// - selection: 1 for each chosen option, else 0
/// - points: the points of each option
/// - ranking: the rank of each option, 1 is best, equal ranks are ties, 0 is not ranked
/// - grades: person by person one number for each criterion: 1 is the best grade, 0 is none
pub type Row = Vec<u64>;

/// How a contest is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Choose some of the options.
    Selection {
        /// Fewest options of an answer that is not blank.
        min: u32,
        /// Most options.
        max: u32,
        /// Whether an answer may be blank.
        blank: bool,
    },
    /// Give persons grades.
    Grades {
        /// Names of the criteria.
        criteria: Vec<String>,
        /// Names of the grades, best first.
        grades: Vec<String>,
        /// Whether a person may have no grade.
        rows_may_be_blank: bool,
        /// How many persons may get a grade.
        cap: Option<Cap>,
    },
    /// Give options points.
    Points {
        /// Most points of one option; nothing where the budget is the weight.
        max: u64,
        /// What there is to give.
        budget: Budget,
        /// Whether all of it must be given.
        exact: bool,
        /// Whether an answer may be blank.
        blank: bool,
    },
    /// Put options in an order.
    Ranking {
        /// Where options without a rank stand.
        unranked: Unranked,
        /// Whether ranks may be equal.
        ties: bool,
        /// Whether an answer may be blank.
        blank: bool,
    },
}

/// At most a part of the persons gets a grade, by each criterion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    /// Position of the grade.
    pub grade: usize,
    /// The part, as a fraction; rounded down.
    pub part: (usize, usize),
}

/// The points of one ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// The same for everybody.
    Fixed(u64),
    /// The weight of the ballot, which is split.
    Weight,
}

/// Where options without a rank stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Unranked {
    /// Behind every ranked option.
    Last,
    /// Nowhere: they are compared with nothing.
    Incomparable,
}

impl Cap {
    fn persons(self, all: usize) -> usize {
        let (part, whole) = self.part;
        all * part / whole.max(1)
    }
}

fn is_zero(row: &[u64]) -> bool {
    row.iter().all(|number| *number == 0)
}

impl Rule {
    /// The kind's word, as in drafts.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Selection { .. } => "selection",
            Self::Grades { .. } => "grades",
            Self::Points { .. } => "points",
            Self::Ranking { .. } => "ranking",
        }
    }

    /// Whether blank answers have a total of their own.
    pub const fn has_blank(&self) -> bool {
        match self {
            Self::Selection { blank, .. } | Self::Points { blank, .. } | Self::Ranking { blank, .. } => *blank,
            Self::Grades { .. } => false,
        }
    }

    /// Whether the answer says nothing, so that it counts as blank where that exists.
    pub fn is_blank(&self, row: &[u64]) -> bool {
        match self {
            // Where unranked options share the last place, an order with everything in one place says nothing.
            Self::Ranking { unranked: Unranked::Last, .. } => row.iter().all(|rank| row.first() == Some(rank)),
            _ => is_zero(row),
        }
    }

    /// Whether a member with this weight may answer so.
    ///
    /// # Errors
    /// What is wrong, in words that name the column.
    pub fn check(&self, row: &[u64], weight: u64) -> Result<(), String> {
        let above = |most: u64| row.iter().zip(1..).find(|(number, _)| **number > most);
        if self.is_blank(row) && self.has_blank() {
            return Ok(());
        }
        match self {
            Self::Selection { min, max, blank: _ } => {
                if let Some((other, column)) = above(1) {
                    return Err(format!("o{column} is \"{other}\", it must be 0 or 1"));
                }
                let chosen: u64 = row.iter().sum();
                match chosen {
                    _ if chosen > u64::from(*max) => {
                        Err(format!("{chosen} options are chosen, at most {max} are allowed"))
                    }
                    _ if chosen < u64::from(*min) => {
                        Err(format!("{chosen} options are chosen, at least {min} must be"))
                    }
                    _ => Ok(()),
                }
            }
            Self::Grades { criteria, grades, rows_may_be_blank, cap } => {
                if let Some((grade, column)) = above(grades.len() as u64) {
                    return Err(format!("place {column} has grade {grade}, there are {}", grades.len()));
                }
                if !rows_may_be_blank && row.contains(&0) {
                    return Err("a person has no grade".into());
                }
                let persons = row.len() / criteria.len().max(1);
                let Some(cap) = cap else { return Ok(()) };
                for criterion in 0..criteria.len() {
                    let given = row.iter().skip(criterion).step_by(criteria.len());
                    let given = given.filter(|grade| **grade == cap.grade as u64 + 1).count();
                    let most = cap.persons(persons);
                    if given > most {
                        return Err(format!("{given} persons have grade {}, at most {most} may", cap.grade + 1));
                    }
                }
                Ok(())
            }
            Self::Points { max, budget, exact, blank: _ } => {
                let (max, budget) = match budget {
                    Budget::Fixed(budget) => (*max, *budget),
                    Budget::Weight => (weight, weight),
                };
                if let Some((points, column)) = above(max) {
                    return Err(format!("o{column} has {points} points, at most {max} are allowed"));
                }
                let given: u128 = row.iter().map(|points| u128::from(*points)).sum();
                match given {
                    _ if given > budget.into() => Err(format!("{given} points are given, there are {budget} to give")),
                    _ if *exact && given < budget.into() => {
                        Err(format!("{given} points are given, all {budget} must be"))
                    }
                    _ => Ok(()),
                }
            }
            Self::Ranking { unranked, ties, blank: _ } => {
                if let Some((rank, column)) = above(u32::MAX.into()) {
                    return Err(format!("o{column} has the rank {rank}, at most {} is possible", u32::MAX));
                }
                if self.is_blank(row) {
                    return Err("the ranks put no option before another".into());
                }
                let mut ranks: Vec<_> = row.iter().filter(|rank| **rank > 0 || *unranked == Unranked::Last).collect();
                ranks.sort_unstable();
                let tied = ranks.windows(2).any(|pair| matches!(pair, [one, other] if one == other));
                if tied && !ties { Err("two options have the same rank".into()) } else { Ok(()) }
            }
        }
    }

    /// The answer as the voter's device takes it.
    pub fn choice(&self, row: &[u64]) -> Choice {
        let position = |number: &u64| number.checked_sub(1).and_then(|position| u32::try_from(position).ok());
        match self {
            Self::Grades { .. } => Choice::Grades(row.iter().map(position).collect()),
            _ if is_zero(row) => Choice::Blank,
            Self::Selection { .. } => {
                let chosen = (0..).map(OptionIndex).zip(row).filter(|(_, chosen)| **chosen > 0);
                Choice::Selection(chosen.map(|(option, _)| option).collect())
            }
            Self::Points { .. } => Choice::Points(row.to_vec()),
            Self::Ranking { .. } => Choice::Ranking(row.iter().map(position).collect()),
        }
    }

    /// Another answer that is allowed, for a ballot that is replaced afterwards; the same one where this finds no other.
    pub fn other(&self, row: &[u64], weight: u64) -> Row {
        let places = row.len();
        let step = if let Self::Grades { criteria, .. } = self { criteria.len() } else { 1 };
        let mut turned = row.to_vec();
        turned.rotate_right(step.min(places));
        let simple = match self {
            Self::Selection { min, .. } => (0..places).map(|option| (option < (*min).max(1) as usize).into()).collect(),
            Self::Grades { grades, .. } => vec![grades.len() as u64; places],
            Self::Points { budget: Budget::Weight, .. } => {
                (0..places).map(|i| if i == 0 { weight } else { 0 }).collect()
            }
            Self::Points { max, budget: Budget::Fixed(budget), .. } => {
                let mut left = *budget;
                let mut take = || {
                    let points = left.min(*max);
                    left -= points;
                    points
                };
                (0..places).map(|_| take()).collect()
            }
            Self::Ranking { .. } => (1..=places as u64).collect(),
        };
        let candidates = [turned, vec![0; places], simple];
        let other = candidates.into_iter().find(|other| other != row && self.check(other, weight).is_ok());
        other.unwrap_or_else(|| row.to_vec())
    }
}

#[cfg(test)]
mod tests;
