use super::*;
use crate::contest::Selection;
use crate::outcome::fixtures::{election, with_ties, with_vacancies};
use crate::outcome::requirement::Number;

const OPTIONS: [&str; 4] = ["For", "Against", "Abstain", "Later"];

fn find(text: &str) -> Option<OptionIndex> {
    OPTIONS.iter().position(|option| *option == text).map(|position| OptionIndex(position as u32))
}

fn kind(table: &toml::Table) -> Result<Kind, String> {
    let max = table.get("max").and_then(toml::Value::as_integer).ok_or("max is missing: add it")?;
    Ok(Kind::Selection(Selection { min: 0, max: max as u32, blank: true }))
}

#[derive(Deserialize)]
struct Contest {
    outcome: Option<DraftOutcome>,
}

fn read(text: &str) -> Result<OutcomeRule, Vec<Problem>> {
    let contest: Contest = toml::from_str(text).unwrap();
    DraftOutcome::into_rule(contest.outcome, &Surroundings { options: 4, find: &find, kind: &kind })
}

/// Fields of the problems of an outcome table with these lines.
fn fields(lines: &str) -> Vec<String> {
    let problems = read(&format!("[outcome]\n{lines}")).unwrap_err();
    assert!(problems.iter().all(|problem| problem.what.len() > 10), "{problems:?}");
    problems.into_iter().map(|problem| problem.field).collect()
}

fn rule(lines: &str) -> OutcomeRule {
    read(&format!("[outcome]\n{lines}")).unwrap()
}

const YES_OR_NO: Subject = Subject::Motion { in_favour: OptionIndex(0), against: Some(OptionIndex(1)) };

#[test]
fn without_a_table_only_totals_are_published() {
    assert_eq!(read(""), Ok(OutcomeRule::totals_only()));
    assert_eq!(fields(""), [""]);
    let quorum = OutcomeRule { quorum: Some("at least 1/2 of due".parse().unwrap()), ..OutcomeRule::totals_only() };
    assert_eq!(rule("quorum = \"at least 1/2 of due\""), quorum);
}

#[test]
fn every_profile_is_read_by_its_name() {
    for profile in Profile::ALL {
        let name = profile.name();
        match profile.rule(Subject::Election { seats: 2 }) {
            Some(expected) => assert_eq!(rule(&format!("profile = \"{name}\"\nseats = 2")), expected),
            None => assert_eq!(fields(&format!("profile = \"{name}\"\nseats = 2")), ["profile"]),
        }
        let motion = format!("profile = \"{name}\"\nin_favour = 1\nagainst = \"Against\"");
        match profile.rule(YES_OR_NO) {
            Some(expected) => assert_eq!(rule(&motion), expected),
            None => assert_eq!(fields(&motion), ["profile"]),
        }
    }
    assert_eq!(fields("profile = \"cn-party\"\nseats = 2"), ["profile"]);
    assert_eq!(fields("profile = \"simple-majority\"\nin_favour = 1"), ["against"]);
}

#[test]
fn explicit_rules_are_read() {
    let half = Requirement::more_than((1, 2), Number::Present);
    let mut expected = election(5, Some(half));
    expected.quorum = Some(Requirement::at_least((4, 5), Number::Due));
    let lines = "seats = 5\nquorum = \"at least 4/5 of due\"\nmajority = \"more than 1/2 of present\"";
    assert_eq!(rule(lines), expected);
    let lots = with_vacancies(with_ties(expected, Ties::Lots), Vacancies::LeaveOpen);
    assert_eq!(rule(&format!("{lines}\nties = \"lots\"\nvacancies = \"open\"")), lots);
    assert_eq!(
        rule("seats = 1\nties = \"listed\""),
        with_vacancies(with_ties(election(1, None), Ties::Listed), Vacancies::LeaveOpen)
    );
    let decided = Requirement::at_least((3, 5), Number::Decided);
    let decision = Decision::Adopt { in_favour: OptionIndex(3), against: Some(OptionIndex(1)), requirement: decided };
    let motion = rule("in_favour = 4\nagainst = 2\nmajority = \"at least 60/100 of decided\"");
    assert_eq!(motion, OutcomeRule { profile: None, quorum: None, decision });
}

#[test]
fn a_profile_can_be_repeated_but_not_contradicted() {
    let basic = Profile::CnPartyBasic.rule(Subject::Election { seats: 2 }).unwrap();
    let with = |line: &str| format!("profile = \"cn-party-basic\"\nseats = 2\n{line}");
    for same in ["quorum = \"at least 4/5 of due\"", "majority = \"more than 1/2 of present\"", "ties = \"new round\""]
    {
        assert_eq!(rule(&with(same)), basic, "{same}");
    }
    let more = OutcomeRule { quorum: Some(Requirement::more_than((4, 5), Number::Due)), ..basic };
    assert_eq!(rule(&with("quorum = \"more than 4/5 of due\"")), more, "published guidance differs");
    for (field, line) in [
        ("quorum", "quorum = \"at least 3/4 of due\""),
        ("majority", "majority = \"at least 1/2 of present\""),
        ("ties", "ties = \"lots\""),
        ("vacancies", "vacancies = \"open\""),
    ] {
        assert_eq!(fields(&with(line)), [field]);
    }
    assert_eq!(fields(&with("ties = \"lots\"\nvacancies = \"open\"")), ["ties", "vacancies"]);
}

#[test]
fn faults_name_their_field() {
    for (field, lines) in [
        ("seats", "seats = 1\nin_favour = 1\nmajority = \"more than 1/2 of due\""),
        ("majority", "in_favour = 1"),
        ("majority", "majority = \"more than 1/2 of due\""),
        ("majority", "seats = 1\nmajority = \"half\""),
        ("quorum", "seats = 1\nquorum = \"80 %\""),
        ("profile", "profile = \"cn-union\""),
        ("in_favour", "in_favour = 0\nmajority = \"more than 1/2 of due\""),
        ("in_favour", "in_favour = 5\nmajority = \"more than 1/2 of due\""),
        ("in_favour", "in_favour = \"Yes\"\nmajority = \"more than 1/2 of due\""),
        ("against", "in_favour = 1\nagainst = 9\nmajority = \"more than 1/2 of due\""),
        ("against", "seats = 1\nagainst = 2"),
        ("ties", "seats = 1\nties = \"coin\""),
        ("ties", "in_favour = 1\nmajority = \"more than 1/2 of due\"\nties = \"lots\""),
        ("vacancies", "seats = 1\nvacancies = \"none\""),
    ] {
        assert_eq!(fields(lines), [field], "{lines}");
    }
    assert_eq!(
        fields("ties = \"coin\"\nquorum = \"x\"\nprofile = \"x\""),
        ["quorum", "ties", "profile"],
        "all are reported"
    );
    assert!(toml::from_str::<Contest>("[outcome]\nseat = 1").is_err(), "unknown fields are refused");
}

#[test]
fn a_formal_election_follows_a_pre_selection() {
    let text = "profile = \"cn-party-basic\"\nseats = 6\n[outcome.next]\nkind = \"selection\"\nmax = 5\n\
                [outcome.next.outcome]\nprofile = \"cn-party-basic\"\nseats = 5";
    let rule = rule(text);
    let stage = rule.stage().unwrap();
    assert_eq!(stage.kind, Kind::Selection(Selection { min: 0, max: 5, blank: true }));
    assert_eq!(Some(stage.rule.clone()), Profile::CnPartyBasic.rule(Subject::Election { seats: 5 }));
    assert_eq!((rule.profile, rule.seats()), (Some(Profile::CnPartyBasic), Some(6)));
}

#[test]
fn faults_of_a_later_stage_name_the_stage() {
    let first = "seats = 6\n[outcome.next]\n";
    assert_eq!(fields(&format!("{first}max = 5")), ["next.outcome"]);
    assert_eq!(fields(&format!("{first}[outcome.next.outcome]\nseats = 5")), ["next"], "from the kind");
    assert_eq!(fields(&format!("{first}max = 5\n[outcome.next.outcome]\nseats = 5\nties = \"x\"")), ["next.ties"]);
    assert_eq!(fields(&format!("{first}max = 5\n[outcome.next.outcome]\nseat = 5")), ["next.outcome"]);
    let deep = format!(
        "{first}max = 5\n[outcome.next.outcome]\nseats = 5\n[outcome.next.outcome.next]\nmax = 4\n\
         [outcome.next.outcome.next.outcome]\nseats = 4\n[outcome.next.outcome.next.outcome.next]\nmax = 3"
    );
    assert_eq!(fields(&deep), ["next.next.next"]);
    assert_eq!(
        fields(
            "in_favour = 1\nmajority = \"more than 1/2 of due\"\n[outcome.next]\nmax = 1\n[outcome.next.outcome]\nseats = 1"
        ),
        ["next"]
    );
}

#[derive(Deserialize)]
struct Page {
    round: Round,
}

#[derive(Deserialize)]
struct Round {
    contest: PageContest,
}

#[derive(Deserialize)]
struct PageContest {
    options: Option<Vec<String>>,
    outcome: DraftOutcome,
}

#[test]
fn the_examples_of_the_page_are_read() {
    let page = include_str!("../../../../docs/outcome-rules.md");
    let blocks = page.split("```").skip(1).step_by(2).filter_map(|block| block.strip_prefix("toml\n"));
    let mut seats = Vec::new();
    for block in blocks {
        let page: Page = toml::from_str(&block.replace("[[round.contest]]", "[round.contest]")).unwrap();
        let PageContest { options, outcome } = page.round.contest;
        let options = options.unwrap_or_else(|| vec!["somebody".into(); 8]);
        let find = |text: &str| options.iter().position(|option| option == text).map(|at| OptionIndex(at as u32));
        let around = Surroundings { options: options.len(), find: &find, kind: &kind };
        let rule = DraftOutcome::into_rule(Some(outcome), &around).unwrap();
        seats.push((rule.profile, rule.seats(), rule.stage().and_then(|stage| stage.rule.seats())));
    }
    let basic = Some(Profile::CnPartyBasic);
    let expected = [
        (basic, Some(5), None),
        (Some(Profile::DeAssociation), None, None),
        (None, Some(3), None),
        (basic, Some(6), Some(5)),
    ];
    assert_eq!(seats, expected);
}
