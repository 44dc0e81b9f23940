//! The whole demonstration, and the one object that it prints.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde::Serialize;
use tempfile::TempDir;

use crate::account::{Account, number};
use crate::cli::Cli;
use crate::data::{self, Wanted};
use crate::election::Election;
use crate::examples::{self, EXAMPLES};
use crate::failure::Failure;
use crate::programs::{self, Programs};
use crate::verdict::{self, ContestSummary};
use crate::vote::{Budget, Contest, Origin, Rule, Unranked, Vote};

/// What `--json` prints.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Whether the totals are the expected ones and the record verifies.
    pub ok: bool,
    /// What was voted on.
    pub title: Option<String>,
    /// Ballots that count, over all rounds.
    pub ballots: usize,
    /// Ballots on the log, replaced ones included.
    pub ballots_on_log: u64,
    /// Largest entry of a ballot, in bytes.
    pub largest_entry: u64,
    /// Most parts of a ballot.
    pub parts: u64,
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

/// A phase and its time.
#[derive(Clone, Debug, Serialize)]
pub struct Phase {
    /// Its name.
    pub name: &'static str,
    /// The round, from 1, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round: Option<usize>,
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
    /// The round under way, where there are several.
    pub(crate) round: Option<usize>,
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
        let round = self.round.map(|round| format!("round {round}: ")).unwrap_or_default();
        self.account.say(&format!("{:2}. {round}{heading}", self.done.len() + 1));
        let begin = Instant::now();
        let result = phase();
        self.done.push(Phase { name, round: self.round, seconds: begin.elapsed().as_secs_f64() });
        result
    }
}

/// Runs the demonstration and returns the exit code.
#[must_use]
pub fn run(cli: &Cli) -> u8 {
    if cli.example.as_deref() == Some("list") {
        list(cli.json);
        return 0;
    }
    let account = Account::new(cli.json);
    let mut summary = Summary::default();
    let mut phases = Phases { account, round: None, done: Vec::new() };
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
    let vote = match &cli.example {
        Some(name) => examples::make(name, cli.data.as_deref())?,
        None => data::read_vote(cli.data.as_deref(), Wanted { ballots: cli.ballots, unranked: cli.unranked })?,
    };
    let workshop = Workshop::new(cli.keep.as_deref())?;
    introduce(&vote, account);
    summary.title = Some(vote.title.clone());
    summary.ballots = vote.rounds.iter().map(|round| round.ballots.len()).sum();

    phases.run("build", "Build the programs (the first time this takes some minutes)", programs::build)?;
    let programs = Programs::find(&workshop.path().join("logs"))?;
    let mut election = Election::start(account, programs, workshop.path(), &vote, phases)?;
    summary.event = Some(election.event().to_string());
    summary.log_url = Some(election.log_url());
    summary.log_vkey = Some(election.log_vkey()?);
    let several = vote.rounds.len() > 1;
    for (number, round) in (1..).zip(&vote.rounds) {
        phases.round = Some(number).filter(|_| several);
        election.open(number, phases)?;
        let cast = election.vote(&vote, number, round, phases)?;
        summary.ballots_on_log += cast.ballots;
        summary.largest_entry = summary.largest_entry.max(cast.largest_entry);
        summary.parts = summary.parts.max(cast.parts);
        election.count(number, round, phases)?;
        if several && number == 1 {
            election.ask_again(number, phases)?;
        }
    }
    let record = workshop.record()?;
    let counted = election.conclude(&record, phases);
    if record.exists() {
        summary.record = Some(record.clone());
    }
    if counted.is_err() && summary.record.is_some() {
        account.say(&format!("\nThe record lies in {}: keep it as evidence", record.display()));
    }
    let counted = counted?;
    summary.contests = verdict::summaries(&vote, &counted)?;
    verdict::conclude(&vote, &summary.contests, &counted, account)?;
    summary.ok = true;

    account.say("\nTime of each phase");
    for phase in &phases.done {
        let round = phase.round.map(|round| format!(", round {round}")).unwrap_or_default();
        account.detail(&format!("{:20} {:8.1} s", format!("{}{round}", phase.name), phase.seconds));
    }
    account.detail(&format!("{:20} {:8.1} s", "all", begin.elapsed().as_secs_f64()));
    account.say(&format!("\nThe record lies in {}", record.display()));
    account.detail(&format!("verify it again:  observer verify {} --event {}", record.display(), election.event()));
    let delete = if cli.keep.is_some() { workshop.path() } else { record.parent().unwrap_or(&record) };
    account.detail(&format!("delete it:        rm -r {}", delete.display()));
    account.detail(&format!("event             {}", election.event()));
    account.detail(&format!("log key           {}", election.log_vkey()?));
    Ok(Served { account, serve: cli.serve, election: Some(election), _workshop: workshop })
}

fn introduce(vote: &Vote, account: Account) {
    account.say(&vote.title);
    let (members, weight) = (vote.members.len() as u64, vote.weight());
    let weights = if weight == members { String::new() } else { format!(" of total weight {}", number(weight)) };
    let voters = match vote.origin {
        Origin::Real { lines, .. } => format!("{} of {} real ballots", number(members), number(lines as u64)),
        Origin::MadeUp => format!("{} members, made-up ballots", number(members)),
    };
    account.say(&format!("{voters}{weights}"));
    for (number, round) in (1..).zip(&vote.rounds) {
        for contest in &round.contests {
            let title = match (vote.rounds.len(), round.contests.len()) {
                (1, 1) => String::new(),
                (1, _) => format!("{}: ", contest.title),
                _ => format!("round {number}, {}: ", round.title),
            };
            account.say(&format!("  {title}{}", describe(contest)));
        }
    }
    account.say("");
}

/// What a contest asks, in one line.
fn describe(contest: &Contest) -> String {
    let options = contest.options.len();
    match &contest.rule {
        Rule::Selection { max, .. } => format!("selection, {options} options, up to {max} may be chosen"),
        Rule::Grades { criteria, grades, .. } => {
            format!("grades, {options} persons x {} criteria x {} grades", criteria.len(), grades.len())
        }
        Rule::Points { budget: Budget::Weight, .. } => {
            format!("points, {options} options, everybody splits the own weight")
        }
        Rule::Points { max, budget: Budget::Fixed(budget), exact, .. } => {
            let bound = if *exact { "exactly" } else { "at most" };
            format!("points, {options} options, up to {max} for one, {bound} {budget} in all")
        }
        Rule::Ranking { unranked, ties, .. } => {
            let place = match unranked {
                Unranked::Last => "options without a rank come last",
                Unranked::Incomparable => "options without a rank are compared with nothing",
            };
            format!("ranking, {options} options, {place}, ties {}", if *ties { "allowed" } else { "not allowed" })
        }
    }
}

/// `--example list`.
fn list(json: bool) {
    use std::io::Write;
    let text = if json {
        let examples: Vec<_> = EXAMPLES
            .iter()
            .map(|example| serde_json::json!({ "name": example.name, "about": example.about }))
            .collect();
        format!("{}\n", serde_json::json!({ "ok": true, "examples": examples }))
    } else {
        EXAMPLES.iter().map(|example| format!("{:18} {}\n", example.name, example.about)).collect()
    };
    // A closed pipe is no reason to fail.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests;
