//! What is to be asked of a gateway, in the order in which it falls due. Each step costs the same
//! however much waits. It asks nobody itself, and reads no clock.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use super::errand::Next;
use crate::domain::checkout::GatewayWork;
use crate::gateways::Before;

/// Requests under way at once, each with a thread of its own: a gateway that answers late holds up
/// so many payers before others wait.
const ERRANDS_MAX: usize = 8;
/// Before the second try; each later one waits twice as long.
const RETRY_AFTER: Duration = Duration::from_millis(500);
/// The longest wait between two tries.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);
/// So many tries in a row without an answer that counts are an outage: then one asks for all.
const OUTAGE_TRIES: u32 = 16;
/// The longest wait between two tries in an outage: nobody waits much longer once it is over.
const OUTAGE_WAIT_MAX: Duration = Duration::from_secs(5);

/// See the module.
pub(super) struct Queue {
    tasks: HashMap<GatewayWork, Task>,
    /// Those that are not under way, by when they are due; the number tells equals apart.
    due: BTreeMap<(Instant, u64), GatewayWork>,
    numbered: u64,
    under_way: usize,
    /// Tries in a row without an answer that counts.
    troubles: u32,
    /// In an outage nothing is tried before.
    not_before: Option<Instant>,
}

/// Something to be done, for as long as the fold says so.
struct Task {
    before: Before,
    tries: u32,
    /// Its place among those that are due; `None` while an errand is under way.
    place: Option<(Instant, u64)>,
}

impl Queue {
    pub(super) fn new() -> Self {
        Self {
            tasks: HashMap::new(),
            due: BTreeMap::new(),
            numbered: 0,
            under_way: 0,
            troubles: 0,
            not_before: None,
        }
    }

    /// Takes in all that is wanted: drops what is not any more, and adds what is new, which may
    /// have been asked for `before`.
    pub(super) fn want(&mut self, wanted: Vec<GatewayWork>, before: Before, now: Instant) {
        let held: HashSet<&GatewayWork> = wanted.iter().collect();
        let due = &mut self.due;
        self.tasks.retain(|work, task| match task.place {
            Some(place) if !held.contains(work) => {
                due.remove(&place);
                false
            }
            _ => true,
        });
        for work in wanted {
            self.add(work, before, now);
        }
    }

    /// Adds one, unless it is there.
    pub(super) fn add(&mut self, work: GatewayWork, before: Before, now: Instant) {
        if !self.tasks.contains_key(&work) {
            let place = self.place(now, work.clone());
            let task = Task {
                before,
                tries: 0,
                place: Some(place),
            };
            self.tasks.insert(work, task);
        }
    }

    fn place(&mut self, at: Instant, work: GatewayWork) -> (Instant, u64) {
        self.numbered = self.numbered.saturating_add(1);
        let place = (at, self.numbered);
        self.due.insert(place, work);
        place
    }

    /// What is to be tried now, and is under way from here on.
    pub(super) fn take(&mut self, now: Instant) -> Option<(GatewayWork, Before)> {
        let at_once = if self.is_outage() { 1 } else { ERRANDS_MAX };
        let may_try = self.not_before.is_none_or(|at| at <= now);
        if self.under_way >= at_once || !may_try {
            return None;
        }
        let first = self
            .due
            .first_entry()
            .filter(|first| first.key().0 <= now)?;
        let work = first.remove();
        let task = self.tasks.get_mut(&work)?;
        task.place = None;
        self.under_way = self.under_way.saturating_add(1);
        Some((work, task.before))
    }

    /// What is under way came back like this.
    pub(super) fn back(&mut self, work: GatewayWork, next: Next, now: Instant) {
        self.under_way = self.under_way.saturating_sub(1);
        self.troubles = match next {
            Next::Trouble(_) => self.troubles.saturating_add(1),
            Next::Told | Next::Again(_) => 0,
        };
        let outage = self.troubles.checked_sub(OUTAGE_TRIES);
        self.not_before = outage.map(|tries| now + wait(tries).min(OUTAGE_WAIT_MAX));
        let Some(task) = self.tasks.get_mut(&work) else {
            return;
        };
        task.before = match next {
            Next::Again(before) | Next::Trouble(before) => before,
            // It is not wanted any more, once the fold has been looked at.
            Next::Told => Before::Perhaps,
        };
        let due = now + wait(task.tries);
        task.tries = task.tries.saturating_add(1);
        let place = self.place(due, work.clone());
        if let Some(task) = self.tasks.get_mut(&work) {
            task.place = Some(place);
        }
    }

    const fn is_outage(&self) -> bool {
        self.troubles >= OUTAGE_TRIES
    }

    /// When something can be tried, where anything can without one that is under way coming back.
    pub(super) fn wakes_at(&self) -> Option<Instant> {
        let at_once = if self.is_outage() { 1 } else { ERRANDS_MAX };
        if self.under_way >= at_once {
            return None;
        }
        let ((first, _), _) = self.due.first_key_value()?;
        Some(self.not_before.map_or(*first, |at| at.max(*first)))
    }
}

/// Twice as long each time, less up to a quarter by chance, so that many do not ask together.
fn wait(tries: u32) -> Duration {
    let doubled = RETRY_AFTER.saturating_mul(2_u32.saturating_pow(tries));
    let longest = doubled.min(RETRY_AFTER_MAX);
    longest - longest / 1_024 * (rand::random::<u32>() % 256)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const MANY: usize = 5_000;

    fn work(number: usize) -> GatewayWork {
        GatewayWork::Open {
            checkout: format!("TRN-{number}").into(),
            attempt: 1,
        }
    }

    fn many() -> Vec<GatewayWork> {
        (0..MANY).map(work).collect()
    }

    fn take_all(queue: &mut Queue, now: Instant) -> Vec<GatewayWork> {
        std::iter::from_fn(|| queue.take(now))
            .map(|(work, _)| work)
            .collect()
    }

    #[test]
    fn waits_grow_to_a_minute_and_no_further() {
        for tries in 0..100 {
            let wait = wait(tries);
            assert!(
                wait >= RETRY_AFTER * 3 / 4 && wait <= RETRY_AFTER_MAX,
                "{tries}"
            );
        }
        assert!(wait(99) >= RETRY_AFTER_MAX * 3 / 4);
        assert!(wait(0) <= RETRY_AFTER);
    }

    #[test]
    fn thousands_are_tried_once_each_in_their_order_after_one_look() {
        let (mut queue, now) = (Queue::new(), Instant::now());
        queue.want(many(), Before::Never, now);
        let mut tried = Vec::new();
        // Nothing but this is done between two errands.
        let mut steps = 0;
        while tried.len() < MANY {
            steps += 1;
            let taken = take_all(&mut queue, now);
            assert!(!taken.is_empty() && taken.len() <= ERRANDS_MAX);
            for work in taken {
                queue.back(work.clone(), Next::Told, now);
                tried.push(work);
            }
        }
        assert_eq!(steps, MANY.div_ceil(ERRANDS_MAX));
        assert_eq!(tried, many());
        assert!(queue.take(now).is_none(), "the rest waits");
        queue.want(Vec::new(), Before::Never, now);
        assert!(queue.tasks.is_empty() && queue.due.is_empty());
    }

    #[test]
    fn an_outage_is_not_hammered_and_ends_with_the_first_answer() {
        let (mut queue, mut now) = (Queue::new(), Instant::now());
        queue.want(many(), Before::Never, now);
        let mut tries = 0;
        let end = now + Duration::from_secs(120);
        while now < end {
            let taken = take_all(&mut queue, now);
            tries += taken.len();
            for work in taken {
                queue.back(work, Next::Trouble(Before::Never), now);
            }
            now = queue.wakes_at().unwrap();
        }
        assert!(tries < 100, "{tries} tries");
        let (work, _) = queue.take(now).unwrap();
        assert!(queue.take(now).is_none(), "one asks for all");
        queue.back(work, Next::Told, now);
        assert_eq!(take_all(&mut queue, now).len(), ERRANDS_MAX);
    }

    #[test]
    fn what_was_asked_is_remembered_until_it_is_not_wanted() {
        let (mut queue, now) = (Queue::new(), Instant::now());
        queue.add(work(1), Before::Never, now);
        assert_eq!(queue.take(now), Some((work(1), Before::Never)));
        // Under way: neither dropped nor begun again.
        queue.want(Vec::new(), Before::Never, now);
        queue.want(vec![work(1)], Before::Never, now);
        assert_eq!(queue.take(now), None);
        queue.back(work(1), Next::Trouble(Before::Perhaps), now);
        queue.want(vec![work(1)], Before::Never, now);
        let later = queue.wakes_at().unwrap();
        assert!(later > now);
        assert_eq!(queue.take(later), Some((work(1), Before::Perhaps)));
    }
}
