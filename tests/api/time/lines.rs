//! How subscriptions stand that are begun, changed, bought and cancelled, as the documents say it: all
//! is worked out anew from what was told, so that what comes late counts like everything else.

use subledger::domain::catalog::Period;
use subledger::domain::time::Timestamp;

/// What was told of one subscription.
#[derive(Debug)]
pub struct Held {
    /// `None`: it begins with a payment that nobody made yet.
    pub id: Option<String>,
    pub plan: &'static str,
    /// `None`: it was given to a new customer.
    pub period: Option<Period>,
    pub started: Option<Timestamp>,
    /// When it was said that it is to be had.
    pub told: Option<Timestamp>,
    pub trial_end: Option<Timestamp>,
    /// The one that was changed into it.
    pub from: Option<usize>,
    /// Until when it is had at least because of that.
    pub least: Option<Timestamp>,
    /// When it was changed into another.
    pub changed: Option<Timestamp>,
    /// When somebody paid a month of it.
    pub paid: Vec<Timestamp>,
    /// When somebody paid for what takes its place.
    pub instead: Vec<Timestamp>,
    /// When it was asked to end, when that is, and whether at once.
    pub cancels: Vec<(Timestamp, Timestamp, bool)>,
}

/// How it stands.
#[derive(Debug)]
pub struct Stands {
    pub status: &'static str,
    pub over: Option<Timestamp>,
    pub through: Option<Timestamp>,
    pub cancel_at: Option<Timestamp>,
    pub is_tried: bool,
}

impl Stands {
    pub fn is_live(&self) -> bool {
        self.over.is_none() && self.cancel_at.is_none()
    }
}

impl Held {
    pub fn new(id: Option<String>, plan: &'static str, started: Option<Timestamp>) -> Self {
        Self {
            id,
            plan,
            period: None,
            started,
            told: None,
            trial_end: None,
            from: None,
            least: None,
            changed: None,
            paid: Vec::new(),
            instead: Vec::new(),
            cancels: Vec::new(),
        }
    }

    pub fn began(&self) -> Option<Timestamp> {
        self.started.or_else(|| self.paid.iter().min().copied())
    }

    /// When the cycle ends that runs.
    pub fn cycle_end(&self, standing: &Stands, now: Timestamp) -> Timestamp {
        let months = if self.period == Some(Period::Yearly) {
            12
        } else {
            1
        };
        let start = self.trial_end.filter(|_| self.period.is_some());
        let start = start.or_else(|| self.began()).unwrap();
        let running = || {
            let mut ends = (1..).map(|count| start.plus_months(count * months));
            ends.find(|end| *end > now).unwrap()
        };
        let tried = self.trial_end.filter(|_| standing.is_tried);
        standing.through.or(tried).unwrap_or_else(running)
    }
}

/// What is paid for.
#[derive(Debug, Clone, Copy)]
pub struct Paid {
    pub through: Timestamp,
    /// The months that follow each other up to then, and when the first of them began.
    months: u32,
    since: Timestamp,
}

impl Paid {
    const fn until(through: Timestamp) -> Self {
        Self {
            through,
            months: 0,
            since: through,
        }
    }

    /// A month more: each payment adds one to what is paid, or begins anew where that was over.
    /// Months that follow each other are counted from the first.
    pub fn and(before: Option<Self>, at: Timestamp) -> Self {
        let before = before.filter(|paid| at <= paid.through);
        let before = before.unwrap_or(Self::until(at));
        let months = before.months + 1;
        Self {
            through: before.since.plus_months(months),
            months,
            ..before
        }
    }
}

/// All that one customer has.
#[derive(Debug, Default)]
pub struct Lives {
    pub held: Vec<Held>,
}

impl Lives {
    /// It, what was changed into it, and so on.
    fn line(&self, place: usize) -> Vec<&Held> {
        let before = |held: &&Held| held.from.map(|from| &self.held[from]);
        std::iter::successors(Some(&self.held[place]), before).collect()
    }

    fn paid(&self, line: &[&Held]) -> Option<Paid> {
        let (held, before) = line.split_first()?;
        let before = self.paid(before);
        let least = held.least.map(Paid::until);
        let reaches = |paid: Option<Paid>| paid.map(|paid| paid.through);
        let before = before
            .filter(|_| reaches(before) >= reaches(least))
            .or(least);
        let mut paid = held.paid.clone();
        paid.sort();
        let months = paid.into_iter();
        months.fold(before, |paid, at| Some(Paid::and(paid, at)))
    }

    pub fn standing(&self, place: usize, now: Timestamp) -> Stands {
        let held = &self.held[place];
        let whole = self.line(place);
        // Of what was changed itself, the other one goes on.
        let line = if held.changed.is_some() {
            &whole[..1]
        } else {
            &whole[..]
        };
        let through = self.paid(line).map(|paid| paid.through);
        let paid: Vec<Timestamp> = line.iter().flat_map(|held| held.paid.clone()).collect();
        let newest = paid.iter().copied().max().max(held.told);
        let instead = line.iter().flat_map(|held| held.instead.clone());
        let instead = instead.filter(|at| Some(*at) > newest);
        let superseded = instead.chain(held.changed).min();
        let holds = |asked: Timestamp| !paid.iter().any(|at| *at > asked);
        let cancel = held.cancels.last().filter(|(asked, _, _)| holds(*asked));
        let cancel_end = cancel.map(|(_, end, _)| *end);
        let mut at_once = held.cancels.iter().filter(|(_, _, is)| *is);
        let at_once = at_once
            .find(|(asked, _, _)| holds(*asked))
            .map(|(_, end, _)| *end);
        let ends = [(cancel_end, "canceled"), (through, "expired")];
        let ends = ends
            .into_iter()
            .filter_map(|(end, word)| Some((end?, word)));
        let passed = ends.min().filter(|(end, _)| *end <= now);
        let is_paid = !held.paid.is_empty() || paid.iter().any(|at| Some(*at) > held.began());
        let is_tried = !is_paid && held.trial_end.is_some_and(|end| now < end);
        let superseded = superseded.map(|at| (at.max(held.began().unwrap_or(at)), "superseded"));
        let over = at_once
            .map(|end| (end, "canceled"))
            .or(superseded)
            .or(passed);
        let going = if is_tried { "trialing" } else { "active" };
        let cancel_at = cancel_end.map(|end| end.min(through.unwrap_or(end)));
        Stands {
            status: over.map_or(going, |(_, word)| word),
            over: over.map(|(end, _)| end),
            through,
            cancel_at: at_once.or(cancel_at),
            is_tried: is_tried && over.is_none(),
        }
    }

    /// Those that go on.
    pub fn live(&self, now: Timestamp) -> Vec<usize> {
        let begun = (0..self.held.len()).filter(|place| self.held[*place].began().is_some());
        begun
            .filter(|place| self.standing(*place, now).is_live())
            .collect()
    }
}
