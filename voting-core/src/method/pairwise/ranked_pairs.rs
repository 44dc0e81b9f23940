//! Ranked pairs, with all orders of equal pairs.

use std::collections::{BTreeMap, BTreeSet};

use super::{Pairwise, Strength};
use crate::ids::OptionIndex;
use crate::method::relation::Relation;
use crate::method::standing::sure;
use crate::method::{Order, TooManyOrders, options};

/// Steps of work before the search gives up: less than a second, and some dozens of megabytes. The number is the same on
/// every machine, so that all observers get the same answer.
const WORK: usize = 1 << 26;
/// Steps of locking a pair, besides one for each word of the relation.
const LOCK: usize = 128;

impl Pairwise {
    /// The order of ranked pairs: the pairwise victories are locked one after the other, the strongest first; a victory that
    /// would close a circle with locked ones is left out.
    ///
    /// Where victories are equally strong, their order can matter. As Tideman defined it, every order of them counts: an
    /// option is a winner if it is first under some order. All orders are tried here, so nothing depends on the list.
    /// The result is
    /// - [`Order::Complete`] if what is sure under all orders gives places, and within each place every option is
    ///   first under some order and last under some order;
    /// - [`Order::Partial`] otherwise, with the options that are first under some order, and the pairs that are sure.
    ///
    /// A tied pair is never locked: either way round is possible.
    ///
    /// # Errors
    /// [`TooManyOrders`] if equal victories lie in so many circles that trying all orders takes too long. To find the
    /// winners is NP-complete (M. Brill, F. Fischer, The price of neutrality for the ranked pairs method, AAAI 2012), but
    /// many equal victories in one circle are rare beyond a handful of ballots.
    ///
    /// Source: T. N. Tideman, Independence of clones as a criterion for voting rules, Social Choice and Welfare 4, 1987,
    /// 185-206, who measures margins; winning votes, then the smaller opposition, are later usage.
    pub fn ranked_pairs(&self, strength: Strength) -> Result<Order, TooManyOrders> {
        let mut groups: BTreeMap<_, Vec<(usize, usize)>> = BTreeMap::new();
        for i in 0..self.count() {
            for j in self.others(i).filter(|j| self.beats(i, *j)) {
                groups.entry(strength.of(self.at(i, j), self.at(j, i))).or_default().push((i, j));
            }
        }
        let mut search = Search { left: WORK };
        let mut reached = BTreeSet::from([Relation::new(self.count())]);
        for group in groups.values().rev() {
            let mut next = BTreeSet::new();
            for locked in reached {
                search.lock_group(locked, group, &mut next)?;
            }
            reached = next;
        }
        Ok(common_order(&reached, self.count()))
    }
}

/// What all outcomes have in common.
fn common_order(outcomes: &BTreeSet<Relation>, count: usize) -> Order {
    let mut common = outcomes.first().cloned().unwrap_or_else(|| Relation::new(count));
    for outcome in outcomes {
        common.intersect(outcome);
    }
    let order = Order::of(&common);
    if let Order::Complete(standing) = &order
        && standing.0.iter().all(|place| place.iter().all(|option| can_be_first_and_last(*option, place, outcomes)))
    {
        return order;
    }
    let wins = |i: usize| outcomes.iter().any(|outcome| (0..count).all(|j| !outcome.has(j, i)));
    let winners = options(count).filter(|(i, _)| wins(*i)).map(|(_, option)| option).collect();
    Order::Partial { count, winners, before: sure(&common) }
}

/// Whether an option can be the first of its place and also the last of it.
fn can_be_first_and_last(option: OptionIndex, place: &[OptionIndex], outcomes: &BTreeSet<Relation>) -> bool {
    let i = option.position();
    let others = || place.iter().map(|other| other.position());
    outcomes.iter().any(|outcome| others().all(|j| !outcome.has(j, i)))
        && outcomes.iter().any(|outcome| others().all(|j| !outcome.has(i, j)))
}

/// Locked pairs with all that follows, open pairs, and the position of the next open pair to lock.
type Step = (Relation, Vec<(usize, usize)>, usize);

struct Search {
    /// Work left.
    left: usize,
}

impl Search {
    fn spend(&mut self, work: usize) -> Result<(), TooManyOrders> {
        self.left = self.left.checked_sub(work).ok_or(TooManyOrders)?;
        Ok(())
    }

    /// Locks equally strong pairs in every order; adds all outcomes. What follows depends only on what is before what, so
    /// each transitive relation is visited once.
    fn lock_group(
        &mut self,
        locked: Relation,
        group: &[(usize, usize)],
        outcomes: &mut BTreeSet<Relation>,
    ) -> Result<(), TooManyOrders> {
        let mut seen = BTreeSet::new();
        // Where the search stands: what is locked, what is open, and which of the open pairs is the next to lock.
        let mut path = vec![self.settled(locked, group)?];
        while let Some((locked, open, next)) = path.last_mut() {
            if open.is_empty() {
                outcomes.insert(locked.clone());
            }
            let Some((i, j)) = open.get(*next).copied() else {
                path.pop();
                continue;
            };
            *next += 1;
            let mut locked = locked.clone();
            locked.lock(i, j);
            let step = self.settled(locked, open)?;
            if seen.insert(step.0.clone()) {
                path.push(step);
            }
        }
        Ok(())
    }

    fn settled(&mut self, mut locked: Relation, open: &[(usize, usize)]) -> Result<Step, TooManyOrders> {
        let mut open = open.to_vec();
        self.settle(&mut locked, &mut open)?;
        Ok((locked, open, 0))
    }

    /// Locks the open pairs that every order locks and drops those that none can lock any more. What stays open lies in a
    /// circle of open and locked pairs.
    fn settle(&mut self, locked: &mut Relation, open: &mut Vec<(usize, usize)>) -> Result<(), TooManyOrders> {
        loop {
            self.spend(open.len() + locked.width())?;
            open.retain(|(i, j)| !locked.has(*i, *j) && !locked.has(*j, *i));
            // Mostly there is no circle: then all are locked.
            let mut all = locked.clone();
            let mut circle = false;
            for (i, j) in open.iter() {
                self.spend(locked.width() + LOCK)?;
                circle = circle || all.has(*j, *i);
                all.lock(*i, *j);
            }
            if !circle {
                *locked = all;
                open.clear();
                return Ok(());
            }
            // `all` holds every path of open and locked pairs. A pair without a path back is in no circle.
            let (circular, free): (Vec<_>, Vec<_>) = open.iter().copied().partition(|(i, j)| all.has(*j, *i));
            if free.is_empty() {
                return Ok(());
            }
            for (i, j) in free {
                locked.lock(i, j);
            }
            *open = circular;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Outcomes made by hand (no totals are known that give such): option 0 is always in the middle, so it shares no place
    /// with those that can win, although nothing is sure.
    #[test]
    fn an_option_that_is_never_first_shares_no_place_with_winners() {
        let chain = |order: [usize; 3]| {
            let mut relation = Relation::new(3);
            relation.lock(order[0], order[1]);
            relation.lock(order[1], order[2]);
            relation
        };
        let order = common_order(&BTreeSet::from([chain([1, 0, 2]), chain([2, 0, 1])]), 3);
        let winners = vec![OptionIndex(1), OptionIndex(2)];
        assert_eq!(order, Order::Partial { count: 3, winners: winners.clone(), before: Vec::new() });
        assert_eq!(order.seats(1).open, winners);
        assert_eq!(order.seats(2).open.len(), 3);
        assert_eq!(order.seats(3).elected.len(), 3);
    }
}
