//! Entry bundles: entries one after another, each behind its length as a big-endian u16.

use super::FULL_WIDTH;
use crate::error::TileError;

/// The longest entry in bytes: what a u16 length can say.
pub const MAX_ENTRY: usize = 65_535;

/// The longest bundle in bytes: 256 entries of full length with their prefixes.
pub const MAX_BUNDLE: usize = FULL_WIDTH as usize * (2 + MAX_ENTRY);

/// Reads a bundle of exactly `expected_entries` entries (1 to 256, the width of the bundle). Bytes left over are refused.
///
/// # Errors
/// [`TileError::Width`] if the expected number is impossible, [`TileError::BundleShort`] if the bytes end within an
/// entry or before the last one, [`TileError::BundleTrailing`] if bytes are left over.
pub fn parse_bundle(bytes: &[u8], expected_entries: usize) -> Result<Vec<&[u8]>, TileError> {
    let (entries, rest) = parse_bundle_prefix(bytes, expected_entries)?;
    if rest.is_empty() { Ok(entries) } else { Err(TileError::BundleTrailing { bytes: rest.len() }) }
}

/// Reads the first entries of a bundle and returns what follows them.
pub(crate) fn parse_bundle_prefix(bytes: &[u8], entries: usize) -> Result<(Vec<&[u8]>, &[u8]), TileError> {
    if !(1..=usize::from(FULL_WIDTH)).contains(&entries) {
        return Err(TileError::Width { width: u16::try_from(entries).unwrap_or(u16::MAX) });
    }
    let mut found = Vec::with_capacity(entries);
    let mut rest = bytes;
    while found.len() < entries {
        let short = || TileError::BundleShort { expected: entries, complete: found.len() };
        let (length, after) = rest.split_first_chunk::<2>().ok_or_else(short)?;
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or_else(short)?;
        found.push(entry);
        rest = after;
    }
    Ok((found, rest))
}

/// Writes a bundle of 1 to 256 entries.
///
/// # Errors
/// [`TileError::Width`] for another number of entries, [`TileError::EntryTooLong`] above [`MAX_ENTRY`] bytes.
pub fn write_bundle<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, TileError> {
    if !(1..=usize::from(FULL_WIDTH)).contains(&entries.len()) {
        return Err(TileError::Width { width: u16::try_from(entries.len()).unwrap_or(u16::MAX) });
    }
    let mut bytes = Vec::with_capacity(entries.iter().map(|entry| 2 + entry.as_ref().len()).sum());
    for entry in entries {
        let entry = entry.as_ref();
        let length = u16::try_from(entry.len()).map_err(|_| TileError::EntryTooLong { bytes: entry.len() })?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}
