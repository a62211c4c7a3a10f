//! A ledger that is told one fact after the other, as its log would tell them: what is born here by
//! sequence, what a provider says by its bytes.

use super::*;
use crate::domain::catalog::Period;
use crate::domain::own::*;

pub(super) const TRN: [&str; 3] = [
    "TRN-0000000000001",
    "TRN-0000000000002",
    "TRN-0000000000003",
];
pub(super) const SUA: [&str; 3] = [
    "SUA-0000000000001",
    "SUA-0000000000002",
    "SUA-0000000000003",
];
pub(super) const ANN: &str = "ann@example.com";

pub(super) struct Book {
    pub(super) state: State,
    told: u8,
}

/// A moment of January 2027.
pub(super) fn day(day: u32) -> Timestamp {
    Timestamp::parse("2026-12-31T00:00:00Z")
        .unwrap()
        .plus_days(day)
}

/// As many days after the last of December 2026, as answers write it.
pub(super) fn written(at: u32) -> Option<String> {
    Some(day(at).to_string())
}

impl Book {
    pub(super) fn new() -> Self {
        Self {
            state: empty(),
            told: 0,
        }
    }

    fn fold(&mut self, at: Timestamp, facts: Vec<Fact>, is_ours: bool) {
        self.told += 1;
        let tie = Tie {
            body: [self.told; 8],
            identity: [self.told; 4],
        };
        let event = EventRef {
            seq: self.told.into(),
            source: RAZORPAY,
            tie: (!is_ours).then_some(tie),
        };
        let change = |fact| Change {
            occurred_at: at,
            revision: 0,
            rank: 0,
            fact,
        };
        let meaning = Interpretation {
            event_type: None,
            occurred_at: at,
            standing: Standing::Folded,
            changes: facts.into_iter().map(change).collect(),
        };
        self.state.fold(&meaning, &event, false);
        assert_coherent(&self.state);
    }

    pub(super) fn own(&mut self, at: Timestamp, fact: OwnFact) {
        self.fold(at, vec![Fact::Own(Box::new(fact))], true);
    }

    pub(super) fn provider(&mut self, at: Timestamp, facts: Vec<Fact>) {
        self.fold(at, facts, false);
    }

    /// Tells everything that is due by then, as the scheduler would.
    pub(super) fn settle(&mut self, until: Timestamp) {
        for _ in 0..100 {
            let Some(fact) = self.state.due(until, 1).pop() else {
                return;
            };
            assert!(self.state.is_due(&fact));
            let at = self.state.next_due().unwrap();
            self.own(at, fact.clone());
            assert!(!self.state.is_due(&fact), "{fact:?} is due for ever");
        }
        panic!("no end of what is due");
    }

    /// A customer with a subscription that began on the first day.
    pub(super) fn customer(&mut self, trial_ends_at: Option<Timestamp>, is_paid_plan: bool) {
        let begun = Begun {
            id: SUA[0].into(),
            plan_id: "PLV-1".into(),
            plan_name: "One".into(),
            trial_ends_at,
            is_paid_plan,
        };
        let fact = CustomerCreated {
            metadata: None,
            id: "CUS-0000000000001".into(),
            identifier: ANN.into(),
            email: Some(ANN.into()),
            first_name: None,
            last_name: None,
            phone: None,
            address: None,
            company_id: None,
            country_id: None,
            subscription: Some(begun),
        };
        self.own(day(1), OwnFact::CustomerCreated(fact));
    }

    /// A checkout for a month of a plan, which waits for a week.
    pub(super) fn opened(&mut self, at: u32, number: usize, sold: usize, supersedes: &[usize]) {
        let item = Item::Plan {
            quantities: Vec::new(),
            trial_days: 0,
            keeps_quantities: false,
            plan_id: format!("PLV-{}", sold + 1).into(),
            name: "Sold".into(),
            period: Period::Monthly,
            gateway_plan: None,
            subscription_id: SUA[sold].into(),
            supersedes: supersedes.iter().map(|place| SUA[*place].into()).collect(),
        };
        self.opened_for(at, number, item, "razorpay");
    }

    pub(super) fn opened_for(&mut self, at: u32, number: usize, item: Item, gateway: &str) {
        let fact = CheckoutOpened {
            customer: None,
            metadata: None,
            id: TRN[number].into(),
            identifier: ANN.into(),
            item,
            price: money().unwrap(),
            gateway: gateway.into(),
            expires_at: day(at + 7),
            success_url: None,
            cancel_url: None,
        };
        self.own(day(at), OwnFact::CheckoutOpened(fact));
    }

    pub(super) fn attempted(&mut self, at: u32, number: usize, attempt: u32) {
        self.attempted_for(at, number, attempt, None);
    }

    /// Decided anew: what is paid for now, and what it takes the place of.
    pub(super) fn attempted_for(
        &mut self,
        at: u32,
        number: usize,
        attempt: u32,
        pays: Option<(usize, &[usize])>,
    ) {
        let pays = pays.map(|(sold, supersedes)| Pays {
            identifier: ANN.into(),
            subscription_id: SUA[sold].into(),
            supersedes: supersedes.iter().map(|place| SUA[*place].into()).collect(),
            quantities: None,
        });
        let fact = CheckoutAttempted {
            id: TRN[number].into(),
            attempt,
            pretend: None,
            pays,
        };
        self.own(day(at), OwnFact::CheckoutAttempted(fact));
    }

    pub(super) fn cancelled(&mut self, at: u32, sold: &str, when: CancelWhen, ends: u32) {
        let fact = CancelAsked {
            feedback: None,
            comment: None,
            subscription_id: sold.into(),
            when,
            ends_at: day(ends),
        };
        self.own(day(at), OwnFact::CancelAsked(fact));
    }

    pub(super) fn end_date(&mut self, at: u32, sold: &str, ends: u32) {
        let fact = EndDateSet {
            subscription_id: sold.into(),
            ends_at: day(ends),
        };
        self.own(day(at), OwnFact::EndDateSet(fact));
    }

    /// A payment with our checkout in its notes.
    pub(super) fn payment(&mut self, at: u32, id: &str, number: usize, status: PaymentStatus) {
        let fact = payment_of(at, id, TRN[number], status);
        self.provider(day(at), vec![Fact::Payment(Box::new(fact))]);
    }

    pub(super) fn paid(&mut self, at: u32, id: &str, number: usize) {
        self.payment(at, id, number, PaymentStatus::Captured);
    }

    pub(super) fn subscription(&self, id: &str) -> serde_json::Value {
        let as_of = AsOf {
            now: day(1),
            grace_days: 3,
        };
        serde_json::to_value(self.state.subscription(id, Some(as_of))).unwrap()
    }

    /// Status, paid through, cancel at, ended at.
    pub(super) fn stands(&self, sold: usize) -> (String, [Option<String>; 3]) {
        let view = self.subscription(SUA[sold]);
        let text = |field: &str| view[field].as_str().map(str::to_owned);
        let times = ["paid_through", "cancel_at", "ended_at"].map(text);
        (text("status").unwrap_or_default(), times)
    }

    pub(super) fn checkout(&self, number: usize) -> CheckoutStatus {
        self.state.checkout(TRN[number]).unwrap().status
    }
}

/// A month of a plan, after so many days of trial.
pub(super) fn month_tried(trial_days: u32) -> Item {
    Item::Plan {
        plan_id: "PLV-1".into(),
        name: "One".into(),
        period: Period::Monthly,
        gateway_plan: None,
        subscription_id: SUA[0].into(),
        supersedes: Vec::new(),
        quantities: Vec::new(),
        trial_days,
        keeps_quantities: false,
    }
}

pub(super) fn noted(checkout: &str) -> Naming {
    Naming {
        notes: vec![("transaction_tsid".into(), checkout.into())],
        ..Naming::default()
    }
}

pub(super) fn payment_of(at: u32, id: &str, checkout: &str, status: PaymentStatus) -> PaymentFact {
    PaymentFact {
        provider: RAZORPAY,
        id: id.into(),
        status: Some(status),
        amount: money(),
        method: None,
        subscription_id: None,
        invoice_id: None,
        order_id: None,
        created_at: Some(day(at)),
        naming: noted(checkout),
        contact: Contact::default(),
        instrument: None,
        sale: None,
    }
}
