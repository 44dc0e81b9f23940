//! Totals, standings and outcomes as tables for people and as JSON for programs.

use serde_json::{Value, json};
use voting_core::contest::Contest;
use voting_core::ids::LabelDigest;
use voting_core::labels::Labels;
use voting_core::record::{RoundReport, TallyReport};

use crate::failure::Failure;
use crate::folder::EventFolder;

/// Words of the labels in one language.
pub(super) struct Tables<'a> {
    folder: &'a EventFolder,
    labels: Labels,
    /// Language tag of labels and sentences.
    pub(super) language: String,
}

impl<'a> Tables<'a> {
    /// Tables of this event in a language, or in its first one.
    pub(super) fn of(folder: &'a EventFolder, language: Option<&str>) -> Result<Self, Failure> {
        let language = language.unwrap_or_else(|| folder.language()).to_owned();
        Ok(Self { folder, labels: folder.labels()?, language })
    }

    /// The text of a label, or the fallback.
    pub(super) fn text(&self, digest: &LabelDigest, fallback: String) -> String {
        self.labels.text(digest, &self.language, || fallback)
    }

    /// Title of a tally's contest, and its group where totals are decrypted for each.
    fn title(&self, contest: &Contest, tally: &TallyReport) -> (String, Option<String>) {
        let group = tally.group.map(|group| {
            let digest = self.folder.manifest.groups.get(group.position());
            digest.map_or_else(String::new, |digest| self.text(digest, format!("group {}", group.0 + 1)))
        });
        (self.text(&contest.title, format!("contest {}", tally.contest.0 + 1)), group)
    }

    /// The lines of one tally; empty while there are no totals.
    fn lines(&self, contest: &Contest, tally: &TallyReport) -> Vec<String> {
        let Some((reading, totals)) = tally.reading.as_ref().zip(tally.totals.as_ref()) else { return Vec::new() };
        let text = |digest: &LabelDigest, fallback: String| self.text(digest, fallback);
        match &tally.standings {
            Some(standings) => standings.lines(contest, reading, &self.language, &text),
            // Totals that no method reads are shown as they are.
            None => {
                let cell = |(cell, total): (usize, &u64)| format!("{total:>14}  {}", contest.cell_text(cell, &text));
                totals.iter().enumerate().map(cell).collect()
            }
        }
    }

    /// The totals of a round and who stands where; empty if there are none.
    pub(super) fn totals(&self, round: &RoundReport) -> String {
        let mut text = String::new();
        for tally in &round.tallies {
            let Some(contest) = round.asks.plan.contests.get(tally.contest.position()) else { continue };
            let (title, group) = self.title(contest, tally);
            let group = group.map(|group| format!(", {group}")).unwrap_or_default();
            if !tally.counted {
                text.push_str(&format!(
                    "\n{title}{group}: not decrypted; {} ballots, or one of them with too much of the weight\n",
                    tally.ballots
                ));
                continue;
            }
            let lines = self.lines(contest, tally);
            if lines.is_empty() {
                continue; // the count is not finished
            }
            text.push_str(&format!("\n{title}{group} ({} ballots, weight {})\n", tally.ballots, tally.weight));
            for line in lines {
                text.push_str(&format!("  {line}\n"));
            }
            if !tally.unanimous_cells.is_empty() {
                text.push_str(
                    "                  note: a number that is 0 or all votes tells how everybody voted there\n",
                );
            }
        }
        text
    }

    /// What the rules made of the totals of a round, in sentences; empty before.
    pub(super) fn outcome(&self, round: &RoundReport) -> String {
        let mut text = String::new();
        if round.outcome.is_none() {
            return text;
        }
        for (title, words) in self.sentences(round) {
            text.push_str(&format!("\n{title}\n"));
            for sentence in words {
                text.push_str(&format!("  {sentence}\n"));
            }
        }
        if let Some(lots) = &round.lots {
            text.push_str(&format!("\npublic value for lots: {lots}\n"));
        }
        text
    }

    /// Title and sentences of each tally that counts.
    fn sentences(&self, round: &RoundReport) -> Vec<(String, Vec<String>)> {
        let text = |digest: &LabelDigest, fallback: String| self.text(digest, fallback);
        let one = |tally: &TallyReport| {
            let contest = round.asks.plan.contests.get(tally.contest.position())?;
            let (title, group) = self.title(contest, tally);
            let group = group.map(|group| format!(", {group}")).unwrap_or_default();
            Some((format!("{title}{group}"), round.outcome_words(tally, &self.language, &text)))
        };
        round.tallies.iter().filter(|tally| tally.counted).filter_map(one).collect()
    }

    /// The totals of a round for programs, with what the rules make of them.
    pub(super) fn json(&self, round: &RoundReport) -> Value {
        let text = |digest: &LabelDigest, fallback: String| self.text(digest, fallback);
        let one = |tally: &TallyReport| {
            let contest = round.asks.plan.contests.get(tally.contest.position());
            let (title, group) = contest.map(|contest| self.title(contest, tally)).unzip();
            let cells = contest.zip(tally.totals.as_ref()).map(|(contest, totals)| {
                let cell =
                    |(cell, total): (usize, &u64)| json!({ "name": contest.cell_text(cell, &text), "votes": total });
                totals.iter().enumerate().map(cell).collect::<Vec<_>>()
            });
            let options = contest.map(|contest| {
                (0..contest.options.len()).map(|option| contest.option_text(option, &text)).collect::<Vec<_>>()
            });
            let outcomes = round.outcome.iter().flatten();
            let outcome = outcomes.clone().find(|own| (own.contest, own.group) == (tally.contest, tally.group));
            json!({
                "contest": tally.contest, "title": title, "group": tally.group, "group_name": group.flatten(),
                "kind": contest.map(|contest| contest.kind.word()), "options": options,
                "ballots": tally.ballots, "counted": tally.counted, "weight": tally.weight, "totals": tally.totals,
                "cells": cells.unwrap_or_default(), "reading": tally.reading, "standings": tally.standings,
                "numbers": tally.tallied.as_ref().map(|tallied| tallied.numbers), "outcome": outcome,
                "words": if tally.counted { round.outcome_words(tally, &self.language, &text) } else { Vec::new() },
            })
        };
        Value::Array(round.tallies.iter().map(one).collect())
    }
}
