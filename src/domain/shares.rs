//! Whose share a use is, where several subscriptions of a customer count the same: whoever adds up
//! the rows of a feature must get what was used, and what is allowed, and not that many times. Knows no
//! plan and no clock.

use std::collections::BTreeMap;

use super::amount::Amount;
use super::catalog::FeatureType;
use super::entitlement::Entitlement;
use super::time::Timestamp;

/// Leaves of what is allowed to a customer whatever its plans say the first row that grants it: it
/// is allowed once, however many subscriptions there are.
pub fn allow_once(rows: &mut Vec<Entitlement>, is_allowed: impl Fn(&str) -> bool) {
    let mut firsts: BTreeMap<String, usize> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        if is_granted(row) && is_allowed(row.metric()) {
            firsts.entry(row.metric().to_owned()).or_insert(place);
        }
    }
    let mut places = 0..;
    rows.retain(|row| {
        let place = places.next();
        let first = firsts.get(row.metric()).copied();
        first.is_none() || first == place
    });
}

/// Puts in each row of a counted feature the part of the use that it bears. Each row comes with all
/// that was used in its own window. Of those that are counted since the same moment the first bears
/// as much as its limit holds, the next what is left, and the last whatever remains; what is counted
/// since another is another number.
pub fn share_out(rows: &mut [Entitlement]) {
    let mut places: BTreeMap<(String, Option<Timestamp>), Vec<usize>> = BTreeMap::new();
    for (place, row) in rows.iter().enumerate() {
        if let Some(feature) = row.feature_id.as_ref().filter(|_| is_shared(row)) {
            let window = (feature.clone(), row.counted_since);
            places.entry(window).or_default().push(place);
        }
    }
    for of_window in places.into_values().filter(|places| places.len() > 1) {
        let last = of_window.last().copied();
        let mut borne = Amount::ZERO;
        for place in of_window {
            if let Some(row) = rows.get_mut(place) {
                borne = borne.plus(bear(row, borne, Some(place) == last));
            }
        }
    }
}

fn is_granted(row: &Entitlement) -> bool {
    row.granted || row.is_used_up
}

fn is_shared(row: &Entitlement) -> bool {
    row.kind == FeatureType::Meter && row.subscription_id.is_some() && is_granted(row)
}

/// What a row bears of what others have not borne.
fn bear(row: &mut Entitlement, borne: Amount, is_last: bool) -> Amount {
    let open = row.usage.unwrap_or(Amount::ZERO).less(borne);
    let share = match row.limit {
        Some(limit) if !is_last => open.min(limit),
        _ => open,
    };
    row.usage = Some(share);
    row.remaining = row.limit.map(|limit| limit.less(share));
    row.is_used_up = row.hard_limit && row.limit.is_some_and(|limit| share >= limit);
    row.granted = !row.is_used_up;
    share
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    fn row(subscription: usize, limit: Option<u64>, used: u64) -> Entitlement {
        Entitlement {
            feature_id: Some("credits".into()),
            meter_id: None,
            kind: FeatureType::Meter,
            granted: true,
            limit: limit.map(Amount::units),
            usage: Some(Amount::units(used)),
            remaining: None,
            resets_at: None,
            counted_since: None,
            subscription_id: Some(format!("SUA-{subscription}")),
            is_used_up: false,
            hard_limit: true,
            is_live: true,
            explain: None,
        }
    }

    fn shares(rows: &[Entitlement]) -> Vec<u64> {
        rows.iter().map(|row| row.usage.unwrap().floor()).collect()
    }

    #[test]
    fn the_first_bears_what_its_limit_holds_and_the_last_the_rest() {
        for (used, wanted, granted) in [
            (75, [75, 0], [true, true]),
            (120, [100, 20], [false, true]),
            (150, [100, 50], [false, false]),
        ] {
            let mut rows = [row(1, Some(100), used), row(2, Some(40), used)];
            share_out(&mut rows);
            assert_eq!(shares(&rows), wanted);
            assert_eq!(rows.map(|row| row.granted), granted, "{used} used");
        }
    }

    #[test]
    fn what_has_no_limit_bears_it_all_and_what_grants_nothing_bears_nothing() {
        let mut rows = [row(1, None, 75), row(2, Some(40), 75)];
        share_out(&mut rows);
        assert_eq!(shares(&rows), [75, 0]);
        let mut denied = row(1, Some(100), 75);
        denied.granted = false;
        let mut rows = [denied, row(2, Some(40), 75)];
        share_out(&mut rows);
        assert_eq!(shares(&rows), [75, 75], "the first is left as it was");
    }

    #[test]
    fn what_is_counted_since_another_moment_is_not_shared() {
        let since = |row: Entitlement, at: i64| Entitlement {
            counted_since: Timestamp::from_millis(at),
            ..row
        };
        let all = [
            row(1, Some(1_000), 1_550),
            since(row(2, Some(1_000), 50), 7),
        ];
        for order in [[0, 1], [1, 0]] {
            let mut rows = order.map(|place: usize| all[place].clone());
            share_out(&mut rows);
            let wanted = order.map(|place| [1_550, 50][place]);
            assert_eq!(shares(&rows), wanted);
        }
        let mut rows = [all[1].clone(), all[0].clone(), all[1].clone()];
        rows[0].limit = Some(Amount::units(20));
        share_out(&mut rows);
        assert_eq!(shares(&rows), [20, 1_550, 30]);
    }

    proptest! {
        /// In one window, and however the limits lie.
        #[test]
        fn the_shares_add_up_to_what_was_used(
            limits in prop::collection::vec(prop::option::of(0_u64..50), 1..6),
            used in 0_u64..200,
        ) {
            let mut rows: Vec<_> = (0..).zip(&limits).map(|(n, limit)| row(n, *limit, used)).collect();
            share_out(&mut rows);
            prop_assert_eq!(shares(&rows).iter().sum::<u64>(), used);
            let held: Option<u64> = limits.iter().copied().sum();
            if limits.len() > 1 {
                let has_access = rows.iter().any(|row| row.granted);
                prop_assert_eq!(has_access, held.is_none_or(|held| used < held));
            }
        }
    }
}
