//! Three rounds on one log: pre-selection, formal election, run-off. One ceremony, one set of voting codes.

use super::members;
use crate::failure::Failure;
use crate::vote::{Ballot, Contest, Member, Origin, Outcome, Round, Rule, Vote};

const PROFILE: &str = "cn-party-basic";
const MEMBERS: usize = 20;
const TITLE: &str = "Branch committee";
/// Votes in the pre-selection for the candidates A to G: five are selected, with more than half of 19.
const FIRST: [usize; 7] = [12, 8, 17, 13, 6, 15, 14];
/// Votes in the formal election for A, C, D, F and G: four seats, A and D are tied at the last one, with more than half of 20.
const SECOND: [usize; 5] = [12, 18, 12, 16, 14];
/// Votes in the run-off for A and D; one ballot is blank.
const THIRD: [usize; 2] = [10, 7];

/// Pre-selection of 5 from 7, formal election of 4, and the run-off that its tie calls for.
pub(super) fn chain() -> Result<Vote, Failure> {
    let members = members(MEMBERS);
    let candidates = |letters: &str| letters.chars().map(|letter| format!("Candidate {letter}")).collect::<Vec<_>>();
    let outcome = |seats, formal, run_off| Outcome { profile: PROFILE, seats, formal, run_off };
    // In each round others stay at home; at least four fifths of the members come.
    let rounds = vec![
        round("Pre-selection", candidates("ABCDEFG"), 5, outcome(5, Some(4), false), (&FIRST, 0..19), &members)?,
        round("Formal election", candidates("ACDFG"), 4, outcome(4, None, false), (&SECOND, 0..20), &members)?,
        round("Run-off", candidates("AD"), 1, outcome(1, None, true), (&THIRD, 2..20), &members)?,
    ];
    Ok(Vote { title: TITLE.into(), origin: Origin::MadeUp, groups: Vec::new(), members, rounds })
}

fn round(
    title: &str,
    options: Vec<String>,
    max: u32,
    outcome: Outcome,
    (votes, voters): (&[usize], core::ops::Range<usize>),
    members: &[Member],
) -> Result<Round, Failure> {
    let rule = Rule::Selection { min: 1, max, blank: true };
    let ballots = voters.clone().zip(deal(votes, voters.len()));
    let ballots = ballots.map(|(member, row)| Ballot { member, answers: vec![Some(row)] }).collect();
    let contest =
        Contest { title: TITLE.into(), options, rule, groups: vec![0], per_group: false, outcome: Some(outcome) };
    Round::new(title, vec![contest], ballots, members)
}

/// Deals the votes like cards, all for the first option, then all for the second, and so on: nobody gets two for one option
/// as long as none has more votes than there are ballots.
fn deal(votes: &[usize], ballots: usize) -> Vec<Vec<u64>> {
    let mut rows = vec![vec![0; votes.len()]; ballots];
    let cards = votes.iter().enumerate().flat_map(|(option, votes)| core::iter::repeat_n(option, *votes));
    for (card, option) in cards.enumerate() {
        if let Some(place) = rows.get_mut(card % ballots.max(1)).and_then(|row| row.get_mut(option)) {
            *place = 1;
        }
    }
    rows
}
