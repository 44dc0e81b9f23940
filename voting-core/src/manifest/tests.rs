use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::contest::{Budget, Cap, Grades, Kind, Method, Mode, Points, Ranking, Selection};
use crate::entry::OfficialKey;
use crate::outcome::{Decision, OutcomeRule, Profile, Stage, Subject, Ties, Vacancies};
use crate::testing;

fn valid() -> Fields {
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let keys: [OfficialKey; 3] = core::array::from_fn(|_| OfficialKey::random(&mut rng));
    let trustees: Vec<_> = (0..3).map(|_| OfficialKey::random(&mut rng)).collect();
    testing::fields(&[&keys[0], &keys[1], &keys[2]], &trustees)
}

fn places(change: impl FnOnce(&mut Fields)) -> Vec<String> {
    let mut fields = valid();
    change(&mut fields);
    match Manifest::new(fields) {
        Ok(_) => vec![],
        Err(ManifestError::Invalid(problems)) => problems.into_iter().map(|problem| problem.place).collect(),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn canonical_bytes_are_read_back_to_the_same_event() {
    let manifest = Manifest::new(valid()).unwrap();
    let again = Manifest::from_bytes(manifest.as_bytes()).unwrap();
    assert_eq!(again, manifest);
    assert_eq!(again.origin(), format!("votes.example.org/{}", manifest.event()));
}

#[test]
fn a22_every_changed_field_changes_the_event() {
    let event = Manifest::new(valid()).unwrap().event();
    let mut changed = std::collections::BTreeSet::from([event]);
    let mut differs = |change: &dyn Fn(&mut Fields)| {
        let mut fields = valid();
        change(&mut fields);
        assert!(changed.insert(Manifest::new(fields).unwrap().event()));
    };
    differs(&|fields| fields.host.push('x'));
    differs(&|fields| fields.title.0[0] ^= 1);
    differs(&|fields| fields.organisation.0[0] ^= 1);
    differs(&|fields| fields.languages.truncate(1));
    differs(&|fields| fields.threshold = 3);
    differs(&|fields| fields.trustees.swap(0, 1));
    differs(&|fields| fields.groups[0].0[0] ^= 1);
    differs(&|fields| fields.rounds[0].opens += 1);
    differs(&|fields| fields.rounds[0].contests[0].options.swap(0, 1));
    differs(&|fields| fields.rounds[0].contests[0].per_group = true);
    differs(&|fields| fields.grace_seconds += 1);
    differs(&|fields| fields.minimum_ballots += 1);
    differs(&|fields| fields.largest_share = (1, 2));
    differs(&|fields| fields.dispute_seconds += 1);
    differs(&|fields| fields.retention_days += 1);
    differs(&|fields| fields.accepted.push("few-ballots".into()));
}

#[test]
fn every_problem_names_its_place() {
    assert_eq!(places(|_| ()), Vec::<String>::new());
    assert_eq!(places(|fields| fields.trustees.clear()), ["trustees"]);
    assert_eq!(places(|fields| fields.threshold = 4), ["trustees.threshold"]);
    assert_eq!(places(|fields| fields.threshold = 0), ["trustees.threshold"]);
    assert_eq!(places(|fields| fields.trustees[1].key = fields.trustees[0].key), ["trustees"]);
    assert_eq!(places(|fields| fields.administrator.0 = [0; 32]), ["officials.administrator"]);
    assert_eq!(places(|fields| fields.host.clear()), ["event.host"]);
    assert_eq!(places(|fields| fields.host.push('\n')), ["event.host"]);
    assert_eq!(places(|fields| fields.languages.clear()), ["event.languages"]);
    assert_eq!(places(|fields| fields.witness_policy = "nonsense".into()), ["witnesses.policy"]);
    assert_eq!(places(|fields| fields.largest_share = (3, 2)), ["privacy.largest_share"]);
    assert_eq!(places(|fields| fields.login.clear()), ["login"]);
    assert_eq!(places(|fields| fields.rounds[1].closes = 0), ["round[1].closes"]);
    assert_eq!(places(|fields| fields.rounds.clear()), ["round"]);
    assert_eq!(places(|fields| fields.if_too_few = TooFew::ProlongOnce), ["privacy.if_too_few"]);
    let first = |change: &dyn Fn(&mut Contest)| places(|fields| change(&mut fields.rounds[0].contests[0]));
    assert_eq!(first(&|contest| contest.groups = vec![GroupIndex(2)])[0], "round[0].contest[0].groups");
    let with = |min, max| Kind::Selection(Selection { min, max, blank: true });
    assert_eq!(first(&|contest| contest.kind = with(0, 4)), ["round[0].contest[0].max"]);
    assert_eq!(first(&|contest| contest.kind = with(0, 0))[0], "round[0].contest[0].max");
    assert_eq!(first(&|contest| contest.kind = with(2, 1))[0], "round[0].contest[0].min");
    let elect = |seats| Profile::CnPartyBasic.rule(Subject::Election { seats }).unwrap();
    assert_eq!(first(&|contest| contest.outcome = elect(2)), Vec::<String>::new());
    assert_eq!(first(&|contest| contest.outcome = elect(4)), ["round[0].contest[0].outcome.seats"]);
    assert_eq!(
        first(&|contest| contest.outcome = elect(1)),
        ["round[0].contest[0].outcome.seats"],
        "two names, one seat"
    );
    // The stage that follows stands on a ballot of its own, with those who were selected.
    let staged = |max| {
        places(|fields| {
            fields.rounds_may_be_added = true;
            let contest = &mut fields.rounds[0].contests[0];
            contest.outcome = elect(2);
            let Decision::Elect { then, .. } = &mut contest.outcome.decision else { panic!("an election") };
            *then = Some(Box::new(Stage { kind: with(0, max), rule: elect(2) }));
        })
    };
    assert_eq!(staged(2), Vec::<String>::new());
    assert_eq!(staged(3)[0], "round[0].contest[0].outcome.next.seats");
    assert_eq!(staged(0)[0], "round[0].contest[0].outcome.next.max");
}

#[test]
fn a36_a_real_event_needs_three_ballots_and_two_trustees() {
    let real = |change: fn(&mut Fields)| {
        places(|fields| {
            fields.demonstration = false;
            fields.minimum_ballots = 3;
            change(fields);
        })
    };
    assert_eq!(real(|_| ()), Vec::<String>::new());
    assert_eq!(real(|fields| fields.minimum_ballots = 2), ["privacy.minimum_ballots"]);
    assert_eq!(real(|fields| fields.threshold = 1), ["trustees.threshold"]);
}

#[test]
fn a_ballot_of_too_many_parts_is_refused_beforehand() {
    let contests = |count| {
        places(|fields| {
            let rule = Selection { min: 0, max: 200, blank: true };
            fields.rounds[0].contests = vec![testing::contest(200, rule, &[0, 1], false); count];
        })
    };
    // The count of four contests does not fit either; it has no parts.
    assert_eq!(contests(3), Vec::<String>::new(), "a ballot of two parts");
    let large = contests(50);
    assert_eq!(
        large,
        ["round[0]", "round[0]", "round[0]", "round[0]", "round[0]", "manifest"],
        "the count, the outcome, a ballot of each group, the labels"
    );
}

#[test]
fn a_count_that_does_not_fit_an_entry_is_refused_beforehand() {
    // Ballots of one group fit, the partial decryption of both groups' totals does not.
    let problems = places(|fields| {
        let contest = testing::contest(370, Selection { min: 0, max: 1, blank: true }, &[0, 1], true);
        fields.rounds[0].contests = vec![contest; 3];
    });
    assert_eq!(problems, ["round[0]"]);
}

#[test]
fn a12_roles_have_keys_of_their_own() {
    assert_eq!(places(|fields| fields.log_key.0 = [0; 32]), ["log_key"]);
    assert_eq!(places(|fields| fields.log_key = fields.registrar), ["officials"]);
    assert_eq!(places(|fields| fields.trustees[0].key = fields.administrator), ["trustees"]);
    let reserve = places(|fields| {
        let mut reserve = fields.trustees[0];
        reserve.key = OfficialKey::from_seed(&[9; 32]).public();
        fields.reserves.push(reserve);
    });
    assert_eq!(reserve, ["trustees.reserve"], "nothing could be done with them yet");
}

const DRAFT: &str = r#"
login = ["none"]
[event]
organisation = "Chess Club"
title = { en = "Board 2027", zh-CN = "理事会选举" }
languages = ["en", "zh-CN"]
host = "votes.example.org"
[officials]
administrator = "ADMIN"
registrar = "REGISTRAR"
[trustees]
threshold = 2
[[trustees.member]]
name = "first"
key = "T1"
[[trustees.member]]
name = "second"
key = "T2"
[schedule]
time_zone = "Europe/Berlin"
[[round]]
title = "Vote"
opens = 2026-11-23T09:00:00+01:00
closes = 2026-11-24T09:00:00+01:00
[[round.contest]]
title = "Who?"
kind = "selection"
options = ["A", "B", "C"]
max = 2
blank = true
"#;

fn draft(change: impl FnOnce(String) -> String) -> Result<Drafted, DraftError> {
    let fields = valid();
    let text = DRAFT
        .replace("ADMIN", &fields.administrator.to_string())
        .replace("REGISTRAR", &fields.registrar.to_string())
        .replace("T1", &fields.trustees[0].key.to_string())
        .replace("T2", &fields.trustees[1].key.to_string());
    let mut rng = ChaCha20Rng::seed_from_u64(2);
    Draft::from_toml(&change(text))?.into_fields(fields.log_key, &mut rng)
}

#[test]
fn a_draft_becomes_a_valid_manifest_with_its_labels() {
    let drafted = draft(|text| text).unwrap();
    let manifest = Manifest::new(drafted.fields).unwrap();
    let title = drafted.labels.iter().find(|label| label.digest() == manifest.title).unwrap();
    assert_eq!((title.text("en"), title.text("zh-CN")), ("Board 2027", "理事会选举"));
    // Organisation, title, two trustees, one group, round, contest, three options.
    assert_eq!(drafted.labels.len(), 10);
    assert_eq!(drafted.group_ids, ["all"]);
    assert_eq!((manifest.minimum_ballots, manifest.dispute_seconds), (10, 86_400));
}

#[test]
fn a_bad_draft_names_line_or_place() {
    let toml = |text: &str, with: &str| match draft(|draft| draft.replacen(text, with, 1)) {
        Err(DraftError::Toml(text)) => text,
        other => panic!("{other:?}"),
    };
    assert!(toml("threshold = 2", "threshold = ").contains("line 12"));
    assert!(toml("threshold = 2", "treshold = 2").contains("unknown field `treshold`"));
    assert!(toml("max = 2", "max = \"two\"").contains("line 29"));
    let problem = |text: &str, with: &str| match draft(|draft| draft.replacen(text, with, 1)) {
        Err(DraftError::Problems(problems)) => problems[0].place.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(problem("[\"A\", \"B\", \"C\"]", "[\"A\", \"B\", \"A\"]"), "round[0].contest[0].options[2]");
    let alike = "[\"A\", \"B  b\", \" b B \"]";
    assert_eq!(problem("[\"A\", \"B\", \"C\"]", alike), "round[0].contest[0].options[2]");
    assert_eq!(problem("\"Chess Club\"", "\"Chess\\nClub\""), "event.organisation");
    assert_eq!(problem("\"Chess Club\"", "\"Chess\\u001b[8m\""), "event.organisation");
    assert_eq!(problem("\"second\"", "\"first\""), "trustees[1]");
    assert_eq!(problem(", zh-CN = \"理事会选举\"", ""), "event.title");
    assert_eq!(problem("09:00:00+01:00", "09:00:00"), "round[0].opens");
    assert_eq!(problem("\"selection\"", "\"lottery\""), "round[0].contest[0].kind");
    assert_eq!(problem("login = [\"none\"]", "login = [\"mail\"]"), "login");
    assert_eq!(problem("max = 2", "max = 2\ngroups = [\"x\"]"), "round[0].contest[0].groups");
}

/// The contest of the draft with other lines behind its options, drafted into a valid manifest.
fn drafted_contest(lines: &str) -> Result<Contest, String> {
    let change = |text: String| text.replace("kind = \"selection\"", "").replace("max = 2\nblank = true\n", lines);
    let drafted = draft(change).map_err(|error| error.to_string())?;
    let manifest = Manifest::new(drafted.fields).map_err(|error| error.to_string())?;
    let contest = manifest.rounds[0].contests[0].clone();
    if let Kind::Grades(rule) = &contest.kind {
        let named = |digest: &LabelDigest| drafted.labels.iter().any(|label| label.digest() == *digest);
        assert!(rule.criteria.iter().chain(&rule.grades).all(named));
    }
    Ok(contest)
}

#[test]
fn a_draft_has_contests_of_every_kind() {
    let kind = |lines: &str| drafted_contest(lines).unwrap().kind;
    let grades =
        |lines: &str| match kind(&format!("kind = \"grades\"\ngrades = [\"Good\", \"Fair\", \"Poor\"]\n{lines}")) {
            Kind::Grades(rule) => rule,
            other => panic!("{other:?}"),
        };
    let rule = grades("criteria = [\"Work\", \"Manners\"]");
    assert_eq!((rule.criteria.len(), rule.grades.len(), rule.rows_may_be_blank), (2, 3, false));
    // Parts of three persons: at most is rounded down, at least up.
    let rule = grades(
        "criteria = [{ en = \"Work\", zh-CN = \"工作\" }]\nrows_may_be_blank = true\ncap = [{ grade = \" good\", at_most = \"1/2\" }, \
         { grade = \"Poor\", criterion = \"工作\", at_least = \"1/2\", at_most = 3 }]",
    );
    let cap = |criterion, grade, lo, hi| Cap { criterion, grade, lo, hi };
    assert_eq!(rule.caps, [cap(None, 0, 0, 1), cap(Some(0), 2, 2, 3)]);
    assert!(rule.rows_may_be_blank);
    let points = |max, budget, exact, blank| Kind::Points(Points { max, budget, exact, blank });
    assert_eq!(kind("kind = \"points\"\nmax_points = 3\nbudget = 7"), points(3, Budget::Fixed(7), false, false));
    assert_eq!(kind("kind = \"points\"\nmax_points = 3\nblank = true"), points(3, Budget::Fixed(9), false, true));
    let split = "kind = \"points\"\nbudget = \"weight\"\nexact = true";
    assert_eq!(kind(split), points(0, Budget::Weight, true, false));
    let ranking = |mode, ties, blank| Kind::Ranking(Ranking { mode, ties, blank, method: Method::Schulze });
    assert_eq!(kind("kind = \"ranking\""), ranking(Mode::UnrankedLast, true, false));
    let strict = "kind = \"ranking\"\nunranked = \"incomparable\"\nties = false\nblank = true";
    assert_eq!(kind(strict), ranking(Mode::RankedOnly, false, true));
    assert_eq!(
        kind("kind = \"selection\"\nmin = 1\nmax = 2"),
        Kind::Selection(Selection { min: 1, max: 2, blank: false })
    );
}

#[test]
fn a_rule_that_does_not_fit_its_kind_names_its_place() {
    let refused = |lines: &str| drafted_contest(lines).unwrap_err();
    let at = |lines: &str, place: &str, what: &str| {
        let error = refused(lines);
        assert!(error.contains(&format!("round[0].contest[0].{place}: ")) && error.contains(what), "{error}");
    };
    at("kind = \"selection\"", "max", "is missing");
    at("kind = \"selection\"\nmax = 2\nbudget = 3", "budget", "belongs to the kind \"points\"");
    at("kind = \"grades\"\nmax = 2", "max", "belongs to the kind \"selection\"");
    at("kind = \"grades\"\nblank = true", "blank", "belongs to the kind \"selection\" or \"points\" or \"ranking\"");
    at("kind = \"points\"\nties = true", "ties", "belongs to the kind \"ranking\"");
    at("kind = \"grades\"\ngrades = [\"A1\", \"B1\"]", "criteria", "is missing");
    at("kind = \"points\"", "max_points", "is missing");
    at("kind = \"points\"\nmax_points = 3\nbudget = \"wieght\"", "budget", "must be a number of points, or \"weight\"");
    at("kind = \"points\"\nmax_points = 3\nbudget = 0", "budget", "at least 1");
    at(
        "kind = \"points\"\nmax_points = 3\nbudget = 10",
        "budget",
        "between 1 and the most that options can get together, 9",
    );
    at("kind = \"points\"\nmax_points = 3\nexact = true", "exact", "only one answer");
    at("kind = \"points\"\nmax_points = 3\nbudget = \"weight\"", "max_points", "must be left out");
    at("kind = \"ranking\"\nunranked = \"first\"", "unranked", "must be \"last\"");
    at("kind = \"lottery\"", "kind", "is no kind that this version knows");
    let caps = |cap: &str| {
        let grades = "grades = [\"Good\", \"Fair\"]\ncriteria = [\"Work\"]";
        format!("kind = \"grades\"\n{grades}\ncap = [{cap}]")
    };
    at(&caps("{ grade = \"Bad\", at_most = 1 }"), "cap[0].grade", "there is no grade \"Bad\"");
    at(&caps("{ grade = \"Good\", criterion = \"Wrok\", at_most = 1 }"), "cap[0].criterion", "no criterion \"Wrok\"");
    at(&caps("{ grade = \"Good\" }"), "cap[0]", "bounds nothing");
    at(&caps("{ grade = \"Good\", at_most = \"3/2\" }"), "cap[0].at_most", "a part of the persons");
    at(&caps("{ grade = \"Good\", at_most = \"1/0\" }"), "cap[0].at_most", "a part of the persons");
    at(&caps("{ grade = \"Good\", at_most = 4 }"), "cap[0]", "not above the number of persons, 3");
    at(
        &caps("{ grade = \"Good\", at_most = 1 }, { grade = \"Fair\", at_most = 1 }"),
        "cap",
        "allow 2 grades for 3 persons",
    );
    // A wrong type or an unknown field is an error of the line.
    assert!(refused(&caps("{ grade = \"Good\", at_most = 1.5 }")).contains("a number of persons, or a part of them"));
    assert!(refused("kind = \"points\"\nmax_point = 3").contains("unknown field `max_point`"));
}

#[test]
fn contests_that_no_ballot_could_hold_are_refused() {
    let of = |options, kind: Kind| {
        places(|fields| fields.rounds[0].contests = vec![testing::contest_of(options, kind, &[0, 1], false)])
    };
    let ranking =
        || Kind::Ranking(Ranking { mode: Mode::RankedOnly, ties: true, blank: true, method: Method::Schulze });
    assert_eq!(of(16, ranking()), Vec::<String>::new());
    assert_eq!(of(17, ranking()), ["round[0].contest[0].options"]);
    assert_eq!(of(1, ranking()), ["round[0].contest[0].options"]);
    let points = |max, budget| Kind::Points(Points { max, budget, exact: false, blank: true });
    // Eleven bits a cell: 2,048 bits hold 185 options and their budget, but the partial decryption less.
    assert_eq!(of(120, points(2_000, Budget::Fixed(2_000))), Vec::<String>::new());
    assert_eq!(of(190, points(2_000, Budget::Fixed(2_000))), ["round[0].contest[0]"]);
    assert_eq!(of(31, points(0, Budget::Weight)), Vec::<String>::new());
    assert_eq!(of(32, points(0, Budget::Weight)), ["round[0].contest[0]"], "the blank cell is wide too");
    assert_eq!(of(33, points(1 << 20, Budget::Fixed(1 << 20))), ["round[0].contest[0]"]);
    assert_eq!(of(3, points(1 << 40, Budget::Fixed(1 << 40))), Vec::<String>::new());
    let large = of(300, testing::grades(2, false, &[]));
    assert!(large.contains(&"round[0].contest[0]".to_owned()), "a section of 900 cells: {large:?}");
}

#[test]
fn a36_m12_many_cells_need_more_ballots() {
    let codes = |kind: Kind, ballots: u64| {
        let mut fields = valid();
        fields.minimum_ballots = ballots;
        fields.rounds[1].contests = vec![testing::contest_of(4, kind, &[0, 1], false)];
        let codes: Vec<_> = lint(&fields).into_iter().map(|finding| finding.code).collect();
        (codes.contains(&"few-ballots"), codes.contains(&"small-ballots-for-kind"))
    };
    let ranking =
        || Kind::Ranking(Ranking { mode: Mode::UnrankedLast, ties: true, blank: true, method: Method::Schulze });
    let points = || Kind::Points(Points { max: 3, budget: Budget::Fixed(7), exact: false, blank: true });
    for kind in [ranking(), points(), testing::grades(1, true, &[])] {
        assert_eq!(codes(kind.clone(), 9), (true, true));
        assert_eq!(codes(kind.clone(), 29), (false, true));
        assert_eq!(codes(kind, 30), (false, false));
    }
    assert_eq!(codes(Kind::Selection(Selection { min: 0, max: 2, blank: true }), 10), (false, false));
}

#[test]
fn the_linter_finds_what_weakens_an_event() {
    let codes = |change: &dyn Fn(&mut Fields)| {
        let mut fields = valid();
        change(&mut fields);
        lint(&fields).into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    let all = codes(&|_| ());
    for code in ["few-ballots", "short-dispute", "no-second-factor", "no-witnesses", "demonstration"] {
        assert!(all.contains(&code), "{code}");
    }
    assert!(codes(&|fields| fields.threshold = 3).contains(&"all-trustees-needed"));
    assert!(codes(&|fields| fields.threshold = 1).contains(&"few-trustees-suffice"));
    assert!(codes(&|fields| fields.registrar = fields.administrator).contains(&"one-office"));
    assert!(codes(&|fields| fields.largest_share = (1, 1)).contains(&"heavy-share"));
    assert!(!codes(&|fields| fields.largest_share = (1, 2)).contains(&"heavy-share"));
    assert!(!codes(&|fields| fields.minimum_ballots = 10).contains(&"few-ballots"));
    let elect = |fields: &mut Fields, ties, then: Option<Kind>| {
        let vacancies = Vacancies::LeaveOpen;
        let decision = |then| Decision::Elect { seats: 1, requirement: None, ties, vacancies, then };
        let rule = |then| OutcomeRule { profile: None, quorum: None, decision: decision(then) };
        let then = then.map(|kind| Box::new(Stage { kind, rule: rule(None) }));
        fields.rounds[0].contests[0].outcome = rule(then);
    };
    assert!(codes(&|fields| elect(fields, Ties::NewRound, None)).contains(&"run-off-elsewhere"));
    assert!(!codes(&|fields| elect(fields, Ties::Listed, None)).contains(&"run-off-elsewhere"));
    let may_be_added = codes(&|fields| {
        fields.rounds_may_be_added = true;
        elect(fields, Ties::NewRound, Some(testing::grades(1, false, &[])));
    });
    assert!(!may_be_added.contains(&"run-off-elsewhere"));
    assert!(may_be_added.contains(&"small-ballots-for-kind"), "a stage has grades");
    assert!(!all.contains(&"small-ballots-for-kind"));
}

#[test]
fn event_words_are_the_same_for_the_same_event_only() {
    let words = event_words(&EventId([0xab; 32]));
    assert_eq!(words.split('-').map(str::len).collect::<Vec<_>>(), [8, 8, 8, 8]);
    assert_ne!(words, event_words(&EventId([0xac; 32])));
}

fn elect(seats: u32, ties: Ties, then: Option<Stage>) -> OutcomeRule {
    let vacancies = Vacancies::LeaveOpen;
    let decision = Decision::Elect { seats, requirement: None, ties, vacancies, then: then.map(Box::new) };
    OutcomeRule { profile: None, quorum: None, decision }
}

/// A round that follows must be possible as well: with all that can be selected, and for each group by itself.
#[test]
fn a_round_that_an_outcome_calls_for_must_be_possible() {
    let with = |contests: Vec<Contest>, groups: u8, added| {
        places(|fields| {
            fields.groups = (0..groups).map(|group| LabelDigest([group; 32])).collect();
            fields.rounds.truncate(1);
            fields.rounds[0].contests = contests;
            fields.rounds_may_be_added = added;
        })
    };
    let staged = |criteria, grades| {
        let Kind::Grades(rule) = testing::grades(criteria, false, &[]) else { panic!("grades") };
        let kind = Kind::Grades(Grades { grades: testing::label_digests(2_000, grades), ..rule });
        let mut contest = testing::contest(12, Selection { min: 0, max: 10, blank: true }, &[0], false);
        contest.outcome = elect(10, Ties::Listed, Some(Stage { kind, rule: elect(1, Ties::NewRound, None) }));
        vec![contest]
    };
    assert_eq!(with(staged(2, 4), 1, true), Vec::<String>::new());
    assert_eq!(with(staged(2, 4), 1, false), ["event.rounds_may_be_added"]);
    assert!(with(staged(16, 16), 1, true).contains(&"round[0].follow_up".into()), "a count that does not fit");

    let all: Vec<u32> = (0..40).collect();
    let mut each = testing::contest(4, Selection { min: 0, max: 1, blank: true }, &all, true);
    each.outcome = elect(1, Ties::NewRound, None);
    let both = vec![each.clone(), each];
    assert!(with(both.clone(), 40, true).contains(&"round[0].follow_up".into()), "80 contests");
    assert_eq!(with(both, 40, false), Vec::<String>::new());

    let mut many = testing::contest(490, Selection { min: 0, max: 1, blank: true }, &[0, 1, 2, 3], true);
    many.outcome = elect(1, Ties::NewRound, None);
    assert!(with(vec![many], 4, true).contains(&"round[0].follow_up".into()), "a start that does not fit");
}

#[test]
fn lots_do_not_settle_what_a_method_leaves_open() {
    let ranking = |method, ties| {
        let rule = Ranking { mode: Mode::UnrankedLast, ties: true, blank: true, method };
        let mut contest = testing::contest_of(4, Kind::Ranking(rule), &[0, 1], false);
        contest.outcome = elect(2, ties, None);
        places(|fields| fields.rounds[0].contests[0] = contest)
    };
    assert_eq!(ranking(Method::Copeland, Ties::Lots), Vec::<String>::new());
    assert_eq!(ranking(Method::Schulze, Ties::NewRound), Vec::<String>::new());
    for ties in [Ties::Lots, Ties::Listed] {
        assert_eq!(ranking(Method::Schulze, ties), ["round[0].contest[0].outcome.ties"]);
        assert_eq!(ranking(Method::RankedPairs, ties), ["round[0].contest[0].outcome.ties"]);
    }
}
