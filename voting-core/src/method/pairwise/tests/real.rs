//! The election of the Kubernetes steering committee of 2021: 256 ballots with ties and unranked options.

use std::path::PathBuf;

use super::*;

const NAME: &str = "ranked-kubernetes-2021";

/// The text of a data file beside the repository; says loudly if it is not there.
fn data(name: &str) -> Option<String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/elections").join(name);
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        eprintln!("SKIPPED: ../shared/elections/{name} is not here; nothing was compared with it");
    }
    text
}

fn table(manifest: &serde_json::Value, mode: &str) -> Vec<Vec<u64>> {
    serde_json::from_value(manifest["expected"][format!("pairwise_{mode}")].clone()).unwrap()
}

/// Pairwise totals of ballots `voter,weight,rank,..`, 0 for not ranked.
fn count(csv: &str, unranked_last: bool) -> Vec<Vec<u64>> {
    let options = csv.lines().next().unwrap().split(',').count() - 2;
    let mut totals = vec![vec![0; options]; options];
    for line in csv.lines().skip(1) {
        let numbers: Vec<u64> = line.split(',').skip(1).map(|number| number.parse().unwrap()).collect();
        let (weight, ranks) = numbers.split_first().unwrap();
        let before = |i: usize, j: usize| match (ranks[i], ranks[j]) {
            (0, _) => false,
            (_, 0) => unranked_last,
            (one, other) => one < other,
        };
        for (i, row) in totals.iter_mut().enumerate() {
            for (j, total) in row.iter_mut().enumerate() {
                *total += if before(i, j) { *weight } else { 0 };
            }
        }
    }
    totals
}

#[test]
fn kubernetes_steering_committee_2021() {
    let (Some(json), Some(csv)) = (data(&format!("{NAME}.json")), data(&format!("{NAME}.csv"))) else { return };
    let manifest: serde_json::Value = serde_json::from_str(&json).unwrap();
    for mode in ["unranked_last", "ranked_only"] {
        let totals = table(&manifest, mode);
        assert_eq!(count(&csv, mode == "unranked_last"), totals, "{mode}");
        let pairwise = Pairwise::new(totals).unwrap();
        let number = |text: &str| text.trim_start_matches('o').parse::<u32>().unwrap() - 1;
        let expected = OptionIndex(number(manifest["expected"][format!("condorcet_winner_{mode}")].as_str().unwrap()));
        assert_eq!(pairwise.condorcet_winner(), Some(expected), "{mode}");
        assert_eq!(pairwise.smith_set(), [expected]);
        assert_eq!(pairwise.copeland().first(), [expected]);
        for strength in [Strength::WinningVotes, Strength::Margins] {
            assert_eq!(pairwise.schulze(strength).winners(), [expected]);
            assert_eq!(pairwise.ranked_pairs(strength).unwrap().winners(), [expected]);
        }
    }
}
