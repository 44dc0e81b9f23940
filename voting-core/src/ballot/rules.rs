//! What a round asks, prepared once: the statements of each contest, how a ballot is split into parts, and the generators.

use std::borrow::Cow;
use std::sync::Arc;

use proofs::StatementError;
use proofs::bit_vector::BitVectorProof;
use proofs::group::Generators;
use proofs::linear::MAX_VALUE;

use crate::contest::{Contest, Section};
use crate::context::RoundBinding;
use crate::ids::{ContestIndex, GroupIndex};
use crate::manifest::{MAX_TOTAL, RoundPlan};

/// Most parts of a ballot.
pub const MAX_PARTS: usize = 16;
/// The longest prefix of a string or array in CBOR that occurs here.
const PREFIX: usize = 5;
/// Bytes of a section beside ciphertexts and argument.
const SECTION_FRAME: usize = 1 + 2 * PREFIX;
/// The most bytes of a part beside its sections: the entry with kind, sealed, digests of the parts, counter, previous and
/// signature; and within sealed event, round, credential and part.
const PART_FRAME: usize = 2 + PREFIX + (PREFIX + MAX_PARTS * 34) + 9 + 34 + 66 + (1 + 3 * 34 + PREFIX + PREFIX);
/// Bytes for the sections of one part.
const PART_ROOM: usize = tlog::tile::MAX_ENTRY - PART_FRAME;

/// A contest with its statements.
#[derive(Clone, Debug)]
pub struct ContestRules {
    /// Position in the round.
    pub index: ContestIndex,
    /// The contest.
    pub contest: Contest,
    /// Cells and relations of each section, where they are the same for every ballot.
    shared: Option<Vec<Section>>,
    /// Cells of each section, and the most bytes that it takes on a ballot.
    sizes: Vec<(usize, usize)>,
    /// Sections that need as many generators as any other, where they depend on the weight.
    extremes: Vec<Section>,
}

impl ContestRules {
    pub(crate) fn new(index: ContestIndex, contest: &Contest) -> Result<Self, StatementError> {
        let mut sizes = vec![(0, 0); contest.sections()];
        let mut extremes = Vec::new();
        // Where statements depend on the weight these are the extremes: narrow cells at their widest, and wide cells.
        let weights: &[u64] = if contest.splits_weight() { &[1, MAX_VALUE, MAX_TOTAL] } else { &[1] };
        for weight in weights {
            for ((cells, bytes), section) in sizes.iter_mut().zip(sections(contest, *weight)?) {
                let statement = section.statement();
                *cells = section.cells();
                *bytes =
                    statement.ciphertext_bytes().saturating_add(BitVectorProof::encoded_len(statement)).max(*bytes);
                extremes.push(section);
            }
        }
        let shared = if contest.splits_weight() { None } else { Some(core::mem::take(&mut extremes)) };
        Ok(Self { index, contest: contest.clone(), shared, sizes, extremes })
    }

    /// Each section with its statement, for a ballot of this weight.
    ///
    /// # Errors
    /// [`StatementError`], which a valid manifest excludes.
    pub fn sections(&self, weight: u64) -> Result<Cow<'_, [Section]>, StatementError> {
        match &self.shared {
            Some(sections) => Ok(Cow::Borrowed(sections)),
            None => sections(&self.contest, weight).map(Cow::Owned),
        }
    }
}

fn sections(contest: &Contest, weight: u64) -> Result<Vec<Section>, StatementError> {
    (0..contest.sections()).map(|section| contest.section(section, weight)).collect()
}

/// Where a section stands: its contest's position in the round, its number, and the first of its cells in the contest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The contest.
    pub contest: ContestIndex,
    /// The section, from 0.
    pub section: usize,
    /// Cells of the contest before this section.
    pub first_cell: usize,
}

/// A section that does not fit an entry, however the ballot is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge {
    /// Its contest.
    pub contest: ContestIndex,
    /// The bytes that the entry would take.
    pub bytes: usize,
}

/// Splits the sections of contests, in order, into as few parts as fit an entry each. The same for every voter of a group:
/// sizes are counted at their most.
pub(crate) fn pack<'a>(contests: impl Iterator<Item = &'a ContestRules>) -> Result<Vec<Vec<Place>>, TooLarge> {
    let mut parts: Vec<Vec<Place>> = Vec::new();
    let mut room = 0;
    for rules in contests {
        let mut first_cell = 0;
        for (section, (cells, bytes)) in rules.sizes.iter().enumerate() {
            let bytes = bytes.saturating_add(SECTION_FRAME);
            if bytes > PART_ROOM {
                return Err(TooLarge { contest: rules.index, bytes: bytes.saturating_add(PART_FRAME) });
            }
            let place = Place { contest: rules.index, section, first_cell };
            match parts.last_mut() {
                Some(part) if bytes <= room => part.push(place),
                _ => {
                    parts.push(vec![place]);
                    room = PART_ROOM;
                }
            }
            room -= bytes;
            first_cell += cells;
        }
    }
    Ok(parts)
}

/// The most bytes of each part of a ballot with these sections.
pub(crate) fn part_sizes(contests: &[&ContestRules], parts: &[Vec<Place>]) -> Vec<usize> {
    let size = |place: &Place| {
        let rules = contests.iter().find(|rules| rules.index == place.contest);
        rules.and_then(|rules| rules.sizes.get(place.section)).map_or(0, |(_, bytes)| bytes + SECTION_FRAME)
    };
    parts.iter().map(|part| PART_FRAME + part.iter().map(size).sum::<usize>()).collect()
}

/// The rules of a round, shared by sealing and verifying.
#[derive(Clone, Debug)]
pub struct RoundRules {
    /// Event, round and joint key: bound by every proof.
    pub binding: RoundBinding,
    contests: Arc<[ContestRules]>,
    /// For each group the parts of its ballots.
    parts: Arc<[Vec<Vec<Place>>]>,
    generators: Arc<Generators>,
}

impl RoundRules {
    /// Prepares the contests of a round.
    ///
    /// # Errors
    /// [`StatementError`], which a valid manifest excludes.
    pub fn new(binding: RoundBinding, plan: &RoundPlan) -> Result<Self, StatementError> {
        let mut contests = Vec::with_capacity(plan.contests.len());
        for (index, contest) in plan.contests.iter().enumerate() {
            let index = ContestIndex(u32::try_from(index).unwrap_or(u32::MAX));
            contests.push(ContestRules::new(index, contest)?);
        }
        let sections = contests.iter().flat_map(|rules| rules.shared.iter().flatten().chain(&rules.extremes));
        let generators = Arc::new(Generators::for_statements(sections.map(Section::statement)));
        let groups =
            plan.contests.iter().flat_map(|contest| &contest.groups).map(|group| group.0 + 1).max().unwrap_or(0);
        let of = |group| contests.iter().filter(move |rules| rules.contest.is_for(GroupIndex(group)));
        let parts = (0..groups).map(|group| pack(of(group)).unwrap_or_default()).collect();
        Ok(Self { binding, contests: contests.into(), parts, generators })
    }

    /// The parts of the ballots of a group: which sections stand in each. More than one only where a ballot is too large for
    /// an entry.
    #[must_use]
    pub fn parts_of(&self, group: GroupIndex) -> &[Vec<Place>] {
        self.parts.get(group.position()).map_or(&[], Vec::as_slice)
    }

    /// The contest at a position.
    #[must_use]
    pub fn contest(&self, index: ContestIndex) -> Option<&ContestRules> {
        self.contests.get(index.position())
    }

    /// All contests in order.
    #[must_use]
    pub fn contests(&self) -> &[ContestRules] {
        &self.contests
    }

    /// The contests that a group answers, in order: exactly these stand on its members' ballots.
    pub fn contests_of(&self, group: GroupIndex) -> impl Iterator<Item = &ContestRules> {
        self.contests.iter().filter(move |rules| rules.contest.is_for(group))
    }

    /// The generators for the largest section.
    #[must_use]
    pub fn generators(&self) -> &Generators {
        &self.generators
    }
}
