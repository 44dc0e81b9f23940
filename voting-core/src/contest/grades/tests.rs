use super::*;
use crate::contest::tests::{all_vectors, keeps};
use crate::contest::{Contest, Kind};
use crate::testing::{contest_of, grades};

fn cap(criterion: Option<u32>, grade: u32, lo: u32, hi: u32) -> Cap {
    Cap { criterion, grade, lo, hi }
}

/// Three persons, three grades, two criteria.
fn evaluation(rows_may_be_blank: bool, caps: &[Cap]) -> Contest {
    contest_of(3, grades(2, rows_may_be_blank, caps), &[0], false)
}

fn rule(contest: &Contest) -> &Grades {
    match &contest.kind {
        Kind::Grades(rule) => rule,
        _ => panic!("{contest:?}"),
    }
}

/// Every assignment of the cells keeps the relations exactly if a person with a pencil would allow it.
#[test]
fn a9_relations_hold_exactly_for_allowed_grades() {
    let caps =
        [vec![], vec![cap(None, 0, 0, 1)], vec![cap(Some(1), 2, 1, 2), cap(None, 2, 0, 1)], vec![cap(None, 1, 2, 3)]];
    for (blank, caps) in [false, true].into_iter().flat_map(|blank| caps.iter().map(move |caps| (blank, caps))) {
        let contest = evaluation(blank, caps);
        for criterion in 0..2 {
            let mut allowed_ones = 0;
            for cells in all_vectors(9, 2) {
                let row = |person: usize| cells[3 * person..3 * person + 3].iter().sum::<i64>();
                let column = |grade: usize| (0..3).map(|person| cells[3 * person + grade]).sum::<i64>();
                let rows = (0..3).all(|person| row(person) == 1 || (blank && row(person) == 0));
                let applies = |cap: &&Cap| cap.criterion.is_none_or(|only| only as usize == criterion);
                let capped = caps.iter().filter(applies).all(|cap| {
                    let given = column(cap.grade as usize);
                    given >= i64::from(cap.lo) && given <= i64::from(cap.hi)
                });
                assert_eq!(keeps(&contest, criterion, 1, &cells), rows && capped, "{caps:?} {cells:?}");
                allowed_ones += usize::from(rows && capped);
            }
            assert!(allowed_ones > 0);
        }
    }
}

#[test]
fn grades_become_cells_of_their_criterion() {
    let contest = evaluation(true, &[]);
    // Persons by rows, criteria by columns.
    let given = Choice::Grades(vec![Some(0), Some(2), None, Some(1), Some(2), None]);
    let [first, second] = [[1, 0, 0, 0, 0, 0, 0, 0, 1], [0, 0, 1, 0, 1, 0, 0, 0, 0]];
    assert_eq!(contest.values(&given, 1), Ok(vec![first.to_vec(), second.to_vec()]));
    assert_eq!(contest.values(&Choice::Blank, 1), Ok(vec![vec![0; 9]; 2]));
}

#[test]
fn bad_grades_are_refused_in_words() {
    let contest = evaluation(false, &[cap(None, 0, 0, 1), cap(Some(1), 2, 1, 3)]);
    let refused = |grades: &[u32]| {
        let given = grades.iter().map(|grade| grade.checked_sub(1)).collect();
        contest.values(&Choice::Grades(given), 1).unwrap_err().to_string()
    };
    // 0 leaves the place empty, else one more than the grade.
    assert_eq!(refused(&[1, 3, 0, 2, 2, 2]), "person 1 has no grade for criterion 0: give one");
    assert_eq!(refused(&[1, 2, 1, 3, 2, 2]), "2 persons have grade 0 for criterion 0, at most 1 may: change some");
    assert_eq!(
        refused(&[1, 2, 2, 2, 2, 2]),
        "0 persons have grade 2 for criterion 1, at least 1 must: give it to more"
    );
    assert_eq!(
        refused(&[4, 2, 2, 2, 2, 3]),
        "there is no grade 3 in this contest: choose one of the first 3, counted from 0"
    );
    assert_eq!(refused(&[1, 2, 2]), "3 places are filled in, the contest has 6: give an answer, or none, for each");
    assert_eq!(contest.values(&Choice::Blank, 1), Err(ChoiceError::BlankNotAllowed));
    // The last person's grade beyond the list is refused as well, not only one that falls on a neighbour's cell.
    assert!(refused(&[2, 2, 2, 2, u32::MAX, 3]).starts_with("there is no grade 4294967294"));
}

/// One vote for both grades of one person breaks its row and no other relation.
#[test]
fn two_grades_for_one_person_break_its_row() {
    let contest = evaluation(false, &[cap(None, 0, 0, 2)]);
    let broken = |cells: [i64; 9]| contest.broken_by(1, 1, &cells).unwrap();
    assert_eq!(broken([1, 0, 0, 1, 1, 0, 0, 0, 1]), "person 1, criterion 1: exactly one grade");
    assert_eq!(broken([1, 0, 0, 1, 0, 0, 1, 0, 0]), "criterion 1, cap of grade 0: at most 2");
    assert_eq!(broken([1, 0, 0, 2, 0, -1, 0, 0, 1]), "person 1, criterion 1, grade 0: 0 to 1");
    assert_eq!(contest.broken_by(0, 1, &[0; 6]).unwrap(), "6 cells and ranks instead of 9");
}

#[test]
fn caps_that_nobody_can_keep_are_found() {
    let problems = |persons: usize, blank: bool, caps: &[Cap]| {
        let contest = evaluation(blank, caps);
        let mut found = Vec::new();
        rule(&contest).check(persons, &mut |holds, field, what| {
            if !holds {
                found.push(format!("{field}: {what}"));
            }
        });
        found
    };
    assert_eq!(problems(3, false, &[cap(None, 0, 0, 1)]), Vec::<String>::new());
    assert!(problems(3, false, &[cap(None, 3, 0, 1)])[0].contains("no grade 3"));
    assert!(problems(3, false, &[cap(Some(2), 0, 0, 1)])[0].contains("no criterion 2"));
    assert!(problems(3, false, &[cap(None, 0, 2, 1)])[0].starts_with("cap[0]: at_least"));
    assert!(problems(3, false, &[cap(None, 0, 0, 4)])[0].starts_with("cap[0]: at_least"));
    let contradiction = [cap(None, 0, 2, 3), cap(Some(1), 0, 0, 1)];
    assert!(problems(3, true, &contradiction)[0].contains("criterion 1 contradict"));
    let floors = [cap(Some(0), 0, 2, 3), cap(Some(0), 1, 2, 3)];
    assert!(problems(3, true, &floors)[0].contains("demand 4 grades for 3 persons"));
    let tight = [cap(None, 0, 0, 1), cap(None, 1, 0, 1), cap(None, 2, 0, 0)];
    assert!(problems(3, false, &tight)[0].contains("allow 2 grades for 3 persons"));
    assert_eq!(problems(3, true, &tight), Vec::<String>::new(), "rows may be left blank");
}
