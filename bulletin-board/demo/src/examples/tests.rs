use super::*;
use crate::plain::{Decided, Totals};
use crate::vote::{Rule, Vote};

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| format!("Candidate {name}")).collect()
}

#[test]
fn the_same_ballots_come_out_each_time_and_keep_their_rules() {
    for example in EXAMPLES.iter().filter(|example| example.name != split::NAME) {
        let (one, other) = (make(example.name, None).unwrap(), make(example.name, None).unwrap());
        for (one, other) in one.rounds.iter().zip(&other.rounds) {
            assert_eq!(one.ballots, other.ballots, "{}", example.name);
        }
        for round in &one.rounds {
            for ballot in &round.ballots {
                let member = &one.members[ballot.member];
                let contests: Vec<_> = round.contests_of(member.group).map(|(position, _)| position).collect();
                let answered = ballot.answers.iter().enumerate().filter(|(_, answer)| answer.is_some());
                assert_eq!(contests, answered.map(|(position, _)| position).collect::<Vec<_>>());
                for (contest, row) in round.answers(ballot) {
                    contest.rule.check(row, member.weight).unwrap();
                }
            }
        }
    }
}

#[test]
fn the_chain_has_a_tie_at_the_last_seat() {
    let Vote { rounds, .. } = make("chain", None).unwrap();
    let decided: Vec<_> = rounds.iter().map(|round| round.decided.clone().unwrap()).collect();
    assert_eq!(decided[0], Decided { elected: names(&["C", "F", "G", "D", "A"]), tied: Vec::new() });
    assert_eq!(decided[1], Decided { elected: names(&["C", "F", "G"]), tied: names(&["A", "D"]) });
    assert_eq!(decided[2], Decided { elected: names(&["A"]), tied: Vec::new() });
    assert_eq!(rounds[2].expected[0].blank, Some(1));
    // Each round is about those whom the one before left, in the order of the ballot.
    for (before, after) in [(0, 1), (1, 2)] {
        let Decided { elected, tied } = &decided[before];
        let left = if tied.is_empty() { elected } else { tied };
        let mut left = left.clone();
        left.sort();
        assert_eq!(rounds[after].contests[0].options, left);
    }
}

#[test]
fn the_ballot_of_four_kinds_has_all_four() {
    let Vote { rounds, members, .. } = make("four-kinds", None).unwrap();
    let kinds: Vec<_> = rounds[0].contests.iter().map(|contest| contest.rule.word()).collect();
    assert_eq!(kinds, ["selection", "grades", "points", "ranking"]);
    assert_eq!(rounds[0].expected.len(), 5, "the selection has totals for each group");
    let weight: u64 = members.iter().map(|member| member.weight).sum();
    assert_eq!(rounds[0].expected[0].weight + rounds[0].expected[1].weight, weight);
    let blank: Vec<_> = rounds[0].expected.iter().map(|expected| expected.blank.unwrap_or(1)).collect();
    assert!(blank.iter().filter(|blank| **blank > 0).count() >= 4, "there are blank answers: {blank:?}");
}

#[test]
fn the_large_evaluation_has_1_200_cells() {
    let Vote { rounds, .. } = make("evaluation-large", None).unwrap();
    let Totals::Grades(persons) = &rounds[0].expected[0].totals else { panic!("no grades") };
    assert_eq!(persons.iter().flatten().flatten().count(), 1_200);
    let Rule::Grades { cap: Some(cap), .. } = rounds[0].contests[0].rule else { panic!("no cap") };
    assert_eq!(cap.part, (1, 3));
}

#[test]
fn a_split_gives_all_of_the_weight() {
    for line in 0..8 {
        for weight in [1, 2, 9, 10, 65_536, 1_970_452_510] {
            assert_eq!(split::parts(line, weight).iter().sum::<u64>(), weight);
        }
    }
    assert_eq!(split::parts(0, 11), [3, 3, 5]);
    assert_eq!(split::parts(1, 11), [5, 6, 0]);
}

#[test]
fn the_real_weights_are_split_where_present() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/elections/weighted-beanstalk-bip-5.json");
    if !data.exists() {
        eprintln!("SKIPPED: the weights of real votes are not there");
        return;
    }
    let vote = make("split", Some(&data)).unwrap();
    let Totals::Options(totals) = &vote.rounds[0].expected[0].totals else { panic!("no points") };
    assert_eq!((totals.iter().sum::<u64>(), vote.weight()), (21_642_136_685, 21_642_136_685));
    assert!(totals.iter().all(|total| *total > 65_535));
}

#[test]
fn unknown_names_and_needless_data_are_refused() {
    assert_eq!(make("chains", None).unwrap_err().code, "unknown-example");
    assert_eq!(make("chain", Some(Path::new("x.json"))).unwrap_err().code, "usage");
    assert_eq!(make("split", Some(Path::new("there/is/no/such.json"))).unwrap_err().code, "file-system");
}
