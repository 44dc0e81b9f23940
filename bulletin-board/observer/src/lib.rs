#![doc = include_str!("../README.md")]
#![deny(clippy::indexing_slicing)]

pub mod cli;
mod compare;
mod failure;
mod files;
mod floor;
mod judge;
mod key;
mod mirror;
mod names;
mod receipt;
mod report;
mod rules;
mod serve;
mod show;
mod statement;
mod talk;
mod verify;
mod watch;

use std::io::{self, Write};

pub use failure::{Failure, Given, Outcome};

use crate::cli::{Cli, Command, KeyCommand};

/// Runs a command. Results go to `out`, faults and notes to `notes`; progress is drawn on a terminal only.
///
/// # Errors
/// None of its own: what failed is said on `notes`, and the outcome says whether something was refused or could not be
/// checked.
pub fn run(cli: &Cli, out: &mut dyn Write, notes: &mut dyn Write) -> Outcome {
    let (done, json) = match &cli.command {
        Command::Mirror(args) => (mirror::run(args, out), args.json),
        Command::Verify(args) => (verify::run(args, out), args.json),
        Command::Show(args) => (show::run(args, out), args.json),
        Command::Receipt(args) => (receipt::run(args, out), args.json),
        Command::Judge(args) => (judge::run(args, out), args.json),
        Command::Watch(args) => (watch::run(args, out, notes), args.json),
        Command::Compare(args) => (compare::run(args, out), args.json),
        Command::Serve(args) => (serve::run(args, out), false),
        Command::Statement(args) => (statement::run(args, out), args.json),
        Command::Key(KeyCommand::New(args)) => (key::new(args, out), args.json),
        Command::Key(KeyCommand::Show(args)) => (key::show(args, out), args.json),
    };
    let done = done.and_then(|outcome| out.flush().map(|()| outcome).map_err(Failure::Output));
    match done {
        Ok(outcome) => outcome,
        Err(failure) => report_failure(&failure, json, out, notes),
    }
}

fn report_failure(failure: &Failure, json: bool, out: &mut dyn Write, notes: &mut dyn Write) -> Outcome {
    if !failure.is_closed_pipe() {
        // A terminal that is gone can't be told about it.
        let _: io::Result<()> = writeln!(notes, "{failure}");
        if json {
            let _: io::Result<()> = writeln!(out, "{}", failure.to_json());
        }
    }
    failure.outcome()
}
