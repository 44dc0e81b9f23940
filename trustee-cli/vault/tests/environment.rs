//! The test setting for the cost, in a process of its own: the test runs itself again with the variable set.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::process::Command;

use vault::{Cost, Passphrase, WORK_FACTOR_VARIABLE, open, seal};

const FOLDER: &str = "VAULT_TEST_FOLDER";

#[test]
fn the_variable_lowers_the_cost_and_the_program_warns() {
    if let Ok(folder) = std::env::var(FOLDER) {
        // The second run.
        let path = std::path::Path::new(&folder).join("key.age");
        let passphrase = Passphrase::new("p").unwrap();
        match Cost::from_environment() {
            Ok(cost) => seal(&path, b"secret", &passphrase, cost).unwrap(),
            Err(error) => panic!("{}", error.code()),
        }
        open(&path, &passphrase).unwrap();
        return;
    }
    let run = |value: &str| {
        let folder = tempfile::TempDir::new().unwrap();
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_variable_lowers_the_cost_and_the_program_warns", "--nocapture"])
            .env(FOLDER, folder.path())
            .env(WORK_FACTOR_VARIABLE, value)
            .output()
            .unwrap();
        let stored = std::fs::read(folder.path().join("key.age"));
        (output.status.success(), String::from_utf8(output.stderr).unwrap(), stored)
    };
    let (succeeded, notes, stored) = run("9");
    assert!(succeeded, "{notes}");
    assert!(notes.contains("warning: ") && notes.contains("work factor 9 instead of 18"), "{notes}");
    let header = String::from_utf8_lossy(&stored.unwrap()).lines().nth(1).unwrap().to_owned();
    assert!(header.starts_with("-> scrypt ") && header.ends_with(" 9"), "{header}");

    for wrong in ["0", "23", "low", "-1", ""] {
        let (succeeded, notes, stored) = run(wrong);
        assert!(!succeeded && notes.contains("work-factor-invalid"), "{wrong}: {notes}");
        assert!(stored.is_err());
    }
}
