//! Records of earlier versions still verify, with the same totals, and tampered ones are still refused by the same rule.
//!
//! `frozen/vN/<name>/` is never edited. For each record it holds `checkpoint` (the signed note), `entries.bundle` (all
//! entries as C2SP tlog-tiles bundles, 256 to a bundle) and `expected.json`. To freeze a new version set
//! `URNA_FREEZE=N`: the test then writes what is missing below `frozen/vN/`, and nothing that is there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use tlog::tile::{parse_bundle, write_bundle};
use voting_core::contest::{Budget, Choice, Kind, Method, Mode, Points, Ranking, Selection};
use voting_core::ids::{EntryIndex, EventId, RoundIndex};
use voting_core::record::{Report, verify_record};
use voting_core::testing::tamper::kinds;
use voting_core::testing::tamper::{self, TamperedRecord};
use voting_core::testing::{Sandbox, chosen, contest_of, rules, totals};

/// Most bytes of one frozen version.
const BUDGET: u64 = 300 << 10;

/// What the verifier is to say.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    /// The event that the verifier trusts.
    event: EventId,
    /// Number of entries.
    entries: usize,
    /// The defect in words; empty for a valid record.
    defect: String,
    /// Ids of all rules that are reported as broken.
    rules: Vec<String>,
    /// Totals of each tally of each round, where there is a result.
    totals: Vec<Vec<Vec<u64>>>,
}

impl Expected {
    fn of(record: &TamperedRecord, defect: &str, report: &Report) -> Self {
        Self {
            event: record.event,
            entries: record.entries.len(),
            defect: defect.to_owned(),
            rules: rules(report).into_keys().map(str::to_owned).collect(),
            totals: (0..report.rounds.len()).map(|round| totals(report, round)).collect(),
        }
    }
}

fn version(number: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen").join(format!("v{number}"))
}

/// The defects that are frozen, by directory and name in `testing::tamper`.
const DEFECTS: [(&str, &str); 7] = [
    ("s6_second_origin", "s6: same manifest under a second origin"),
    ("a3_longer_integer", "a3: longer integer of the same value"),
    ("m9_joint_key_cancelled_out", "m9: joint key cancelled out"),
    ("a9_over_vote", "a9: over-vote proved for a rule of the voter's own"),
    ("a10_copied_ballot", "a10: ballot copied under another credential"),
    ("a6_wrong_partial_decryption", "a6: wrong partial decryption"),
    ("result_off_by_one", "result off by one"),
];

fn write(path: &Path, bytes: &[u8]) {
    if !path.exists() {
        fs::write(path, bytes).unwrap();
    }
}

fn freeze(directory: &Path, record: &TamperedRecord, defect: &str) {
    fs::create_dir_all(directory).unwrap();
    let expected = Expected::of(record, defect, &record.report());
    write(&directory.join("checkpoint"), &record.checkpoint);
    let bundles: Vec<u8> = record.entries.chunks(256).flat_map(|entries| write_bundle(entries).unwrap()).collect();
    write(&directory.join("entries.bundle"), &bundles);
    write(&directory.join("expected.json"), (serde_json::to_string_pretty(&expected).unwrap() + "\n").as_bytes());
}

/// Three voters of weights 2, 3 and 1 who answer contests of every kind, among them one of each kind whose answers have
/// an exact sum, so that a cell is left out of the ballot.
fn kinds_finished() -> TamperedRecord {
    let exact = [
        Kind::Selection(Selection { min: 2, max: 2, blank: false }),
        Kind::Selection(Selection { min: 1, max: 1, blank: true }),
        Kind::Points(Points { max: 4, budget: Budget::Fixed(6), exact: true, blank: false }),
        Kind::Ranking(Ranking { mode: Mode::UnrankedLast, ties: false, blank: false, method: Method::Schulze }),
    ];
    let mut contests = kinds::contests();
    contests.extend(exact.map(|kind| contest_of(3, kind, &[0, 1], false)));
    let mut sandbox = kinds::opened_with(1, contests);
    for voter in 0..3 {
        let mut answers = kinds::answers(sandbox.voters[voter].weight);
        let blank = if voter == 1 { Choice::Blank } else { chosen(&[voter as u32]) };
        let order = Choice::Ranking(vec![Some(2), Some(1), Some(3)]);
        answers.extend([chosen(&[0, 2]), blank, Choice::Points(vec![4, 0, 2]), order]);
        sandbox.vote(voter, &answers);
    }
    sandbox.close();
    sandbox.decrypt(1);
    sandbox.decrypt(3);
    sandbox.result(RoundIndex(0));
    sandbox.record()
}

/// The valid records that are frozen, by directory.
const VALID: [&str; 2] = ["finished", "kinds"];

/// Writes a version when asked to, before any test reads one.
static FREEZE: LazyLock<()> = LazyLock::new(|| {
    let Ok(number) = std::env::var("URNA_FREEZE") else { return };
    for (directory, record) in VALID.into_iter().zip([Sandbox::finished(1).record(), kinds_finished()]) {
        freeze(&version(&number).join(directory), &record, "");
    }
    let all = tamper::all();
    for (directory, name) in DEFECTS {
        let tamper = all.iter().find(|tamper| tamper.name == name).expect("a tamper of this name");
        freeze(&version(&number).join(directory), &(tamper.make)(), name);
    }
});

fn read(directory: &Path) -> (Expected, Report) {
    LazyLock::force(&FREEZE);
    let file = |name: &str| fs::read(directory.join(name)).unwrap_or_else(|_| panic!("{directory:?}: no {name}"));
    let expected: Expected = serde_json::from_slice(&file("expected.json")).unwrap();
    assert!(expected.entries <= 256, "one bundle");
    let bundle = file("entries.bundle");
    let entries: Vec<_> = parse_bundle(&bundle, expected.entries).unwrap().iter().map(|entry| entry.to_vec()).collect();
    let log = |index: EntryIndex| entries.get(index.0 as usize).cloned();
    let report = verify_record(&expected.event, &file("checkpoint"), entries.clone(), &log, &[0x42; 32], |_| ());
    (expected, report)
}

fn directories(of: &Path) -> Vec<PathBuf> {
    LazyLock::force(&FREEZE);
    let entries = fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
    let mut directories: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    directories.sort();
    directories
}

#[test]
fn every_frozen_record_has_the_verdict_it_had() {
    let versions = directories(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen"));
    assert!(!versions.is_empty());
    for version in versions {
        let records = directories(&version);
        assert_eq!(records.len(), VALID.len() + DEFECTS.len(), "{version:?}");
        for directory in records {
            let (expected, report) = read(&directory);
            let found: Vec<_> = rules(&report).into_keys().collect();
            assert_eq!(found, expected.rules, "{directory:?}: {:#?}", report.faults);
            assert_eq!(report.holds, expected.rules.is_empty(), "{directory:?}");
            assert_eq!(report.checked.entries, expected.entries as u64, "{directory:?}");
            let totals: Vec<_> = (0..report.rounds.len()).map(|round| totals(&report, round)).collect();
            assert_eq!(totals, expected.totals, "{directory:?}");
        }
    }
}

/// The totals of the first version, written here by hand: three contests for two groups, then one for all.
#[test]
fn the_finished_record_of_version_1_counts_as_its_voters_voted() {
    let (expected, report) = read(&version("1").join("finished"));
    assert!(report.holds && report.finished, "{:#?}", report.faults);
    let first = vec![vec![2, 4, 3, 3], vec![1, 4], vec![1, 1, 1], vec![4, 1, 0]];
    assert_eq!(expected.totals, [first, vec![vec![2, 4, 0]]]);
    assert_eq!((report.rounds[0].ballots, report.rounds[0].turnout), (7, 6));
}

/// Contests of every kind, with the totals that three answers of weights 2, 3 and 1 add up to, written here by hand.
#[test]
fn the_frozen_record_of_every_kind_counts_as_its_voters_voted() {
    let (expected, report) = read(&version("1").join("kinds"));
    assert!(report.holds, "{:#?}", report.faults);
    let found = &expected.totals[0];
    assert_eq!(found[0], [6, 6, 0]);
    assert_eq!(found[2], [30, 6, 0]);
    assert_eq!(found[3], [1 + 2, 0, 3]);
    assert_eq!(found[7], [6, 0, 6]);
    assert_eq!(found[8], [2, 0, 1, 3]);
    assert_eq!(found[9], [24, 0, 12]);
    // Option 1 is first, option 0 second: 0 before 1, 0 before 2; 1 before 0, 1 before 2; 2 before 0, 2 before 1.
    assert_eq!(found[10], [0, 6, 6, 6, 0, 0]);
}

#[test]
fn every_defect_breaks_one_rule() {
    for (name, _) in DEFECTS {
        let (expected, report) = read(&version("1").join(name));
        assert!(!report.holds, "{name}");
        assert_eq!(expected.rules.len(), 1, "{name}");
        assert!(!expected.defect.is_empty());
    }
}

#[test]
fn a_version_stays_within_its_budget() {
    for version in directories(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen")) {
        let files = directories(&version).into_iter().flat_map(|record| fs::read_dir(record).unwrap());
        let bytes: u64 = files.map(|file| file.unwrap().metadata().unwrap().len()).sum();
        assert!(bytes <= BUDGET, "{version:?}: {bytes} bytes");
    }
}
