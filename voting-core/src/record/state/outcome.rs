//! What the rules of the manifest make of a round's totals, and the follow-up round that this calls for.

use std::sync::Arc;

use super::plan::{Origin, Planned};
use super::{Counting, Effect as StateEffect, Ending, Roll, Round, State, round};
use crate::contest::{Contest, Kind, Method, Reading};
use crate::entry::{GroupAttendance, RoundOutcome, Totals};
use crate::ids::{ContestIndex, GroupIndex, OptionIndex, RoundIndex};
use crate::manifest::{MAX_ROUNDS, RoundPlan};
use crate::method::{Grades, Order, Pairwise, Seats, Standing, Strength, TooManyOrders};
use crate::outcome::{
    Cause, ContestOutcome, Count, Decision, FollowUp, Numbers, Position, Tallied, Ties, follow_up_rule,
};
use crate::record::{Culprit, Refusal, Rule};
use crate::tally::Tally;

impl State {
    /// Whether a contest of the round has a rule that decides something.
    #[must_use]
    pub fn decides(&self, index: RoundIndex) -> bool {
        let contests = self.plan(index).map_or(&[][..], |planned| &planned.plan.contests);
        contests.iter().any(|contest| contest.outcome.decision != Decision::TotalsOnly)
    }

    /// Whether the round has a result and lacks the outcome that a rule of it asks for.
    #[must_use]
    pub fn lacks_outcome(&self, index: RoundIndex) -> bool {
        let counting = self.round(index).and_then(Round::closed);
        let lacks =
            |counting: &Counting| matches!(counting.ending(), Some(Ending::Result(_))) && counting.outcome().is_none();
        counting.is_some_and(lacks) && self.decides(index)
    }

    /// Whether a tie of the round may be settled by lots.
    fn may_draw_lots(&self, index: RoundIndex) -> bool {
        let contests = self.plan(index).map_or(&[][..], |planned| &planned.plan.contests);
        let lots = |contest: &Contest| matches!(contest.outcome.decision, Decision::Elect { ties: Ties::Lots, .. });
        contests.iter().any(lots)
    }

    /// The totals of each tally that counts, with what its rule needs to know.
    ///
    /// # Errors
    /// The reason, in words.
    pub fn tallied(&self, index: RoundIndex) -> Result<Vec<(ContestIndex, Option<GroupIndex>, Tallied)>, String> {
        let counting = self.round(index).and_then(Round::closed).ok_or("the round is not closed")?;
        let Some(Ending::Result(result)) = counting.ending() else { return Err("the round has no result".into()) };
        let mut all = Vec::new();
        for (tally, Totals(totals)) in counting.tallies().iter().zip(&result.totals).filter(|(tally, _)| tally.counted)
        {
            let rules = counting.rules().contest(tally.contest).ok_or("a tally has no contest")?;
            let reading = rules.contest.read_totals(totals).ok_or("totals do not fit their contest")?;
            all.push((tally.contest, tally.group, tallied(counting, &rules.contest, tally, &reading)?));
        }
        Ok(all)
    }

    /// What the rules make of the totals of a round that has a result. `lots` is the public value for ties that are settled by
    /// lots, announced beforehand and not known before voting ended.
    ///
    /// # Errors
    /// The reason, in words.
    pub fn compute_outcome(&self, index: RoundIndex, lots: Option<[u8; 32]>) -> Result<RoundOutcome, String> {
        let planned = self.plan(index).ok_or("there is no such round")?;
        let round = self.round(index).and_then(Round::id).ok_or("the round was not started")?;
        if lots.is_some() && !self.may_draw_lots(index) {
            return Err("no rule of this round settles ties by lots: leave the value out".into());
        }
        let mut contests = Vec::new();
        for (contest, group, tallied) in self.tallied(index)? {
            let rule = &planned.plan.contests.get(contest.position()).ok_or("a tally has no contest")?.outcome;
            let position = Position { round, contest, group };
            let from = planned.origin(contest).map(|origin| &origin.follow_up);
            contests.push(ContestOutcome::of(rule, &tallied, lots.as_ref(), &position, from));
        }
        Ok(RoundOutcome { round, lots, contests })
    }

    pub(super) fn check_outcome(&self, outcome: &RoundOutcome, by: Culprit) -> Result<StateEffect, Refusal> {
        let (index, counting) = self.counting(outcome.round, by)?;
        let ready = matches!(counting.ending(), Some(Ending::Result(_))) && counting.outcome().is_none();
        if !ready {
            let what = "an outcome follows the result of its round, once";
            return Err(Refusal::new(Rule::EntryLegal, by, what));
        }
        let computed = self.compute_outcome(index, outcome.lots);
        let computed = computed.map_err(|what| Refusal::new(Rule::OutcomeTrue, by, what))?;
        if computed != *outcome {
            let what = "the outcome is not what the rules make of the totals and numbers";
            return Err(Refusal::new(Rule::OutcomeTrue, by, what));
        }
        Ok(StateEffect::Round(index, round::Effect::Outcome(computed)))
    }

    /// The round that an outcome calls for: one contest for each follow-up, in order.
    #[must_use]
    pub fn follow_up(&self, index: RoundIndex, outcome: &RoundOutcome) -> Option<Planned> {
        let cause = self.plan(index)?;
        let (mut contests, mut origins) = (Vec::new(), Vec::new());
        for ContestOutcome { contest, group, follow_up, .. } in &outcome.contests {
            let Some(follow_up) = follow_up else { continue };
            let own = cause.plan.contests.get(contest.position())?;
            let first = cause.origin(*contest).map_or(own, |origin| &origin.first);
            contests.push(follow_up_contest(own, first, *group, follow_up)?);
            origins.push(Origin { first: first.clone(), follow_up: follow_up.clone() });
        }
        let plan = RoundPlan { title: cause.plan.title, opens: 0, closes: 0, contests };
        (!plan.contests.is_empty()).then_some(Planned { plan, cause: Some(outcome.round), origins })
    }

    /// Founds the follow-up round of an outcome that has been applied, where the manifest lets rounds be added.
    pub(super) fn found_follow_up(&mut self, index: RoundIndex, outcome: &RoundOutcome) {
        if !self.manifest.rounds_may_be_added || self.rounds.len() >= MAX_ROUNDS {
            return;
        }
        if let Some(planned) = self.follow_up(index, outcome) {
            self.plans.push(planned);
            self.rolls.push(Arc::new(Roll::new(self.manifest.groups.len())));
            self.rounds.push(Round::Planned);
        }
    }
}

fn follow_up_contest(
    own: &Contest,
    first: &Contest,
    group: Option<GroupIndex>,
    follow_up: &FollowUp,
) -> Option<Contest> {
    let options = follow_up.options.iter().map(|option| first.options.get(option.position()).copied());
    let options = options.collect::<Option<Vec<_>>>()?;
    let kind = match (follow_up.cause, own.outcome.stage()) {
        // Fewer may have been selected than the stage was planned for.
        (Cause::NextStage, Some(stage)) => stage.kind.for_fewer(options.len()),
        _ => {
            let keep: Vec<_> = (0..options.len() as u32).map(OptionIndex).collect();
            own.narrowed(&keep, follow_up.seats).kind
        }
    };
    let groups = group.map_or_else(|| own.groups.clone(), |group| vec![group]);
    let outcome = follow_up_rule(&own.outcome, follow_up);
    Some(Contest { title: own.title, options, kind, groups, per_group: false, outcome })
}

/// The six numbers of a tally, and places from its totals.
fn tallied(counting: &Counting, contest: &Contest, tally: &Tally, reading: &Reading) -> Result<Tallied, String> {
    let ballots = Count { members: tally.ballots, weight: tally.weight };
    let groups = tally.group.map_or_else(|| contest.groups.clone(), |group| vec![group]);
    let mut numbers = Numbers { ballots, answered: reading.answered(tally.weight), ..Numbers::default() };
    let add = |count: &mut Count, (members, weight): (u64, u64)| {
        count.members = count.members.saturating_add(members);
        count.weight = count.weight.saturating_add(weight);
    };
    for group in groups {
        add(&mut numbers.entitled, counting.roll().groups().get(group.position()).copied().unwrap_or_default());
        let stated = counting.attendance().and_then(|groups| groups.get(group.position()));
        if let Some(GroupAttendance { excused, present }) = stated {
            add(&mut numbers.excused, *excused);
            add(&mut numbers.present, *present);
        }
    }
    // Without a check-in those who cast a ballot are present.
    if counting.attendance().is_none() {
        numbers.present = ballots;
    }
    // Without seats no place matters.
    places(contest, reading, contest.outcome.seats().unwrap_or(0) as usize, tally.weight, numbers)
}

/// Places by the method of the contest.
fn places(
    contest: &Contest,
    reading: &Reading,
    seats: usize,
    weight: u64,
    numbers: Numbers,
) -> Result<Tallied, String> {
    let votes = reading.in_favour();
    if seats == 0 {
        // Nobody is elected: no place matters, and no method may stand in the way of the other contests.
        return Ok(Tallied::from_votes(votes.unwrap_or_else(|| vec![0; contest.options.len()]), numbers));
    }
    let standing = match (&contest.kind, reading) {
        (Kind::Grades(rule), Reading::Grades { persons }) if rule.median => {
            let first = persons.iter().map(|criteria| criteria.first().map(|totals| totals.grades.clone()));
            let counts = first.collect::<Option<Vec<_>>>().ok_or("a person has no grades")?;
            let grades = Grades::with_missing_as_worst(counts, weight).map_err(|error| error.to_string())?;
            // Who is best by the median may have no vote for the best grade.
            return Ok(Tallied { votes: None, places: grades.standing().0, numbers });
        }
        (Kind::Ranking(rule), Reading::Ranking { before, .. }) => {
            let pairwise = Pairwise::new(before.clone()).map_err(|error| error.to_string())?;
            let order = match rule.method {
                Method::Borda => Order::Complete(pairwise.borda()),
                Method::Copeland => Order::Complete(pairwise.copeland()),
                Method::Schulze => pairwise.schulze(Strength::WinningVotes),
                // Its winners are always in the Smith set.
                Method::RankedPairs => pairwise.ranked_pairs(Strength::WinningVotes).unwrap_or_else(|TooManyOrders| {
                    let first = pairwise.smith_set();
                    let others = all(before.len()).filter(|option| !first.contains(option)).collect();
                    Order::Complete(Standing([first, others].into_iter().filter(|place| !place.is_empty()).collect()))
                }),
            };
            complete(&order, seats, before.len())
        }
        _ => return Ok(Tallied::from_votes(votes.unwrap_or_default(), numbers)),
    };
    Ok(Tallied { votes, places: standing.0, numbers })
}

fn all(options: usize) -> impl Iterator<Item = OptionIndex> {
    (0..options as u32).map(OptionIndex)
}

/// Places for a number of seats from an order that leaves pairs open: who is elected in any case, who may be, all others.
fn complete(order: &Order, seats: usize, options: usize) -> Standing {
    if let Order::Complete(standing) = order {
        return standing.clone();
    }
    let Seats { elected, open, .. } = order.seats(seats);
    let others =
        (0..options as u32).map(OptionIndex).filter(|option| !elected.contains(option) && !open.contains(option));
    let others = others.collect();
    Standing([elected, open, others].into_iter().filter(|place: &Vec<_>| !place.is_empty()).collect())
}
