use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::entry::OfficialKey;
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
    assert_eq!(places(|fields| fields.rounds_may_be_added = true), ["event.rounds_may_be_added"]);
    let first = |change: &dyn Fn(&mut Contest)| places(|fields| change(&mut fields.rounds[0].contests[0]));
    assert_eq!(first(&|contest| contest.groups = vec![GroupIndex(2)])[0], "round[0].contest[0].groups");
    let Kind::Selection(rule) = valid().rounds[0].contests[0].kind.clone();
    let with = |min, max| Kind::Selection(crate::contest::Selection { min, max, ..rule });
    assert_eq!(first(&|contest| contest.kind = with(0, 4)), ["round[0].contest[0].max"]);
    assert_eq!(first(&|contest| contest.kind = with(0, 0))[0], "round[0].contest[0].max");
    assert_eq!(first(&|contest| contest.kind = with(2, 1))[0], "round[0].contest[0].min");
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
fn a_ballot_too_large_for_an_entry_is_refused_beforehand() {
    let large = places(|fields| {
        let contest =
            testing::contest(200, crate::contest::Selection { min: 0, max: 200, blank: true }, &[0, 1], false);
        fields.rounds[0].contests = vec![contest; 4];
    });
    assert_eq!(large, ["round[0]"; 3], "the count, and a ballot of each group");
}

#[test]
fn a_count_that_does_not_fit_an_entry_is_refused_beforehand() {
    // Ballots of one group fit, the partial decryption of both groups' totals does not.
    let problems = places(|fields| {
        let contest = testing::contest(170, crate::contest::Selection { min: 0, max: 1, blank: true }, &[0, 1], true);
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
    assert_eq!(problem("\"selection\"", "\"ranking\""), "round[0].contest[0].kind");
    assert_eq!(problem("login = [\"none\"]", "login = [\"mail\"]"), "login");
    assert_eq!(problem("max = 2", "max = 2\ngroups = [\"x\"]"), "round[0].contest[0].groups");
}

#[test]
fn the_linter_finds_what_weakens_an_event() {
    let codes = |change: fn(&mut Fields)| {
        let mut fields = valid();
        change(&mut fields);
        lint(&fields).into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    let all = codes(|_| ());
    for code in ["few-ballots", "short-dispute", "no-second-factor", "no-witnesses", "demonstration"] {
        assert!(all.contains(&code), "{code}");
    }
    assert!(codes(|fields| fields.threshold = 3).contains(&"all-trustees-needed"));
    assert!(codes(|fields| fields.threshold = 1).contains(&"few-trustees-suffice"));
    assert!(codes(|fields| fields.registrar = fields.administrator).contains(&"one-office"));
    assert!(codes(|fields| fields.largest_share = (1, 1)).contains(&"heavy-share"));
    assert!(!codes(|fields| fields.largest_share = (1, 2)).contains(&"heavy-share"));
    assert!(!codes(|fields| fields.minimum_ballots = 10).contains(&"few-ballots"));
}

#[test]
fn event_words_are_the_same_for_the_same_event_only() {
    let words = event_words(&EventId([0xab; 32]));
    assert_eq!(words.split('-').map(str::len).collect::<Vec<_>>(), [8, 8, 8, 8]);
    assert_ne!(words, event_words(&EventId([0xac; 32])));
}
