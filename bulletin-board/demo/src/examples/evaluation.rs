//! Evaluations: people x criteria x grades, with a cap on the best grade.

use super::random::Sequence;
use super::{members, numbered, texts};
use crate::failure::Failure;
use crate::vote::{Ballot, Cap, Contest, Origin, Round, Row, Rule, Vote};

/// 40 members, 12 people, 3 criteria, 4 grades.
pub(super) fn evaluation() -> Result<Vote, Failure> {
    let criteria = texts(&["Work", "Conduct", "Learning"]);
    make("Yearly evaluation", 40, 12, criteria, Sequence::new(12))
}

/// 12 members, 60 people, 5 criteria, 4 grades: 1,200 cells.
pub(super) fn large() -> Result<Vote, Failure> {
    let criteria = texts(&["Work", "Conduct", "Learning", "Service", "Leadership"]);
    make("Large evaluation", 12, 60, criteria, Sequence::new(60))
}

fn make(
    title: &str,
    voters: usize,
    people: usize,
    criteria: Vec<String>,
    mut sequence: Sequence,
) -> Result<Vote, Failure> {
    let members = members(voters);
    let several = criteria.len();
    let rule = Rule::Grades {
        criteria,
        grades: texts(&["Excellent", "Good", "Acceptable", "Not acceptable"]),
        rows_may_be_blank: true,
        cap: Some(Cap { grade: 0, part: (1, 3) }),
    };
    let ballots = (0..voters).map(|member| {
        let row = grades(people, several, 4, people / 3, &mut sequence);
        Ballot { member, answers: vec![Some(row)] }
    });
    let ballots = ballots.collect();
    let options = numbered("Person", people);
    let contest = Contest { title: title.into(), options, rule, groups: vec![0], per_group: false, outcome: None };
    let round = Round::new("The evaluation", vec![contest], ballots, &members)?;
    Ok(Vote { title: title.into(), origin: Origin::MadeUp, groups: Vec::new(), members, rounds: vec![round] })
}

/// For each criterion at most `cap` people get the best grade, the others another one, a few none.
pub(super) fn grades(people: usize, criteria: usize, grades: u64, cap: usize, sequence: &mut Sequence) -> Row {
    let mut row = vec![0; people * criteria];
    for criterion in 0..criteria {
        let excellent = sequence.below(cap as u64 + 1) as usize;
        // 1 is the best grade; one place in ten stays empty.
        let mut column: Vec<u64> = (0..people)
            .map(|person| match sequence.below(10) {
                _ if person < excellent => 1,
                0 => 0,
                _ => 2 + sequence.below(grades - 1),
            })
            .collect();
        sequence.shuffle(&mut column);
        for (place, grade) in row.iter_mut().skip(criterion).step_by(criteria).zip(column) {
            *place = grade;
        }
    }
    row
}
