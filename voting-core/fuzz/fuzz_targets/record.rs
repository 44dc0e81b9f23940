//! Verification of a record agrees with the fold: it holds exactly if the fold accepts every entry and the checkpoint
//! speaks of that tree. A board signs a new checkpoint for every change here, as a dishonest one would.

#![no_main]

use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use tlog::checkpoint::{self, Checkpoint, Origin};
use tlog::note::{KeyName, SigningKey};
use tlog::tree::MemoryTree;
use voting_core::testing::verify;
use voting_core_fuzz::{WORLD, edited, offer};

fn signed(entries: &[Vec<u8>]) -> Vec<u8> {
    let origin = WORLD.sandbox.manifest().origin();
    let mut tree = MemoryTree::new();
    for entry in entries {
        tree.append(entry);
    }
    let checkpoint = Checkpoint::new(Origin::new(&origin).expect("an origin"), tree.size(), tree.root());
    let key = SigningKey::from_seed(KeyName::new(&origin).expect("a name"), &WORLD.sandbox.log.expose_seed());
    checkpoint::sign(&checkpoint, &key).into_bytes()
}

fn run(u: &mut Unstructured<'_>) -> Result<()> {
    let valid = &WORLD.sandbox.entries;
    let mut entries = valid[..u.int_in_range(1..=valid.len())?].to_vec();
    for _ in 0..u.int_in_range(0..=3)? {
        let last = entries.len() - 1;
        let at = u.int_in_range(0..=last)?;
        match u.int_in_range(0..=5)? {
            0 => entries[at] = edited(&entries[at], u)?,
            1 => entries.swap(at, u.int_in_range(0..=last)?),
            2 if entries.len() > 1 => drop(entries.remove(at)),
            3 => entries.insert(at, entries[at].clone()),
            _ => entries.insert(at, WORLD.entry(u)?),
        }
    }
    let event = WORLD.sandbox.manifest().event();
    // The fold goes on from where the entries begin to differ from those of the event.
    let same = entries.iter().zip(valid).take_while(|(entry, valid)| entry == valid).count();
    let legal = same > 0 && {
        let mut state = WORLD.states[same - 1].clone();
        (same..entries.len()).all(|next| offer(&mut state, &entries[..next], &entries[next]).is_ok())
    };

    let checkpoint = signed(&entries);
    let report = verify(&event, &checkpoint, &entries);
    assert_eq!(report.holds, legal, "{:?}", report.faults);
    assert_eq!(report.holds, report.faults.is_empty());
    // Under the checkpoint of the whole event, with or without edits, only the event itself can hold.
    if u.ratio(1_u8, 4_u8)? {
        let whole = edited(&WORLD.sandbox.checkpoint(), u)?;
        let report = verify(&event, &whole, &entries);
        assert!(!report.holds || entries == *valid);
    }
    Ok(())
}

fuzz_target!(|data: &[u8]| {
    let _ = run(&mut Unstructured::new(data));
});
