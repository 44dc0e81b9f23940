//! The board without the proofs, for the load bench alone. It is built only with the feature `measure`.
#![deny(clippy::indexing_slicing)]

use std::process::ExitCode;

#[path = "board.rs"]
mod board_program;

fn main() -> ExitCode {
    board_program::main()
}
