//! `selection`: choose between min and max of m options; motions, elections of k, approval.
//!
//! Cells: one bit for each option, then the blank cell where blank is allowed. A blank answer is an encrypted cell, so
//! that its total is published and the number of valid votes is known to everybody (S13).

use proofs::linear::Value;

use super::plan::{Plan, sum_of};
use super::{Choice, ChoiceError, Findings, Reading};
use crate::codec::{Malformed, Reader, Wire, Writer};

/// The rule of a selection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Fewest options of an answer that is not blank.
    pub min: u32,
    /// Most options of an answer.
    pub max: u32,
    /// Whether an answer may be blank.
    pub blank: bool,
}

impl Selection {
    pub(super) fn cells(&self, options: usize) -> usize {
        options + usize::from(self.blank)
    }

    /// Fewest options of an answer that counts as not blank (S13): choosing nothing is blank where that exists.
    fn least(&self) -> u32 {
        if self.blank { self.min.max(1) } else { self.min }
    }

    /// Without blank: `min <= sum <= max`. With the blank cell beta (S13): `least <= sum + least beta <= max` and
    /// `0 <= sum + max beta <= max`; where least = max the first relation says all.
    pub(super) fn plan(&self, options: usize, plan: &mut Plan) {
        for option in 0..options {
            plan.value(Value::encrypted(1), format_args!("option {option}"));
        }
        let (least, max) = (self.least(), self.max);
        if !self.blank {
            let name = format_args!("from {least} to {max} options are chosen");
            if least == max {
                return plan.exactly(sum_of(0..options), least.into(), options.saturating_sub(1), name);
            }
            return plan.relation(sum_of(0..options), (least.into(), max.into()), name);
        }
        let blank = plan.value(Value::encrypted(1), format_args!("blank"));
        let with_blank = |weight: u32| sum_of(0..options).chain([(blank, i64::from(weight))]);
        let name = format_args!("at least {least} options are chosen, or the answer is blank");
        if least == max {
            return plan.exactly(with_blank(least), least.into(), options.saturating_sub(1), name);
        }
        plan.relation(with_blank(least), (least.into(), max.into()), name);
        if least < max {
            let name = format_args!("at most {max} options are chosen, and none if the answer is blank");
            plan.relation(with_blank(max), (0, max.into()), name);
        }
    }

    pub(super) fn demands(&self) -> String {
        let blank = if self.blank { ", or the answer is blank" } else { "" };
        format!("from {} to {} options are chosen{blank}", self.least(), self.max)
    }

    /// What is wrong with the rule itself.
    pub(super) fn check(&self, options: usize, found: &mut Findings<'_>) {
        let what = format!("must be between 1 and the number of options, {options}");
        found((1..=options).contains(&(self.max as usize)), "max", what);
        found(self.min <= self.max, "min", "must not be above max".into());
    }

    /// The same for a follow-up round on fewer options: as many names as there are seats.
    pub(super) fn narrowed(&self, options: usize, seats: u32) -> Self {
        let max = seats.min(u32::try_from(options).unwrap_or(u32::MAX));
        Self { min: self.min.min(max), max, blank: self.blank }
    }

    pub(super) fn values(&self, choice: &Choice, options: usize) -> Result<Vec<u64>, ChoiceError> {
        let chosen = match choice {
            Choice::Selection(chosen) => chosen.as_slice(),
            Choice::Blank => &[],
            _ => return Err(ChoiceError::OtherKind("a choice of options")),
        };
        let mut values = vec![0; self.cells(options)];
        if chosen.is_empty() && self.blank {
            if let Some(blank) = values.last_mut() {
                *blank = 1;
            }
            return Ok(values);
        }
        if matches!(choice, Choice::Blank) && self.min > 0 {
            return Err(ChoiceError::BlankNotAllowed);
        }
        if chosen.len() > self.max as usize {
            return Err(ChoiceError::TooMany { chosen: chosen.len(), max: self.max });
        }
        if chosen.len() < self.min as usize {
            return Err(ChoiceError::TooFew { chosen: chosen.len(), min: self.min });
        }
        for option in chosen {
            let known: Option<&mut u64> =
                if option.position() < options { values.get_mut(option.position()) } else { None };
            match known {
                Some(cell) if *cell == 0 => *cell = 1,
                Some(_) => return Err(ChoiceError::Repeated(*option)),
                None => return Err(ChoiceError::UnknownOption(*option)),
            }
        }
        Ok(values)
    }

    pub(super) fn reading(&self, totals: &[u64], options: usize) -> Option<Reading> {
        if totals.len() != self.cells(options) {
            return None;
        }
        let (options, blank) = totals.split_at_checked(options)?;
        Some(Reading::Selection { options: options.to_vec(), blank: blank.first().copied() })
    }
}

impl Wire for Selection {
    const WHAT: &'static str = "selection";
    fn write(&self, w: &mut Writer) {
        w.array(3);
        w.uint(self.min.into());
        w.uint(self.max.into());
        w.bool(self.blank);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(3, "selection")?;
        Ok(Self { min: r.uint32("fewest options")?, max: r.uint32("most options")?, blank: r.bool("blank")? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::OptionIndex;

    fn chosen(options: &[u32]) -> Choice {
        Choice::Selection(options.iter().map(|i| OptionIndex(*i)).collect())
    }

    /// Every assignment of the cells satisfies the relations exactly if it is an allowed answer (S13).
    #[test]
    fn s13_relations_hold_exactly_for_allowed_answers() {
        let options = 4;
        for (min, max) in [(0, 1), (1, 1), (0, 3), (2, 3), (3, 3), (0, 4), (4, 4)] {
            for blank in [false, true] {
                let rule = Selection { min, max, blank };
                let mut plan = Plan::default();
                rule.plan(options, &mut plan);
                let statement = plan.section().unwrap().statement().clone();
                for assignment in 0_u32..1 << rule.cells(options) {
                    let values: Vec<i64> = (0..rule.cells(options)).map(|i| i64::from(assignment >> i & 1)).collect();
                    let holds = statement.relations().iter().all(|relation| {
                        let sum: i64 = relation.terms.iter().map(|(i, c)| c * values[*i]).sum();
                        (relation.lo..=relation.hi).contains(&sum)
                    });
                    let sum: i64 = values[..options].iter().sum();
                    let is_blank = blank && values[options] == 1;
                    let allowed =
                        if is_blank { sum == 0 } else { (i64::from(rule.least())..=i64::from(max)).contains(&sum) };
                    assert_eq!(holds, allowed, "{rule:?} {values:?}");
                }
            }
        }
    }

    #[test]
    fn answers_become_cells() {
        let rule = Selection { min: 0, max: 2, blank: true };
        assert_eq!(rule.values(&chosen(&[2, 0]), 3), Ok(vec![1, 0, 1, 0]));
        assert_eq!(rule.values(&chosen(&[]), 3), Ok(vec![0, 0, 0, 1]));
        assert_eq!(rule.values(&Choice::Blank, 3), Ok(vec![0, 0, 0, 1]));
        let strict = Selection { min: 2, max: 2, blank: false };
        assert_eq!(strict.values(&Choice::Blank, 3), Err(ChoiceError::BlankNotAllowed));
        assert_eq!(strict.values(&chosen(&[1]), 3), Err(ChoiceError::TooFew { chosen: 1, min: 2 }));
    }

    #[test]
    fn an_over_vote_cannot_become_cells() {
        let rule = Selection { min: 0, max: 2, blank: true };
        assert_eq!(rule.values(&chosen(&[0, 1, 2]), 3), Err(ChoiceError::TooMany { chosen: 3, max: 2 }));
        assert_eq!(rule.values(&chosen(&[0, 0]), 3), Err(ChoiceError::Repeated(OptionIndex(0))));
        // The blank cell is no option, although it is a cell.
        assert_eq!(rule.values(&chosen(&[3]), 3), Err(ChoiceError::UnknownOption(OptionIndex(3))));
    }

    #[test]
    fn totals_are_read_with_their_blank_votes() {
        let rule = Selection { min: 0, max: 2, blank: true };
        assert_eq!(rule.reading(&[5, 7, 2], 2), Some(Reading::Selection { options: vec![5, 7], blank: Some(2) }));
        assert_eq!(rule.reading(&[5, 7], 2), None);
    }
}
