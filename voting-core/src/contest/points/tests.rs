use super::*;
use crate::contest::Contest;
use crate::contest::tests::{all_vectors, keeps, points};
use crate::testing::contest_of;

fn spread(max: u64, budget: Budget, exact: bool, blank: bool) -> Contest {
    contest_of(3, points(max, budget, exact, blank), &[0], false)
}

fn given(points: &[u64]) -> Choice {
    Choice::Points(points.to_vec())
}

/// Every assignment of the cells, a little outside their range too, keeps the relations exactly if the rule allows it (S13).
#[test]
fn s13_relations_hold_exactly_for_allowed_points() {
    for (max, budget) in [(2, 6), (2, 3), (3, 3), (1, 1), (2, 2)] {
        for (exact, blank) in [(false, false), (false, true), (true, false), (true, true)] {
            let contest = spread(max, Budget::Fixed(budget), exact, blank);
            for mut cells in all_vectors(contest.cells(), 6) {
                cells.iter_mut().for_each(|cell| *cell -= 1);
                let sum: i64 = cells[..3].iter().sum();
                let in_range = cells[..3].iter().all(|cell| (0..=max as i64).contains(cell));
                let answer = if exact { sum == budget as i64 } else { sum <= budget as i64 };
                let allowed = match cells.get(3) {
                    None => answer,
                    Some(0) => answer && sum > 0,
                    Some(1) => sum == 0,
                    Some(_) => false,
                };
                assert_eq!(keeps(&contest, 0, 7, &cells), in_range && allowed, "{contest:?} {cells:?}");
            }
        }
    }
}

/// A split mandate: the budget is the ballot's own weight, and a blank ballot leaves all of it blank.
#[test]
fn s13_a_split_weight_is_nothing_or_all_blank() {
    for (exact, blank) in [(false, false), (false, true), (true, false), (true, true)] {
        let contest = spread(0, Budget::Weight, exact, blank);
        for weight in [1, 3] {
            let extra = if blank { 2 } else { 0 };
            for cells in all_vectors(3 + extra, 5) {
                let sum: i64 = cells[..3].iter().sum();
                let answer = if exact { sum == weight } else { sum <= weight };
                let allowed = match cells.get(3..5) {
                    None => answer,
                    Some([0, 0]) => answer && sum > 0,
                    Some([all, 1]) => *all == weight && sum == 0,
                    Some(_) => false,
                };
                assert_eq!(keeps(&contest, 0, weight as u64, &cells), allowed, "{contest:?} {weight} {cells:?}");
            }
        }
        assert!(contest.splits_weight());
        assert_eq!((contest.factor(9), contest.largest_total(9)), (1, Some(9)));
    }
}

#[test]
fn points_become_cells() {
    let contest = spread(5, Budget::Fixed(7), false, true);
    assert_eq!(contest.values(&given(&[5, 0, 2]), 4), Ok(vec![vec![5, 0, 2, 0]]));
    assert_eq!(contest.values(&given(&[0, 0, 0]), 4), Ok(vec![vec![0, 0, 0, 1]]));
    assert_eq!(contest.values(&Choice::Blank, 4), Ok(vec![vec![0, 0, 0, 1]]));
    assert_eq!((contest.factor(4), contest.largest_total(4)), (4, Some(20)));
    let split = spread(0, Budget::Weight, true, true);
    assert_eq!(split.values(&given(&[1, 0, 3]), 4), Ok(vec![vec![1, 0, 3, 0, 0]]));
    assert_eq!(split.values(&Choice::Blank, 4), Ok(vec![vec![0, 0, 0, 4, 1]]));
    assert_eq!(spread(u64::MAX, Budget::Fixed(7), false, true).largest_total(2), None);
}

#[test]
fn bad_points_are_refused_in_words() {
    let contest = spread(5, Budget::Fixed(7), true, false);
    let refused = |contest: &Contest, points: &[u64]| contest.values(&given(points), 9).unwrap_err().to_string();
    assert_eq!(refused(&contest, &[6, 0, 1]), "option 0 has 6 points, at most 5 are allowed: take some away");
    assert_eq!(refused(&contest, &[5, 2, 1]), "8 points are given, 7 are there to give: take some away");
    assert_eq!(refused(&contest, &[5, 1, 0]), "6 points are given, all 7 must be: give the rest");
    assert_eq!(
        refused(&contest, &[5, 2]),
        "2 places are filled in, the contest has 3: give an answer, or none, for each"
    );
    assert_eq!(contest.values(&Choice::Blank, 9), Err(ChoiceError::BlankNotAllowed));
    let split = spread(0, Budget::Weight, false, false);
    assert_eq!(refused(&split, &[9, 0, 1]), "10 points are given, 9 are there to give: take some away");
    // Points that would wrap around to a small sum.
    let wrapping = refused(&split, &[u64::MAX, 2, 0]);
    assert_eq!(wrapping, format!("{} points are given, 9 are there to give: take some away", u64::MAX));
}

#[test]
fn a9_negative_points_and_overruns_break_a_named_relation() {
    let contest = spread(5, Budget::Fixed(7), false, false);
    let broken = |cells: [i64; 3]| contest.broken_by(0, 1, &cells).unwrap();
    assert_eq!(broken([5, 5, -3]), "option 2: 0 to 5");
    assert_eq!(broken([5, 2, 1]), "together at most 7 points");
    assert_eq!(broken([6, 0, 0]), "option 0: 0 to 5");
}

#[test]
fn rules_that_make_no_sense_are_found() {
    let problems = |max, budget, exact, blank| {
        let contest = spread(max, budget, exact, blank);
        let mut found = Vec::new();
        contest.check(&mut |holds, field, _| {
            if !holds {
                found.push(field.to_owned());
            }
        });
        found
    };
    let none = Vec::<String>::new();
    assert_eq!(problems(5, Budget::Fixed(7), true, true), none);
    assert_eq!(problems(1 << 40, Budget::Fixed(3 << 40), false, false), none);
    assert_eq!(problems(0, Budget::Weight, true, false), none);
    assert_eq!(problems(5, Budget::Weight, true, false), ["max_points"]);
    assert_eq!(problems(0, Budget::Fixed(7), false, false), ["max_points", "budget"]);
    assert_eq!(problems((1 << 40) + 1, Budget::Fixed(3 << 40), false, false), ["max_points"]);
    assert_eq!(problems(5, Budget::Fixed(16), false, false), ["budget"]);
    assert_eq!(problems(5, Budget::Fixed(4), false, false), ["max_points"]);
    assert_eq!(problems(5, Budget::Fixed(15), true, false), ["exact"]);
    assert_eq!(problems(5, Budget::Fixed(15), true, true), none, "all or nothing");
    assert_eq!(problems(u64::MAX, Budget::Fixed(u64::MAX), false, false), ["max_points"]);
}
