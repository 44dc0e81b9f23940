//! Who stands where: places with ties, orders that leave pairs open, and what both mean for seats.

use core::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;

use super::options;
use super::relation::Relation;
use crate::ids::OptionIndex;

/// Places from first to last. Options of one place are tied; they stand in the order of the list, which means nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Standing(pub Vec<Vec<OptionIndex>>);

impl Standing {
    /// Places by scores, one for each option in order; the highest score is first.
    #[must_use]
    pub fn by_score<S: Ord>(scores: impl IntoIterator<Item = S>) -> Self {
        let mut places: BTreeMap<Reverse<S>, Vec<OptionIndex>> = BTreeMap::new();
        for (option, score) in (0..).map(OptionIndex).zip(scores) {
            places.entry(Reverse(score)).or_default().push(option);
        }
        Self(places.into_values().collect())
    }

    /// The options of the first place; more than one if they are tied.
    #[must_use]
    pub fn first(&self) -> &[OptionIndex] {
        self.0.first().map_or(&[], Vec::as_slice)
    }

    /// Who fills a number of seats.
    #[must_use]
    pub fn seats(&self, seats: usize) -> Seats {
        let mut filled = Seats { elected: Vec::new(), open: Vec::new(), free: seats };
        for place in &self.0 {
            if place.len() <= filled.free {
                filled.elected.extend(place);
                filled.free -= place.len();
            } else {
                if filled.free > 0 {
                    filled.open.clone_from(place);
                }
                break;
            }
        }
        filled.elected.sort_unstable();
        filled
    }
}

/// The result of a method that compares options in pairs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Every option has a place.
    Complete(Standing),
    /// Some options are tied with two others of which one is before the other, or equal pairs can be taken in more than
    /// one way, so that there are no places. A rule for ties or a new round must decide.
    Partial {
        /// Number of options.
        count: usize,
        /// The options that can be first, ascending.
        winners: Vec<OptionIndex>,
        /// All that is sure: the first option of each pair is before the second. Ascending.
        before: Vec<(OptionIndex, OptionIndex)>,
    },
}

/// Who fills the seats, as far as an order says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Seats {
    /// Surely elected, ascending.
    pub elected: Vec<OptionIndex>,
    /// Those among whom a rule for ties must choose, ascending; all others are surely not elected.
    pub open: Vec<OptionIndex>,
    /// Seats that are left for them, or that nobody is there to fill.
    pub free: usize,
}

impl Order {
    /// The order of a transitive relation: complete if it is a weak order.
    pub(super) fn of(relation: &Relation) -> Self {
        let count = relation.size();
        let ahead: Vec<usize> = (0..count).map(|j| (0..count).filter(|i| relation.has(*i, j)).count()).collect();
        // In a weak order, who has fewer ahead is before.
        let is_weak = ahead
            .iter()
            .enumerate()
            .all(|(i, of_i)| ahead.iter().enumerate().all(|(j, of_j)| relation.has(i, j) == (of_i < of_j)));
        if is_weak {
            return Self::Complete(Standing::by_score(ahead.into_iter().map(Reverse)));
        }
        let winners = (0..).map(OptionIndex).zip(&ahead).filter(|(_, ahead)| **ahead == 0);
        let winners = winners.map(|(option, _)| option).collect();
        Self::Partial { count, winners, before: sure(relation) }
    }

    /// The options that can be first, ascending.
    #[must_use]
    pub fn winners(&self) -> &[OptionIndex] {
        match self {
            Self::Complete(standing) => standing.first(),
            Self::Partial { winners, .. } => winners,
        }
    }

    /// Who fills a number of seats. With a partial order, an option is elected if so few others are not surely behind it
    /// that all of them find a seat too, and not elected if enough others are surely before it.
    #[must_use]
    pub fn seats(&self, seats: usize) -> Seats {
        let (count, winners, before) = match self {
            Self::Complete(standing) => return standing.seats(seats),
            Self::Partial { count, winners, before } => (*count, winners, before),
        };
        let mut filled = Seats { elected: Vec::new(), open: Vec::new(), free: seats };
        for (_, option) in options(count) {
            let behind = before.iter().filter(|(first, _)| *first == option).count();
            let ahead = before.iter().filter(|(_, second)| *second == option).count();
            if count - behind <= seats {
                filled.elected.push(option);
            } else if ahead < seats && (seats > 1 || winners.contains(&option)) {
                filled.open.push(option);
            }
        }
        filled.free -= filled.elected.len();
        filled
    }
}

/// The pairs of a relation, ascending.
pub(super) fn sure(relation: &Relation) -> Vec<(OptionIndex, OptionIndex)> {
    let pairs = options(relation.size()).flat_map(|i| options(relation.size()).map(move |j| (i, j)));
    pairs.filter(|((i, _), (j, _))| relation.has(*i, *j)).map(|((_, first), (_, second))| (first, second)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(options: &[u32]) -> Vec<OptionIndex> {
        options.iter().copied().map(OptionIndex).collect()
    }

    fn relation(size: usize, pairs: &[(usize, usize)]) -> Relation {
        let mut relation = Relation::new(size);
        for (i, j) in pairs {
            relation.lock(*i, *j);
        }
        relation
    }

    #[test]
    fn scores_become_places() {
        let standing = Standing::by_score([5, 9, 5, 0]);
        assert_eq!(standing, Standing(vec![list(&[1]), list(&[0, 2]), list(&[3])]));
        assert_eq!(standing.first(), list(&[1]));
        assert!(Standing(Vec::new()).first().is_empty());
    }

    #[test]
    fn a_tie_over_the_last_seat_stays_open() {
        let standing = Standing::by_score([5, 9, 5, 0]);
        let seats = |elected: &[u32], open: &[u32], free| Seats { elected: list(elected), open: list(open), free };
        assert_eq!(standing.seats(0), seats(&[], &[], 0));
        assert_eq!(standing.seats(1), seats(&[1], &[], 0));
        assert_eq!(standing.seats(2), seats(&[1], &[0, 2], 1));
        assert_eq!(standing.seats(3), seats(&[0, 1, 2], &[], 0));
        assert_eq!(standing.seats(5), seats(&[0, 1, 2, 3], &[], 1));
        assert_eq!(Order::Complete(standing).seats(2), seats(&[1], &[0, 2], 1));
    }

    #[test]
    fn an_order_without_places_says_what_is_sure() {
        // 0 before 1, and 2 tied with both: no places. All are before 3.
        let order = Order::of(&relation(4, &[(0, 1), (0, 3), (1, 3), (2, 3)]));
        let pairs = [(0, 1), (0, 3), (1, 3), (2, 3)].map(|(i, j)| (OptionIndex(i), OptionIndex(j)));
        assert_eq!(order, Order::Partial { count: 4, winners: list(&[0, 2]), before: pairs.to_vec() });
        assert_eq!(order.winners(), list(&[0, 2]));
        let seats = |elected: &[u32], open: &[u32], free| Seats { elected: list(elected), open: list(open), free };
        assert_eq!(order.seats(1), seats(&[], &[0, 2], 1));
        assert_eq!(order.seats(2), seats(&[0], &[1, 2], 1));
        assert_eq!(order.seats(3), seats(&[0, 1, 2], &[], 0));
        assert_eq!(order.seats(5), seats(&[0, 1, 2, 3], &[], 1));
    }

    #[test]
    fn weak_orders_have_places() {
        assert_eq!(Order::of(&relation(2, &[])), Order::Complete(Standing(vec![list(&[0, 1])])));
        let order = Order::of(&relation(3, &[(2, 0), (2, 1)]));
        assert_eq!(order, Order::Complete(Standing(vec![list(&[2]), list(&[0, 1])])));
    }

    #[test]
    fn reports_are_plain_json() {
        let complete = Order::Complete(Standing::by_score([1, 2, 1]));
        assert_eq!(serde_json::to_string(&complete).unwrap(), r#"{"complete":[[1],[0,2]]}"#);
        let partial = Order::of(&relation(3, &[(0, 1)]));
        assert_eq!(
            serde_json::to_string(&partial).unwrap(),
            r#"{"partial":{"count":3,"winners":[0,2],"before":[[0,1]]}}"#
        );
        assert_eq!(serde_json::to_string(&partial.seats(1)).unwrap(), r#"{"elected":[],"open":[0,2],"free":1}"#);
    }
}
