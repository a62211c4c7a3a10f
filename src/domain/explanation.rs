//! Why something is shown: the event that set it, and those that came later and did not. It knows
//! neither what was set nor by which rule.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::event::Interpretation;
use super::register::EventRef;
use super::time::Timestamp;

/// One event that the shown state was folded from.
#[derive(Debug, Clone, Copy)]
pub struct HeardEvent<'a> {
    /// What it says.
    pub meaning: &'a Interpretation,
    /// How the fold refers to it.
    pub about: EventRef<'a>,
    /// The provider's id for it.
    pub event_id: Option<&'a str>,
    /// When it was recorded, by this ledger's clock.
    pub recorded_at: Timestamp,
}

/// For each field that any event set, by the field's name, why it shows what it shows.
pub type Explain = BTreeMap<&'static str, Explanation>;

/// Events named as lost for one field: every field of a customer could name all of its events, and
/// those that came long before the newest are in its list of events.
pub const LOST_MAX: usize = 100;

/// Why one field shows what it shows.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[allow(missing_docs)]
pub struct Explanation {
    #[serde(flatten)]
    pub by: EventName,
    /// The events that arrived later, spoke of the field, and did not set it; ascending. At most
    /// the newest [`LOST_MAX`].
    pub lost: Vec<Lost>,
    /// How many older ones are not in `lost`, where any are not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost_left_off: Option<usize>,
}

/// An event, as an explanation names it.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[allow(missing_docs)]
pub struct EventName {
    pub seq: u64,
    pub event_id: Option<Box<str>>,
    pub event_type: Option<Box<str>>,
    /// When what it says happened, by the provider's clock.
    pub occurred_at: Timestamp,
    pub recorded_at: Timestamp,
}

/// An event that did not set a field it spoke of.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[allow(missing_docs)]
pub struct Lost {
    #[serde(flatten)]
    pub by: EventName,
    pub why: Why,
}

/// Why an event did not set a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// What it says happened before.
    Older,
    /// At the same time something of a higher order happened, or the field keeps the greatest
    /// word, whatever the times.
    LowerRank,
    /// It happened after an end that is final.
    AbsorbedByEnd,
}
