//! A section of a contest: its statement, and the cells that stand in no ballot because the others tell them.
//!
//! Where cells have an exact sum, say one option of five, the last one is known from the others: its ciphertext is
//! `(0, total x G) - sum of coefficient x ciphertext` of those. A ballot does not carry it; the statement has the value as one
//! that is only committed to, in its range and in the exact relation. So whoever knows an opening of the ciphertexts that are
//! carried has proved that the implied one encrypts a value of its range, with no proof of its own.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proofs::ProofError;
use proofs::elgamal::Ciphertext;
use proofs::group::{BASE_TABLE, IsIdentity, Point, scalar_from_i64};
use proofs::linear::Statement;

/// A cell that an exact relation tells from the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Implied {
    /// Its position among the cells of the section. Its coefficient is 1.
    pub(super) cell: usize,
    /// What the weighted sum of all cells of the relation is.
    pub(super) total: i64,
    /// The other cells of the relation with their coefficients; all of them are carried.
    pub(super) others: Vec<(usize, i64)>,
}

/// The statement of a section, and how ciphertexts become cells.
#[derive(Clone, Debug)]
pub struct Section {
    statement: Statement,
    /// In ascending order of their cells.
    implied: Vec<Implied>,
    /// `total x G` for each total that occurs.
    totals: BTreeMap<i64, Point>,
}

impl Section {
    pub(super) fn new(statement: Statement, mut implied: Vec<Implied>) -> Self {
        implied.sort_unstable_by_key(|implied| implied.cell);
        let totals: BTreeSet<_> = implied.iter().map(|implied| implied.total).collect();
        let totals = totals.into_iter().map(|total| (total, BASE_TABLE * &scalar_from_i64(total))).collect();
        Self { statement, implied, totals }
    }

    /// What a ballot proves of its ciphertexts.
    #[must_use]
    pub fn statement(&self) -> &Statement {
        &self.statement
    }

    /// Number of cells, hence of totals.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.statement.encrypted() + self.implied.len()
    }

    fn is_implied(&self, cell: usize) -> bool {
        self.implied.binary_search_by_key(&cell, |implied| implied.cell).is_ok()
    }

    /// The positions of the cells that a ballot carries, one for each of its ciphertexts, ascending.
    pub fn carried(&self) -> impl Iterator<Item = usize> {
        (0..self.cells()).filter(|cell| !self.is_implied(*cell))
    }

    /// All cells from the ciphertexts that a ballot carries. Variable time: these are public.
    ///
    /// # Errors
    /// [`ProofError::Length`] on a wrong number of ciphertexts; [`ProofError::Identity`] if the first component of an implied
    /// cell is the identity (A4): whoever chose the randomness so has published what the cell holds.
    pub fn complete(&self, carried: &Arc<[Ciphertext]>) -> Result<Arc<[Ciphertext]>, ProofError> {
        if carried.len() != self.statement.encrypted() {
            return Err(ProofError::Length("ciphertexts"));
        }
        if self.implied.is_empty() {
            return Ok(Arc::clone(carried));
        }
        let mut cells = vec![Ciphertext::zero(); self.cells()];
        for (cell, pair) in self.carried().zip(carried.iter()) {
            if let Some(place) = cells.get_mut(cell) {
                *place = *pair;
            }
        }
        for Implied { cell, total, others } in &self.implied {
            let total = self.totals.get(total).ok_or(ProofError::Misuse("the total of an implied cell"))?;
            let mut pair = Ciphertext::zero();
            pair.second = *total;
            for (other, coefficient) in others {
                let other = cells.get(*other).ok_or(ProofError::Length("ciphertexts"))?;
                let multiple = other.vartime_scale(coefficient.unsigned_abs());
                if *coefficient < 0 { pair += multiple } else { pair -= multiple }
            }
            if pair.first.is_identity() {
                return Err(ProofError::Identity("first component of a ciphertext"));
            }
            if let Some(place) = cells.get_mut(*cell) {
                *place = pair;
            }
        }
        Ok(cells.into())
    }
}
