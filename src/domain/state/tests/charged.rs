//! What others know too: subscriptions that Razorpay charges for us, Stykite's own, and a provider's
//! customers that came by our checkouts.

use super::book::*;
use super::*;
use crate::domain::checkout::GatewayWork;
use crate::domain::own::*;

/// Razorpay's subscription as it stands: paid through that day, where a payment comes with it.
fn charge(book: &mut Book, at: u32, status: Status, paid: Option<(&str, u32)>) {
    charge_as("sub_1", book, at, status, paid);
}

fn charge_as(sub: &str, book: &mut Book, at: u32, status: Status, paid: Option<(&str, u32)>) {
    let seen = SubscriptionFact {
        provider: RAZORPAY,
        key: SubscriptionKey::Id(sub.into()),
        status: Some(status),
        provider_status: Some(status.as_str().into()),
        ends_are_final: true,
        reason: None,
        plan_id: Some("plan_1".into()),
        quantity: Some(1),
        trial_used: None,
        period_start: Some(day(at)),
        period_end: Some(day(at + 30)),
        period_is_granted: false,
        started_at: Some(day(2)),
        ended_at: status.is_end().then(|| day(at)),
        created_at: Some(day(1)),
        naming: noted(TRN[0]),
    };
    let mut facts = vec![Fact::Subscription(Box::new(seen))];
    if let Some((id, until)) = paid {
        let payment = PaymentFact {
            subscription_id: Some(sub.into()),
            naming: Naming::default(),
            ..payment_of(at, id, TRN[0], PaymentStatus::Captured)
        };
        facts.push(Fact::Payment(Box::new(payment)));
        facts.push(Fact::PaidThrough(PaidThroughFact {
            provider: RAZORPAY,
            subscription_id: sub.into(),
            until: day(until),
        }));
    }
    book.provider(day(at), facts);
}

fn sold_by_razorpay() -> Book {
    let mut book = Book::new();
    let item = Item::Plan {
        quantities: Vec::new(),
        trial_days: 0,
        keeps_quantities: false,
        plan_id: "PLV-1".into(),
        name: "One".into(),
        period: crate::domain::catalog::Period::Monthly,
        gateway_plan: Some("plan_1".into()),
        subscription_id: SUA[0].into(),
        supersedes: Vec::new(),
    };
    book.opened_for(1, 0, item, "razorpay");
    book.attempted(1, 0, 1);
    book
}

fn listed(book: &Book) -> usize {
    let as_of = AsOf {
        now: day(1),
        grace_days: 3,
    };
    let all = Default::default();
    book.state.subscriptions(&all, None, 99, as_of).data.len()
}

#[test]
fn one_subscription_is_shown_of_the_two() {
    let mut book = sold_by_razorpay();
    charge(&mut book, 2, Status::Incomplete, None);
    assert_eq!(listed(&book), 0, "nothing is paid");
    assert_eq!(book.checkout(0), CheckoutStatus::Processing);
    charge(&mut book, 2, Status::Active, Some(("pay_1", 32)));
    assert_eq!((listed(&book), book.checkout(0)), (1, CheckoutStatus::Paid));
    let view = book.subscription(SUA[0]);
    assert_eq!(view, book.subscription("sub_1"));
    for (field, expected) in [
        ("provider", "subledger"),
        ("source", "api"),
        ("provider_subscription_id", "sub_1"),
        ("provider_status", "active"),
        ("paid_through", &day(32).to_string()),
    ] {
        assert_eq!(view[field], expected, "{field}");
    }
    assert_eq!(view["plan"]["id"], "PLV-1");
    // Whoever charges goes on: nothing is due, and a failed charge shows.
    assert_eq!(book.state.next_due(), None);
    charge(&mut book, 33, Status::PastDue, None);
    assert_eq!(book.stands(0).0, "past_due");
    charge(&mut book, 34, Status::Active, Some(("pay_2", 62)));
    assert_eq!(
        book.subscription(SUA[0])["paid_through"],
        day(62).to_string()
    );
    let payment = book.state.payment("pay_2").unwrap();
    assert_eq!(payment.subscription_id.as_deref(), Some(SUA[0]));
    charge(&mut book, 40, Status::Canceled, None);
    assert_eq!(book.stands(0).0, "canceled");
    assert_eq!(book.state.gateway_work(), [], "it knows that itself");
}

fn stop(when: CancelWhen) -> GatewayWork {
    GatewayWork::Cancel {
        subscription_id: SUA[0].into(),
        reference: "sub_1".into(),
        when,
    }
}

fn told(book: &mut Book, when: CancelWhen) {
    let fact = CancelledAtGateway {
        subscription_id: SUA[0].into(),
        reference: "sub_1".into(),
        when,
        refused: None,
    };
    book.own(day(6), OwnFact::CancelledAtGateway(fact));
}

#[test]
fn a_cancel_is_asked_of_the_gateway_and_survives_its_snapshots() {
    let mut book = sold_by_razorpay();
    charge(&mut book, 2, Status::Active, Some(("pay_1", 32)));
    book.cancelled(5, SUA[0], CancelWhen::EndOfCycle, 32);
    assert_eq!(book.state.gateway_work(), [stop(CancelWhen::EndOfCycle)]);
    told(&mut book, CancelWhen::EndOfCycle);
    assert_eq!(book.state.gateway_work(), []);
    charge(&mut book, 7, Status::Active, None);
    let standing = book.state.standing_of("sub_1").unwrap();
    assert_eq!(
        (standing.ends_at, standing.is_cancel_asked),
        (Some(day(32)), true)
    );
    book.settle(day(32));
    assert_eq!(book.stands(0).0, "canceled");
    assert_eq!(book.state.gateway_work(), [], "it was told before");
    // Now at once, which is another thing to ask.
    let mut book = sold_by_razorpay();
    charge(&mut book, 2, Status::Active, Some(("pay_1", 32)));
    book.cancelled(5, SUA[0], CancelWhen::Immediate, 5);
    assert_eq!(book.state.gateway_work(), [stop(CancelWhen::Immediate)]);
    told(&mut book, CancelWhen::Immediate);
    assert_eq!(
        (book.state.gateway_work(), book.stands(0).0),
        (vec![], "canceled".into())
    );
}

/// Else it would charge for ever what nobody has any more.
#[test]
fn what_an_end_date_or_another_plan_ends_is_stopped_at_the_gateway() {
    let mut book = sold_by_razorpay();
    charge(&mut book, 2, Status::Active, Some(("pay_1", 32)));
    book.end_date(3, SUA[0], 20);
    assert_eq!(book.state.gateway_work(), []);
    book.settle(day(20));
    assert_eq!(book.stands(0).0, "expired");
    assert_eq!(book.state.gateway_work(), [stop(CancelWhen::Immediate)]);

    let mut book = sold_by_razorpay();
    charge(&mut book, 2, Status::Active, Some(("pay_1", 32)));
    book.opened(3, 1, 1, &[0]);
    book.paid(4, "pay_2", 1);
    assert_eq!(book.stands(0).0, "superseded");
    assert_eq!(book.state.gateway_work(), [stop(CancelWhen::Immediate)]);
}

/// No gateway knows dates: it charges on until what is charged for reaches that far.
#[test]
fn a_cancel_on_a_date_is_asked_of_the_gateway_once_the_last_period_is_charged() {
    let mut book = sold_by_razorpay();
    charge(&mut book, 2, Status::Active, Some(("pay_1", 32)));
    book.cancelled(5, SUA[0], CancelWhen::OnDate, 50);
    assert_eq!(book.state.gateway_work(), []);
    charge(&mut book, 33, Status::Active, Some(("pay_2", 62)));
    assert_eq!(book.state.gateway_work(), [stop(CancelWhen::EndOfCycle)]);
    told(&mut book, CancelWhen::EndOfCycle);
    book.settle(day(50));
    assert_eq!(book.stands(0).0, "canceled");
    assert_eq!(book.state.gateway_work(), []);
    // It never charged that far: there is nothing to wait for.
    let mut book = sold_by_razorpay();
    charge(&mut book, 2, Status::Active, Some(("pay_1", 32)));
    book.cancelled(5, SUA[0], CancelWhen::OnDate, 50);
    book.settle(day(50));
    assert_eq!(book.state.gateway_work(), [stop(CancelWhen::Immediate)]);
}

#[test]
fn a_change_of_plan_stops_the_charges_for_the_old_one() {
    let mut book = sold_by_razorpay();
    charge(&mut book, 2, Status::Active, Some(("pay_1", 32)));
    let other = SubscriptionBegun {
        identifier: ANN.into(),
        begun: Begun {
            id: SUA[1].into(),
            plan_id: "PLV-2".into(),
            plan_name: "Two".into(),
            trial_ends_at: None,
            is_paid_plan: false,
        },
        terms: Terms {
            period: crate::domain::catalog::Period::Monthly,
            price: money().unwrap(),
            quantities: Vec::new(),
        },
        through: Some(day(32)),
        supersedes: vec![SUA[0].into()],
        checkout: None,
    };
    book.own(day(3), OwnFact::PlanChanged(other));
    assert_eq!(book.stands(0).0, "superseded");
    assert_eq!(book.state.gateway_work(), [stop(CancelWhen::Immediate)]);
    // What it charges all the same was not chosen.
    charge(&mut book, 33, Status::Active, Some(("pay_2", 62)));
    assert_eq!(book.stands(0).0, "superseded");
    told(&mut book, CancelWhen::Immediate);
    assert_eq!(book.state.gateway_work(), []);
}

/// A retry may have left two at the gateway, of which one stands behind the other.
#[test]
fn everything_that_can_charge_is_stopped_and_a_refusal_holds_for_what_it_answered() {
    let mut book = sold_by_razorpay();
    charge(&mut book, 2, Status::Active, Some(("pay_1", 32)));
    charge_as("sub_2", &mut book, 3, Status::Active, Some(("pay_2", 33)));
    charge_as("sub_3", &mut book, 3, Status::Incomplete, None);
    charge_as("sub_4", &mut book, 3, Status::Canceled, None);
    assert_eq!(book.state.gateway_work(), []);
    book.end_date(4, SUA[0], 5);
    book.settle(day(5));
    let asked = |book: &Book| {
        let work = book.state.gateway_work().into_iter();
        let asked = work.map(|work| {
            assert!(book.state.has_gateway_work(&work));
            let GatewayWork::Cancel { reference, .. } = work else {
                panic!("{work:?}");
            };
            reference.to_string()
        });
        asked.collect::<Vec<_>>()
    };
    assert_eq!(
        asked(&book),
        ["sub_1", "sub_2"],
        "who pays at the third brings it back"
    );
    let refused = CancelledAtGateway {
        subscription_id: SUA[0].into(),
        reference: "sub_2".into(),
        when: CancelWhen::Immediate,
        refused: Some("no".into()),
    };
    book.own(day(6), OwnFact::CancelledAtGateway(refused));
    assert_eq!(asked(&book), ["sub_1"]);
    told(&mut book, CancelWhen::Immediate);
    assert_eq!(asked(&book), [""; 0]);
    // Decided anew: what was refused is asked again, and what was done is done.
    book.cancelled(7, SUA[0], CancelWhen::Immediate, 7);
    assert_eq!(asked(&book), ["sub_2", "sub_3"]);
    assert_eq!(book.stands(0).0, "canceled", "charges undo no cancel");
    charge_as("sub_2", &mut book, 8, Status::Active, Some(("pay_3", 63)));
    assert_eq!(book.stands(0).0, "canceled");
}

/// Stykite names no subscription: its one of the customer has no id but ours.
fn stykite(book: &mut Book, at: u32, status: Status) -> String {
    let naming = Naming {
        identifier: Some(ANN.into()),
        ..Naming::default()
    };
    let seen = SubscriptionFact {
        provider: STYKITE,
        key: SubscriptionKey::OnePerCustomer(ANN.into()),
        status: Some(status),
        provider_status: Some(status.as_str().into()),
        ends_are_final: false,
        reason: None,
        plan_id: None,
        quantity: None,
        trial_used: None,
        period_start: None,
        period_end: None,
        period_is_granted: false,
        started_at: None,
        ended_at: None,
        created_at: None,
        naming,
    };
    book.provider(day(at), vec![Fact::Subscription(Box::new(seen))]);
    let view = book.state.customer(ANN, None).unwrap();
    view.subscriptions[0].id.clone()
}

#[test]
fn what_was_decided_about_stykites_stands_until_stykite_says_more() {
    let mut book = Book::new();
    let id = stykite(&mut book, 1, Status::Active);
    assert_eq!(
        book.state.live_subscriptions(ANN),
        [],
        "it is not sold here"
    );
    book.cancelled(2, &id, CancelWhen::EndOfCycle, 31);
    let standing = book.state.standing_of(&id).unwrap();
    assert_eq!((standing.is_ours, standing.ends_at), (false, Some(day(31))));
    book.settle(day(31));
    let view = book.subscription(&id);
    assert_eq!(
        (view["status"].as_str(), view["provider"].as_str()),
        (Some("canceled"), Some(STYKITE))
    );
    assert_eq!(view["ended_at"], day(31).to_string());
    // An old word that comes late changes nothing, a new one does.
    stykite(&mut book, 1, Status::OnHold);
    assert_eq!(book.subscription(&id)["status"], "canceled");
    stykite(&mut book, 32, Status::Active);
    let view = book.subscription(&id);
    assert_eq!(
        (view["status"].as_str(), view["cancel_at"].as_str()),
        (Some("active"), None)
    );
    book.cancelled(33, &id, CancelWhen::Immediate, 33);
    assert_eq!(book.subscription(&id)["status"], "canceled");
    assert_eq!((listed(&book), book.state.next_due()), (1, None));
}

#[test]
fn a_providers_customer_is_the_checkouts() {
    let mut book = Book::new();
    let party = |note: Option<&str>| {
        let mut naming = noted(TRN[0]);
        naming.provider_id = Some("cust_1".into());
        naming
            .notes
            .extend(note.map(|id| ("customer_identifier".into(), id.into())));
        Fact::Party(PartyFact {
            provider: RAZORPAY,
            naming,
            contact: Contact::default(),
        })
    };
    let identifier = |book: &Book| {
        let view = book.state.customer("cust_1", None).unwrap();
        view.name.customer_identifier.map(String::from)
    };
    book.provider(day(1), vec![party(None)]);
    assert_eq!(identifier(&book), None);
    book.opened(1, 0, 0, &[]);
    assert_eq!(identifier(&book).as_deref(), Some(ANN));
    assert_eq!(book.state.customer_count(), 1);
    // The merchant's own note stands before it, whatever the times.
    book.provider(day(0), vec![party(Some("bob"))]);
    assert_eq!(identifier(&book).as_deref(), Some("bob"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Else the scheduler would tell the same thing for ever, or never come to an end.
    #[test]
    fn what_was_told_is_no_longer_due(life in life()) {
        let mut state = empty();
        (0..life.len()).for_each(|place| fold_one(&mut state, &life, place, place));
        for arrival in life.len().. {
            prop_assert!(arrival < 200, "no end of what is due");
            let Some(fact) = state.due(Timestamp::MAX, 1).pop() else {
                break;
            };
            prop_assert!(state.is_due(&fact));
            let event = EventRef { seq: arrival as u64 + 1, source: "scheduler", tie: None };
            let change = Change {
                occurred_at: state.next_due().unwrap(),
                revision: 0,
                rank: 0,
                fact: Fact::Own(Box::new(fact.clone())),
            };
            let told = Interpretation {
                event_type: None,
                occurred_at: change.occurred_at,
                standing: Standing::Folded,
                changes: vec![change],
            };
            state.fold(&told, &event, false);
            prop_assert!(!state.is_due(&fact), "{:?} is due for ever", fact);
        }
        prop_assert_eq!(state.next_due(), None);
        assert_coherent(&state);
    }
}
