//! A running ledger that sells something, and what payers and merchants do there.

use std::time::{Duration, Instant};

use serde_json::Value;
use subledger::app::AppError;
use subledger::domain::catalog::Period;
use subledger::ledger::{Actor, CommandError, NewCheckout, NewCustomer, Request, Wanted, Welcome};

use crate::world::{Answer, World};

pub const PLAN: &str = "PLV-0MD508X1S388G";
pub const LITE: &str = "PLV-0MD508X1S399G";
pub const ADDON_OF_PLAN: &str = "ADV-0MD508X1S3008";
pub const ADDON: &str = "ADV-0MD508X1S3006";
pub const CUSTOMER: &str = "user+1@example.com";
/// Far longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub const CATALOG: &str = r#"
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
name = "Pro <b>& more</b>"
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 499000
currency = "INR"
[[catalog.plans.prices]]
period = "YEARLY"
amount_minor = 4990000
currency = "INR"
razorpay_plan = "plan_Ldgr000000001"
[[catalog.plans]]
id = "PLV-0MD508X1S399G"
identifier = "lite"
name = "Lite"
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 199000
currency = "INR"
[[catalog.addons]]
id = "ADO-0MD508X1S3007"
version_id = "ADV-0MD508X1S3008"
name = "More of Pro"
amount_minor = 9900
currency = "INR"
plans = ["PLV-0MD508X1S388G"]
[[catalog.addons]]
id = "ADO-0MD508X1S3005"
version_id = "ADV-0MD508X1S3006"
name = "More credits"
amount_minor = 9900
currency = "INR"
"#;

pub struct Shop {
    pub world: World,
}

impl Shop {
    /// A shop in memory where nobody takes money.
    pub fn new() -> Self {
        Self::with("[log]\nengine = \"memory\"\n")
    }

    /// A shop with `more` configuration, and one customer.
    pub fn with(more: &str) -> Self {
        let shop = Self {
            world: World::with(&format!("{more}{CATALOG}")),
        };
        shop.customer(CUSTOMER);
        shop
    }

    pub fn customer(&self, identifier: &str) {
        let new = NewCustomer {
            identifier: identifier.into(),
            email: Some("user@example.com".into()),
            welcome: Some(Welcome::default()),
            ..NewCustomer::default()
        };
        let admin = Request::of(Actor::Admin);
        let made = self.world.ledger().create_customer(new, &admin);
        wait_for(made).unwrap();
    }

    pub fn plan(period: Period) -> NewCheckout {
        NewCheckout {
            customer: CUSTOMER.into(),
            wanted: Wanted::Plan {
                plan_id: PLAN.into(),
                period,
            },
            country: Some("CON-0MD508X1S3002".into()),
            success_url: None,
            cancel_url: None,
        }
    }

    /// Opens a checkout for a month of the plan.
    pub fn open(&self) -> String {
        self.open_for(Self::plan(Period::Monthly)).unwrap()
    }

    pub fn open_for(&self, wanted: NewCheckout) -> Result<String, CommandError> {
        let opened = self
            .world
            .ledger()
            .open_checkout(wanted, Request::of(Actor::Admin));
        wait_for(opened).map(|opened| opened.id)
    }

    pub fn page(&self, id: &str) -> Answer {
        self.world.get_with(&format!("/checkout/{id}"), &[])
    }

    /// Presses a button, as a browser does.
    pub fn press(&self, id: &str, action: &str) -> Answer {
        self.world.post(
            &format!("/checkout/{id}"),
            &[("content-type", "application/x-www-form-urlencoded")],
            format!("action={action}").as_bytes(),
        )
    }

    /// Looks at the page until it says so: what is under way is never waited for by time.
    pub fn page_saying(&self, id: &str, words: &str) -> Answer {
        let end = Instant::now() + PATIENCE;
        loop {
            let page = self.page(id);
            if page.text.contains(words) {
                return page;
            }
            assert!(Instant::now() < end, "{words:?} is not in {}", page.text);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The recorded events of a type, with their bodies.
    pub fn events(&self, event_type: &str) -> Vec<Value> {
        let list = self
            .world
            .read(&format!("/v1/events?type={event_type}&limit=200"));
        let events = list["data"].as_array().unwrap().iter();
        let in_full = |event: &Value| self.world.read(&format!("/v1/events/{}", event["seq"]));
        events.map(in_full).collect()
    }

    /// The `data` of the recorded events of a type.
    pub fn told(&self, event_type: &str) -> Vec<Value> {
        let events = self.events(event_type).into_iter();
        let data = |event: Value| -> Value {
            let body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
            body["data"].clone()
        };
        events.map(data).collect()
    }

    /// Waits until an event of a type is recorded, and answers its data.
    pub fn told_once(&self, event_type: &str) -> Value {
        let end = Instant::now() + PATIENCE;
        loop {
            let mut told = self.told(event_type);
            assert!(told.len() <= 1, "{told:?}");
            if let Some(told) = told.pop() {
                return told;
            }
            assert!(Instant::now() < end, "no {event_type} was recorded");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The customer's subscriptions with that plan.
    pub fn subscribed(&self) -> Vec<Value> {
        self.subscribed_to(PLAN)
    }

    pub fn subscribed_to(&self, plan: &str) -> Vec<Value> {
        let list = self
            .world
            .read("/v1/subscriptions?customer=user%2B1%40example.com");
        let held = list["data"].as_array().unwrap().iter();
        held.filter(|held| held["plan"]["id"] == plan)
            .cloned()
            .collect()
    }

    /// Opens a checkout for a month of another plan.
    pub fn open_plan(&self, plan_id: &str) -> String {
        let wanted = Wanted::Plan {
            plan_id: plan_id.into(),
            period: Period::Monthly,
        };
        let wanted = NewCheckout {
            wanted,
            ..Self::plan(Period::Monthly)
        };
        self.open_for(wanted).unwrap()
    }

    /// Pays, and waits until it is paid.
    pub fn buy(&self, id: &str) {
        assert_eq!(self.press(id, "pay").status, 303);
        self.page_saying(id, "This is paid.");
    }

    pub fn restart(self) -> Self {
        Self {
            world: self.world.restart(),
        }
    }
}

/// What a start with this configuration is refused with.
pub fn refused(text: &str) -> AppError {
    World::from_text(text).err().unwrap()
}

pub fn wait_for<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = { runtime }.enable_all().build().unwrap();
    runtime.block_on(future)
}
