//! Signed deliveries in Razorpay's shape, as many as are wanted and no two alike, the clients that
//! send them, and the book of what was acknowledged. The book's promise is the product's: what was
//! answered 200 is stored, once, at the place it was told.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use super::http::{Answer, Client};
use super::rig::{ADMIN_KEY, SECRET};

/// Stands in every body; it belongs into the store and nowhere else.
pub const BODY_MARKER: &str = "canary-body-marker-55d0";
pub const PATH: &str = "/webhooks/razorpay";
/// Bounds what one test writes, and so what its check reads.
const EVENTS_MAX: u64 = 60_000;
const REST: Duration = Duration::from_millis(20);
/// After a refusal or a broken connection.
const RETRY_PAUSE: Duration = Duration::from_millis(2);
/// The largest page of `/v1/events`.
const PAGE: usize = 200;
/// Of the acknowledged subscriptions so many are asked for by id.
const SUBSCRIPTIONS_ASKED: usize = 20;

/// A delivery as it goes over the wire.
pub struct Delivery {
    pub id: String,
    pub body: String,
    pub signature: String,
}

/// The n-th delivery: always the same bytes.
pub fn delivery(n: u64) -> Delivery {
    signed(n, SECRET)
}

/// The same, signed with another secret.
pub fn signed(n: u64, secret: &str) -> Delivery {
    let sample = include_str!("../../sample-events/razorpay/02.subscription.activated.json");
    let body = sample
        .replace("Ldgr0000000001", &format!("Flt{n:011}"))
        .replace("Ldgr000000001", &format!("Flt{n:010}"))
        .replace("user_42", &format!("user_{n}"))
        .replace("Recurring Payment via Subscription", BODY_MARKER);
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    Delivery {
        id: format!("evt_{n}"),
        signature: hex::encode(mac.finalize().into_bytes()),
        body,
    }
}

pub fn subscription_path(n: u64) -> String {
    format!("/v1/subscriptions/sub_Flt{n:011}")
}

impl Delivery {
    pub fn headers(&self) -> [(&str, &str); 2] {
        [
            ("x-razorpay-signature", &self.signature),
            ("x-razorpay-event-id", &self.id),
        ]
    }

    pub fn post(&self, client: &mut Client) -> std::io::Result<Answer> {
        client.post(PATH, &self.headers(), self.body.as_bytes())
    }
}

/// What was sent, and what was promised for it.
#[derive(Default)]
pub struct Book {
    sent: AtomicU64,
    acknowledged: Mutex<BTreeMap<u64, u64>>,
    /// Sent, and not acknowledged yet: to be sent again, as a provider does.
    open: Mutex<BTreeSet<u64>>,
    refused: AtomicU64,
}

impl Book {
    /// Sends with `clients` at once for as long as `work` takes; answers what it answers.
    pub fn during<T>(&self, address: SocketAddr, clients: usize, work: impl FnOnce() -> T) -> T {
        let ends = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..clients {
                scope.spawn(|| self.send_until(&ends, address));
            }
            // Also where `work` panics: the scope waits for all clients.
            let _end = SetOnDrop(&ends);
            work()
        })
    }

    /// The same with one client that rests after each: what follows the log's end can reach it.
    pub fn during_few<T>(&self, address: SocketAddr, work: impl FnOnce() -> T) -> T {
        let ends = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                while !ends.load(Ordering::Relaxed) {
                    self.send(address, 1);
                    thread::sleep(REST);
                }
            });
            let _end = SetOnDrop(&ends);
            work()
        })
    }

    /// Sends `count` more, one after the other, and answers their numbers; all must be taken.
    pub fn send(&self, address: SocketAddr, count: u64) -> Vec<u64> {
        let mut client = Client::new(address);
        let numbers: Vec<u64> = (0..count).map(|_| self.next()).collect();
        for n in &numbers {
            let answer = delivery(*n).post(&mut client).unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text);
            self.take(*n, &answer);
        }
        numbers
    }

    /// The next number that was never sent.
    pub fn next(&self) -> u64 {
        let n = self.sent.fetch_add(1, Ordering::Relaxed) + 1;
        self.open.lock().unwrap().insert(n);
        n
    }

    /// Writes an answer down; one place for ever.
    pub fn take(&self, n: u64, answer: &Answer) {
        match answer.status {
            200 => {
                let seq = answer.seq();
                let before = self.acknowledged.lock().unwrap().insert(n, seq);
                assert!(before.is_none_or(|before| before == seq), "{n}: two places");
                self.open.lock().unwrap().remove(&n);
            }
            503 => {
                assert!(answer.header("retry-after").is_some(), "{}", answer.text);
                self.refused.fetch_add(1, Ordering::Relaxed);
            }
            other => panic!("answered {other}: {}", answer.text),
        }
    }

    /// The numbers that were acknowledged.
    pub fn numbers(&self) -> Vec<u64> {
        self.acknowledged.lock().unwrap().keys().copied().collect()
    }

    pub fn acknowledged(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    fn send_until(&self, ends: &AtomicBool, address: SocketAddr) {
        let mut client = Client::new(address);
        while !ends.load(Ordering::Relaxed) {
            let again = self.open.lock().unwrap().pop_first();
            let n = match again {
                Some(n) => n,
                None if self.sent.load(Ordering::Relaxed) >= EVENTS_MAX => return,
                None => self.sent.fetch_add(1, Ordering::Relaxed) + 1,
            };
            let answer = delivery(n).post(&mut client);
            if answer.as_ref().is_ok_and(|answer| answer.status == 200) {
                self.take(n, &answer.unwrap());
                continue;
            }
            self.open.lock().unwrap().insert(n);
            if let Ok(answer) = &answer {
                self.take(n, answer);
            }
            thread::sleep(RETRY_PAUSE);
        }
    }

    /// Everything that was acknowledged is stored once, at its place; the log is dense and holds
    /// nothing twice; and queries show it.
    pub fn check(&self, address: SocketAddr) {
        let mut client = Client::new(address);
        let stored = stored(&mut client);
        if let Err(what) = self.compare(&stored) {
            panic!("{what}");
        }
        let stats = client.get("/v1/stats", ADMIN_KEY).unwrap().json();
        assert_eq!(stats["events"], stored.len(), "{stats}");
        assert_eq!(stats["last_seq"], stored.len(), "{stats}");
        let ours = stored.iter().filter(|event| event.source == "razorpay");
        assert_eq!(stats["subscriptions"]["active"], ours.count(), "{stats}");
        let acknowledged = self.acknowledged.lock().unwrap();
        let step = (acknowledged.len() / SUBSCRIPTIONS_ASKED).max(1);
        for (n, seq) in acknowledged.iter().step_by(step) {
            let answer = client.get(&subscription_path(*n), ADMIN_KEY).unwrap();
            assert_eq!(answer.status, 200, "{n}: {}", answer.text);
            assert_eq!(answer.json()["last_seq"], *seq, "{}", answer.text);
        }
    }

    /// The same of a log in which others wrote as well: what was acknowledged is at its place.
    pub fn check_among_others(&self, address: SocketAddr) {
        let stored = stored(&mut Client::new(address));
        for (at, event) in (1_u64..).zip(&stored) {
            assert_eq!(event.seq, at);
        }
        for (n, seq) in self.acknowledged.lock().unwrap().iter() {
            let event = usize::try_from(seq - 1).ok().and_then(|at| stored.get(at));
            let id = event.and_then(|event| event.id.clone());
            assert_eq!(id, Some(sent_id(n)), "at {seq}");
        }
    }

    fn compare(&self, stored: &[Stored]) -> Result<(), String> {
        let mut places = HashMap::new();
        for (at, event) in (1_u64..).zip(stored) {
            if event.seq != at {
                return Err(format!("at {at} stands {}", event.seq));
            }
            if event.source != "razorpay" {
                continue;
            }
            let id = event.id.clone().ok_or(format!("{at} has no event id"))?;
            if let Some(before) = places.insert(id.clone(), at) {
                return Err(format!("{id} is stored at {before} and at {at}"));
            }
        }
        for (n, seq) in self.acknowledged.lock().unwrap().iter() {
            let id = format!("evt_{n}");
            match places.remove(&id) {
                Some(found) if found == *seq => {}
                Some(found) => return Err(format!("{id} was to be at {seq}, is at {found}")),
                None => return Err(format!("{id}, acknowledged at {seq}, is lost")),
            }
        }
        // What is left was stored and its answer lost: it must have been sent.
        let open: HashSet<String> = self.open.lock().unwrap().iter().map(sent_id).collect();
        match places.keys().find(|id| !open.contains(*id)) {
            Some(id) => Err(format!("{id} is stored and was never sent")),
            None => Ok(()),
        }
    }
}

fn sent_id(n: &u64) -> String {
    format!("evt_{n}")
}

struct SetOnDrop<'a>(&'a AtomicBool);

impl Drop for SetOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Stored {
    seq: u64,
    source: String,
    id: Option<String>,
}

/// The whole log, as `/v1/events` shows it.
fn stored(client: &mut Client) -> Vec<Stored> {
    let mut all: Vec<Stored> = Vec::new();
    loop {
        let after = all.last().map_or(0, |event| event.seq);
        let path = format!("/v1/events?limit={PAGE}&after={after}");
        let page = client.get(&path, ADMIN_KEY).unwrap();
        assert_eq!(page.status, 200, "{}", page.text);
        let page = page.json();
        for event in page["data"].as_array().unwrap() {
            let text = |name: &str| event[name].as_str().map(str::to_owned);
            all.push(Stored {
                seq: event["seq"].as_u64().unwrap(),
                source: text("source").unwrap(),
                id: text("event_id"),
            });
        }
        if page["has_more"] == Value::Bool(false) {
            return all;
        }
    }
}

/// The comparison fails for each way in which a log can break its promise.
#[test]
fn a_broken_promise_would_be_found() {
    let log = |ids: &[&str]| -> Vec<Stored> {
        let event = |(seq, id): (u64, &&str)| Stored {
            seq,
            source: "razorpay".to_owned(),
            id: Some((*id).to_owned()),
        };
        (1..).zip(ids).map(event).collect()
    };
    let book = Book::default();
    book.acknowledged.lock().unwrap().extend([(1, 1), (2, 3)]);
    book.open.lock().unwrap().insert(9);
    assert_eq!(book.compare(&log(&["evt_1", "evt_9", "evt_2"])), Ok(()));
    let broken: [(&[&str], &str); 4] = [
        (&["evt_1", "evt_9"], "lost"),
        (&["evt_1", "evt_2"], "was to be at"),
        (&["evt_1", "evt_1", "evt_2"], "stored at 1 and at 2"),
        (&["evt_1", "evt_8", "evt_2"], "never sent"),
    ];
    for (ids, what) in broken {
        let found = book.compare(&log(ids)).unwrap_err();
        assert!(found.contains(what), "{found}");
    }
    let mut gap = log(&["evt_1", "evt_9", "evt_2"]);
    gap.remove(1);
    assert!(book.compare(&gap).unwrap_err().contains("stands 3"));
}
