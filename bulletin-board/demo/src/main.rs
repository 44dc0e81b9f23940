//! `demo`: see the library.

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;
use demo::cli::Cli;
use demo::{Failure, Summary};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
            // A closed terminal is no reason to stop.
            let _ = error.print();
            if !help && std::env::args().any(|argument| argument == "--json") {
                Summary::of_failure(&Failure::unable("usage", "the command line is not understood", "see --help"))
                    .print();
            }
            return if help { ExitCode::SUCCESS } else { ExitCode::from(2) };
        }
    };
    ExitCode::from(demo::run(&cli))
}
