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
use super::lines::{Held, Lives, Stands};

const WHO: &str = "ada";
const DAYS: i64 = 62;
const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;
/// How many such lives.
const SEEDS: u64 = 4;
/// What can be had, and how often it would be paid for.
const PLANS: [(&str, Period); 3] = [
    ("pro", Period::Monthly),
    ("team", Period::Monthly),
    ("team", Period::Yearly),
];

struct Days {
    life: Life,
    dice: StdRng,
    now: Timestamp,
    /// The time of the action before.
    before: Timestamp,
    lives: Lives,
    sales: Vec<Sale>,
    /// How often each thing was done.
    done: BTreeMap<&'static str, u32>,
}

/// A checkout for a month of Pro, and which subscription it pays by the documents.
struct Sale {
    checkout: String,
    opened: Timestamp,
    pays: usize,
    supersedes: Vec<usize>,
    captured: Option<Timestamp>,
}

impl Days {
    fn new(seed: u64) -> Self {
        let life = Life::on_disk();
        let id = life.join(WHO, FREE, None);
        Self {
            life,
            dice: StdRng::seed_from_u64(seed),
            now: at(START),
            before: at(START),
            lives: Lives {
                held: vec![Held::new(Some(id), "free", Some(at(START)))],
            },
            sales: Vec::new(),
            done: BTreeMap::new(),
        }
    }

    fn act(&mut self) {
        let what = self.dice.random_range(0..14);
        match what {
            0..2 => self.create(),
            2..6 => self.change(),
            6..8 => self.cancel(),
            8..11 => self.open(),
            _ => self.pay(),
        }
    }

    fn note(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    /// One of those that have begun.
    fn any(&mut self) -> usize {
        let begun: Vec<usize> = (0..self.lives.held.len())
            .filter(|place| self.lives.held[*place].id.is_some())
            .collect();
        *begun.choose(&mut self.dice).unwrap()
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
        self.lives.held.push(Held {
            period: Some(period),
            trial_end,
            told: Some(self.now),
            ..Held::new(Some(made.unwrap().1), plan, Some(self.now))
        });
        self.note("created");
    }

    fn change(&mut self) {
        let place = self.any();
        let (plan, period) = *PLANS.choose(&mut self.dice).unwrap();
        let later = self.now.plus_days(self.dice.random_range(1..50));
        let ends = [None, None, Some(TrialEnd::Now), Some(TrialEnd::At(later))];
        let trial_end = *ends.choose(&mut self.dice).unwrap();
        let before = &self.lives.held[place];
        let standing = self.lives.standing(place, self.now);
        let asked_for = PlanChange {
            subscription: before.id.clone().unwrap(),
            plan_identifier: plan.into(),
            period,
            quantities: None,
            trial_end,
        };
        let told = wait(self.life.world.ledger().change_plan(asked_for, &asked()));
        if standing.over.is_some() || before.plan == "free" {
            assert!(told.is_err(), "{before:?} {told:?}");
            return self.note("refused");
        }
        let (_, id) = told.unwrap();
        let running = before.trial_end.filter(|_| standing.is_tried);
        let trial_end = match trial_end {
            None => running,
            Some(TrialEnd::Now) => None,
            Some(TrialEnd::At(end)) => Some(end),
        };
        let is_same = (before.plan, before.period) == (plan, Some(period));
        if is_same && trial_end == running {
            assert_eq!(Some(id), before.id);
            return self.note("unchanged");
        }
        let least = standing
            .through
            .map(|end| end.max(trial_end.unwrap_or(end)));
        self.lives.held[place].changed = Some(self.now);
        self.lives.held.push(Held {
            period: Some(period),
            trial_end,
            least,
            from: Some(place),
            told: Some(self.now),
            ..Held::new(Some(id), plan, Some(self.now))
        });
        self.note("changed");
    }

    fn cancel(&mut self) {
        let place = self.any();
        let date = self.now.plus_days(self.dice.random_range(1..60));
        let kinds = [Cancel::Immediate, Cancel::EndOfCycle, Cancel::OnDate(date)];
        let when = *kinds.choose(&mut self.dice).unwrap();
        let standing = self.lives.standing(place, self.now);
        let held = &mut self.lives.held[place];
        let told = self.life.cancel(WHO, held.id.as_ref().unwrap(), when);
        let is_again = when == Cancel::Immediate && standing.status == "canceled";
        let is_over = standing.over.is_some() && !is_again;
        assert_eq!(told.is_err(), is_over, "{held:?} {told:?}");
        if standing.over.is_none() {
            let end = match when {
                Cancel::Immediate => self.now,
                Cancel::EndOfCycle => held.cycle_end(&standing, self.now),
                Cancel::OnDate(date) => date,
            };
            held.cancels
                .push((self.now, end, when == Cancel::Immediate));
            self.note("cancelled");
        }
    }

    /// For the first that has Pro and goes on, else for that of another checkout that waits, else
    /// for a new one: in the place of all else that goes on or waits.
    fn open(&mut self) {
        let waiting = |sale: &&Sale| {
            let is_over = |place| {
                let standing = self.lives.standing(place, self.now);
                self.lives.held[place].began().is_some() && !standing.is_live()
            };
            let waits = self.now < sale.opened.plus_days(1);
            sale.captured.is_none() && waits && !is_over(sale.pays)
        };
        let waiting: Vec<usize> = self
            .sales
            .iter()
            .filter(waiting)
            .map(|sale| sale.pays)
            .collect();
        let mut live = self.lives.live(self.now);
        live.sort_by_key(|place| (self.lives.held[*place].began(), &self.lives.held[*place].id));
        let mut same = live
            .iter()
            .filter(|place| self.lives.held[**place].plan == "pro");
        let pays = same.next().or(waiting.first()).copied();
        let pays = pays.unwrap_or_else(|| {
            self.lives.held.push(Held {
                period: Some(Period::Monthly),
                ..Held::new(None, "pro", None)
            });
            self.lives.held.len() - 1
        });
        let others = live
            .into_iter()
            .chain(waiting)
            .filter(|place| *place != pays);
        let supersedes = others.collect();
        self.sales.push(Sale {
            checkout: self.life.checkout(WHO),
            opened: self.now,
            pays,
            supersedes,
            captured: None,
        });
        self.note("opened");
    }

    /// The gateway tells of a payment of now, or of one that it had since the last time.
    fn pay(&mut self) {
        let unpaid = |place: &usize| {
            let sale = &self.sales[*place];
            sale.captured.is_none() && sale.opened <= self.before
        };
        let unpaid: Vec<usize> = (0..self.sales.len()).filter(unpaid).collect();
        let Some(place) = unpaid.choose(&mut self.dice).copied() else {
            return;
        };
        let is_late = self.dice.random_bool(0.5);
        let captured = if is_late {
            self.note("late");
            self.before.plus_millis(-1000)
        } else {
            self.now
        };
        let sale = &mut self.sales[place];
        sale.captured = Some(captured);
        self.life.pay_at(&sale.checkout, captured);
        let (pays, supersedes) = (sale.pays, sale.supersedes.clone());
        if self.lives.held[pays].changed.is_some() {
            self.note("paid for what was changed");
        }
        self.lives.held[pays].paid.push(captured);
        for other in supersedes {
            self.lives.held[other].instead.push(captured);
        }
        self.note("bought");
        if self.lives.held[pays].id.is_none() {
            let held = self.lives.held.iter();
            let known: BTreeSet<&str> = held.filter_map(|held| held.id.as_deref()).collect();
            let shown = self.shown();
            let mut new = shown.keys().filter(|id| !known.contains(id.as_str()));
            let id = new.next().expect("a subscription begins").clone();
            self.lives.held[pays].id = Some(id);
        }
    }

    fn shown(&self) -> BTreeMap<String, Value> {
        let customer = self.life.world.read(&format!("/v1/customers/{WHO}"));
        let held = customer["subscriptions"].as_array().unwrap().iter();
        held.map(|held| (held["id"].as_str().unwrap().to_owned(), held.clone()))
            .collect()
    }

    /// What is shown is the period that runs, or the last that did.
    fn check_period(&self, shown: &Value, held: &Held, standing: &Stands) {
        let time = |name: &str| shown["current_period"][name].as_str().map(at);
        let Some((start, end)) = time("start").zip(time("end")) else {
            let is_known = standing.through.is_some() || standing.is_tried;
            return assert!(standing.over.is_some() || !is_known, "{shown}");
        };
        match standing.over {
            None => assert!(start <= self.now && self.now < end, "{} {shown}", self.now),
            Some(over) => assert!(start < over || Some(over) <= held.began(), "{shown}"),
        }
    }

    /// Everything that is shown is what the model says.
    fn check(&self) {
        let all = self.shown();
        let begun = self.lives.held.iter().filter(|held| held.id.is_some());
        assert_eq!(all.len(), begun.count(), "at {}", self.now);
        for (place, held) in self.lives.held.iter().enumerate() {
            let Some(id) = &held.id else {
                continue;
            };
            let shown = &all[id];
            let standing = self.lives.standing(place, self.now);
            let context = || format!("at {}: {held:?} {standing:?} {shown}", self.now);
            assert_eq!(shown["status"], standing.status, "{}", context());
            let goes_on = standing.over.is_none();
            assert_eq!(shown["access"]["granted"], goes_on, "{}", context());
            self.check_period(shown, held, &standing);
            let times = [
                ("ended_at", standing.over),
                ("paid_through", standing.through),
                ("cancel_at", standing.cancel_at),
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

fn live(seed: u64, done: &mut BTreeMap<&'static str, u32>) {
    println!("SEED={seed}");
    let mut days = Days::new(seed);
    let end = at(START).plus_millis(DAYS * DAY);
    while days.now < end {
        days.act();
        days.check();
        // Gateways count in seconds.
        let hours = days.dice.random_range(1..36);
        days.before = days.now;
        days.now = days.now.plus_millis(hours * HOUR);
        let now = days.now.to_string();
        if days.dice.random_bool(0.05) {
            days.life = days.life.down_until(&now);
        } else {
            days.life.until(&now);
        }
        days.check();
    }
    for (what, times) in days.done {
        *done.entry(what).or_default() += times;
    }
}

#[test]
fn plans_that_are_changed_at_random_are_as_the_documents_say() {
    let given = std::env::var("SEED").ok();
    let seeds = given.map_or(1..=SEEDS, |seed| {
        let seed = seed.parse().expect("SEED is a number");
        seed..=seed
    });
    let mut done = BTreeMap::new();
    let is_whole = seeds.clone().count() > 1;
    seeds.for_each(|seed| live(seed, &mut done));
    let wanted = [
        "created",
        "changed",
        "cancelled",
        "bought",
        "refused",
        "late",
        "paid for what was changed",
    ];
    for what in wanted.into_iter().filter(|_| is_whole) {
        assert!(done.contains_key(what), "{what}: {done:?}");
    }
}
