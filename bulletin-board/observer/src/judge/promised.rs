//! A promise of a receipt that the record does not keep (A15).

use client::Source;
use tlog::hash::leaf_hash;
use tlog::promise::Promise;
use voting_core::record::state::as_ballot;

use super::{Closed, Finding};
use crate::failure::Failure;
use crate::rules::Rules;
use crate::talk::{cosigned, entries, moment};

/// Judges a promise by a record: it is broken if the record lacks the entry and either enough witnesses saw the record after
/// the deadline, or the round of the ballot is over in it.
pub(super) fn judge(promise: &[u8], entry: &[u8], source: &Source, rules: &Rules) -> Result<Finding, Failure> {
    let refused = |words: String| Ok(Finding { convinces: false, words });
    let promise = match Promise::open(promise, &rules.origin, &rules.log_key) {
        Ok(promise) => promise,
        Err(error) => return refused(format!("It binds nobody: {error}.")),
    };
    if promise.leaf != leaf_hash(entry) {
        return refused("The promise is of another entry.".into());
    }
    let closed = Closed::read(source, rules, promise.leaf, None)?;
    let deadline = moment(promise.deadline);
    let head = format!(
        "The log promised that this entry stands in its record, with a receipt by {deadline}.\nThe record in {source} is \
         signed by the same log and has {}.",
        entries(closed.head.checkpoint.size)
    );
    let finding = |convinces, says: String| Ok(Finding { convinces, words: format!("{head}\n{says}") });
    if let Some(index) = closed.elsewhere {
        return finding(false, format!("The entry stands there as entry {index}. The promise was kept."));
    }
    let over = as_ballot(entry).is_some_and(|ballot| closed.rounds.contains(&ballot.sealed.round));
    if over {
        let says = "The entry stands nowhere in it, and the ballot's round is over there, so it can't follow: the board \
                    dropped it.";
        return finding(true, says.into());
    }
    let (note, origin, key) = (&closed.head.note, &rules.origin, &rules.log_key);
    if rules.policy.witnesses().is_empty() {
        let fault = "the manifest names no witness server, so nobody but the board says when this record was shown";
        let remedy = "judge the promise by a record in which the round of the ballot is over";
        return Err(Failure::unable("no-witnesses", fault, remedy));
    }
    match rules.policy.evaluate_after(note, origin, key, promise.deadline) {
        Ok(satisfied) => {
            let who = cosigned(satisfied.cosigners());
            finding(
                true,
                format!("The entry stands nowhere in it, and enough witness servers saw it so later than that. {who}"),
            )
        }
        Err(error) => Err(Failure::unable(
            "record-not-late",
            format!(
                "the record lacks the entry, but it was not shown after {deadline} to enough witness servers: {error}"
            ),
            "get a copy of the record after that time, or after the round was closed, with `observer mirror`",
        )),
    }
}
