use proptest::prelude::*;

use super::*;
use crate::codec::to_bytes;
use crate::ids::{ContestIndex, GroupIndex, RoundId};
use crate::outcome::fixtures::{HERE, election, options, people, stage, votes, with_ties, with_vacancies};
use crate::outcome::requirement::{Count, Number, Numbers};
use crate::outcome::{ContestOutcome, Profile, Subject};

const HALF_OF_PRESENT: Requirement = Requirement::more_than((1, 2), Number::Present);

fn run(rule: &OutcomeRule, tallied: &Tallied) -> (Verdict, Option<FollowUp>) {
    evaluate(rule, tallied, None, &HERE, None)
}

fn elected(who: &[u32], tied: &[u32], vacant: u32) -> Verdict {
    Verdict::Election { elected: options(who), tied: options(tied), vacant, decided_by: None }
}

fn follow_up(cause: Cause, of: &[u32], seats: u32, carried: &[u32]) -> Option<FollowUp> {
    Some(FollowUp { cause, options: options(of), seats, carried: options(carried) })
}

#[test]
fn most_votes_come_first_up_to_the_seats() {
    let tallied = votes(&[9, 14, 11, 20], people(20, 0, 20));
    assert_eq!(run(&election(2, None), &tallied), (elected(&[3, 1], &[], 0), None));
    assert_eq!(run(&election(4, None), &tallied), (elected(&[3, 1, 2, 0], &[], 0), None));
}

#[test]
fn only_those_who_meet_the_requirement_are_elected() {
    // 20 present: more than half is 11. Exactly half, option 3, is not enough although a seat stays vacant.
    let tallied = votes(&[12, 11, 5, 10], people(20, 0, 20));
    let rule = election(3, Some(HALF_OF_PRESENT));
    assert_eq!(run(&rule, &tallied), (elected(&[0, 1], &[], 1), follow_up(Cause::Vacancy, &[2, 3], 1, &[0, 1])));
    let open = with_vacancies(rule, Vacancies::LeaveOpen);
    assert_eq!(run(&open, &tallied), (elected(&[0, 1], &[], 1), None));
}

#[test]
fn equal_votes_at_the_last_seat_leave_all_of_the_tied_out() {
    let tallied = votes(&[15, 12, 12, 12, 3], people(20, 0, 20));
    let rule = election(3, Some(HALF_OF_PRESENT));
    assert_eq!(run(&rule, &tallied), (elected(&[0], &[1, 2, 3], 0), follow_up(Cause::Tie, &[1, 2, 3], 2, &[0])));
}

#[test]
fn equal_votes_elsewhere_do_not_matter() {
    let tallied = votes(&[12, 15, 15, 3, 3], people(20, 0, 20));
    assert_eq!(run(&election(3, None), &tallied), (elected(&[1, 2, 0], &[], 0), None));
    let all_fit = votes(&[12, 12, 15], people(20, 0, 20));
    assert_eq!(run(&election(3, None), &all_fit), (elected(&[2, 0, 1], &[], 0), None));
    // 10 of 20 is no majority: neither of the two tied options may be elected, so nothing is tied.
    let below = votes(&[15, 10, 10], people(20, 0, 20));
    let rule = election(2, Some(HALF_OF_PRESENT));
    assert_eq!(run(&rule, &below), (elected(&[0], &[], 1), follow_up(Cause::Vacancy, &[1, 2], 1, &[0])));
}

#[test]
fn no_votes_never_elect() {
    let tallied = votes(&[4, 0, 0], people(20, 0, 20));
    let rule = election(2, None);
    assert_eq!(run(&rule, &tallied), (elected(&[0], &[], 1), follow_up(Cause::Vacancy, &[1, 2], 1, &[0])));
    let nobody = votes(&[0, 0], people(20, 0, 20));
    assert_eq!(run(&rule, &nobody), (elected(&[], &[], 2), follow_up(Cause::Vacancy, &[0, 1], 2, &[])));
}

#[test]
fn vacant_seats_without_anybody_left_call_for_no_round() {
    let tallied = votes(&[12, 11], people(20, 0, 20));
    let rule = election(3, Some(HALF_OF_PRESENT));
    assert_eq!(run(&rule, &tallied), (elected(&[0, 1], &[], 1), None));
}

#[test]
fn a_tie_then_a_vacancy_in_the_run_off() {
    // Three tied for two seats; in the run-off one of them gets no vote at all.
    let rule = election(3, Some(HALF_OF_PRESENT));
    let (_, first) = run(&rule, &votes(&[15, 12, 3, 12, 12], people(20, 0, 20)));
    let first = first.unwrap();
    assert_eq!(Some(&first), follow_up(Cause::Tie, &[1, 3, 4], 2, &[0]).as_ref());
    let rule = follow_up_rule(&rule, &first);
    assert_eq!(rule, election(2, None), "who is tied has met the requirement");
    let run_off = votes(&[0, 5, 0], people(20, 0, 20));
    let (verdict, second) = evaluate(&rule, &run_off, None, &HERE, Some(&first));
    assert_eq!(verdict, elected(&[1], &[], 1), "in the numbers of the run-off");
    assert_eq!(second, follow_up(Cause::Vacancy, &[1, 4], 1, &[0, 3]), "in the numbers of the first contest");
}

#[test]
fn lots_decide_by_a_public_value() {
    let tallied = votes(&[12, 12, 12, 15], people(20, 0, 20));
    let rule = with_ties(election(2, None), Ties::Lots);
    let undecided = evaluate(&rule, &tallied, None, &HERE, None);
    assert_eq!(undecided, (elected(&[3], &[0, 1, 2], 0), None), "no value, no decision and no round");
    let mut winners = std::collections::BTreeSet::new();
    for value in 0..30_u8 {
        let (verdict, next) = evaluate(&rule, &tallied, Some(&[value; 32]), &HERE, None);
        let Verdict::Election { elected, tied, vacant: 0, decided_by: Some(Ties::Lots) } = verdict else {
            panic!("{verdict:?}")
        };
        assert_eq!((elected.len(), elected[0], tied, next), (2, OptionIndex(3), options(&[0, 1, 2]), None));
        winners.insert(elected[1]);
    }
    assert_eq!(winners.len(), 3, "every tied option can win");
}

#[test]
fn the_order_of_lots_is_fixed() {
    // The definition in the docs, written out once more.
    let value = [9; 32];
    let place = Position { group: Some(GroupIndex(3)), ..HERE };
    let parts: [&[u8]; 5] = [&value, &[7; 32], &[1, 0, 0, 0], &[3, 0, 0, 0], &[2, 0, 0, 0]];
    assert_eq!(lot(&value, &place, OptionIndex(2)), digest("urna/v1/lots", &parts));
    let parts: [&[u8]; 5] = [&value, &[7; 32], &[1, 0, 0, 0], &[], &[2, 0, 0, 0]];
    assert_eq!(lot(&value, &HERE, OptionIndex(2)), digest("urna/v1/lots", &parts));
    let others = [
        Position { round: RoundId([8; 32]), ..HERE },
        Position { contest: ContestIndex(2), ..HERE },
        Position { group: Some(GroupIndex(0)), ..HERE },
    ];
    for other in others {
        assert_ne!(lot(&value, &other, OptionIndex(2)), lot(&value, &HERE, OptionIndex(2)), "{other:?}");
    }
}

#[test]
fn the_order_of_the_ballot_decides_where_the_rule_says_so() {
    let tallied = votes(&[3, 12, 12, 12], people(20, 0, 20));
    let rule = with_ties(election(2, None), Ties::Listed);
    let verdict = Verdict::Election {
        elected: options(&[1, 2]),
        tied: options(&[1, 2, 3]),
        vacant: 0,
        decided_by: Some(Ties::Listed),
    };
    assert_eq!(run(&rule, &tallied), (verdict, None));
}

#[test]
fn a_quorum_counts_people_and_a_majority_counts_votes() {
    // 4 of 6 people are present and hold 10 of 100 votes; the other two hold 90.
    let numbers = Numbers {
        entitled: Count { members: 6, weight: 100 },
        excused: Count::default(),
        present: Count { members: 4, weight: 10 },
        ballots: Count { members: 4, weight: 10 },
        answered: 10,
    };
    let mut rule = election(1, Some(Requirement::more_than((1, 2), Number::Due)));
    rule.quorum = Some(Requirement::at_least((2, 3), Number::Due));
    assert_eq!(run(&rule, &votes(&[10, 0], numbers)).0, elected(&[], &[], 1), "quorum by people, but 10 of 100 votes");
    let heavy =
        Numbers { present: Count { members: 3, weight: 95 }, ballots: Count { members: 3, weight: 95 }, ..numbers };
    assert_eq!(run(&rule, &votes(&[95, 0], heavy)), (Verdict::NoQuorum, None), "95 of 100 votes, but 3 of 6 people");
}

#[test]
fn the_excused_are_not_due() {
    let mut rule = OutcomeRule::totals_only();
    rule.quorum = Some(Requirement::at_least((4, 5), Number::Due));
    assert_eq!(run(&rule, &votes(&[1], people(30, 2, 23))).0, Verdict::TotalsOnly);
    assert_eq!(run(&rule, &votes(&[1], people(30, 2, 22))).0, Verdict::NoQuorum);
    assert_eq!(run(&rule, &votes(&[1], people(30, 0, 23))).0, Verdict::NoQuorum, "24 of 30");
    rule.quorum = Some(Requirement::at_least((4, 5), Number::Entitled));
    assert_eq!(run(&rule, &votes(&[1], people(30, 2, 23))).0, Verdict::NoQuorum);
    assert_eq!(run(&rule, &votes(&[], people(2, 2, 0))).0, Verdict::NoQuorum);
    rule.quorum = Some(Requirement::at_least((4, 5), Number::Due));
    assert_eq!(run(&rule, &votes(&[], people(2, 2, 0))).0, Verdict::NoQuorum, "nobody is due");
}

#[test]
fn more_ballots_than_present_are_no_election() {
    let mut numbers = people(30, 0, 23);
    numbers.ballots = Count::each_one_vote(24);
    let tallied = votes(&[24], numbers);
    for rule in [election(1, None), OutcomeRule::totals_only()] {
        assert_eq!(run(&rule, &tallied), (Verdict::MoreBallotsThanPresent, None));
    }
    let mut quorum = election(1, None);
    quorum.quorum = Some(Requirement::at_least((1, 1), Number::Due));
    assert_eq!(run(&quorum, &tallied).0, Verdict::MoreBallotsThanPresent, "before the quorum");
    numbers.ballots = Count::each_one_vote(23);
    assert_eq!(run(&election(1, None), &votes(&[23], numbers)).0, elected(&[0], &[], 0), "as many are fine");
    numbers.ballots = Count { members: 23, weight: 24 };
    assert_eq!(run(&election(1, None), &votes(&[23], numbers)).0, Verdict::MoreBallotsThanPresent, "votes likewise");
}

#[test]
fn a_motion_needs_its_part() {
    let motion = |requirement, against| OutcomeRule {
        profile: None,
        quorum: None,
        decision: Decision::Adopt { in_favour: OptionIndex(1), against, requirement },
    };
    // Options: against, in favour, abstain.
    let tallied = votes(&[8, 9, 6], people(30, 2, 23));
    let decided = motion(Requirement::more_than((1, 2), Number::Decided), Some(OptionIndex(0)));
    assert_eq!(run(&decided, &tallied), (Verdict::Adopted, None));
    assert_eq!(run(&decided, &votes(&[9, 9, 5], people(30, 2, 23))).0, Verdict::NotAdopted, "exactly half");
    assert_eq!(run(&decided, &votes(&[0, 0, 23], people(30, 2, 23))).0, Verdict::NotAdopted, "nobody decided");
    let at_least = motion(Requirement::at_least((1, 2), Number::Decided), Some(OptionIndex(0)));
    assert_eq!(run(&at_least, &votes(&[9, 9, 5], people(30, 2, 23))).0, Verdict::Adopted);
    assert_eq!(run(&at_least, &votes(&[0, 0, 23], people(30, 2, 23))).0, Verdict::NotAdopted, "nobody decided");
    let present = motion(Requirement::more_than((1, 2), Number::Present), None);
    assert_eq!(run(&present, &tallied).0, Verdict::NotAdopted, "abstentions count among those present");
}

#[test]
fn each_requirement_takes_its_own_number() {
    // Every number is another one, so that taking the wrong one fails.
    let numbers = Numbers {
        entitled: Count::each_one_vote(100),
        excused: Count::each_one_vote(10),
        present: Count::each_one_vote(80),
        ballots: Count::each_one_vote(70),
        answered: 60,
    };
    for (of, needed) in [
        (Number::Entitled, 51),
        (Number::Due, 46),
        (Number::Present, 41),
        (Number::Ballots, 36),
        (Number::Answered, 31),
        (Number::Decided, 20),
    ] {
        let decision = Decision::Adopt {
            in_favour: OptionIndex(0),
            against: Some(OptionIndex(1)),
            requirement: Requirement::more_than((1, 2), of),
        };
        let rule = OutcomeRule { profile: None, quorum: None, decision };
        let with = |for_it| run(&rule, &votes(&[for_it, 19], numbers)).0;
        assert_eq!((with(needed - 1), with(needed)), (Verdict::NotAdopted, Verdict::Adopted), "{of:?}");
    }
}

#[test]
fn places_of_a_method_without_votes_are_taken_as_they_are() {
    let places = vec![options(&[2]), options(&[0, 1]), options(&[3])];
    let tallied = Tallied { votes: None, places, numbers: people(20, 0, 20) };
    assert_eq!(run(&election(1, None), &tallied), (elected(&[2], &[], 0), None));
    assert_eq!(run(&election(2, None), &tallied).0, elected(&[2], &[0, 1], 0));
    let none = run(&election(2, Some(HALF_OF_PRESENT)), &tallied);
    assert_eq!(none.0, elected(&[], &[], 2), "no votes, no majority");
}

#[test]
fn places_decide_the_order_even_if_votes_are_known() {
    let places = vec![options(&[1]), options(&[0, 2])];
    let tallied = Tallied { votes: Some(vec![12, 11, 10]), places, numbers: people(20, 0, 20) };
    let rule = election(2, Some(HALF_OF_PRESENT));
    assert_eq!(run(&rule, &tallied), (elected(&[1, 0], &[], 0), None), "option 2 misses the requirement: no tie");
}

/// Pre-selection of 4, a run-off for the last place, then the formal election of 3: every step from the one before.
#[test]
fn a_chain_of_pre_selection_run_off_and_formal_election() {
    let formal = Profile::CnPartyBasic.rule(Subject::Election { seats: 3 }).unwrap();
    let rule = stage(Profile::CnPartyBasic.rule(Subject::Election { seats: 4 }).unwrap(), formal.clone());
    let numbers = people(25, 0, 20);

    let first = votes(&[11, 18, 2, 17, 11, 16], numbers);
    let (verdict, run_off) = run(&rule, &first);
    assert_eq!(verdict, elected(&[1, 3, 5], &[0, 4], 0));
    assert_eq!(run_off, follow_up(Cause::Tie, &[0, 4], 1, &[1, 3, 5]), "the tie comes before the formal election");
    let run_off = run_off.unwrap();

    let second_rule = follow_up_rule(&rule, &run_off);
    assert_eq!((second_rule.seats(), second_rule.profile), (Some(1), None));
    assert_eq!(second_rule.stage(), rule.stage());
    let second = votes(&[9, 10], numbers);
    let (verdict, next) = evaluate(&second_rule, &second, None, &HERE, Some(&run_off));
    assert_eq!(verdict, elected(&[1], &[], 0), "most votes are enough, although 10 of 20 is no majority");
    assert_eq!(next, follow_up(Cause::NextStage, &[1, 3, 4, 5], 3, &[]), "those of both rounds, in their first order");
    let next = next.unwrap();

    let third_rule = follow_up_rule(&second_rule, &next);
    assert_eq!(third_rule, formal);
    let third = votes(&[13, 15, 12, 10], numbers);
    let (verdict, after) = evaluate(&third_rule, &third, None, &HERE, Some(&next));
    assert_eq!(verdict, elected(&[1, 0, 2], &[], 0));
    assert_eq!(after, None);

    let short = votes(&[13, 15, 10, 10], numbers);
    let (verdict, after) = evaluate(&third_rule, &short, None, &HERE, Some(&next));
    assert_eq!(verdict, elected(&[1, 0], &[], 1));
    assert_eq!(after, follow_up(Cause::Vacancy, &[4, 5], 1, &[3, 1]), "still in the numbers of the first contest");
    let again = follow_up_rule(&third_rule, &after.unwrap());
    assert_eq!(again, Profile::CnPartyBasic.rule(Subject::Election { seats: 1 }).unwrap(), "the same requirement");
}

#[test]
fn a_pre_selection_goes_on_with_those_it_has_if_nobody_is_left() {
    let rule = stage(election(3, Some(HALF_OF_PRESENT)), election(2, None));
    let (_, next) = run(&rule, &votes(&[12, 13], people(20, 0, 20)));
    assert_eq!(next, follow_up(Cause::NextStage, &[0, 1], 2, &[]));
    let (_, none) = run(&with_vacancies(rule, Vacancies::LeaveOpen), &votes(&[1, 2], people(20, 0, 20)));
    assert_eq!(none, None, "nobody is selected");
}

#[test]
fn a_tie_again_is_voted_on_again() {
    let rule = election(1, Some(HALF_OF_PRESENT));
    let (_, first) = run(&rule, &votes(&[3, 12, 12], people(20, 0, 20)));
    let first = first.unwrap();
    let again = follow_up_rule(&rule, &first);
    let (verdict, second) = evaluate(&again, &votes(&[10, 10], people(20, 0, 20)), None, &HERE, Some(&first));
    assert_eq!(verdict, elected(&[], &[0, 1], 0));
    assert_eq!(second, Some(first));
}

proptest! {
    /// Seats are never lost or doubled, whoever is elected has votes, and nobody left out has more.
    #[test]
    fn seats_add_up(
        totals in prop::collection::vec(0_u64..8, 1..9), seats in 1_u32..6, bar: bool, how in 0_usize..3, value: [u8; 32],
    ) {
        let ties = [Ties::NewRound, Ties::Lots, Ties::Listed][how];
        let requirement = bar.then_some(Requirement::more_than((1, 2), Number::Present));
        let rule = with_ties(election(seats, requirement), ties);
        let tallied = votes(&totals, people(9, 0, 7));
        let (verdict, next) = evaluate(&rule, &tallied, Some(&value), &HERE, None);
        let Verdict::Election { elected, tied, vacant, decided_by } = verdict else { panic!("{verdict:?}") };
        let open = if tied.is_empty() || decided_by.is_some() { 0 } else { next.as_ref().unwrap().seats };
        prop_assert_eq!(elected.len() as u32 + vacant + open, seats);
        let least = if bar { 4 } else { 1 };
        for option in &elected {
            prop_assert!(totals[option.position()] >= least);
            let left_out = (0..totals.len()).filter(|i| !elected.contains(&OptionIndex(*i as u32)));
            prop_assert!(left_out.into_iter().all(|i| totals[i] <= totals[option.position()]));
        }
        let distinct: std::collections::BTreeSet<_> = elected.iter().collect();
        prop_assert_eq!(distinct.len(), elected.len());
    }

    /// No option is preferred for its place on the ballot where ties are voted on again.
    #[test]
    fn the_order_of_options_does_not_matter(totals in prop::collection::vec(0_u64..8, 1..9), seats in 1_u32..6) {
        let rule = election(seats, None);
        let backwards: Vec<u64> = totals.iter().rev().copied().collect();
        let mirror = |option: &OptionIndex| OptionIndex(totals.len() as u32 - 1 - option.0);
        let sets = |tallied: &Tallied, map: &dyn Fn(&OptionIndex) -> OptionIndex| {
            let (verdict, _) = run(&rule, tallied);
            let Verdict::Election { elected, tied, vacant, .. } = verdict else { panic!("{verdict:?}") };
            let set = |options: Vec<OptionIndex>| options.iter().map(map).collect::<std::collections::BTreeSet<_>>();
            (set(elected), set(tied), vacant)
        };
        let numbers = people(9, 0, 8);
        prop_assert_eq!(sets(&votes(&totals, numbers), &|o| *o), sets(&votes(&backwards, numbers), &mirror));
    }

    /// Any numbers, however absurd, give an outcome that has one encoding; the same call gives the same bytes.
    #[test]
    fn a3_any_totals_give_one_outcome(
        totals in prop::collection::vec(any::<u64>(), 0..6), members: u64, weight: u64, seats: u32, part: (u32, u32), of in 0_usize..6,
    ) {
        let count = Count { members, weight };
        let numbers = Numbers { entitled: count, excused: Count::default(), present: count, ballots: count, answered: weight };
        let tallied = votes(&totals, numbers);
        let requirement = Requirement { part, ..Requirement::more_than((1, 2), Number::ALL[of]) };
        let adopt = Decision::Adopt { in_favour: OptionIndex(0), against: Some(OptionIndex(9)), requirement };
        for rule in [election(seats, Some(requirement)), OutcomeRule { profile: None, quorum: None, decision: adopt }] {
            let outcome = ContestOutcome::of(&rule, &tallied, Some(&[1; 32]), &HERE, None);
            let bytes = to_bytes(&outcome);
            prop_assert_eq!(&bytes, &to_bytes(&ContestOutcome::of(&rule, &tallied, Some(&[1; 32]), &HERE, None)));
            prop_assert_eq!(crate::codec::from_bytes::<ContestOutcome>(&bytes, 65_535), Ok(outcome));
        }
    }
}
