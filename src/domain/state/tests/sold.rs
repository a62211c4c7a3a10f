//! Random facts that are born here, about a few customers, checkouts and subscriptions, so that they
//! contradict each other often: no command would tell them so, and the fold must not care.

use rust_decimal::Decimal;

use super::*;
use crate::domain::catalog::Period;
use crate::domain::id::{Prefix, Tsid};
use crate::domain::own::*;

/// Of those things of our own there are that many each.
const FEW: u8 = 3;

pub(in crate::domain::state) fn checkout_id(number: u8) -> Box<str> {
    let id = Tsid::minted("checkout", &number.to_string());
    id.with(Prefix::Checkout).to_string().into()
}

pub(in crate::domain::state) fn own_subscription_id(number: u8) -> Box<str> {
    let id = Tsid::minted("own", &number.to_string());
    id.with(Prefix::Subscription).to_string().into()
}

/// Our id of the subscription that Stykite has of a customer.
fn sole_id(number: u8) -> Box<str> {
    let id = Tsid::minted(STYKITE, &format!("user_{number}"));
    id.with(Prefix::Subscription).to_string().into()
}

/// One of our own, or one of Stykite's.
fn any_subscription() -> impl Strategy<Value = Box<str>> {
    (0..FEW, prop::bool::weighted(0.7)).prop_map(|(number, is_own)| {
        if is_own {
            own_subscription_id(number)
        } else {
            sole_id(number)
        }
    })
}

pub(in crate::domain::state) fn identifier() -> impl Strategy<Value = Box<str>> {
    (0..FEW).prop_map(|number| format!("user_{number}").into())
}

fn created() -> impl Strategy<Value = OwnFact> {
    let begun = (0..FEW, prop::option::of(0_i64..6), any::<bool>());
    let begun = begun.prop_map(|(number, trial, is_paid_plan)| Begun {
        id: own_subscription_id(number),
        plan_id: "PLV-1".into(),
        plan_name: "One".into(),
        trial_ends_at: trial.map(time),
        is_paid_plan,
    });
    (identifier(), 0..FEW, prop::option::of(begun)).prop_map(
        |(identifier, number, subscription)| {
            OwnFact::CustomerCreated(CustomerCreated {
                metadata: None,
                id: Tsid::minted("created", &number.to_string())
                    .with(Prefix::Customer)
                    .to_string()
                    .into(),
                email: Some(format!("{identifier}@example.com").into()),
                identifier,
                first_name: None,
                last_name: None,
                phone: None,
                address: None,
                company_id: None,
                country_id: None,
                subscription,
            })
        },
    )
}

fn item() -> impl Strategy<Value = Item> {
    let periods = vec![Period::OneTime, Period::Daily, Period::Monthly];
    let sold = (prop::sample::select(periods), quantities());
    let plan = (
        0..FEW,
        sold,
        any::<bool>(),
        prop::collection::vec(any_subscription(), 0..2),
        prop::sample::select(vec![0, 0, 1]),
    );
    let plan = plan.prop_map(
        |(number, sold, is_charged, supersedes, trial_days)| Item::Plan {
            quantities: sold.1,
            trial_days,
            keeps_quantities: false,
            plan_id: format!("PLV-{number}").into(),
            name: "Plan".into(),
            period: sold.0,
            gateway_plan: is_charged.then(|| "plan_1".into()),
            subscription_id: own_subscription_id(number),
            supersedes,
        },
    );
    let addon = (0..FEW).prop_map(|number| Item::Addon {
        addon_id: format!("ADO-{number}").into(),
        version_id: "ADV-1".into(),
        name: "More".into(),
    });
    prop_oneof![4 => plan, 1 => addon]
}

fn quantities() -> impl Strategy<Value = Vec<Quantity>> {
    let quantity = (1_u64..3).prop_map(|count| Quantity {
        feature: "seats".into(),
        count,
    });
    prop::collection::vec(quantity, 0..2)
}

/// Without a payment, in the place of anything, and at a checkout or not.
fn had() -> impl Strategy<Value = OwnFact> {
    let begun = (
        0..FEW,
        prop::option::of(0_i64..6),
        prop::bool::weighted(0.3),
    );
    let terms = (
        prop::sample::select(vec![Period::OneTime, Period::Weekly]),
        quantities(),
    );
    let before = (
        prop::collection::vec(any_subscription(), 0..3),
        prop::option::weighted(0.3, 0_i64..6),
        prop::option::weighted(0.3, 0..FEW),
    );
    (identifier(), begun, terms, before, any::<bool>()).prop_map(
        |(identifier, begun, (period, quantities), before, is_change)| {
            let (number, trial, is_paid_plan) = begun;
            let (supersedes, through, checkout) = before;
            let begun = SubscriptionBegun {
                identifier,
                begun: Begun {
                    id: own_subscription_id(number),
                    plan_id: format!("PLV-{number}").into(),
                    plan_name: "Had".into(),
                    trial_ends_at: trial.map(time),
                    is_paid_plan,
                },
                terms: Terms {
                    period,
                    price: money().unwrap(),
                    quantities,
                },
                through: through.map(time),
                supersedes,
                checkout: checkout.map(checkout_id),
            };
            if is_change {
                OwnFact::PlanChanged(begun)
            } else {
                OwnFact::SubscriptionCreated(begun)
            }
        },
    )
}

fn opened() -> impl Strategy<Value = OwnFact> {
    let price = prop::sample::select(vec![100, 49_900, 49_901]);
    let customer = prop::option::weighted(0.2, created());
    (0..FEW, customer, item(), price, 0_i64..6, identifier()).prop_map(
        |(number, customer, item, amount_minor, expires, identifier)| {
            let customer = customer.as_ref().and_then(OwnFact::customer_made);
            // It is made for the checkout, and subscribed by it.
            let customer = customer.map(|made| CustomerCreated {
                subscription: None,
                ..made.clone()
            });
            let identifier = customer
                .as_ref()
                .map_or(identifier, |made| made.identifier.clone());
            OwnFact::CheckoutOpened(CheckoutOpened {
                customer: customer.map(Box::new),
                metadata: None,
                id: checkout_id(number),
                identifier,
                item,
                price: Money {
                    amount_minor,
                    ..money().unwrap()
                },
                gateway: "sandbox".into(),
                expires_at: time(expires),
                success_url: None,
                cancel_url: None,
            })
        },
    )
}

fn going_on() -> impl Strategy<Value = OwnFact> {
    let pays = (
        identifier(),
        0..FEW,
        prop::collection::vec(any_subscription(), 0..2),
        prop::option::of(quantities()),
    );
    let pays = pays.prop_map(|(identifier, number, supersedes, quantities)| Pays {
        identifier,
        subscription_id: own_subscription_id(number),
        supersedes,
        quantities,
    });
    let what = (0_u8..7, prop::option::of(pays));
    (0..FEW, 1_u32..3, what, 0_i64..6).prop_map(|(number, attempt, (what, pays), due)| {
        let id = checkout_id(number);
        match what {
            0..3 => OwnFact::CheckoutAttempted(CheckoutAttempted {
                id,
                attempt,
                pretend: Some(Pretend::Paid),
                pays,
            }),
            3 => OwnFact::CheckoutAtGateway(CheckoutAtGateway {
                id,
                attempt,
                reference: "plink_1".into(),
                url: None,
            }),
            4 => OwnFact::CheckoutRefused(CheckoutRefused {
                id,
                attempt,
                why: "no".into(),
            }),
            5 => OwnFact::CheckoutCancelled(CheckoutCancelled { id }),
            _ => OwnFact::CheckoutExpired(CheckoutDue { id, due: time(due) }),
        }
    })
}

fn ending() -> impl Strategy<Value = OwnFact> {
    let when = prop::sample::select(vec![
        CancelWhen::Immediate,
        CancelWhen::EndOfCycle,
        CancelWhen::OnDate,
    ]);
    let when = (when, any::<bool>());
    (any_subscription(), when, 0_u8..5, 0_i64..6).prop_map(|(id, when, what, at)| {
        let (when, is_refused) = when;
        let subscription_id = id;
        match what {
            0 => OwnFact::CancelAsked(CancelAsked {
                feedback: is_refused.then(|| "OTHER".into()),
                comment: None,
                subscription_id,
                when,
                ends_at: time(at),
            }),
            1 => OwnFact::CancelledAtGateway(CancelledAtGateway {
                subscription_id,
                reference: format!("sub_{at}").into(),
                when,
                refused: is_refused.then(|| "no".into()),
            }),
            2 => OwnFact::EndDateSet(EndDateSet {
                subscription_id,
                ends_at: time(at),
            }),
            3 => OwnFact::TrialEnded(SubscriptionDue {
                subscription_id,
                due: time(at),
            }),
            _ => OwnFact::SubscriptionEnded(SubscriptionDue {
                subscription_id,
                due: time(at),
            }),
        }
    })
}

fn used() -> impl Strategy<Value = OwnFact> {
    (identifier(), 0_u8..3, 0_i64..6).prop_map(|(identifier, what, at)| {
        let meter_id: Box<str> = "MTR-1".into();
        let number = Decimal::from(at);
        match what {
            0 => OwnFact::AllowancesSet(AllowancesSet {
                identifier,
                allowances: vec![Allowance {
                    meter_id,
                    limit: number,
                }],
            }),
            // One time always shows one total: of two, the log's order keeps the first.
            1 => OwnFact::UsageRead(UsageRead {
                identifier,
                readings: vec![Reading {
                    meter_id,
                    at: time(at),
                    total: number,
                }],
            }),
            _ => OwnFact::UsageCounted(UsageCounted {
                id: format!("CHU-{at}").into(),
                identifier,
                meter_id,
                amount: number,
                checkpoint: "here".into(),
                tokens: None,
            }),
        }
    })
}

proptest! {
    /// What is recorded is text: whatever is written there must be read again, by the log and by a
    /// snapshot.
    #[test]
    fn what_is_written_of_our_own_is_read_back(fact in own_fact()) {
        let Fact::Own(fact) = fact else { unreachable!() };
        let text = serde_json::to_string(&fact).unwrap();
        prop_assert_eq!(&serde_json::from_str::<OwnFact>(&text).unwrap(), &*fact);
        let value = serde_json::to_value(&fact).unwrap();
        prop_assert_eq!(serde_json::from_value::<OwnFact>(value).unwrap(), *fact);
    }
}

/// A fact of our own.
pub(in crate::domain::state) fn own_fact() -> impl Strategy<Value = Fact> {
    let fact = prop_oneof![
        2 => created(),
        4 => opened(),
        3 => had(),
        4 => going_on(),
        5 => ending(),
        1 => used(),
        2 => people()
    ];
    fact.prop_map(|fact| Fact::Own(Box::new(fact)))
}
