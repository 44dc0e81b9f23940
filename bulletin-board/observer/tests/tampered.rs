//! Records that break one rule each, through the program: refused with the id of the rule.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use common::{observer, write};
use tempfile::TempDir;
use tlog::checkpoint::Checkpoint;
use tlog::note::SignedNote;
use voting_core::testing::tamper;

#[test]
fn every_tampered_record_is_refused_with_its_rule() {
    let tampers = tamper::all();
    assert!(tampers.len() >= 30);
    let (mut refused, mut unable) = (0, 0);
    for tamper in tampers {
        let record = (tamper.make)();
        let folder = TempDir::new().unwrap();
        write(folder.path(), &record);
        let event = record.event.to_string();
        let said = observer(&["verify", folder.path().to_str().unwrap(), "--event", &event]);
        let place = format!("{} {}\n{}{}", tamper.rule, tamper.name, said.out, said.notes);
        // A folder that does not even have the files that its checkpoint speaks of can't be checked to the end.
        let size = SignedNote::parse(&record.checkpoint).ok();
        let size = size.and_then(|note| Checkpoint::from_unverified_note(&note).ok()).map(|head| head.size);
        if size == Some(record.entries.len() as u64) && !record.entries.is_empty() {
            assert_eq!(said.code, Some(1), "{place}");
            assert!(said.out.contains(&format!(": {}\n", tamper.rule)), "{place}");
            assert!(said.out.contains("The record does NOT hold: "), "{place}");
            refused += 1;
        } else {
            assert_eq!(said.code, Some(2), "{place}");
            assert!(
                said.notes.starts_with("error[missing-file]: ") || said.notes.starts_with("error[malformed-file]: ")
            );
            unable += 1;
        }
    }
    assert!(refused >= 30, "{refused} refused, {unable} could not be checked");
}
