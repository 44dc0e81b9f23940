//! What is turned away before it costs much: too many ballots of one credential, ballots that the published state can't
//! allow, more bytes than there is room for, and, if the operator wants it, too many requests of one address.
//!
//! Nobody can use up what belongs to somebody else. A credential pays for ballots that were accepted, and for those that the
//! fold refused although its signature holds; what others send in its name costs it nothing. The address of a sender is not looked at
//! unless the configuration says so: a whole meeting votes from one access point.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use voting_core::ballot::{self, BallotEntry, BallotFault};
use voting_core::context::RoundBinding;
use voting_core::ids::{CredentialKey, RoundId};
use voting_core::record::state::Roll;
use voting_core::record::{Culprit, Refusal, Rule, State};

use crate::error::Fault;
use crate::metrics::Measured;

/// The time that a pace is counted over.
const MINUTE: Duration = Duration::from_secs(60);
/// How long signatures are looked at first after a ballot with a false proof or signature came in.
const SUSPICION: Duration = Duration::from_secs(60);
/// Keys that are remembered before the first look at which of them can be forgotten.
const REMEMBERED: usize = 1_024;

/// So many a minute for each key, all of them at once if it likes: a leaky bucket, kept as the time at which it is empty.
pub(crate) struct Pace<K> {
    a_minute: u32,
    seen: Mutex<Seen<K>>,
}

struct Seen<K> {
    empty_at: BTreeMap<K, Instant>,
    clear_at: usize,
}

impl<K: Ord + Copy> Pace<K> {
    /// So many a minute; 0 for no limit.
    pub(crate) fn new(a_minute: u32) -> Self {
        Self { a_minute, seen: Mutex::new(Seen { empty_at: BTreeMap::new(), clear_at: REMEMBERED }) }
    }

    fn seen(&self) -> MutexGuard<'_, Seen<K>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, seen: &Seen<K>, key: &K, now: Instant) -> Result<(), u64> {
        if self.a_minute == 0 {
            return Ok(());
        }
        let left = seen.empty_at.get(key).map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        let over = (left + MINUTE / self.a_minute).saturating_sub(MINUTE);
        if over.is_zero() { Ok(()) } else { Err(over.as_secs() + 1) }
    }

    fn add(&self, seen: &mut Seen<K>, key: K, now: Instant) {
        if self.a_minute == 0 {
            return;
        }
        let empty_at = seen.empty_at.entry(key).or_insert(now);
        *empty_at = (*empty_at).max(now) + MINUTE / self.a_minute;
        if seen.empty_at.len() >= seen.clear_at {
            seen.empty_at.retain(|_, at| *at > now);
            seen.clear_at = (seen.empty_at.len() * 2).max(REMEMBERED);
        }
    }

    /// Whether the key may go on; else the seconds to wait.
    pub(crate) fn look(&self, key: &K, now: Instant) -> Result<(), u64> {
        self.wait(&self.seen(), key, now)
    }

    /// Counts one more of this key.
    pub(crate) fn spend(&self, key: K, now: Instant) {
        self.add(&mut self.seen(), key, now);
    }

    /// Both at once.
    pub(crate) fn take(&self, key: K, now: Instant) -> Result<(), u64> {
        let mut seen = self.seen();
        self.wait(&seen, &key, now)?;
        self.add(&mut seen, key, now);
        Ok(())
    }
}

/// An address as far as it tells senders apart: of IPv6 the first 64 bits, which one line has to itself.
pub(crate) fn line_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::from(u64::MAX) << 64))),
        v4 => v4,
    }
}

/// Room for the bodies of requests, from their first byte to the answer.
#[derive(Clone)]
pub(crate) struct Room(Arc<Semaphore>);

/// A body in its room.
#[derive(Default)]
pub(crate) struct Held {
    pub(crate) bytes: Vec<u8>,
    room: Option<OwnedSemaphorePermit>,
}

impl Room {
    /// Room for so many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes.min(Semaphore::MAX_PERMITS))))
    }

    /// Puts more bytes behind those that came before. Only what has arrived takes room: announcing much takes none.
    ///
    /// # Errors
    /// [`Fault::Busy`] if there is no room.
    pub(crate) fn put(&self, held: &mut Held, bytes: &[u8]) -> Result<(), Fault> {
        let more = u32::try_from(bytes.len()).map_err(|_| Fault::Busy)?;
        let more = Arc::clone(&self.0).try_acquire_many_owned(more).map_err(|_| Fault::Busy)?;
        match &mut held.room {
            Some(room) => room.merge(more),
            none => *none = Some(more),
        }
        held.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

/// The little of the published state that turns ballots away before they take a place in the queue.
#[derive(Default)]
struct Gate {
    open: Option<(RoundBinding, Arc<Roll>)>,
    closed: Vec<RoundId>,
}

/// The desk of an event: the first look at a ballot, and what is measured.
#[derive(Default)]
pub(crate) struct Desk {
    gate: RwLock<Arc<Gate>>,
    pace: OnceLock<Pace<CredentialKey>>,
    suspicious_until: Mutex<Option<Instant>>,
    pub(crate) measured: Measured,
}

impl Desk {
    /// Sets the ballots that one credential may cast in a minute. Once; before that there is no limit.
    pub(crate) fn limit(&self, ballots_a_minute: u32) {
        let _ = self.pace.set(Pace::new(ballots_a_minute));
    }

    /// Goes on from the state that is being published.
    pub(crate) fn publish(&self, state: &State) {
        let closed = state.rounds().filter(|(_, round)| round.closed().is_some()).filter_map(|(_, round)| round.id());
        let gate = Arc::new(Gate { open: state.open_roll(), closed: closed.collect() });
        *self.gate.write().unwrap_or_else(PoisonError::into_inner) = gate;
    }

    /// The first look at a ballot, in the order and words of the fold; whatever passes is judged by the fold all the same.
    ///
    /// # Errors
    /// [`Fault`]. A ballot that was accepted before may be refused here: the caller looks for it first.
    pub(crate) fn look(&self, ballot: &BallotEntry) -> Result<(), Fault> {
        let refuse = |rule, culprit, what: &str| Err(Fault::Rule(Refusal::new(rule, culprit, what), None));
        let gate = Arc::clone(&self.gate.read().unwrap_or_else(PoisonError::into_inner));
        let Some((binding, roll)) = &gate.open else {
            return refuse(Rule::BallotOpen, Culprit::Board, "no round is open for voting");
        };
        let credential = ballot.sealed.credential;
        let voter = Culprit::Voter(credential);
        if ballot.sealed.round != binding.round {
            return if gate.closed.contains(&ballot.sealed.round) {
                refuse(Rule::BallotOpen, voter, "the ballot's round is closed")
            } else {
                refuse(Rule::BallotBinding, voter, "the ballot belongs to another round")
            };
        }
        if roll.position(&credential).is_none() {
            return refuse(Rule::BallotEligible, voter, "the credential is not on the roll of this round");
        }
        self.pace_of(ballot.sealed.part, &credential)?;
        if self.is_suspicious()
            && let Some((key, _)) = roll.voter(&credential)
            && !ballot::signature_holds(binding, &key, ballot)
        {
            return refuse(Rule::BallotSignature, voter, &BallotFault::Signature.to_string());
        }
        Ok(())
    }

    /// Whether this credential may begin one more ballot now. Parts behind the first belong to a ballot that has begun.
    pub(crate) fn pace_of(&self, part: u32, credential: &CredentialKey) -> Result<(), Fault> {
        match self.pace.get() {
            Some(pace) if part == 0 => pace.look(credential, Instant::now()).map_err(Fault::TooManyBallots),
            _ => Ok(()),
        }
    }

    /// Counts an accepted ballot, or the first part of one.
    pub(crate) fn accepted(&self, part: u32, credential: CredentialKey) {
        if part == 0 {
            self.charge(credential);
        }
    }

    fn charge(&self, credential: CredentialKey) {
        if let Some(pace) = self.pace.get() {
            pace.spend(credential, Instant::now());
        }
    }

    /// Takes note of a refusal by the fold: false proofs and signatures cost much, so for a while signatures come first; and
    /// whoever signs a ballot that is then refused pays for it.
    pub(crate) fn refused(&self, refusal: &Refusal) {
        if matches!(refusal.rule, Rule::BallotProof | Rule::BallotSignature) {
            let until = Instant::now() + SUSPICION;
            *self.suspicious_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
        }
        // The fold names these rules only where the signature holds.
        let signed = matches!(refusal.rule, Rule::BallotProof | Rule::BallotChain | Rule::BallotRepeat);
        if let (true, Culprit::Voter(credential)) = (signed, refusal.culprit) {
            self.charge(credential);
        }
    }

    fn is_suspicious(&self) -> bool {
        let until = *self.suspicious_until.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_pace_lets_a_minutes_worth_through_at_once_and_then_one_after_another() {
        let pace = Pace::new(10);
        let begin = Instant::now();
        for _ in 0..10 {
            pace.take(1, begin).unwrap();
        }
        assert_eq!(pace.take(1, begin), Err(7), "six seconds and what rounds up");
        pace.take(2, begin).unwrap();
        pace.take(1, begin + Duration::from_secs(6)).unwrap();
        assert!(pace.take(1, begin + Duration::from_secs(6)).is_err());
        // A minute later all of it is there again, and not more.
        let later = begin + Duration::from_secs(600);
        assert_eq!((0..20).filter(|_| pace.take(1, later).is_ok()).count(), 10);
        let unlimited = Pace::new(0);
        assert!((0..1_000).all(|_| unlimited.take(1, begin).is_ok()));
    }

    #[test]
    fn what_is_over_is_forgotten() {
        let pace = Pace::new(60);
        let begin = Instant::now();
        for key in 0..50_000_u64 {
            pace.spend(key, begin + Duration::from_millis(key));
        }
        assert!(pace.seen().empty_at.len() <= 2_048);
    }

    #[test]
    fn room_is_taken_by_what_arrived_and_given_back() {
        let room = Room::new(100);
        let (mut one, mut two) = (Held::default(), Held::default());
        room.put(&mut one, &[1; 60]).unwrap();
        assert_eq!(room.put(&mut two, &[2; 60]), Err(Fault::Busy));
        room.put(&mut one, &[3; 40]).unwrap();
        assert_eq!(one.bytes.len(), 100);
        drop(one);
        room.put(&mut two, &[2; 60]).unwrap();
    }

    #[test]
    fn one_line_has_one_address() {
        let line = |text: &str| line_of(text.parse().unwrap()).to_string();
        assert_eq!(line("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(line("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
