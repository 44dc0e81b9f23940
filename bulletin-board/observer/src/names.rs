//! Names of rounds, contests, groups and options: from the label file, or numbers counted from 1 where it is gone (A38).

use client::Record;
use voting_core::contest::Contest;
use voting_core::ids::{GroupIndex, LabelDigest, RoundIndex};
use voting_core::labels::Labels;
use voting_core::manifest::{Manifest, RoundPlan};

/// Manifest and labels of a record.
pub(crate) struct Names {
    pub(crate) manifest: Option<Manifest>,
    labels: Labels,
    /// Language of labels and sentences.
    pub(crate) language: String,
}

impl Names {
    /// Names in this language, or in the first one of the manifest.
    pub(crate) fn of(record: &Record, language: Option<&str>) -> Self {
        let manifest = record.manifest().ok();
        let first = || manifest.as_ref().and_then(|manifest| manifest.languages.first().cloned());
        let language = language.map(str::to_owned).or_else(first).unwrap_or_default();
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

    /// `round 1`, and its title if it is known.
    pub(crate) fn round_title(&self, round: RoundIndex, plan: &RoundPlan) -> String {
        titled(format!("round {}", round.0 + 1), self.text(&plan.title, String::new))
    }

    /// `contest 1`, and its title if it is known.
    pub(crate) fn contest_title(&self, index: usize, contest: &Contest) -> String {
        titled(format!("contest {}", index + 1), self.text(&contest.title, String::new))
    }

    /// The group's name.
    pub(crate) fn group(&self, group: GroupIndex) -> String {
        let fallback = || format!("group {}", group.0 + 1);
        let digest = self.manifest.as_ref().and_then(|manifest| manifest.groups.get(group.position()));
        digest.map_or_else(fallback, |digest| self.text(digest, fallback))
    }

    /// The name of an option.
    pub(crate) fn option(&self, contest: &Contest, option: usize) -> String {
        contest.option_text(option, &|digest, fallback| self.of_label(digest, fallback))
    }

    /// The text of a label for the functions of `voting-core`.
    pub(crate) fn of_label(&self, digest: &LabelDigest, fallback: String) -> String {
        self.text(digest, || fallback)
    }

    /// What a cell counts.
    pub(crate) fn cell(&self, contest: &Contest, cell: usize) -> String {
        contest.cell_text(cell, &|digest, fallback| self.of_label(digest, fallback))
    }
}

fn titled(number: String, title: String) -> String {
    if title.is_empty() { number } else { format!("{number}, {title}") }
}
