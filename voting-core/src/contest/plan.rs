//! What a section demands: values and relations in the order of its statement, each with a name in plain words. Every
//! kind writes both in one place, so that a name can't stand beside the wrong relation.

use core::fmt::Arguments;

use proofs::StatementError;
use proofs::linear::{Carrier, Relation, Statement, Value};

use super::section::{Implied, Section};

/// Values and relations of one section under construction.
#[derive(Default)]
pub(super) struct Plan {
    values: Vec<Value>,
    relations: Vec<Relation>,
    /// Cells that no ballot carries.
    implied: Vec<Implied>,
    /// Names of the values and of the relations, where they are asked for.
    names: Option<(Vec<String>, Vec<String>)>,
}

/// A bound as the signed integer of a relation. What does not fit becomes so large that the statement is refused (M1).
pub(super) fn bound(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Terms with the coefficient 1 for a range of values.
pub(super) fn sum_of(values: core::ops::Range<usize>) -> impl Iterator<Item = (usize, i64)> {
    values.map(|value| (value, 1))
}

impl Plan {
    /// A plan that keeps the names.
    pub(super) fn named() -> Self {
        Self { names: Some((Vec::new(), Vec::new())), ..Self::default() }
    }

    /// Adds a value; returns its index.
    pub(super) fn value(&mut self, value: Value, name: Arguments<'_>) -> usize {
        self.values.push(value);
        if let Some((names, _)) = &mut self.names {
            names.push(name.to_string());
        }
        self.values.len() - 1
    }

    /// Adds the relation `lo <= sum of terms <= hi`; terms ascend by value.
    pub(super) fn relation(
        &mut self,
        terms: impl Iterator<Item = (usize, i64)>,
        (lo, hi): (i64, i64),
        name: Arguments<'_>,
    ) {
        self.relations.push(Relation { terms: terms.collect(), lo, hi });
        if let Some((_, names)) = &mut self.names {
            names.push(name.to_string());
        }
    }

    /// Adds the relation `sum of terms = total`, terms ascending by value, which tells the cell `implied` from the others: no
    /// ballot carries it then. It stays carried where it is wide, the only one, has another coefficient than 1, or tells
    /// another cell, or where one of the others is not carried.
    pub(super) fn exactly(
        &mut self,
        terms: impl Iterator<Item = (usize, i64)>,
        total: i64,
        implied: usize,
        name: Arguments<'_>,
    ) {
        let terms: Vec<_> = terms.collect();
        let others: Vec<_> = terms.iter().filter(|(value, _)| *value != implied).copied().collect();
        let carried = |value: &usize| self.values.get(*value).is_some_and(|value| value.carrier == Carrier::Encrypted);
        let tells_another =
            self.implied.iter().any(|earlier| earlier.others.iter().any(|(other, _)| *other == implied));
        let may_be_left_out = terms.contains(&(implied, 1))
            && !others.is_empty()
            && terms.iter().all(|(value, _)| carried(value))
            && !tells_another;
        if let Some(value) = self.values.get_mut(implied).filter(|value| may_be_left_out && !value.is_wide()) {
            *value = Value::committed(value.max);
            self.implied.push(Implied { cell: implied, total, others });
        }
        self.relation(terms.into_iter(), (total, total), name);
    }

    pub(super) fn section(self) -> Result<Section, StatementError> {
        Ok(Section::new(Statement::new(self.values, self.relations)?, self.implied))
    }

    /// The names of the cells, in order: they come before the values that are no cells.
    pub(super) fn cell_names(self) -> Vec<String> {
        let Some((names, _)) = self.names else { return Vec::new() };
        let carried = self.values.iter().filter(|value| value.carrier == Carrier::Encrypted).count();
        names.into_iter().take(carried + self.implied.len()).collect()
    }

    /// The names of the relations, in order.
    pub(super) fn relation_names(self) -> Vec<String> {
        self.names.map(|(_, relations)| relations).unwrap_or_default()
    }

    /// The first demand that these values break: their number, a range, or a relation. `None` if they keep all.
    pub(super) fn broken_by(self, values: &[i64]) -> Option<String> {
        if values.len() != self.values.len() {
            return Some(format!("{} cells and ranks instead of {}", values.len(), self.values.len()));
        }
        let (value_names, relation_names) = self.names?;
        for ((value, found), name) in self.values.iter().zip(values).zip(&value_names) {
            if !u64::try_from(*found).is_ok_and(|found| found <= value.max) {
                return Some(format!("{name}: 0 to {}", value.max));
            }
        }
        for (relation, name) in self.relations.iter().zip(relation_names) {
            let value = |index: &usize| values.get(*index).copied().map_or(0, i128::from);
            let sum: i128 = relation.terms.iter().map(|(index, c)| i128::from(*c) * value(index)).sum();
            if sum < i128::from(relation.lo) || sum > i128::from(relation.hi) {
                return Some(name);
            }
        }
        None
    }
}
