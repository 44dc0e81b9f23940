//! The program `observer`; everything it does is in the library of the same name.

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    let cli = observer::cli::Cli::parse();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    observer::run(&cli, &mut out, &mut std::io::stderr()).into()
}
