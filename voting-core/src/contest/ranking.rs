//! `ranking`: orders with ties and unranked options, of which only the pairwise totals are ever decrypted (A37).
//!
//! Cells: for each ordered pair of options a bit `p_ij`, "i strictly before j", row by row without the diagonal; then the
//! blank cell where blank is allowed (S13). The ranks behind them are committed to, and never decrypted. The relations
//! hold exactly for the pairs of an order, and each order has one set of pairs (S10).

#[cfg(test)]
mod tests;

use proofs::linear::Value;
use serde::Serialize;

use super::plan::{Plan, sum_of};
use super::{Choice, ChoiceError, Findings, Reading};
use crate::codec::{Malformed, Reader, Wire, Writer};
use crate::ids::OptionIndex;

/// Most options of a ranking: with 17 a ballot would not fit an entry.
pub const MAX_RANKED: usize = 16;

/// The rule of a ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranking {
    /// Where options without a rank stand.
    pub mode: Mode,
    /// Whether options may share a rank.
    pub ties: bool,
    /// Whether an answer may be blank.
    pub blank: bool,
    /// How an order of the options is made from the pairwise totals.
    pub method: Method,
}

/// How pairwise totals become places; see [`crate::method`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Strongest paths (Schulze).
    #[default]
    Schulze,
    /// Ranked pairs (Tideman).
    RankedPairs,
    /// Pairs won (Copeland).
    Copeland,
    /// Borda's count.
    Borda,
}

impl Method {
    /// All of them, in the order of their codes on the log.
    pub const ALL: [Self; 4] = [Self::Schulze, Self::RankedPairs, Self::Copeland, Self::Borda];

    /// The word that drafts use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Schulze => "schulze",
            Self::RankedPairs => "ranked pairs",
            Self::Copeland => "copeland",
            Self::Borda => "borda",
        }
    }
}

/// Where options without a rank stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// In the last place, together, behind every ranked option.
    UnrankedLast,
    /// Nowhere: they are compared with nothing (S10).
    RankedOnly,
}

impl Ranking {
    fn pairs(options: usize) -> usize {
        options * options.saturating_sub(1)
    }

    pub(super) fn cells(&self, options: usize) -> usize {
        Self::pairs(options) + usize::from(self.blank)
    }

    /// With n options, for each pair:
    /// - unranked last: `0 <= R_j - R_i + (n-1) - n p_ij <= n-1`, ranks R in 0..=n-1;
    /// - ranked only (S10): a bit u_j "ranked", source rank S_j and target rank `T_j = S_j - (n-1)(1 - u_j)`, and
    ///   `0 <= T_j - S_i + (n-1) - n p_ij <= n-1`: then `p_ij = 1` exactly if both are ranked and i is before j.
    ///
    /// An answer must say something: `1 <= sum p <= N`, N the number of unordered pairs; ranked only: `1 <= sum u <= n`.
    /// With blank bit beta `1 <= sum + beta` and `sum + N beta <= N`, resp. n (S13). Without ties: `p_ij + p_ji + beta = 1`,
    /// which says all of that; ranked only: `-1 <= p_ij + p_ji - u_i - u_j <= 0`.
    pub(super) fn plan(&self, options: usize, plan: &mut Plan) {
        for (i, j) in ordered(options) {
            plan.value(Value::encrypted(1), format_args!("option {i} before option {j}"));
        }
        let blank = self.blank.then(|| plan.value(Value::encrypted(1), format_args!("blank")));
        match self.mode {
            Mode::UnrankedLast => Self::plan_last(self.ties, options, blank, plan),
            Mode::RankedOnly => Self::plan_ranked_only(self.ties, options, blank, plan),
        }
    }

    fn plan_last(ties: bool, options: usize, blank: Option<usize>, plan: &mut Plan) {
        let (n, last) = (options as i64, options as i64 - 1);
        let ranks: Vec<_> =
            (0..options).map(|i| plan.value(rank(options), format_args!("rank of option {i}"))).collect();
        for (p, (i, j)) in ordered(options).enumerate() {
            let (Some(of_i), Some(of_j)) = (ranks.get(i), ranks.get(j)) else { continue };
            let mut terms = [(p, -n), (*of_i, -1), (*of_j, 1)];
            terms.sort_unstable();
            let name = format_args!("option {i} before option {j} fits the ranks");
            plan.relation(terms.into_iter(), (-last, 0), name);
        }
        if ties {
            let pairs = Self::pairs(options);
            return says_something(0..pairs, pairs as i64 / 2, blank, plan);
        }
        for (i, j) in unordered(options) {
            let terms = [(pair(options, i, j), 1), (pair(options, j, i), 1)].into_iter().chain(blank.map(|b| (b, 1)));
            let or_blank = if blank.is_some() { ", or the answer is blank" } else { "" };
            let name = format_args!("one of option {i} and option {j} is before the other{or_blank}");
            plan.exactly(terms, 1, pair(options, j, i), name);
        }
    }

    fn plan_ranked_only(ties: bool, options: usize, blank: Option<usize>, plan: &mut Plan) {
        let (n, last) = (options as i64, options as i64 - 1);
        let mut each = |value, what| {
            let add = |i| plan.value(value, format_args!("{what} of option {i}"));
            (0..options).map(add).collect::<Vec<_>>()
        };
        let ranked = each(Value::committed(1), "being ranked");
        let source = each(rank(options), "source rank");
        let target = each(rank(options), "target rank");
        for (i, ((u, s), t)) in ranked.iter().zip(&source).zip(&target).enumerate() {
            let name = format_args!("the ranks of option {i} are equal if it is ranked, else last and first");
            plan.relation([(*u, -last), (*s, -1), (*t, 1)].into_iter(), (-last, -last), name);
        }
        for (p, (i, j)) in ordered(options).enumerate() {
            let (Some(s), Some(t)) = (source.get(i), target.get(j)) else { continue };
            let name = format_args!("option {i} before option {j} fits the ranks");
            plan.relation([(p, -n), (*s, -1), (*t, 1)].into_iter(), (-last, 0), name);
        }
        if !ties {
            for (i, j) in unordered(options) {
                let (Some(u), Some(v)) = (ranked.get(i), ranked.get(j)) else { continue };
                let terms = [(pair(options, i, j), 1), (pair(options, j, i), 1), (*u, -1), (*v, -1)];
                let name = format_args!("option {i} and option {j} do not share a rank");
                plan.relation(terms.into_iter(), (-1, 0), name);
            }
        }
        if let Some(first) = ranked.first() {
            says_something(*first..first + options, n, blank, plan);
        }
    }

    pub(super) fn demands(&self) -> String {
        let unranked = match self.mode {
            Mode::UnrankedLast => "unranked options last",
            Mode::RankedOnly => "unranked options compared with nothing",
        };
        let ties = if self.ties { "ties allowed" } else { "without ties" };
        let blank = if self.blank { ", or the answer is blank" } else { "" };
        format!("the preferences are those of an order, {unranked}, {ties}{blank}")
    }

    pub(super) fn values(&self, choice: &Choice, options: usize) -> Result<Vec<u64>, ChoiceError> {
        let none = vec![None; options];
        let ranks = match choice {
            Choice::Ranking(ranks) => ranks.as_slice(),
            Choice::Blank => &none,
            _ => return Err(ChoiceError::OtherKind("ranks")),
        };
        if ranks.len() != options {
            return Err(ChoiceError::Places { found: ranks.len(), expected: options });
        }
        let all_alike = ranks.windows(2).all(|pair| matches!(pair, [one, other] if one == other));
        let is_blank = match self.mode {
            Mode::UnrankedLast => all_alike,
            Mode::RankedOnly => ranks.iter().all(Option::is_none),
        };
        if is_blank && !self.blank {
            let unranked = ranks.iter().all(Option::is_none);
            return Err(if unranked { ChoiceError::BlankNotAllowed } else { ChoiceError::NoPreference });
        }
        if !is_blank && !self.ties {
            self.refuse_ties(ranks)?;
        }
        // Dense ranks from 0; gaps mean nothing.
        let mut used: Vec<u32> = ranks.iter().flatten().copied().collect();
        used.sort_unstable();
        used.dedup();
        let dense = |rank: &Option<u32>| rank.and_then(|rank| used.binary_search(&rank).ok());
        let dense: Vec<Option<usize>> = ranks.iter().map(dense).collect();
        let place = |i: usize| dense.get(i).copied().flatten();
        let before = |(i, j): (usize, usize)| match (place(i), place(j), self.mode) {
            (Some(i), Some(j), _) => i < j,
            (Some(_), None, Mode::UnrankedLast) => true,
            _ => false,
        };
        let mut values: Vec<u64> = ordered(options).map(|pair| before(pair).into()).collect();
        if self.blank {
            values.push(is_blank.into());
        }
        match self.mode {
            // Where an option is unranked, the others use at most the ranks before the last.
            Mode::UnrankedLast => values.extend(dense.iter().map(|place| place.unwrap_or(used.len()) as u64)),
            Mode::RankedOnly => {
                let last = options.saturating_sub(1);
                values.extend(dense.iter().map(|place| u64::from(place.is_some())));
                values.extend(dense.iter().map(|place| place.unwrap_or(last) as u64));
                values.extend(dense.iter().map(|place| place.unwrap_or(0) as u64));
            }
        }
        if is_blank && self.mode == Mode::UnrankedLast {
            // All options share a rank, whichever the answer gave.
            let ranks = self.cells(options);
            values.iter_mut().skip(ranks).for_each(|rank| *rank = 0);
        }
        Ok(values)
    }

    /// Without ties: no two ranked options alike; unranked last: at most one without a rank.
    fn refuse_ties(&self, ranks: &[Option<u32>]) -> Result<(), ChoiceError> {
        for (one, first) in (0..).map(OptionIndex).zip(ranks) {
            let later = (0..).map(OptionIndex).zip(ranks).skip(one.position() + 1);
            for (other, second) in later {
                match (first, second) {
                    (None, None) if self.mode == Mode::UnrankedLast => {
                        return Err(ChoiceError::Unranked { one, other });
                    }
                    (Some(first), Some(second)) if first == second => return Err(ChoiceError::Tied { one, other }),
                    _ => {}
                }
            }
        }
        Ok(())
    }

    pub(super) fn reading(&self, totals: &[u64], options: usize) -> Option<Reading> {
        if totals.len() != self.cells(options) {
            return None;
        }
        let (pairs, blank) = totals.split_at_checked(Self::pairs(options))?;
        let mut before = vec![vec![0; options]; options];
        for ((i, j), total) in ordered(options).zip(pairs) {
            *before.get_mut(i)?.get_mut(j)? = *total;
        }
        Some(Reading::Ranking { before, blank: blank.first().copied() })
    }

    /// What is wrong with the rule itself.
    pub(super) fn check(options: usize, found: &mut Findings<'_>) {
        let what = format!("a ranking needs 2 to {MAX_RANKED} options");
        found((2..=MAX_RANKED).contains(&options), "options", what);
    }
}

/// A rank among this many options.
fn rank(options: usize) -> Value {
    Value::committed(options.saturating_sub(1) as u64)
}

/// All ordered pairs of different options, row by row: the order of the cells.
fn ordered(options: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..options).flat_map(move |i| (0..options).filter(move |j| *j != i).map(move |j| (i, j)))
}

/// All pairs i < j.
fn unordered(options: usize) -> impl Iterator<Item = (usize, usize)> {
    ordered(options).filter(|(i, j)| i < j)
}

/// The cell of an ordered pair of different options.
fn pair(options: usize, i: usize, j: usize) -> usize {
    i * (options - 1) + j - usize::from(j > i)
}

/// At least one of these values is 1, or the answer is blank and none is (S13); `most` is what they can add up to.
fn says_something(values: core::ops::Range<usize>, most: i64, blank: Option<usize>, plan: &mut Plan) {
    let Some(blank) = blank else {
        return plan.relation(sum_of(values), (1, most), format_args!("the answer says something"));
    };
    let with_blank = |weight| {
        let mut terms: Vec<_> = sum_of(values.clone()).chain([(blank, weight)]).collect();
        terms.sort_unstable();
        terms.into_iter()
    };
    plan.relation(with_blank(1), (1, most), format_args!("the answer says something, or is blank"));
    if most > 1 {
        plan.relation(with_blank(most), (0, most), format_args!("a blank answer says nothing"));
    }
}

impl Wire for Ranking {
    const WHAT: &'static str = "ranking";
    fn write(&self, w: &mut Writer) {
        w.array(4);
        w.uint(match self.mode {
            Mode::UnrankedLast => 0,
            Mode::RankedOnly => 1,
        });
        w.bool(self.ties);
        w.bool(self.blank);
        w.uint(self.method as u64);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(4, Self::WHAT)?;
        let mode = match r.uint("mode of a ranking")? {
            0 => Mode::UnrankedLast,
            1 => Mode::RankedOnly,
            _ => return Err(r.malformed("mode of a ranking")),
        };
        let (ties, blank) = (r.bool("ties")?, r.bool("blank")?);
        let code = usize::try_from(r.uint("method of a ranking")?).ok();
        let method = code.and_then(|code| Method::ALL.get(code).copied());
        Ok(Self { mode, ties, blank, method: method.ok_or_else(|| r.malformed("method of a ranking"))? })
    }
}
