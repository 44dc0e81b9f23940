//! Canonical bytes of the bodies; docs/protocol.md has the same as CDDL.

use tlog::hash::Hash;

use super::{
    Attendance, Cancelled, CloseOrder, GroupAttendance, NotCounted, ROLL_CHUNK, RollChunk, RollClosed, RollMember,
    RoundClosed, RoundDropped, RoundOutcome, RoundResult, RoundStarted, RoundStatement, Totals,
};
use crate::codec::{Malformed, Reader, Wire, Writer};
use crate::contest::MAX_GROUPS;
use crate::ids::{CredentialKey, GroupIndex, RoundId, RoundIndex, TrusteeIndex};
use crate::manifest::RoundPlan;

impl Wire for RollChunk {
    const WHAT: &'static str = "roll chunk";
    fn write(&self, w: &mut Writer) {
        w.array(3);
        w.uint(self.round.0.into());
        w.uint(self.number.into());
        w.array(self.members.len());
        for RollMember { key, weight, group } in &self.members {
            w.array(3);
            w.bytes(key.as_bytes());
            w.uint(*weight);
            w.uint(group.0.into());
        }
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(3, Self::WHAT)?;
        let (round, number) = (RoundIndex(r.uint32("round")?), r.uint32("number of the chunk")?);
        let count = r.array_up_to(ROLL_CHUNK, "members of a roll chunk")?;
        let mut members = Vec::with_capacity(count);
        for _ in 0..count {
            r.array(3, "member of the roll")?;
            let key = CredentialKey(r.fixed("credential")?);
            members.push(RollMember { key, weight: r.uint("weight")?, group: GroupIndex(r.uint32("group")?) });
        }
        Ok(Self { round, number, members })
    }
}

impl Wire for RollClosed {
    const WHAT: &'static str = "end of the roll";
    fn write(&self, w: &mut Writer) {
        w.array(2);
        w.uint(self.round.0.into());
        w.array(self.groups.len());
        for (members, weight) in &self.groups {
            w.array(2);
            w.uint(*members);
            w.uint(*weight);
        }
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(2, Self::WHAT)?;
        let round = RoundIndex(r.uint32("round")?);
        let count = r.array_up_to(MAX_GROUPS, "groups of the roll")?;
        let mut groups = Vec::with_capacity(count);
        for _ in 0..count {
            r.array(2, "group of the roll")?;
            groups.push((r.uint("members")?, r.uint("weight")?));
        }
        Ok(Self { round, groups })
    }
}

impl Wire for RoundStatement {
    const WHAT: &'static str = "statement of a round";
    fn write(&self, w: &mut Writer) {
        w.array(3);
        w.uint(self.index.0.into());
        self.plan.write(w);
        // The cause, or nothing: an array of one or none.
        w.array(self.cause.iter().len());
        self.cause.iter().for_each(|cause| w.bytes(cause.as_bytes()));
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(3, Self::WHAT)?;
        let (index, plan) = (RoundIndex(r.uint32("round")?), RoundPlan::read(r)?);
        let cause = match r.array_up_to(1, "cause of a round")? {
            0 => None,
            _ => Some(RoundId(r.fixed("cause of a round")?)),
        };
        Ok(Self { index, plan, cause })
    }
}

impl Wire for RoundStarted {
    const WHAT: &'static str = "start of a round";
    fn write(&self, w: &mut Writer) {
        w.array(3);
        self.statement.write(w);
        w.bytes(&self.joint_key);
        w.uint(self.time);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(3, Self::WHAT)?;
        Ok(Self { statement: RoundStatement::read(r)?, joint_key: r.fixed("joint key")?, time: r.uint("time")? })
    }
}

impl Wire for CloseOrder {
    const WHAT: &'static str = "order to close";
    fn write(&self, w: &mut Writer) {
        w.array(2);
        w.bytes(self.round.as_bytes());
        w.uint(self.time);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(2, Self::WHAT)?;
        Ok(Self { round: RoundId(r.fixed("round")?), time: r.uint("time")? })
    }
}

impl Wire for RoundClosed {
    const WHAT: &'static str = "end of a round";
    fn write(&self, w: &mut Writer) {
        w.array(5);
        w.bytes(&self.order);
        w.uint(self.ballots);
        w.uint(self.size);
        w.bytes(&self.root.0);
        w.uint(self.time);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(5, Self::WHAT)?;
        Ok(Self {
            order: r.bytes("order to close")?.to_vec(),
            ballots: r.uint("number of ballots")?,
            size: r.uint("size")?,
            root: Hash(r.fixed("root")?),
            time: r.uint("time")?,
        })
    }
}

impl Wire for RoundResult {
    const WHAT: &'static str = "result";
    fn write(&self, w: &mut Writer) {
        w.array(3);
        w.bytes(self.round.as_bytes());
        w.array(self.trustees.len());
        self.trustees.iter().for_each(|trustee| w.uint(trustee.0.into()));
        w.array(self.totals.len());
        for Totals(totals) in &self.totals {
            w.array(totals.len());
            totals.iter().for_each(|total| w.uint(*total));
        }
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(3, Self::WHAT)?;
        let round = RoundId(r.fixed("round")?);
        let count = r.array_up_to(crate::manifest::MAX_TRUSTEES, "trustees of the result")?;
        let trustees = (0..count).map(|_| r.uint32("trustee").map(TrusteeIndex)).collect::<Result<_, _>>()?;
        let tallies = r.array_up_to(crate::manifest::MAX_CONTESTS * MAX_GROUPS, "totals")?;
        let mut totals = Vec::with_capacity(tallies);
        for _ in 0..tallies {
            let cells = r.array_up_to(proofs::linear::MAX_BITS, "totals of a tally")?;
            totals.push(Totals((0..cells).map(|_| r.uint("total")).collect::<Result<_, _>>()?));
        }
        Ok(Self { round, trustees, totals })
    }
}

impl Wire for NotCounted {
    const WHAT: &'static str = "round without a result";
    fn write(&self, w: &mut Writer) {
        w.array(1);
        w.bytes(self.round.as_bytes());
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(1, Self::WHAT)?;
        Ok(Self { round: RoundId(r.fixed("round")?) })
    }
}

impl Wire for Cancelled {
    const WHAT: &'static str = "cancellation";
    fn write(&self, w: &mut Writer) {
        w.array(1);
        w.uint(self.reason.into());
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(1, Self::WHAT)?;
        Ok(Self { reason: r.uint32("reason")? })
    }
}

impl Wire for GroupAttendance {
    const WHAT: &'static str = "attendance of a group";
    fn write(&self, w: &mut Writer) {
        w.array(4);
        [self.excused.0, self.excused.1, self.present.0, self.present.1].into_iter().for_each(|number| w.uint(number));
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(4, Self::WHAT)?;
        Ok(Self {
            excused: (r.uint("excused")?, r.uint("excused weight")?),
            present: (r.uint("present")?, r.uint("present weight")?),
        })
    }
}

impl Wire for Attendance {
    const WHAT: &'static str = "attendance";
    fn write(&self, w: &mut Writer) {
        w.array(2);
        w.bytes(self.round.as_bytes());
        w.list(&self.groups);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(2, Self::WHAT)?;
        Ok(Self { round: RoundId(r.fixed("round")?), groups: r.list(MAX_GROUPS)? })
    }
}

impl Wire for RoundDropped {
    const WHAT: &'static str = "round that is not held";
    fn write(&self, w: &mut Writer) {
        w.array(2);
        w.uint(self.round.0.into());
        w.uint(self.reason.into());
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(2, Self::WHAT)?;
        Ok(Self { round: RoundIndex(r.uint32("round")?), reason: r.uint32("reason")? })
    }
}

impl Wire for RoundOutcome {
    const WHAT: &'static str = "outcome";
    fn write(&self, w: &mut Writer) {
        w.array(3);
        w.bytes(self.round.as_bytes());
        w.array(self.lots.iter().len());
        self.lots.iter().for_each(|lots| w.bytes(lots));
        w.list(&self.contests);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(3, Self::WHAT)?;
        let round = RoundId(r.fixed("round")?);
        let lots = match r.array_up_to(1, "value for lots")? {
            0 => None,
            _ => Some(r.fixed("value for lots")?),
        };
        Ok(Self { round, lots, contests: r.list(crate::manifest::MAX_CONTESTS * MAX_GROUPS)? })
    }
}
