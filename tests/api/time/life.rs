//! A ledger with a small catalogue, and what a merchant, a gateway and the calendar do to it. The
//! gateway's part is played by webhooks in Razorpay's shape that name the checkout.

use std::cell::Cell;
use std::fmt::Write as _;
use std::future::Future;

use serde_json::{Value, json};
use subledger::domain::catalog::Period;
use subledger::domain::time::Timestamp;
use subledger::ledger::{
    Actor, Cancel, Cancelling, CommandError, NewCheckout, NewCustomer, Request, Wanted, Welcome,
};

use crate::world::World;

pub const COMPANY: &str = "COM-0MD508X1S3001";
pub const COUNTRY: &str = "CON-0MD508X1S3002";
/// Costs nothing and has no trial; the default.
pub const FREE: &str = "PLV-0MD508X1S3004";
/// 499.00 a month, after 14 days.
pub const PRO: &str = "PLV-0MD508X1S388G";
/// Costs nothing, and yet begins with a trial of 7 days.
pub const TASTE: &str = "PLV-0MD508X1S3008";
/// When the stories begin.
pub const START: &str = "2027-01-31T10:00:00.000Z";

const CATALOG: &str = r#"
[catalog]
version = 1
[[catalog.companies]]
id = "COM-0MD508X1S3001"
name = "Example Ltd"
[[catalog.countries]]
id = "CON-0MD508X1S3002"
code = "IN"
currency = "INR"
[[catalog.plans]]
id = "PLV-0MD508X1S3004"
identifier = "free"
name = "Free"
default = true
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 0
currency = "INR"
[[catalog.plans]]
id = "PLV-0MD508X1S388G"
identifier = "pro"
name = "Pro"
trial_days = 14
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 49900
currency = "INR"
[[catalog.plans]]
id = "PLV-0MD508X1S3008"
identifier = "taste"
name = "Taste"
trial_days = 7
[[catalog.features]]
id = "seats"
name = "Seats"
type = "customizable"
[[catalog.plans]]
id = "PLV-0MD508X1S300C"
identifier = "team"
name = "Team"
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 99900
currency = "INR"
[[catalog.plans.prices]]
period = "YEARLY"
amount_minor = 999900
currency = "INR"
[[catalog.plans.features]]
feature = "seats"
limit = 1
"#;

pub struct Life {
    pub world: World,
    payments: Cell<u64>,
}

pub fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// Runs one use-case to its end.
pub fn wait<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(work)
}

pub fn asked() -> Request {
    Request::of(Actor::Admin)
}

impl Life {
    pub fn new() -> Self {
        Self::with("[log]\nengine = \"memory\"\n")
    }

    pub fn on_disk() -> Self {
        Self::with("")
    }

    fn with(log: &str) -> Self {
        let world = World::with(&format!("{log}{CATALOG}"));
        world.clock.set(at(START));
        Self {
            world,
            payments: Cell::default(),
        }
    }

    // ---- what the merchant does ---------------------------------------------------------------

    /// A customer on a plan; answers the subscription.
    pub fn join(&self, identifier: &str, plan: &str, trial_days: Option<u32>) -> String {
        let new = NewCustomer {
            company_id: Some(COMPANY.into()),
            country_id: Some(COUNTRY.into()),
            identifier: identifier.into(),
            email: Some(format!("{identifier}@example.com").into()),
            welcome: Some(Welcome {
                plan_id: Some(plan.into()),
                trial_days,
            }),
            ..NewCustomer::default()
        };
        wait(self.world.ledger().create_customer(new, &asked())).unwrap();
        let customer = self.world.read(&format!("/v1/customers/{identifier}"));
        let held = customer["subscriptions"][0]["id"].as_str();
        held.unwrap_or_else(|| panic!("no subscription: {customer}"))
            .to_owned()
    }

    pub fn cancel(&self, who: &str, subscription: &str, when: Cancel) -> Result<u64, CommandError> {
        let ledger = self.world.ledger();
        wait(ledger.cancel_subscription(Cancelling::of(who, subscription, when), &asked()))
    }

    pub fn end_at(&self, who: &str, subscription: &str, end: &str) -> Result<u64, CommandError> {
        let ledger = self.world.ledger();
        wait(ledger.set_end_date(who, subscription, at(end), asked()))
    }

    /// Opens a checkout for a month of Pro; answers its id.
    pub fn checkout(&self, who: &str) -> String {
        let wanted = NewCheckout {
            customer: who.into(),
            wanted: Wanted::Plan {
                plan_id: PRO.to_owned(),
                period: Period::Monthly,
            },
            country: Some(COUNTRY.to_owned()),
            success_url: None,
            cancel_url: None,
        };
        wait(self.world.ledger().open_checkout(wanted, asked()))
            .unwrap()
            .id
    }

    // ---- what the gateway does ----------------------------------------------------------------

    /// The gateway has the money, now.
    pub fn pay(&self, checkout: &str) {
        self.pay_at(checkout, now(self));
    }

    /// It had the money then, and says so now.
    pub fn pay_at(&self, checkout: &str, captured: Timestamp) {
        self.payments.set(self.payments.get() + 1);
        let n = self.payments.get();
        let seconds = captured.as_millis() / 1000;
        let body = json!({
            "entity": "event", "account_id": "acc_Time0000000001", "event": "payment.captured",
            "contains": ["payment"], "created_at": seconds,
            "payload": {"payment": {"entity": {
                "id": format!("pay_Time{n:010}"), "entity": "payment", "amount": 49900,
                "currency": "INR", "status": "captured", "captured": true, "method": "upi",
                "notes": {"transaction_tsid": checkout}, "created_at": seconds,
            }}},
        });
        let answer = self.world.razorpay(body.to_string().as_bytes());
        assert_eq!(answer.word("status"), "recorded", "{}", answer.text);
    }

    /// A month of Pro, bought and paid now.
    pub fn buy(&self, who: &str) {
        let checkout = self.checkout(who);
        self.pay(&checkout);
    }

    // ---- what the calendar does ---------------------------------------------------------------

    /// It is then, and what is due by then was told.
    pub fn until(&self, time: &str) {
        self.world.clock.set(at(time));
        self.settle();
    }

    pub fn settle(&self) {
        self.world.ledger().settle_due().unwrap();
    }

    /// The service was down from now until then.
    pub fn down_until(self, time: &str) -> Self {
        let clock = std::sync::Arc::clone(&self.world.clock);
        let world = self.world.restart_with(|_| clock.set(at(time)));
        Self {
            world: world.unwrap(),
            payments: self.payments,
        }
    }

    // ---- what is seen -------------------------------------------------------------------------

    pub fn subscription(&self, id: &str) -> Value {
        self.world.read(&format!("/v1/subscriptions/{id}"))
    }

    /// The status, and whether access is granted.
    pub fn standing(&self, id: &str) -> (String, bool) {
        let shown = self.subscription(id);
        let granted = shown["access"]["granted"].as_bool().unwrap();
        (shown["status"].as_str().unwrap().to_owned(), granted)
    }

    /// What the scheduler told, in the order of the log: `type due`, a line each.
    pub fn told(&self) -> String {
        let mut told = String::new();
        let mut after = 0;
        loop {
            let path = format!("/v1/events?source=scheduler&limit=200&after={after}");
            let page = self.world.read(&path);
            for event in page["data"].as_array().unwrap() {
                after = event["seq"].as_u64().unwrap();
                let (kind, due) = (&event["event_type"], &event["occurred_at"]);
                let (kind, due) = (kind.as_str().unwrap(), due.as_str().unwrap());
                assert_eq!(event["status"], "folded", "{event}");
                writeln!(told, "{kind} {due}").unwrap();
            }
            if page["has_more"] == false {
                return told;
            }
        }
    }
}

fn now(life: &Life) -> Timestamp {
    use subledger::clock::Clock as _;
    life.world.clock.now()
}
