//! The voters' side: each line of the data set is a member with a voting code and a device, who seals and casts over
//! HTTP. Some cast twice, some test a ballot first.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use client::{Board, ClientError};
use rand::rngs::OsRng;
use session::{Accepted, Booth, Stale, Submission, Voter};
use voting_core::contest::Choice;
use voting_core::ids::{GroupIndex, Tracker};

use crate::account::Progress;
use crate::data::{Ballot, DataSet};
use crate::failure::Failure;
use crate::programs;

/// One voter in so many casts another ballot first.
const TWICE: usize = 50;
/// One voter in so many tests a sealed ballot first.
const TESTED: usize = 100;
/// Voters at a time, for each core: most of them wait for the board.
const AT_A_TIME: usize = 8;
/// How often a voter signs again before giving up.
const MAX_SIGNED: usize = 5;
/// Ballots and receipts that are kept for the trustees.
const KEPT: usize = 3;
/// Every member is in the only group.
const GROUP: GroupIndex = GroupIndex(0);

/// What the voters did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cast {
    /// Ballots on the log.
    pub(crate) ballots: u64,
    /// Ballots that replaced another one.
    pub(crate) replaced: u64,
    /// Times that the board refused a stale ballot and the voter signed it again.
    pub(crate) signed_again: u64,
    /// Blank ballots that count.
    pub(crate) blank: u64,
    /// Sealed ballots that were tested on another device.
    pub(crate) tested: u64,
    /// A few entries with their receipts, as voters keep them.
    pub(crate) receipts: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Reads the voting codes that the office issued: member to code.
pub(crate) fn codes(path: &Path) -> Result<BTreeMap<String, String>, Failure> {
    let wrong = |what: String| Failure::internal(format!("{}: {what}", path.display()));
    let mut reader = csv::Reader::from_path(path).map_err(|error| wrong(error.to_string()))?;
    let headers = reader.headers().map_err(|error| wrong(error.to_string()))?;
    let column = |name: &str| headers.iter().position(|header| header == name);
    let (member, code) = column("member").zip(column("code")).ok_or_else(|| wrong("no columns member, code".into()))?;
    let mut codes = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| wrong(error.to_string()))?;
        let (member, code) = record.get(member).zip(record.get(code)).ok_or_else(|| wrong("a short line".into()))?;
        codes.insert(member.to_owned(), code.to_owned());
    }
    Ok(codes)
}

struct Hall<'a> {
    data: &'a DataSet,
    codes: &'a BTreeMap<String, String>,
    booth: &'a Booth,
    url: &'a str,
    progress: &'a Progress,
    next: AtomicUsize,
    stop: AtomicBool,
    replaced: AtomicU64,
    signed_again: AtomicU64,
    tested: AtomicU64,
    receipts: Mutex<Vec<(Vec<u8>, Vec<u8>)>>,
}

/// Casts every ballot of the data set.
pub(crate) fn cast_all(
    data: &DataSet,
    codes: &BTreeMap<String, String>,
    booth: &Booth,
    url: &str,
    progress: &Progress,
) -> Result<Cast, Failure> {
    let hall = Hall {
        data,
        codes,
        booth,
        url,
        progress,
        next: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
        replaced: AtomicU64::new(0),
        signed_again: AtomicU64::new(0),
        tested: AtomicU64::new(0),
        receipts: Mutex::new(Vec::new()),
    };
    let cores = std::thread::available_parallelism().map_or(2, core::num::NonZero::get);
    let threads = (cores * AT_A_TIME).min(data.ballots.len()).max(1);
    std::thread::scope(|scope| {
        let voters: Vec<_> = (0..threads).map(|_| scope.spawn(|| hall.vote_in_turn())).collect();
        let mut first = Ok(());
        for voters in voters {
            let ended = voters.join().unwrap_or_else(|_| Err(Failure::internal("a voter's thread panicked")));
            first = first.and(ended);
        }
        first
    })?;
    let replaced = hall.replaced.into_inner();
    Ok(Cast {
        ballots: data.ballots.len() as u64 + replaced,
        replaced,
        signed_again: hall.signed_again.into_inner(),
        blank: data.ballots.iter().filter(|ballot| ballot.chosen.is_empty()).count() as u64,
        tested: hall.tested.into_inner(),
        receipts: hall.receipts.into_inner().unwrap_or_default(),
    })
}

impl Hall<'_> {
    fn vote_in_turn(&self) -> Result<(), Failure> {
        // One connection for each thread, kept alive.
        let board = Board::new(self.url)?;
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            if programs::interrupted() {
                return Err(programs::interruption());
            }
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(ballot) = self.data.ballots.get(number) else { return Ok(()) };
            if let Err(failure) = self.vote(&board, number, ballot) {
                self.stop.store(true, Ordering::Relaxed);
                return Err(failure);
            }
            self.progress.step();
        }
    }

    fn vote(&self, board: &Board, number: usize, ballot: &Ballot) -> Result<(), Failure> {
        let code = self.codes.get(&ballot.voter);
        let code = code.ok_or_else(|| Failure::internal(format!("{} has no voting code", ballot.voter)))?;
        let enter = || self.booth.enter(code, GROUP).map_err(|error| Failure::internal(error.to_string()));
        let mut voter = enter()?;
        if number % TESTED == TESTED / 2 {
            voter = self.test(voter, &ballot.choice())?;
        }
        let mut before = None;
        if number.is_multiple_of(TWICE) {
            let options = u32::try_from(self.data.options.len()).unwrap_or(u32::MAX);
            let first = self.cast(board, voter, &ballot.other_choice(options), None)?;
            before = Some(first.tracker());
            self.replaced.fetch_add(1, Ordering::Relaxed);
            // Every other one of them votes again on a new device, which knows nothing of the first ballot.
            let same_device = (number / TWICE).is_multiple_of(2);
            voter = if same_device { first.vote_again() } else { enter()? };
        }
        let accepted = self.cast(board, voter, &ballot.choice(), before)?;
        if number % TWICE == 1
            && let Ok(mut receipts) = self.receipts.lock()
            && receipts.len() < KEPT
        {
            let (entry, receipt) = accepted.evidence();
            receipts.push((entry.to_vec(), receipt.to_vec()));
        }
        Ok(())
    }

    /// Seals, reveals, and checks the opening as another device would; the voter goes on.
    fn test(&self, voter: Voter, choice: &Choice) -> Result<Voter, Failure> {
        let sealed = voter.seal(core::slice::from_ref(choice), &mut OsRng);
        let (voter, revealed) = sealed.map_err(|kept| Failure::internal(kept.to_string()))?.reveal();
        let read = self.booth.check_opening(&revealed.sealed, &revealed.tracker, &revealed.opening);
        match read {
            Ok(read) if read.as_slice() == core::slice::from_ref(choice) => {
                self.tested.fetch_add(1, Ordering::Relaxed);
                Ok(voter)
            }
            Ok(_) => Err(Failure::wrong("ballot-test", "a tested ballot holds other answers", "do not use this build")),
            Err(error) => Err(Failure::wrong("ballot-test", error.to_string(), "do not use this build")),
        }
    }

    fn cast(&self, board: &Board, voter: Voter, choice: &Choice, before: Option<Tracker>) -> Result<Accepted, Failure> {
        let sealed = voter.seal(core::slice::from_ref(choice), &mut OsRng);
        let sealed = sealed.map_err(|kept| Failure::internal(kept.to_string()))?;
        let tracker = sealed.tracker();
        let mut submission = sealed.cast(&mut OsRng).map_err(|error| Failure::internal(error.to_string()))?;
        for _ in 0..MAX_SIGNED {
            match self.send(board, submission, before)? {
                Sent::Accepted(accepted) if accepted.tracker() == tracker => return Ok(*accepted),
                Sent::Accepted(_) => return Err(Failure::internal("the receipt is of another ballot")),
                Sent::SignedAgain(again) => submission = *again,
            }
        }
        Err(Failure::unable("stale-predecessor", "the board finds every ballot stale", "see the board's log"))
    }

    fn send(&self, board: &Board, submission: Submission, before: Option<Tracker>) -> Result<Sent, Failure> {
        let refused = match board.submit(self.booth.manifest(), submission.entry()) {
            Ok(answer) => {
                let accepted = submission.accept(&answer.receipt);
                let accepted = accepted.map_err(|kept| Failure::wrong("false-receipt", kept.to_string(), ""))?;
                return Ok(Sent::Accepted(Box::new(accepted)));
            }
            Err(error) => error,
        };
        let latest = match &refused {
            ClientError::Refused(error) => error.latest.as_deref(),
            _ => None,
        };
        let Some(latest) = latest else { return Err(refused.into()) };
        let stale = submission.stale(&latest.entry, &latest.receipt, &mut OsRng);
        match stale.map_err(|kept| Failure::wrong("false-receipt", kept.to_string(), ""))? {
            Stale::Own(accepted) => Ok(Sent::Accepted(Box::new(accepted))),
            // The voter looks at the ballot in the way and knows it.
            Stale::Other(conflict) if Some(conflict.latest().tracker) == before => {
                self.signed_again.fetch_add(1, Ordering::Relaxed);
                let again = conflict.sign_again(&mut OsRng).map_err(|error| Failure::internal(error.to_string()))?;
                Ok(Sent::SignedAgain(Box::new(again)))
            }
            Stale::Other(conflict) => {
                let fault = format!("ballot {} was cast by nobody here", conflict.latest().tracker);
                Err(Failure::wrong("unknown-ballot", fault, "somebody else has this voting code"))
            }
        }
    }
}

enum Sent {
    Accepted(Box<Accepted>),
    SignedAgain(Box<Submission>),
}
