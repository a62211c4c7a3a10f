//! Kelviq's ids of what the ledger names by its own: UUIDs that are functions of those, and can be
//! read back without an index. It knows nothing of what they name.

use std::borrow::Cow;
use std::fmt;

use sha2::{Digest, Sha256};

use crate::domain::customer::CustomerView;
use crate::domain::id::{Prefix, Tsid};
use crate::domain::subscription::SubscriptionView;

/// The provider whose webhooks tell Kelviq's own ids.
pub(super) const KELVIQ: &str = "kelviq";

/// RFC 9562: 122 bits are ours, of which the id has the first 64.
const CHECK_BITS: u32 = 58;
/// The version 8: of the maker's own kind.
const VERSION: u128 = 8 << 76;
/// The variant of RFC 9562.
const VARIANT: u128 = 2 << 62;

/// What a UUID names. The same id of another kind of thing has another UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// A customer.
    Customer,
    /// A subscription.
    Subscription,
    /// What was paid back: by a number that is a function of its provider's id.
    Refund,
}

impl Named {
    /// What our own ids of such things begin with, where they have any.
    const fn prefix(self) -> Option<Prefix> {
        match self {
            Self::Customer => Some(Prefix::Customer),
            Self::Subscription => Some(Prefix::Subscription),
            Self::Refund => None,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Subscription => "subscription",
            Self::Refund => "refund",
        }
    }
}

/// The ledger's id of what `text` names, where it is one of our UUIDs; else `text` itself, which may
/// be any other id.
pub(super) fn known(named: Named, text: &str) -> Cow<'_, str> {
    match read(named, text).zip(named.prefix()) {
        Some((id, prefix)) => id.with(prefix).to_string().into(),
        None => text.into(),
    }
}

/// The UUID of a customer: Kelviq's own, where its webhooks told it.
pub(super) fn of_customer(view: &CustomerView) -> String {
    if let Some(id) = view.references.get(KELVIQ) {
        return id.to_string();
    }
    let id = Tsid::parse(Prefix::Customer, &view.name.id);
    id.map_or_else(|| view.name.id.clone(), |id| uuid_of(Named::Customer, id))
}

/// The UUID of a subscription: Kelviq's own, where its webhooks told it.
pub(super) fn of_subscription(view: &SubscriptionView) -> String {
    let theirs = view.provider_subscription_id.as_deref();
    if let Some(id) = theirs.filter(|_| view.provider == KELVIQ) {
        return id.to_owned();
    }
    let id = Tsid::parse(Prefix::Subscription, &view.id);
    id.map_or_else(|| view.id.clone(), |id| uuid_of(Named::Subscription, id))
}

/// The UUID of what has that id.
pub(super) fn uuid_of(named: Named, id: Tsid) -> String {
    let own = (u128::from(id.as_u64()) << CHECK_BITS) | u128::from(check(named, id));
    let (first, middle, last) = (own >> 74, (own >> 62) & 0xfff, own & ((1 << 62) - 1));
    let value = (first << 80) | VERSION | (middle << 64) | VARIANT | last;
    Uuid(value).to_string()
}

/// The UUID of what is known by these words alone, of which the first says what kind of thing it is.
/// It cannot be read back.
pub(super) fn uuid_of_words(words: &[&str]) -> String {
    let mut hash = Sha256::new();
    for word in words {
        hash.update(word);
        hash.update([0]);
    }
    let digest = hash.finalize();
    let bytes = digest.iter().take(16);
    let drawn = bytes.fold(0, |value, byte| (value << 8) | u128::from(*byte));
    let kept = !(0xf << 76 | 3 << 62);
    Uuid(drawn & kept | VERSION | VARIANT).to_string()
}

/// The id of what has that UUID; `None` where it is none of ours of that kind.
pub(super) fn read(named: Named, text: &str) -> Option<Tsid> {
    let value = parse(text)?;
    let (first, middle, last) = (value >> 80, (value >> 64) & 0xfff, value & ((1 << 62) - 1));
    let own = (first << 74) | (middle << 62) | last;
    let id = Tsid::of(u64::try_from(own >> CHECK_BITS).ok()?);
    let written = uuid_of(named, id);
    written.eq_ignore_ascii_case(text).then_some(id)
}

/// Bits that no other kind of thing, and no chance, has beside that id.
fn check(named: Named, id: Tsid) -> u64 {
    let mut hash = Sha256::new();
    hash.update(named.as_str());
    hash.update([0]);
    hash.update(id.as_u64().to_be_bytes());
    let digest = hash.finalize();
    let first = digest.iter().take(8);
    first.fold(0, |value, byte| (value << 8) | u64::from(*byte)) >> (u64::BITS - CHECK_BITS)
}

/// Written in five groups of hexadecimal digits.
struct Uuid(u128);

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let group = |shift: u32, bits: u32| (self.0 >> shift) & ((1 << bits) - 1);
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            group(96, 32),
            group(80, 16),
            group(64, 16),
            group(48, 16),
            group(0, 48)
        )
    }
}

fn parse(text: &str) -> Option<u128> {
    let is_dash = |at: usize| [8, 13, 18, 23].contains(&at);
    let is_written = |(at, byte): (usize, u8)| {
        if is_dash(at) {
            byte == b'-'
        } else {
            byte.is_ascii_hexdigit()
        }
    };
    let is_uuid = text.len() == 36 && text.bytes().enumerate().all(is_written);
    let digits = is_uuid.then(|| text.replace('-', ""))?;
    u128::from_str_radix(&digits, 16).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_have_a_uuid_each() {
        let one = uuid_of_words(&["feature", "seats"]);
        assert_eq!(one, uuid_of_words(&["feature", "seats"]));
        assert_eq!(&one[14..15], "8");
        assert!("89ab".contains(&one[19..20]));
        assert_ne!(one, uuid_of_words(&["features", "eats"]));
        assert_eq!(read(Named::Customer, &one), None);
    }

    #[test]
    fn a_uuid_stays_what_it_is() {
        let id = Tsid::parse(Prefix::Subscription, "SUA-0MSC9073DVBTK").unwrap();
        let uuid = uuid_of(Named::Subscription, id);
        assert_eq!(uuid, "0a658901-c6dd-8af5-8dae-c9f1b05d8cea");
    }

    proptest! {
        #[test]
        fn any_id_is_read_back(value: u64) {
            let id = Tsid::of(value);
            let uuid = uuid_of(Named::Subscription, id);
            prop_assert_eq!(uuid.len(), 36);
            prop_assert_eq!(&uuid[14..15], "8");
            prop_assert!("89ab".contains(&uuid[19..20]));
            prop_assert_eq!(read(Named::Subscription, &uuid), Some(id));
            prop_assert_eq!(read(Named::Subscription, &uuid.to_uppercase()), Some(id));
            prop_assert_eq!(read(Named::Customer, &uuid), None);
        }

        #[test]
        fn another_uuid_is_not_one_of_ours(value: u64, at in 0_usize..36, digit in "[0-9a-f]") {
            let uuid = uuid_of(Named::Customer, Tsid::of(value));
            let mut other = uuid.clone();
            other.replace_range(at..=at, &digit);
            prop_assume!(other != uuid);
            prop_assert_eq!(read(Named::Customer, &other), None);
        }

        #[test]
        fn no_text_does_harm(text in "\\PC{0,40}") {
            prop_assert_eq!(read(Named::Customer, &text), None);
        }
    }
}
