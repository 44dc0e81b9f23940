//! Records at an address: verified through a temporary copy, refused when the server changes or withholds something.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
#[path = "../../client/tests/common/mod.rs"]
mod server;

use common::observer;
use server::{Server, log_of};
use tempfile::TempDir;
use voting_core::testing::Sandbox;

#[test]
fn a_served_record_is_verified() {
    let sandbox = Sandbox::finished(3);
    let event = sandbox.manifest().event();
    let server = Server::files(event, log_of(&sandbox, &sandbox.entries));
    let said = observer(&["verify", &format!("{}/{event}", server.url)]);
    assert_eq!(said.code, Some(0), "{}", said.notes);
    assert!(said.out.starts_with(&format!("Taken on trust: the event id {event} (")), "{}", said.out);
    assert!(said.out.lines().next().unwrap().ends_with("which the address names."), "{}", said.out);
    assert!(said.out.contains("The record has no label file: options are named by their numbers."));
    assert!(said.out.ends_with("\nThe record holds.\n"));
}

#[test]
fn a_changed_tile_or_entry_is_refused_and_a_missing_one_is_no_verdict() {
    let sandbox = Sandbox::finished(4);
    let event = sandbox.manifest().event();
    let good = log_of(&sandbox, &sandbox.entries);
    for path in good.keys().filter(|path| *path != "checkpoint") {
        let mut files = good.clone();
        *files.get_mut(path).unwrap().last_mut().unwrap() ^= 1;
        let server = Server::files(event, files);
        let said = observer(&["verify", &format!("{}/{event}", server.url), "--json"]);
        assert_eq!(said.code, Some(1), "{}", said.notes);
        assert!(
            said.notes.starts_with("error[not-in-the-log]: ") && said.notes.contains(path.as_str()),
            "{}",
            said.notes
        );
        assert!(said.out.contains("\"holds\":false"), "{}", said.out);

        let mut files = good.clone();
        files.remove(path);
        let server = Server::files(event, files);
        let said = observer(&["verify", &format!("{}/{event}", server.url), "--json"]);
        assert_eq!(said.code, Some(2), "{}", said.notes);
        assert!(said.out.contains("\"holds\":null"), "{}", said.out);
    }
}

#[test]
fn a19_a_fork_is_refused_by_the_mirror() {
    let (mut one, mut other) = (Sandbox::opened(5), Sandbox::opened(5));
    let event = one.manifest().event();
    let answers = |option| [voting_core::testing::chosen(&[option]), voting_core::testing::chosen(&[0])];
    one.vote(0, &answers(0));
    other.vote(0, &answers(1));
    let to = TempDir::new().unwrap();
    let to = to.path().to_str().unwrap();
    let first = Server::files(event, log_of(&one, &one.entries));
    let second = Server::files(event, log_of(&other, &other.entries));
    assert_eq!(observer(&["mirror", &format!("{}/{event}", first.url), to]).code, Some(0));
    let said = observer(&["mirror", &format!("{}/{event}", second.url), to]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.notes.starts_with("error[split-view]: ") && said.notes.contains("contradict"), "{}", said.notes);
    assert!(said.notes.contains("/evidence/split-view-"), "{}", said.notes);
}
