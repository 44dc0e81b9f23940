//! The whole demonstration, and the one object that it prints.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::Serialize;
use tempfile::TempDir;

use crate::account::{Account, Row, number, table};
use crate::cli::Cli;
use crate::data::DataSet;
use crate::election::{Counted, Election};
use crate::failure::Failure;
use crate::programs::{self, Programs};

/// What `--json` prints.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Whether the totals are the expected ones and the record verifies.
    pub ok: bool,
    /// What was voted on.
    pub title: Option<String>,
    /// Lines of the data set that were cast.
    pub ballots: usize,
    /// Ballots on the log, replaced ones included.
    pub ballots_on_log: u64,
    /// The contests.
    pub contests: Vec<ContestSummary>,
    /// How long each phase took.
    pub phases: Vec<Phase>,
    /// The folder of the mirrored record.
    pub record: Option<PathBuf>,
    /// Where the log was served.
    pub log_url: Option<String>,
    /// The log's verifier key (C2SP signed note).
    pub log_vkey: Option<String>,
    /// The event id.
    pub event: Option<String>,
    /// What went wrong.
    pub error: Option<ErrorSummary>,
}

/// One contest of the summary.
#[derive(Clone, Debug, Serialize)]
pub struct ContestSummary {
    /// Its title.
    pub title: String,
    /// Names of the options.
    pub options: Vec<String>,
    /// Published total of each option.
    pub totals: Vec<u64>,
    /// Expected total of each option.
    pub expected: Vec<u64>,
    /// Published weight of blank ballots.
    pub blank: u64,
    /// Expected weight of blank ballots.
    pub expected_blank: u64,
}

/// A phase and its time.
#[derive(Clone, Debug, Serialize)]
pub struct Phase {
    /// Its name.
    pub name: &'static str,
    /// Seconds.
    pub seconds: f64,
}

/// A failure in the summary.
#[derive(Clone, Debug, Serialize)]
pub struct ErrorSummary {
    /// Stable code.
    pub code: String,
    /// Fault.
    pub message: String,
    /// Remedy.
    pub remedy: String,
}

impl Summary {
    /// A summary that says nothing but a failure.
    #[must_use]
    pub fn of_failure(failure: &Failure) -> Self {
        let mut summary = Self::default();
        summary.fail(failure);
        summary
    }

    fn fail(&mut self, failure: &Failure) {
        let Failure { code, fault, remedy, exit: _, tail: _ } = failure.clone();
        self.ok = false;
        self.error = Some(ErrorSummary { code, message: fault, remedy });
    }

    /// Prints it on standard output.
    pub fn print(&self) {
        if let Ok(text) = serde_json::to_string(self) {
            // A closed pipe is no reason to fail.
            let _ = std::io::Write::write_all(&mut std::io::stdout(), format!("{text}\n").as_bytes());
        }
    }
}

/// Measures phases and announces them.
pub(crate) struct Phases {
    account: Account,
    pub(crate) done: Vec<Phase>,
}

impl Phases {
    pub(crate) fn run<T>(
        &mut self,
        name: &'static str,
        heading: &str,
        phase: impl FnOnce() -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if programs::interrupted() {
            return Err(programs::interruption());
        }
        self.account.say(&format!("{:2}. {heading}", self.done.len() + 1));
        let begin = Instant::now();
        let result = phase();
        self.done.push(Phase { name, seconds: begin.elapsed().as_secs_f64() });
        result
    }
}

/// Runs the demonstration and returns the exit code.
#[must_use]
pub fn run(cli: &Cli) -> u8 {
    let account = Account::new(cli.json);
    let mut summary = Summary::default();
    let mut phases = Phases { account, done: Vec::new() };
    let begin = Instant::now();
    let result = demonstrate(cli, account, &mut phases, &mut summary, begin);
    summary.phases = phases.done;
    match result {
        Ok(served) => {
            if cli.json {
                summary.print();
            }
            drop(served); // With --serve this waits for Ctrl-C.
            0
        }
        Err(failure) => {
            eprintln!("{failure}");
            summary.fail(&failure);
            if cli.json {
                summary.print();
            }
            failure.exit
        }
    }
}

/// The folder in which everything happens.
enum Workshop {
    Kept(PathBuf),
    Temporary(TempDir),
}

impl Workshop {
    fn new(keep: Option<&Path>) -> Result<Self, Failure> {
        match keep {
            Some(dir) => {
                let used = fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
                if used || dir.is_file() {
                    let fault = format!("{} exists and is not empty", dir.display());
                    return Err(Failure::unable("output-exists", fault, "name another folder with --keep"));
                }
                fs::create_dir_all(dir).map_err(|error| Failure::io(dir, &error))?;
                let dir = fs::canonicalize(dir).map_err(|error| Failure::io(dir, &error))?;
                Ok(Self::Kept(dir))
            }
            None => {
                let dir = tempfile::Builder::new().prefix("urna-demo-").tempdir();
                dir.map(Self::Temporary).map_err(|error| Failure::io(&std::env::temp_dir(), &error))
            }
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(dir) => dir,
            Self::Temporary(dir) => dir.path(),
        }
    }

    /// Where the record goes: it stays in any case.
    fn record(&self) -> Result<PathBuf, Failure> {
        match self {
            Self::Kept(dir) => Ok(dir.join("record")),
            Self::Temporary(_) => {
                let dir = tempfile::Builder::new().prefix("urna-record-").tempdir();
                let dir = dir.map_err(|error| Failure::io(&std::env::temp_dir(), &error))?;
                Ok(dir.keep().join("record"))
            }
        }
    }
}

/// What still runs with `--serve`. Waits for Ctrl-C when it is dropped, then ends it.
struct Served {
    account: Account,
    serve: bool,
    election: Option<Election>,
    _workshop: Workshop,
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(election) = self.election.as_mut().filter(|_| self.serve) {
            self.account.say(&format!("\nThe board serves the event at {}. Ctrl-C ends it.", election.url()));
            while !programs::interrupted() && election.is_served() {
                sleep(Duration::from_millis(100));
            }
        }
        self.election = None;
    }
}

fn demonstrate(
    cli: &Cli,
    account: Account,
    phases: &mut Phases,
    summary: &mut Summary,
    begin: Instant,
) -> Result<Served, Failure> {
    programs::watch_signals()?;
    let data = DataSet::read(cli.data.as_deref(), cli.ballots)?;
    let workshop = Workshop::new(cli.keep.as_deref())?;
    introduce(&data, account);
    summary.title = Some(data.title.clone());
    summary.ballots = data.ballots.len();

    phases.run("build", "Build the programs (the first time this takes some minutes)", programs::build)?;
    let programs = Programs::find(&workshop.path().join("logs"))?;
    let mut election = Election::start(account, programs, workshop.path(), &data, phases)?;
    summary.event = Some(election.event().to_string());
    summary.log_url = Some(election.log_url());
    summary.log_vkey = Some(election.log_vkey()?);
    summary.ballots_on_log = election.vote(&data, phases)?;
    let record = workshop.record()?;
    let counted = election.count(&record, phases);
    if record.exists() {
        summary.record = Some(record.clone());
    }
    if counted.is_err() && summary.record.is_some() {
        account.say(&format!("\nThe record lies in {}: keep it as evidence", record.display()));
    }
    let counted = counted?;
    summary.contests = vec![ContestSummary {
        title: data.title.clone(),
        options: data.options.clone(),
        totals: counted.totals.clone(),
        expected: data.expected.clone(),
        blank: counted.blank,
        expected_blank: data.expected_blank,
    }];
    conclude(&data, &counted, account)?;
    summary.ok = true;

    account.say("\nTime of each phase");
    for phase in &phases.done {
        account.detail(&format!("{:14} {:8.1} s", phase.name, phase.seconds));
    }
    account.detail(&format!("{:14} {:8.1} s", "all", begin.elapsed().as_secs_f64()));
    account.say(&format!("\nThe record lies in {}", record.display()));
    account.detail(&format!("verify it again:  observer verify {} --event {}", record.display(), election.event()));
    let delete = if cli.keep.is_some() { workshop.path() } else { record.parent().unwrap_or(&record) };
    account.detail(&format!("delete it:        rm -r {}", delete.display()));
    account.detail(&format!("event             {}", election.event()));
    account.detail(&format!("log key           {}", election.log_vkey()?));
    Ok(Served { account, serve: cli.serve, election: Some(election), _workshop: workshop })
}

fn introduce(data: &DataSet, account: Account) {
    account.say(&data.title);
    let (ballots, weight) = (data.ballots.len() as u64, data.weight());
    let weights = if weight == ballots { String::new() } else { format!(" of total weight {}", number(weight)) };
    account.say(&format!(
        "{} of {} real ballots{weights}, {} options, up to {} may be chosen\n",
        number(ballots),
        number(data.lines as u64),
        data.options.len(),
        data.max
    ));
}

/// The table and the verdict.
fn conclude(data: &DataSet, counted: &Counted, account: Account) -> Result<(), Failure> {
    let options = data.options.iter().zip(counted.totals.iter().zip(&data.expected));
    let mut rows: Vec<_> =
        options.map(|(name, (published, expected))| Row { name, published: *published, expected: *expected }).collect();
    rows.push(Row { name: "(blank)", published: counted.blank, expected: data.expected_blank });
    account.say("\nTotals");
    table(&rows).iter().for_each(|line| account.detail(line));
    let equal = counted.totals.len() == data.expected.len() && rows.iter().all(|row| row.published == row.expected);
    if !equal {
        let fault = "the published totals are not those of the data set";
        return Err(Failure::wrong("totals", fault, "look for DIFFERENT in the table; this must never happen"));
    }
    let source =
        if data.compared_with_file { "the CSV file and those that the data set states" } else { "the CSV file" };
    account.detail(&format!("All totals equal those added up in plain from {source}."));
    account.detail(&counted.verdict);
    Ok(())
}

#[cfg(test)]
mod tests;
