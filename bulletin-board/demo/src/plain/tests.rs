use super::*;

fn contest(rule: Rule, options: usize, outcome: Option<Outcome>) -> Contest {
    let options = (0..options).map(|i| format!("o{}", i + 1)).collect();
    Contest { title: "t".into(), options, rule, groups: vec![0], per_group: false, outcome }
}

fn members(weights: &[u64]) -> Vec<Member> {
    weights.iter().map(|weight| Member { name: String::new(), weight: *weight, group: 0 }).collect()
}

fn expected(contest: Contest, weights: &[u64], rows: &[&[u64]]) -> Option<Expected> {
    let ballots = rows.iter().enumerate();
    let ballots: Vec<_> = ballots.map(|(member, row)| Ballot { member, answers: vec![Some(row.to_vec())] }).collect();
    totals(&[contest], &ballots, &members(weights)).ok()?.pop()
}

#[test]
fn split_weights_are_added_as_they_stand() {
    let rule = Rule::Points { max: 0, budget: Budget::Weight, exact: true, blank: true };
    let sum = expected(contest(rule, 2, None), &[7, 5, 3], &[&[3, 4], &[5, 0], &[0, 0]]).unwrap();
    assert_eq!((sum.totals, sum.blank, sum.weight), (Totals::Options(vec![8, 4]), Some(3), 15));
}

#[test]
fn points_with_a_fixed_budget_are_multiplied() {
    let rule = Rule::Points { max: 4, budget: Budget::Fixed(5), exact: false, blank: false };
    let sum = expected(contest(rule, 2, None), &[7, 5], &[&[3, 1], &[0, 0]]).unwrap();
    assert_eq!((sum.totals, sum.blank), (Totals::Options(vec![21, 7]), None), "a blank one has no total here");
}

#[test]
fn grades_are_counted_for_each_person_and_criterion() {
    let texts = |n: usize| (0..n).map(|i| i.to_string()).collect();
    let rule = Rule::Grades { criteria: texts(2), grades: texts(3), rows_may_be_blank: true, cap: None };
    let sum = expected(contest(rule, 2, None), &[1, 2], &[&[1, 3, 0, 2], &[1, 1, 3, 0]]).unwrap();
    let first = vec![vec![3, 0, 0], vec![2, 0, 1]];
    let second = vec![vec![0, 0, 2], vec![0, 1, 0]];
    assert_eq!(sum.totals, Totals::Grades(vec![first, second]));
}

#[test]
fn groups_have_totals_of_their_own_where_asked() {
    let rule = Rule::Selection { min: 1, max: 1, blank: true };
    let contest = Contest { groups: vec![0, 1], per_group: true, ..contest(rule, 2, None) };
    let members = [(1, 0), (2, 1), (4, 1)].map(|(weight, group)| Member { name: String::new(), weight, group });
    let rows = [[1, 0], [1, 0], [0, 0]];
    let ballots = rows.iter().enumerate();
    let ballots: Vec<_> = ballots.map(|(member, row)| Ballot { member, answers: vec![Some(row.to_vec())] }).collect();
    let sums = totals(&[contest], &ballots, &members).unwrap();
    let seen: Vec<_> = sums.iter().map(|sum| (sum.group, sum.totals.clone(), sum.blank, sum.ballots)).collect();
    let expected = [(Some(0), vec![1, 0], Some(0), 1), (Some(1), vec![2, 0], Some(4), 2)];
    assert_eq!(seen, expected.map(|(group, totals, blank, ballots)| (group, Totals::Options(totals), blank, ballots)));
}

#[test]
fn the_winner_beats_everybody_or_there_is_none() {
    assert_eq!(condorcet_winner(&[vec![0, 3, 1], vec![2, 0, 2], vec![4, 3, 0]]), Some(2));
    // A cycle, and a tie.
    assert_eq!(condorcet_winner(&[vec![0, 3, 2], vec![2, 0, 3], vec![3, 2, 0]]), None);
    assert_eq!(condorcet_winner(&[vec![0, 3], vec![3, 0]]), None);
}

fn elected(seats: u32, run_off: bool, votes: &[&[u64]]) -> Decided {
    let outcome = Outcome { profile: "cn-party-basic", seats, formal: None, run_off };
    let rule = Rule::Selection { min: 1, max: 3, blank: true };
    let contest = contest(rule, votes[0].len(), Some(outcome));
    let ballots = votes.iter().enumerate();
    let ballots = ballots.map(|(member, row)| Ballot { member, answers: vec![Some(row.to_vec())] }).collect();
    Round::new("r", vec![contest], ballots, &members(&vec![1; votes.len()])).unwrap().decided.unwrap()
}

#[test]
fn more_than_half_is_needed_and_equal_votes_at_the_last_seat_are_a_tie() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    // Votes 3, 2, 3, 1 of 4 ballots: exactly half is not enough.
    let votes: [&[u64]; 4] = [&[1, 1, 1, 0], &[1, 1, 1, 0], &[1, 0, 1, 0], &[0, 0, 0, 1]];
    assert_eq!(elected(3, false, &votes), Decided { elected: names(&["o1", "o3"]), tied: Vec::new() });
    assert_eq!(elected(1, false, &votes), Decided { elected: Vec::new(), tied: names(&["o1", "o3"]) });
    assert_eq!(elected(3, true, &votes), Decided { elected: names(&["o1", "o3", "o2"]), tied: Vec::new() });
}
