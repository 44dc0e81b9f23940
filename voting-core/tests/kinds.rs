//! Every kind of contest from the answer to the totals, and forged ballots that are refused with contest and demand named.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fs;
use std::path::Path;

use voting_core::ballot::part_sizes;
use voting_core::contest::{Budget, Choice, Contest, Grades, Kind, Method, Mode, Points, Ranking, Reading, Selection};
use voting_core::ids::{ContestIndex, RoundIndex};
use voting_core::record::Rule;
use voting_core::testing::tamper::kinds::{answers, contests, every_kind, forged, opened_with};
use voting_core::testing::{Sandbox, chosen, contest_of, label_digests, totals};

const FIRST: RoundIndex = RoundIndex(0);

fn finish(sandbox: &mut Sandbox) {
    sandbox.close();
    sandbox.decrypt(1);
    sandbox.decrypt(3);
    sandbox.result(FIRST);
}

fn points(max: u64, budget: Budget, exact: bool, blank: bool) -> Kind {
    Kind::Points(Points { max, budget, exact, blank })
}

fn ranking(mode: Mode, ties: bool, blank: bool) -> Kind {
    Kind::Ranking(Ranking { mode, ties, blank, method: Method::Schulze })
}

/// Totals of a contest, added up from the cells of the answers in plain.
fn plain(contest: &Contest, ballots: &[(u64, &Choice)]) -> Vec<u64> {
    let mut sums = vec![0; contest.cells()];
    for (weight, choice) in ballots {
        let sections = contest.values(choice, *weight).unwrap();
        let cells = sections.iter().enumerate().flat_map(|(section, values)| {
            let cells = contest.section(section, *weight).unwrap().cells();
            values[..cells].to_vec()
        });
        sums.iter_mut().zip(cells).for_each(|(sum, cell)| *sum += cell * contest.factor(*weight));
    }
    sums
}

/// A whole event: ballots of different weights in each kind, whose totals read what was answered.
#[test]
fn every_kind_is_cast_counted_and_read_with_weights() {
    let mut sandbox = every_kind();
    // Weights 2, 3, 1. The second ballot of voter 1 replaces the first.
    let order = |ranks: [Option<u32>; 3]| Choice::Ranking(ranks.to_vec());
    let other = |weight| {
        let grades = [1, 0, 1, 0, 0, 2, 0, 2].map(Some).to_vec();
        let points = Choice::Points(vec![0, 0, 6 - 1]);
        let split = Choice::Points(vec![0, weight, 0]);
        let orders = [order([None, None, Some(4)]), order([Some(3), Some(3), None])];
        let [last, only] = orders;
        vec![chosen(&[]), Choice::Grades(grades), points, split, last, only, Choice::Blank]
    };
    let blank = vec![
        chosen(&[1]),
        Choice::Grades(vec![Some(2); 8]),
        Choice::Points(vec![1, 1, 1]),
        Choice::Points(vec![0, 0, 1]),
        Choice::Blank,
        Choice::Blank,
        chosen(&[0, 1, 2]),
    ];
    sandbox.vote(1, &answers(3));
    sandbox.vote(0, &answers(2));
    sandbox.vote(2, &blank);
    sandbox.vote(1, &other(3));
    finish(&mut sandbox);
    let report = sandbox.report();
    assert_eq!(report.faults, vec![]);
    let counted = [(2, answers(2)), (1, blank), (3, other(3))];
    for ((position, contest), found) in contests().iter().enumerate().zip(totals(&report, 0)) {
        let ballots: Vec<_> = counted.iter().map(|(weight, answers)| (*weight, &answers[position])).collect();
        assert_eq!(found, plain(contest, &ballots), "contest {position}");
    }
    let readings: Vec<_> = report.rounds[0].tallies.iter().map(|tally| tally.reading.clone().unwrap()).collect();
    assert_eq!(readings[0], Reading::Selection { options: vec![2, 3, 0], blank: None });
    let Reading::Grades { persons } = &readings[1] else { panic!("{:?}", readings[1]) };
    let person = |person: usize| persons[person].iter().map(|row| row.grades.clone()).collect::<Vec<_>>();
    assert_eq!(person(0), [vec![2, 3, 1], vec![3, 2, 1]]);
    assert_eq!(person(3), [vec![5, 0, 1], vec![0, 0, 6]]);
    assert!(persons.iter().flatten().all(|row| row.answered == 6));
    assert_eq!(readings[2], Reading::Points { options: vec![11, 3, 16], blank: None });
    // Split mandates are added once: together they hold the weight of all ballots.
    assert_eq!(readings[3], Reading::Points { options: vec![1, 3, 2], blank: None });
    let last = vec![vec![0, 2, 2], vec![0, 0, 2], vec![3, 3, 0]];
    assert_eq!(readings[4], Reading::Ranking { before: last, blank: Some(1) });
    let only = vec![vec![0, 2, 0], vec![0, 0, 0], vec![0, 0, 0]];
    assert_eq!(readings[5], Reading::Ranking { before: only, blank: Some(1) });
    assert_eq!(readings[6], Reading::Selection { options: vec![3, 3, 1], blank: Some(3) });
    let json = serde_json::to_value(&readings[1]).unwrap();
    assert_eq!(json["grades"]["persons"][0][1]["grades"], serde_json::json!([3, 2, 1]));
}

/// What a forged ballot holds, the demand that it breaks, and what the refusal says.
struct Forgery {
    at: (u32, usize),
    cells: &'static [i64],
    broken: &'static str,
}

const FORGERIES: [Forgery; 12] = [
    Forgery { at: (0, 0), cells: &[1, 1, 1], broken: "from 0 to 2 options are chosen" },
    Forgery { at: (0, 0), cells: &[2, 0, 0], broken: "option 0: 0 to 1" },
    Forgery {
        at: (1, 0),
        cells: &[1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0],
        broken: "person 0, criterion 0: exactly one grade",
    },
    Forgery {
        at: (1, 1),
        cells: &[1, 0, 0, 1, 0, 0, 1, 0, 0, 0, 1, 0],
        broken: "criterion 1, cap of grade 0: at most 2",
    },
    Forgery { at: (2, 0), cells: &[5, 2, 0], broken: "together at most 6 points" },
    Forgery { at: (2, 0), cells: &[5, 4, -3], broken: "option 2: 0 to 5" },
    Forgery { at: (3, 0), cells: &[2, 0, 1], broken: "together exactly the weight of the ballot" },
    Forgery { at: (3, 0), cells: &[3, 0, -1], broken: "option 0: 0 to 2" },
    Forgery { at: (4, 0), cells: &[1, 0, 0, 1, 1, 0, 0], broken: "option 0 before option 2 fits the ranks" },
    Forgery { at: (5, 0), cells: &[1, 0, 0, 1, 1, 0, 0], broken: "option 1 before option 2 fits the ranks" },
    Forgery { at: (4, 0), cells: &[1, 1, 0, 1, 0, 0, 1], broken: "the answer says something, or is blank" },
    Forgery { at: (6, 0), cells: &[0, 0, 0, 0], broken: "at least 2 options are chosen, or the answer is blank" },
];

#[test]
fn a9_forged_ballots_are_refused_with_contest_and_demand_named() {
    let contests = contests();
    for Forgery { at: (contest, section), cells, broken } in FORGERIES {
        let mut sandbox = every_kind();
        let rule = &contests[contest as usize];
        let legal = rule.values(&answers(2)[contest as usize], 2).unwrap().remove(section);
        let behind = legal[cells.len()..].iter().map(|value| *value as i64);
        let witness: Vec<i64> = cells.iter().copied().chain(behind).collect();
        assert_eq!(rule.broken_by(section, 2, &witness).as_deref(), Some(broken));
        let at = (ContestIndex(contest), section);
        let bytes = forged(&mut sandbox, 0, &answers(2), at, cells);
        let refusal = sandbox.offer(bytes).unwrap_err();
        assert_eq!(refusal.rule, Rule::BallotProof, "{broken}");
        let demands = rule.demands(section);
        let what = format!("contest {contest}, section {section}: the proof that {demands} does not hold");
        assert_eq!(refusal.what, what);
    }
    // The forger's tools make a valid ballot if the cells are those of the answers.
    let mut sandbox = every_kind();
    let bytes = forged(&mut sandbox, 0, &answers(2), (ContestIndex(0), 0), &[1, 1, 0]);
    sandbox.offer(bytes).unwrap();
}

/// The board and an observer that verify in batches blame the right ballot and section among honest ones.
#[test]
fn a9_one_forged_ballot_among_honest_ones_is_named() {
    let mut sandbox = every_kind();
    let honest: Vec<_> = [1, 2]
        .map(|voter| {
            let weight = sandbox.voters[voter].weight;
            let sealed = sandbox.seal(voter, &if weight == 1 { answers(1) } else { answers(3) });
            sandbox.cast(voter, &sealed.parts()[0])
        })
        .to_vec();
    let cells = [1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 0];
    let forged = forged(&mut sandbox, 0, &answers(2), (ContestIndex(1), 1), &cells);
    let ballots: [&[u8]; 3] = [&honest[0], &forged, &honest[1]];
    let verdicts = sandbox.state.check_ballots(&ballots, &[7; 32]);
    assert!(verdicts[0].is_ok() && verdicts[2].is_ok());
    let refusal = verdicts[1].as_ref().unwrap_err();
    assert!(refusal.what.starts_with("contest 1, section 1: the proof that each person has exactly one grade"));
}

#[test]
fn a_choice_outside_a_rule_is_not_sealed() {
    use proofs::elgamal::EncryptionKey;
    let mut sandbox = every_kind();
    let rules = sandbox.state.round(FIRST).unwrap().rules().unwrap().clone();
    let key = EncryptionKey::new(rules.binding.joint_key);
    let credential = sandbox.credential(0, FIRST).key();
    let member = voting_core::contest::Entitlement { group: sandbox.voters[0].group, weight: 2 };
    let mut refused = |contest: usize, choice: Choice| {
        let mut choices = answers(2);
        choices[contest] = choice;
        voting_core::ballot::seal(&rules, &key, member, &credential, &choices, &mut sandbox.rng)
            .unwrap_err()
            .to_string()
    };
    assert!(refused(1, Choice::Grades(vec![Some(0); 8])).contains("contest 1: 4 persons have grade 0 for criterion 0"));
    assert!(refused(2, Choice::Points(vec![5, 2, 0])).contains("contest 2: 7 points are given, 6 are there to give"));
    assert!(refused(3, Choice::Points(vec![1, 0, 0])).contains("contest 3: 1 points are given, all 2 must be"));
    assert!(refused(4, Choice::Ranking(vec![None; 4])).contains("contest 4: 4 places are filled in"));
    assert!(refused(5, chosen(&[0])).contains("contest 5: this contest asks for ranks"));
}

/// An opening tells the answers of every kind, and nothing else than what was sealed.
#[test]
fn a16_openings_hold_answers_of_every_kind() {
    use voting_core::ballot::Opening;
    let mut sandbox = every_kind();
    let rules = sandbox.state.round(FIRST).unwrap().rules().unwrap().clone();
    let sealed = sandbox.seal(0, &answers(2));
    let shown = sealed.tracker();
    let (parts, opening) = sealed.reveal();
    let opening = Opening::from_bytes(&opening.expose_bytes()).unwrap();
    assert_eq!(opening.check(&rules, &parts, &shown), Ok(answers(2).as_slice()));
}

/// The largest contests that fit: 500 options, and rankings of 16 in both modes.
#[test]
fn the_largest_contests_are_sealed_and_counted() {
    let list = Selection { min: 0, max: 5, blank: true };
    for kind in [
        Kind::Selection(list),
        ranking(Mode::UnrankedLast, true, true),
        ranking(Mode::RankedOnly, true, true),
        ranking(Mode::RankedOnly, false, true),
    ] {
        let (options, choice) = match &kind {
            Kind::Selection(_) => (500, chosen(&[0, 250, 499])),
            _ => (16, Choice::Ranking((0..16).map(|i| if i % 5 == 0 { None } else { Some(20 - i) }).collect())),
        };
        let large = contest_of(options, kind, &[0, 1], false);
        let bound = part_sizes([(ContestIndex(0), &large)].into_iter()).unwrap();
        let mut sandbox = opened_with(2, vec![large.clone()]);
        let bytes = sandbox.vote(1, std::slice::from_ref(&choice));
        assert!(bound.len() == 1 && bytes.len() <= bound[0] && bound[0] <= tlog::tile::MAX_ENTRY);
        sandbox.vote(0, &[Choice::Blank]);
        sandbox.vote(2, &[Choice::Blank]);
        sandbox.vote(3, &[Choice::Blank]);
        finish(&mut sandbox);
        let report = sandbox.report();
        assert_eq!(report.faults, vec![]);
        let blank = Choice::Blank;
        let expected = plain(&large, &[(3, &choice), (2, &blank), (1, &blank), (1, &blank)]);
        assert_eq!(totals(&report, 0), [expected]);
        eprintln!("{options} options: an entry of {} bytes", bytes.len());
    }
}

/// An evaluation too large for one entry is cast in parts, one criterion behind the other.
#[test]
fn a_large_evaluation_is_cast_in_parts() {
    let rule = Grades {
        criteria: label_digests(1_000, 2),
        grades: label_digests(2_000, 2),
        rows_may_be_blank: true,
        caps: vec![],
        median: false,
    };
    let large = contest_of(169, Kind::Grades(rule), &[0, 1], false);
    let mut sandbox = opened_with(3, vec![large.clone()]);
    let grade = |place: u32| [None, Some(0), Some(1)][place as usize % 3];
    let choice = Choice::Grades((0..338).map(grade).collect());
    let sealed = sandbox.seal(1, std::slice::from_ref(&choice));
    assert_eq!(sealed.parts().len(), 2);
    for entry in sandbox.cast_parts(1, sealed.parts()) {
        sandbox.offer(entry).unwrap();
    }
    sandbox.vote(0, std::slice::from_ref(&choice));
    sandbox.vote(2, &[Choice::Blank]);
    finish(&mut sandbox);
    let report = sandbox.report();
    assert_eq!(report.faults, vec![]);
    assert_eq!(totals(&report, 0), [plain(&large, &[(3, &choice), (2, &choice)])]);
    let Some(Reading::Grades { persons }) = &report.rounds[0].tallies[0].reading else { panic!("no reading") };
    let answered = (0..338).map(|place| if grade(place).is_some() { 5 } else { 0 });
    assert!(persons.iter().flatten().map(|row| row.answered).eq(answered));
}

/// A round of six voters with these weights, each of whom answers as told; the totals must be those added up in plain.
fn count_with_weights(
    contests: &[Contest],
    weights: [u64; 6],
    answers: impl Fn(usize, u64) -> Vec<Choice>,
) -> Vec<Vec<u64>> {
    let mut sandbox = Sandbox::with(4, |fields| {
        fields.rounds.truncate(1);
        fields.rounds[0].contests = contests.to_vec();
        fields.largest_share = (1, 1);
    });
    sandbox.voters.iter_mut().zip(weights).for_each(|(voter, weight)| voter.weight = weight);
    sandbox.ceremony();
    sandbox.roll(FIRST);
    sandbox.open(FIRST);
    let ballots: Vec<_> =
        weights.iter().enumerate().map(|(voter, weight)| (*weight, answers(voter, *weight))).collect();
    for (voter, (_, choices)) in ballots.iter().enumerate() {
        sandbox.vote(voter, choices);
    }
    finish(&mut sandbox);
    let report = sandbox.report();
    assert_eq!(report.faults, vec![]);
    let found = totals(&report, 0);
    for ((position, contest), found) in contests.iter().enumerate().zip(&found) {
        let ballots: Vec<_> = ballots.iter().map(|(weight, choices)| (*weight, &choices[position])).collect();
        assert_eq!(found, &plain(contest, &ballots));
    }
    found
}

/// Cells above 16 bits: points up to a million for ballots of different weights (F1).
#[test]
fn f1_wide_points_are_counted_exactly() {
    let million = contest_of(3, points(1_000_000, Budget::Fixed(1_500_000), false, true), &[0, 1], false);
    let answers = |voter: usize, weight: u64| match voter {
        2 => vec![Choice::Blank],
        _ => vec![Choice::Points(vec![1_000_000, 0, weight * 7_919 % 500_001])],
    };
    // Together a million times a little more than a million: just below 2^40.
    let totals = count_with_weights(&[million], [70_000, 3, 1, 65_535, 900_000, 2], answers);
    assert_eq!(totals[0][0], 1_035_540 * 1_000_000);
    assert_eq!(totals[0][3], 1);
}

/// Holders of very different numbers of votes split them: 16 bits, 17, 31 and 38 in one contest (F1).
#[test]
fn f1_split_mandates_are_counted_exactly() {
    let split = |exact| contest_of(3, points(0, Budget::Weight, exact, true), &[0, 1], false);
    let weights = [1, 65_535, 65_536, 1_970_452_510, 200_000_000_000, 3];
    let answers = |voter: usize, weight: u64| match voter {
        3 => vec![Choice::Blank; 2],
        _ => vec![
            Choice::Points(vec![weight / 3, weight - weight / 3, 0]),
            Choice::Points(vec![0, 0, weight.div_ceil(2)]),
        ],
    };
    let totals = count_with_weights(&[split(true), split(false)], weights, answers);
    assert_eq!(totals[0].iter().sum::<u64>(), weights.iter().sum::<u64>());
    assert_eq!((totals[0][3], totals[1][3]), (weights[3], weights[3]));
}

#[test]
fn f1_forged_wide_cells_are_refused() {
    let split = contest_of(3, points(0, Budget::Weight, true, true), &[0, 1], false);
    let million = contest_of(3, points(1_000_000, Budget::Fixed(3_000_000), false, false), &[0, 1], false);
    let mut sandbox = Sandbox::with(5, |fields| {
        fields.rounds.truncate(1);
        fields.rounds[0].contests = vec![split, million];
    });
    sandbox.voters[0].weight = 100_000;
    sandbox.ceremony();
    sandbox.roll(FIRST);
    sandbox.open(FIRST);
    let answers = [Choice::Points(vec![60_000, 40_000, 0]), Choice::Points(vec![1_000_000, 0, 0])];
    for (contest, cells) in [
        (0, vec![60_001, 40_000, 0, 0]),
        (0, vec![100_001, -1, 0, 0]),
        (0, vec![0, 0, 0, 50_000]),
        (1, vec![1_000_001, 0, 0]),
        (1, vec![1 << 40, 0, 0]),
        (1, vec![1_000_000, 0, -1]),
    ] {
        let bytes = forged(&mut sandbox, 0, &answers, (ContestIndex(contest), 0), &cells);
        let refusal = sandbox.offer(bytes).unwrap_err();
        assert_eq!(refusal.rule, Rule::BallotProof, "{cells:?}");
        assert!(refusal.what.starts_with(&format!("contest {contest}, section 0")), "{}", refusal.what);
    }
    sandbox.vote(0, &answers);
}

/// Real ballots: each keeps every relation, and cells added up in plain read the published totals.
#[test]
fn real_ballots_keep_the_relations_and_read_the_published_totals() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/elections");
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let none = |rank: u64| u32::try_from(rank).ok().filter(|rank| *rank > 0);
    let pairs = |name, mode, key| (name, ranking(mode, true, true), key);
    let cases = [
        ("points-toulouse-2019", points(3, Budget::Fixed(7), false, true), "totals"),
        pairs("ranked-kubernetes-2021", Mode::UnrankedLast, "pairwise_unranked_last"),
        pairs("ranked-kubernetes-2021", Mode::RankedOnly, "pairwise_ranked_only"),
    ];
    for (name, kind, key) in cases {
        let (Some(csv), Some(json)) = (read(&format!("{name}.csv")), read(&format!("{name}.json"))) else {
            eprintln!("SKIPPED: {name} is not in ../shared/elections");
            continue;
        };
        let published: serde_json::Value = serde_json::from_str(&json).unwrap();
        let options = published["options"].as_array().unwrap().len() as u32;
        let contest = contest_of(options, kind.clone(), &[0], false);
        let mut sums = vec![0; contest.cells()];
        let mut ballots = 0;
        for line in csv.lines().skip(1) {
            let numbers: Vec<u64> = line.split(',').skip(2).map(|number| number.parse().unwrap()).collect();
            let choice = match kind {
                Kind::Ranking(_) => Choice::Ranking(numbers.into_iter().map(none).collect()),
                _ => Choice::Points(numbers),
            };
            let values = contest.values(&choice, 1).unwrap().remove(0);
            let signed: Vec<i64> = values.iter().map(|value| *value as i64).collect();
            if ballots % 16 == 0 {
                assert_eq!(contest.broken_by(0, 1, &signed), None);
            }
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
            ballots += 1;
        }
        assert_eq!(ballots, published["ballots"].as_u64().unwrap());
        let found = match contest.read_totals(&sums).unwrap() {
            Reading::Points { options, .. } => serde_json::json!(options),
            Reading::Ranking { before, .. } => serde_json::json!(before),
            other => panic!("{other:?}"),
        };
        assert_eq!(found, published["expected"][key], "{name}");
        eprintln!("{name}: {ballots} ballots read the published {key}");
    }
}

/// Every rule with an exact sum, cast, replaced, counted and decrypted: implied cells are in the totals.
#[test]
fn implied_cells_are_counted_with_weights_and_taken_out() {
    let choose = |min, max, blank| Kind::Selection(Selection { min, max, blank });
    let order = |ranks: [u32; 4]| Choice::Ranking(ranks.map(Some).to_vec());
    let all = vec![
        contest_of(3, choose(1, 1, false), &[0, 1], false),
        contest_of(3, choose(2, 2, true), &[0, 1], false),
        contest_of(1, choose(0, 1, true), &[0, 1], false),
        contest_of(3, points(5, Budget::Fixed(6), true, false), &[0, 1], false),
        contest_of(3, points(5, Budget::Fixed(6), true, true), &[0, 1], false),
        contest_of(4, ranking(Mode::UnrankedLast, false, false), &[0, 1], false),
        contest_of(4, ranking(Mode::UnrankedLast, false, true), &[0, 1], false),
    ];
    let (p, b) = (|v: [u64; 3]| Choice::Points(v.to_vec()), || Choice::Blank);
    let one = vec![
        chosen(&[2]),
        chosen(&[0, 2]),
        chosen(&[0]),
        p([0, 1, 5]),
        p([5, 0, 1]),
        order([4, 3, 2, 1]),
        order([2, 1, 4, 3]),
    ];
    let two = vec![chosen(&[0]), b(), b(), p([5, 1, 0]), b(), order([1, 2, 3, 4]), b()];
    let three = vec![
        chosen(&[1]),
        chosen(&[1, 2]),
        chosen(&[0]),
        p([2, 2, 2]),
        p([1, 1, 4]),
        order([3, 1, 4, 2]),
        order([1, 2, 3, 4]),
    ];
    let mut sandbox = opened_with(5, all.clone());
    sandbox.vote(1, &one);
    sandbox.vote(0, &two);
    sandbox.vote(1, &three);
    sandbox.vote(0, &one);
    sandbox.vote(2, &two);
    finish(&mut sandbox);
    let report = sandbox.report();
    assert_eq!(report.faults, vec![]);
    for ((position, contest), found) in all.iter().enumerate().zip(totals(&report, 0)) {
        let counted = [(3, &three), (2, &one), (1, &two)].map(|(w, a)| (w, &a[position]));
        assert_eq!(found, plain(contest, &counted), "contest {position}");
    }
}

/// Parts with implied cells: earlier parts, and replaced ones, are completed when they are read again.
#[test]
fn implied_cells_in_several_parts_are_counted_and_taken_out() {
    let rule = Grades {
        criteria: label_digests(1_000, 3),
        grades: label_digests(2_000, 2),
        rows_may_be_blank: false,
        caps: vec![],
        median: false,
    };
    let large = contest_of(200, Kind::Grades(rule), &[0, 1], false);
    let mut sandbox = opened_with(3, vec![large.clone()]);
    let answer =
        |shift: u32| Choice::Grades((0..600_u32).map(|i| Some(u32::from((i * i + shift).is_multiple_of(3)))).collect());
    for (voter, shift) in [(1, 0), (0, 1), (1, 2), (2, 1)] {
        let sealed = sandbox.seal(voter, &[answer(shift)]);
        assert!(sealed.parts().len() > 1);
        for entry in sandbox.cast_parts(voter, sealed.parts()) {
            sandbox.offer(entry).unwrap();
        }
    }
    finish(&mut sandbox);
    let report = sandbox.report();
    assert_eq!(report.faults, vec![]);
    assert_eq!(totals(&report, 0), [plain(&large, &[(3, &answer(2)), (2, &answer(1)), (1, &answer(1))])]);
}

/// Ciphertexts whose implied cell is a fraction of what is allowed, negative, or too large, beside a true argument.
#[test]
fn a9_illegal_implied_cells_are_refused_in_every_kind() {
    let choose = |min, max, blank| Kind::Selection(Selection { min, max, blank });
    let all = vec![
        contest_of(3, choose(1, 1, false), &[0, 1], false),
        contest_of(3, choose(2, 2, true), &[0, 1], false),
        contest_of(3, points(5, Budget::Fixed(6), true, true), &[0, 1], false),
        contest_of(3, ranking(Mode::UnrankedLast, false, true), &[0, 1], false),
    ];
    let legal = vec![
        chosen(&[0]),
        chosen(&[0, 1]),
        Choice::Points(vec![5, 1, 0]),
        Choice::Ranking(vec![Some(1), Some(2), Some(3)]),
    ];
    let forgeries: [(u32, &[i64]); 7] = [
        (0, &[1, 1, -1]),
        (0, &[0, 0, 1]),
        (1, &[1, 1, -2, 1]),
        (1, &[0, 0, 2, 0]),
        (2, &[0, 0, 6, 0]),
        (2, &[5, 1, -6, 1]),
        (3, &[1, 1, 0, 1, 0, -1, 1]),
    ];
    for (contest, cells) in forgeries {
        let mut sandbox = opened_with(6, all.clone());
        let bytes = forged(&mut sandbox, 0, &legal, (ContestIndex(contest), 0), cells);
        assert_eq!(sandbox.offer(bytes).unwrap_err().rule, Rule::BallotProof, "{contest} {cells:?}");
    }
    let mut sandbox = opened_with(6, all);
    let bytes = forged(&mut sandbox, 0, &legal, (ContestIndex(0), 0), &[1, 0, 0]);
    sandbox.offer(bytes).unwrap();
}

/// The search for repeats compares what ballots carry: an implied cell may have the first component of another one (A10).
#[test]
fn a10_implied_cells_are_not_compared() {
    use proofs::group::Scalar;
    use voting_core::testing::tamper::with_randomness;
    let mut sandbox = Sandbox::opened(1);
    // Contest 2 carries the cells 0 and 2, with the randomness r and -2r: the implied one has r.
    let bytes = with_randomness(&mut sandbox, 1, |contest, cell| {
        let own = Scalar::from(100 * u64::from(contest) + 9 + u64::from(contest != 2) * cell as u64);
        proofs::secret::SecretScalar::from_scalar(if contest == 2 && cell > 0 { -(own + own) } else { own })
    });
    sandbox.offer(bytes).unwrap();
}
