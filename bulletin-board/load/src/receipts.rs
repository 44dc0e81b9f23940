//! Receipts: verified as a voter's program verifies them.

use rayon::prelude::*;
use tlog::checkpoint::Origin;
use tlog::note::VerifierKey;
use tlog::policy::Policy;
use tlog::tlog_proof::TlogProof;
use voting_core::ballot::{log_key, witness_policy};
use voting_core::manifest::Manifest;

use crate::failure::Failure;

/// What receipts of an event are verified with.
pub(crate) struct Judge {
    origin: Origin,
    key: VerifierKey,
    policy: Policy,
}

/// An answer to the ballot of this number.
pub(crate) struct Receipt {
    pub(crate) ballot: usize,
    pub(crate) bytes: Box<[u8]>,
}

impl Judge {
    pub(crate) fn of(manifest: &Manifest) -> Result<Self, Failure> {
        let origin = Origin::new(&manifest.origin()).map_err(|error| Failure::Wrong(error.to_string()))?;
        let (key, policy) =
            (log_key(manifest).map_err(Failure::Wrong)?, witness_policy(manifest).map_err(Failure::Wrong)?);
        Ok(Self { origin, key, policy })
    }

    /// Where the entry stands, if the receipt proves it under the key of the log and the witness policy.
    pub(crate) fn verify(&self, entry: &[u8], receipt: &[u8]) -> Result<u64, String> {
        let proof = TlogProof::parse(receipt).map_err(|error| error.to_string())?;
        let verified = proof.verify(entry, &self.origin, &self.key, &self.policy);
        verified.map(|verified| verified.index()).map_err(|error| error.to_string())
    }

    /// Verifies all receipts on all cores; no two may name the same place.
    pub(crate) fn verify_all(&self, ballots: &[Vec<u8>], receipts: &[Receipt]) -> Result<usize, Failure> {
        let verify = |receipt: &Receipt| {
            let entry = ballots.get(receipt.ballot).ok_or_else(|| "a ballot that nobody sent".to_owned())?;
            self.verify(entry, &receipt.bytes)
        };
        let places: Result<Vec<u64>, String> = receipts.par_iter().map(verify).collect();
        let mut places = places.map_err(|what| Failure::Wrong(format!("a receipt proves nothing: {what}")))?;
        places.par_sort_unstable();
        let distinct = places.len() == receipts.len() && places.is_sorted_by(|a, b| a < b);
        if distinct { Ok(places.len()) } else { Err(Failure::Wrong("two receipts are of the same place".into())) }
    }
}
