//! Our ids. An id is a function of what it names, never of time or chance: the same provider id is
//! given the same id by every ledger and by every replay.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::time::Timestamp;

/// Crockford's base 32, in the order Stykite writes its TSIDs.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 13 digits of 5 bits hold 64 bits.
const DIGITS: u32 = 13;

/// 2020-01-01T00:00:00Z, from when Stykite's ids count their milliseconds.
const TSID_EPOCH_MILLIS: i64 = 1_577_836_800_000;
/// How many bits of such an id are chance.
const TSID_RANDOM_BITS: u32 = 22;

/// What an id names, and the prefix it is written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Prefix {
    /// `CUS-`, a customer.
    Customer,
    /// `SUA-`, a subscription.
    Subscription,
    /// `KEY-`, an API key.
    Key,
    /// `TRN-`, a checkout.
    Checkout,
    /// `CHU-`, one use that was counted.
    Usage,
    /// `CHK-`, an occasion at which use is counted.
    Checkpoint,
}

impl Prefix {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "CUS-",
            Self::Subscription => "SUA-",
            Self::Key => "KEY-",
            Self::Checkout => "TRN-",
            Self::Usage => "CHU-",
            Self::Checkpoint => "CHK-",
        }
    }
}

/// A 64-bit id, written as a prefix and 13 upper-case base-32 digits: `SUA-0MSC9073DVBTK`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Tsid(u64);

impl Tsid {
    /// The id of what `space` (a provider, or the word `customer`) calls `name`.
    #[must_use]
    pub fn minted(space: &str, name: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(space.as_bytes());
        // A separator that no provider name contains keeps ("ab","c") and ("a","bc") apart.
        hash.update([0]);
        hash.update(name.as_bytes());
        let digest = hash.finalize();
        Self(
            digest
                .iter()
                .take(8)
                .fold(0, |value, byte| (value << 8) | u64::from(*byte)),
        )
    }

    /// The id of that bare number.
    #[must_use]
    pub const fn of(value: u64) -> Self {
        Self(value)
    }

    /// A new id for what a command makes: Stykite's kind, ascending with time. It is part of the
    /// command's event, so that a replay does not make another.
    #[must_use]
    pub fn at(now: Timestamp, random: u32) -> Self {
        let millis = now.as_millis().saturating_sub(TSID_EPOCH_MILLIS).max(0);
        let low = u64::from(random) & ((1 << TSID_RANDOM_BITS) - 1);
        Self((millis.cast_unsigned() << TSID_RANDOM_BITS) | low)
    }

    /// Reads an id written with `prefix`; `None` for anything else.
    #[must_use]
    pub fn parse(prefix: Prefix, text: &str) -> Option<Self> {
        let digits = text.strip_prefix(prefix.as_str())?.as_bytes();
        if digits.len() != DIGITS as usize {
            return None;
        }
        let mut value: u128 = 0;
        for digit in digits {
            let found = ALPHABET.iter().position(|letter| letter == digit)?;
            value = (value << 5) | u128::try_from(found).ok()?;
        }
        u64::try_from(value).ok().map(Self)
    }

    /// The id as users see it.
    #[must_use]
    pub fn with(self, prefix: Prefix) -> WrittenId {
        WrittenId {
            prefix,
            value: self.0,
        }
    }

    /// The bare number, for hash tables.
    #[must_use]
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

/// A [`Tsid`] with its prefix; [`fmt::Display`] writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct WrittenId {
    prefix: Prefix,
    value: u64,
}

impl fmt::Display for WrittenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix.as_str())?;
        for place in (0..DIGITS).rev() {
            let digit = usize::try_from((self.value >> (place * 5)) & 31).unwrap_or(0);
            let letter = ALPHABET.get(digit).copied().unwrap_or(b'0');
            write!(f, "{}", char::from(letter))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn is_written_and_read_back() {
        let id = Tsid::minted("razorpay", "sub_Ldgr0000000001");
        let text = id.with(Prefix::Subscription).to_string();
        assert_eq!(text.len(), 17);
        assert_eq!(Tsid::parse(Prefix::Subscription, &text), Some(id));
        assert_eq!(Tsid::parse(Prefix::Customer, &text), None);
        assert_eq!(
            Tsid(u64::MAX).with(Prefix::Customer).to_string(),
            "CUS-FZZZZZZZZZZZZ"
        );
    }

    #[test]
    fn refuses_what_is_no_id() {
        for text in [
            "SUA-",
            "SUA-0MSC9073DVBT",
            "SUA-0MSC9073DVBTU",
            "SUA-ZZZZZZZZZZZZZ",
            "sub_1",
        ] {
            assert_eq!(Tsid::parse(Prefix::Subscription, text), None, "{text}");
        }
    }

    #[test]
    fn names_in_different_spaces_differ() {
        assert_ne!(Tsid::minted("razorpay", "x"), Tsid::minted("stykite", "x"));
        assert_ne!(Tsid::minted("ab", "c"), Tsid::minted("a", "bc"));
    }
}
