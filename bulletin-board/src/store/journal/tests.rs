//! The file format by itself; tests/recovery.rs damages the journals of a real board.

use super::*;

fn records() -> Vec<Record> {
    let (root, other) = (sha256(b"root"), sha256(b"other"));
    vec![
        Record::Batch { first: 0, size: 1, root, entries: vec![b"manifest".to_vec()] },
        Record::Head { size: 1, root, note: "note\n".into() },
        // Entries may hold what looks like a record.
        Record::Batch { first: 1, size: 3, root: other, entries: vec![MARK.repeat(40), Vec::new()] },
        Record::Head { size: 3, root: other, note: "another\n".into() },
    ]
}

fn written(dir: &Path) -> (PathBuf, EventId) {
    let (path, event) = (dir.join("journal"), EventId([7; 32]));
    let mut journal = Journal::create(&path, &event).unwrap();
    records().iter().for_each(|record| journal.append(record).unwrap());
    assert_eq!(std::fs::metadata(&path).unwrap().len(), journal.length());
    (path, event)
}

fn read(path: &Path, event: &EventId) -> Result<(Vec<Record>, u64), JournalError> {
    let mut found = Vec::new();
    let (_, cut) = Journal::open(path, event, |record| {
        found.push(record);
        Ok(())
    })?;
    Ok((found, cut))
}

#[test]
fn what_is_written_is_read_and_writing_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let (path, event) = written(dir.path());
    assert_eq!(read(&path, &event).unwrap(), (records(), 0));
    let (mut journal, _) = Journal::open(&path, &event, |_| Ok(())).unwrap();
    journal.append(&records()[0]).unwrap();
    let mut more = records();
    more.push(records()[0].clone());
    assert_eq!(read(&path, &event).unwrap().0, more);
    assert!(matches!(read(&path, &EventId([8; 32])), Err(JournalError::Foreign { .. })));
    assert!(matches!(Journal::create(&path, &event), Err(JournalError::Io { .. })), "never over an old one");
}

#[test]
fn every_truncation_leaves_whole_records() {
    let dir = tempfile::tempdir().unwrap();
    let (path, event) = written(dir.path());
    let good = std::fs::read(&path).unwrap();
    for length in Journal::START as usize..good.len() {
        std::fs::write(&path, &good[..length]).unwrap();
        let (found, cut) = read(&path, &event).unwrap();
        assert_eq!(found, records()[..found.len()]);
        assert_eq!(std::fs::metadata(&path).unwrap().len() + cut, length as u64);
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let (path, event) = written(dir.path());
    let good = std::fs::read(&path).unwrap();
    let (last, _) = records()[3].to_bytes(&sha256(b"")).unwrap();
    let last = good.len() - last.len();
    for at in 0..good.len() {
        for bit in [0, 6] {
            let mut bad = good.clone();
            bad[at] ^= 1 << bit;
            std::fs::write(&path, &bad).unwrap();
            match read(&path, &event) {
                Err(JournalError::Foreign { .. }) => assert!((at as u64) < Journal::START),
                Err(JournalError::Damaged { offset, .. }) => assert!(offset <= at as u64 && at < last, "byte {at}"),
                // Only the last record is cut, and it is not returned.
                Ok((found, _)) => assert!(at >= last && found.len() == 3, "byte {at}"),
                Err(other) => panic!("byte {at}: {other}"),
            }
        }
    }
}

#[test]
fn records_of_another_place_do_not_fit() {
    let dir = tempfile::tempdir().unwrap();
    let (path, event) = written(dir.path());
    let good = std::fs::read(&path).unwrap();
    let (first, _) = records()[0].to_bytes(&sha256(b"")).unwrap();
    let (second, _) = records()[1].to_bytes(&sha256(b"")).unwrap();
    let start = Journal::START as usize;
    let (a, b) = (start + first.len(), start + first.len() + second.len());
    let without_second = [&good[..a], &good[b..]].concat();
    let repeated = [&good[..b], &good[a..]].concat();
    for bad in [without_second, repeated] {
        std::fs::write(&path, bad).unwrap();
        assert!(matches!(read(&path, &event), Err(JournalError::Damaged { .. })));
    }
}

#[test]
fn only_what_no_head_follows_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let (path, event) = written(dir.path());
    let good = std::fs::read(&path).unwrap();
    let (mut offsets, mut last) = (vec![Journal::START as usize], sha256(&good[..Journal::START as usize]));
    for record in records() {
        let (bytes, sum) = record.to_bytes(&last).unwrap();
        (last, _) = (sum, offsets.push(offsets.last().unwrap() + bytes.len()));
    }
    // The first head is damaged. While the second one is there, it is refused with its place.
    let mut bad = good.clone();
    bad[offsets[1] + 12] ^= 1;
    std::fs::write(&path, &bad).unwrap();
    match read(&path, &event) {
        Err(JournalError::Damaged { offset, .. }) => assert_eq!(offset, offsets[1] as u64),
        other => panic!("{other:?}"),
    }
    // A batch behind it was never signed: both go, and the first head is made again from its batch.
    std::fs::write(&path, &bad[..offsets[3]]).unwrap();
    let (found, cut) = read(&path, &event).unwrap();
    assert_eq!((found, cut), (records()[..1].to_vec(), (offsets[3] - offsets[1]) as u64));
    assert_eq!(std::fs::read(&path).unwrap(), &good[..offsets[1]]);
}

#[test]
fn reading_changes_nothing_and_says_how_far_it_is_signed() {
    let dir = tempfile::tempdir().unwrap();
    let (path, event) = written(dir.path());
    let good = std::fs::read(&path).unwrap();
    let head = good.len() - records()[3].to_bytes(&sha256(b"")).unwrap().0.len();
    let scan = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let scanned = Journal::read_on(&RealDisk, &path, &event, |_| Ok(())).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), bytes);
        (scanned.end as usize, scanned.torn as usize, scanned.signed as usize)
    };
    assert_eq!(scan(&good), (good.len(), 0, good.len()));
    let (end, torn, signed) = scan(&good[..good.len() - 1]);
    assert_eq!((end, torn), (head, good.len() - 1 - head));
    assert!(signed < head && signed > Journal::START as usize, "the head before it");
    assert_eq!(scan(&good[..head]), (head, 0, signed));
}
