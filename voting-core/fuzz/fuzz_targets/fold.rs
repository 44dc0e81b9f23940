//! The fold takes any entries in any order: what it accepts is a leaf, what it refuses leaves no trace.

#![no_main]

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use voting_core_fuzz::WORLD;

/// A point of the event, and up to six entries that are offered there.
fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let start = u.int_in_range(0..=WORLD.states.len() - 1)?;
    let mut offered = Vec::new();
    for _ in 0..u.int_in_range(1..=6)? {
        offered.push(match u.int_in_range(0..=7)? {
            // The entry that is due.
            0..=1 => WORLD.sandbox.entries.get(start + 1 + offered.len()).cloned().unwrap_or_default(),
            2 => u.arbitrary()?,
            _ => WORLD.entry(u)?,
        });
    }
    let (state, log) = WORLD.fold(start, offered);
    assert_eq!(state.size(), log.len() as u64);
    let ballots: u64 = state.rounds().map(|(_, round)| round.ballots()).sum();
    let kinds = log.iter().skip(1).filter(|entry| voting_core::record::state::looks_like_ballot(entry)).count();
    assert_eq!(ballots, kinds as u64);
    Ok(())
}

fuzz_target!(|data: &[u8]| {
    let _ = run(&mut Unstructured::new(data));
});
