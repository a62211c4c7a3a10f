//! Random lives of a ledger: facts of every kind about a few things, in few seconds, so that ties
//! and links are common.

use super::*;

pub(in crate::domain::state) fn time(second: i64) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + second).unwrap()
}

pub(in crate::domain::state) fn named(prefix: &str, number: Option<u8>) -> Option<Box<str>> {
    number.map(|number| format!("{prefix}{number}").into())
}

pub(in crate::domain::state) fn naming() -> impl Strategy<Value = Naming> {
    let identifier = prop::option::of(0_u8..3);
    let provider_id = prop::option::of(0_u8..3);
    let checkout = prop::option::weighted(0.3, (0_u8..3, any::<bool>()));
    let attempt = prop::option::weighted(0.3, 1_u32..3);
    let named = (identifier, provider_id).prop_map(|(identifier, provider_id)| Naming {
        identifier: None,
        provider_id: named("cust_", provider_id),
        notes: named("user_", identifier)
            .map(|id| ("customer_identifier".into(), id))
            .into_iter()
            .collect(),
        reference: None,
    });
    (named, checkout, attempt).prop_map(|(mut naming, checkout, attempt)| {
        match checkout {
            Some((number, true)) => naming.reference = Some(checkout_id(number)),
            Some((number, false)) => {
                let note = ("transaction_tsid".into(), checkout_id(number));
                naming.notes.push(note);
            }
            None => {}
        }
        let attempt = attempt.map(|number| number.to_string());
        let note = attempt.map(|number| ("checkout_attempt".into(), number.into()));
        naming.notes.extend(note);
        naming
    })
}

pub(in crate::domain::state) fn contact() -> impl Strategy<Value = Contact> {
    (prop::option::of(0_u8..3), prop::option::of(0_u8..3)).prop_map(|(email, phone)| Contact {
        email: named("someone@example.com", email),
        phone: named("+91900000000", phone),
        ..Contact::default()
    })
}

pub(in crate::domain::state) fn money() -> Option<Money> {
    Some(Money {
        amount_minor: 49_900,
        currency: Currency::parse("INR").unwrap(),
    })
}

pub(in crate::domain::state) fn subscription() -> impl Strategy<Value = Fact> {
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
            deal: None,
            naming,
        }))
    })
}

pub(in crate::domain::state) fn sole() -> impl Strategy<Value = Vec<Fact>> {
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
            deal: None,
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

fn instrument() -> impl Strategy<Value = Instrument> {
    (0_u8..3).prop_map(|last| {
        let last4 = Part::Text(format!("424{last}").into());
        Instrument::of([("last4".into(), last4)])
    })
}

fn sale() -> impl Strategy<Value = Sale> {
    let words = [
        None,
        Some(OrderStatus::Complete),
        Some(OrderStatus::Cancelled),
    ];
    let word = prop::sample::select(words.to_vec());
    (
        word,
        prop::option::of(any::<bool>()),
        prop::option::of(0_i64..9),
    )
        .prop_map(|(status, is_renewal, paid_at)| Sale {
            status,
            billing: is_renewal.map(|_| Billing::Subscription),
            is_renewal,
            paid_at: paid_at.map(time),
            plan: None,
        })
}

fn payment_method() -> impl Strategy<Value = Vec<Fact>> {
    let flags = (any::<bool>(), any::<bool>());
    (0_u8..2, instrument(), flags, naming()).prop_map(|(id, instrument, flags, naming)| {
        let (is_default, is_deleted) = flags;
        vec![Fact::PaymentMethod(PaymentMethodFact {
            provider: RAZORPAY,
            id: id.to_string().into(),
            method: Some("card".into()),
            instrument,
            is_default,
            status: Some("succeeded".into()),
            is_deleted,
            naming,
        })]
    })
}

pub(in crate::domain::state) fn payment() -> impl Strategy<Value = Vec<Fact>> {
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
    let seen = (
        links,
        prop::option::of(instrument()),
        prop::option::of(sale()),
    );
    (0_u8..4, status, seen, naming(), contact()).prop_map(
        |(id, status, (links, instrument, sale), naming, contact)| {
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
                instrument,
                sale,
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

pub(in crate::domain::state) fn facts() -> impl Strategy<Value = Vec<Fact>> {
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
    let said = prop::sample::select(vec![None, Some(RefundWord::Canceled)]);
    let refund = (0_u8..2, 0_u8..4, any::<bool>(), said);
    let refund = refund.prop_map(|(id, payment, done, word)| {
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
            said: word.map(|word| RefundSaid {
                word: Some(word),
                reason: None,
            }),
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
    // Boxed, or a value of all of them together is too large for a test's stack.
    prop_oneof![
        subscription.boxed(),
        sole().boxed(),
        payment().boxed(),
        invoice.boxed(),
        order.boxed(),
        refund.boxed(),
        paid.boxed(),
        party.boxed(),
        payment_method().boxed()
    ]
}

/// An event that only names a customer.
pub(in crate::domain::state) fn introduction(
    second: i64,
    naming: Naming,
    contact: Contact,
) -> Interpretation {
    let fact = Fact::Party(PartyFact {
        provider: RAZORPAY,
        naming,
        contact,
    });
    let change = Change {
        occurred_at: time(second),
        revision: 0,
        rank: 0,
        fact,
    };
    Interpretation {
        event_type: None,
        occurred_at: time(second),
        standing: Standing::Folded,
        changes: vec![change],
    }
}

/// Of everything that happens, elsewhere and here.
pub(in crate::domain::state) fn life() -> impl Strategy<Value = Vec<Interpretation>> {
    let own = own_fact().prop_map(|fact| vec![fact]);
    life_of(prop_oneof![2 => facts(), 3 => own])
}

/// Few seconds and ranks, so that ties are common.
fn life_of(facts: impl Strategy<Value = Vec<Fact>>) -> impl Strategy<Value = Vec<Interpretation>> {
    let event = (facts, 0_i64..4, 0_i64..2, 0_u8..3).prop_map(|(facts, second, revision, rank)| {
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
