//! Two months of days in the lives of some customers: they join, buy, cancel and are given end
//! dates at random, while the calendar goes on. After each day all that is shown is compared with a
//! model of a few lines, and at the end each due time was told once. `SEED=…` tries one again.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;
use subledger::domain::time::Timestamp;
use subledger::ledger::Cancel::{self, EndOfCycle, Immediate};

use super::life::{FREE, Life, PRO, START, TASTE, at};
use super::lines::Paid;

const PEOPLE: usize = 10;
const DAYS: i64 = 62;
const HOUR: i64 = 60 * 60 * 1000;
const DAY: i64 = 24 * HOUR;

/// One subscription, as the documents say it stands.
struct Held {
    id: String,
    plan: &'static str,
    started: Timestamp,
    trial_end: Option<Timestamp>,
    payments: Vec<Timestamp>,
    cancel: Option<(Cancel, Timestamp)>,
    end_date: Option<Timestamp>,
    superseded: Option<Timestamp>,
}

impl Held {
    fn paid_through(&self) -> Option<Timestamp> {
        let months = self.payments.iter();
        let paid = months.fold(None, |paid, at| Some(Paid::and(paid, *at)));
        paid.map(|paid| paid.through)
    }

    /// The end of the trial while nothing is paid; an end date puts off that of Pro.
    fn trial(&self) -> Option<Timestamp> {
        let trial = self.trial_end.filter(|_| self.payments.is_empty())?;
        let later = self.end_date.filter(|_| self.plan == PRO);
        Some(later.map_or(trial, |end| end.max(trial)))
    }

    /// Status and end at `now`.
    fn standing(&self, now: Timestamp) -> (&'static str, Option<Timestamp>) {
        if let Some((Immediate, ended)) = self.cancel {
            return ("canceled", Some(ended));
        }
        if self.superseded.is_some() {
            return ("superseded", self.superseded);
        }
        let cancelled = self.cancel.map(|(_, end)| (end, "canceled"));
        let trial = self.trial();
        let unpaid = trial.filter(|_| self.plan == PRO);
        // A payment makes an end date forgotten: this one is newer than all of them.
        let paid = self.paid_through().filter(|_| self.end_date.is_none());
        let others = [unpaid, self.end_date, paid];
        let others = others.into_iter().flatten().map(|end| (end, "expired"));
        // Of equal times the cancel is the reason: "canceled" sorts before "expired".
        match others.chain(cancelled).min() {
            Some((end, status)) if end <= now => (status, Some(end)),
            _ if trial.is_some_and(|end| now < end) => ("trialing", None),
            _ => ("active", None),
        }
    }

    fn is_live(&self, now: Timestamp) -> bool {
        let status = self.standing(now).0;
        self.cancel.is_none() && matches!(status, "active" | "trialing")
    }

    /// When a cancel with the cycle ends it.
    fn cycle_end(&self, now: Timestamp) -> Timestamp {
        let trial = self.trial().filter(|end| now < *end);
        let month = || {
            let mut ends = (1..).map(|months| self.started.plus_months(months));
            ends.find(|end| *end > now).unwrap()
        };
        let end = trial.or(self.paid_through()).unwrap_or_else(month);
        let date = self.end_date.filter(|date| now < *date && end <= now);
        date.unwrap_or(end)
    }
}

struct Month {
    life: Life,
    dice: StdRng,
    now: Timestamp,
    people: BTreeMap<String, Vec<Held>>,
}

impl Month {
    fn new(seed: u64) -> Self {
        Self {
            life: Life::on_disk(),
            dice: StdRng::seed_from_u64(seed),
            now: at(START),
            people: BTreeMap::new(),
        }
    }

    fn join(&mut self) {
        let who = format!("person-{}", self.people.len());
        let (plan, days) = *[(FREE, 0), (PRO, 14), (TASTE, 7)]
            .choose(&mut self.dice)
            .unwrap();
        let id = self.life.join(&who, plan, None);
        let held = Held {
            id,
            plan,
            started: self.now,
            trial_end: (days > 0).then(|| self.now.plus_days(days)),
            payments: Vec::new(),
            cancel: None,
            end_date: None,
            superseded: None,
        };
        self.people.insert(who, vec![held]);
    }

    fn act(&mut self, who: &str) {
        let now = self.now;
        let which = self.dice.random_range(0..self.people[who].len());
        let action = self.dice.random_range(0..10);
        let days = self.dice.random_range(-2..25) * DAY;
        let held = &mut self.people.get_mut(who).unwrap()[which];
        let status = held.standing(now).0;
        let id = held.id.clone();
        match action {
            0..4 => self.buy(who),
            4 | 5 => {
                let when = if action == 4 { Immediate } else { EndOfCycle };
                let again = status == "canceled" && when == EndOfCycle;
                let over = again || matches!(status, "expired" | "superseded");
                let ends = if when == Immediate {
                    now
                } else {
                    held.cycle_end(now)
                };
                if !over && status != "canceled" {
                    held.cancel = Some((when, ends));
                }
                let told = self.life.cancel(who, &id, when);
                assert_eq!(told.is_err(), over, "{who} cancels {id}: {told:?}");
            }
            _ => {
                let end = now.plus_millis(days);
                let over = matches!(status, "canceled" | "superseded");
                let later = held.cancel.is_some_and(|(_, cancel)| end > cancel);
                if !over && !later {
                    held.end_date = Some(end);
                }
                let told = self.life.end_at(who, &id, &end.to_string());
                assert_eq!(
                    told.is_err(),
                    over || later,
                    "{who} ends {id} at {end}: {told:?}"
                );
                self.life.settle();
            }
        }
    }

    fn buy(&mut self, who: &str) {
        self.life.buy(who);
        let now = self.now;
        let held = self.people.get_mut(who).unwrap();
        let is_same = |held: &Held| held.plan == PRO && held.is_live(now);
        let same = held.iter().position(is_same);
        for (place, other) in held.iter_mut().enumerate() {
            if Some(place) != same && other.is_live(now) {
                other.superseded = Some(now);
            }
        }
        if let Some(same) = same {
            held[same].payments.push(now);
            held[same].end_date = None;
            return;
        }
        let known: BTreeSet<&str> = held.iter().map(|held| held.id.as_str()).collect();
        let shown = subscriptions(&self.life, who);
        let mut new = shown.keys().filter(|id| !known.contains(id.as_str()));
        let id = new.next().expect("a subscription begins").clone();
        held.push(Held {
            id,
            plan: PRO,
            started: now,
            trial_end: None,
            payments: vec![now],
            cancel: None,
            end_date: None,
            superseded: None,
        });
    }

    /// Everything that is shown is what the model says.
    fn check(&self) {
        for (who, held) in &self.people {
            let shown = subscriptions(&self.life, who);
            assert_eq!(shown.len(), held.len(), "{who} at {}: {shown:?}", self.now);
            for held in held {
                let (status, end) = held.standing(self.now);
                let shown = &shown[&held.id];
                let context = || format!("{who} at {}: {shown}", self.now);
                assert_eq!(shown["status"], status, "{}", context());
                let end = end.map(|end| end.to_string());
                assert_eq!(shown["ended_at"].as_str(), end.as_deref(), "{}", context());
                let through = held.paid_through().map(|through| through.to_string());
                assert_eq!(
                    shown["paid_through"].as_str(),
                    through.as_deref(),
                    "{}",
                    context()
                );
            }
        }
    }

    /// Each end that the clock brought about was told, and nothing was told twice.
    fn check_told(&self) {
        let mut told = BTreeSet::new();
        let mut after = 0;
        loop {
            let path = format!("/v1/events?source=scheduler&limit=200&after={after}");
            let page = self.life.world.read(&path);
            for event in page["data"].as_array().unwrap() {
                after = event["seq"].as_u64().unwrap();
                let whole = self.life.world.read(&format!("/v1/events/{after}"));
                let body: Value = serde_json::from_str(whole["body"].as_str().unwrap()).unwrap();
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let kind = text(&body["type"]);
                let (id, due) = (&body["data"]["subscription_id"], &body["data"]["due"]);
                if kind != "checkout.expired" {
                    let line = (kind, text(id), text(due));
                    assert!(told.insert(line), "told twice: {body}");
                }
            }
            if page["has_more"] == false {
                break;
            }
        }
        for held in self.people.values().flatten() {
            let at_once = matches!(held.cancel, Some((Immediate, _)));
            let nobodys = at_once || held.superseded.is_some();
            if let (false, (_, Some(end))) = (nobodys, held.standing(self.now)) {
                let kinds = ["subscription.ended", "trial.ended"];
                let was_told = |kind: &str| {
                    told.contains(&(kind.to_owned(), held.id.clone(), end.to_string()))
                };
                assert!(
                    kinds.into_iter().any(was_told),
                    "{} ended at {end}",
                    held.id
                );
            }
        }
        assert!(told.len() >= PEOPLE / 2, "hardly anything ended: {told:?}");
    }
}

fn subscriptions(life: &Life, who: &str) -> BTreeMap<String, Value> {
    let customer = life.world.read(&format!("/v1/customers/{who}"));
    let held = customer["subscriptions"].as_array().unwrap().iter();
    held.map(|held| (held["id"].as_str().unwrap().to_owned(), held.clone()))
        .collect()
}

fn live(seed: u64) {
    println!("SEED={seed}");
    let mut month = Month::new(seed);
    let end = at(START).plus_millis(DAYS * DAY);
    while month.now < end {
        if month.people.len() < PEOPLE && month.dice.random_bool(0.7) {
            month.join();
        }
        let people: Vec<String> = month.people.keys().cloned().collect();
        for who in people {
            if month.dice.random_bool(0.08) {
                month.act(&who);
            }
        }
        month.check();
        // Gateways count in seconds.
        let hours = month.dice.random_range(1..36);
        month.now = month.now.plus_millis(hours * HOUR);
        let now = month.now.to_string();
        if month.dice.random_bool(0.1) {
            month.life = month.life.down_until(&now);
        } else {
            month.life.until(&now);
        }
        month.check();
    }
    month.check_told();
}

#[test]
fn two_months_of_random_days_are_as_the_documents_say() {
    let given = std::env::var("SEED").ok();
    let seeds = given.map_or(1..=3, |seed| {
        let seed = seed.parse().expect("SEED is a number");
        seed..=seed
    });
    seeds.for_each(live);
}
