//! What was paid for the old plan pays for the new one: payments that come late, payments for old
//! checkouts, charges that a gateway makes all the same, and changes of what was changed.

use super::book::*;
use super::charged::charge_as;
use super::*;
use crate::domain::catalog::Period;
use crate::domain::own::*;
use crate::domain::state::SubscriptionRecord;

fn stood(status: &str, times: [Option<u32>; 3]) -> (String, [Option<String>; 3]) {
    (status.to_owned(), times.map(|at| at.and_then(written)))
}

/// A subscription to a monthly plan, in the place of others.
pub(super) fn told(sold: usize, before: &[usize], through: Option<u32>) -> SubscriptionBegun {
    SubscriptionBegun {
        identifier: ANN.into(),
        begun: Begun {
            id: SUA[sold].into(),
            plan_id: format!("PLV-{}", sold + 1).into(),
            plan_name: "Had".into(),
            trial_ends_at: None,
            is_paid_plan: false,
        },
        terms: Terms {
            period: Period::Monthly,
            price: money().unwrap(),
            quantities: Vec::new(),
        },
        through: through.map(day),
        supersedes: before.iter().map(|place| SUA[*place].into()).collect(),
        checkout: None,
    }
}

fn changed(book: &mut Book, at: u32, sold: usize, before: usize, through: Option<u32>) {
    book.own(
        day(at),
        OwnFact::PlanChanged(told(sold, &[before], through)),
    );
}

fn live(book: &Book) -> Vec<usize> {
    let live = book.state.live_subscriptions(ANN).into_iter();
    live.map(|held| SUA.iter().position(|id| **id == held.id).unwrap())
        .collect()
}

fn record(book: &Book, sold: usize, now: u32) -> SubscriptionRecord {
    let as_of = AsOf {
        now: day(now),
        grace_days: 3,
    };
    book.state.subscription_record(SUA[sold], as_of).unwrap()
}

#[test]
fn a_payment_of_before_a_change_counts_whenever_it_is_heard_of() {
    for is_late in [false, true] {
        let mut book = Book::new();
        book.opened(1, 0, 0, &[]);
        book.opened(1, 1, 0, &[]);
        book.paid(1, "pay_1", 0);
        if is_late {
            changed(&mut book, 10, 1, 0, Some(32));
            book.paid(9, "pay_2", 1);
        } else {
            book.paid(9, "pay_2", 1);
            changed(&mut book, 10, 1, 0, Some(60));
        }
        assert_eq!(book.stands(1), stood("active", [Some(60), None, None]));
        assert_eq!(book.stands(0).0, "superseded");
        assert_eq!(live(&book), [1]);
        book.settle(day(70));
        assert_eq!(book.stands(1), stood("expired", [Some(60), None, Some(60)]));
    }
}

#[test]
fn no_payment_brings_back_what_was_changed() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.opened(1, 1, 0, &[]);
    book.paid(1, "pay_1", 0);
    changed(&mut book, 10, 1, 0, Some(32));
    book.paid(11, "pay_2", 1);
    assert_eq!(
        book.stands(0),
        stood("superseded", [Some(60), None, Some(10)])
    );
    assert_eq!(book.stands(1), stood("active", [Some(60), None, None]));
    let full = record(&book, 1, 12);
    assert_eq!(full.running_period, (Some(day(10)), Some(day(60))));
    assert_eq!(full.view.updated_at, day(11), "that is news of it");
    // After it had expired: it goes on from then.
    book.opened(61, 2, 0, &[]);
    book.settle(day(60));
    assert_eq!(book.stands(1).0, "expired");
    book.paid(62, "pay_3", 2);
    assert_eq!(book.stands(1), stood("active", [Some(93), None, None]));
}

#[test]
fn what_is_paid_for_the_new_one_adds_to_it_and_a_chain_passes_it_on() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.opened(1, 1, 0, &[]);
    book.paid(1, "pay_1", 0);
    changed(&mut book, 10, 1, 0, Some(32));
    book.opened(11, 2, 1, &[]);
    book.paid(11, "pay_2", 2);
    assert_eq!(book.stands(1), stood("active", [Some(60), None, None]));
    changed(&mut book, 12, 2, 1, Some(60));
    book.paid(9, "pay_3", 1);
    assert_eq!(book.stands(2), stood("active", [Some(91), None, None]));
    assert_eq!(live(&book), [2]);
    assert_eq!(
        book.state.heirs_of(SUA[0]),
        [Box::from(SUA[1]), SUA[2].into()]
    );
}

#[test]
fn what_is_known_to_be_paid_with_the_change_is_the_least() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.paid(1, "pay_1", 0);
    changed(&mut book, 10, 1, 0, Some(50));
    assert_eq!(book.stands(1), stood("active", [Some(50), None, None]));
}

#[test]
fn a_payment_for_the_old_one_is_a_word_for_the_new_one() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.opened(1, 1, 0, &[]);
    book.paid(1, "pay_1", 0);
    changed(&mut book, 10, 1, 0, Some(32));
    book.cancelled(11, SUA[1], CancelWhen::EndOfCycle, 32);
    book.paid(12, "pay_2", 1);
    assert_eq!(book.stands(1), stood("active", [Some(60), None, None]));
}

/// The page was open when the plan was changed, and says that it takes the old one's place.
#[test]
fn what_takes_the_place_of_the_old_one_takes_that_of_the_new_one() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.paid(1, "pay_1", 0);
    book.opened(2, 1, 2, &[0]);
    changed(&mut book, 10, 1, 0, Some(32));
    assert_eq!(book.stands(1).0, "active");
    book.paid(11, "pay_2", 1);
    assert_eq!(book.stands(1).0, "superseded");
    assert_eq!(live(&book), [2]);
}

#[test]
fn a_payment_for_the_old_one_ends_a_trial_as_one_for_the_new_one_does() {
    let mut book = Book::new();
    book.customer(Some(day(15)), true);
    book.opened(1, 0, 0, &[]);
    let mut change = told(1, &[0], None);
    change.begun.trial_ends_at = Some(day(15));
    change.begun.is_paid_plan = true;
    book.own(day(5), OwnFact::PlanChanged(change));
    assert_eq!(book.stands(1).0, "trialing");
    book.paid(6, "pay_1", 0);
    assert_eq!(book.stands(1), stood("active", [Some(37), None, None]));
    book.settle(day(20));
    assert_eq!(book.stands(1).0, "active");
}

#[test]
fn what_was_paid_for_ever_goes_on_for_ever() {
    let mut book = Book::new();
    let item = Item::Plan {
        plan_id: "PLV-1".into(),
        name: "Once".into(),
        period: Period::OneTime,
        gateway_plan: None,
        subscription_id: SUA[0].into(),
        supersedes: Vec::new(),
        quantities: Vec::new(),
        keeps_quantities: false,
        trial_days: 0,
    };
    book.opened_for(1, 0, item, "razorpay");
    changed(&mut book, 10, 1, 0, Some(32));
    assert_eq!(book.state.next_due(), Some(day(8)), "the checkout's end");
    book.paid(9, "pay_1", 0);
    assert_eq!(book.stands(1), stood("active", [None; 3]));
    assert_eq!(book.state.next_due(), None);
}

/// Whatever there is nothing to pay for takes no place of what is paid for.
#[test]
fn what_costs_nothing_stands_beside_what_is_paid_whenever_that_is_heard_of() {
    for is_late in [false, true] {
        let mut book = Book::new();
        book.opened(1, 0, 0, &[]);
        let free = OwnFact::SubscriptionCreated(told(1, &[0], None));
        if is_late {
            book.own(day(5), free);
            assert_eq!(live(&book), [1]);
            book.paid(4, "pay_1", 0);
        } else {
            book.paid(4, "pay_1", 0);
            book.own(day(5), free);
        }
        assert_eq!(book.stands(0), stood("active", [Some(35), None, None]));
        assert_eq!(live(&book), [0, 1]);
    }
    // What was paid and is over gives way.
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.paid(1, "pay_1", 0);
    book.own(day(40), OwnFact::SubscriptionCreated(told(1, &[0], None)));
    assert_eq!(book.stands(0).0, "superseded");
}

#[test]
fn what_somebody_began_is_not_tried_once_more_with_a_payment() {
    let mut book = Book::new();
    book.own(day(1), OwnFact::SubscriptionCreated(told(0, &[], None)));
    book.opened_for(1, 0, month_tried(14), "razorpay");
    book.paid(2, "pay_1", 0);
    assert_eq!(book.stands(0), stood("active", [Some(33), None, None]));
}

/// What a cancel asks for comes never, where what is paid is over before.
#[test]
fn the_earlier_of_a_cancel_and_the_end_of_what_is_paid_is_shown() {
    let mut book = Book::new();
    book.opened(1, 0, 0, &[]);
    book.paid(1, "pay_1", 0);
    book.cancelled(5, SUA[0], CancelWhen::OnDate, 50);
    assert_eq!(book.stands(0), stood("active", [Some(32), Some(32), None]));
    book.settle(day(60));
    assert_eq!(
        book.stands(0),
        stood("expired", [Some(32), Some(32), Some(32)])
    );
    // A payment is a newer word.
    book.paid(61, "pay_2", 0);
    assert_eq!(book.stands(0), stood("active", [Some(92), None, None]));
}

/// What happens to a line of three, in days; a day has one event.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A payment for one of the three, of so many days ago.
    Paid(usize, u32),
    /// The next of them.
    Changed,
}

/// What is paid of the line by months.
struct Told {
    book: Book,
    is_charged: bool,
    newest: usize,
    months: u32,
    /// When the first was paid.
    since: Option<u32>,
    /// Until when the gateway charged the first of the line.
    charged: u32,
}

impl Told {
    fn new(is_charged: bool) -> Self {
        let mut book = if is_charged {
            super::charged::sold_by_razorpay()
        } else {
            let mut book = Book::new();
            book.opened(1, 0, 0, &[]);
            book
        };
        (1..3).for_each(|sold| book.opened(1, sold, sold, &[]));
        Self {
            book,
            is_charged,
            newest: 0,
            months: 0,
            since: None,
            charged: 0,
        }
    }

    fn step(&mut self, place: usize, step: Step) {
        let today = u32::try_from(place).unwrap() + 5;
        match step {
            Step::Paid(sold, late) if sold <= self.newest => {
                let at = today - late;
                let id = format!("pay_{place}");
                if sold == 0 && self.is_charged {
                    self.charged = self.charged.max(today) + 30;
                    let paid = Some((id.as_str(), self.charged));
                    charge_as("sub_1", &mut self.book, today, Status::Active, paid);
                } else {
                    self.book.paid(at, &id, sold);
                }
                self.since = Some(self.since.map_or(at, |since| since.min(at)));
                self.months += 1;
            }
            Step::Changed if self.newest < 2 && self.months > 0 => {
                let held = self.book.state.standing_of(SUA[self.newest]).unwrap();
                let mut fact = told(self.newest + 1, &[self.newest], None);
                fact.through = held.paid_through;
                self.book.own(day(today), OwnFact::PlanChanged(fact));
                self.newest += 1;
            }
            Step::Paid(..) | Step::Changed => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever is paid for whichever of a line, each payment is worth a month and only one of them
    /// stands: told at once, or late, by a change that knew of it or did not.
    #[test]
    fn every_month_that_is_paid_is_had_once(
        steps in prop::collection::vec(
            prop_oneof![
                3 => (0_usize..3, 0_u32..3).prop_map(|(sold, late)| Step::Paid(sold, late)),
                1 => Just(Step::Changed),
            ],
            1..12,
        ),
        is_charged in any::<bool>(),
    ) {
        let mut told = Told::new(is_charged);
        for (place, step) in steps.into_iter().enumerate() {
            told.step(place, step);
        }
        if let Some(first) = told.since {
            let held = told.book.state.standing_of(SUA[told.newest]).unwrap();
            // All are paid within few days, so that none begins anew; months differ by days.
            let months = day(first).plus_months(told.months);
            let end = held.paid_through.unwrap();
            let apart = (end.as_millis() - months.as_millis()).abs() / 86_400_000;
            prop_assert!(apart <= 12 + 3 * i64::from(told.months), "{end} {months}");
            prop_assert_eq!(live(&told.book), vec![told.newest]);
        }
    }
}
