//! The command line, and nothing else.
#![allow(rustdoc::invalid_html_tags, rustdoc::bare_urls, reason = "the comments are help texts of the terminal")]

use core::str::FromStr;
use std::path::PathBuf;

use clap::Parser;

use crate::vote::Unranked;

/// A whole verifiable election on real ballots, with every party a process of its own.
///
/// Builds and starts the board, the office, three trustees (two are needed, one stays away from the count) and the
/// observer; casts every ballot of the data set over HTTP, some of them twice; closes, decrypts, publishes the result;
/// then mirrors the record and verifies it in a process of its own. The totals must be those that a plain addition of the
/// ballots gives.
///
/// Data sets hold votes that were really held: choose one, choose up to k, points, rankings. The examples are made up and
/// give the same ballots each time: they show what no data set has.
#[derive(Debug, Parser)]
#[command(
    name = "demo",
    version,
    after_long_help = "EXAMPLES:\n  \
        cargo demo\n  \
        cargo demo -- --ballots all\n  \
        cargo demo -- --data FILE.json --ballots 500 --keep DIR\n  \
        cargo demo -- --data RANKED.json --unranked incomparable\n  \
        cargo demo -- --example list\n  \
        cargo demo -- --example chain\n\n\
        EXIT CODES: 0 the totals are the expected ones and the record verifies, 1 one of the two is not so, 2 it could \
        not be done."
)]
pub struct Cli {
    /// The data set: a JSON file that names a CSV beside it. Without it, the one that ships with the program.
    #[arg(long, value_name = "FILE.json")]
    pub data: Option<PathBuf>,
    /// How many ballots: the first N lines, or all. 1000 unless given for the data set that ships with the program, else
    /// all.
    #[arg(long, value_name = "N|all")]
    pub ballots: Option<Ballots>,
    /// How a ranking treats options without a rank: behind every ranked one (last, the default), or compared with nothing.
    #[arg(long, value_name = "WHERE")]
    pub unranked: Option<Unranked>,
    /// A made-up election instead of a data set; "list" names them all. `split` takes its weights from --data, else from
    /// the folder of test data beside the repository.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["ballots", "unranked"])]
    pub example: Option<String>,
    /// Keep everything (keys, codes, journal, record) in this folder, which must be empty or not exist.
    #[arg(long, value_name = "DIR")]
    pub keep: Option<PathBuf>,
    /// Print one JSON object on standard output and everything else on standard error.
    #[arg(long)]
    pub json: bool,
    /// Leave the board running with the finished event until Ctrl-C.
    #[arg(long)]
    pub serve: bool,
}

/// How many lines of the data set become ballots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ballots {
    /// The first so many.
    First(usize),
    /// All.
    All,
}

impl FromStr for Ballots {
    type Err = &'static str;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "all" => Ok(Self::All),
            _ => text.parse().map(Self::First).map_err(|_| "give a number, or \"all\""),
        }
    }
}
