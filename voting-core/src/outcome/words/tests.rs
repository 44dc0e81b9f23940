use super::*;
use crate::ids::ContestIndex;
use crate::outcome::fixtures::{HERE, election, people, stage, votes, with_ties, with_vacancies};
use crate::outcome::requirement::Count;
use crate::outcome::{Profile, Subject, Vacancies};

fn name(option: OptionIndex) -> String {
    ["Alder", "Birch", "Cedar", "Dogwood", "Elm"][option.position()].to_owned()
}

/// The sentences of an evaluated rule.
fn say(rule: &OutcomeRule, tallied: &Tallied, language: &str) -> Vec<String> {
    let outcome = ContestOutcome::of(rule, tallied, Some(&[1; 32]), &HERE, None);
    words(rule, &outcome, tallied, &name, language)
}

/// Without the line of the six numbers, which every outcome has.
fn both(rule: &OutcomeRule, tallied: &Tallied) -> (Vec<String>, Vec<String>) {
    let without = |language| say(rule, tallied, language).into_iter().skip(1).collect();
    (without("en"), without("zh-CN"))
}

fn motion(requirement: &str) -> OutcomeRule {
    let decision = Decision::Adopt {
        in_favour: OptionIndex(0),
        against: Some(OptionIndex(1)),
        requirement: requirement.parse().unwrap(),
    };
    OutcomeRule { profile: None, quorum: None, decision }
}

#[test]
fn the_six_numbers_come_first() {
    let tallied = votes(&[20, 3], people(30, 2, 23));
    let rule = OutcomeRule::totals_only();
    assert_eq!(
        say(&rule, &tallied, "en"),
        [
            "On the roll: 30. Excused: 2. Due to attend: 28. Present: 23. Ballots counted: 23. Votes that are not blank: 23.",
            "No rule decides this contest: the totals stand for themselves."
        ]
    );
    assert_eq!(
        say(&rule, &tallied, "zh-CN"),
        [
            "名册人数：30人；不计入应到会：2人；应到会：28人；实到会：23人；计入的选票：23人；本事项非空白票：23票。",
            "本事项没有规定选举结论的规则，只公布得票数。"
        ]
    );
    let count = |members, weight| Count { members, weight };
    let weighted = Numbers {
        entitled: count(3, 9),
        excused: count(1, 2),
        present: count(2, 7),
        ballots: count(2, 7),
        answered: 7,
    };
    assert_eq!(
        say(&rule, &votes(&[7], weighted), "en")[0],
        "On the roll: 3 with 9 votes. Excused: 1 with 2 votes. Due to attend: 2 with 7 votes. Present: 2 with 7 votes. \
         Ballots counted: 2 with 7 votes. Votes that are not blank: 7."
    );
}

#[test]
fn other_languages_are_answered_in_english() {
    let tallied = votes(&[20, 3], people(30, 2, 23));
    let rule = OutcomeRule::totals_only();
    let english = say(&rule, &tallied, "en");
    let chinese = say(&rule, &tallied, "zh-CN");
    assert_ne!(english, chinese);
    for (tag, expected) in
        [("de", &english), ("zh-TW", &english), ("", &english), ("zh", &chinese), ("zh-hans", &chinese)]
    {
        assert_eq!(&say(&rule, &tallied, tag), expected, "{tag}");
    }
}

#[test]
fn a_quorum_is_explained() {
    let mut rule = OutcomeRule::totals_only();
    rule.quorum = Some(Requirement::at_least((4, 5), Number::Due));
    let (english, chinese) = both(&rule, &votes(&[20], people(30, 2, 23)));
    assert_eq!(english[0], "23 of 28 due present; at least four fifths needed, that is 23: the quorum is met.");
    assert_eq!(
        chinese[0],
        "应到会人数为28人，实到会23人；到会人数须不少于应到会人数的五分之四，即至少23人：达到法定到会人数。"
    );
    let (english, chinese) = both(&rule, &votes(&[20], people(30, 2, 22)));
    assert_eq!(
        english,
        [
            "22 of 28 due present; at least four fifths needed, that is 23: the quorum is not met, and nothing is decided."
        ]
    );
    assert_eq!(
        chinese,
        [
            "应到会人数为28人，实到会22人；到会人数须不少于应到会人数的五分之四，即至少23人：未达到法定到会人数，不作任何决定。"
        ]
    );
    let (english, _) = both(&rule, &votes(&[], people(2, 2, 0)));
    assert_eq!(
        english,
        ["0 of 0 due present; at least four fifths needed: the quorum is not met, and nothing is decided."]
    );
}

#[test]
fn a_motion_is_explained_with_every_number() {
    let rule = motion("more than 1/2 of due");
    let (english, chinese) = both(&rule, &votes(&[15, 5, 3], people(30, 2, 23)));
    assert_eq!(english, ["Adopted: 15 in favour, 5 against; more than half of 28 due needed, that is 15."]);
    assert_eq!(chinese, ["通过：应到会人数为28人，赞成15票，反对5票；赞成票须超过应到会人数的半数，即至少15票。"]);
    let (english, chinese) = both(&rule, &votes(&[14, 5, 4], people(30, 2, 23)));
    assert_eq!(
        english,
        [
            "Not adopted: 14 in favour, 5 against; more than half of 28 due needed, that is 15. Exactly that part is not enough."
        ]
    );
    assert_eq!(
        chinese,
        [
            "未通过：应到会人数为28人，赞成14票，反对5票；赞成票须超过应到会人数的半数，即至少15票；恰好为半数，不足以通过。"
        ]
    );
    let decided = motion("at least 2/3 of decided");
    let (english, chinese) = both(&decided, &votes(&[14, 7, 2], people(30, 2, 23)));
    assert_eq!(
        english,
        ["Adopted: 14 in favour, 7 against; at least two thirds of 21 votes for and against needed, that is 14."]
    );
    assert_eq!(
        chinese,
        ["通过：赞成票与反对票总数为21票，赞成14票，反对7票；赞成票须不少于赞成票与反对票总数的三分之二，即至少14票。"]
    );
    let (english, chinese) = both(&decided, &votes(&[0, 0, 23], people(30, 2, 23)));
    assert_eq!(english, ["Not adopted: 0 in favour, 0 against; nothing is enough of 0 votes for and against."]);
    assert_eq!(chinese, ["未通过：赞成票与反对票总数为0票，赞成0票，反对0票；没有可据以决定的票数。"]);
}

#[test]
fn an_election_is_explained_in_the_order_of_votes() {
    let rule = Profile::CnPartyBasic.rule(Subject::Election { seats: 3 }).unwrap();
    let (english, chinese) = both(&rule, &votes(&[12, 20, 12, 15, 24], people(30, 2, 24)));
    assert_eq!(
        english[1..],
        [
            "To be elected took more than half of 24 present: at least 13 votes.",
            "Alder and Cedar: 12 votes, exactly half, which is not enough.",
            "Elected for 3 seats, in the order of votes: Elm (24), Birch (20), Dogwood (15)."
        ]
    );
    assert_eq!(
        chinese[1..],
        [
            "实到会人数为24人；赞成票须超过实到会人数的半数方可当选，即至少13票。",
            "Alder、Cedar得12票，恰好为半数，不能当选。",
            "名额3名，以得票多少为序，当选：Elm（24票）、Birch（20票）、Dogwood（15票）。"
        ]
    );
}

#[test]
fn a_tie_is_explained_with_what_ends_it() {
    let tallied = votes(&[15, 12, 12, 3], people(20, 0, 20));
    let rule = election(2, None);
    let (english, chinese) = both(&rule, &tallied);
    assert_eq!(
        english,
        [
            "Elected for 2 seats: Alder (15).",
            "Equal votes for the last seat: Birch and Cedar (12 votes each): a run-off between them is to be held."
        ]
    );
    assert_eq!(
        chinese,
        ["名额2名，当选：Alder（15票）。", "最后1个名额票数相等：Birch、Cedar（各12票）；须就上述人选再次投票。"]
    );
    let (english, chinese) = both(&with_ties(rule.clone(), Ties::Listed), &tallied);
    assert_eq!(
        english[1],
        "Equal votes for the last seat: Birch and Cedar (12 votes each): decided by the order of the ballot."
    );
    assert!(chinese[1].ends_with("已按选票上的顺序决定。"));
    let lots = with_ties(rule, Ties::Lots);
    let (english, _) = both(&lots, &tallied);
    assert!(english[0].starts_with("Elected for 2 seats, in the order of votes: Alder (15), "), "{english:?}");
    assert!(english[1].ends_with("decided by lot, from the public value."));
    let outcome = ContestOutcome::of(&lots, &tallied, None, &HERE, None);
    let open = words(&lots, &outcome, &tallied, &name, "en");
    assert!(open[2].ends_with("to be decided by lot; the public value is not there yet."), "{open:?}");
}

#[test]
fn vacant_seats_are_explained() {
    let half = Some(Requirement::more_than((1, 2), Number::Present));
    let tallied = votes(&[12, 3, 2], people(20, 0, 20));
    let (english, chinese) = both(&election(2, half), &tallied);
    assert_eq!(english[1], "Elected for 2 seats: Alder (12).");
    assert_eq!(english[2], "1 seat stays vacant: a new vote is to be held. Not elected so far: Birch and Cedar.");
    assert_eq!(chinese[2], "空缺名额1名，须另行选举；未当选的有：Birch、Cedar。");
    let (english, chinese) = both(&with_vacancies(election(3, half), Vacancies::LeaveOpen), &tallied);
    assert_eq!(english[2], "2 seats stay vacant.");
    assert_eq!(chinese[2], "空缺名额2名，不再补选。");
    let (english, chinese) = both(&election(1, half), &votes(&[3], people(20, 0, 20)));
    assert_eq!(english[1], "Elected for 1 seat: nobody.");
    assert_eq!(chinese[1], "名额1名，当选：无。");
}

#[test]
fn a_pre_selection_names_the_formal_election() {
    let rule = stage(election(3, None), election(2, None));
    let (english, chinese) = both(&rule, &votes(&[12, 3, 2, 1], people(20, 0, 20)));
    assert_eq!(
        english,
        [
            "Selected as candidates for 3 seats, in the order of votes: Alder (12), Birch (3), Cedar (2).",
            "The formal election follows, with 3 candidates for 2 seats."
        ]
    );
    assert_eq!(
        chinese,
        [
            "名额3名，以得票多少为序，确定为正式候选人：Alder（12票）、Birch（3票）、Cedar（2票）。",
            "接着进行正式选举：正式候选人3名，应选2名。"
        ]
    );
}

#[test]
fn a_void_vote_says_why() {
    let mut numbers = people(30, 0, 23);
    numbers.ballots = Count::each_one_vote(24);
    let (english, chinese) = both(&election(1, None), &votes(&[24], numbers));
    assert_eq!(english, ["Not valid: 24 ballots counted, but only 23 members present. The vote must be repeated."]);
    assert_eq!(chinese, ["投票无效：计入的选票为24张，多于实到会的23人，须重新投票。"]);
    numbers.ballots = Count { members: 23, weight: 24 };
    let (english, _) = both(&election(1, None), &votes(&[24], numbers));
    assert_eq!(english, ["Not valid: 24 votes counted, but only 23 votes present. The vote must be repeated."]);
}

#[test]
fn places_without_votes_are_told_without_votes() {
    let places = vec![vec![OptionIndex(2)], vec![OptionIndex(0)], vec![OptionIndex(1)]];
    let tallied = Tallied { votes: None, places, numbers: people(20, 0, 20) };
    let (english, chinese) = both(&election(2, None), &tallied);
    assert_eq!(english, ["Elected for 2 seats, in order: Cedar, Alder."]);
    assert_eq!(chinese, ["名额2名，当选：Cedar、Alder。"]);
}

#[test]
fn nothing_is_said_about_an_outcome_of_another_rule() {
    let tallied = votes(&[1], people(20, 0, 20));
    let numbers = tallied.numbers;
    let (contest, group, follow_up) = (ContestIndex(0), None, None);
    let outcome = ContestOutcome { contest, group, numbers, verdict: Verdict::Adopted, follow_up };
    assert_eq!(words(&election(1, None), &outcome, &tallied, &name, "en").len(), 1);
}
