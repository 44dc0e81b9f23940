//! The runs, one after another, each on a fresh copy of the event.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::cli::Cli;
use crate::event::{Event, Town};
use crate::failure::Failure;
use crate::generate::{Load, Taken, send};
use crate::measure::{Latency, bytes_of, processor_time, resident};
use crate::programs;
use crate::receipts::Judge;
use crate::reference::verified_per_second;
use crate::report::{Measured, Reference, Report, Restart, Restarts};

/// Open files beside one for each connection.
const OTHER_FILES: u64 = 128;

/// Lets this process, and the board that it starts, open a file for each connection.
fn allow_connections(connections: u32) -> Result<(), Failure> {
    let needed = u64::from(connections) + OTHER_FILES;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let raised = Rlimit { current: Some(maximum.map_or(needed, |maximum| maximum.min(needed))), maximum };
    let granted = setrlimit(Resource::Nofile, raised).is_ok() && maximum.is_none_or(|maximum| maximum >= needed);
    let remedy = "raise the limit of open files (ulimit -n) or take fewer --connections";
    if granted { Ok(()) } else { Err(Failure::unable(format!("{needed} open files are not allowed"), remedy)) }
}

struct Bench<'a> {
    cli: &'a Cli,
    event: Event,
    work: &'a Path,
    judge: Arc<Judge>,
    ballots: Arc<Vec<Vec<u8>>>,
}

/// Does all that the command line asks for.
pub(crate) fn run(cli: &Cli) -> Result<Report, Failure> {
    let tell = |line: &str| eprintln!("{line}");
    allow_connections(cli.connections)?;
    tell("building board and witness");
    programs::build()?;
    let temporary = match &cli.work {
        Some(folder) => {
            fs::create_dir_all(folder).map_err(Failure::io(folder))?;
            tempfile::tempdir_in(folder).map_err(Failure::io(folder))?
        }
        None => tempfile::tempdir().map_err(Failure::io(&std::env::temp_dir()))?,
    };
    let work = temporary.path();
    let prepared = cli.keep.clone().unwrap_or_else(|| work.join("prepared"));
    let mut event = Event::prepare(&prepared, cli.ballots, cli.forged, cli.witnesses, &tell)?;
    let judge = Arc::new(Judge::of(&event.manifest)?);
    let ballots = Arc::new(std::mem::take(&mut event.ballots));
    let bench = Bench { cli, event, work, judge, ballots };
    let mut report = Report::new(cli, bench.ballots.first().map_or(0, Vec::len));
    if !cli.forged {
        tell("reference: verifying batches and nothing else");
        let before = verified_per_second(&bench.event.state, &bench.ballots, 1)?;
        tell("sending to the board");
        let real = bench.measure("all of it", false, None)?;
        tell("reference again");
        let after = verified_per_second(&bench.event.state, &bench.ballots, 2)?;
        report.reference = Some(Reference::of(before, after, &real));
        let rate = cli.rate.or(cli.at.map(|part| part * real.per_second));
        report.runs.push(real);
        if let Some(rate) = rate {
            tell("sending at fixed times");
            report.runs.push(bench.measure("at fixed times", false, Some(rate))?);
        }
    }
    if cli.forged || !cli.only_real {
        tell("sending to a board that leaves out the proofs");
        report.runs.push(bench.measure("without proofs", true, None)?);
    }
    Ok(report)
}

impl Bench<'_> {
    fn measure(&self, name: &'static str, without_proofs: bool, rate: Option<f64>) -> Result<Measured, Failure> {
        let folder = self.work.join("run");
        let town = self.event.start(&folder, without_proofs)?;
        let (journal, index) = (self.event.journal(&folder), folder.join("board").join("index"));
        let address = town.board.url.trim_start_matches("http://").parse();
        let address = address.map_err(|_| Failure::Wrong(format!("{} is no address", town.board.url)))?;
        let load = Load {
            address,
            path: format!("/api/events/{}/entries", self.event.manifest.event()),
            ballots: Arc::clone(&self.ballots),
            connections: self.cli.connections as usize,
            rate,
        };
        let (board, own) = (town.board.id(), std::process::id());
        let look =
            || (resident(board), processor_time(board), processor_time(own), bytes_of(&journal), bytes_of(&index));
        let before = look();
        let Taken { receipts, micros, sampled, refused, example, elapsed } = send(&load, Arc::clone(&self.judge))?;
        let after = look();
        let verified = self.judge.verify_all(&self.ballots, &receipts)?;
        drop(receipts);
        let restarts = self.restarts(town, &folder, without_proofs, rate.is_some())?;
        fs::remove_dir_all(&folder).map_err(Failure::io(&folder))?;
        let seconds = elapsed.as_secs_f64();
        let spent = |after: Option<Duration>, before: Option<Duration>| Some((after? - before?).as_secs_f64());
        let each = |after: u64, before: u64| after.saturating_sub(before) as f64 / (verified.max(1)) as f64;
        Ok(Measured {
            name,
            rate,
            accepted: verified,
            sampled,
            refused,
            refused_example: example,
            seconds,
            per_second: verified as f64 / seconds,
            latency: Latency::of(micros),
            resident_before: before.0,
            resident_after: after.0,
            resident_per_ballot: after.0.zip(before.0).map(|(after, before)| each(after, before)),
            journal_per_ballot: each(after.3, before.3),
            index_per_ballot: each(after.4, before.4),
            board_seconds: spent(after.1, before.1),
            generator_seconds: spent(after.2, before.2),
            restarts,
        })
    }

    /// Ends the board, and starts it again as often as is asked for.
    fn restarts(
        &self,
        town: Town,
        folder: &Path,
        without_proofs: bool,
        skip: bool,
    ) -> Result<Option<Restarts>, Failure> {
        let (stop, _witnesses) = town.stop_board();
        if !self.cli.restart || skip {
            return Ok(None);
        }
        let start = |verify_all: bool| -> Result<Restart, Failure> {
            let board = Event::start_again(folder, without_proofs, verify_all)?;
            let (ready, folded) = (board.ready.as_secs_f64(), Event::folded(folder));
            board.stop();
            Ok(Restart { ready, folded })
        };
        let with_snapshot = start(false)?;
        let verifying_all = if without_proofs { None } else { Some(start(true)?) };
        Ok(Some(Restarts { stop: stop.as_secs_f64(), with_snapshot, verifying_all }))
    }
}
