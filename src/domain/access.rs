//! Whether access is granted: the one question everybody asks, worked out when it is asked.

use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value;

use super::status::Status;
use super::time::Timestamp;

/// Every word of [`Access::reason`].
const REASONS: [&str; 13] = [
    "active",
    "canceled",
    "completed",
    "expired",
    "grace",
    "incomplete",
    "lapsed",
    "no_subscription",
    "on_hold",
    "past_due",
    "paused",
    "superseded",
    "trialing",
];

/// The answer. `until` is `null` where there is no end, or where nothing was granted at all.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct Access {
    /// Whether it is granted at the time asked about.
    pub granted: bool,
    /// When it ends, or ended.
    pub until: Option<Timestamp>,
    /// The status, or `grace` after the paid period, `lapsed` after `until`, `no_subscription`
    /// where there is none.
    #[schemars(extend("enum" = REASONS))]
    pub reason: &'static str,
}

/// What access depends on.
#[derive(Debug, Clone, Copy)]
pub struct Terms {
    /// The subscription's status.
    pub status: Status,
    /// The end of the last paid period.
    pub paid_through: Option<Timestamp>,
    /// An end that was asked for.
    pub cancel_at: Option<Timestamp>,
    /// When its trial ends, where that is known.
    pub trial_ends_at: Option<Timestamp>,
    /// When a cancel of ours ended it.
    pub cancelled_at: Option<Timestamp>,
}

/// The clock and the operator's generosity.
#[derive(Debug, Clone, Copy)]
pub struct AsOf {
    /// The time asked about.
    pub now: Timestamp,
    /// Days of grace after a paid period.
    pub grace_days: u32,
}

impl Access {
    /// For the schemas of views: whoever asks gets `access`, only fingerprints leave it out.
    pub(super) fn is_always_shown(view: &mut Schema) {
        if let Some(Value::Array(required)) = view.get_mut("required") {
            required.push("access".into());
        }
    }

    /// No subscription at all.
    pub const NONE: Self = Self {
        granted: false,
        until: None,
        reason: "no_subscription",
    };

    /// It is over since then, whatever the clock says.
    #[must_use]
    pub const fn lapsed(until: Option<Timestamp>) -> Self {
        Self {
            granted: false,
            until,
            reason: "lapsed",
        }
    }

    /// Works out access from the terms.
    #[must_use]
    pub fn of(terms: &Terms, as_of: AsOf) -> Self {
        let paid = terms.paid_through;
        let with_grace = paid.map(|end| end.plus_days(as_of.grace_days));
        let (entitled, until) = match terms.status {
            Status::Active => (true, with_grace),
            Status::Trialing => (true, terms.trial_ends_at.or(paid)),
            Status::PastDue => (paid.is_some(), with_grace),
            Status::Canceled if terms.cancelled_at.is_some() => (true, terms.cancelled_at),
            Status::Canceled | Status::Completed | Status::Expired => (paid.is_some(), paid),
            Status::Incomplete | Status::Paused | Status::OnHold | Status::Superseded => {
                (false, None)
            }
        };
        let until = match (until, terms.cancel_at) {
            (Some(until), Some(cancel_at)) => Some(until.min(cancel_at)),
            (None, Some(cancel_at)) if entitled => Some(cancel_at),
            (until, _) => until,
        };
        let granted = entitled && until.is_none_or(|end| as_of.now < end);
        let reason = if entitled && !granted {
            "lapsed"
        } else if granted && paid.is_some_and(|end| as_of.now >= end) {
            "grace"
        } else {
            terms.status.as_str()
        };
        Self {
            granted,
            until,
            reason,
        }
    }

    /// The better of two: granted before not, then the later end, no end being the latest.
    #[must_use]
    pub fn better(self, other: Self) -> Self {
        let rank = |access: &Self| {
            let end = match access.until {
                None if access.granted => Timestamp::MAX,
                None => Timestamp::EPOCH,
                Some(until) => until,
            };
            (access.granted, end)
        };
        if rank(&other) > rank(&self) {
            other
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn day(day: u32) -> Timestamp {
        Timestamp::from_seconds(1_790_000_000)
            .unwrap()
            .plus_days(day)
    }

    fn ask(status: Status, paid: Option<u32>, cancel: Option<u32>, now: u32) -> Access {
        let terms = Terms {
            status,
            paid_through: paid.map(day),
            cancel_at: cancel.map(day),
            trial_ends_at: None,
            cancelled_at: None,
        };
        Access::of(
            &terms,
            AsOf {
                now: day(now),
                grace_days: 3,
            },
        )
    }

    fn answer(granted: bool, until: Option<u32>, reason: &'static str) -> Access {
        Access {
            granted,
            until: until.map(day),
            reason,
        }
    }

    #[test]
    fn follows_the_table() {
        use Status::*;
        let rows = [
            (
                ask(Active, Some(30), None, 29),
                answer(true, Some(33), "active"),
            ),
            (
                ask(Active, Some(30), None, 30),
                answer(true, Some(33), "grace"),
            ),
            (
                ask(Active, Some(30), None, 33),
                answer(false, Some(33), "lapsed"),
            ),
            (ask(Active, None, None, 9), answer(true, None, "active")),
            (ask(Trialing, None, None, 9), answer(true, None, "trialing")),
            (
                ask(Trialing, Some(14), None, 14),
                answer(false, Some(14), "lapsed"),
            ),
            (
                ask(PastDue, Some(30), None, 31),
                answer(true, Some(33), "grace"),
            ),
            (ask(PastDue, None, None, 1), answer(false, None, "past_due")),
            (
                ask(Canceled, Some(30), None, 29),
                answer(true, Some(30), "canceled"),
            ),
            (
                ask(Canceled, Some(30), None, 30),
                answer(false, Some(30), "lapsed"),
            ),
            (ask(Expired, None, None, 1), answer(false, None, "expired")),
            (
                ask(OnHold, Some(30), None, 1),
                answer(false, None, "on_hold"),
            ),
            (
                ask(Paused, Some(30), None, 1),
                answer(false, None, "paused"),
            ),
            (
                ask(Active, Some(30), Some(10), 9),
                answer(true, Some(10), "active"),
            ),
            (
                ask(Active, Some(30), Some(10), 10),
                answer(false, Some(10), "lapsed"),
            ),
            (
                ask(Active, None, Some(10), 9),
                answer(true, Some(10), "active"),
            ),
        ];
        for (index, (got, want)) in rows.into_iter().enumerate() {
            assert_eq!(got, want, "row {index}");
        }
    }

    #[test]
    fn the_better_of_two_is_granted_then_later() {
        let ended = answer(false, Some(40), "lapsed");
        let short = answer(true, Some(33), "active");
        let endless = answer(true, None, "active");
        assert_eq!(ended.clone().better(short.clone()), short);
        assert_eq!(short.clone().better(endless.clone()), endless);
        assert_eq!(endless.clone().better(ended), endless);
    }
}
