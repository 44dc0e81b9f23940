//! Whole elections in process, and records that break one rule each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeSet;

use voting_core::ids::RoundIndex;
use voting_core::record::{RoundStatus, Rule};
use voting_core::testing::{self, Sandbox, chosen, tamper, totals};

#[test]
fn a_whole_event_holds_with_the_right_totals() {
    let sandbox = Sandbox::finished(1);
    let report = sandbox.report();
    assert!(report.holds, "{:#?}", report.faults);
    assert!(report.finished);
    // Contest 0 of both groups with its blank cell, contest 1 of group 1, contest 2 for each group by itself.
    assert_eq!(totals(&report, 0), [vec![2, 4, 3, 3], vec![1, 4], vec![1, 1, 1], vec![4, 1, 0]]);
    assert_eq!(totals(&report, 1), [vec![2, 4, 0]]);
    assert_eq!(report.rounds[0].ballots, 7);
    assert_eq!(report.rounds[0].turnout, 6);
}

#[test]
fn a35_the_report_counts_what_it_checked() {
    let report = Sandbox::finished(1).report();
    let counts = report.checked;
    assert_eq!(counts.entries, report.size);
    assert_eq!(counts.ballots, 11);
    // Members of group 0 answer two contests, of group 1 three: 3 x 2 + 4 x 3, then one each in the second round.
    assert_eq!(counts.arguments, 22);
    assert_eq!(counts.signatures, counts.entries - 1 - counts.ballots);
    assert_eq!(counts.members, 12);
    assert_eq!(counts.confirmations, 3);
    assert_eq!(counts.partial_decryptions, 4);
    assert_eq!(counts.totals, 4 + 2 + 3 + 3 + 3);
    assert!(!report.not_checked.is_empty());
}

#[test]
fn a_record_holds_at_every_length() {
    let finished = Sandbox::finished(3);
    let mut growing = Sandbox::new(3);
    assert!(growing.report().holds);
    for entry in &finished.entries[1..] {
        growing.offer(entry.clone()).unwrap();
        assert!(growing.report().holds);
    }
    assert_eq!(growing.state.root(), finished.state.root());
}

/// Every tampered record is refused by exactly the rule that it breaks.
#[test]
fn every_tampered_record_is_refused_by_its_rule() {
    let tampers = tamper::all();
    assert!(tampers.len() >= 30);
    let mut wrong = Vec::new();
    for tamper in &tampers {
        let report = (tamper.make)().report();
        let found = testing::rules(&report);
        if report.holds || found.keys().collect::<Vec<_>>() != [&tamper.rule.id()] {
            wrong.push(format!("{} ({}): {:#?}", tamper.name, tamper.rule, report.faults));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), tampers.len(), wrong.join("\n"));
    eprintln!("{} tampered records refused, each by its rule", tampers.len());
}

#[test]
fn every_rule_has_a_tampered_record() {
    let covered: BTreeSet<_> = tamper::all().iter().map(|tamper| tamper.rule).collect();
    let missing: Vec<_> = Rule::ALL.iter().filter(|rule| !covered.contains(rule)).collect();
    assert!(missing.is_empty(), "no tampered record for {missing:?}");
}

#[test]
fn tampers_have_names_of_their_own() {
    let names: BTreeSet<_> = tamper::all().iter().map(|tamper| tamper.name).collect();
    assert_eq!(names.len(), tamper::all().len());
}

/// A changed byte anywhere in a record is noticed.
#[test]
fn any_flipped_byte_is_noticed() {
    let record = Sandbox::finished(5).record();
    assert!(record.report().holds);
    let mut tried = 0;
    for entry in 0..record.entries.len() {
        let length = record.entries[entry].len();
        for position in [0, 1, 5, length / 3, length / 2, length - 1] {
            let mut tampered = record.clone();
            tampered.entries[entry][position] ^= 1;
            assert!(!tampered.report().holds, "entry {entry}, byte {position}");
            tried += 1;
        }
    }
    for position in 0..record.checkpoint.len() {
        let mut tampered = record.clone();
        tampered.checkpoint[position] ^= 1;
        // A newline at the end or a key id is all that a signed note has besides; each change is refused.
        assert!(!tampered.report().holds, "checkpoint, byte {position}");
    }
    assert!(tried > 200);
}

#[test]
fn too_few_ballots_end_without_a_result() {
    let mut sandbox = Sandbox::opened(6);
    sandbox.vote(0, &[chosen(&[0]), chosen(&[1])]);
    sandbox.close();
    sandbox.not_counted(RoundIndex(0));
    let report = sandbox.report();
    assert!(report.holds, "{:#?}", report.faults);
    assert_eq!(report.rounds[0].status, RoundStatus::NotCounted);
    assert_eq!(report.rounds[0].tallies[0].totals, None);
}

#[test]
fn s3_two_devices_at_once_one_wins_and_the_other_signs_again() {
    let mut sandbox = Sandbox::opened(7);
    let first = sandbox.seal(0, &[chosen(&[0]), chosen(&[0])]);
    let second = sandbox.seal(0, &[chosen(&[1]), chosen(&[1])]);
    let first = sandbox.cast(0, first.as_bytes());
    let stale = sandbox.cast(0, second.as_bytes());
    sandbox.offer(first).unwrap();
    let refusal = sandbox.offer(stale).unwrap_err();
    assert_eq!(refusal.rule, Rule::BallotChain);
    assert_eq!(refusal.latest.map(|index| index.0), Some(sandbox.state.size() - 1));
    // The same sealed bytes, signed again; nothing is proved again.
    let again = sandbox.cast(0, second.as_bytes());
    sandbox.offer(again).unwrap();
}

#[test]
fn s3_a_swallowed_ballot_is_no_dead_end() {
    let mut sandbox = Sandbox::opened(8);
    let swallowed = sandbox.seal(0, &[chosen(&[0]), chosen(&[0])]);
    let _never_sent = sandbox.cast(0, swallowed.as_bytes());
    sandbox.vote(0, &[chosen(&[1]), chosen(&[1])]);
    assert!(sandbox.report().holds);
}

#[test]
fn any_two_of_three_trustees_suffice_and_agree() {
    let mut results = BTreeSet::new();
    for pair in [[1, 2], [1, 3], [2, 3]] {
        let mut sandbox = Sandbox::opened(9);
        sandbox.vote_all();
        sandbox.close();
        pair.into_iter().for_each(|trustee| sandbox.decrypt(trustee));
        sandbox.result(RoundIndex(0));
        let report = sandbox.report();
        assert!(report.holds, "{:#?}", report.faults);
        results.insert(totals(&report, 0));
    }
    assert_eq!(results.len(), 1);
}

#[test]
fn one_trustee_is_not_enough() {
    let mut sandbox = Sandbox::opened(9);
    sandbox.vote_all();
    sandbox.close();
    sandbox.decrypt(2);
    let error = sandbox.state.compute_result(RoundIndex(0)).unwrap_err();
    assert!(error.contains("1 of 2 trustees"), "{error}");
}

/// A contest or group with too few ballots stays closed; the others of the round are counted.
#[test]
fn a36_a_group_with_too_few_ballots_stays_closed() {
    let mut sandbox = Sandbox::opened(10);
    for voter in [0, 2, 4] {
        sandbox.vote(voter, &[chosen(&[0]), chosen(&[1])]);
    }
    sandbox.vote(3, &[chosen(&[1]), chosen(&[0]), chosen(&[1])]);
    sandbox.close();
    sandbox.decrypt(1);
    sandbox.decrypt(2);
    sandbox.result(RoundIndex(0));
    let report = sandbox.report();
    assert!(report.holds, "{:#?}", report.faults);
    let counted: Vec<_> = report.rounds[0].tallies.iter().map(|tally| tally.counted).collect();
    assert_eq!(counted, [true, false, true, false], "one ballot of group 1 is below the minimum of two");
    assert_eq!(totals(&report, 0), [vec![3, 1, 0, 0], vec![], vec![0, 3, 0], vec![]]);
}
