use super::*;

fn texts(n: usize) -> Vec<String> {
    (0..n).map(|i| i.to_string()).collect()
}

#[test]
fn caps_bound_each_criterion() {
    let cap = Some(Cap { grade: 0, part: (1, 3) });
    let rule = Rule::Grades { criteria: texts(2), grades: texts(3), rows_may_be_blank: false, cap };
    // Four persons: a third, rounded down, is one.
    rule.check(&[1, 2, 2, 1, 2, 2, 3, 3], 1).unwrap();
    assert!(rule.check(&[1, 2, 1, 1, 2, 2, 3, 3], 1).unwrap_err().contains("2 persons have grade 1, at most 1"));
    assert!(rule.check(&[1, 2, 0, 1, 2, 2, 3, 3], 1).unwrap_err().contains("no grade"));
    assert!(rule.check(&[1, 2, 4, 1, 2, 2, 3, 3], 1).unwrap_err().contains("place 3"));
}

#[test]
fn a_split_weight_is_bounded_by_the_holders_own() {
    let rule = Rule::Points { max: 0, budget: Budget::Weight, exact: true, blank: true };
    rule.check(&[3, 4], 7).unwrap();
    rule.check(&[0, 0], 7).unwrap();
    assert!(rule.check(&[3, 4], 8).unwrap_err().contains("all 8 must be"));
    assert!(rule.check(&[8, 0], 7).unwrap_err().contains("at most 7"));
    assert!(rule.check(&[4, 4], 7).unwrap_err().contains("there are 7 to give"));
}

#[test]
fn blank_is_what_the_kind_calls_blank() {
    let ranking = |unranked| Rule::Ranking { unranked, ties: true, blank: false };
    assert!(ranking(Unranked::Last).check(&[2, 2, 2], 1).unwrap_err().contains("no option before another"));
    ranking(Unranked::Incomparable).check(&[2, 2, 2], 1).unwrap();
    assert!(ranking(Unranked::Incomparable).check(&[0, 0, 0], 1).is_err());
    let selection = Rule::Selection { min: 1, max: 2, blank: false };
    assert!(selection.check(&[0, 0], 1).unwrap_err().contains("at least 1"));
}

#[test]
fn answers_become_choices() {
    let selection = Rule::Selection { min: 1, max: 2, blank: true };
    assert_eq!(selection.choice(&[0, 1, 1]), Choice::Selection(vec![OptionIndex(1), OptionIndex(2)]));
    assert_eq!(selection.choice(&[0, 0, 0]), Choice::Blank);
    let ranking = Rule::Ranking { unranked: Unranked::Last, ties: true, blank: true };
    assert_eq!(ranking.choice(&[3, 0, 1]), Choice::Ranking(vec![Some(2), None, Some(0)]));
    let grades = Rule::Grades { criteria: texts(1), grades: texts(2), rows_may_be_blank: true, cap: None };
    assert_eq!(grades.choice(&[0, 2]), Choice::Grades(vec![None, Some(1)]));
    let points = Rule::Points { max: 3, budget: Budget::Fixed(3), exact: false, blank: false };
    assert_eq!(points.choice(&[0, 2]), Choice::Points(vec![0, 2]));
}

#[test]
fn there_is_another_answer_of_the_same_kind_for_every_blank_one() {
    let grades = Rule::Grades { criteria: texts(2), grades: texts(2), rows_may_be_blank: true, cap: None };
    for (rule, places) in [
        (Rule::Selection { min: 2, max: 2, blank: true }, 3),
        (Rule::Points { max: 3, budget: Budget::Fixed(7), exact: true, blank: true }, 3),
        (Rule::Points { max: 0, budget: Budget::Weight, exact: true, blank: true }, 3),
        (Rule::Ranking { unranked: Unranked::Last, ties: false, blank: true }, 3),
        (grades, 4),
    ] {
        let blank = vec![0; places];
        let other = rule.other(&blank, 9);
        assert_ne!(other, blank, "{rule:?}");
        rule.check(&other, 9).unwrap();
        assert_eq!(rule.other(&other, 9).len(), places);
    }
}
