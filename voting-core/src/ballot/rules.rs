//! What a round asks, prepared once: the statement of each contest and the generators they need.

use std::sync::Arc;

use proofs::StatementError;
use proofs::group::Generators;
use proofs::linear::Statement;

use crate::contest::Contest;
use crate::context::RoundBinding;
use crate::ids::{ContestIndex, GroupIndex};
use crate::manifest::RoundPlan;

/// A contest with its statement.
#[derive(Clone, Debug)]
pub struct ContestRules {
    /// Position in the round.
    pub index: ContestIndex,
    /// The contest.
    pub contest: Contest,
    /// Its cells and relations.
    pub statement: Statement,
}

/// The rules of a round, shared by sealing and verifying.
#[derive(Clone, Debug)]
pub struct RoundRules {
    /// Event, round and joint key: bound by every proof.
    pub binding: RoundBinding,
    contests: Arc<[ContestRules]>,
    generators: Arc<Generators>,
}

impl RoundRules {
    /// Prepares the contests of a round.
    ///
    /// # Errors
    /// [`StatementError`], which a valid manifest excludes.
    pub fn new(binding: RoundBinding, plan: &RoundPlan) -> Result<Self, StatementError> {
        let mut contests = Vec::with_capacity(plan.contests.len());
        for (index, contest) in plan.contests.iter().enumerate() {
            let index = ContestIndex(u32::try_from(index).unwrap_or(u32::MAX));
            contests.push(ContestRules { index, contest: contest.clone(), statement: contest.statement()? });
        }
        let bits = contests.iter().map(|rules| rules.statement.bits()).max().unwrap_or(0);
        Ok(Self { binding, contests: contests.into(), generators: Arc::new(Generators::new(bits)) })
    }

    /// All contests in order.
    #[must_use]
    pub fn contests(&self) -> &[ContestRules] {
        &self.contests
    }

    /// The contests that a group answers, in order: exactly these stand on its members' ballots.
    pub fn contests_of(&self, group: GroupIndex) -> impl Iterator<Item = &ContestRules> {
        self.contests.iter().filter(move |rules| rules.contest.is_for(group))
    }

    /// The generators for the largest contest.
    #[must_use]
    pub fn generators(&self) -> &Generators {
        &self.generators
    }
}
