//! What must hold for every matrix of totals, and ranked pairs against its definition.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

const BOTH: [Strength; 2] = [Strength::WinningVotes, Strength::Margins];

/// Matrices of 1 to 6 options with small numbers, so that ties are frequent.
fn some_totals(most: u64) -> impl Strategy<Value = Pairwise> {
    (1_usize..=6).prop_flat_map(move |count| {
        let row = proptest::collection::vec(0..=most, count);
        proptest::collection::vec(row, count).prop_map(|mut totals| {
            (0..totals.len()).for_each(|i| totals[i][i] = 0);
            Pairwise::new(totals).unwrap()
        })
    })
}

/// The options in another order: option i becomes `to[i]`.
fn renamed(pairwise: &Pairwise, to: &[usize]) -> Pairwise {
    let mut totals = pairwise.totals().to_vec();
    for (i, row) in pairwise.totals().iter().enumerate() {
        for (j, total) in row.iter().enumerate() {
            totals[to[i]][to[j]] = *total;
        }
    }
    Pairwise::new(totals).unwrap()
}

fn rename(list: &[OptionIndex], to: &[usize]) -> Vec<OptionIndex> {
    let mut list: Vec<OptionIndex> = list.iter().map(|i| OptionIndex(to[i.position()] as u32)).collect();
    list.sort();
    list
}

fn rename_standing(standing: &Standing, to: &[usize]) -> Standing {
    Standing(standing.0.iter().map(|place| rename(place, to)).collect())
}

fn rename_order(order: &Order, to: &[usize]) -> Order {
    match order {
        Order::Complete(standing) => Order::Complete(rename_standing(standing, to)),
        Order::Partial { count, winners, before } => {
            let name = |i: &OptionIndex| OptionIndex(to[i.position()] as u32);
            let mut before: Vec<_> = before.iter().map(|(i, j)| (name(i), name(j))).collect();
            before.sort();
            Order::Partial { count: *count, winners: rename(winners, to), before }
        }
    }
}

/// All pairs of an order in which one is before the other.
fn pairs(order: &Order) -> BTreeSet<(OptionIndex, OptionIndex)> {
    match order {
        Order::Partial { before, .. } => before.iter().copied().collect(),
        Order::Complete(Standing(places)) => {
            let below = |at: usize| places[at + 1..].iter().flatten();
            let of_place = |at: usize| places[at].iter().flat_map(move |i| below(at).map(move |j| (*i, *j)));
            (0..places.len()).flat_map(of_place).collect()
        }
    }
}

fn permutations(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = permutations(count - 1);
    let insert = |list: Vec<usize>, at| [&list[..at], &[count - 1], &list[at..]].concat();
    shorter.into_iter().flat_map(|list| (0..count).map(move |at| insert(list.clone(), at))).collect()
}

/// The outcomes of ranked pairs, found in another way: among all rankings, without locking anything. T. M. Zavist,
/// T. N. Tideman, Complete independence of clones in the ranked pairs rule, Social Choice and Welfare 6, 1989: a ranking is
/// an outcome under some order of equal pairs exactly if it is a *stack*. That is, whenever it puts i before j although j
/// beats i, a chain of victories leads from i to j down the ranking, each at least as strong as that of j.
fn outcomes(pairwise: &Pairwise, strength: Strength) -> Vec<Vec<usize>> {
    let count = pairwise.count();
    let key = |i: usize, j: usize| pairwise.beats(i, j).then(|| strength.of(pairwise.at(i, j), pairwise.at(j, i)));
    let is_outcome = |ranking: &Vec<usize>| {
        // Strongest chains along the ranking, first to last.
        let mut chain = vec![vec![None; count]; count];
        for (at, i) in ranking.iter().enumerate() {
            for j in &ranking[at + 1..] {
                chain[*i][*j] = key(*i, *j);
            }
        }
        for k in ranking {
            for i in 0..count {
                for j in 0..count {
                    chain[i][j] = chain[i][j].max(chain[i][*k].min(chain[*k][j]));
                }
            }
        }
        let outweighed = |at: usize| {
            ranking[at + 1..]
                .iter()
                .all(|j| key(*j, ranking[at]).is_none_or(|lost| chain[ranking[at]][*j] >= Some(lost)))
        };
        (0..count).all(outweighed)
    };
    permutations(count).into_iter().filter(is_outcome).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn options_are_treated_alike(pairwise in some_totals(3), shuffle in any::<u64>()) {
        let all = permutations(pairwise.count());
        let to = &all[(shuffle % all.len() as u64) as usize];
        let other = renamed(&pairwise, to);
        prop_assert_eq!(other.condorcet_winner(), pairwise.condorcet_winner().map(|i| OptionIndex(to[i.position()] as u32)));
        prop_assert_eq!(other.unbeaten(), rename(&pairwise.unbeaten(), to));
        prop_assert_eq!(other.smith_set(), rename(&pairwise.smith_set(), to));
        prop_assert_eq!(other.borda(), rename_standing(&pairwise.borda(), to));
        prop_assert_eq!(other.copeland(), rename_standing(&pairwise.copeland(), to));
        for strength in BOTH {
            prop_assert_eq!(other.schulze(strength), rename_order(&pairwise.schulze(strength), to));
            let ranked = pairwise.ranked_pairs(strength).unwrap();
            prop_assert_eq!(other.ranked_pairs(strength).unwrap(), rename_order(&ranked, to));
        }
    }

    #[test]
    fn a_condorcet_winner_wins(pairwise in some_totals(9)) {
        let Some(winner) = pairwise.condorcet_winner() else { return Ok(()) };
        prop_assert_eq!(pairwise.unbeaten(), [winner]);
        prop_assert_eq!(pairwise.smith_set(), [winner]);
        prop_assert_eq!(pairwise.copeland().first().to_vec(), [winner]);
        for strength in BOTH {
            prop_assert_eq!(pairwise.schulze(strength).winners().to_vec(), [winner]);
            prop_assert_eq!(pairwise.ranked_pairs(strength).unwrap().winners().to_vec(), [winner]);
        }
    }

    /// The Smith set by its definition: each of it beats each outside, and no smaller set has this property.
    #[test]
    fn the_smith_set_is_the_smallest_that_dominates(pairwise in some_totals(3)) {
        let count = pairwise.count();
        let dominates = |set: u32| {
            let inside = |i: usize| set >> i & 1 == 1;
            (0..count).all(|i| (0..count).all(|j| !inside(i) || inside(j) || pairwise.beats(i, j)))
        };
        let smallest = (1..1_u32 << count).filter(|set| dominates(*set)).min_by_key(|set| set.count_ones()).unwrap();
        let expected: Vec<OptionIndex> =
            (0..count as u32).filter(|i| smallest >> i & 1 == 1).map(OptionIndex).collect();
        prop_assert_eq!(pairwise.smith_set(), expected);
    }

    #[test]
    fn winners_are_of_the_smith_set(pairwise in some_totals(3)) {
        let smith = pairwise.smith_set();
        prop_assert!(pairwise.copeland().first().iter().all(|winner| smith.contains(winner)));
        for strength in BOTH {
            prop_assert!(pairwise.schulze(strength).winners().iter().all(|winner| smith.contains(winner)));
            let ranked = pairwise.ranked_pairs(strength).unwrap();
            prop_assert!(ranked.winners().iter().all(|winner| smith.contains(winner)));
        }
    }

    #[test]
    fn orders_are_transitive_and_have_winners(pairwise in some_totals(3)) {
        for strength in BOTH {
            for order in [pairwise.schulze(strength), pairwise.ranked_pairs(strength).unwrap()] {
                let pairs = pairs(&order);
                prop_assert!(!order.winners().is_empty());
                for (i, j) in &pairs {
                    prop_assert!(!pairs.contains(&(*j, *i)));
                    prop_assert!(!order.winners().contains(j));
                    for (_, l) in pairs.iter().filter(|(k, _)| k == j) {
                        prop_assert!(pairs.contains(&(*i, *l)));
                    }
                }
            }
        }
    }

    /// Schulze with paths over ties and defeats too, as in the paper, against paths of victories only.
    #[test]
    fn paths_over_defeats_change_no_order(pairwise in some_totals(4)) {
        let count = pairwise.count();
        // The paper's comparison of (for, against) by winning votes: victories before ties before defeats.
        let link = |i: usize, j: usize| {
            let (won, lost) = (pairwise.at(i, j), pairwise.at(j, i));
            match won.cmp(&lost) {
                core::cmp::Ordering::Greater => (2, won as i64, -(lost as i64)),
                core::cmp::Ordering::Equal => (1, 0, 0),
                core::cmp::Ordering::Less => (0, -(lost as i64), won as i64),
            }
        };
        let mut paths: Vec<Vec<_>> = (0..count).map(|i| (0..count).map(|j| link(i, j)).collect()).collect();
        for k in 0..count {
            for i in (0..count).filter(|i| *i != k) {
                for j in (0..count).filter(|j| *j != k && *j != i) {
                    paths[i][j] = paths[i][j].max(paths[i][k].min(paths[k][j]));
                }
            }
        }
        let index = |i: usize| OptionIndex(i as u32);
        let all = (0..count).flat_map(|i| (0..count).map(move |j| (i, j))).filter(|(i, j)| i != j);
        let expected: BTreeSet<_> =
            all.filter(|(i, j)| paths[*i][*j] > paths[*j][*i]).map(|(i, j)| (index(i), index(j))).collect();
        prop_assert_eq!(pairs(&pairwise.schulze(Strength::WinningVotes)), expected);
    }

    /// All orders of equal pairs, against all rankings.
    #[test]
    fn ranked_pairs_keep_what_all_outcomes_share(pairwise in some_totals(3)) {
        for strength in BOTH {
            let outcomes = outcomes(&pairwise, strength);
            prop_assert!(!outcomes.is_empty());
            let order = pairwise.ranked_pairs(strength).unwrap();
            let winners: BTreeSet<_> = outcomes.iter().map(|ranking| OptionIndex(ranking[0] as u32)).collect();
            prop_assert_eq!(order.winners(), winners.into_iter().collect::<Vec<_>>());
            let place = |ranking: &Vec<usize>, i: usize| ranking.iter().position(|option| *option == i).unwrap();
            let count = pairwise.count();
            let all = (0..count).flat_map(|i| (0..count).map(move |j| (i, j))).filter(|(i, j)| i != j);
            let shared = all.filter(|(i, j)| outcomes.iter().all(|ranking| place(ranking, *i) < place(ranking, *j)));
            let shared: BTreeSet<_> = shared.map(|(i, j)| (OptionIndex(i as u32), OptionIndex(j as u32))).collect();
            prop_assert_eq!(pairs(&order), shared);
        }
    }

    /// Whom an order elects is elected in every ranking that agrees with it, and who is neither elected nor open in none.
    #[test]
    fn seats_hold_in_every_ranking_that_agrees(pairwise in some_totals(3), seats in 0_usize..7) {
        for order in [pairwise.schulze(Strength::Margins), pairwise.ranked_pairs(Strength::Margins).unwrap()] {
            let filled = order.seats(seats);
            let count = pairwise.count();
            prop_assert_eq!(filled.elected.len() + filled.free, seats);
            prop_assert!(filled.free == 0 || filled.open.len() > filled.free || filled.elected.len() == count);
            let sure = pairs(&order);
            let agrees = |ranking: &Vec<usize>| {
                let place = |i: OptionIndex| ranking.iter().position(|option| *option == i.position()).unwrap();
                sure.iter().all(|(i, j)| place(*i) < place(*j)) && order.winners().iter().any(|i| place(*i) == 0)
            };
            for ranking in permutations(count).iter().filter(|ranking| agrees(ranking)) {
                let (in_front, behind) = ranking.split_at(seats.min(count));
                let elected = |i: &OptionIndex| in_front.contains(&i.position());
                prop_assert!(filled.elected.iter().all(elected));
                let out = |i: &usize| !filled.elected.contains(&OptionIndex(*i as u32));
                prop_assert!(behind.iter().all(out));
                let known = |i: &usize| {
                    let option = OptionIndex(*i as u32);
                    filled.elected.contains(&option) || filled.open.contains(&option)
                };
                prop_assert!(in_front.iter().all(known));
            }
        }
    }

    #[test]
    fn scaling_changes_nothing(pairwise in some_totals(9), k in 1_u64..1 << 40) {
        let scaled = pairwise.totals().iter().map(|row| row.iter().map(|total| total * k).collect()).collect();
        let scaled = Pairwise::new(scaled).unwrap();
        prop_assert_eq!(scaled.condorcet_winner(), pairwise.condorcet_winner());
        prop_assert_eq!(scaled.smith_set(), pairwise.smith_set());
        prop_assert_eq!(scaled.borda(), pairwise.borda());
        prop_assert_eq!(scaled.copeland(), pairwise.copeland());
        for strength in BOTH {
            prop_assert_eq!(scaled.schulze(strength), pairwise.schulze(strength));
            prop_assert_eq!(scaled.ranked_pairs(strength), pairwise.ranked_pairs(strength));
        }
    }

    /// Borda's count with averaged ties, ballot by ballot, against the net scores of the matrix.
    #[test]
    fn net_scores_are_bordas_count(ranks in proptest::collection::vec((proptest::collection::vec(0_u32..4, 4), 1_i64..9), 1..12)) {
        let mut totals = vec![vec![0; 4]; 4];
        let mut doubled_points = [0_i64; 4];
        let mut weight = 0;
        for (ballot, times) in &ranks {
            weight += times;
            for i in 0..4 {
                for j in (0..4).filter(|j| *j != i) {
                    match ballot[i].cmp(&ballot[j]) {
                        core::cmp::Ordering::Less => {
                            totals[i][j] += *times as u64;
                            doubled_points[i] += 2 * times;
                        }
                        core::cmp::Ordering::Equal => doubled_points[i] += times,
                        core::cmp::Ordering::Greater => {}
                    }
                }
            }
        }
        let scores = Pairwise::new(totals).unwrap().borda_scores();
        let expected: Vec<i64> = doubled_points.iter().map(|points| points - 3 * weight).collect();
        prop_assert_eq!(scores, expected);
    }
}
