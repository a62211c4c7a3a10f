//! Logs that are folded again while more comes in, beside live states that are as the log says, and
//! beside some that are not. All in memory.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::path::Path;

use sha2::{Digest, Sha256};

use super::*;
use crate::domain::delivery::Evidence;
use crate::domain::state::CustomerNotes;
use crate::eventlog::forge::{self, Forged};
use crate::eventlog::page::Page;
use crate::eventlog::{Event, Identity};
use crate::ledger::refold::{Refold, fold};

const A_PAGE: usize = 3;

fn at(n: u64) -> Timestamp {
    Timestamp::from_seconds(1_790_000_000 + i64::try_from(n).unwrap()).unwrap()
}

/// Subscriptions of customers of their own, each activated and paid by one event.
fn records(count: u64) -> Vec<Forged> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-events/razorpay");
    let body = std::fs::read_to_string(folder.join("02.subscription.activated.json")).unwrap();
    let record = |n: u64| {
        let own = body
            .replace("Ldgr0000000001", &format!("Ldgr{n:010}"))
            .replace("cust_Ldgr000000001", &format!("cust_{n}"))
            .replace("order_Ldgr00000001", &format!("order_{n}"))
            .replace("user_42", &format!("user_{n}"));
        let body_sha256: [u8; 32] = Sha256::digest(&own).into();
        let source = if n.is_multiple_of(2) { "even" } else { "odd" };
        let event = Event {
            source: source.into(),
            provider: "razorpay".into(),
            identity: Identity::of_body(source, &body_sha256),
            event_id: None,
            event_type: Some("subscription.activated".into()),
            occurred_at: at(n),
            stale: false,
            evidence: Evidence::default(),
            body: own.into(),
            body_sha256,
            request_sha256: None,
        };
        Forged::event(event, at(n))
    };
    (1..=count).map(record).collect()
}

fn notes() -> CustomerNotes {
    let key = "customer_identifier";
    [("even", key), ("odd", key)]
        .map(|(source, key)| (source.into(), key.into()))
        .into()
}

/// A ledger that has taken in some of its pages; the rest is still to come.
struct Rig {
    engine: Arc<dyn Engine>,
    live: Arc<RwLock<State>>,
    coming: Vec<Page>,
}

impl Rig {
    fn new(count: u64, pages_there: usize) -> Self {
        let mut pages = forge::pages(&records(count), A_PAGE);
        let coming = pages.split_off(pages_there);
        let mut rig = Self {
            engine: forge::log(&[], A_PAGE),
            live: Arc::new(RwLock::new(State::new(notes()))),
            coming: Vec::new(),
        };
        pages.iter().for_each(|page| rig.take_in(page));
        rig.coming = coming;
        rig.coming.reverse();
        rig
    }

    fn take_in(&self, page: &Page) {
        self.engine.append(page.page_no() - 1, page).unwrap();
        let all = Refold::default();
        for stored in all.understand(&*self.engine, page).unwrap() {
            fold(&mut self.live.write(), &stored);
        }
    }

    fn replay(&mut self, of: ReplayOf) -> Result<Replayed, ReplayError> {
        let replay = Replay {
            engine: Arc::clone(&self.engine),
            live: Arc::clone(&self.live),
            of,
        };
        // Events come in all the while.
        replay.run(&mut |_| {
            if let Some(page) = self.coming.pop() {
                self.take_in(&page);
            }
            Ok(())
        })
    }

    /// Puts into the live state what no event says: that the event `seq` came later and was about
    /// another plan.
    fn plant(&self, seq: u64) {
        let page = self.engine.read(seq).unwrap().unwrap();
        let all = Refold::default();
        let stored = all.understand(&*self.engine, &page).unwrap();
        let of = stored.into_iter().find(|stored| stored.record.seq() == seq);
        let mut stored = of.unwrap();
        for change in &mut stored.meaning.changes {
            change.revision += 1;
            if let crate::domain::event::Fact::Subscription(fact) = &mut change.fact {
                fact.plan_id = Some("plan_that_nobody_sold".into());
            }
        }
        fold(&mut self.live.write(), &stored);
    }
}

fn of_customer(id: &str) -> ReplayOf {
    ReplayOf {
        customer: Some(id.into()),
        ..ReplayOf::default()
    }
}

#[test]
fn a_ledger_that_goes_on_taking_in_events_is_what_its_log_says() {
    let mut rig = Rig::new(30, 2);
    let report = rig.replay(ReplayOf::default()).unwrap();
    assert_eq!(report.differences, []);
    assert_eq!(report.identical, Some(true));
    assert!(rig.coming.is_empty(), "all of it came meanwhile");
    assert_eq!((report.events, report.until_seq), (30, 30));
    let live = rig.live.read();
    assert_eq!(report.digest, Keepsake::of(&live).digest());
    assert_eq!(live.customer_count(), 30);
}

/// Without the plant the same rig is identical: see above.
#[test]
fn what_no_event_says_is_found_field_by_field() {
    let mut rig = Rig::new(30, 5);
    rig.plant(7);
    let report = rig.replay(ReplayOf::default()).unwrap();
    assert_eq!(report.identical, Some(false));
    let named = |field: &str| {
        let found = report.differences.iter();
        let mut found = found.filter(|each| each.field.as_deref() == Some(field));
        found
            .next()
            .unwrap_or_else(|| panic!("{field} in {report:?}"))
    };
    let plan = named("plan.id");
    assert_eq!(plan.kind, "subscription");
    assert_eq!(plan.live, "plan_that_nobody_sold");
    assert_eq!(plan.replayed, "plan_Ldgr000000001");
    assert_eq!(named("events").kind, "counts");
    assert_eq!(report.differences.len(), 2, "{report:?}");
    let live = rig.live.read();
    assert_ne!(report.digest, Keepsake::of(&live).digest());
}

#[test]
fn one_customer_is_compared_alone_and_shown_step_by_step() {
    let mut rig = Rig::new(12, 4);
    rig.plant(7);
    let other = rig.replay(of_customer("user_3")).unwrap();
    assert_eq!(other.identical, Some(true));
    assert_eq!(other.customer.unwrap()["customer_identifier"], "user_3");
    let report = rig
        .replay(ReplayOf {
            with_steps: true,
            ..of_customer("user_7")
        })
        .unwrap();
    assert_eq!(report.identical, Some(false));
    assert_eq!(report.differences.len(), 1);
    let [step] = &report.steps[..] else {
        panic!("{report:?}")
    };
    assert_eq!(step.seq, 7);
    assert!(
        step.changed
            .iter()
            .any(|line| line == "customer_identifier: null -> \"user_7\"")
    );
}

#[test]
fn a_part_of_the_log_is_folded_and_compared_with_nothing() {
    let until = |until| ReplayOf {
        until: Some(until),
        ..ReplayOf::default()
    };
    let source = ReplayOf {
        source: Some("even".into()),
        ..ReplayOf::default()
    };
    for (of, events, last) in [
        (until(Until::Seq(8)), 8, 8),
        (until(Until::Time(at(5))), 5, 5),
        (source, 6, 12),
    ] {
        let mut rig = Rig::new(12, 4);
        let report = rig.replay(of.clone()).unwrap();
        assert_eq!((report.events, report.until_seq), (events, last), "{of:?}");
        assert_eq!(report.identical, None, "{of:?}");
        assert!(report.compared_with.starts_with("nothing: "), "{of:?}");
    }
    // All of the log is no part of it.
    for seq in [12, 900] {
        let report = Rig::new(12, 4).replay(until(Until::Seq(seq))).unwrap();
        assert_eq!((report.identical, report.until_seq), (Some(true), 12));
    }
}

#[test]
fn it_ends_where_it_is_told_to() {
    let rig = Rig::new(30, 10);
    let replay = Replay {
        engine: Arc::clone(&rig.engine),
        live: Arc::clone(&rig.live),
        of: ReplayOf::default(),
    };
    let mut steps = 0;
    let ended = replay.run(&mut |_| {
        steps += 1;
        if steps < 3 { Ok(()) } else { Err(Ended) }
    });
    assert_eq!(ended.unwrap_err(), ReplayError::Ended(Ended));
    assert_eq!(steps, 3);
}

#[test]
fn more_differences_than_anyone_reads_are_counted() {
    let mut found = Differences::default();
    for n in 0..=DIFFERENCES_MAX {
        let exhibit = Exhibit {
            kind: "payment",
            id: n.to_string(),
            json: b"{}".to_vec(),
        };
        found.compare(Some(exhibit), None);
    }
    assert_eq!((found.found.len(), found.left_off), (DIFFERENCES_MAX, 1));
}
