//! `points`: scores, cumulative votes, budgets; and split mandates, where a ballot distributes its own weight.
//!
//! Cells: one integer for each option, then the blank cell where blank is allowed (S13). With a fixed budget a ballot is
//! added as often as its weight says. Where the budget is the weight, a ballot is added once.

#[cfg(test)]
mod tests;

use proofs::linear::Value;

use super::plan::{Plan, bound, sum_of};
use super::{Choice, ChoiceError, Findings, Reading};
use crate::codec::{Malformed, Reader, Wire, Writer};
use crate::ids::OptionIndex;
use crate::manifest::MAX_TOTAL;

/// The rule of a contest that gives points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Points {
    /// Most points of one option, 1 to 2^40; 0 where the budget is the weight.
    pub max: u64,
    /// What there is to give in all.
    pub budget: Budget,
    /// Whether all of it must be given.
    pub exact: bool,
    /// Whether an answer may be blank.
    pub blank: bool,
}

/// The points of one ballot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// The same for everybody; the number of options times the most for one is no limit.
    Fixed(u64),
    /// The weight of the ballot: a holder of many votes splits them.
    Weight,
}

impl Points {
    pub(super) fn cells(&self, options: usize) -> usize {
        options + usize::from(self.blank)
    }

    pub(super) fn splits_weight(&self) -> bool {
        self.budget == Budget::Weight
    }

    /// The most points of one option, and of all, for a ballot of this weight.
    fn limits(&self, weight: u64) -> (u64, u64) {
        match self.budget {
            Budget::Fixed(budget) => (self.max, budget),
            Budget::Weight => (weight, weight),
        }
    }

    /// The most points that could be given without a budget.
    fn unlimited(&self, options: usize) -> u64 {
        self.max.saturating_mul(options as u64)
    }

    /// Fixed budget b, blank bit beta (S13): exactly `sum + b beta = b`; at most `1 <= sum + beta <= b` and
    /// `0 <= sum + b beta <= b`, of which the second says nothing more where b = 1. Without beta: `sum = b`, or
    /// `0 <= sum <= b` unless no ballot could pass it.
    ///
    /// Where the budget is the weight w, the blank cell holds 0 or w, so that its total is a weight too: blank = w c with a
    /// committed bit c, and `sum + blank = w`, or `1 <= sum + blank <= w`.
    pub(super) fn plan(&self, options: usize, weight: u64, plan: &mut Plan) {
        let (max, budget) = self.limits(weight);
        for option in 0..options {
            plan.value(Value::encrypted(max), format_args!("option {option}"));
        }
        let sum = || sum_of(0..options);
        let least = if self.exact { bound(budget) } else { i64::from(self.blank) };
        let words = Words { rule: self, budget };
        match (self.budget, self.blank) {
            (Budget::Fixed(_), false) if !self.exact && budget >= self.unlimited(options) => {}
            (Budget::Fixed(_), false) if self.exact => {
                plan.exactly(sum(), bound(budget), options.saturating_sub(1), format_args!("{words}"));
            }
            (_, false) => plan.relation(sum(), (least, bound(budget)), format_args!("{words}")),
            (Budget::Fixed(_), true) => {
                let blank = plan.value(Value::encrypted(1), format_args!("blank"));
                if !self.exact {
                    let name = format_args!("at least one point, or the answer is blank");
                    plan.relation(sum().chain([(blank, 1)]), (1, bound(budget)), name);
                }
                let all = sum().chain([(blank, bound(budget))]);
                let name = format_args!("{words}, and none if the answer is blank");
                if self.exact {
                    plan.exactly(all, bound(budget), options.saturating_sub(1), name);
                } else if budget > 1 {
                    plan.relation(all, (0, bound(budget)), name);
                }
            }
            (Budget::Weight, true) => {
                let blank = plan.value(Value::encrypted(weight), format_args!("blank"));
                let is_blank = plan.value(Value::committed(1), format_args!("whether the answer is blank"));
                let name = format_args!("{words}, or all of the weight is blank");
                plan.relation(sum().chain([(blank, 1)]), (least, bound(weight)), name);
                let name = format_args!("the blank weight is nothing or all");
                plan.relation([(blank, 1), (is_blank, -bound(weight))].into_iter(), (0, 0), name);
            }
        }
    }

    pub(super) fn demands(&self, options: usize) -> String {
        let blank = if self.blank { ", or the answer is blank" } else { "" };
        match self.budget {
            Budget::Weight => format!("{}{blank}", Words { rule: self, budget: 0 }),
            Budget::Fixed(budget) if !self.exact && budget >= self.unlimited(options) => {
                format!("each option has 0 to {} points{blank}", self.max)
            }
            Budget::Fixed(budget) => {
                format!("each option has 0 to {} points, {}{blank}", self.max, Words { rule: self, budget })
            }
        }
    }

    pub(super) fn values(&self, choice: &Choice, options: usize, weight: u64) -> Result<Vec<u64>, ChoiceError> {
        let (max, budget) = self.limits(weight);
        let none = vec![0; options];
        let points = match choice {
            Choice::Points(points) => points.as_slice(),
            Choice::Blank => &none,
            _ => return Err(ChoiceError::OtherKind("points")),
        };
        if points.len() != options {
            return Err(ChoiceError::Places { found: points.len(), expected: options });
        }
        let given: u128 = points.iter().map(|points| u128::from(*points)).sum();
        let given = u64::try_from(given).unwrap_or(u64::MAX);
        let mut values = points.to_vec();
        if given == 0 && self.blank {
            // Where the weight is split its blank cell holds the weight, beside the committed bit.
            values.extend(if self.splits_weight() { vec![weight, 1] } else { vec![1] });
            return Ok(values);
        }
        if matches!(choice, Choice::Blank) && self.exact {
            return Err(ChoiceError::BlankNotAllowed);
        }
        if !self.splits_weight() {
            for (option, points) in (0..).map(OptionIndex).zip(points.iter().copied()) {
                if points > max {
                    return Err(ChoiceError::PointsTooHigh { option, points, max });
                }
            }
        }
        if given > budget {
            return Err(ChoiceError::OverBudget { given, budget });
        }
        if self.exact && given < budget {
            return Err(ChoiceError::UnderBudget { given, budget });
        }
        if self.blank {
            values.extend(if self.splits_weight() { vec![0, 0] } else { vec![0] });
        }
        Ok(values)
    }

    pub(super) fn largest_total(&self, weight: u64) -> Option<u64> {
        match self.budget {
            Budget::Fixed(_) => weight.checked_mul(self.max),
            Budget::Weight => Some(weight),
        }
    }

    pub(super) fn reading(&self, totals: &[u64], options: usize) -> Option<Reading> {
        if totals.len() != self.cells(options) {
            return None;
        }
        let (options, blank) = totals.split_at_checked(options)?;
        Some(Reading::Points { options: options.to_vec(), blank: blank.first().copied() })
    }

    /// What is wrong with the rule itself.
    pub(super) fn check(&self, options: usize, found: &mut Findings<'_>) {
        let Budget::Fixed(budget) = self.budget else {
            let what = "must be left out where the budget is the weight: an option may get all of it";
            return found(self.max == 0, "max_points", what.into());
        };
        found((1..=MAX_TOTAL).contains(&self.max), "max_points", format!("must be between 1 and {MAX_TOTAL}"));
        let most = self.unlimited(options);
        let what = format!("must be between 1 and the most that options can get together, {most}");
        found((1..=most).contains(&budget), "budget", what);
        found(
            self.max <= budget,
            "max_points",
            format!("must not be above the budget, {budget}: nobody could give it"),
        );
        let choice = !self.exact || self.blank || budget < most;
        found(choice, "exact", "leaves only one answer, the most points for each option: lower the budget".into());
    }

    /// The same for a follow-up round on fewer options: a budget that they could not take is cut, and then need not be used
    /// up, since there would be only one answer.
    pub(super) fn narrowed(&self, options: usize) -> Self {
        let most = self.unlimited(options);
        match self.budget {
            Budget::Fixed(budget) if budget >= most => Self { budget: Budget::Fixed(most), exact: false, ..*self },
            _ => *self,
        }
    }
}

/// The budget in words.
struct Words<'a> {
    rule: &'a Points,
    budget: u64,
}

impl core::fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let bound = if self.rule.exact { "exactly" } else { "at most" };
        match self.rule.budget {
            Budget::Fixed(_) => write!(f, "together {bound} {} points", self.budget),
            Budget::Weight => write!(f, "together {bound} the weight of the ballot"),
        }
    }
}

impl Wire for Points {
    const WHAT: &'static str = "points";
    fn write(&self, w: &mut Writer) {
        w.array(4);
        w.uint(self.max);
        // 0 for the weight.
        w.uint(match self.budget {
            Budget::Fixed(budget) => budget,
            Budget::Weight => 0,
        });
        w.bool(self.exact);
        w.bool(self.blank);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(4, Self::WHAT)?;
        let max = r.uint("most points")?;
        let budget = match r.uint("budget")? {
            0 => Budget::Weight,
            budget => Budget::Fixed(budget),
        };
        Ok(Self { max, budget, exact: r.bool("exact")?, blank: r.bool("blank")? })
    }
}
