//! Named profiles: rules as laws and regulations have them, each with its source.
//!
//! A profile is a convenience for whoever writes a draft and a promise to whoever reads it: a rule that carries a profile's
//! name must be what the profile gives. docs/outcome-rules.md says for each source whether its wording was at hand.

use serde::Serialize;

use super::requirement::{Bound, Number, Requirement};
use super::{Decision, OutcomeRule, Ties, Vacancies};
use crate::ids::OptionIndex;

/// What a profile is applied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A motion.
    Motion {
        /// The option in favour.
        in_favour: OptionIndex,
        /// The option against.
        against: Option<OptionIndex>,
    },
    /// An election.
    Election {
        /// How many are elected.
        seats: u32,
    },
}

impl Subject {
    /// What a decision is about; none if it decides nothing.
    #[must_use]
    pub const fn of(decision: &Decision) -> Option<Self> {
        match decision {
            Decision::TotalsOnly => None,
            Decision::Adopt { in_favour, against, .. } => {
                Some(Self::Motion { in_favour: *in_favour, against: *against })
            }
            Decision::Elect { seats, .. } => Some(Self::Election { seats: *seats }),
        }
    }
}

/// Where a profile comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The law or regulation with its year, in its own language.
    pub title: &'static str,
    /// Article or section where it is known; else empty.
    pub article: &'static str,
}

/// A named rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// More votes for than against; the most votes elect.
    SimpleMajority,
    /// At least two thirds of the votes cast.
    TwoThirds,
    /// More than half of all on the roll.
    AbsoluteMajorityOfRoll,
    /// Elections in basic-level party organisations in China.
    CnPartyBasic,
    /// The same, elected with more than half of those due.
    CnPartyHigher,
    /// Elections by a local party congress in China.
    CnPartyLocalCongress,
    /// Elections by the plenary session of a local party committee in China.
    CnPartyLocalCommittee,
    /// Decisions of a party branch in China.
    CnPartyBranchDecision,
    /// Union committee elections in China.
    CnUnion,
    /// Decisions and elections of a German association.
    DeAssociation,
    /// Changes of the statutes of a German association.
    DeAssociationStatutes,
}

const HALF: (u32, u32) = (1, 2);

impl Profile {
    /// All of them, in the order of their codes on the log.
    pub const ALL: [Self; 11] = [
        Self::SimpleMajority,
        Self::TwoThirds,
        Self::AbsoluteMajorityOfRoll,
        Self::CnPartyBasic,
        Self::CnPartyHigher,
        Self::CnPartyLocalCongress,
        Self::CnPartyLocalCommittee,
        Self::CnPartyBranchDecision,
        Self::CnUnion,
        Self::DeAssociation,
        Self::DeAssociationStatutes,
    ];

    /// Its name in drafts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SimpleMajority => "simple-majority",
            Self::TwoThirds => "two-thirds",
            Self::AbsoluteMajorityOfRoll => "absolute-majority-of-roll",
            Self::CnPartyBasic => "cn-party-basic",
            Self::CnPartyHigher => "cn-party-higher",
            Self::CnPartyLocalCongress => "cn-party-local-congress",
            Self::CnPartyLocalCommittee => "cn-party-local-committee",
            Self::CnPartyBranchDecision => "cn-party-branch-decision",
            Self::CnUnion => "cn-union",
            Self::DeAssociation => "de-association",
            Self::DeAssociationStatutes => "de-association-statutes",
        }
    }

    /// The profile with this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// Where it comes from; nothing for usage without a law.
    #[must_use]
    pub const fn sources(self) -> &'static [Source] {
        const BASIC: Source =
            Source { title: "中国共产党基层组织选举工作条例（2020年）", article: "" };
        const LOCAL: Source =
            Source { title: "中国共产党地方组织选举工作条例（2020年）", article: "第二十四条" };
        match self {
            Self::SimpleMajority | Self::TwoThirds | Self::AbsoluteMajorityOfRoll => &[],
            Self::CnPartyBasic => &[BASIC],
            Self::CnPartyHigher => &[BASIC, Source { title: LOCAL.title, article: "" }],
            Self::CnPartyLocalCongress | Self::CnPartyLocalCommittee => &[LOCAL],
            Self::CnPartyBranchDecision => &[Source {
                title: "中国共产党支部工作条例（试行）（2018年）",
                article: "第十一条",
            }],
            Self::CnUnion => {
                &[Source { title: "工会基层组织选举工作条例（总工发〔2016〕27号）", article: "" }]
            }
            Self::DeAssociation => &[
                Source { title: "Bürgerliches Gesetzbuch", article: "§ 32 Abs. 1 Satz 3" },
                Source { title: "Bundesgerichtshof, Urteil vom 25.01.1982, II ZR 164/81 (BGHZ 83, 35)", article: "" },
            ],
            Self::DeAssociationStatutes => {
                &[Source { title: "Bürgerliches Gesetzbuch", article: "§ 33 Abs. 1 Satz 1" }]
            }
        }
    }

    /// What it says, in one sentence of plain words; Simplified Chinese for `zh-CN`, else English.
    #[must_use]
    pub fn says(self, language: &str) -> &'static str {
        let (english, chinese) = self.both();
        if super::Language::of(language) == super::Language::Chinese { chinese } else { english }
    }

    const fn both(self) -> (&'static str, &'static str) {
        match self {
            Self::SimpleMajority => (
                "A motion is adopted with more votes for than against; most votes elect; equal votes for the last seat are voted \
                 again.",
                "议案赞成票多于反对票即为通过；选举以得票多者当选；最后名额票数相等的，再次投票。",
            ),
            Self::TwoThirds => (
                "A motion is adopted with at least two thirds of the votes for and against; a candidate needs at least two \
                 thirds of the ballots that are not blank.",
                "议案获得赞成票和反对票总数三分之二以上的赞成票为通过；候选人须获得非空白票三分之二以上的赞成票。",
            ),
            Self::AbsoluteMajorityOfRoll => (
                "More than half of all on the roll must be in favour; whoever stays away counts like a vote against.",
                "赞成票须超过选举人名册总票权的半数；未投票的，效果等同于反对。",
            ),
            Self::CnPartyBasic => (
                "At least four fifths of those due must be present; elected with more than half of those present, exactly half is \
                 not enough; most votes first up to the number of seats; equal votes at the last seat are voted again; too few \
                 elected: a new vote on the vacant seats.",
                "到会人数不少于应到会人数的五分之四；赞成票超过实到会人数的半数方可当选，恰好半数不能当选；按得票多少取足应选名额；\
                 最后名额票数相等的，再次投票；当选人数不足的，对不足名额另行选举。",
            ),
            Self::CnPartyHigher => (
                "At least four fifths of those due must be present; elected with more than half of those due, exactly half is not \
                 enough; otherwise like elections in basic-level party organisations.",
                "到会人数不少于应到会人数的五分之四；赞成票超过应到会人数的半数方可当选，恰好半数不能当选；其余与基层组织选举相同。",
            ),
            Self::CnPartyLocalCongress => (
                "More than half of those due must be present; elected with more than half of those due; otherwise like elections \
                 in basic-level party organisations.",
                "到会人数超过应到会人数的半数；赞成票超过应到会人数的半数方可当选；其余与基层组织选举相同。",
            ),
            Self::CnPartyLocalCommittee => (
                "More than two thirds of those due must be present; elected with more than half of those due; otherwise like \
                 elections in basic-level party organisations.",
                "到会人数超过应到会人数的三分之二；赞成票超过应到会人数的半数方可当选；其余与基层组织选举相同。",
            ),
            Self::CnPartyBranchDecision => (
                "More than half of those due must be present; adopted with more than half of those due.",
                "到会人数超过应到会人数的半数；赞成票超过应到会人数的半数为通过。",
            ),
            Self::CnUnion => (
                "At least two thirds of those due must be present; elected with more than half of those due; most votes first up \
                 to the number of seats; equal votes at the last seat are voted again.",
                "到会人数达到应到会人数的三分之二以上；赞成票超过应到会人数的半数方可当选；按得票多少取足应选名额；最后名额票数相等的，\
                 再次投票。",
            ),
            Self::DeAssociation => (
                "Majority of the votes cast; abstentions are not counted. A motion with equal votes for and against is not \
                 adopted; a candidate needs more than half of the ballots that are not blank.",
                "以所投票的多数决定，弃权不计入；议案赞成与反对票数相等的，不通过；候选人须获得超过非空白票半数的票。",
            ),
            Self::DeAssociationStatutes => (
                "A change of the statutes needs at least three quarters of the votes cast; abstentions are not counted.",
                "修改章程须获得所投票四分之三以上的赞成票，弃权不计入。",
            ),
        }
    }

    /// The rule that it gives; none if it is not for such a subject, or if the motion lacks the option against that it needs.
    #[must_use]
    pub fn rule(self, subject: Subject) -> Option<OutcomeRule> {
        let (motion, election) = self.requirements();
        let decision = match subject {
            Subject::Motion { in_favour, against } => {
                let requirement = motion.filter(|motion| motion.of != Number::Decided || against.is_some())?;
                Decision::Adopt { in_favour, against, requirement }
            }
            Subject::Election { seats } => {
                let (requirement, vacancies) = match election? {
                    Elected::MostVotes => (None, Vacancies::LeaveOpen),
                    Elected::With(requirement) => (Some(requirement), Vacancies::NewRound),
                };
                Decision::Elect { seats, requirement, ties: Ties::NewRound, vacancies, then: None }
            }
        };
        Some(OutcomeRule { profile: Some(self), quorum: self.quorum(), decision })
    }

    const fn quorum(self) -> Option<Requirement> {
        match self {
            Self::SimpleMajority
            | Self::TwoThirds
            | Self::AbsoluteMajorityOfRoll
            | Self::DeAssociation
            | Self::DeAssociationStatutes => None,
            Self::CnPartyBasic | Self::CnPartyHigher => Some(Requirement::at_least((4, 5), Number::Due)),
            Self::CnPartyLocalCongress | Self::CnPartyBranchDecision => Some(Requirement::more_than(HALF, Number::Due)),
            Self::CnPartyLocalCommittee => Some(Requirement::more_than((2, 3), Number::Due)),
            Self::CnUnion => Some(Requirement::at_least((2, 3), Number::Due)),
        }
    }

    /// For motions, and for elections.
    const fn requirements(self) -> (Option<Requirement>, Option<Elected>) {
        const fn elected(part: (u32, u32), of: Number) -> Option<Elected> {
            Some(Elected::With(Requirement::more_than(part, of)))
        }
        match self {
            Self::SimpleMajority => (Some(Requirement::more_than(HALF, Number::Decided)), Some(Elected::MostVotes)),
            Self::TwoThirds => (
                Some(Requirement::at_least((2, 3), Number::Decided)),
                Some(Elected::With(Requirement::at_least((2, 3), Number::Answered))),
            ),
            Self::AbsoluteMajorityOfRoll => {
                (Some(Requirement::more_than(HALF, Number::Entitled)), elected(HALF, Number::Entitled))
            }
            Self::CnPartyBasic => (None, elected(HALF, Number::Present)),
            Self::CnPartyHigher | Self::CnPartyLocalCongress | Self::CnPartyLocalCommittee | Self::CnUnion => {
                (None, elected(HALF, Number::Due))
            }
            Self::CnPartyBranchDecision => (Some(Requirement::more_than(HALF, Number::Due)), None),
            Self::DeAssociation => {
                (Some(Requirement::more_than(HALF, Number::Decided)), elected(HALF, Number::Answered))
            }
            Self::DeAssociationStatutes => (Some(Requirement::at_least((3, 4), Number::Decided)), None),
        }
    }

    /// Whether published guidance on its quorum differs between "at least" and "more than", so that both may be chosen.
    #[must_use]
    pub const fn quorum_bound_may_differ(self) -> bool {
        matches!(self, Self::CnPartyBasic | Self::CnPartyHigher | Self::CnPartyBranchDecision | Self::CnUnion)
    }

    /// Whether a ballot with more names than seats must be impossible.
    #[must_use]
    pub const fn names_at_most_seats(self) -> bool {
        matches!(
            self,
            Self::CnPartyBasic
                | Self::CnPartyHigher
                | Self::CnPartyLocalCongress
                | Self::CnPartyLocalCommittee
                | Self::CnUnion
        )
    }

    /// Whether a rule is what the profile gives for the rule's own seats or options. The profile leaves open which stage
    /// follows and, where [`Self::quorum_bound_may_differ`], the bound of the quorum.
    #[must_use]
    pub fn is(self, rule: &OutcomeRule) -> bool {
        let Some(mut own) = Subject::of(&rule.decision).and_then(|subject| self.rule(subject)) else { return false };
        if let (Decision::Elect { then, .. }, Decision::Elect { then: stage, .. }) = (&mut own.decision, &rule.decision)
        {
            then.clone_from(stage);
        }
        let bound = |quorum: Option<Requirement>| match quorum {
            Some(quorum) if self.quorum_bound_may_differ() => Some(Requirement { bound: Bound::AtLeast, ..quorum }),
            other => other,
        };
        own.decision == rule.decision && bound(own.quorum) == bound(rule.quorum)
    }
}

#[derive(Clone, Copy)]
enum Elected {
    MostVotes,
    With(Requirement),
}

#[cfg(test)]
mod tests;
