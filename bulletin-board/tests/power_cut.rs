//! The power goes at every operation of the disk. What was not synced may be lost, torn or reordered in any way; what was
//! answered must hold.
//!
//! `URNA_TEARS=200 cargo test -p board --test power_cut` tries that many seeds at each operation instead of 12.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
mod sim;

use board::store::{Disk as _, DiskFault, SimulatedDisk, Tear};
use sim::{Told, World, blank, data, found, fresh, sandbox_for, start};
use voting_core::testing::Sandbox;

fn seeds() -> u64 {
    std::env::var("URNA_TEARS").ok().and_then(|text| text.parse().ok()).unwrap_or(12)
}

/// The different disks that a power cut may leave.
fn left(disk: &SimulatedDisk, salt: u64) -> Vec<(SimulatedDisk, String)> {
    let mut found: Vec<(SimulatedDisk, String)> = Vec::new();
    let mut tears = vec![(Tear::Nothing, 0), (Tear::Everything, 0)];
    tears.extend((0..seeds()).flat_map(|seed| [(Tear::Beginning, seed), (Tear::Sectors, seed)]));
    for (tear, seed) in tears {
        let seed = salt * 1_000_003 + seed;
        let disk = disk.after_power_cut(tear, seed);
        if !found.iter().any(|(other, _)| other.shows_the_same(&disk)) {
            found.push((disk, format!("{tear:?}, seed {seed}")));
        }
    }
    found
}

/// How many operations a run makes when nothing fails.
fn operations(world: &World) -> u64 {
    let disk = world.opened.copy();
    disk.plan(None);
    let board = start(&disk, fresh()).unwrap();
    assert!(world.drive(board.url(), &mut Told::default()));
    board.stop();
    disk.operations()
}

#[test]
fn the_power_goes_at_every_operation_of_several_batches() {
    let world = World::new(301);
    let operations = operations(&world);
    assert!(operations >= 4 * world.batches.len() as u64, "two writes and two syncs for each batch");
    let (mut disks, mut answered) = (0, 0);
    for number in 1..=operations + 2 {
        let disk = world.opened.copy();
        disk.plan(Some((number, DiskFault::PowerCut)));
        let mut told = Told::default();
        // It may go while the board starts.
        if let Ok(board) = start(&disk, fresh()) {
            let complete = world.drive(board.url(), &mut told);
            assert!(complete || number <= operations);
            board.stop();
        }
        world.note_signed(&disk.after_power_cut(Tear::Everything, 0), &mut told);
        answered += told.receipts.len();
        for (at, (left, tear)) in left(&disk, number).into_iter().enumerate() {
            eprintln!("operation {number} of {operations}: {tear}");
            let mut told = told.clone();
            // Every third one loses power a second time, while it recovers.
            let left = if at % 3 == 2 { again(&world, &left, number, &mut told) } else { left };
            world.recovers(&left, fresh(), &mut told);
            disks += 1;
        }
    }
    eprintln!("{operations} operations, {disks} disks after a power cut, {answered} receipts given before");
    assert!(disks > operations && answered > 0);
}

/// A second power cut during recovery.
fn again(world: &World, left: &SimulatedDisk, number: u64, told: &mut Told) -> SimulatedDisk {
    left.plan(Some((number % 9 + 1, DiskFault::PowerCut)));
    if let Ok(board) = start(left, fresh()) {
        board.stop();
    }
    world.note_signed(&left.after_power_cut(Tear::Everything, 0), told);
    left.after_power_cut(Tear::Sectors, number)
}

#[test]
fn the_power_goes_at_every_operation_of_a_founding() {
    let mut world = World::new(302);
    world.batches.clear();
    let run = |disk: &SimulatedDisk, told: &mut Told| {
        let Ok(board) = start(disk, fresh()) else { return false };
        let founded = found(board.url(), &world.sandbox).status == 200;
        if founded {
            world.drive(board.url(), told);
            world.submit(board.url(), &world.sandbox.entries[1..2], told);
        }
        board.stop();
        founded
    };
    let disk = world.reserved.copy();
    disk.plan(None);
    assert!(run(&disk, &mut Told::default()));
    let operations = disk.operations();
    let mut disks = 0;
    for number in 1..=operations {
        let disk = world.reserved.copy();
        disk.plan(Some((number, DiskFault::PowerCut)));
        let mut told = Told::default();
        let founded = run(&disk, &mut told);
        world.note_signed(&disk.after_power_cut(Tear::Everything, 0), &mut told);
        for (left, tear) in left(&disk, number) {
            eprintln!("operation {number} of {operations}, founded: {founded}: {tear}");
            let board = start(&left, fresh()).unwrap();
            if founded {
                world.verify(board.url(), &told);
            }
            // Whoever was not answered asks again.
            assert_eq!(found(board.url(), &world.sandbox).status, 200);
            let mut told = told.clone();
            assert!(world.submit(board.url(), &world.sandbox.entries[1..3], &mut told));
            world.verify(board.url(), &told);
            world.repeat(board.url(), &told);
            board.stop();
            disks += 1;
        }
    }
    eprintln!("{operations} operations, {disks} disks after a power cut");
    assert!(disks > operations);
}

#[test]
fn a_log_key_that_was_given_out_is_there_after_a_power_cut() {
    let request = Sandbox::new(303);
    let run = |disk: &SimulatedDisk| {
        let Ok(board) = start(disk, fresh()) else { return None };
        let request =
            voting_core::entry::sign_request(common::HOST, "reserve", b"", common::now(), &request.administrator);
        let answer = common::post(&format!("{}/api/reserve", board.url()), &request);
        board.stop();
        (answer.status == 200).then(|| answer.json()["log_key"].as_str().unwrap().parse().unwrap())
    };
    let disk = blank();
    assert!(run(&disk).is_some());
    // Also those of a new data folder: format, folders, and their names.
    let operations = disk.operations();
    let mut kept = 0;
    for number in 1..=operations + 1 {
        let disk = blank();
        disk.plan(Some((number, DiskFault::PowerCut)));
        let key = run(&disk);
        assert_eq!(key.is_some(), number > operations, "the answer comes last");
        for (left, tear) in left(&disk, number) {
            eprintln!("operation {number} of {operations}: {tear}");
            let board = start(&left, fresh()).unwrap();
            if let Some(key) = key {
                assert!(left.read(&data().join("keys").join(format!("{key}.json"))).is_ok());
                assert_eq!(found(board.url(), &sandbox_for(303, key)).status, 200);
                kept += 1;
            }
            assert_eq!(common::reserve(board.url(), &request).as_bytes().len(), 32);
            board.stop();
        }
    }
    assert!(kept > 0 && operations > 10);
}
