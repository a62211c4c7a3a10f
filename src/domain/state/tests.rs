//! Properties of the fold over random lives: order and repetition do not matter, and what is kept
//! (owners, members, activity) equals what would be worked out anew.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod under_way;

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::entity::Kind;
use super::{CustomerNotes, State};
use crate::domain::access::AsOf;
use crate::domain::event::*;
use crate::domain::money::{Currency, Money};
use crate::domain::register::{EventRef, Tie};
use crate::domain::status::Status;
use crate::domain::status::{PaymentStatus, RefundStatus};
use crate::domain::time::Timestamp;

const RAZORPAY: &str = "razorpay";
const STYKITE: &str = "stykite";

fn time(second: i64) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + second).unwrap()
}

fn named(prefix: &str, number: Option<u8>) -> Option<Box<str>> {
    number.map(|number| format!("{prefix}{number}").into())
}

fn naming() -> impl Strategy<Value = Naming> {
    let identifier = prop::option::of(0_u8..3);
    let provider_id = prop::option::of(0_u8..3);
    (identifier, provider_id).prop_map(|(identifier, provider_id)| Naming {
        identifier: None,
        provider_id: named("cust_", provider_id),
        notes: named("user_", identifier)
            .map(|id| ("customer_identifier".into(), id))
            .into_iter()
            .collect(),
        reference: None,
    })
}

fn contact() -> impl Strategy<Value = Contact> {
    (prop::option::of(0_u8..3), prop::option::of(0_u8..3)).prop_map(|(email, phone)| Contact {
        email: named("someone@example.com", email),
        phone: named("+91900000000", phone),
        ..Contact::default()
    })
}

fn money() -> Option<Money> {
    Some(Money {
        amount_minor: 49_900,
        currency: Currency::parse("INR").unwrap(),
    })
}

fn subscription() -> impl Strategy<Value = Fact> {
    let status = prop::option::of(prop::sample::select(Status::ALL.to_vec()));
    (0_u8..3, status, prop::option::of(0_i64..9), naming()).prop_map(|(id, status, end, naming)| {
        Fact::Subscription(Box::new(SubscriptionFact {
            provider: RAZORPAY,
            key: SubscriptionKey::Id(format!("sub_{id}").into()),
            status,
            provider_status: Some("word".into()),
            ends_are_final: true,
            reason: None,
            plan_id: named("plan_", Some(id)),
            quantity: Some(1),
            trial_used: None,
            period_start: None,
            period_end: end.map(time),
            period_is_granted: status == Some(Status::Trialing),
            started_at: None,
            ended_at: end.map(time),
            created_at: Some(time(0)),
            naming,
        }))
    })
}

fn sole() -> impl Strategy<Value = Vec<Fact>> {
    let status = prop::sample::select(vec![Status::Active, Status::Canceled, Status::OnHold]);
    let names = (prop::option::of(0_u8..3), prop::option::of(0_u8..3));
    (status, names, contact()).prop_map(|(status, (identifier, id), contact)| {
        let naming = Naming {
            identifier: named("user_", identifier),
            provider_id: named("CUS-0G9HCNK3E4P1", id),
            ..Naming::default()
        };
        let Some(key) = naming
            .identifier
            .clone()
            .or_else(|| naming.provider_id.clone())
        else {
            return Vec::new();
        };
        let seen = SubscriptionFact {
            provider: STYKITE,
            key: SubscriptionKey::OnePerCustomer(key),
            status: Some(status),
            provider_status: Some(status.as_str().into()),
            ends_are_final: false,
            reason: None,
            plan_id: None,
            quantity: None,
            trial_used: Some(false),
            period_start: None,
            period_end: None,
            period_is_granted: false,
            started_at: None,
            ended_at: None,
            created_at: None,
            naming: naming.clone(),
        };
        let party = Fact::Party(PartyFact {
            provider: STYKITE,
            naming,
            contact,
        });
        vec![party, Fact::Subscription(Box::new(seen))]
    })
}

fn payment() -> impl Strategy<Value = Vec<Fact>> {
    let status = prop::sample::select(vec![
        PaymentStatus::Authorized,
        PaymentStatus::Failed,
        PaymentStatus::Captured,
    ]);
    let links = (
        prop::option::of(0_u8..3),
        prop::option::of(0_u8..3),
        prop::option::of(0_u8..2),
    );
    (0_u8..4, status, links, naming(), contact()).prop_map(
        |(id, status, links, naming, contact)| {
            let fact = PaymentFact {
                provider: RAZORPAY,
                id: format!("pay_{id}").into(),
                status: Some(status),
                amount: money(),
                method: Some("upi".into()),
                subscription_id: named("sub_", links.0),
                invoice_id: named("inv_", links.1),
                order_id: named("order_", links.2),
                created_at: Some(time(id.into())),
                naming: naming.clone(),
                contact: contact.clone(),
            };
            let mut facts = vec![Fact::Payment(Box::new(fact))];
            if naming.provider_id.is_some() {
                facts.push(Fact::Party(PartyFact {
                    provider: RAZORPAY,
                    naming,
                    contact,
                }));
            }
            facts
        },
    )
}

fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let id = || 0_u8..3;
    let invoice = (
        id(),
        prop::option::of(id()),
        prop::option::of(0_u8..4),
        naming(),
        contact(),
    )
        .prop_map(|(id, subscription, payment, naming, contact)| {
            vec![Fact::Invoice(InvoiceFact {
                provider: RAZORPAY,
                id: format!("inv_{id}").into(),
                status: Some("paid".into()),
                subscription_id: named("sub_", subscription),
                payment_id: named("pay_", payment),
                naming,
                contact,
            })]
        });
    let order = (0_u8..2, naming()).prop_map(|(id, naming)| {
        let id = format!("order_{id}").into();
        vec![Fact::Order(OrderFact {
            provider: RAZORPAY,
            id,
            naming,
        })]
    });
    let refund = (0_u8..2, 0_u8..4, any::<bool>()).prop_map(|(id, payment, done)| {
        let status = if done {
            RefundStatus::Processed
        } else {
            RefundStatus::Failed
        };
        vec![Fact::Refund(RefundFact {
            provider: RAZORPAY,
            id: format!("rfnd_{id}").into(),
            payment_id: format!("pay_{payment}").into(),
            status: Some(status),
            amount: money(),
            created_at: None,
        })]
    });
    let paid = (id(), 0_i64..9).prop_map(|(id, until)| {
        let subscription_id = format!("sub_{id}").into();
        vec![Fact::PaidThrough(PaidThroughFact {
            provider: RAZORPAY,
            subscription_id,
            until: time(until),
        })]
    });
    let party = (naming(), contact()).prop_map(|(naming, contact)| {
        vec![Fact::Party(PartyFact {
            provider: RAZORPAY,
            naming,
            contact,
        })]
    });
    let subscription = subscription().prop_map(|fact| vec![fact]);
    prop_oneof![
        subscription,
        sole(),
        payment(),
        invoice,
        order,
        refund,
        paid,
        party
    ]
}

/// Few seconds and ranks, so that ties are common.
pub(super) fn life() -> impl Strategy<Value = Vec<Interpretation>> {
    let event =
        (facts(), 0_i64..4, 0_i64..2, 0_u8..3).prop_map(|(facts, second, revision, rank)| {
            let change = |fact| Change {
                occurred_at: time(second),
                revision,
                rank,
                fact,
            };
            Interpretation {
                event_type: None,
                occurred_at: time(second),
                standing: Standing::Folded,
                changes: facts.into_iter().map(change).collect(),
            }
        });
    prop::collection::vec(event, 1..24)
}

fn fold(life: &[Interpretation], order: &[usize]) -> State {
    let mut state = empty();
    for (arrival, place) in order.iter().enumerate() {
        fold_one(&mut state, life, *place, arrival);
    }
    state
}

pub(super) fn empty() -> State {
    let notes: CustomerNotes = [(RAZORPAY.into(), "customer_identifier".into())].into();
    State::new(notes)
}

pub(super) fn fold_one(state: &mut State, life: &[Interpretation], place: usize, arrival: usize) {
    let place_byte = u8::try_from(place).unwrap();
    let tie = Some(Tie {
        body: [place_byte; 8],
        identity: [place_byte; 4],
    });
    let seq = arrival as u64 + 1;
    let event = EventRef {
        seq,
        source: RAZORPAY,
        tie,
    };
    state.fold(&life[place], &event, false);
}

/// All that users see, less what follows arrival by design.
fn picture(state: &State) -> Vec<String> {
    let as_of = AsOf {
        now: time(5),
        grace_days: 3,
    };
    let mut lines = Vec::new();
    let everything = usize::MAX - 1;
    for view in state
        .customers(&Default::default(), None, everything, as_of)
        .data
    {
        let events = state.customer_events(&view.name.id).unwrap().len();
        lines.push(format!(
            "{events} {}",
            serde_json::to_string(&view).unwrap()
        ));
    }
    for view in state
        .subscriptions(&Default::default(), None, everything, as_of)
        .data
    {
        lines.push(serde_json::to_string(&view).unwrap());
    }
    for view in state.payments(None, everything).data {
        lines.push(serde_json::to_string(&view).unwrap());
    }
    let mut census = state.begin_census();
    while state.count(&mut census) {}
    lines.push(format!(
        "{} {:?} {}",
        state.customer_count(),
        census.subscriptions,
        census.payments
    ));
    for line in &mut lines {
        while let Some(start) = line.find("\"last_seq\":") {
            let end = line[start..].find(['}', ',']).unwrap() + start;
            line.replace_range(start..end, "");
        }
    }
    lines
}

/// The kept answers equal fresh ones.
fn assert_coherent(state: &State) {
    let kinds = [
        Kind::Party,
        Kind::Subscription,
        Kind::SoleSubscription,
        Kind::Invoice,
        Kind::Order,
        Kind::Payment,
    ];
    let mut roots = 0;
    for kind in kinds {
        for (ix, entity) in state.arena.of_kind(kind) {
            assert_eq!(entity.owner, state.resolve(ix), "{kind:?} {}", entity.name);
            assert!(entity.events().is_sorted_by(|a, b| a < b), "each once");
            roots += u64::from(kind == Kind::Party && entity.owner == Some(ix));
            if let Some(root) = entity.owner.filter(|root| *root != ix) {
                let members = &state.arena.get(root).party().unwrap().members;
                assert_eq!(members.iter().filter(|member| **member == ix).count(), 1);
            }
            let Some(party) = entity.party() else {
                continue;
            };
            let mut activity = entity.activity;
            let distinct: BTreeSet<_> = party.members.iter().collect();
            assert_eq!(distinct.len(), party.members.len());
            for member in &party.members {
                assert_eq!(state.arena.get(*member).owner, Some(ix));
                activity.merge(state.arena.get(*member).activity);
            }
            if entity.owner == Some(ix) {
                assert_eq!(activity, party.activity);
            }
        }
    }
    assert_eq!(roots, state.customer_count());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn order_does_not_matter(
        (life, order) in life().prop_flat_map(|life| {
            let places: Vec<usize> = (0..life.len()).collect();
            (Just(life), Just(places).prop_shuffle())
        })
    ) {
        let straight: Vec<usize> = (0..life.len()).collect();
        let one = fold(&life, &straight);
        let other = fold(&life, &order);
        assert_coherent(&one);
        assert_coherent(&other);
        prop_assert_eq!(picture(&one), picture(&other));
    }

    #[test]
    fn repetition_does_not_matter(
        (life, extra) in life().prop_flat_map(|life| {
            let places = 0..life.len();
            (Just(life), prop::collection::vec(places, 0..12))
        })
    ) {
        let once: Vec<usize> = (0..life.len()).collect();
        let again: Vec<usize> = once.iter().chain(&extra).copied().collect();
        let strip = |state: &State| {
            // How often an event is listed is not the fold's business: the log drops repeats.
            picture(state).iter().map(|line| line.split_once(' ').map_or(line.clone(), |(_, l)| l.to_owned())).collect::<Vec<_>>()
        };
        prop_assert_eq!(strip(&fold(&life, &once)), strip(&fold(&life, &again)));
    }
}
