use super::*;
use crate::cli::Ballots;
use crate::data::{Wanted, read_vote};
use crate::examples::make;

/// What an honest count of these ballots would publish.
fn honest(vote: &Vote) -> Counted {
    let rounds = vote.rounds.iter().map(|round| {
        let options = round.contests.iter().flat_map(|contest| contest.options.iter()).collect::<Vec<_>>();
        let positions = |names: &[String]| {
            names.iter().map(|name| options.iter().position(|option| *option == name).unwrap()).collect::<Vec<_>>()
        };
        let published = |expected: &Expected| Published {
            contest: expected.contest,
            group: expected.group,
            totals: expected.totals.clone(),
            blank: expected.blank,
            decided: round.decided.as_ref().map(|own| (positions(&own.elected), positions(&own.tied))),
        };
        round.expected.iter().map(published).collect()
    });
    Counted { rounds: rounds.collect(), verdict: String::new() }
}

fn judge(vote: &Vote, counted: &Counted) -> Result<(), Failure> {
    conclude(vote, &summaries(vote, counted)?, counted, Account::new(true))
}

fn refused(vote: &Vote, change: impl Fn(&mut Vec<Vec<Published>>)) {
    let mut counted = honest(vote);
    change(&mut counted.rounds);
    let failure = judge(vote, &counted).unwrap_err();
    assert_eq!((failure.code.as_str(), failure.exit), ("totals", 1));
}

#[test]
fn any_difference_in_the_totals_ends_with_exit_code_1() {
    let vote = read_vote(None, Wanted { ballots: Some(Ballots::First(50)), unranked: None }).unwrap();
    judge(&vote, &honest(&vote)).unwrap();
    let options = |rounds: &mut Vec<Vec<Published>>| match &mut rounds[0][0].totals {
        Totals::Options(totals) => core::mem::take(totals),
        _ => panic!("a selection has options"),
    };
    refused(&vote, |rounds| {
        let mut totals = options(rounds);
        totals[3] += 1;
        rounds[0][0].totals = Totals::Options(totals);
    });
    refused(&vote, |rounds| {
        let mut totals = options(rounds);
        totals.pop();
        rounds[0][0].totals = Totals::Options(totals);
    });
    refused(&vote, |rounds| rounds[0][0].blank = rounds[0][0].blank.map(|blank| blank + 1));
    refused(&vote, |rounds| rounds[0][0].blank = None);
    refused(&vote, |rounds| rounds[0][0].totals = Totals::Pairs(Vec::new()));
    refused(&vote, |rounds| rounds[0][0].group = Some(0));
    refused(&vote, |rounds| rounds[0].clear());
    refused(&vote, |rounds| rounds.clear());
}

#[test]
fn one_cell_of_any_kind_is_enough() {
    let vote = make("four-kinds", None).unwrap();
    judge(&vote, &honest(&vote)).unwrap();
    for tally in 0..vote.rounds[0].expected.len() {
        refused(&vote, |rounds| match &mut rounds[0][tally].totals {
            Totals::Options(totals) => totals[1] += 1,
            Totals::Pairs(before) => before[2][1] += 1,
            Totals::Grades(persons) => persons[3][1][2] += 1,
        });
    }
    refused(&vote, |rounds| rounds[0].swap(0, 1));
}

#[test]
fn another_outcome_is_not_overlooked() {
    let vote = make("chain", None).unwrap();
    judge(&vote, &honest(&vote)).unwrap();
    refused(&vote, |rounds| rounds[1][0].decided = None);
    refused(&vote, |rounds| rounds[0][0].decided.as_mut().unwrap().0.swap(0, 1));
    refused(&vote, |rounds| rounds[2][0].decided.as_mut().unwrap().0 = vec![1]);
    refused(&vote, |rounds| rounds[1][0].decided.as_mut().unwrap().1.clear());
    refused(&vote, |rounds| drop(rounds.pop()));
}

#[test]
fn the_summary_has_what_programs_read() {
    let vote = make("chain", None).unwrap();
    let summaries = summaries(&vote, &honest(&vote)).unwrap();
    let json = serde_json::to_value(&summaries[1]).unwrap();
    assert_eq!((&json["kind"], &json["round"]), (&"selection".into(), &2.into()));
    assert_eq!(json["totals"], serde_json::json!([12, 18, 12, 16, 14]));
    assert_eq!(json["outcome"]["tied"], serde_json::json!(["Candidate A", "Candidate D"]));
    assert!(json.get("group").is_none() && json.get("condorcet_winner").is_none());
}
