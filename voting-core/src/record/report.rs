//! What verification found: every fault, what was checked and how often, and what was not checked.

use serde::Serialize;

use super::state::{CeremonyStatus, Round, State};
use super::{Culprit, Refusal, Rule, Standings};
use crate::contest::{Contest, Reading, TextOf};
use crate::entry::{Author, Totals};
use crate::ids::{ContestIndex, EventId, GroupIndex, LabelDigest, RoundId, RoundIndex, TrusteeIndex};
use crate::manifest::RoundPlan;
use crate::outcome::{self, Cause, ContestOutcome, Language, OutcomeRule, Tallied, Verdict};
use crate::record::state::Ending;
use crate::tally::Tally;

/// A broken rule, with the culprit and where the evidence stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Id of the rule.
    pub rule: &'static str,
    /// What the rule demands.
    pub must: &'static str,
    /// Who broke it: always the board for an entry on the log, and its author where a valid signature proves it.
    pub culprit: String,
    /// What is wrong.
    pub what: String,
    /// The entry that is the evidence; none if it concerns the record as a whole.
    pub entry: Option<u64>,
    /// Leaf hash of that entry, in hexadecimal digits.
    pub leaf: Option<String>,
}

impl Fault {
    /// A fault of the record as a whole.
    #[must_use]
    pub fn of_record(rule: Rule, what: impl Into<String>) -> Self {
        let culprit = Culprit::Board.to_string();
        Self { rule: rule.id(), must: rule.must(), culprit, what: what.into(), entry: None, leaf: None }
    }

    /// A fault of one entry.
    #[must_use]
    pub fn of_entry(refusal: &Refusal, entry: u64, bytes: &[u8]) -> Self {
        // Whoever writes bytes on the log can name any credential in them, and old ballots can be repeated: only an author
        // whose signature holds is accused, and always the board, which had to refuse the entry.
        let culprit = match refusal.culprit {
            Culprit::Author(Author::Board) | Culprit::Board | Culprit::Voter(_) => Culprit::Board.to_string(),
            Culprit::Author(author) => format!("{author}, and the board that took it"),
        };
        Self {
            rule: refusal.rule.id(),
            must: refusal.rule.must(),
            culprit,
            what: refusal.what.clone(),
            entry: Some(entry),
            leaf: Some(tlog::hash::leaf_hash(bytes).to_string()),
        }
    }
}

/// How many of each were checked and hold (A35).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Entries read, entry 0 included.
    pub entries: u64,
    /// Bytes of all entries.
    pub bytes: u64,
    /// Entries signed by officials, trustees and board.
    pub signatures: u64,
    /// Ballots with valid proofs, signature and place in their chain.
    pub ballots: u64,
    /// Arguments about contests on these ballots.
    pub arguments: u64,
    /// Members of all rolls.
    pub members: u64,
    /// Trustees who confirmed the joint key.
    pub confirmations: u64,
    /// Partial decryptions.
    pub partial_decryptions: u64,
    /// Totals recomputed from partial decryptions.
    pub totals: u64,
    /// Outcomes recomputed from totals.
    pub outcomes: u64,
}

/// Where a round stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundStatus {
    /// Not started.
    Planned,
    /// Ballots are accepted.
    Voting,
    /// Closed, waiting for the count.
    Counting,
    /// Has a result.
    Result,
    /// Ended without a result, too few ballots.
    NotCounted,
    /// Cancelled with the event.
    Cancelled,
    /// Never held.
    Dropped,
}

/// One tally of a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TallyReport {
    /// The contest.
    pub contest: ContestIndex,
    /// The group, where totals are decrypted for each.
    pub group: Option<GroupIndex>,
    /// Distinct credentials that count.
    pub ballots: u64,
    /// Sum of their weights.
    pub weight: u64,
    /// Whether it is decrypted: enough ballots, and no credential with too much weight.
    pub counted: bool,
    /// Total of each cell.
    pub totals: Option<Vec<u64>>,
    /// What the totals mean.
    pub reading: Option<Reading>,
    /// Who stands where by the totals.
    pub standings: Option<Standings>,
    /// What the rule of the contest is applied to: the six numbers, votes and places.
    pub tallied: Option<Tallied>,
    /// Cells whose total is 0 or the whole weight: they tell how everybody voted (A36, M12).
    pub unanimous_cells: Vec<usize>,
}

/// What a round asks: digests, whose texts stand in the label file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asks {
    /// The plan, in full for programs in Rust.
    pub plan: RoundPlan,
}

impl Serialize for Asks {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Question<'a> {
            title: &'a LabelDigest,
            options: &'a [LabelDigest],
            kind: &'static str,
        }
        #[derive(Serialize)]
        struct View<'a> {
            title: &'a LabelDigest,
            contests: Vec<Question<'a>>,
        }
        let mut contests = Vec::new();
        for Contest { title, options, kind, .. } in &self.plan.contests {
            contests.push(Question { title, options, kind: kind.word() });
        }
        View { title: &self.plan.title, contests }.serialize(serializer)
    }
}

/// A round in the report and in the board's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoundReport {
    /// Position in the event.
    pub index: RoundIndex,
    /// Its id once it has started.
    pub id: Option<RoundId>,
    /// Where it stands.
    pub status: RoundStatus,
    /// Members on the roll.
    pub entitled: u64,
    /// Sum of their weights.
    pub weight: u64,
    /// Whether the roll is complete.
    pub roll_closed: bool,
    /// Ballots on the log, replaced ones included.
    pub ballots: u64,
    /// Credentials that cast: turnout.
    pub turnout: u64,
    /// Size of the closing checkpoint.
    pub closing_size: Option<u64>,
    /// Root of the closing checkpoint, in hexadecimal digits.
    pub closing_root: Option<String>,
    /// Title and contests, as digests of their labels.
    #[serde(flatten)]
    pub asks: Asks,
    /// For a follow-up round the one whose outcome calls for it.
    pub cause: Option<RoundId>,
    /// What the rules of the manifest make of the totals, once it stands on the log.
    pub outcome: Option<Vec<ContestOutcome>>,
    /// The public value that settled ties by lots, in hexadecimal digits.
    pub lots: Option<String>,
    /// Planned start, in seconds since 1970-01-01 UTC; 0 for a follow-up round that has not started.
    pub opens: u64,
    /// Planned end.
    pub closes: u64,
    /// When it was started, by the administrator's clock.
    pub started_at: Option<u64>,
    /// When the board closed it, by the board's clock.
    pub closed_at: Option<u64>,
    /// Whether one of these claims differs from the plan by more than the grace of the manifest.
    pub outside_schedule: bool,
    /// Trustees who posted their parts.
    pub decrypted_by: Vec<TrusteeIndex>,
    /// Its tallies.
    pub tallies: Vec<TallyReport>,
}

/// The verdict on a record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether every rule holds.
    pub holds: bool,
    /// The event.
    pub event: EventId,
    /// Words of the event (A22).
    pub event_words: String,
    /// Origin of the log.
    pub origin: Option<String>,
    /// Entries that the checkpoint covers.
    pub size: u64,
    /// Root of the checkpoint, in hexadecimal digits.
    pub root: Option<String>,
    /// Whether every round has ended.
    pub finished: bool,
    /// Whether this is a demonstration.
    pub demonstration: bool,
    /// Everything that is wrong.
    pub faults: Vec<Fault>,
    /// What was checked.
    pub checked: Counts,
    /// The ceremony.
    pub ceremony: Option<CeremonyStatus>,
    /// The rounds.
    pub rounds: Vec<RoundReport>,
    /// What this verification cannot tell.
    pub not_checked: Vec<&'static str>,
}

/// What no observer can verify from the record; part of every report.
pub const NOT_CHECKED: &[&str] = &[
    "whether credentials belong to real members: that rests on the registrar",
    "whether a voter's device sealed what the voter chose: voters test that themselves",
    "whether a second factor was asked for: the board alone enforces it",
    "whether the times that officials and board claim are true, and whether the dispute period was kept",
    "whether fewer than the needed number of trustees kept their shares to themselves",
    "whether as many members were present and excused as the registrar stated",
    "whether a public value for lots is the one that was announced, and came after the voting",
];

fn tally_report(
    counting: &super::state::Counting,
    tally: &Tally,
    totals: Option<&Totals>,
    tallied: Option<&Tallied>,
) -> TallyReport {
    let contest = counting.rules().contests().get(tally.contest.position());
    let totals = totals.filter(|_| tally.counted).map(|totals| totals.0.clone());
    let reading = totals.as_deref().zip(contest).and_then(|(totals, rules)| rules.contest.read_totals(totals));
    let standings = reading.as_ref().zip(contest);
    let standings = standings.and_then(|(reading, rules)| Standings::of(&rules.contest, reading, tally.weight));
    let extreme = |total: &u64| *total == 0 || *total == tally.weight;
    let cells = totals.iter().flatten().enumerate().filter(|(_, total)| extreme(total)).map(|(cell, _)| cell);
    TallyReport {
        contest: tally.contest,
        group: tally.group,
        ballots: tally.ballots,
        weight: tally.weight,
        counted: tally.counted,
        reading,
        standings,
        tallied: tallied.cloned(),
        unanimous_cells: cells.collect(),
        totals,
    }
}

impl RoundReport {
    /// What the rule of a contest made of one of this round's tallies, in sentences: Simplified Chinese for `zh-CN`, else
    /// English. Before the outcome stands on the log only the six numbers; nothing before there is a result.
    #[must_use]
    pub fn outcome_words(&self, tally: &TallyReport, language: &str, text: &TextOf<'_>) -> Vec<String> {
        let contest = self.asks.plan.contests.get(tally.contest.position());
        let Some((contest, tallied)) = contest.zip(tally.tallied.as_ref()) else { return Vec::new() };
        let name = |option: crate::ids::OptionIndex| contest.option_text(option.position(), text);
        let own = |outcome: &&ContestOutcome| (outcome.contest, outcome.group) == (tally.contest, tally.group);
        if let Some(outcome) = self.outcome.iter().flatten().find(own) {
            return outcome::words(&contest.outcome, outcome, tallied, &name, language);
        }
        let open = ContestOutcome {
            contest: tally.contest,
            group: tally.group,
            numbers: tallied.numbers,
            verdict: Verdict::TotalsOnly,
            follow_up: None,
        };
        let mut words = outcome::words(&OutcomeRule::totals_only(), &open, tallied, &name, language);
        words.truncate(1); // the numbers come first
        words
    }

    /// Why a follow-up round is held and which of `rounds` calls for it: "run-off, called for by round 1". `None` for a round
    /// of the manifest.
    #[must_use]
    pub fn cause_words(&self, rounds: &[Self], language: &str) -> Option<String> {
        let wanted = self.cause?;
        let causing = rounds.iter().find(|round| round.id == Some(wanted))?;
        let follow_ups = causing.outcome.iter().flatten().filter_map(|outcome| outcome.follow_up.as_ref());
        let mut causes: Vec<Cause> = Vec::new();
        for follow_up in follow_ups {
            if !causes.contains(&follow_up.cause) {
                causes.push(follow_up.cause);
            }
        }
        let number = causing.index.0 + 1;
        Some(match Language::of(language) {
            Language::English => {
                let word = |cause: &Cause| match cause {
                    Cause::Tie => "run-off",
                    Cause::Vacancy => "new vote on vacant seats",
                    Cause::NextStage => "formal election",
                };
                let words: Vec<_> = causes.iter().map(word).collect();
                format!("{}, called for by round {number}", words.join(" and "))
            }
            Language::Chinese => {
                let word = |cause: &Cause| match cause {
                    Cause::Tie => "再次投票",
                    Cause::Vacancy => "空缺名额的另行选举",
                    Cause::NextStage => "正式选举",
                };
                let words: Vec<_> = causes.iter().map(word).collect();
                format!("{}（依据第{number}轮的选举结论）", words.join("、"))
            }
        })
    }
}

impl State {
    /// A round as reports and the board's state show it.
    #[must_use]
    pub fn round_report(&self, index: RoundIndex) -> Option<RoundReport> {
        let round = self.round(index)?;
        let roll = self.roll(index)?;
        let counting = round.closed();
        let ending = counting.and_then(super::state::Counting::ending);
        let status = match (round, ending) {
            (_, Some(Ending::Result(_))) => RoundStatus::Result,
            (_, Some(Ending::NotCounted)) => RoundStatus::NotCounted,
            (Round::Planned | Round::Open(_), None) if self.is_cancelled() => RoundStatus::Cancelled,
            (Round::Dropped, _) => RoundStatus::Dropped,
            (Round::Planned, None) => RoundStatus::Planned,
            (Round::Open(_), None) => RoundStatus::Voting,
            (Round::Closed(_), None) => RoundStatus::Counting,
        };
        let totals = match ending {
            Some(Ending::Result(result)) => result.totals.as_slice(),
            Some(Ending::NotCounted) | None => &[],
        };
        let tallied = self.tallied(index).unwrap_or_default();
        let tallied = |tally: &Tally| {
            let same = |(contest, group, _): &&(ContestIndex, Option<GroupIndex>, Tallied)| {
                (*contest, *group) == (tally.contest, tally.group)
            };
            tallied.iter().find(same).map(|(_, _, tallied)| tallied)
        };
        let tallies = counting.into_iter().flat_map(|counting| {
            let reports = counting.tallies().iter().enumerate();
            reports.map(|(i, tally)| tally_report(counting, tally, totals.get(i), tallied(tally))).collect::<Vec<_>>()
        });
        let outcome = counting.and_then(super::state::Counting::outcome);
        let planned = self.plan(index)?;
        let plan = &planned.plan;
        let started_at = round.open().map(super::state::Voting::started_at);
        let started_at = started_at.or_else(|| counting.map(super::state::Counting::started_at));
        let closed_at = counting.map(super::state::Counting::closed_at);
        let differs = |claim: Option<u64>, planned: u64| {
            claim.is_some_and(|claim| claim.abs_diff(planned) > self.manifest().grace_seconds)
        };
        Some(RoundReport {
            index,
            asks: Asks { plan: plan.clone() },
            cause: planned.cause,
            outcome: outcome.map(|outcome| outcome.contests.clone()),
            lots: outcome.and_then(|outcome| outcome.lots).map(hex::encode),
            opens: plan.opens,
            closes: plan.closes,
            started_at,
            outside_schedule: differs(started_at, plan.opens) || differs(closed_at, plan.closes),
            id: round.id(),
            status,
            entitled: roll.entitled(),
            weight: roll.weight(),
            roll_closed: roll.is_closed(),
            ballots: round.ballots(),
            turnout: round.turnout(),
            closing_size: counting.map(|counting| counting.closing().size),
            closing_root: counting.map(|counting| counting.closing().root.to_string()),
            closed_at,
            decrypted_by: counting.map(|counting| counting.parts().keys().copied().collect()).unwrap_or_default(),
            tallies: tallies.collect(),
        })
    }

    /// All rounds as reports and the board's state show them.
    #[must_use]
    pub fn round_reports(&self) -> Vec<RoundReport> {
        self.rounds().filter_map(|(index, _)| self.round_report(index)).collect()
    }
}
