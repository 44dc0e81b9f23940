//! `selection`: choose between min and max of m options; motions, elections of k, approval.
//!
//! Cells: one bit for each option, then the blank cell where blank is allowed. A blank answer is an encrypted cell, so
//! that its total is published and the number of valid votes is known to everybody (S13).

use proofs::StatementError;
use proofs::linear::{Relation, Statement, Value};

use super::{Choice, ChoiceError, Reading};
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
    pub(super) fn statement(&self, options: usize) -> Result<Statement, StatementError> {
        let sum = || (0..options).map(|i| (i, 1_i64));
        let (least, max) = (i64::from(self.least()), i64::from(self.max));
        let relations = if self.blank {
            let with_blank = |weight, lo| Relation { terms: sum().chain([(options, weight)]).collect(), lo, hi: max };
            let mut relations = vec![with_blank(least, least)];
            if least < max {
                relations.push(with_blank(max, 0));
            }
            relations
        } else {
            vec![Relation { terms: sum().collect(), lo: least, hi: max }]
        };
        Statement::new(vec![Value::encrypted(1); self.cells(options)], relations)
    }

    pub(super) fn values(&self, choice: &Choice, options: usize) -> Result<Vec<u64>, ChoiceError> {
        let chosen = match choice {
            Choice::Selection(chosen) => chosen.as_slice(),
            Choice::Blank => &[],
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
                let statement = rule.statement(options).unwrap();
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
