//! A Bloom filter over identities: tells in memory that one is not in a run on disk, and is wrong
//! only the other way, in about one of a hundred.

/// With seven probes this gives 0.8 % of false hits.
const BITS_AN_ENTRY: u64 = 10;
const PROBES: u64 = 7;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filter(Vec<u8>);

impl Filter {
    /// An empty filter for so many entries.
    pub(super) fn for_entries(count: u64) -> Self {
        let bytes = (count.max(1) * BITS_AN_ENTRY).div_ceil(8);
        Self(vec![0; usize::try_from(bytes).unwrap_or(usize::MAX)])
    }

    /// How many bytes a filter of so many entries has.
    pub(super) fn bytes_for(count: u64) -> u64 {
        (count.max(1) * BITS_AN_ENTRY).div_ceil(8)
    }

    pub(super) const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn insert(&mut self, digest: &[u8; 16]) {
        for bit in self.probes(digest) {
            if let Some(byte) = self.0.get_mut(bit / 8) {
                *byte |= 1 << (bit % 8);
            }
        }
    }

    /// Whether it may have been inserted.
    pub(super) fn may_hold(&self, digest: &[u8; 16]) -> bool {
        let mut probes = self.probes(digest);
        probes.all(|bit| {
            self.0
                .get(bit / 8)
                .is_some_and(|byte| byte & (1 << (bit % 8)) != 0)
        })
    }

    /// The digest is a hash already: its halves make as many hashes as are wanted.
    fn probes(&self, digest: &[u8; 16]) -> impl Iterator<Item = usize> + use<> {
        let bits = u128::try_from(self.0.len()).unwrap_or(0) * 8;
        let whole = u128::from_be_bytes(*digest);
        let (high, low) = (half(whole >> 64), half(whole) | 1);
        (0..PROBES).map(move |probe| {
            let hash = high.wrapping_add(low.wrapping_mul(probe));
            // The hash as a fraction of all there could be, of the bits there are.
            usize::try_from((u128::from(hash) * bits) >> 64).unwrap_or(0)
        })
    }
}

#[allow(clippy::cast_possible_truncation)] // the lower half is what is wanted
const fn half(whole: u128) -> u64 {
    whole as u64
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use sha2::{Digest, Sha256};

    use super::*;

    fn digest(number: u64) -> [u8; 16] {
        let hash = Sha256::digest(number.to_be_bytes());
        <[u8; 16]>::try_from(hash.get(..16).unwrap()).unwrap()
    }

    #[test]
    fn holds_all_that_was_inserted_and_little_else() {
        let mut filter = Filter::for_entries(10_000);
        (0..10_000).for_each(|number| filter.insert(&digest(number)));
        assert!((0..10_000).all(|number| filter.may_hold(&digest(number))));
        let wrong = (10_000..110_000).filter(|number| filter.may_hold(&digest(*number)));
        let wrong = wrong.count();
        assert!((1..2_000).contains(&wrong), "{wrong} of 100,000");
        assert_eq!(filter.as_bytes().len() as u64, Filter::bytes_for(10_000));
    }
}
