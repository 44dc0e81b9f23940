use super::*;
use crate::outcome::evaluate::evaluate;
use crate::outcome::fixtures::{HERE, options, people, votes};
use crate::outcome::requirement::{Count, Numbers};
use crate::outcome::{Tallied, Verdict};

const MOTION: Subject = Subject::Motion { in_favour: OptionIndex(0), against: Some(OptionIndex(1)) };

fn verdict(profile: Profile, subject: Subject, tallied: &Tallied) -> Verdict {
    evaluate(&profile.rule(subject).unwrap(), tallied, None, &HERE, None).0
}

/// Who is elected to two seats, or nothing if the vote is void.
fn elected(profile: Profile, totals: &[u64], numbers: Numbers) -> Option<Vec<OptionIndex>> {
    match verdict(profile, Subject::Election { seats: 2 }, &votes(totals, numbers)) {
        Verdict::Election { elected, .. } => Some(elected),
        _ => None,
    }
}

/// For, against, the rest of those present abstained.
fn adopted(profile: Profile, for_it: u64, against: u64, numbers: Numbers) -> Option<bool> {
    let rest = numbers.ballots.weight.saturating_sub(for_it + against);
    match verdict(profile, MOTION, &votes(&[for_it, against, rest], numbers)) {
        Verdict::Adopted => Some(true),
        Verdict::NotAdopted => Some(false),
        _ => None,
    }
}

/// Fewest present, of 30 due, with whom the profile's vote is not void; checks that one less is void.
fn fewest_present(profile: Profile, due: u64) -> u64 {
    let subject = if profile.rule(MOTION).is_some() { MOTION } else { Subject::Election { seats: 2 } };
    let valid = |present| {
        let all = votes(&[present, 0, 0], people(due + 3, 3, present));
        verdict(profile, subject, &all) != Verdict::NoQuorum
    };
    let fewest = (0..=due).find(|present| valid(*present)).unwrap();
    assert!((fewest..=due).all(valid), "more are never fewer");
    fewest
}

#[test]
fn quorums_to_the_person() {
    for (profile, of_30, of_31) in [
        (Profile::SimpleMajority, 0, 0),
        (Profile::TwoThirds, 0, 0),
        (Profile::AbsoluteMajorityOfRoll, 0, 0),
        (Profile::CnPartyBasic, 24, 25),
        (Profile::CnPartyHigher, 24, 25),
        (Profile::CnPartyLocalCongress, 16, 16),
        (Profile::CnPartyLocalCommittee, 21, 21),
        (Profile::CnPartyBranchDecision, 16, 16),
        (Profile::CnUnion, 20, 21),
        (Profile::DeAssociation, 0, 0),
        (Profile::DeAssociationStatutes, 0, 0),
    ] {
        assert_eq!((fewest_present(profile, 30), fewest_present(profile, 31)), (of_30, of_31), "{profile:?}");
    }
}

/// The table "Exactly half, and one more" of docs/outcome-rules.md, in its order.
#[test]
fn exactly_half_and_one_more() {
    use Profile::*;
    let motion = |profile, for_it, against, numbers| adopted(profile, for_it, against, numbers);
    let (no, yes) = (Some(false), Some(true));
    let thirty = people(40, 0, 30);
    assert_eq!((motion(SimpleMajority, 10, 10, thirty), motion(SimpleMajority, 11, 9, thirty)), (no, yes));
    assert_eq!((motion(TwoThirds, 13, 8, thirty), motion(TwoThirds, 14, 7, thirty)), (no, yes));
    let roll = AbsoluteMajorityOfRoll;
    assert_eq!((motion(roll, 20, 0, thirty), motion(roll, 21, 0, thirty)), (no, yes));
    let quorum = |profile, fewest| assert_eq!(fewest_present(profile, 30), fewest, "{profile:?}");
    quorum(CnPartyBasic, 24);
    let present = people(30, 2, 24); // 28 due
    let one = |profile, totals: &[u64]| elected(profile, totals, present);
    assert_eq!(one(CnPartyBasic, &[12, 13]), Some(options(&[1])));
    for profile in [CnPartyHigher, CnPartyLocalCongress, CnPartyLocalCommittee, CnUnion] {
        assert_eq!(one(profile, &[14, 15]), Some(options(&[1])), "{profile:?}");
    }
    quorum(CnPartyLocalCongress, 16);
    quorum(CnPartyLocalCommittee, 21);
    quorum(CnUnion, 20);
    let branch = CnPartyBranchDecision;
    assert_eq!(fewest_present(branch, 28), 15);
    let twenty = people(30, 2, 20);
    assert_eq!((motion(branch, 14, 0, twenty), motion(branch, 15, 0, twenty)), (no, yes));
    let eight = people(40, 0, 8);
    assert_eq!((motion(DeAssociation, 3, 4, eight), motion(DeAssociation, 4, 3, eight)), (no, yes));
    assert_eq!((motion(DeAssociation, 4, 4, eight), motion(DeAssociation, 4, 3, eight)), (no, yes));
    let statutes = DeAssociationStatutes;
    assert_eq!((motion(statutes, 14, 6, thirty), motion(statutes, 15, 5, thirty)), (no, yes));
}

#[test]
fn simple_majority() {
    let p = Profile::SimpleMajority;
    let numbers = people(40, 0, 30);
    assert_eq!(adopted(p, 10, 10, numbers), Some(false), "exactly half of for and against");
    assert_eq!((adopted(p, 10, 9, numbers), adopted(p, 9, 10, numbers)), (Some(true), Some(false)));
    assert_eq!(adopted(p, 0, 0, numbers), Some(false), "all abstained");
    assert_eq!(elected(p, &[1, 3, 2], numbers), Some(options(&[1, 2])), "most votes are enough");
    assert_eq!(elected(p, &[3, 3, 3], numbers), Some(options(&[])), "equal votes");
}

#[test]
fn two_thirds() {
    let p = Profile::TwoThirds;
    let numbers = people(40, 0, 30);
    assert_eq!(adopted(p, 14, 7, numbers), Some(true), "exactly two thirds are enough");
    assert_eq!((adopted(p, 13, 7, numbers), adopted(p, 13, 8, numbers)), (Some(false), Some(false)));
    assert_eq!(adopted(p, 10, 10, numbers), Some(false), "half is not enough");
    let some_blank = Numbers { answered: 27, ..numbers };
    assert_eq!(elected(p, &[18, 17, 27], some_blank), Some(options(&[2, 0])));
}

#[test]
fn absolute_majority_of_the_roll() {
    let p = Profile::AbsoluteMajorityOfRoll;
    let numbers = people(40, 5, 30);
    assert_eq!(adopted(p, 20, 0, numbers), Some(false), "exactly half of the roll, and nobody against");
    assert_eq!(adopted(p, 21, 9, numbers), Some(true));
    assert_eq!(elected(p, &[20, 21], numbers), Some(options(&[1])));
    assert_eq!(elected(p, &[20, 21], people(41, 0, 30)), Some(options(&[1])), "odd: 21 of 41");
    assert_eq!(elected(p, &[20, 21], people(42, 0, 30)), Some(options(&[])), "even: 21 is half of 42");
}

#[test]
fn elections_in_basic_level_party_organisations() {
    let p = Profile::CnPartyBasic;
    let numbers = people(30, 2, 24); // 28 due
    assert_eq!(elected(p, &[12, 13, 11], numbers), Some(options(&[1])), "exactly half of those present is not enough");
    assert_eq!(elected(p, &[12, 13, 11], people(30, 2, 23)), Some(options(&[1, 0])), "12 of 23 is more than half");
    assert_eq!(elected(p, &[20, 22, 21], numbers), Some(options(&[1, 2])), "most votes first");
    assert_eq!(elected(p, &[20, 22, 20], numbers), Some(options(&[1])), "equal votes at the last seat");
    assert_eq!(elected(p, &[22, 0, 20], people(30, 2, 22)), None, "22 of 28 is less than four fifths");
    assert_eq!(p.rule(MOTION), None);
    // Blank ballots are people present.
    let blank = Numbers { answered: 13, ..numbers };
    assert_eq!(elected(p, &[12, 13], blank), Some(options(&[1])));
}

#[test]
fn guidance_differs_on_four_fifths_exactly() {
    let exactly = people(30, 0, 24);
    assert_eq!(elected(Profile::CnPartyBasic, &[20, 20], exactly), Some(options(&[0, 1])));
    let mut strict = Profile::CnPartyBasic.rule(Subject::Election { seats: 2 }).unwrap();
    strict.quorum = Some(Requirement::more_than((4, 5), Number::Due));
    assert!(Profile::CnPartyBasic.is(&strict));
    let verdict = |numbers| evaluate(&strict, &votes(&[20, 20], numbers), None, &HERE, None).0;
    assert_eq!(verdict(exactly), Verdict::NoQuorum);
    assert_ne!(verdict(people(30, 0, 25)), Verdict::NoQuorum);
}

#[test]
fn elections_with_more_than_half_of_those_due() {
    for p in [Profile::CnPartyHigher, Profile::CnPartyLocalCongress, Profile::CnPartyLocalCommittee, Profile::CnUnion] {
        let numbers = people(30, 2, 24); // 28 due: 15 are needed
        assert_eq!(elected(p, &[14, 15, 13], numbers), Some(options(&[1])), "{p:?}: exactly half of those due");
        assert_eq!(elected(p, &[14, 15, 13], people(29, 2, 24)), Some(options(&[1, 0])), "{p:?}: 14 of 27");
        assert_eq!(elected(p, &[20, 22, 21], numbers), Some(options(&[1, 2])), "{p:?}");
        assert_eq!(elected(p, &[20, 22, 20], numbers), Some(options(&[1])), "{p:?}: equal votes");
        assert_eq!(p.rule(MOTION), None, "{p:?}");
    }
}

#[test]
fn decisions_of_a_party_branch() {
    let p = Profile::CnPartyBranchDecision;
    let numbers = people(30, 2, 20); // 28 due
    assert_eq!(adopted(p, 14, 0, numbers), Some(false), "exactly half of those due, and nobody against");
    assert_eq!(adopted(p, 15, 5, numbers), Some(true));
    assert_eq!(adopted(p, 14, 1, people(29, 2, 15)), Some(true), "14 of 27 due");
    assert_eq!(adopted(p, 14, 0, people(30, 2, 14)), None, "exactly half present is not more than half");
    let mut lenient = p.rule(MOTION).unwrap();
    lenient.quorum = Some(Requirement::at_least((1, 2), Number::Due));
    assert!(p.is(&lenient), "the text says 半数以上, which many read as at least half");
    assert_eq!(p.rule(Subject::Election { seats: 1 }), None);
}

#[test]
fn german_associations() {
    let p = Profile::DeAssociation;
    let numbers = people(40, 0, 8);
    // The case of the judgement: eight present, four for one candidate, three for the other, one abstention.
    let case = Numbers { answered: 7, ..numbers };
    assert_eq!(
        verdict(p, Subject::Election { seats: 1 }, &votes(&[3, 4], case)),
        Verdict::Election { elected: options(&[1]), tied: options(&[]), vacant: 0, decided_by: None }
    );
    assert_eq!(adopted(p, 4, 3, numbers), Some(true), "abstentions are not counted");
    assert_eq!(adopted(p, 4, 4, numbers), Some(false), "exactly half");
    assert_eq!(adopted(p, 1, 0, numbers), Some(true));
    assert_eq!(adopted(p, 0, 0, numbers), Some(false), "all abstained");
    assert_eq!(elected(p, &[4, 4], numbers), Some(options(&[])), "exactly half of the ballots that are not blank");
    assert_eq!(elected(p, &[4, 3], Numbers { answered: 7, ..numbers }), Some(options(&[0])));
}

#[test]
fn statutes_of_german_associations() {
    let p = Profile::DeAssociationStatutes;
    let numbers = people(40, 0, 30);
    assert_eq!(adopted(p, 15, 5, numbers), Some(true), "exactly three quarters are enough");
    assert_eq!((adopted(p, 14, 5, numbers), adopted(p, 14, 6, numbers)), (Some(false), Some(false)));
    assert_eq!(adopted(p, 10, 10, numbers), Some(false), "half is not enough");
    assert_eq!(p.rule(Subject::Election { seats: 1 }), None);
}

#[test]
fn a_motion_that_compares_needs_the_option_against() {
    let alone = Subject::Motion { in_favour: OptionIndex(0), against: None };
    for profile in Profile::ALL {
        let compares = matches!(
            profile,
            Profile::SimpleMajority | Profile::TwoThirds | Profile::DeAssociation | Profile::DeAssociationStatutes
        );
        let has_rule = profile.rule(MOTION).is_some() && !compares;
        assert_eq!(profile.rule(alone).is_some(), has_rule, "{profile:?}");
    }
}

#[test]
fn each_profile_is_itself_and_no_other() {
    for subject in [MOTION, Subject::Election { seats: 3 }] {
        for profile in Profile::ALL {
            let Some(rule) = profile.rule(subject) else { continue };
            assert!(profile.is(&rule));
            assert_eq!(rule.profile, Some(profile));
            let mut other = rule.clone();
            other.quorum = Some(Requirement::at_least((1, 9), Number::Due));
            assert!(!profile.is(&other), "{profile:?}");
        }
    }
    let basic = Profile::CnPartyBasic.rule(Subject::Election { seats: 3 }).unwrap();
    let others = Profile::ALL.into_iter().filter(|profile| profile.is(&basic));
    assert_eq!(others.collect::<Vec<_>>(), [Profile::CnPartyBasic]);
    assert!(!Profile::SimpleMajority.is(&OutcomeRule::totals_only()));
}

#[test]
fn names_are_distinct_and_every_profile_speaks_both_languages() {
    for profile in Profile::ALL {
        assert_eq!(Profile::by_name(profile.name()), Some(profile));
        assert_eq!(serde_json::to_value(profile).unwrap(), profile.name());
        let (english, chinese) = (profile.says("en"), profile.says("zh-CN"));
        assert!(english.is_ascii() && english.ends_with('.'), "{english}");
        assert!(chinese.ends_with('。') && !chinese.contains(' '), "{chinese}");
        assert_eq!(profile.says("de"), english);
    }
    assert_eq!(Profile::by_name("majority"), None);
}

#[test]
fn weighted_votes_are_votes_and_not_people() {
    // Three members hold 5, 2 and 2 votes: the first alone has more than half of the votes.
    let count = Count { members: 3, weight: 9 };
    let numbers = Numbers { entitled: count, excused: Count::default(), present: count, ballots: count, answered: 9 };
    assert_eq!(adopted(Profile::AbsoluteMajorityOfRoll, 5, 4, numbers), Some(true));
    assert_eq!(adopted(Profile::AbsoluteMajorityOfRoll, 4, 5, numbers), Some(false));
}
