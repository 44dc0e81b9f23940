//! All four kinds of contest on one ballot, with two groups and weights.

use super::evaluation::grades;
use super::random::Sequence;
use super::{numbered, texts};
use crate::failure::Failure;
use crate::vote::{Ballot, Budget, Cap, Contest, Member, Origin, Round, Row, Rule, Unranked, Vote};

/// Members with one to five votes each.
const DELEGATES: usize = 32;
/// Members with one vote each, who do not answer the question about the budget.
const GUESTS: usize = 16;
/// One member in so many answers a question blank.
const BLANK: u64 = 12;

/// 32 delegates answer four questions, 16 guests three of them.
pub(super) fn four_kinds() -> Result<Vote, Failure> {
    let mut sequence = Sequence::new(4);
    let mut members = Vec::new();
    for number in 0..DELEGATES {
        members.push(Member { name: format!("delegate-{:02}", number + 1), weight: 1 + number as u64 % 5, group: 0 });
    }
    for number in 0..GUESTS {
        members.push(Member { name: format!("guest-{:02}", number + 1), weight: 1, group: 1 });
    }
    let everybody = vec![0, 1];
    let contest = |title: &str, options: Vec<String>, rule: Rule, groups: &[usize], per_group: bool| Contest {
        title: title.into(),
        options,
        rule,
        groups: groups.to_vec(),
        per_group,
        outcome: None,
    };
    let contests = vec![
        contest(
            "Two projects for next year",
            numbered("Project", 6),
            Rule::Selection { min: 1, max: 2, blank: true },
            &everybody,
            true,
        ),
        contest(
            "How was the congress?",
            texts(&["Programme", "Rooms", "Meals", "Interpreting"]),
            Rule::Grades {
                criteria: texts(&["Quality", "Price"]),
                grades: texts(&["Good", "Fair", "Poor"]),
                rows_may_be_blank: true,
                cap: Some(Cap { grade: 0, part: (1, 2) }),
            },
            &everybody,
            false,
        ),
        contest(
            "Share ten points among the funds",
            numbered("Fund", 5),
            Rule::Points { max: 6, budget: Budget::Fixed(10), exact: true, blank: true },
            &[0],
            false,
        ),
        contest(
            "Order of the next meeting places",
            texts(&["North", "East", "South", "West", "Online"]),
            Rule::Ranking { unranked: Unranked::Last, ties: true, blank: true },
            &everybody,
            false,
        ),
    ];
    let mut ballots = Vec::new();
    for (member, Member { group, .. }) in members.iter().enumerate() {
        let answer = |contest: &Contest| contest.groups.contains(group).then(|| answer(contest, &mut sequence));
        ballots.push(Ballot { member, answers: contests.iter().map(answer).collect() });
    }
    let groups = texts(&["delegates", "guests"]);
    let round = Round::new("The ballot", contests, ballots, &members)?;
    Ok(Vote {
        title: "Four questions, one ballot".into(),
        origin: Origin::MadeUp,
        groups,
        members,
        rounds: vec![round],
    })
}

fn answer(contest: &Contest, sequence: &mut Sequence) -> Row {
    let options = contest.options.len();
    if contest.rule.has_blank() && sequence.below(BLANK) == 0 {
        return vec![0; options];
    }
    let mut row: Row = match &contest.rule {
        Rule::Selection { max, .. } => {
            let chosen = 1 + sequence.below((*max).into()) as usize;
            (0..options).map(|option| (option < chosen).into()).collect()
        }
        Rule::Grades { criteria, grades: words, cap, .. } => {
            let most = cap.map_or(options, |Cap { part: (part, whole), .. }| options * part / whole);
            return grades(options, criteria.len(), words.len() as u64, most, sequence);
        }
        Rule::Points { max, budget: Budget::Fixed(budget), .. } => {
            // Point by point to somebody who may still take one.
            let mut row = vec![0; options];
            let mut left = *budget;
            while left > 0 {
                let to = sequence.below(options as u64) as usize;
                if let Some(points) = row.get_mut(to).filter(|points| **points < *max) {
                    *points += 1;
                    left -= 1;
                }
            }
            return row;
        }
        Rule::Points { budget: Budget::Weight, .. } => vec![0; options],
        Rule::Ranking { .. } => {
            // From two to all options are ranked, now and then two of them alike, with a gap.
            let ranked = 2 + sequence.below(options as u64 - 1) as usize;
            let rank = |option: usize| if option >= ranked { 0 } else { 1 + option as u64 };
            let mut row: Row = (0..options).map(rank).collect();
            if let (0, Some(third)) = (sequence.below(3), row.get(2).copied())
                && third > 0
                && let Some(second) = row.get_mut(1)
            {
                *second = third;
            }
            row
        }
    };
    sequence.shuffle(&mut row);
    row
}
