use std::collections::BTreeSet;

use super::*;
use crate::contest::Contest;
use crate::contest::tests::{all_vectors, keeps, ranking, satisfies, signed};
use crate::testing::contest_of;

const MODES: [Mode; 2] = [Mode::UnrankedLast, Mode::RankedOnly];

fn order(options: u32, mode: Mode, ties: bool, blank: bool) -> Contest {
    contest_of(options, ranking(mode, ties, blank), &[0], false)
}

fn ranks(ranks: &[Option<u32>]) -> Choice {
    Choice::Ranking(ranks.to_vec())
}

/// The pairs "strictly before" of every order of n options, from the axioms alone, without ranks: ranked options form a
/// weak order (asymmetric, and whatever is neither before nor behind is so transitively). With unranked options compared
/// with nothing, any subset is ranked.
fn orders(n: usize, mode: Mode, ties: bool) -> BTreeSet<Vec<i64>> {
    let mut found = BTreeSet::new();
    let subsets = if mode == Mode::RankedOnly { 0..1_u32 << n } else { (1 << n) - 1..1 << n };
    for subset in subsets {
        let ranked = |i: usize| subset >> i & 1 == 1;
        for cells in all_vectors(n * (n - 1), 2) {
            let before = |i: usize, j: usize| i != j && cells[i * (n - 1) + j - usize::from(j > i)] == 1;
            let alike = |i: usize, j: usize| !before(i, j) && !before(j, i);
            let holds = (0..n).all(|i| {
                (0..n).all(|j| {
                    let asymmetric = !(before(i, j) && before(j, i));
                    let only_ranked = !before(i, j) || (ranked(i) && ranked(j));
                    let strict = ties || i == j || !ranked(i) || !ranked(j) || !alike(i, j);
                    let transitive = (0..n).filter(|k| ranked(i) && ranked(j) && ranked(*k)).all(|k| {
                        (!before(i, j) || !before(j, k) || before(i, k))
                            && (!alike(i, j) || !alike(j, k) || alike(i, k))
                    });
                    asymmetric && only_ranked && strict && transitive
                })
            });
            if holds {
                found.insert(cells);
            }
        }
    }
    found
}

/// All committed values that could stand behind cells. From four options on only those of which the ranks belong together
/// ("ranked only" fixes the target rank, and both ranks of an unranked option); fewer options are tried with all.
fn committed(n: usize, mode: Mode) -> Vec<Vec<i64>> {
    if mode == Mode::UnrankedLast {
        return all_vectors(n, n as i64).collect();
    }
    let all = |u: Vec<i64>| all_vectors(2 * n, n as i64).map(move |ranks| [u.clone(), ranks].concat());
    if n < 4 {
        return all_vectors(n, 2).flat_map(all).collect();
    }
    let last = n as i64 - 1;
    let belonging = |places: Vec<i64>| {
        // A place of n stands for unranked.
        let ranked = places.iter().map(|place| i64::from(*place <= last));
        let source = places.iter().map(|place| *place.min(&last));
        let target = places.iter().map(|place| if *place > last { 0 } else { *place });
        ranked.chain(source).chain(target).collect()
    };
    all_vectors(n, n as i64 + 1).map(belonging).collect()
}

/// S10 by brute force: over all cells and all ranks, those that keep the relations are exactly the orders, whose pairs must
/// say something; and the blank answer, where it is allowed.
#[test]
fn s10_the_relations_hold_exactly_for_orders() {
    for mode in MODES {
        for n in [2, 3, 4] {
            let behind = committed(n, mode);
            for (ties, blank) in [(false, false), (false, true), (true, false), (true, true)] {
                let contest = order(n as u32, mode, ties, blank);
                let statement = contest.section(0, 1).unwrap().statement().clone();
                let pairs = n * (n - 1);
                let mut feasible = BTreeSet::new();
                for cells in all_vectors(contest.cells(), 2) {
                    let fits = |ranks: &Vec<i64>| satisfies(&statement, &[&cells[..], ranks].concat());
                    if behind.iter().any(fits) {
                        feasible.insert(cells);
                    }
                }
                let says_something = |cells: &Vec<i64>| mode == Mode::RankedOnly || cells.contains(&1);
                let mut expected: BTreeSet<_> = orders(n, mode, ties).into_iter().filter(says_something).collect();
                if blank {
                    expected = expected.into_iter().map(|cells| [cells, vec![0]].concat()).collect();
                    expected.insert([vec![0; pairs], vec![1]].concat());
                }
                assert_eq!(feasible, expected, "{mode:?} n = {n}, ties {ties}, blank {blank}");
            }
        }
    }
}

/// Every answer on up to five options becomes cells that keep the relations; together they give each order once.
#[test]
fn s10_answers_give_every_order_and_nothing_else() {
    // Strict parts of weak orders: 3, 13, 75, 541; the empty one says nothing. Ranked only: of all subsets, where those of
    // none or one option give the same empty pairs as a tie of several.
    for (n, weak) in [(2, 3), (3, 13), (4, 75), (5, 541)] {
        for mode in MODES {
            for ties in [false, true] {
                let contest = order(n, mode, ties, false);
                let statement = contest.section(0, 1).unwrap().statement().clone();
                let mut seen = BTreeSet::new();
                for answer in all_vectors(n as usize, i64::from(n) + 1) {
                    let answer: Vec<_> =
                        answer.iter().map(|rank| u32::try_from(*rank).unwrap().checked_sub(1)).collect();
                    let Ok(values) = contest.values(&ranks(&answer), 1) else { continue };
                    let values = signed(&values[0]);
                    assert!(satisfies(&statement, &values), "{mode:?} ties {ties} {answer:?}");
                    seen.insert(values[..contest.cells()].to_vec());
                }
                if n <= 4 {
                    let mut expected = orders(n as usize, mode, ties);
                    expected.retain(|cells| mode == Mode::RankedOnly || cells.contains(&1));
                    assert_eq!(seen, expected, "{mode:?} n = {n} ties {ties}");
                }
                let strict: usize = (1..=n as usize).product();
                match (mode, ties) {
                    (Mode::UnrankedLast, true) => assert_eq!(seen.len(), weak - 1),
                    (Mode::UnrankedLast, false) => assert_eq!(seen.len(), strict),
                    (Mode::RankedOnly, _) => assert!(seen.len() >= strict),
                }
            }
        }
    }
}

#[test]
fn ranks_become_cells_gaps_mean_nothing_and_the_unranked_are_last_or_nowhere() {
    let last = order(3, Mode::UnrankedLast, true, true);
    // Pairs 01 02 10 12 20 21, blank, ranks.
    let expected = vec![vec![0, 0, 1, 1, 0, 0, 0, 1, 0, 1]];
    assert_eq!(last.values(&ranks(&[None, Some(7), None]), 1), Ok(expected.clone()));
    assert_eq!(last.values(&ranks(&[Some(9), Some(2), Some(9)]), 1), Ok(expected));
    let only = order(3, Mode::RankedOnly, true, true);
    // Pairs, blank, being ranked, source ranks, target ranks.
    let expected = [vec![0, 0, 0, 0, 0, 1, 0], vec![0, 1, 1], vec![2, 1, 0], vec![0, 1, 0]].concat();
    assert_eq!(only.values(&ranks(&[None, Some(4), Some(3)]), 1), Ok(vec![expected]));
}

#[test]
fn s13_saying_nothing_is_blank_where_that_is_allowed() {
    let blank = |mode, answer: &[Option<u32>]| {
        let contest = order(3, mode, true, true);
        contest.values(&ranks(answer), 1).map(|values| values[0][6] == 1)
    };
    assert_eq!(blank(Mode::UnrankedLast, &[None; 3]), Ok(true));
    assert_eq!(blank(Mode::UnrankedLast, &[Some(5); 3]), Ok(true));
    assert_eq!(blank(Mode::RankedOnly, &[None; 3]), Ok(true));
    assert_eq!(blank(Mode::RankedOnly, &[Some(5); 3]), Ok(false), "three options in one place are compared");
    let strict = |mode, answer: &[Option<u32>]| order(3, mode, true, false).values(&ranks(answer), 1).map(|_| ());
    assert_eq!(strict(Mode::UnrankedLast, &[None; 3]), Err(ChoiceError::BlankNotAllowed));
    assert_eq!(strict(Mode::UnrankedLast, &[Some(5); 3]), Err(ChoiceError::NoPreference));
    assert_eq!(strict(Mode::RankedOnly, &[None; 3]), Err(ChoiceError::BlankNotAllowed));
    assert_eq!(strict(Mode::RankedOnly, &[Some(5); 3]), Ok(()));
}

#[test]
fn bad_ranks_are_refused_in_words() {
    let refused =
        |mode, answer: &[Option<u32>]| order(3, mode, false, false).values(&ranks(answer), 1).unwrap_err().to_string();
    let tied = "options 0 and 2 have the same rank: give each a rank of its own";
    for mode in MODES {
        assert_eq!(refused(mode, &[Some(1), Some(2), Some(1)]), tied);
        assert!(refused(mode, &[Some(1), None]).starts_with("2 places are filled in, the contest has 3"));
    }
    let unranked = "options 1 and 2 have no rank, hence the same: give each a rank of its own";
    assert_eq!(refused(Mode::UnrankedLast, &[Some(1), None, None]), unranked);
    let one_last = order(3, Mode::UnrankedLast, false, false).values(&ranks(&[Some(2), None, Some(1)]), 1);
    assert_eq!(one_last.unwrap()[0][..6], [1, 0, 0, 0, 1, 1]);
    assert!(order(3, Mode::RankedOnly, false, false).values(&ranks(&[Some(1), None, None]), 1).is_ok());
}

#[test]
fn a9_a_cyclic_preference_breaks_a_named_relation() {
    // 0 before 1 before 2 before 0, whatever the ranks.
    let cycle = [1, 0, 0, 1, 1, 0];
    for mode in MODES {
        let contest = order(3, mode, true, false);
        for ranks in committed(3, mode) {
            assert!(!keeps(&contest, 0, 1, &[&cycle[..], &ranks].concat()));
        }
    }
    let contest = order(3, Mode::UnrankedLast, true, false);
    let broken = contest.broken_by(0, 1, &[&cycle[..], &[0, 1, 2]].concat()).unwrap();
    assert_eq!(broken, "option 0 before option 2 fits the ranks", "the ranks put 0 before 2");
}

#[test]
fn sixteen_options_fit_one_entry_in_both_modes_and_seventeen_do_not() {
    use crate::ballot::part_sizes;
    use crate::ids::ContestIndex;
    for mode in MODES {
        let sizes = |options| {
            let contest = order(options, mode, true, true);
            part_sizes([(ContestIndex(0), &contest)].into_iter())
        };
        let sixteen = sizes(16).unwrap();
        assert_eq!(sixteen.len(), 1);
        assert!(sixteen[0] > 56_000 && sixteen[0] <= tlog::tile::MAX_ENTRY, "{mode:?}: {sixteen:?}");
        assert!(sizes(17).is_err());
        let mut found = 0;
        order(17, mode, true, true).check(&mut |holds, _, _| found += usize::from(!holds));
        assert_eq!(found, 1);
    }
}
