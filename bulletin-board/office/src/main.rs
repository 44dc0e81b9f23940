//! `office`: see the library of the same name.

use clap::Parser;

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(office::run(office::cli::Cli::parse()))
}
