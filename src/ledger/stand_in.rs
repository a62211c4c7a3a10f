//! TEMPORARY, until the fold has them.
#![allow(missing_docs, unused)]
use crate::domain::own::OwnFact;
use crate::domain::state::State;
use crate::domain::status::Status;
use crate::domain::time::Timestamp;

pub struct SubscriptionStanding {
    pub id: String,
    pub identifier: Option<Box<str>>,
    pub provider: &'static str,
    pub status: Status,
    pub is_ours: bool,
    pub started_at: Option<Timestamp>,
    pub cancel_at: Option<Timestamp>,
    pub end_date: Option<Timestamp>,
    pub cycle_end: Option<Timestamp>,
    pub ended: bool,
}

impl State {
    pub fn standing_of(&self, subscription: &str) -> Option<SubscriptionStanding> {
        None
    }
    pub fn next_due(&self) -> Option<Timestamp> {
        None
    }
    pub fn due(&self, until: Timestamp, limit: usize) -> Vec<OwnFact> {
        Vec::new()
    }
    pub fn is_due(&self, fact: &OwnFact) -> bool {
        false
    }
}
