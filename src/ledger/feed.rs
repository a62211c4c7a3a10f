//! The log as it grows, for readers who follow it: a signal when there is more, and pages of events
//! ready to be sent. It keeps nothing for any one reader, and knows neither how many there are nor
//! how they are told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::sync::watch;

use super::history::each;
use super::{Actor, Caller, EventFilter, Ledger, ReadError};

/// Pages kept ready for all who follow: at full speed what is committed in a sixth of a second,
/// and at most about 5 MB.
const PAGES_READY_MAX: usize = 16;
/// A page further back is one reader's alone and would only drive out what all others need.
const NEWEST_EVENTS: u64 = 8_192;
/// What is shown of an event may change with later ones (whose it is, whether it was accepted): no
/// page is older than this.
const READY_FOR: Duration = Duration::from_secs(1);

/// See the module.
pub(super) struct Feed {
    /// `None` once those who follow were told to go.
    folded: Mutex<Option<watch::Sender<u64>>>,
    pages: Mutex<VecDeque<Arc<FeedPage>>>,
}

/// Events that follow each other without a gap.
pub struct FeedPage {
    events: Vec<FeedEvent>,
    made_at: Instant,
}

/// One event, as the list of events shows it.
pub struct FeedEvent {
    /// Its sequence number.
    pub seq: u64,
    /// One line of JSON.
    pub json: String,
    source: String,
    event_type: Option<String>,
}

impl Default for Feed {
    fn default() -> Self {
        Self {
            folded: Mutex::new(Some(watch::Sender::new(0))),
            pages: Mutex::default(),
        }
    }
}

impl Feed {
    /// Everything up to `seq` is folded. Called once a commit by the one writer, and cheap: it
    /// wakes at most one task, whoever many follow.
    pub(super) fn folded(&self, seq: u64) {
        if let Some(folded) = &*self.folded.lock() {
            folded.send_replace(seq);
        }
    }

    fn ready_page(&self, seq: u64) -> Option<Arc<FeedPage>> {
        let pages = self.pages.lock();
        let mut newest_first = pages.iter().rev();
        newest_first
            .find(|page| page.holds(seq) && page.made_at.elapsed() < READY_FOR)
            .map(Arc::clone)
    }

    fn keep(&self, page: &Arc<FeedPage>) {
        let mut pages = self.pages.lock();
        pages.retain(|held| held.made_at.elapsed() < READY_FOR);
        if pages.len() >= PAGES_READY_MAX {
            pages.pop_front();
        }
        pages.push_back(Arc::clone(page));
    }
}

impl FeedPage {
    /// The events after a sequence number.
    #[must_use]
    pub fn after(&self, seq: u64) -> &[FeedEvent] {
        let from = self.events.partition_point(|event| event.seq <= seq);
        self.events.get(from..).unwrap_or_default()
    }

    fn holds(&self, seq: u64) -> bool {
        let (first, last) = (self.events.first(), self.events.last());
        first.is_some_and(|event| event.seq <= seq) && last.is_some_and(|event| event.seq >= seq)
    }
}

impl FeedEvent {
    /// Whether a filter lets it through.
    #[must_use]
    pub fn is_wanted(&self, filter: &EventFilter) -> bool {
        filter.wants(&self.source, self.event_type.as_deref())
    }
}

impl Ledger {
    /// Tells the last sequence number folded, and ends when those who follow are to go. For one
    /// task: it is woken by every commit.
    #[must_use]
    pub fn folded(&self) -> watch::Receiver<u64> {
        let folded = self.feed.folded.lock();
        folded
            .as_ref()
            .map_or_else(|| watch::channel(0).1, watch::Sender::subscribe)
    }

    /// Tells those who follow to go: the service is about to stop.
    pub fn end_feed(&self) {
        self.feed.folded.lock().take();
    }

    /// Whether a caller's key still opens anything.
    #[must_use]
    pub fn is_known(&self, caller: &Caller) -> bool {
        match caller.actor {
            Actor::Admin | Actor::Operator => true,
            Actor::Key(id) => self.state.read().key_is_live(id) == Some(true),
            Actor::Payer | Actor::Desk => false,
        }
    }

    /// The events from `after` on, where they are ready. Touches no store.
    #[must_use]
    pub fn ready_page(&self, after: u64) -> Option<Arc<FeedPage>> {
        self.feed.ready_page(after.saturating_add(1))
    }

    /// The events from `after` on, as far as one page of the log goes; `None` where nothing after
    /// it is folded. Reads the store, and takes as long as that does.
    ///
    /// # Errors
    /// [`ReadError`] where the store cannot be read.
    pub fn feed_page(&self, after: u64) -> Result<Option<Arc<FeedPage>>, ReadError> {
        let folded = self.last_seq();
        if after >= folded {
            return Ok(None);
        }
        let Some(page) = self.read_page(after.saturating_add(1))? else {
            return Ok(None);
        };
        let mut events = Vec::new();
        each(&page, |record| {
            if record.seq() > folded {
                return false;
            }
            let view = self.event_view(&record, false);
            events.push(FeedEvent {
                seq: view.seq,
                // Strings, numbers and lists: writing them cannot fail.
                json: serde_json::to_string(&view).unwrap_or_default(),
                source: view.source,
                event_type: record.event_type().map(str::to_owned),
            });
            true
        })?;
        let made_at = Instant::now();
        let made = Arc::new(FeedPage { events, made_at });
        if page.last_seq().saturating_add(NEWEST_EVENTS) >= folded {
            self.feed.keep(&made);
        }
        Ok(Some(made))
    }
}
