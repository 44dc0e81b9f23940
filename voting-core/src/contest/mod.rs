//! Contests: a kind says which cells and relations it needs, how choices become cells, and how totals are read.
//! Everything else, proofs and tally included, is the same for every kind.

mod choice;
mod grades;
mod names;
mod plan;
mod points;
mod ranking;
mod section;
mod selection;
#[cfg(test)]
mod tests;
mod wire;

use proofs::StatementError;

pub use choice::{Choice, ChoiceError, GradeTotals, Reading};
pub use grades::{Cap, Grades, MAX_CRITERIA, MAX_GRADES};
pub use names::TextOf;
pub use points::{Budget, Points};
pub use ranking::{MAX_RANKED, Method, Mode, Ranking};
pub use section::Section;
pub use selection::Selection;

use crate::ids::{GroupIndex, LabelDigest, OptionIndex};
use crate::outcome::{OutcomeRule, Shape};
use plan::Plan;

/// Most options of one contest.
pub const MAX_OPTIONS: usize = 500;
/// Most groups of an event.
pub const MAX_GROUPS: usize = 64;

/// One question on the ballot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contest {
    /// Digest of its title.
    pub title: LabelDigest,
    /// Digests of its options' names, in order.
    pub options: Vec<LabelDigest>,
    /// How it is answered.
    pub kind: Kind,
    /// Groups that may answer it, ascending.
    pub groups: Vec<GroupIndex>,
    /// Whether each group has totals of its own instead of one sum.
    pub per_group: bool,
    /// What its totals decide.
    pub outcome: OutcomeRule,
}

/// The kinds of contest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Choose between `min` and `max` of the options.
    Selection(Selection),
    /// Give each option, a person, one grade for each criterion.
    Grades(Grades),
    /// Give each option points.
    Points(Points),
    /// Put the options in an order.
    Ranking(Ranking),
}

impl Kind {
    /// The kind's word, as in drafts.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Selection(_) => "selection",
            Self::Grades(_) => "grades",
            Self::Points(_) => "points",
            Self::Ranking(_) => "ranking",
        }
    }

    /// The same kind for a stage that fewer options have reached than it was planned for: it must have answers all the same.
    #[must_use]
    pub fn for_fewer(&self, options: usize) -> Self {
        let count = options as u32;
        match self {
            Self::Selection(rule) => {
                let max = rule.max.min(count);
                Self::Selection(Selection { min: rule.min.min(max), max, ..*rule })
            }
            Self::Grades(rule) => Self::Grades(rule.for_fewer(options)),
            Self::Points(rule) => Self::Points(rule.narrowed(options)),
            // One option has no order.
            Self::Ranking(_) if options < 2 => Self::Selection(Selection { min: 0, max: count, blank: true }),
            Self::Ranking(rule) => Self::Ranking(*rule),
        }
    }

    /// What an outcome rule must know of a contest of this kind.
    #[must_use]
    pub fn shape(&self, options: usize) -> Shape {
        let (most_in_favour, counts_votes) = match self {
            Self::Selection(rule) => (Some(rule.max), true),
            // A median is no number of votes.
            Self::Grades(rule) => (rule.most_best(options), rule.criteria.len() == 1 && !rule.median),
            // Points are no votes: they can't be measured against a number of people.
            Self::Points(_) => (None, false),
            Self::Ranking(_) => (None, false),
        };
        Shape { options, most_in_favour, counts_votes }
    }
}

/// What a credential is entitled to: the contests of its group, with its weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entitlement {
    /// The group whose contests it answers.
    pub group: GroupIndex,
    /// How many votes its ballot counts for.
    pub weight: u64,
}

/// Receives each check of a contest: whether it holds, else the field at fault, what is wrong, and the remedy.
pub(crate) type Findings<'a> = dyn FnMut(bool, &str, String) + 'a;

impl Contest {
    /// Number of sections: each has a statement and an argument of its own, so that a large contest can be cast in
    /// several parts.
    #[must_use]
    pub fn sections(&self) -> usize {
        match &self.kind {
            Kind::Selection(_) | Kind::Points(_) | Kind::Ranking(_) => 1,
            Kind::Grades(rule) => rule.criteria.len(),
        }
    }

    /// Whether the statements depend on the weight of the ballot.
    #[must_use]
    pub fn splits_weight(&self) -> bool {
        match &self.kind {
            Kind::Selection(_) | Kind::Grades(_) | Kind::Ranking(_) => false,
            Kind::Points(rule) => rule.splits_weight(),
        }
    }

    fn plan(&self, section: usize, weight: u64, mut plan: Plan) -> Plan {
        debug_assert!(section < self.sections() && weight > 0);
        let options = self.options.len();
        match &self.kind {
            Kind::Selection(rule) => rule.plan(options, &mut plan),
            Kind::Grades(rule) => rule.plan(options, section, &mut plan),
            Kind::Points(rule) => rule.plan(options, weight, &mut plan),
            Kind::Ranking(rule) => rule.plan(options, &mut plan),
        }
        plan
    }

    /// Cells and relations of a section, for a ballot of this weight. The cells of the contest are those of its sections
    /// in order.
    ///
    /// # Errors
    /// [`StatementError`] if the section needs more than one argument can hold.
    pub fn section(&self, section: usize, weight: u64) -> Result<Section, StatementError> {
        self.plan(section, weight, Plan::default()).section()
    }

    /// The values of each section's statement for an answer, by a ballot of this weight: cells, then what is no cell.
    ///
    /// # Errors
    /// [`ChoiceError`] if the answer breaks the contest's rule.
    pub fn values(&self, choice: &Choice, weight: u64) -> Result<Vec<Vec<u64>>, ChoiceError> {
        debug_assert!(weight > 0);
        let options = self.options.len();
        match &self.kind {
            Kind::Selection(rule) => Ok(vec![rule.values(choice, options)?]),
            Kind::Grades(rule) => rule.values(choice, options),
            Kind::Points(rule) => Ok(vec![rule.values(choice, options, weight)?]),
            Kind::Ranking(rule) => Ok(vec![rule.values(choice, options)?]),
        }
    }

    /// Number of cells, hence of totals.
    #[must_use]
    pub fn cells(&self) -> usize {
        let options = self.options.len();
        match &self.kind {
            Kind::Selection(rule) => rule.cells(options),
            Kind::Grades(rule) => rule.cells(options),
            Kind::Points(rule) => rule.cells(options),
            Kind::Ranking(rule) => rule.cells(options),
        }
    }

    /// What a cell counts, in plain words, with positions from 0: "person 3, criterion 1, grade 0"; `None` for a cell that
    /// the contest does not have.
    #[must_use]
    pub fn cell_name(&self, cell: usize) -> Option<String> {
        let mut names = (0..self.sections()).flat_map(|section| self.plan(section, 1, Plan::named()).cell_names());
        names.nth(cell)
    }

    /// What a relation of a section demands, in plain words: "person 3, criterion 1: exactly one grade"; `None` for a
    /// relation that the section does not have.
    #[must_use]
    pub fn relation_name(&self, section: usize, relation: usize) -> Option<String> {
        if section >= self.sections() {
            return None;
        }
        self.plan(section, 1, Plan::named()).relation_names().into_iter().nth(relation)
    }

    /// The first demand of a section that these values of cells and ranks break, in plain words; `None` if they keep all.
    /// For tests of forged ballots, whose contents the tester knows: nobody else can tell from a proof which relation is
    /// false.
    #[must_use]
    pub fn broken_by(&self, section: usize, weight: u64, values: &[i64]) -> Option<String> {
        self.plan(section, weight, Plan::named()).broken_by(values)
    }

    /// What a section demands as a whole, in plain words.
    #[must_use]
    pub fn demands(&self, section: usize) -> String {
        let options = self.options.len();
        match &self.kind {
            Kind::Selection(rule) => rule.demands(),
            Kind::Grades(rule) => rule.demands(options, section),
            Kind::Points(rule) => rule.demands(options),
            Kind::Ranking(rule) => rule.demands(),
        }
    }

    /// How often a ballot of this weight is added to the totals.
    #[must_use]
    pub fn factor(&self, weight: u64) -> u64 {
        if self.splits_weight() { 1 } else { weight }
    }

    /// The largest total of a cell that ballots of this weight together can give (A9); `None` if it passes 2^64.
    #[must_use]
    pub fn largest_total(&self, weight: u64) -> Option<u64> {
        match &self.kind {
            Kind::Selection(_) | Kind::Grades(_) | Kind::Ranking(_) => Some(weight),
            Kind::Points(rule) => rule.largest_total(weight),
        }
    }

    /// What decrypted totals mean; `None` unless there is one for each cell.
    #[must_use]
    pub fn read_totals(&self, totals: &[u64]) -> Option<Reading> {
        let options = self.options.len();
        match &self.kind {
            Kind::Selection(rule) => rule.reading(totals, options),
            Kind::Grades(rule) => rule.reading(totals, options),
            Kind::Points(rule) => rule.reading(totals, options),
            Kind::Ranking(rule) => rule.reading(totals, options),
        }
    }

    /// What an outcome rule must know of the contest.
    #[must_use]
    pub fn shape(&self) -> Shape {
        self.kind.shape(self.options.len())
    }

    /// Whether members of a group answer this contest.
    #[must_use]
    pub fn is_for(&self, group: GroupIndex) -> bool {
        self.groups.binary_search(&group).is_ok()
    }

    /// The tallies that are decrypted: one for all groups, or one for each.
    #[must_use]
    pub fn tallies(&self) -> Vec<Option<GroupIndex>> {
        if self.per_group { self.groups.iter().copied().map(Some).collect() } else { vec![None] }
    }

    /// The contest of a follow-up round on some of the options, in their order here, for `seats` seats, at least 1. Who asks
    /// makes sure that enough options are left, two for a ranking; the checks of a manifest refuse fewer.
    #[must_use]
    pub fn narrowed(&self, keep: &[OptionIndex], seats: u32) -> Self {
        let kept = self.options.iter().zip(0..).filter(|(_, i)| keep.contains(&OptionIndex(*i)));
        let options: Vec<_> = kept.map(|(option, _)| *option).collect();
        let kind = match &self.kind {
            Kind::Selection(rule) => Kind::Selection(rule.narrowed(options.len(), seats)),
            Kind::Grades(rule) => Kind::Grades(rule.narrowed(options.len(), seats)),
            Kind::Points(rule) => Kind::Points(rule.narrowed(options.len())),
            Kind::Ranking(rule) => Kind::Ranking(*rule),
        };
        Self { options, kind, ..self.clone() }
    }

    /// Checks the rule of the kind against the number of options.
    pub(crate) fn check(&self, found: &mut Findings<'_>) {
        let options = self.options.len();
        match &self.kind {
            Kind::Selection(rule) => rule.check(options, found),
            Kind::Grades(rule) => rule.check(options, found),
            Kind::Points(rule) => rule.check(options, found),
            Kind::Ranking(_) => Ranking::check(options, found),
        }
    }
}
