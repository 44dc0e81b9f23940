//! The examples of the handbook are drafts that `office election check` accepts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fs;
use std::path::Path;

use common::{draft, folder, office};
use voting_core::entry::OfficialKey;

/// The blocks of a page between "```toml" and "```".
fn blocks(page: &str) -> Vec<String> {
    let parts = page.split("```toml\n").skip(1);
    parts.map(|part| part.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_example_of_the_handbook_is_a_valid_draft() {
    let (dir, keys) = folder();
    let trustees = [1, 2, 3].map(|i| OfficialKey::from_seed(&[i; 32]).public().to_string());
    let valid = draft("votes.example.org", &keys, &trustees);
    let (before, _) = valid.split_once("[[round.contest]]").unwrap();
    let before = before.replace("demonstration = true", "demonstration = true\nrounds_may_be_added = true");
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/handbook-office.md");
    let blocks = blocks(&fs::read_to_string(page).unwrap());
    let mut kinds = Vec::new();
    for block in &blocks {
        let text = if block.contains("[event]") {
            // The whole draft, with keys in place of the words for them.
            let mut text = block.replacen("PUBLIC KEY", &keys[0], 1).replacen("PUBLIC KEY", &keys[1], 1);
            for key in &trustees {
                text = text.replacen("PUBLIC KEY", key, 1);
            }
            text
        } else if block.starts_with('[') && !block.starts_with("[[round") {
            // A table of its own beside those of the draft.
            format!("{valid}\n{block}")
        } else {
            format!("{before}{block}")
        };
        fs::write(dir.path().join("draft.toml"), &text).unwrap();
        let said = office(dir.path(), &["election", "check", "draft.toml", "--accept", "small-ballots-for-kind"]);
        assert_eq!(said.code, 0, "{block}\n{said:?}");
        kinds.extend(
            ["selection", "grades", "points", "ranking"]
                .into_iter()
                .filter(|kind| block.contains(&format!("kind = \"{kind}\""))),
        );
    }
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds, ["grades", "points", "ranking", "selection"], "an example of each kind");
}
