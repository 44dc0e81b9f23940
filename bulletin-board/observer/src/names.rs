//! Names of rounds, contests, groups and options: from the label file, or numbers counted from 1 where it is gone (A38).

use client::Record;
use voting_core::contest::Contest;
use voting_core::ids::{GroupIndex, LabelDigest, RoundIndex};
use voting_core::labels::Labels;
use voting_core::manifest::Manifest;

/// Manifest and labels of a record.
pub(crate) struct Names {
    pub(crate) manifest: Option<Manifest>,
    labels: Labels,
    language: String,
}

impl Names {
    pub(crate) fn of(record: &Record) -> Self {
        let manifest = record.manifest().ok();
        let language = manifest.as_ref().and_then(|manifest| manifest.languages.first().cloned()).unwrap_or_default();
        Self { manifest, labels: record.labels().unwrap_or_default(), language }
    }

    /// Whether the record has a label file.
    pub(crate) fn has_labels(&self) -> bool {
        !self.labels.is_empty()
    }

    /// A text for a terminal, without control characters and not endless.
    pub(crate) fn text(&self, digest: &LabelDigest, fallback: impl FnOnce() -> String) -> String {
        let text = self.labels.text(digest, &self.language, fallback);
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
    }

    pub(crate) fn contest(&self, round: RoundIndex, contest: usize) -> Option<&Contest> {
        self.manifest.as_ref()?.round(round)?.contests.get(contest)
    }

    /// `round 1`, and its title if it is known.
    pub(crate) fn round_title(&self, round: RoundIndex) -> String {
        let plan = self.manifest.as_ref().and_then(|manifest| manifest.round(round));
        let number = format!("round {}", round.0 + 1);
        titled(number, plan.map(|plan| self.text(&plan.title, String::new)))
    }

    /// `contest 1`, and its title if it is known.
    pub(crate) fn contest_title(&self, round: RoundIndex, contest: usize) -> String {
        let known = self.contest(round, contest);
        titled(format!("contest {}", contest + 1), known.map(|contest| self.text(&contest.title, String::new)))
    }

    /// The group's name.
    pub(crate) fn group(&self, group: GroupIndex) -> String {
        let fallback = || format!("group {}", group.0 + 1);
        let digest = self.manifest.as_ref().and_then(|manifest| manifest.groups.get(group.position()));
        digest.map_or_else(fallback, |digest| self.text(digest, fallback))
    }

    /// The name of an option; behind the last one stands the blank cell.
    pub(crate) fn cell(&self, round: RoundIndex, contest: usize, cell: usize) -> String {
        let fallback = || format!("option {}", cell + 1);
        let Some(contest) = self.contest(round, contest) else { return fallback() };
        match contest.options.get(cell) {
            Some(digest) => self.text(digest, fallback),
            None => "blank".into(),
        }
    }
}

fn titled(number: String, title: Option<String>) -> String {
    match title.filter(|title| !title.is_empty()) {
        Some(title) => format!("{number}, {title}"),
        None => number,
    }
}
