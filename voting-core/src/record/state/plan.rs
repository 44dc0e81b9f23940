//! What a round asks: planned in the manifest, or called for by an outcome.

use crate::contest::Contest;
use crate::entry::RoundStatement;
use crate::ids::RoundId;
use crate::manifest::RoundPlan;
use crate::outcome::FollowUp;

/// A round of the manifest, or one that an outcome calls for.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Title, times and contests. The times of a follow-up round are 0 until it starts.
    pub plan: RoundPlan,
    /// For a follow-up round the one whose outcome calls for it.
    pub cause: Option<RoundId>,
    /// For each contest of a follow-up round where its options come from.
    pub origins: Vec<Origin>,
}

/// Where the options of a follow-up contest come from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The first contest of the chain.
    pub first: Contest,
    /// The follow-up that calls for this contest, in the numbers of the first one's options.
    pub follow_up: FollowUp,
}

impl Planned {
    pub(super) fn of_manifest(plan: &RoundPlan) -> Self {
        Self { plan: plan.clone(), cause: None, origins: Vec::new() }
    }

    /// Whether a round may be started as stated: exactly as planned; a follow-up round at times of its own.
    pub(super) fn is_held_as(&self, statement: &RoundStatement) -> bool {
        let RoundStatement { index: _, plan, cause } = statement;
        let times = match self.cause {
            None => (self.plan.opens, self.plan.closes) == (plan.opens, plan.closes),
            Some(_) => plan.opens < plan.closes,
        };
        times && self.cause == *cause && self.plan.title == plan.title && self.plan.contests == plan.contests
    }

    /// The origin of a contest, if it follows another one.
    #[must_use]
    pub fn origin(&self, contest: crate::ids::ContestIndex) -> Option<&Origin> {
        self.origins.get(contest.position())
    }
}
