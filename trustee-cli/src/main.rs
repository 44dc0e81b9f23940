//! `trustee`: see the library of this package.

use clap::Parser;

fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(trustee_cli::run(trustee_cli::cli::Cli::parse()))
}
