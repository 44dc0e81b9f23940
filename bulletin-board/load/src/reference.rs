//! The reference: the same ballots on the same cores, verified in batches and nothing else.

use std::time::{Duration, Instant};

use voting_core::record::State;

use crate::failure::Failure;

/// As many as the board verifies together at most.
const BATCH: usize = 2_048;
/// How long it is measured, if there are ballots enough; they are taken again from the start otherwise.
const TIME: Duration = Duration::from_secs(6);

/// Ballots verified in a second on all cores.
pub(crate) fn verified_per_second(state: &State, ballots: &[Vec<u8>], seed: u8) -> Result<f64, Failure> {
    let views: Vec<&[u8]> = ballots.iter().map(Vec::as_slice).collect();
    let (begun, mut done) = (Instant::now(), 0_usize);
    for (number, batch) in (0_u64..).zip(views.chunks(BATCH).cycle()) {
        let mut entropy = [seed; 32];
        entropy[..8].copy_from_slice(&number.to_le_bytes());
        let verdicts = state.check_ballots(batch, &entropy);
        if let Some(refusal) = verdicts.into_iter().find_map(Result::err) {
            return Err(Failure::Wrong(format!("a prepared ballot is refused: {refusal}")));
        }
        done += batch.len();
        if begun.elapsed() >= TIME {
            break;
        }
    }
    Ok(done as f64 / begun.elapsed().as_secs_f64())
}
