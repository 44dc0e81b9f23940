//! The voters' side: each ballot of a round is cast by a member with a voting code and a device, who seals and casts over
//! HTTP. Some cast twice, some test a ballot first.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use client::{Board, ClientError};
use rand::rngs::OsRng;
use session::{Accepted, Booth, Stale, Submission, Voter};
use voting_core::contest::{Choice, Entitlement};
use voting_core::ids::{GroupIndex, Tracker};

use crate::account::Progress;
use crate::failure::Failure;
use crate::programs;
use crate::vote::{Ballot, Member, Round, Vote};

/// One voter in so many casts another ballot first; in a small vote at least four do.
const TWICE: usize = 50;
/// One voter in so many tests a sealed ballot first.
const TESTED: usize = 100;
/// Voters at a time, for each core: most of them wait for the board.
const AT_A_TIME: usize = 8;
/// How often a voter signs again before giving up.
const MAX_SIGNED: usize = 5;
/// Ballots and receipts that are kept for the trustees.
const KEPT: usize = 3;

/// What the voters did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cast {
    /// Ballots on the log.
    pub(crate) ballots: u64,
    /// Ballots that replaced another one.
    pub(crate) replaced: u64,
    /// Times that the board refused a stale ballot and the voter signed it again.
    pub(crate) signed_again: u64,
    /// Ballots without an answer to anything that count.
    pub(crate) blank: u64,
    /// Largest entry of a ballot, in bytes.
    pub(crate) largest_entry: u64,
    /// Most parts of a ballot.
    pub(crate) parts: u64,
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
    members: &'a [Member],
    round: &'a Round,
    codes: &'a BTreeMap<String, String>,
    booth: &'a Booth,
    url: &'a str,
    progress: &'a Progress,
    /// One voter in so many casts twice.
    twice: usize,
    next: AtomicUsize,
    stop: AtomicBool,
    replaced: AtomicU64,
    signed_again: AtomicU64,
    tested: AtomicU64,
    largest_entry: AtomicU64,
    parts: AtomicU64,
    receipts: Mutex<Vec<(Vec<u8>, Vec<u8>)>>,
}

/// Casts every ballot of a round.
pub(crate) fn cast_all(
    vote: &Vote,
    round: &Round,
    codes: &BTreeMap<String, String>,
    booth: &Booth,
    url: &str,
    progress: &Progress,
) -> Result<Cast, Failure> {
    let hall = Hall {
        members: &vote.members,
        round,
        codes,
        booth,
        url,
        progress,
        twice: TWICE.min(round.ballots.len() / 4).max(1),
        next: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
        replaced: AtomicU64::new(0),
        signed_again: AtomicU64::new(0),
        tested: AtomicU64::new(0),
        largest_entry: AtomicU64::new(0),
        parts: AtomicU64::new(0),
        receipts: Mutex::new(Vec::new()),
    };
    let cores = std::thread::available_parallelism().map_or(2, core::num::NonZero::get);
    let threads = (cores * AT_A_TIME).min(round.ballots.len()).max(1);
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
    let is_blank = |ballot: &&Ballot| round.answers(ballot).all(|(contest, row)| contest.rule.is_blank(row));
    Ok(Cast {
        ballots: round.ballots.len() as u64 + replaced,
        replaced,
        signed_again: hall.signed_again.into_inner(),
        blank: round.ballots.iter().filter(is_blank).count() as u64,
        largest_entry: hall.largest_entry.into_inner(),
        parts: hall.parts.into_inner(),
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
            let Some(ballot) = self.round.ballots.get(number) else { return Ok(()) };
            if let Err(failure) = self.vote(&board, number, ballot) {
                self.stop.store(true, Ordering::Relaxed);
                return Err(failure);
            }
            self.progress.step();
        }
    }

    fn vote(&self, board: &Board, number: usize, ballot: &Ballot) -> Result<(), Failure> {
        let member = self.members.get(ballot.member);
        let Member { name, weight, group } = member.ok_or_else(|| Failure::internal("a ballot of nobody"))?;
        let code = self.codes.get(name);
        let code = code.ok_or_else(|| Failure::internal(format!("{name} has no voting code")))?;
        let group = GroupIndex(u32::try_from(*group).map_err(|_| Failure::internal("too many groups"))?);
        let member = Entitlement { group, weight: *weight };
        let answers: Vec<_> = self.round.answers(ballot).map(|(contest, row)| contest.rule.choice(row)).collect();
        let enter = || self.booth.enter(code, member).map_err(|error| Failure::internal(error.to_string()));
        let mut voter = enter()?;
        if number % TESTED == TESTED / 2 || number + 1 == self.round.ballots.len() {
            voter = self.test(voter, &answers)?;
        }
        let mut before = None;
        if number.is_multiple_of(self.twice) {
            let others = self.round.answers(ballot);
            let others: Vec<_> =
                others.map(|(contest, row)| contest.rule.choice(&contest.rule.other(row, *weight))).collect();
            let first = self.cast(board, voter, &others, None)?;
            before = Some(first.tracker());
            self.replaced.fetch_add(1, Ordering::Relaxed);
            // Every other one of them votes again on a new device, which knows nothing of the first ballot.
            let same_device = (number / self.twice).is_multiple_of(2);
            voter = if same_device { first.vote_again() } else { enter()? };
        }
        let accepted = self.cast(board, voter, &answers, before)?;
        if (number % self.twice == 1 || self.twice == 1)
            && let Ok(mut receipts) = self.receipts.lock()
            && receipts.len() < KEPT
        {
            receipts.extend_from_slice(accepted.evidence());
        }
        Ok(())
    }

    /// Seals, reveals, and checks the opening as another device would; the voter goes on.
    fn test(&self, voter: Voter, answers: &[Choice]) -> Result<Voter, Failure> {
        let sealed = voter.seal(answers, &mut OsRng);
        let (voter, revealed) = sealed.map_err(|kept| Failure::internal(kept.to_string()))?.reveal();
        let read = self.booth.check_opening(&revealed.sealed, &revealed.tracker, &revealed.opening);
        match read {
            Ok(read) if read.as_slice() == answers => {
                self.tested.fetch_add(1, Ordering::Relaxed);
                Ok(voter)
            }
            Ok(_) => Err(Failure::wrong("ballot-test", "a tested ballot holds other answers", "do not use this build")),
            Err(error) => Err(Failure::wrong("ballot-test", error.to_string(), "do not use this build")),
        }
    }

    fn cast(
        &self,
        board: &Board,
        voter: Voter,
        answers: &[Choice],
        before: Option<Tracker>,
    ) -> Result<Accepted, Failure> {
        let sealed = voter.seal(answers, &mut OsRng);
        let sealed = sealed.map_err(|kept| Failure::internal(kept.to_string()))?;
        let tracker = sealed.tracker();
        let mut submission = sealed.cast(&mut OsRng).map_err(|error| Failure::internal(error.to_string()))?;
        self.parts.fetch_max(submission.entries().len() as u64, Ordering::Relaxed);
        for entry in submission.entries() {
            self.largest_entry.fetch_max(entry.len() as u64, Ordering::Relaxed);
        }
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
        let mut receipts = Vec::new();
        let mut refused = None;
        for entry in submission.entries() {
            match board.submit(self.booth.manifest(), entry) {
                Ok(answer) => receipts.push(answer.receipt),
                Err(error) => {
                    refused = Some(error);
                    break;
                }
            }
        }
        let Some(refused) = refused else {
            let accepted = submission.accept(&receipts);
            let accepted = accepted.map_err(|kept| Failure::wrong("false-receipt", kept.to_string(), ""))?;
            return Ok(Sent::Accepted(Box::new(accepted)));
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
