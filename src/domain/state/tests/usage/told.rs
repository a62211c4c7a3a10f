//! One customer with a plan, and words on its meters: readings, uses, reports, events, allowances.

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::json;

use super::super::{empty, time};
use crate::domain::catalog::Catalog;
use crate::domain::event::*;
use crate::domain::own::*;

pub(super) const USER: &str = "user_1";
pub(super) const DAY: i64 = 86_400;
/// When the trial of the customer ends, and with it access.
pub(super) const TRIAL_DAYS: i64 = 6;

/// Five things to count: under a meter of a feature, under a feature, under the meter of a number
/// that the plan sets, under a meter that no plan knows, and under one that no catalogue knows.
pub(super) const METRICS: [&str; 5] = ["MTR-1", "calls", "MTR-3", "MTR-4", "MTR-5"];

fn catalog() -> Catalog {
    let catalog = json!({
        "features": [
            {"id": "credits", "name": "Credits", "type": "meter"},
            {"id": "calls", "name": "Calls", "type": "meter"},
            {"id": "seats", "name": "Seats", "type": "customizable"},
            {"id": "support", "name": "Support", "type": "boolean"},
        ],
        "meters": [
            {"id": "MTR-1", "feature": "credits", "unit": "credit"},
            {"id": "MTR-3", "feature": "seats", "unit": "seat"},
            {"id": "MTR-4", "unit": "byte"},
        ],
        "plans": [{
            "id": "PLV-1", "identifier": "free", "name": "Free", "features": [
                {"feature": "credits", "limit": 30, "reset": "EVERY_DAY", "hard_limit": true},
                {"feature": "calls"},
                {"feature": "seats", "limit": 3},
                {"feature": "support"},
            ],
        }],
    });
    serde_json::from_value(catalog).unwrap()
}

fn event(second: i64, facts: Vec<(i64, Fact)>) -> Interpretation {
    let change = |(second, fact)| Change {
        occurred_at: time(second),
        revision: 0,
        rank: 0,
        fact,
    };
    Interpretation {
        event_type: None,
        occurred_at: time(second),
        standing: Standing::Folded,
        changes: facts.into_iter().map(change).collect(),
    }
}

fn own(second: i64, fact: OwnFact) -> Interpretation {
    event(second, vec![(second, Fact::Own(Box::new(fact)))])
}

fn beginning() -> [Interpretation; 2] {
    let settings = SettingsFact {
        customer_notes: empty().notes_in_use().clone(),
        catalog: catalog(),
    };
    let created = CustomerCreated {
        metadata: None,
        id: "CUS-0G9HCNK3E4P1Y".into(),
        identifier: USER.into(),
        email: Some("someone@example.com".into()),
        first_name: None,
        last_name: None,
        phone: None,
        address: None,
        company_id: None,
        country_id: None,
        subscription: Some(Begun {
            id: "SUA-0MSC9073DVBTK".into(),
            plan_id: "PLV-1".into(),
            plan_name: "Free".into(),
            trial_ends_at: Some(time(TRIAL_DAYS * DAY)),
            is_paid_plan: true,
        }),
    };
    [
        event(-9, vec![(-9, Fact::Settings(Box::new(settings)))]),
        own(0, OwnFact::CustomerCreated(created)),
    ]
}

/// One word on a meter: the metric, when by the meter's clock, and how much in tenths.
#[derive(Debug, Clone, Copy)]
pub(super) enum Word {
    Read(usize, i64, i64),
    Counted(usize, i64, i64),
    Allowed(usize, i64, i64),
    /// Reported as a sum.
    Set(usize, i64, i64),
    /// Reported as more of it, or as less.
    Moved(usize, i64, i64),
    /// An event that counts so much.
    Happened(usize, i64, i64),
}

impl Word {
    pub(super) fn metric(self) -> usize {
        let (Self::Read(metric, ..)
        | Self::Counted(metric, ..)
        | Self::Allowed(metric, ..)
        | Self::Set(metric, ..)
        | Self::Moved(metric, ..)
        | Self::Happened(metric, ..)) = self;
        metric
    }

    /// When, by the meter's clock.
    pub(super) fn hour(self) -> i64 {
        let (Self::Read(_, hour, _)
        | Self::Counted(_, hour, _)
        | Self::Allowed(_, hour, _)
        | Self::Set(_, hour, _)
        | Self::Moved(_, hour, _)
        | Self::Happened(_, hour, _)) = self;
        hour
    }

    /// Whether it makes its metric known by then: a use that is dated ahead does not.
    pub(super) fn is_known_by(self, hour: i64) -> bool {
        matches!(self, Self::Allowed(..) | Self::Set(..) | Self::Read(..)) || self.hour() <= hour
    }

    /// Whether it tells of what was used.
    pub(super) fn is_of_use(self) -> bool {
        !matches!(self, Self::Allowed(..))
    }
}

/// Few hours and amounts, so that boundaries and limits are often met exactly.
pub(super) fn word() -> impl Strategy<Value = Word> {
    let hours = || (-5_i64..37).prop_map(|quarters| quarters * 6);
    let tenths = |most: i64| (0..most).prop_map(|pieces| pieces * 25);
    prop_oneof![
        3 => (0_usize..5, hours(), tenths(36)).prop_map(|(m, at, n)| Word::Read(m, at, n)),
        3 => (0_usize..5, hours(), tenths(8)).prop_map(|(m, at, n)| Word::Counted(m, at, n)),
        1 => (0_usize..5, hours(), tenths(20)).prop_map(|(m, at, n)| Word::Allowed(m, at, n)),
        1 => (0_usize..5, hours(), tenths(20)).prop_map(|(m, at, n)| Word::Set(m, at, n)),
        2 => (0_usize..5, hours(), -3_i64..8).prop_map(|(m, at, n)| Word::Moved(m, at, n * 25)),
        2 => (0_usize..5, hours(), -3_i64..8).prop_map(|(m, at, n)| Word::Happened(m, at, n * 25)),
    ]
}

fn reported(behaviour: Behaviour, metric: usize, hour: i64, n: i64) -> Interpretation {
    own(
        hour * 3_600,
        OwnFact::UsageReported(UsageReported {
            id: "0123456789abcdef0123456789abcdef".into(),
            identifier: USER.into(),
            meter_id: METRICS[metric].into(),
            behaviour,
            value: Decimal::new(n, 1),
            resource_id: None,
        }),
    )
}

fn told(place: usize, word: Word) -> Interpretation {
    let (identifier, tenths) = (|| USER.into(), |n| Decimal::new(n, 1));
    match word {
        Word::Read(metric, hour, n) => {
            let at = time(hour * 3_600);
            let readings = vec![Reading {
                meter_id: METRICS[metric].into(),
                at,
                total: tenths(n),
            }];
            let read = OwnFact::UsageRead(UsageRead {
                identifier: identifier(),
                readings,
            });
            // It is told long after.
            event(900 * DAY, vec![(hour * 3_600, Fact::Own(Box::new(read)))])
        }
        Word::Counted(metric, hour, n) => own(
            hour * 3_600,
            OwnFact::UsageCounted(UsageCounted {
                id: format!("CHU-00000000000{place:02}").into(),
                identifier: identifier(),
                meter_id: METRICS[metric].into(),
                amount: tenths(n),
                checkpoint: "test".into(),
                tokens: None,
            }),
        ),
        Word::Set(metric, hour, n) => reported(Behaviour::Set, metric, hour, n),
        Word::Moved(metric, hour, n) => reported(Behaviour::Delta, metric, hour, n),
        Word::Happened(metric, hour, n) => own(
            hour * 3_600,
            OwnFact::UsageEvent(UsageEvent {
                identifier: identifier(),
                name: "call".into(),
                idempotency_key: place.to_string().into(),
                counts: Some(EventCount {
                    meter_id: METRICS[metric].into(),
                    value: tenths(n),
                }),
                resource_id: None,
                properties: None,
            }),
        ),
        Word::Allowed(metric, hour, n) => own(
            hour * 3_600,
            OwnFact::AllowancesSet(AllowancesSet {
                identifier: identifier(),
                allowances: vec![Allowance {
                    meter_id: METRICS[metric].into(),
                    limit: tenths(n),
                }],
            }),
        ),
    }
}

pub(super) fn life_of(words: &[Word]) -> Vec<Interpretation> {
    let told = words
        .iter()
        .enumerate()
        .map(|(place, word)| told(place, *word));
    beginning().into_iter().chain(told).collect()
}
