//! Totals as tables for people and as JSON for programs.

use serde_json::{Value, json};
use voting_core::contest::Reading;
use voting_core::labels::Labels;
use voting_core::record::{RoundReport, TallyReport};

use crate::folder::EventFolder;

struct Rows {
    title: String,
    group: Option<String>,
    options: Vec<(String, u64)>,
    blank: Option<u64>,
}

fn rows(folder: &EventFolder, labels: &Labels, round: &RoundReport, tally: &TallyReport) -> Option<Rows> {
    let plan = folder.manifest.round(round.index)?;
    let contest = plan.contests.get(tally.contest.position())?;
    let (options, blank) = match tally.reading.as_ref() {
        Some(Reading::Selection { options, blank }) => (options.as_slice(), *blank),
        None => (&[][..], None),
    };
    let text = |digest, fallback: String| labels.text(digest, folder.language(), || fallback);
    let named = contest.options.iter().zip(options).enumerate();
    let named = named.map(|(i, (digest, votes))| (text(digest, format!("option {}", i + 1)), *votes));
    let group = tally.group.map(|group| {
        let digest = folder.manifest.groups.get(group.position());
        digest.map_or_else(String::new, |digest| text(digest, format!("group {}", group.0 + 1)))
    });
    Some(Rows {
        title: text(&contest.title, format!("contest {}", tally.contest.0 + 1)),
        group,
        options: named.collect(),
        blank,
    })
}

/// The totals of a round as text; empty if there are none.
pub(super) fn totals(folder: &EventFolder, labels: &Labels, round: &RoundReport) -> String {
    let mut text = String::new();
    for tally in &round.tallies {
        let Some(Rows { title, group, options, blank }) = rows(folder, labels, round, tally) else { continue };
        let group = group.map(|group| format!(", {group}")).unwrap_or_default();
        if !tally.counted {
            text.push_str(&format!(
                "\n{title}{group}: not decrypted; {} ballots, or one of them with too much of the weight\n",
                tally.ballots
            ));
            continue;
        }
        if options.is_empty() {
            continue; // the count is not finished
        }
        text.push_str(&format!("\n{title}{group} ({} ballots, weight {})\n", tally.ballots, tally.weight));
        let blank = blank.map(|blank| ("blank".to_owned(), blank));
        for (name, votes) in options.into_iter().chain(blank) {
            text.push_str(&format!("{votes:>16}  {name}\n"));
        }
        if !tally.unanimous_cells.is_empty() {
            text.push_str("                  note: a line with 0 or with all votes tells how everybody voted there\n");
        }
    }
    text
}

/// The totals of a round for programs.
pub(super) fn json(folder: &EventFolder, labels: &Labels, round: &RoundReport) -> Value {
    let one = |tally: &TallyReport| {
        let rows = rows(folder, labels, round, tally);
        let options = rows.iter().flat_map(|rows| &rows.options);
        let options: Vec<_> = options.map(|(name, votes)| json!({ "name": name, "votes": votes })).collect();
        json!({
            "contest": tally.contest, "title": rows.as_ref().map(|rows| rows.title.clone()), "group": tally.group,
            "ballots": tally.ballots, "counted": tally.counted, "weight": tally.weight, "totals": tally.totals, "options": options,
            "blank": rows.and_then(|rows| rows.blank),
        })
    };
    Value::Array(round.tallies.iter().map(one).collect())
}
