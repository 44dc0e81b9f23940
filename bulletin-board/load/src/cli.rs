//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Measures what a board takes, beside what the same cores only verify.
///
/// Runs on one machine with board and generator together. Nothing else should run: the figures are those of the whole machine.
#[derive(Debug, Parser)]
#[command(
    version,
    about,
    after_help = "Examples:\n  cargo load\n  cargo load -- --ballots 100000 --at 0.8 --json\n  cargo load -- --forged --ballots 1000000 --restart"
)]
pub(crate) struct Cli {
    /// How many ballots are sent in the closed loop, each by a credential of its own.
    #[arg(long, value_name = "N", default_value_t = 50_000, value_parser = clap::value_parser!(u32).range(100..=4_000_000))]
    pub(crate) ballots: u32,
    /// How many connections send them.
    #[arg(long, value_name = "N", default_value_t = 2_000, value_parser = clap::value_parser!(u32).range(1..=8_000))]
    pub(crate) connections: u32,
    /// Then sends at this part of the rate that was reached, at fixed times, on a new board.
    #[arg(long, value_name = "PART", conflicts_with = "rate")]
    pub(crate) at: Option<f64>,
    /// Then sends so many ballots a second, at fixed times, on a new board.
    #[arg(long, value_name = "N")]
    pub(crate) rate: Option<f64>,
    /// Two witness servers cosign every head.
    #[arg(long)]
    pub(crate) witnesses: bool,
    /// Ballots without proofs, which only the test setting of the board takes: for large logs. Measures that alone.
    #[arg(long, conflicts_with_all = ["at", "rate"])]
    pub(crate) forged: bool,
    /// Also how long the board takes to start again on the log.
    #[arg(long)]
    pub(crate) restart: bool,
    /// Leaves out the run of the board without proofs.
    #[arg(long)]
    pub(crate) only_real: bool,
    /// Keeps the prepared event and ballots in this folder and takes them from there the next time.
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
    /// The folder for the data of the boards, on the disk that is to be measured; the system's for temporary files otherwise.
    #[arg(long, value_name = "DIR")]
    pub(crate) work: Option<PathBuf>,
    /// One JSON object on standard output.
    #[arg(long)]
    pub(crate) json: bool,
}
