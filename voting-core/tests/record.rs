//! Whole elections in process, and records that break one rule each.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::BTreeSet;

use voting_core::ballot;
use voting_core::contest::Selection;
use voting_core::ids::{EntryIndex, RoundIndex};
use voting_core::record::{RoundStatus, Rule};
use voting_core::testing::{self, ENTROPY, Sandbox, chosen, contest, tamper, totals};

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
    // A ballot that was replaced counts neither as a ballot nor with its weight (A14, A36).
    let counted: Vec<_> = report.rounds[0].tallies.iter().map(|tally| (tally.ballots, tally.weight)).collect();
    assert_eq!(counted, [(6, 8), (3, 5), (3, 3), (3, 5)]);
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

/// A changed byte anywhere in an entry is noticed even if the log signs the changed tree.
#[test]
fn any_flipped_byte_is_noticed_under_a_new_checkpoint() {
    let mut sandbox = Sandbox::finished(5);
    assert!(sandbox.report().holds);
    let mut tried = 0;
    for entry in 0..sandbox.entries.len() {
        let length = sandbox.entries[entry].len();
        for position in [0, 1, 2, length / 3, length / 2, 2 * length / 3, length - 1] {
            sandbox.entries[entry][position] ^= 1;
            assert!(!sandbox.report().holds, "entry {entry}, byte {position}");
            sandbox.entries[entry][position] ^= 1;
            tried += 1;
        }
    }
    assert!(tried > 200);
    let record = sandbox.record();
    for position in 0..record.checkpoint.len() {
        let mut tampered = record.clone();
        tampered.checkpoint[position] ^= 1;
        assert!(!tampered.report().holds, "checkpoint, byte {position}");
    }
}

/// Nobody is accused on bytes that they did not sign; the board is, for everything that it took.
#[test]
fn a_culprit_is_the_board_and_whoever_signed() {
    for tamper in tamper::all() {
        let fault = (tamper.make)().report().faults.remove(0);
        assert!(fault.culprit.contains("the board"), "{}: {}", tamper.name, fault.culprit);
        assert!(!fault.culprit.contains("credential"), "{}: {}", tamper.name, fault.culprit);
    }
    let culprit = |name: &str| {
        let tamper = tamper::all().into_iter().find(|tamper| tamper.name == name).unwrap();
        (tamper.make)().report().faults.remove(0).culprit
    };
    assert_eq!(culprit("a6: wrong partial decryption"), "trustee 1, and the board that took it");
    assert_eq!(culprit("m11: roll out of order"), "the registrar, and the board that took it");
    assert_eq!(culprit("forged signature"), "the board");
    assert_eq!(culprit("a14: old ballot offered after its successor"), "the board");
    assert_eq!(culprit("a15: ballot dropped from the count at closing"), "the board");
}

/// Voters who cancel out their randomness cannot keep a round from being counted.
#[test]
fn an_aggregate_that_cancels_out_is_counted_all_the_same() {
    use proofs::group::{Scalar, scalar_from_i64};
    use proofs::secret::SecretScalar;
    let mut sandbox = Sandbox::opened(11);
    // The third contest of group 1: randomness of voters 1 (weight 3), 3 and 5 sums up to zero.
    for (voter, randomness) in [(1, 2_i64), (3, -5), (5, -1)] {
        let bytes = tamper::with_randomness(&mut sandbox, voter, |contest, cell| {
            let fixed = contest == 2 && cell == 0;
            let own = Scalar::from(1_000 * voter as u64 + 10 * u64::from(contest) + cell as u64);
            SecretScalar::from_scalar(if fixed { scalar_from_i64(randomness) } else { own })
        });
        sandbox.offer(bytes).unwrap();
    }
    sandbox.vote(0, &[chosen(&[0]), chosen(&[0])]);
    sandbox.vote(2, &[chosen(&[0]), chosen(&[1])]);
    sandbox.close();
    // The part of such a cell is fixed to the byte: nothing else may stand where there is nothing to prove (A3, A6).
    let base = proofs::group::BASE.compress();
    for image in [*base.as_bytes(), [1; 32]] {
        use voting_core::entry::{Author, Body};
        let mut part = sandbox.partial(1);
        assert_eq!(part.tallies[3][..32], [0; 32]);
        part.tallies[3][..32].copy_from_slice(&image);
        let bytes = sandbox.signed(Author::Trustee(voting_core::ids::TrusteeIndex(1)), &Body::PartialDecryption(part));
        assert_eq!(sandbox.offer(bytes).unwrap_err().rule, Rule::DecryptProof, "{image:?}");
    }
    sandbox.decrypt(1);
    sandbox.decrypt(3);
    sandbox.result(RoundIndex(0));
    let report = sandbox.report();
    assert!(report.holds, "{:#?}", report.faults);
    assert_eq!(totals(&report, 0)[3], [5, 0, 0]);
}

#[test]
fn what_was_checked_against_another_state_is_not_applied() {
    use voting_core::entry::{Author, Body, Cancelled};
    let mut sandbox = Sandbox::opened(12);
    let bytes = sandbox.signed(Author::Administrator, &Body::Cancelled(Cancelled { reason: 0 }));
    let stale = sandbox.state.check(&bytes).unwrap();
    let sealed = sandbox.seal(0, &[chosen(&[0]), chosen(&[0])]);
    let ballot = sandbox.cast(0, &sealed.parts()[0]);
    let verified = sandbox.state.check_ballots(&[&ballot], &testing::ENTROPY).remove(0).unwrap();
    sandbox.vote(2, &[chosen(&[0]), chosen(&[0])]);
    assert_eq!(sandbox.state.apply(stale).unwrap_err().rule, Rule::EntryLegal);
    sandbox.close();
    sandbox.not_counted(RoundIndex(0));
    sandbox.open(RoundIndex(1));
    assert_eq!(sandbox.state.apply_ballot(&verified, &|_| None).unwrap_err().rule, Rule::BallotOpen);
}

#[test]
fn a_round_outside_its_schedule_is_shown() {
    let sandbox = Sandbox::finished(13);
    let report = sandbox.report();
    // The second round was planned two hours later than the sandbox starts it.
    assert_eq!(report.rounds.iter().map(|round| round.outside_schedule).collect::<Vec<_>>(), [false, true]);
    assert_eq!(report.rounds[0].started_at, Some(report.rounds[0].opens));
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
    let first = sandbox.cast(0, &first.parts()[0]);
    let stale = sandbox.cast(0, &second.parts()[0]);
    sandbox.offer(first).unwrap();
    let refusal = sandbox.offer(stale).unwrap_err();
    assert_eq!(refusal.rule, Rule::BallotChain);
    assert_eq!(refusal.latest.map(|index| index.0), Some(sandbox.state.size() - 1));
    // The same sealed bytes, signed again; nothing is proved again.
    let again = sandbox.cast(0, &second.parts()[0]);
    sandbox.offer(again).unwrap();
}

#[test]
fn s3_a_swallowed_ballot_is_no_dead_end() {
    let mut sandbox = Sandbox::opened(8);
    let swallowed = sandbox.seal(0, &[chosen(&[0]), chosen(&[0])]);
    let _never_sent = sandbox.cast(0, &swallowed.parts()[0]);
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

/// Contests so large that a ballot of group 1 takes three parts and one of group 0 two.
fn in_parts(seed: u64) -> Sandbox {
    let mut sandbox = Sandbox::with(seed, |fields| {
        let large = |groups: &[u32]| contest(400, Selection { min: 0, max: 1, blank: true }, groups, false);
        fields.rounds.truncate(1);
        fields.rounds[0].contests = vec![large(&[0, 1]), large(&[0, 1]), large(&[1])];
        fields.minimum_ballots = 1;
        fields.largest_share = (1, 1);
    });
    sandbox.ceremony();
    sandbox.roll(RoundIndex(0));
    sandbox.open(RoundIndex(0));
    sandbox
}

fn sealed_parts(sandbox: &mut Sandbox, voter: usize, option: u32) -> Vec<Vec<u8>> {
    let contests = if voter % 2 == 1 { 3 } else { 2 };
    let sealed = sandbox.seal(voter, &vec![chosen(&[option]); contests]);
    sandbox.cast_parts(voter, sealed.parts())
}

#[test]
fn a_ballot_in_parts_counts_when_its_last_part_is_there() {
    let mut sandbox = in_parts(31);
    let state = |sandbox: &Sandbox| {
        let round = sandbox.state.round(RoundIndex(0)).unwrap();
        (round.ballots(), round.turnout())
    };
    // Voter 1 has weight 3. Its first ballot is replaced, and so is one that never becomes complete.
    let first = sealed_parts(&mut sandbox, 1, 7);
    assert_eq!(first.len(), 3);
    for (part, entry) in first.iter().enumerate() {
        assert_eq!(state(&sandbox), (part as u64, 0), "it does not count yet");
        sandbox.offer(entry.clone()).unwrap();
    }
    assert_eq!(state(&sandbox), (3, 1));
    let abandoned = sealed_parts(&mut sandbox, 1, 8);
    sandbox.offer(abandoned[0].clone()).unwrap();
    sandbox.offer(abandoned[1].clone()).unwrap();
    let second = sealed_parts(&mut sandbox, 1, 9);
    let other = sealed_parts(&mut sandbox, 0, 9);
    assert_eq!(other.len(), 2);
    for entry in [&second[0], &other[0], &second[1], &second[2], &other[1]] {
        sandbox.offer(entry.clone()).unwrap();
    }
    // A last ballot stays incomplete: the one before it counts.
    let incomplete = sealed_parts(&mut sandbox, 1, 3);
    sandbox.offer(incomplete[0].clone()).unwrap();
    sandbox.offer(incomplete[1].clone()).unwrap();
    assert_eq!(state(&sandbox), (12, 2));
    sandbox.close();
    sandbox.decrypt(1);
    sandbox.decrypt(2);
    sandbox.result(RoundIndex(0));
    let report = sandbox.report();
    assert_eq!(report.faults, vec![]);
    let all = totals(&report, 0);
    let expected = |weight: u64| (0..401).map(|cell| if cell == 9 { weight } else { 0 }).collect::<Vec<u64>>();
    assert_eq!(all, [expected(4), expected(4), expected(3)]);
}

#[test]
fn a14_parts_out_of_order_or_of_another_ballot_are_refused() {
    let mut sandbox = in_parts(32);
    let one = sealed_parts(&mut sandbox, 1, 1);
    let two = sealed_parts(&mut sandbox, 1, 2);
    let rule = |sandbox: &mut Sandbox, entry: &[u8]| sandbox.offer(entry.to_vec()).unwrap_err().rule;
    assert_eq!(rule(&mut sandbox, &one[1]), Rule::BallotChain, "nothing before it");
    sandbox.offer(one[0].clone()).unwrap();
    assert_eq!(rule(&mut sandbox, &one[2]), Rule::BallotChain, "a part is missing");
    assert_eq!(rule(&mut sandbox, &two[1]), Rule::BallotChain, "another ballot");
    assert_eq!(rule(&mut sandbox, &one[0]), Rule::BallotRepeat, "the same again");
    sandbox.offer(one[1].clone()).unwrap();
    // The first part of another ballot gives up what waits.
    sandbox.offer(two[0].clone()).unwrap();
    assert_eq!(rule(&mut sandbox, &one[2]), Rule::BallotChain, "its first parts were given up");
    for part in &two[1..] {
        sandbox.offer(part.clone()).unwrap();
    }
    assert_eq!(rule(&mut sandbox, &one[2]), Rule::BallotChain, "an older ballot");
    assert_eq!(sandbox.state.round(RoundIndex(0)).unwrap().turnout(), 1);
}

#[test]
fn a_log_that_lost_an_accepted_ballot_is_noticed_when_it_is_replaced() {
    let mut sandbox = Sandbox::opened(33);
    let answers = [chosen(&[0]), chosen(&[0])];
    let first = sandbox.vote(0, &answers);
    let sealed = sandbox.seal(0, &answers);
    let again = sandbox.cast(0, &sealed.parts()[0]);
    let verified = sandbox.state.check_ballots(&[&again], &ENTROPY).remove(0).unwrap();
    let other = sandbox.cast_after(0, &sealed.parts()[0], 1, tlog::hash::Hash([0; 32]));
    for lost in [None, Some(other), Some(again.clone())] {
        let refusal = sandbox.state.apply_ballot(&verified, &|_| lost.clone()).unwrap_err();
        assert_eq!(refusal.rule, Rule::LogSize, "{refusal}");
    }
    sandbox.state.apply_ballot(&verified, &|_| Some(first.clone())).unwrap();
}

/// A13: the tracker is the hash of all sealed parts, whatever the voter signs.
#[test]
fn a13_parts_that_are_not_those_named_are_refused() {
    let mut sandbox = in_parts(34);
    let parts = sealed_parts(&mut sandbox, 1, 1);
    let mut offer = |part: usize, change: &dyn Fn(&mut ballot::BallotEntry)| {
        let entry = tamper::signed_again(&mut sandbox, 1, &parts[part], change);
        sandbox.offer(entry).map_err(|refusal| refusal.rule)
    };
    assert_eq!(offer(0, &|entry| entry.parts.clear()), Err(Rule::BallotContests), "said to be the only part");
    assert_eq!(offer(0, &|entry| entry.parts.truncate(2)), Err(Rule::BallotContests), "one part fewer");
    let more = offer(0, &|entry| entry.parts.push(entry.parts[0]));
    assert_eq!(more, Err(Rule::BallotContests), "one part more");
    assert_eq!(offer(0, &|entry| entry.parts[0].0[0] ^= 1), Err(Rule::BallotContests), "another first part");
    // The first part can't know the others; the second one is not the one that both name.
    let other = |entry: &mut ballot::BallotEntry| entry.parts[1].0[0] ^= 1;
    assert_eq!(offer(0, &other), Ok(()));
    assert_eq!(offer(1, &other), Err(Rule::BallotContests));

    let mut sandbox = Sandbox::opened(35);
    let sealed = sandbox.seal(0, &[chosen(&[0]), chosen(&[0])]);
    let only = sandbox.cast(0, &sealed.parts()[0]);
    let tracker = sealed.tracker();
    let entry = tamper::signed_again(&mut sandbox, 0, &only, |entry| entry.parts.push(tracker));
    assert_eq!(sandbox.offer(entry).unwrap_err().rule, Rule::BallotContests, "another encoding of one part");
    let same = tamper::signed_again(&mut sandbox, 0, &only, |_| ());
    sandbox.offer(same).unwrap();
}

/// What the log gives back for an earlier part is believed only if it is that part of that ballot.
#[test]
fn a_log_that_gives_back_another_part_is_noticed() {
    let mut sandbox = in_parts(36);
    let given_up = sealed_parts(&mut sandbox, 1, 2);
    sandbox.offer(given_up[0].clone()).unwrap();
    let parts = sealed_parts(&mut sandbox, 1, 1);
    sandbox.offer(parts[0].clone()).unwrap();
    sandbox.offer(parts[1].clone()).unwrap();
    let last = sandbox.state.check_ballots(&[&parts[2]], &ENTROPY).remove(0).unwrap();
    let first = sandbox.entries.len() as u64 - 2;
    let log = |instead: Option<Vec<u8>>| {
        let (one, two) = (parts[0].clone(), parts[1].clone());
        move |index: EntryIndex| match index.0 - first {
            0 => Some(instead.clone().unwrap_or_else(|| one.clone())),
            _ => Some(two.clone()),
        }
    };
    for liar in [&given_up[0], &parts[1], &parts[2]] {
        let refusal = sandbox.state.clone().apply_ballot(&last, &log(Some(liar.clone()))).unwrap_err();
        assert_eq!(refusal.rule, Rule::LogSize, "{refusal}");
    }
    sandbox.state.apply_ballot(&last, &log(None)).unwrap();
}
