//! The count of a closed round: whether its tallies may be decrypted, partial decryptions, and how it ends.

use super::round::Effect;
use super::{Counting, Effect as StateEffect, Ending, Round, State};
use crate::entry::{Author, NotCounted, RoundResult, Totals};
use crate::ids::{RoundIndex, TrusteeIndex};
use crate::record::{Culprit, Refusal, Rule};
use crate::tally::partial::{self, PartialDecryption, PartialError};
use crate::tally::{Tally, combine};

impl State {
    /// Whether any tally of a closed round may be decrypted; else the words why not (A36, S12). Tallies of the round that
    /// do not count stay closed ([`Tally::counted`]).
    ///
    /// # Errors
    /// The reason, in words.
    pub fn may_be_decrypted(&self, counting: &Counting) -> Result<(), String> {
        let (minimum, share) = (self.manifest.minimum_ballots, self.manifest.largest_share);
        if counting.tallies.iter().any(|tally| tally.counted) {
            return Ok(());
        }
        counting.tallies.first().map_or(Err("the round has no tally".into()), |tally| {
            Err(format!(
                "contest {} has {} ballots of weight {} (the heaviest {}); at least {minimum} ballots are needed, and no \
                 credential may hold more than {}/{} of the weight",
                tally.contest, tally.ballots, tally.weight, tally.heaviest, share.0, share.1
            ))
        })
    }

    pub(super) fn check_partial(
        &self,
        author: Author,
        message: &PartialDecryption,
        by: Culprit,
    ) -> Result<StateEffect, Refusal> {
        let (index, counting) = self.counting(message.round, by)?;
        let Author::Trustee(trustee) = author else {
            return Err(Refusal::new(Rule::EntrySignature, by, "only trustees decrypt"));
        };
        if counting.parts.contains_key(&trustee) || counting.ending.is_some() {
            let what = "this trustee has decrypted this round before, or the round has ended";
            return Err(Refusal::new(Rule::DecryptOnce, by, what));
        }
        self.may_be_decrypted(counting).map_err(|what| Refusal::new(Rule::DecryptMinimum, by, what))?;
        let joint = self.joint_key().ok_or_else(|| Refusal::new(Rule::EntryLegal, by, "there is no joint key"))?;
        let binding = &counting.rules.binding;
        let points = partial::verify(message, trustee, joint, binding, &counting.closing, &counting.tallies);
        let points = points.map_err(|error| {
            let rule = match error {
                PartialError::OtherEvent | PartialError::OtherCheckpoint => Rule::DecryptCheckpoint,
                PartialError::Shape => Rule::DecryptShape,
                PartialError::TooFew(_) => Rule::DecryptMinimum,
                PartialError::Proof(_) => Rule::DecryptProof,
            };
            Refusal::new(rule, by, error.to_string())
        })?;
        Ok(StateEffect::Round(index, Effect::Part(trustee, points)))
    }

    pub(super) fn check_result(&self, result: &RoundResult, by: Culprit) -> Result<StateEffect, Refusal> {
        let RoundResult { round, trustees, totals } = result;
        let (index, counting) = self.counting(*round, by)?;
        if counting.ending.is_some() {
            return Err(Refusal::new(Rule::ResultOnce, by, "the round has ended before"));
        }
        let ascending = trustees.is_sorted_by(|a, b| a < b);
        if !ascending || trustees.len() != self.manifest.threshold as usize {
            let what = format!("exactly {} trustees must be named, ascending", self.manifest.threshold);
            return Err(Refusal::new(Rule::ResultTrustees, by, what));
        }
        let combined = self.combine(counting, trustees).map_err(|what| Refusal::new(Rule::ResultTrustees, by, what))?;
        let bound = |tally: &Tally| {
            let contest = counting.rules.contest(tally.contest);
            contest.and_then(|rules| rules.contest.largest_total(tally.weight)).unwrap_or(0)
        };
        combine::check(&counting.tallies, &combined, totals, bound)
            .map_err(|error| Refusal::new(Rule::ResultTotals, by, error.to_string()))?;
        Ok(StateEffect::Round(index, Effect::End(Ending::Result(result.clone()))))
    }

    fn combine(
        &self,
        counting: &Counting,
        trustees: &[TrusteeIndex],
    ) -> Result<Vec<Vec<proofs::group::Point>>, String> {
        let mut parts = Vec::with_capacity(trustees.len());
        for trustee in trustees {
            let part = counting.parts.get(trustee);
            parts.push((*trustee, part.ok_or_else(|| format!("trustee {trustee} has not decrypted this round"))?));
        }
        combine::combine(&counting.tallies, &parts).map_err(|error| error.to_string())
    }

    /// Computes the result of a closed round from the first t parts on the log. Searches discrete logarithms up to the
    /// cast weight (A9): up to some seconds for 2^40.
    ///
    /// # Errors
    /// The reason, in words: too few parts, for instance.
    pub fn compute_result(&self, index: RoundIndex) -> Result<RoundResult, String> {
        let counting = self.round(index).and_then(Round::closed).ok_or("the round is not closed")?;
        let threshold = self.manifest.threshold as usize;
        let trustees: Vec<_> = counting.parts.keys().copied().take(threshold).collect();
        if trustees.len() < threshold {
            return Err(format!("{} of {threshold} trustees needed have decrypted: wait for more", trustees.len()));
        }
        self.may_be_decrypted(counting)?;
        let combined = self.combine(counting, &trustees)?;
        let bound = counting.tallies.iter().map(|tally| {
            let contest = counting.rules.contest(tally.contest);
            contest.and_then(|rules| rules.contest.largest_total(tally.weight)).unwrap_or(0)
        });
        let table = proofs::small_log::SmallLog::new(bound.max().unwrap_or(0)).map_err(|error| error.to_string())?;
        let totals: Vec<Totals> =
            combine::totals(&counting.tallies, &combined, &table).map_err(|error| error.to_string())?;
        Ok(RoundResult { round: counting.rules.binding.round, trustees, totals })
    }

    pub(super) fn check_not_counted(&self, message: &NotCounted, by: Culprit) -> Result<StateEffect, Refusal> {
        let (index, counting) = self.counting(message.round, by)?;
        if counting.ending.is_some() {
            return Err(Refusal::new(Rule::ResultOnce, by, "the round has ended before"));
        }
        if self.may_be_decrypted(counting).is_ok() {
            return Err(Refusal::new(Rule::ResultOnce, by, "enough ballots count: the round must be decrypted"));
        }
        Ok(StateEffect::Round(index, Effect::End(Ending::NotCounted)))
    }
}
