//! Alarms: each is given once, and again only after it was over.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use client::ClientError;
use serde_json::json;
use voting_core::ids::{EntryIndex, RoundIndex};
use voting_core::record::Refusal;

use super::now;
use crate::talk::{moment, plain};

/// Longest time that the program of `--command` may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The log signed two trees that contradict each other.
    Fork,
    /// The log offers an older state.
    Rollback,
    /// Too few witnesses cosigned.
    MissingCosignatures,
    /// A checkpoint of another log, or not signed, or with a wrong line of a witness.
    FalseCheckpoint,
    /// Tiles or entries that are not those of the checkpoint.
    FalseData,
    /// An entry that the rules refuse.
    BadEntry,
    /// No answer, or nothing new, for too long while a round is open.
    Stalled,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fork => "fork",
            Self::Rollback => "rollback",
            Self::MissingCosignatures => "missing-cosignatures",
            Self::FalseCheckpoint => "false-checkpoint",
            Self::FalseData => "false-data",
            Self::BadEntry => "bad-entry",
            Self::Stalled => "stalled",
        }
    }
}

/// An alarm.
#[derive(Clone, Debug)]
pub(super) struct Alarm {
    kind: Kind,
    message: String,
    remedy: String,
    evidence: Option<PathBuf>,
    entry: Option<EntryIndex>,
    rule: Option<&'static str>,
}

impl Alarm {
    fn new(kind: Kind, message: String, remedy: String) -> Self {
        Self { kind, message, remedy, evidence: None, entry: None, rule: None }
    }

    /// The alarm that an error means; `None` if nothing could be checked.
    pub(super) fn of(error: &ClientError) -> Option<Self> {
        let kind = match error {
            ClientError::NotAnExtension { proved: true, .. } => Kind::Fork,
            ClientError::NotAnExtension { proved: false, .. } | ClientError::Rollback { .. } => Kind::Rollback,
            ClientError::Witnesses { .. } => Kind::MissingCosignatures,
            ClientError::Checkpoint { .. } | ClientError::OtherEvent { .. } => Kind::FalseCheckpoint,
            ClientError::Log(_) => Kind::FalseData,
            _ => return None,
        };
        let mut alarm = Self::new(kind, error.fault(), error.remedy());
        if let ClientError::NotAnExtension { evidence, .. } = error {
            alarm.evidence = Some(evidence.clone());
        }
        Some(alarm)
    }

    pub(super) fn bad_entry(entry: EntryIndex, refusal: &Refusal) -> Self {
        let message = format!("entry {entry} breaks {}: {} ({})", refusal.rule, refusal.what, refusal.culprit);
        let remedy = "show it to the administrator and to other observers; later entries are copied but not judged: \
                      `observer verify` lists all faults";
        let mut alarm = Self::new(Kind::BadEntry, message, remedy.into());
        (alarm.entry, alarm.rule) = (Some(entry), Some(refusal.rule.id()));
        alarm
    }

    pub(super) fn stalled(round: RoundIndex, why: String) -> Self {
        let message = format!("round {} is open, but {why}", round.0 + 1);
        Self::new(Kind::Stalled, message, "ask the administrator, and members who have just voted".into())
    }

    fn to_json(&self) -> String {
        let object = json!({
            "what": "alarm", "alarm": self.kind.name(), "time": now(), "message": self.message, "remedy": self.remedy,
            "evidence": self.evidence.as_ref().map(|path| path.display().to_string()),
            "entry": self.entry, "rule": self.rule,
        });
        object.to_string()
    }
}

/// The alarms that are on.
pub(super) struct Alarms {
    command: Option<PathBuf>,
    /// Each with whether the last look gave it.
    on: BTreeMap<Kind, bool>,
    /// What was said last of each; the same is not said again while the alarm is on.
    said: BTreeMap<Kind, Option<PathBuf>>,
    json: bool,
}

impl Alarms {
    pub(super) fn new(command: Option<PathBuf>, json: bool) -> Self {
        Self { command, on: BTreeMap::new(), said: BTreeMap::new(), json }
    }

    /// A look begins.
    pub(super) fn begin(&mut self) {
        self.on.values_mut().for_each(|given| *given = false);
    }

    /// The look had no answer: what was wrong before is still wrong.
    pub(super) fn hold(&mut self) {
        self.on.values_mut().for_each(|given| *given = true);
    }

    /// A look ended: the alarms that are over.
    pub(super) fn end(&mut self) -> Vec<Kind> {
        let over: Vec<Kind> = self.on.iter().filter(|(_, given)| !**given).map(|(kind, _)| *kind).collect();
        for kind in &over {
            self.on.remove(kind);
            self.said.remove(kind);
        }
        over
    }

    /// Whether an alarm is on.
    pub(super) fn any(&self) -> bool {
        !self.on.is_empty()
    }

    /// Whether there was a fork: nothing that follows can be believed.
    pub(super) fn is_forked(&self) -> bool {
        self.on.contains_key(&Kind::Fork)
    }

    /// Gives an alarm, unless it is on already. Returns it as a line of JSON if it was given.
    pub(super) fn raise(&mut self, alarm: Alarm, notes: &mut dyn Write) -> Option<String> {
        let known = self.on.insert(alarm.kind, true).is_some();
        if known && self.said.get(&alarm.kind) == Some(&alarm.evidence) {
            return None;
        }
        self.said.insert(alarm.kind, alarm.evidence.clone());
        let (name, time) = (alarm.kind.name(), moment(now()));
        // A terminal that is gone is no reason to stop.
        let _ = writeln!(notes, "{time}  ALARM[{name}]: {}\n  remedy: {}", plain(&alarm.message), alarm.remedy);
        let line = alarm.to_json();
        if let Some(command) = &self.command
            && let Err(why) = call(command, name, &line)
        {
            let _ = writeln!(notes, "{time}  note: {} failed: {why}", command.display());
        }
        self.json.then_some(line)
    }
}

/// Runs the program of `--command` with the alarm on its standard input, and waits for it, but not for ever.
fn call(command: &PathBuf, name: &str, line: &str) -> Result<(), String> {
    let spawned = Command::new(command).arg(name).stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
    let mut child = spawned.map_err(|why| why.to_string())?;
    if let Some(mut input) = child.stdin.take() {
        // A program that does not read its input is fine.
        let _ = writeln!(input, "{line}");
    }
    let begun = Instant::now();
    loop {
        match child.try_wait().map_err(|why| why.to_string())? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(status.to_string()),
            None if begun.elapsed() >= PATIENCE => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("it took more than {} seconds", PATIENCE.as_secs()));
            }
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}
