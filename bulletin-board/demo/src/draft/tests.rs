use rand::rngs::OsRng;
use voting_core::entry::OfficialKey;
use voting_core::manifest::{Manifest, lint};

use super::*;
use crate::cli::Ballots;
use crate::data::{Wanted, read_vote};
use crate::examples::{EXAMPLES, make};

fn manifest(vote: &Vote) -> (Manifest, Vec<String>) {
    let key = || OfficialKey::random(&mut OsRng).public();
    let [log, administrator, registrar] = core::array::from_fn(|_| key());
    let trustees = ["a", "b", "c"].map(|name| (name.to_owned(), key().to_string())).to_vec();
    let keys = Keys { administrator: administrator.to_string(), registrar: registrar.to_string(), trustees };
    let witness = tlog::KeyName::new("witness-1.example/1").unwrap();
    let witness = tlog::cosign::CosigningKey::from_seed(witness, &[7; 32]).verifier();
    let policy = format!("witness w1 {witness} http://127.0.0.1:8090\nquorum w1\n");
    let (text, weaker) = draft(vote, &keys, "127.0.0.1:8080", &policy).unwrap();
    let draft = voting_core::manifest::Draft::from_toml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    (Manifest::new(draft.into_fields(log, &mut OsRng).unwrap().fields).unwrap(), weaker)
}

fn every_finding_is_accepted(manifest: &Manifest, name: &str) {
    for finding in lint(manifest) {
        assert!(manifest.accepted.iter().any(|code| code == finding.code), "{name}: {}", finding.code);
    }
    for code in &manifest.accepted {
        assert!(lint(manifest).iter().any(|finding| finding.code == code), "{name}: {code} is accepted for nothing");
    }
}

/// The voting core takes every answer of the round, and the one that is replaced by it.
fn every_answer_fits(vote: &Vote, manifest: &Manifest, name: &str) {
    let (round, plan) = (&vote.rounds[0], &manifest.rounds[0]);
    for ballot in &round.ballots {
        let weight = vote.members[ballot.member].weight;
        for ((own, planned), row) in round.contests.iter().zip(&plan.contests).zip(&ballot.answers) {
            let Some(row) = row else { continue };
            own.rule.check(row, weight).unwrap();
            planned.values(&own.rule.choice(row), weight).unwrap_or_else(|error| panic!("{name}: {row:?}: {error}"));
            let other = own.rule.other(row, weight);
            assert_ne!(other, *row, "{name}");
            planned
                .values(&own.rule.choice(&other), weight)
                .unwrap_or_else(|error| panic!("{name}: {other:?}: {error}"));
        }
    }
}

#[test]
fn the_draft_is_valid_and_every_finding_is_accepted_by_name() {
    for (ballots, notes) in [(1_000, 3), (5, 4)] {
        let wanted = Wanted { ballots: Some(Ballots::First(ballots)), unranked: None };
        let vote = read_vote(None, wanted).unwrap();
        let (manifest, weaker) = manifest(&vote);
        every_finding_is_accepted(&manifest, "shipped");
        every_answer_fits(&vote, &manifest, "shipped");
        assert_eq!(weaker.len(), notes, "{weaker:?}");
        assert_eq!(manifest.minimum_ballots, 10.min(ballots as u64));
        assert!(manifest.demonstration && !manifest.rounds_may_be_added);
    }
}

#[test]
fn every_example_becomes_a_valid_event_that_takes_its_answers() {
    for example in EXAMPLES.iter().filter(|example| example.name != "split") {
        let vote = make(example.name, None).unwrap();
        let (manifest, _) = manifest(&vote);
        every_finding_is_accepted(&manifest, example.name);
        every_answer_fits(&vote, &manifest, example.name);
        assert_eq!(manifest.rounds_may_be_added, example.name == "chain");
        assert_eq!(manifest.groups.len(), vote.groups.len().max(1));
    }
}

#[test]
fn one_heavy_voter_raises_the_largest_share() {
    let mut vote = make("four-kinds", None).unwrap();
    assert_eq!(manifest(&vote).0.largest_share, (1, 2));
    // More than half of the guests' weight, and little of everybody's: each tally is judged by itself.
    vote.members.last_mut().unwrap().weight = 16;
    let (manifest, weaker) = manifest(&vote);
    assert_eq!(manifest.largest_share, (1, 1));
    assert!(weaker.iter().any(|line| line.contains("half of the weight")));
    every_finding_is_accepted(&manifest, "heavy");
}

#[test]
fn real_data_sets_become_valid_events_where_present() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/elections");
    if !folder.exists() {
        eprintln!("SKIPPED: the folder of real votes is not there");
        return;
    }
    for name in ["points-toulouse-2019", "ranked-kubernetes-2021", "weighted-us-electoral-college-2016"] {
        for unranked in [Unranked::Last, Unranked::Incomparable] {
            let unranked = Some(unranked).filter(|_| name.starts_with("ranked"));
            let vote =
                read_vote(Some(&folder.join(format!("{name}.json"))), Wanted { ballots: None, unranked }).unwrap();
            let (manifest, _) = manifest(&vote);
            every_finding_is_accepted(&manifest, name);
            every_answer_fits(&vote, &manifest, name);
        }
    }
    let weights = folder.join("weighted-beanstalk-bip-5.json");
    let vote = make("split", Some(&weights)).unwrap();
    let (manifest, _) = manifest(&vote);
    every_finding_is_accepted(&manifest, "split");
    every_answer_fits(&vote, &manifest, "split");
}
