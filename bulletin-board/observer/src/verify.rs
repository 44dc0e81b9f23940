//! `observer verify`

use std::io::Write;
use std::time::{Duration, Instant};

use client::{ClientError, Progress, Record};
use rand::RngCore as _;
use rand::rngs::OsRng;
use serde::Serialize;
use voting_core::ids::EventId;
use voting_core::record::{Report, verify_record};

use crate::cli::VerifyArgs;
use crate::failure::{Failure, Outcome};
use crate::floor::{self, Floor};
use crate::mirror::folder;
use crate::names::Names;
use crate::talk::Bar;
use crate::{report, rules, statement};

/// Where the event id comes from: the only thing that is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Trust {
    /// The caller gave it.
    Given,
    /// The caller gave a card.
    Card,
    /// The address names it.
    Address,
    /// Entry 0 of the folder says so itself.
    Folder,
}

impl Trust {
    /// The word for programs and statements.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Card => "card",
            Self::Address => "address",
            Self::Folder => "folder",
        }
    }
}

/// What the verification took.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Times {
    /// Seconds spent on fetching and reading.
    pub(crate) read_seconds: f64,
    /// Seconds spent on verifying.
    pub(crate) verify_seconds: f64,
    /// Entries verified in a second.
    pub(crate) entries_per_second: f64,
    /// Most memory that the process had at one time, where the system tells.
    pub(crate) peak_memory_bytes: Option<u64>,
    /// Threads that verified.
    pub(crate) threads: usize,
}

/// Everything that is printed.
#[derive(Serialize)]
pub(crate) struct Verification {
    #[serde(flatten)]
    pub(crate) report: Report,
    pub(crate) trust: Trust,
    pub(crate) times: Times,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) floor: Option<Floor>,
}

pub(crate) fn run(args: &VerifyArgs, out: &mut dyn Write) -> Result<Outcome, Failure> {
    let begun = Instant::now();
    let card = args.card.as_deref().map(rules::card).transpose()?;
    if let Some(to) = args.statement.as_ref().filter(|to| to.exists()) {
        // Verifying may take an hour: say it before.
        return Err(Failure::File(to.clone(), std::io::ErrorKind::AlreadyExists.into()));
    }
    let (dir, _temporary) = folder(&args.source)?;
    let record = Record::open(&dir)?;
    let (event, trust) = match (&card, args.event, args.source.event()?) {
        (Some(card), ..) => (card.event(), Trust::Card),
        (None, Some(event), _) => (event, Trust::Given),
        (None, None, Some(event)) => (event, Trust::Address),
        (None, None, None) => (record.event()?, Trust::Folder),
    };
    // Of another event's record the report says so; of this one the card must say what its manifest says.
    if let Some(card) = card.filter(|_| record.event().is_ok_and(|found| found == event)) {
        card.check(&record.manifest()?).map_err(|error| rules::refused_card(&error))?;
    }
    let fetched = begun.elapsed();

    let (report, mut times) = verify(&record, &event)?;
    times.read_seconds += fetched.as_secs_f64();
    let floor = args.floor.then(|| floor::measure(&record, times.verify_seconds)).transpose()?;
    if let (Some(key), Some(name), Some(to)) = (&args.sign, &args.name, &args.statement) {
        statement::sign(&report, record.checkpoint(), trust, key, name, to)?;
    }
    let verification = Verification { report, trust, times, floor };
    let written = if args.json {
        serde_json::to_writer(&mut *out, &verification).map_err(Into::into).and_then(|()| writeln!(out))
    } else {
        let names = Names::of(&record, args.language.as_deref());
        report::print(&verification, &names, args.card.as_deref(), out).and_then(|()| match &args.statement {
            Some(to) => writeln!(out, "The signed statement is in {}.", to.display()),
            None => Ok(()),
        })
    };
    written.map_err(Failure::Output)?;
    Ok(if verification.report.holds { Outcome::Holds } else { Outcome::Refused })
}

/// Verifies a record in a folder. A record that can't be read to its end has no verdict.
fn verify(record: &Record, event: &EventId) -> Result<(Report, Times), Failure> {
    let mut entropy = [0; 32];
    OsRng.fill_bytes(&mut entropy);
    let total = record.size();
    let bar = Bar::new("verifying");
    let mut failed: Option<ClientError> = None;
    let mut reading = Duration::ZERO;
    let mut entries = record.entries();
    let begun = Instant::now();
    let readable = core::iter::from_fn(|| {
        let begun = Instant::now();
        let entry = entries.next();
        reading += begun.elapsed();
        match entry? {
            Ok(entry) => Some(entry),
            Err(error) => {
                failed = Some(error);
                None
            }
        }
    });
    let report = verify_record(event, record.checkpoint(), readable, record, &entropy, |done| {
        bar.show(Progress { done, total })
    });
    let verifying = begun.elapsed().saturating_sub(reading).as_secs_f64();
    if let Some(error) = failed {
        return Err(error.into());
    }
    let times = Times {
        read_seconds: reading.as_secs_f64(),
        verify_seconds: verifying,
        entries_per_second: if verifying > 0.0 { report.checked.entries as f64 / verifying } else { 0.0 },
        peak_memory_bytes: peak_memory(),
        threads: rayon::current_num_threads(),
    };
    Ok((report, times))
}

/// The high-water mark of resident memory, where /proc tells it.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1_024)
}
