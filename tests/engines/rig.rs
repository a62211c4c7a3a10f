//! What the tests of the log share: events, a fold that remembers, a running writer, and an engine
//! that does as it is told.

use std::collections::VecDeque;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use rand::SeedableRng;
use rand::rngs::StdRng;
use sha2::{Digest, Sha256};
use subledger::clock::{Clock, FixedClock};
use subledger::domain::delivery::Evidence;
use subledger::domain::time::Timestamp;
use subledger::eventlog::page::Page;
use subledger::eventlog::{
    Answer, Committed, Content, Draft, Engine, Event, Fault, Finding, Fold, Handle, Identities,
    Identity, Log, OpenError, OpenOptions, Opened, Receipt, Record, Running, State, Tail,
    Unavailable, Verdict, Walk, open, start,
};
use tempfile::TempDir;

/// Checks a log against itself alone.
pub fn verify(engine: &dyn Engine, on: &mut dyn FnMut(Finding<'_>)) -> Result<Verdict, Fault> {
    Walk::new(engine, None, &[])?.run(on)
}

/// Memory where there is some: these tests sync a lot.
pub fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        tempfile::tempdir_in(memory).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    }
}

pub fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            match fs::copy(entry.path(), target) {
                Ok(_) => {}
                // The witness was replaced between the look and the copy.
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => panic!("{}: {error}", entry.path().display()),
            }
        }
    }
}

pub fn now() -> Timestamp {
    Timestamp::from_seconds(1_790_000_000).unwrap()
}

pub fn options(data_dir: &Path) -> OpenOptions {
    OpenOptions {
        min_free_bytes: 0,
        ..OpenOptions::new(data_dir.to_path_buf())
    }
}

/// The body of event `n`: sizes vary, so that pages of one chunk and of several occur.
pub fn body(n: u64) -> Vec<u8> {
    let size = match n % 50 {
        0 => 60_000,
        k => 100 + k * 30,
    };
    let mut body = format!("event {n} ").into_bytes();
    let mut word = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    while body.len() < size as usize {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        body.extend_from_slice(&word.to_le_bytes());
    }
    body
}

pub fn event(id: u64, body: Vec<u8>) -> Event {
    Event {
        source: "kelviq".into(),
        provider: "kelviq".into(),
        identity: Identity::of_signed_id("kelviq", &id.to_string()),
        event_id: Some(id.to_string()),
        body_sha256: Sha256::digest(&body).into(),
        event_type: Some("subscription.created".into()),
        occurred_at: now(),
        stale: false,
        evidence: Evidence {
            scheme: "kelviq-hmac-sha256".into(),
            key_id: "2026-a".into(),
            headers: vec![("webhook-id".into(), id.to_string())],
        },
        body: body.into(),
        request_sha256: None,
    }
}

pub fn draft(n: u64) -> Draft {
    Draft::new(event(n, body(n))).unwrap()
}

/// The meaning that the fold cannot take.
pub const UNFOLDABLE: u64 = u64::MAX;

/// What was folded: seq and, as its meaning, the event's number; recovered events have none.
#[derive(Default)]
pub struct Folded {
    pub events: Vec<(u64, Option<u64>)>,
}

impl Folded {
    pub fn seqs(&self) -> Vec<u64> {
        self.events.iter().map(|(seq, _)| *seq).collect()
    }

    pub fn has(&self, meaning: u64) -> bool {
        self.events.iter().any(|(_, found)| *found == Some(meaning))
    }
}

#[derive(Clone, Default)]
pub struct TestFold(pub Arc<Mutex<Folded>>);

impl Fold<u64> for TestFold {
    fn committed(&mut self, batch: &mut Vec<Committed<u64>>) {
        assert!(
            batch.iter().all(|event| event.meaning != UNFOLDABLE),
            "a bug of the fold"
        );
        let events = batch
            .drain(..)
            .map(|event| (event.seq, Some(event.meaning)));
        self.0.lock().events.extend(events);
    }

    fn recovered(&mut self, record: &Record) {
        self.0.lock().events.push((record.seq(), None));
    }
}

/// A refused command's word for why.
pub type Refusal = &'static str;

/// A running writer, and what it folded.
pub struct World {
    pub handle: Handle<u64, Refusal>,
    pub running: Running<u64, Refusal>,
    pub engine: Arc<dyn Engine>,
    pub folded: Arc<Mutex<Folded>>,
    pub clock: Arc<FixedClock>,
}

impl World {
    pub fn open(options: &OpenOptions) -> Result<Self, OpenError> {
        Ok(Self::start(open(options, now())?))
    }

    pub fn over(engine: Arc<dyn Engine>) -> Self {
        Self::start(Opened::over(engine).unwrap())
    }

    pub fn start(opened: Opened) -> Self {
        let mut fold = TestFold::default();
        let mut identities = Identities::default();
        for record in opened.log().records(1) {
            let record = record.unwrap();
            identities
                .remember(&record, Content::of_body(record.body()))
                .unwrap();
            fold.recovered(&record);
        }
        let engine = Arc::clone(&opened.engine);
        let folded = Arc::clone(&fold.0);
        let clock = Arc::new(FixedClock::new(now()));
        let shared: Arc<dyn Clock> = Arc::<FixedClock>::clone(&clock);
        let (handle, running) = start(opened, identities, shared, Box::new(fold)).unwrap();
        Self {
            handle,
            running,
            engine,
            folded,
            clock,
        }
    }

    pub fn log(&self) -> Log {
        Log::new(Arc::clone(&self.engine))
    }

    pub fn submit(&self, n: u64) -> Result<Answer, Unavailable> {
        self.handle.submit(draft(n), n)
    }

    /// Hands over event `n` and waits for its answer.
    pub fn record(&self, n: u64) -> Result<Receipt, Unavailable> {
        wait(self.submit(n)?)
    }

    /// Hands over all events before waiting for any answer.
    pub fn record_all(&self, events: impl IntoIterator<Item = u64>) -> Vec<Receipt> {
        let answers: Vec<_> = events
            .into_iter()
            .map(|n| self.submit(n).unwrap())
            .collect();
        answers
            .into_iter()
            .map(|answer| wait(answer).unwrap())
            .collect()
    }

    pub fn state(&self) -> State {
        self.handle.health().state()
    }

    /// Ends the writer and lets go of the store.
    pub fn stop(self) {
        self.running.stop();
    }
}

pub fn wait(answer: Answer) -> Result<Receipt, Unavailable> {
    answer.blocking_recv().unwrap_or(Err(Unavailable::Stopping))
}

/// Waits for what another thread is about to do; half a minute is never reached on a machine that
/// makes progress.
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Chance that can be repeated: the seed is printed, and taken back from `SEED`.
pub fn seeded() -> StdRng {
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(rand::random);
    println!("SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// The log's bodies; their seqs must be dense from 1.
pub fn stored(log: &Log) -> Vec<Vec<u8>> {
    let records = log.records(1).zip(1_u64..).map(|(record, seq)| {
        let record = record.unwrap();
        assert_eq!(record.seq(), seq);
        record.body().to_vec()
    });
    records.collect()
}

/// What the engine does with an append.
pub enum Act {
    /// Waits until [`ScriptedEngine::release`] is called, then appends.
    Block,
    /// Appends, then answers with the fault all the same.
    LandThen(Fault),
    /// Answers with the fault and appends nothing.
    Fail(Fault),
}

/// An engine that follows a script and then the engine it wraps.
pub struct ScriptedEngine {
    inner: Arc<dyn Engine>,
    script: Mutex<VecDeque<Act>>,
    released: Mutex<bool>,
    door: Condvar,
    pub waiting: Mutex<bool>,
    pub reopen_fault: Mutex<Option<Fault>>,
    pub appends: Mutex<Vec<u64>>,
}

impl ScriptedEngine {
    pub fn new(inner: Arc<dyn Engine>, script: impl IntoIterator<Item = Act>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            script: Mutex::new(script.into_iter().collect()),
            released: Mutex::new(false),
            door: Condvar::new(),
            waiting: Mutex::new(false),
            reopen_fault: Mutex::new(None),
            appends: Mutex::new(Vec::new()),
        })
    }

    pub fn release(&self) {
        *self.released.lock() = true;
        self.door.notify_all();
    }

    pub fn wait_until_blocked(&self) {
        eventually("an append", || *self.waiting.lock());
    }
}

impl Engine for ScriptedEngine {
    fn last(&self) -> Result<Tail, Fault> {
        self.inner.last()
    }

    fn append(&self, after: u64, page: &Page) -> Result<(), Fault> {
        self.appends
            .lock()
            .push(page.last_seq() - page.first_seq() + 1);
        let act = self.script.lock().pop_front();
        match act {
            None => self.inner.append(after, page),
            Some(Act::Block) => {
                *self.waiting.lock() = true;
                let mut released = self.released.lock();
                self.door.wait_while(&mut released, |released| !*released);
                self.inner.append(after, page)
            }
            Some(Act::LandThen(fault)) => {
                self.inner.append(after, page)?;
                Err(fault)
            }
            Some(Act::Fail(fault)) => Err(fault),
        }
    }

    fn read(&self, seq: u64) -> Result<Option<Page>, Fault> {
        self.inner.read(seq)
    }

    fn next_page_after(&self, seq: u64) -> Result<Option<u64>, Fault> {
        self.inner.next_page_after(seq)
    }

    fn reopen(&self) -> Result<(), Fault> {
        self.reopen_fault
            .lock()
            .clone()
            .map_or_else(|| self.inner.reopen(), Err)
    }

    fn store_bytes(&self) -> Result<u64, Fault> {
        self.inner.store_bytes()
    }
}
