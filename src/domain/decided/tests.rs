//! That what was decided about a subscription is written as JSON. Knows no fold.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::domain::register::Origin;

/// What is compared after a replay is JSON.
#[test]
fn everything_that_was_decided_is_written_as_json() {
    let at = Timestamp::EPOCH.plus_days(1);
    let stamp = Stamp {
        occurred_at: at,
        origin: Origin::Ours { seq: 1 },
    };
    let mut decided = Decided::default();
    decided.cancel(
        &CancelAsked {
            subscription_id: "SUA-1".into(),
            when: CancelWhen::Immediate,
            ends_at: at,
            feedback: None,
            comment: None,
        },
        stamp,
    );
    decided.cancelled_at_gateway(
        &CancelledAtGateway {
            subscription_id: "SUA-1".into(),
            reference: "sub_1".into(),
            when: CancelWhen::Immediate,
            refused: None,
        },
        stamp,
    );
    decided.replaced_by("SUA-2", Replaced { stamp, seq: 1 });
    decided.changed_into("SUA-3", Replaced { stamp, seq: 1 });
    decided.changed_from(&["SUA-4".into()]);
    let written = serde_json::to_string(&decided).unwrap();
    assert_eq!(serde_json::from_str::<Decided>(&written).unwrap(), decided);
}
