//! Two months of days in which subscriptions are begun and changed without a payment, bought, and
//! cancelled in each way, at random. After each day all that is shown is compared with a model of a
//! few lines. `SEED=…` tries one again.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;
use subledger::domain::catalog::Period;
use subledger::domain::time::Timestamp;
use subledger::ledger::{Cancel, NewSubscription, PlanChange, TrialEnd};

use super::life::{FREE, Life, START, asked, at, wait};

const WHO: &str = "ada";
const DAYS: i64 = 62;
const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;
/// What can be had, and how often it would be paid for.
const PLANS: [(&str, Period); 3] = [
    ("pro", Period::Monthly),
    ("team", Period::Monthly),
    ("team", Period::Yearly),
];

/// One subscription, as the documents say it stands.
#[derive(Debug)]
struct Held {
    id: String,
    plan: &'static str,
    /// `None`: it was given to a new customer.
    period: Option<Period>,
    started: Timestamp,
    trial_end: Option<Timestamp>,
    through: Option<Timestamp>,
    cancel: Option<Timestamp>,
    over: Option<(&'static str, Timestamp)>,
}

impl Held {
    fn new(id: String, plan: &'static str, started: Timestamp) -> Self {
        Self {
            id,
            plan,
            period: None,
            started,
            trial_end: None,
            through: None,
            cancel: None,
            over: None,
        }
    }

    fn trial(&self, now: Timestamp) -> Option<Timestamp> {
        self.trial_end.filter(|end| now < *end)
    }

    /// What the calendar brings about.
    fn settle(&mut self, now: Timestamp) {
        let cancelled = self.cancel.map(|end| (end, "canceled"));
        let unpaid = self.through.map(|end| (end, "expired"));
        let end = cancelled.into_iter().chain(unpaid).min();
        if let (None, Some((end, status))) = (self.over, end.filter(|(end, _)| *end <= now)) {
            self.over = Some((status, end));
        }
    }

    fn status(&self, now: Timestamp) -> &'static str {
        let going = self.trial(now).map_or("active", |_| "trialing");
        self.over.map_or(going, |(status, _)| status)
    }

    fn is_live(&self) -> bool {
        self.over.is_none() && self.cancel.is_none()
    }

    fn cycle_end(&self, now: Timestamp) -> Timestamp {
        let months = if self.period == Some(Period::Yearly) {
            12
        } else {
            1
        };
        let tried = self.trial_end.filter(|_| self.period.is_some());
        let start = tried.unwrap_or(self.started);
        let running = || {
            let mut ends = (1..).map(|count| start.plus_months(count * months));
            ends.find(|end| *end > now).unwrap()
        };
        self.through
            .or_else(|| self.trial(now))
            .unwrap_or_else(running)
    }
}

struct Days {
    life: Life,
    dice: StdRng,
    now: Timestamp,
    held: Vec<Held>,
    /// How often each thing was done.
    done: BTreeMap<&'static str, u32>,
}

impl Days {
    fn new(seed: u64) -> Self {
        let life = Life::on_disk();
        let id = life.join(WHO, FREE, None);
        Self {
            life,
            dice: StdRng::seed_from_u64(seed),
            now: at(START),
            held: vec![Held::new(id, "free", at(START))],
            done: BTreeMap::new(),
        }
    }

    fn act(&mut self) {
        let what = self.dice.random_range(0..10);
        match what {
            0..2 => self.create(),
            2..6 => self.change(),
            6..9 => self.cancel(),
            _ => self.buy(),
        }
    }

    fn note(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    fn create(&mut self) {
        let (plan, period) = *PLANS.choose(&mut self.dice).unwrap();
        let new = NewSubscription {
            customer: WHO.into(),
            plan_identifier: plan.into(),
            period,
            quantities: Vec::new(),
            currency: None,
        };
        let made = wait(self.life.world.ledger().create_subscription(new, &asked()));
        let trial_end = (plan == "pro").then(|| self.now.plus_days(14));
        self.held.push(Held {
            period: Some(period),
            trial_end,
            ..Held::new(made.unwrap().1, plan, self.now)
        });
        self.note("created");
    }

    fn change(&mut self) {
        let place = self.dice.random_range(0..self.held.len());
        let (plan, period) = *PLANS.choose(&mut self.dice).unwrap();
        let later = self.now.plus_days(self.dice.random_range(1..20));
        let ends = [None, None, Some(TrialEnd::Now), Some(TrialEnd::At(later))];
        let trial_end = *ends.choose(&mut self.dice).unwrap();
        let before = &self.held[place];
        let asked_for = PlanChange {
            subscription: before.id.clone(),
            plan_identifier: plan.into(),
            period,
            quantities: None,
            trial_end,
        };
        let told = wait(self.life.world.ledger().change_plan(asked_for, &asked()));
        if before.over.is_some() || before.plan == "free" {
            assert!(told.is_err(), "{before:?} {told:?}");
            return self.note("refused");
        }
        let (_, id) = told.unwrap();
        let running = before.trial(self.now);
        let trial_end = match trial_end {
            None => running,
            Some(TrialEnd::Now) => None,
            Some(TrialEnd::At(end)) => Some(end),
        };
        let is_same = (before.plan, before.period) == (plan, Some(period));
        if is_same && trial_end == running {
            assert_eq!(id, before.id);
            return self.note("unchanged");
        }
        let new = Held {
            period: Some(period),
            trial_end,
            through: before.through,
            ..Held::new(id, plan, self.now)
        };
        self.held[place].over = Some(("superseded", self.now));
        self.held.push(new);
        self.note("changed");
    }

    fn cancel(&mut self) {
        let place = self.dice.random_range(0..self.held.len());
        let date = self.now.plus_days(self.dice.random_range(1..30));
        let kinds = [Cancel::Immediate, Cancel::EndOfCycle, Cancel::OnDate(date)];
        let when = *kinds.choose(&mut self.dice).unwrap();
        let held = &mut self.held[place];
        let told = self.life.cancel(WHO, &held.id, when);
        let is_again = when == Cancel::Immediate && held.status(self.now) == "canceled";
        let is_over = held.over.is_some() && !is_again;
        assert_eq!(told.is_err(), is_over, "{held:?} {told:?}");
        if held.over.is_none() {
            let (end, at_once) = match when {
                Cancel::Immediate => (self.now, Some(("canceled", self.now))),
                Cancel::EndOfCycle => (held.cycle_end(self.now), None),
                Cancel::OnDate(date) => (date, None),
            };
            held.cancel = Some(end);
            held.over = at_once;
            self.note("cancelled");
        }
    }

    /// A month of Pro: for the first that has it and goes on, else in the place of all that do.
    fn buy(&mut self) {
        self.life.buy(WHO);
        self.note("bought");
        let now = self.now;
        let is_same = |held: &&mut Held| held.plan == "pro" && held.is_live();
        let paid_to = |from: Timestamp| Some(from.plus_months(1));
        let mut same: Vec<&mut Held> = self.held.iter_mut().filter(is_same).collect();
        same.sort_by(|one, other| (one.started, &one.id).cmp(&(other.started, &other.id)));
        let same = same.into_iter().next().map(|held| {
            held.through = paid_to(held.through.map_or(now, |end| end.max(now)));
            held.trial_end = None;
            held.id.clone()
        });
        for other in &mut self.held {
            if Some(&other.id) != same.as_ref() && other.is_live() {
                other.over = Some(("superseded", now));
            }
        }
        if same.is_none() {
            let known: BTreeSet<&str> = self.held.iter().map(|held| &*held.id).collect();
            let shown = self.shown();
            let mut new = shown.keys().filter(|id| !known.contains(id.as_str()));
            let id = new.next().expect("a subscription begins").clone();
            self.held.push(Held {
                period: Some(Period::Monthly),
                through: paid_to(now),
                ..Held::new(id, "pro", now)
            });
        }
    }

    fn shown(&self) -> BTreeMap<String, Value> {
        let customer = self.life.world.read(&format!("/v1/customers/{WHO}"));
        let held = customer["subscriptions"].as_array().unwrap().iter();
        held.map(|held| (held["id"].as_str().unwrap().to_owned(), held.clone()))
            .collect()
    }

    /// Everything that is shown is what the model says.
    fn check(&self) {
        let all = self.shown();
        assert_eq!(all.len(), self.held.len(), "at {}", self.now);
        for held in &self.held {
            let shown = &all[&held.id];
            let context = || format!("at {}: {held:?} {shown}", self.now);
            let status = held.status(self.now);
            assert_eq!(shown["status"], status, "{}", context());
            let goes_on = held.over.is_none();
            assert_eq!(shown["access"]["granted"], goes_on, "{}", context());
            let times = [
                ("ended_at", held.over.map(|(_, end)| end)),
                ("paid_through", held.through),
                ("cancel_at", held.cancel),
            ];
            for (name, time) in times {
                let time = time.map(|time| time.to_string());
                assert_eq!(
                    shown[name].as_str(),
                    time.as_deref(),
                    "{name} {}",
                    context()
                );
            }
        }
    }
}

fn live(seed: u64) {
    println!("SEED={seed}");
    let mut days = Days::new(seed);
    let end = at(START).plus_millis(DAYS * DAY);
    while days.now < end {
        days.act();
        days.check();
        // Gateways count in seconds.
        let hours = days.dice.random_range(1..36);
        days.now = days.now.plus_millis(hours * HOUR);
        let now = days.now.to_string();
        if days.dice.random_bool(0.05) {
            days.life = days.life.down_until(&now);
        } else {
            days.life.until(&now);
        }
        let time = days.now;
        days.held.iter_mut().for_each(|held| held.settle(time));
        days.check();
    }
    for what in ["created", "changed", "cancelled", "bought", "refused"] {
        assert!(days.done.contains_key(what), "{what}: {:?}", days.done);
    }
}

#[test]
fn plans_that_are_changed_at_random_are_as_the_documents_say() {
    let given = std::env::var("SEED").ok();
    let seeds = given.map_or(1..=3, |seed| {
        let seed = seed.parse().expect("SEED is a number");
        seed..=seed
    });
    seeds.for_each(live);
}
