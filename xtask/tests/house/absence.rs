//! What must not occur where.

use crate::source::{File, in_sources_of, lines_with, refuse, rust};

/// Where the running code of `files` names one of `words`.
fn occurrences<'a>(files: impl Iterator<Item = &'a File>, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        let code = file.running_code();
        for word in words {
            found.extend(lines_with(&code, word).iter().map(|line| format!("{}:{line} has `{word}`", file.path)));
        }
    }
    found
}

#[test]
fn nothing_is_unsafe() {
    let mut found = Vec::new();
    for file in rust() {
        for what in ["unsafe {", "unsafe fn", "unsafe impl", "unsafe trait", "unsafe extern", "unsafe("] {
            found.extend(lines_with(&file.code(), what).iter().map(|line| format!("{}:{line}", file.path)));
        }
    }
    refuse(
        &found,
        "write it in safe Rust or use a crate that offers it; the lint `unsafe_code` is forbidden everywhere.",
    );
}

#[test]
fn a1_transcripts_are_made_once_and_opened_in_one_place() {
    let elsewhere = |home: &'static str| rust().filter(move |file| file.path != home);
    let made = "proofs/src/transcript.rs";
    let constructor =
        rust().find(|file| file.path == made).map(|file| lines_with(&file.running_code(), "Transcript::new"));
    assert_eq!(constructor.map(|lines| lines.len()), Some(1), "{made} has exactly one `merlin::Transcript::new`");
    let mut found = occurrences(elsewhere(made), &["merlin::Transcript*", "Transcript::new"]);
    found.extend(occurrences(elsewhere("voting-core/src/context.rs"), &["Transcript::open"]));
    refuse(
        &found,
        "ask voting-core/src/context.rs for a transcript: it binds version, event, round, purpose and author. \
         Proof code takes a transcript and never makes one.",
    );
}

/// Measures the floor of verification: what any verifier must spend on the curve alone.
const FLOOR: &str = "bulletin-board/observer/src/floor.rs";

/// Where variable time is allowed, and why no secret is involved.
const VARIABLE_TIME: &[(&str, &str)] = &[
    ("proofs/src/batch.rs", "equations of verifiers"),
    ("proofs/src/elgamal.rs", "ciphertext times public weight"),
    ("proofs/src/sigma/equal_dlog.rs", "verifier"),
    ("proofs/src/sigma/equal_dlog/batch.rs", "public bases, images and weights"),
    ("proofs/src/sigma/possession.rs", "verifier"),
    ("proofs/src/sharing/feldman.rs", "public commitments and indices"),
    ("proofs/src/sharing/lagrange.rs", "published parts"),
    (FLOOR, "measures how fast the curve itself is, on public points"),
    ("voting-core/src/contest/section.rs", "ciphertexts on the ballot times public coefficients"),
    ("voting-core/src/record/state/round.rs", "ciphertexts on the log times public weights"),
];

#[test]
fn variable_time_only_on_public_data() {
    let uses = |file: &File| !lines_with(&file.running_code(), "vartime_*").is_empty();
    let listed = |path: &str| VARIABLE_TIME.iter().any(|(allowed, _)| *allowed == path);
    let new = rust().filter(|file| uses(file) && !listed(&file.path));
    let mut found: Vec<String> = new.map(|file| format!("{} calls a vartime_ function", file.path)).collect();
    let stale = VARIABLE_TIME.iter().filter(|(path, _)| !rust().any(|file| file.path == *path && uses(file)));
    found.extend(stale.map(|(path, why)| format!("{path} ({why}) is listed but calls none")));
    refuse(
        &found,
        "use the constant-time function if any input is secret. If all are public, add the file and the reason to \
         VARIABLE_TIME in xtask/tests/house/absence.rs.",
    );
}

/// The only places that may fold ballots without verifying them: the fold that offers it, and the board's admission, which
/// its recovery uses.
const UNVERIFIED: &[&str] =
    &["voting-core/src/record/state/mod.rs", "voting-core/src/record/state/replay.rs", "bulletin-board/src/admit.rs"];

#[test]
fn nobody_but_the_boards_own_restart_passes_over_proofs() {
    let elsewhere = || rust().filter(|file| !UNVERIFIED.contains(&file.path.as_str()));
    let mut found = occurrences(elsewhere(), &["check_unverified", "apply_unverified", "ballot::verified_before"]);
    let passed = rust().filter(|file| !file.path.starts_with("bulletin-board/src/"));
    found.extend(occurrences(passed, &["PassOver"]));
    refuse(
        &found,
        "verify: only the board has verified its own entries before. See voting-core/src/record/state/replay.rs.",
    );
}

#[test]
fn maps_are_ordered() {
    let words = ["HashMap", "HashSet"];
    let mut found = occurrences(rust(), &words);
    for file in rust().filter(|file| file.is_test()) {
        for word in words {
            found
                .extend(lines_with(&file.code(), word).iter().map(|line| format!("{}:{line} has `{word}`", file.path)));
        }
    }
    refuse(&found, "use BTreeMap and BTreeSet: the order of the others differs between runs.");
}

#[test]
fn pure_packages_touch_nothing() {
    let folders = ["proofs", "voting-core", "bulletin-board/tlog", "voter-web/session"];
    let outside = ["std::fs", "std::net", "std::io", "std::time", "std::env", "std::process", "std::thread"];
    let chance = ["SystemTime", "Instant", "OsRng", "thread_rng", "getrandom", "println!", "eprintln!"];
    let files = || rust().filter(|file| folders.iter().any(|folder| in_sources_of(&file.path, folder)));
    let found = [occurrences(files(), &outside), occurrences(files(), &chance)].concat();
    refuse(&found, "take the bytes, the time or the source of randomness as an argument; the programs own them.");
}

#[test]
fn a23_the_board_holds_no_secret_of_trustees_and_voters() {
    let board = rust().filter(|file| in_sources_of(&file.path, "bulletin-board"));
    let words = ["tally::partial", "VotingCode", "CodeSecret", "Credential::*", "ceremony::member", "vault::"];
    refuse(
        &occurrences(board, &words),
        "the server neither decrypts nor knows a code or share. That work belongs to trustee-cli, office or session.",
    );
}

#[test]
fn trustees_and_office_have_no_cryptography_of_their_own() {
    let folders = ["trustee-cli", "bulletin-board/office", "bulletin-board/observer", "bulletin-board/client"];
    let files =
        rust().filter(|file| file.path != FLOOR && folders.iter().any(|folder| in_sources_of(&file.path, folder)));
    refuse(
        &occurrences(files, &["curve25519_dalek::*", "ed25519_dalek::*", "RistrettoPoint", "Ciphertext::*"]),
        "call voting-core, which does it for everybody.",
    );
}
