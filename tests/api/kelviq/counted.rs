//! Usage and entitlements over random histories, against a model that looks at everything every time
//! and shares nothing with the ledger. How it works: reports, events, readings, counts, allowances,
//! subscriptions, changes of plan and time go by over HTTP and by the ledger's own commands; now and
//! then what is entitled is compared, also as of a time that has passed. Each history ends with a
//! replay that must come to the same.

mod model;

use proptest::prelude::*;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use subledger::domain::catalog::Period;
use subledger::domain::own::{Allowance, Quantity, Reading};
use subledger::domain::time::Timestamp;
use subledger::ledger::{Actor, Cancel, Cancelling, NewSubscription, PlanChange, Request, UnitUse};

use self::model::{FEATURES, HOUR, Model, PLANS, Row, Told};
use super::{customer, get, post, told};
use crate::world::{Answer, World};

const CATALOGUE: &str = include_str!("counted/catalogue.toml");

/// What happens next. Amounts are in quarters, times of what is told late in hours before now.
#[derive(Debug, Clone)]
enum Step {
    Set(usize, i64),
    Delta(usize, i64),
    Happened(usize, i64, i64),
    HappenedAgain,
    Counted(usize, i64),
    Shown(usize, i64, i64),
    Allowed(usize, i64),
    Begin(usize, Option<u64>),
    Change(usize),
    Cancel,
    Wait(i64),
    Look,
    LookBack(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let feature = || 0..FEATURES.len();
    let ago = || (-3_i64..10).prop_map(|quarters| quarters * 6);
    let whole = |from: i64, to: i64| (from..to).prop_map(|units| units * 4);
    prop_oneof![
        3 => (feature(), whole(0, 40)).prop_map(|(f, n)| Step::Set(f, n)),
        4 => (feature(), whole(-15, 25)).prop_map(|(f, n)| Step::Delta(f, n)),
        3 => (feature(), -30_i64..90, ago()).prop_map(|(f, n, ago)| Step::Happened(f, n, ago)),
        1 => Just(Step::HappenedAgain),
        2 => (feature(), 0_i64..60).prop_map(|(f, n)| Step::Counted(f, n)),
        2 => (feature(), 0_i64..400, ago()).prop_map(|(f, n, ago)| Step::Shown(f, n, ago)),
        1 => (feature(), 0_i64..200).prop_map(|(f, n)| Step::Allowed(f, n)),
        2 => (0..PLANS.len(), prop::option::of(1_u64..8)).prop_map(|(p, n)| Step::Begin(p, n)),
        2 => (0..PLANS.len()).prop_map(Step::Change),
        1 => Just(Step::Cancel),
        6 => prop::sample::select(vec![0, 1, 6, 24, 24, 72, 672, 744]).prop_map(Step::Wait),
        4 => Just(Step::Look),
        1 => (1_i64..200).prop_map(Step::LookBack),
    ]
}

fn quarters(n: i64) -> Decimal {
    Decimal::new(n * 25, 2)
}

pub fn wait<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(work)
}

fn asked() -> Request {
    Request::of(Actor::Admin)
}

fn id_of(feature: usize) -> Box<str> {
    FEATURES[feature].into()
}

/// The ledger and the model, told the same.
struct Both {
    world: World,
    model: Model,
    start: Timestamp,
    last_event: Option<Value>,
}

impl Both {
    fn new() -> Self {
        let world = World::with(CATALOGUE);
        customer(&world, "u");
        let shown = world.read("/v1/customers/u");
        let start = Timestamp::parse(shown["created_at"].as_str().unwrap()).unwrap();
        Self {
            world,
            model: Model::default(),
            start,
            last_event: None,
        }
    }

    fn at(&self, hour: i64) -> Timestamp {
        self.start.plus_millis(hour * HOUR)
    }

    fn report(&mut self, feature: usize, behaviour: &str, n: i64) {
        let body = json!({"customerId": "u", "featureId": FEATURES[feature],
            "behaviour": behaviour, "value": n / 4});
        let answer = post(&self.world, "report/usage/", &body);
        let moves = behaviour == "DELTA";
        let now = self.model.now;
        if !self.is_taken(&answer, "", moves.then_some(now), (feature, n)) {
            return;
        }
        let word = match behaviour {
            "SET" => Told::Set(n),
            _ => Told::Moved(n),
        };
        self.model.tell(feature, self.model.now, word);
    }

    fn happened(&mut self, feature: usize, n: i64, ago: i64) {
        let hour = self.model.now - ago;
        let at = self.at(hour).to_string();
        let value: Value = serde_json::from_str(&quarters(n).to_string()).unwrap();
        let body = json!({"customer_id": "u", "event_name": "it happened", "timestamp": at,
            "idempotency_key": format!("key-{}", self.model.count()),
            "properties": {"featureId": FEATURES[feature], "value": value}});
        let answer = post(&self.world, "report/event/", &body);
        if self.is_taken(&answer, "properties", Some(hour), (feature, n)) {
            self.model.tell(feature, hour, Told::Moved(n));
            self.last_event = Some(body);
        }
    }

    /// What adds at an hour is refused where it takes back more than was used.
    fn is_taken(
        &self,
        answer: &Answer,
        inside: &str,
        moved_at: Option<i64>,
        (feature, n): (usize, i64),
    ) -> bool {
        let can = |hour| n >= 0 || self.model.can_take_back(feature, n, hour);
        let is_taken = moved_at.is_none_or(can);
        let answer = told(answer, if is_taken { 200 } else { 400 });
        let below = json!({"value": ["Usage cannot go below zero."]});
        let below = if inside.is_empty() {
            below
        } else {
            json!({inside: below})
        };
        assert!(is_taken || answer == below, "{answer}");
        is_taken
    }

    fn used(&mut self, step: &Step) {
        let ledger = self.world.ledger();
        let now = self.model.now;
        match *step {
            Step::Counted(feature, n) => {
                let used = UnitUse {
                    company_id: None,
                    customer: "u".into(),
                    metric: id_of(feature),
                    amount: quarters(n),
                };
                wait(ledger.count_units(used, &asked())).unwrap();
                self.model.tell(feature, now, Told::Moved(n));
            }
            Step::Shown(feature, n, ago) => {
                // What a meter showed ahead counts at once, and is tested elsewhere.
                let ago = ago.max(0);
                let reading = Reading {
                    meter_id: id_of(feature),
                    at: self.at(now - ago),
                    total: quarters(n),
                };
                wait(ledger.report_usage(None, "u", vec![reading], &asked())).unwrap();
                self.model.tell(feature, now - ago, Told::Shown(n));
            }
            Step::Allowed(feature, n) => {
                let allowed = Allowance {
                    meter_id: id_of(feature),
                    limit: quarters(n),
                };
                wait(ledger.set_allowances(None, "u", vec![allowed], &asked())).unwrap();
                self.model.tell(feature, now, Told::Allowed(n));
            }
            _ => unreachable!(),
        }
    }

    fn begin(&mut self, plan: usize, seats: Option<u64>) {
        let quantity = |count| Quantity {
            feature: "seats".into(),
            count,
        };
        let new = NewSubscription {
            customer: "u".to_owned(),
            plan_identifier: PLANS[plan].identifier.to_owned(),
            period: Period::Monthly,
            quantities: seats.map(quantity).into_iter().collect(),
            currency: None,
        };
        let asked = asked();
        let made = self.world.ledger().create_subscription(new, &asked);
        let (_, id) = wait(made).unwrap();
        self.model.begin(&id, plan, seats);
    }

    fn change(&mut self, plan: usize) {
        let Some(held) = self.model.live() else {
            return;
        };
        let change = PlanChange {
            subscription: held.clone(),
            plan_identifier: PLANS[plan].identifier.to_owned(),
            period: Period::Monthly,
            quantities: None,
            trial_end: None,
        };
        let asked = asked();
        let changed = self.world.ledger().change_plan(change, &asked);
        let (_, id) = wait(changed).unwrap();
        if id != held {
            self.model.change(&held, &id, plan);
        }
    }

    fn cancel(&mut self) {
        if let Some(held) = self.model.live() {
            let cancelling = Cancelling::of("u", &held, Cancel::Immediate);
            wait(
                self.world
                    .ledger()
                    .cancel_subscription(cancelling, &asked()),
            )
            .unwrap();
            self.model.end(&held);
        }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Set(feature, n) => self.report(feature, "SET", n),
            Step::Delta(feature, n) => self.report(feature, "DELTA", n),
            Step::Happened(feature, n, ago) => self.happened(feature, n, ago),
            Step::HappenedAgain => {
                if let Some(body) = &self.last_event {
                    told(&post(&self.world, "report/event/", body), 200);
                }
            }
            Step::Counted(..) | Step::Shown(..) | Step::Allowed(..) => self.used(step),
            Step::Begin(plan, seats) => self.begin(plan, seats),
            Step::Change(plan) => self.change(plan),
            Step::Cancel => self.cancel(),
            Step::Wait(hours) => {
                let millis = u32::try_from(hours * HOUR).unwrap();
                self.world.clock.advance_millis(millis);
                self.model.now += hours;
            }
            Step::Look => self.look(),
            Step::LookBack(hours) => self.look_back(hours),
        }
    }

    /// What a client of Kelviq's sees, and what the ledger's own surface says exactly.
    fn look(&self) {
        let shown = told(&get(&self.world, "entitlements/?customer_id=u"), 200);
        let mut shown: Vec<Value> = shown["entitlements"].as_array().unwrap().clone();
        shown.sort_by_key(ToString::to_string);
        let rows = self.model.rows_shared().into_iter();
        let rows = rows.chain(self.model.rows_beside());
        let mut wanted: Vec<Value> = rows.map(|row| self.as_kelviq_shows(&row)).collect();
        wanted.sort_by_key(ToString::to_string);
        assert_eq!(json!(shown), json!(wanted));
        self.compare("", self.model.now);
    }

    fn look_back(&self, hours: i64) {
        let hour = (self.model.now - hours).max(0);
        if hour == self.model.now {
            return;
        }
        let as_of = self.at(hour);
        self.compare(&format!("?as_of={as_of}"), hour);
    }

    fn compare(&self, query: &str, hour: i64) {
        let path = format!("/v1/customers/u/entitlements{query}");
        let shown = self.world.read(&path);
        let shown = shown["entitlements"].as_array().unwrap();
        for id in shown
            .iter()
            .filter_map(|row| row["subscription_id"].as_str())
        {
            assert!(!self.model.is_superseded(id, hour), "{path} shows {id}");
        }
        for row in self.model.rows(hour) {
            let is_it = |shown: &&Value| {
                shown["subscription_id"] == *row.subscription
                    && shown["feature_id"] == FEATURES[row.feature]
            };
            let found = shown.iter().find(is_it).expect("a row");
            let text = |n: Option<i64>| n.map(|n| quarters(n).normalize().to_string());
            assert_eq!(found["usage"], json!(text(row.used)), "{path} {row:?}");
            assert_eq!(found["limit"], json!(text(row.limit)), "{path} {row:?}");
            assert_eq!(
                found["remaining"],
                json!(text(row.left())),
                "{path} {row:?}"
            );
            assert_eq!(found["granted"], row.is_granted(), "{path} {row:?}");
            let resets_at = row.resets_at.filter(|_| row.used.is_some());
            let resets_at = resets_at.map(|hour| self.at(hour).to_string());
            assert_eq!(found["resets_at"], json!(resets_at), "{path} {row:?}");
        }
    }

    fn as_kelviq_shows(&self, row: &Row) -> Value {
        let is_meter = FEATURES[row.feature] != "seats";
        let used = row.used.unwrap_or(0);
        let left = row.left().or(row.limit.filter(|_| row.used.is_none()));
        let mut shown = json!({
            "featureId": FEATURES[row.feature],
            "featureType": if is_meter { "METER" } else { "CUSTOMIZABLE" },
            "hasAccess": row.is_granted(),
            "hardLimit": row.is_hard,
            "usageLimit": row.limit.map(|limit| limit.div_euclid(4)),
            "currentUsage": (used + 3).div_euclid(4),
            "remaining": left.map(|left| left.div_euclid(4)),
        });
        if row.subscription.is_empty() {
            shown["usageLimit"] = json!(0);
            shown["remaining"] = json!(0);
        }
        if is_meter {
            let at = row.resets_at.map(|hour| self.at(hour).to_string());
            let at = at.map(|at| at.replace('T', " ").replace(".000Z", ""));
            shown["resetAt"] = json!(at);
        }
        shown
    }
}

/// What `calls` counts by the day.
#[test]
fn a_correction_is_judged_by_the_counter_of_its_own_time() {
    let mut both = Both::new();
    both.begin(0, None);
    both.take(&Step::Delta(0, 40));
    both.take(&Step::Wait(25));
    let back = |both: &mut Both, n, ago, status: u16| {
        let before = both.model.count();
        both.take(&Step::Happened(0, n, ago));
        assert_eq!(
            both.model.count() > before,
            status == 200,
            "{n} {ago} h ago"
        );
    };
    back(&mut both, -12, 24, 200);
    back(&mut both, -32, 24, 400);
    back(&mut both, -28, 24, 200);
    // Before anything was used, and what was used today is not yesterday's.
    both.take(&Step::Delta(0, 20));
    back(&mut both, -20, 60, 400);
    back(&mut both, -4, 2, 400);
    // Then there was so much, but the same window has lost it since.
    both.take(&Step::Wait(6));
    both.take(&Step::Delta(0, -20));
    back(&mut both, -4, 3, 400);
    both.look();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_is_entitled_is_what_the_model_says(steps in prop::collection::vec(step(), 1..40)) {
        let mut both = Both::new();
        for step in &steps {
            both.take(step);
        }
        both.look();
        both.look_back((both.model.now + 1) / 2);
    }
}
