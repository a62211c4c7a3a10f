//! What was told of one customer, and what it comes to: worked out anew from all of it each time, in
//! whole hours and quarters of a unit. Knows no ledger.

use std::collections::{BTreeMap, BTreeSet};

/// Milliseconds.
pub const HOUR: i64 = 3_600_000;
pub const FEATURES: [&str; 4] = ["calls", "minutes", "storage", "seats"];
const SEATS: usize = 3;
const DAY: i64 = 24;

#[derive(Debug, Clone, Copy)]
pub enum Reset {
    Never,
    Days(i64),
    Months(i64),
}

/// Of each feature: the limit in quarters, when it begins anew, and whether the limit is the end.
pub struct Plan {
    pub identifier: &'static str,
    features: [(Option<i64>, Reset, bool); 4],
}

pub const PLANS: [Plan; 2] = [
    Plan {
        identifier: "basic",
        features: [
            (Some(120), Reset::Days(1), true),
            (Some(200), Reset::Months(1), false),
            (Some(160), Reset::Never, false),
            (Some(12), Reset::Never, true),
        ],
    },
    Plan {
        identifier: "big",
        features: [
            (Some(240), Reset::Days(28), false),
            (Some(800), Reset::Months(1), true),
            (None, Reset::Never, false),
            (Some(40), Reset::Months(3), false),
        ],
    },
];

#[derive(Debug, Clone, Copy)]
pub enum Told {
    Set(i64),
    Moved(i64),
    Shown(i64),
    Allowed(i64),
}

#[derive(Debug, Clone)]
struct Held {
    id: String,
    plan: usize,
    seats: Option<u64>,
    /// What it took the place of.
    before: Option<String>,
    began: i64,
    ended: Option<i64>,
    /// From which hour on each feature counts until its first reset, settled when it began: nothing
    /// for all there ever was.
    carried: [Option<i64>; 4],
}

/// Time is in hours since the customer was made, at midnight of 2026-11-26.
#[derive(Debug, Default)]
pub struct Model {
    pub now: i64,
    told: Vec<(usize, i64, Told)>,
    held: Vec<Held>,
}

#[derive(Debug)]
pub struct Row {
    pub feature: usize,
    /// Empty where no subscription grants it.
    pub subscription: String,
    pub limit: Option<i64>,
    pub used: Option<i64>,
    /// From which hour on that was used: nothing for all there ever was.
    since: Option<i64>,
    pub resets_at: Option<i64>,
    pub is_hard: bool,
}

impl Row {
    pub fn is_granted(&self) -> bool {
        let is_full = self
            .limit
            .is_some_and(|limit| self.used.is_some_and(|used| used >= limit));
        !(self.subscription.is_empty() || (self.is_hard && is_full))
    }

    pub fn left(&self) -> Option<i64> {
        Some((self.limit? - self.used?).max(0))
    }
}

/// The hour of a boundary: so many periods after one.
fn boundary(reset: Reset, anchor: i64, periods: i64) -> Option<i64> {
    match reset {
        Reset::Never => None,
        Reset::Days(days) => Some(anchor + periods * days * DAY),
        Reset::Months(months) => Some(plus_months(anchor, periods * months)),
    }
}

/// The days of the months from November 2026 on, in a year and a day that has no leap.
const MONTH_DAYS: [i64; 12] = [30, 31, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31];

fn month_days(month: i64) -> i64 {
    let place = usize::try_from(month.rem_euclid(12)).unwrap();
    // February 2028 has one more.
    MONTH_DAYS[place] + i64::from(month == 15)
}

/// The same day of a later month, or its last one. Months are counted from November 2026.
fn plus_months(hour: i64, months: i64) -> i64 {
    let first_of = |month: i64| (0..month).map(month_days).sum::<i64>();
    let days = hour.div_euclid(DAY) + 25;
    let month = (0..)
        .take_while(|month| first_of(month + 1) <= days)
        .count() as i64;
    let day = days - first_of(month);
    let month = month + months;
    let day = day.min(month_days(month) - 1);
    (first_of(month) + day - 25) * DAY + hour.rem_euclid(DAY)
}

impl Held {
    /// From which hour on a feature counts at an hour, and its next reset.
    fn counts_from(&self, feature: usize, hour: i64) -> (Option<i64>, Option<i64>) {
        let (_, reset, _) = PLANS[self.plan].features[feature];
        let mut from = self.carried[feature];
        for period in 1.. {
            match boundary(reset, self.began, period) {
                Some(at) if at <= hour => from = Some(at),
                next => return (from, next),
            }
        }
        unreachable!("resets go on for ever")
    }
}

impl Model {
    pub fn tell(&mut self, feature: usize, hour: i64, told: Told) {
        self.told.push((feature, hour, told));
    }

    pub fn count(&self) -> usize {
        self.told.len()
    }

    /// One that takes the place of none goes on from the last reset that the customer's first one
    /// would have had with this plan.
    pub fn begin(&mut self, id: &str, plan: usize, seats: Option<u64>) {
        let first = self.held.iter().map(|held| held.began).min();
        let carried = PLANS[plan].features.map(|(_, reset, _)| {
            let resets = (1..).map_while(|period| boundary(reset, first?, period));
            resets.take_while(|at| *at <= self.now).last()
        });
        self.held.push(Held {
            id: id.to_owned(),
            plan,
            seats,
            before: None,
            began: self.now,
            ended: None,
            carried,
        });
    }

    pub fn end(&mut self, id: &str) {
        let now = self.now;
        let mut held = self.held.iter_mut();
        held.find(|held| held.id == id).unwrap().ended = Some(now);
    }

    /// What the one before shows at that moment is what the next one goes on with.
    pub fn change(&mut self, before: &str, id: &str, plan: usize) {
        let held = self.held.iter().find(|held| held.id == before).unwrap();
        let (seats, now) = (held.seats, self.now);
        let carried = std::array::from_fn(|feature| held.counts_from(feature, now).0);
        self.end(before);
        self.held.push(Held {
            id: id.to_owned(),
            plan,
            seats,
            before: Some(before.to_owned()),
            began: now,
            ended: None,
            carried,
        });
    }

    /// Whether another has taken its place by an hour.
    pub fn is_superseded(&self, id: &str, hour: i64) -> bool {
        let is_it = |held: &Held| held.before.as_deref() == Some(id) && held.began <= hour;
        self.held.iter().any(is_it)
    }

    /// The first subscription that is in force.
    pub fn live(&self) -> Option<String> {
        let mut live = self.held.iter().filter(|held| held.ended.is_none());
        live.next().map(|held| held.id.clone())
    }

    /// From which hour on a subscription's feature counted at an hour, also before it began: then as
    /// in what it took the place of, or by the resets that the customer's first one would have had.
    fn counted_since(&self, held: &Held, feature: usize, hour: i64) -> Option<i64> {
        if hour >= held.began {
            return held.counts_from(feature, hour).0;
        }
        let before = held.before.as_deref();
        if let Some(before) = self.held.iter().find(|held| before == Some(&*held.id)) {
            return self.counted_since(before, feature, hour);
        }
        let first = self.held.iter().map(|held| held.began).min()?;
        let (_, reset, _) = PLANS[held.plan].features[feature];
        let resets = (1..).map_while(|period| boundary(reset, first, period));
        resets.take_while(|at| *at <= hour).last()
    }

    /// How far a counter stood above nothing at an hour that has passed. Of all values that it was
    /// set to, the last one alone is kept.
    fn level_then(&self, feature: usize, since: Option<i64>, hour: i64) -> i64 {
        let is_set =
            |(of, _, told): &&(usize, i64, Told)| *of == feature && matches!(told, Told::Set(_));
        let last_set = self.told.iter().filter(is_set).map(|(_, at, _)| *at).max();
        if last_set.is_none_or(|at| at <= hour) {
            return self.level(feature, since, hour);
        }
        let told = self.told.iter().filter(|told| !is_set(told)).copied();
        let unset = Self {
            told: told.collect(),
            ..Self::default()
        };
        unset.level(feature, since, hour)
    }

    /// How far a counter stands above nothing at an hour, by what had happened until then.
    fn level(&self, feature: usize, since: Option<i64>, hour: i64) -> i64 {
        let all = self.told.iter().enumerate();
        let all = all.filter(|(_, (of, at, _))| *of == feature && *at <= hour);
        let told: Vec<(i64, usize, Told)> = all
            .map(|(place, (_, at, told))| (*at, place, *told))
            .collect();
        let is_in = |at: i64| since.is_none_or(|since| at >= since);
        let sets = told.iter().filter_map(|(at, place, told)| match told {
            Told::Set(n) if is_in(*at) => Some((*at, *place, *n)),
            _ => None,
        });
        let base = sets.max();
        let mut level = base.map_or(0, |(_, _, n)| n);
        let from = base.map(|(at, _, _)| at).or(since);
        for (at, place, word) in &told {
            let is_after = base.is_none_or(|(set, of, _)| (*at, *place) > (set, of));
            if let Told::Moved(n) = word {
                level += if is_in(*at) && is_after { *n } else { 0 };
            }
        }
        // Of two readings of one time the first counts.
        let shown = |is_wanted: &dyn Fn(i64) -> bool| {
            let shown = told.iter().filter_map(|(at, place, word)| match word {
                Told::Shown(n) if is_wanted(*at) => Some((*at, std::cmp::Reverse(*place), *n)),
                _ => None,
            });
            shown.max().map_or(0, |(_, _, n)| n)
        };
        let before = from.map_or(0, |from| shown(&|at| at <= from));
        level + (shown(&|_| true) - before).max(0)
    }

    fn is_known(&self, feature: usize, hour: i64) -> bool {
        let mut told = self.told.iter();
        told.any(|(of, at, _)| *of == feature && *at <= hour)
    }

    fn allowance(&self, feature: usize, hour: i64) -> Option<i64> {
        let mut newest = self.told.iter().rev();
        newest.find_map(|(of, at, told)| match told {
            Told::Allowed(n) if *of == feature && *at <= hour => Some(*n),
            _ => None,
        })
    }

    /// Of each subscription that is in force at an hour, a row for each feature.
    pub fn rows(&self, hour: i64) -> Vec<Row> {
        let live = self.held.iter().filter(|held| held.began <= hour);
        let live = live.filter(|held| held.ended.is_none_or(|ended| hour < ended));
        let row = |held: &Held, feature: usize| {
            let (by_plan, _, is_hard) = PLANS[held.plan].features[feature];
            let bought = held.seats.filter(|_| feature == SEATS);
            let bought = bought.map(|seats| i64::try_from(seats).unwrap() * 4);
            let (since, resets_at) = held.counts_from(feature, hour);
            let is_counted = feature != SEATS || self.is_known(feature, hour);
            Row {
                feature,
                subscription: held.id.clone(),
                limit: self.allowance(feature, hour).or(bought).or(by_plan),
                used: is_counted.then(|| self.level(feature, since, hour).max(0)),
                since,
                resets_at,
                is_hard,
            }
        };
        live.flat_map(|held| (0..FEATURES.len()).map(move |feature| row(held, feature)))
            .collect()
    }

    /// The same now, as somebody sees it who adds up the rows of a feature: what was allowed stands in
    /// the first row alone. Of those that count since the same hour each holds what is left of the use
    /// as far as its limit goes, the last one the rest.
    pub fn rows_shared(&self) -> Vec<Row> {
        let mut rows = self.rows(self.now);
        rows.sort_by_key(|row| (self.began(&row.subscription), row.subscription.clone()));
        let mut met = BTreeSet::new();
        rows.retain(|row| {
            let is_first = met.insert(row.feature);
            is_first || self.allowance(row.feature, self.now).is_none()
        });
        let mut groups: BTreeMap<_, Vec<&mut Row>> = BTreeMap::new();
        for row in rows.iter_mut().filter(|row| row.feature != SEATS) {
            groups
                .entry((row.feature, row.since))
                .or_default()
                .push(row);
        }
        for group in groups.into_values() {
            let mut before = 0;
            let last = group.len() - 1;
            for (place, row) in group.into_iter().enumerate() {
                let left = (row.used.unwrap_or(0) - before).max(0);
                let limit = row.limit.filter(|_| place < last);
                let held = limit.map_or(left, |limit| left.min(limit));
                row.used = Some(held);
                before += held;
            }
        }
        rows
    }

    fn began(&self, id: &str) -> i64 {
        let mut held = self.held.iter();
        held.find(|held| held.id == id).unwrap().began
    }

    /// Where nothing is in force, what was told of is shown by itself.
    pub fn rows_beside(&self) -> Vec<Row> {
        if self.live().is_some() {
            return Vec::new();
        }
        let known = (0..FEATURES.len()).filter(|feature| self.is_known(*feature, self.now));
        let row = |feature| Row {
            feature,
            subscription: String::new(),
            limit: None,
            used: Some(self.level(feature, None, self.now).max(0)),
            since: None,
            resets_at: None,
            is_hard: false,
        };
        known.map(row).collect()
    }

    /// Whether every counter of a feature stays above nothing with so much less at an hour: as it
    /// stood then, and as it stands now, where that hour is in it.
    pub fn can_take_back(&self, feature: usize, n: i64, hour: i64) -> bool {
        let hour = hour.min(self.now);
        let live = self.held.iter().filter(|held| held.ended.is_none());
        let mut windows: Vec<_> = live
            .map(|held| [hour, self.now].map(|at| self.counted_since(held, feature, at)))
            .collect();
        if windows.is_empty() {
            windows.push([None, None]);
        }
        let sets = self.told.iter().filter_map(|(of, at, told)| match told {
            Told::Set(_) if *of == feature => Some(*at),
            _ => None,
        });
        let set_after = sets.max().filter(|at| *at > hour);
        windows.into_iter().all(|[then, now]| {
            let is_in = now.is_none_or(|now| hour >= now) && set_after.is_none();
            self.level_then(feature, then, hour) + n >= 0
                && (!is_in || self.level(feature, now, self.now) + n >= 0)
        })
    }
}
