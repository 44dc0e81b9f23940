//! Canonical bytes of the manifest; docs/protocol.md has the same as CDDL.

use super::{Fields, Login, MAX_CONTESTS, MAX_ROUNDS, MAX_TRUSTEES, RoundPlan, TooFew, TrusteeIdentity};
use crate::codec::{Malformed, Reader, Wire, Writer};
use crate::contest::MAX_GROUPS;
use crate::ids::{LabelDigest, SigningKeyId};

/// First item of every manifest: format and protocol version.
const MAGIC: &str = "urna/v1/manifest";

struct Text(String);

impl Wire for Text {
    const WHAT: &'static str = "text";
    fn write(&self, w: &mut Writer) {
        w.text(&self.0);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.text(255, Self::WHAT).map(Self)
    }
}

fn write_texts(texts: &[String], w: &mut Writer) {
    w.array(texts.len());
    texts.iter().for_each(|text| w.text(text));
}

fn read_texts(r: &mut Reader<'_>) -> Result<Vec<String>, Malformed> {
    Ok(r.list::<Text>(64)?.into_iter().map(|text| text.0).collect())
}

impl Wire for TrusteeIdentity {
    const WHAT: &'static str = "trustee";
    fn write(&self, w: &mut Writer) {
        w.array(2);
        w.bytes(self.key.as_bytes());
        w.bytes(self.name.as_bytes());
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(2, Self::WHAT)?;
        Ok(Self { key: SigningKeyId(r.fixed("key of a trustee")?), name: LabelDigest(r.fixed("name of a trustee")?) })
    }
}

impl Wire for RoundPlan {
    const WHAT: &'static str = "round";
    fn write(&self, w: &mut Writer) {
        w.array(4);
        w.bytes(self.title.as_bytes());
        w.uint(self.opens);
        w.uint(self.closes);
        w.list(&self.contests);
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(4, Self::WHAT)?;
        Ok(Self {
            title: LabelDigest(r.fixed("title of a round")?),
            opens: r.uint("start of a round")?,
            closes: r.uint("end of a round")?,
            contests: r.list(MAX_CONTESTS)?,
        })
    }
}

impl Wire for Login {
    const WHAT: &'static str = "login method";
    fn write(&self, w: &mut Writer) {
        match self {
            Self::None => w.uint(0),
        }
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        match r.uint(Self::WHAT)? {
            0 => Ok(Self::None),
            _ => Err(r.malformed(Self::WHAT)),
        }
    }
}

impl Wire for TooFew {
    const WHAT: &'static str = "what follows too few ballots";
    fn write(&self, w: &mut Writer) {
        w.uint(match self {
            Self::NoResult => 0,
            Self::ProlongOnce => 1,
        });
    }
    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        match r.uint(Self::WHAT)? {
            0 => Ok(Self::NoResult),
            1 => Ok(Self::ProlongOnce),
            _ => Err(r.malformed(Self::WHAT)),
        }
    }
}

impl Wire for Fields {
    const WHAT: &'static str = "manifest";

    fn write(&self, w: &mut Writer) {
        let Self {
            demonstration,
            host,
            log_key,
            organisation,
            title,
            languages,
            administrator,
            registrar,
            threshold,
            trustees,
            reserves,
            groups,
            rounds,
            rounds_may_be_added,
            time_zone,
            grace_seconds,
            witness_policy,
            login,
            minimum_ballots,
            if_too_few,
            largest_share,
            dispute_seconds,
            retention_days,
            accepted,
        } = self;
        w.array(25);
        w.text(MAGIC);
        w.bool(*demonstration);
        w.text(host);
        w.bytes(log_key.as_bytes());
        w.bytes(organisation.as_bytes());
        w.bytes(title.as_bytes());
        write_texts(languages, w);
        w.bytes(administrator.as_bytes());
        w.bytes(registrar.as_bytes());
        w.uint((*threshold).into());
        w.list(trustees);
        w.list(reserves);
        w.list(groups);
        w.list(rounds);
        w.bool(*rounds_may_be_added);
        w.text(time_zone);
        w.uint(*grace_seconds);
        w.text(witness_policy);
        w.list(login);
        w.uint(*minimum_ballots);
        if_too_few.write(w);
        w.array(2);
        w.uint(largest_share.0.into());
        w.uint(largest_share.1.into());
        w.uint(*dispute_seconds);
        w.uint((*retention_days).into());
        write_texts(accepted, w);
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array(25, Self::WHAT)?;
        if r.text(MAGIC.len(), "version of the manifest")? != MAGIC {
            return Err(r.malformed("version of the manifest"));
        }
        Ok(Self {
            demonstration: r.bool("demonstration")?,
            host: r.text(255, "host")?,
            log_key: SigningKeyId(r.fixed("log key")?),
            organisation: LabelDigest(r.fixed("organisation")?),
            title: LabelDigest(r.fixed("title")?),
            languages: read_texts(r)?,
            administrator: SigningKeyId(r.fixed("administrator")?),
            registrar: SigningKeyId(r.fixed("registrar")?),
            threshold: r.uint32("threshold")?,
            trustees: r.list(MAX_TRUSTEES)?,
            reserves: r.list(MAX_TRUSTEES)?,
            groups: r.list(MAX_GROUPS)?,
            rounds: r.list(MAX_ROUNDS)?,
            rounds_may_be_added: r.bool("rounds may be added")?,
            time_zone: r.text(64, "time zone")?,
            grace_seconds: r.uint("grace")?,
            witness_policy: r.text(16_384, "witness policy")?,
            login: r.list(8)?,
            minimum_ballots: r.uint("minimum ballots")?,
            if_too_few: TooFew::read(r)?,
            largest_share: {
                r.array(2, "largest share")?;
                (r.uint32("largest share")?, r.uint32("largest share")?)
            },
            dispute_seconds: r.uint("dispute period")?,
            retention_days: r.uint32("retention")?,
            accepted: read_texts(r)?,
        })
    }
}
