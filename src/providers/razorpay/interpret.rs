//! What a Razorpay body means: total, pure, and the same whenever it is asked.

use super::entities::Entities;
use super::facts::Event;
use super::words;
use crate::domain::delivery::Received;
use crate::domain::event::{Change, Interpretation, Reason, Standing};
use crate::domain::time::Timestamp;
use crate::providers::json::{self, Object};

const UNREADABLE: Standing = Standing::Quarantined(Reason::Unreadable);
/// How the ids of Razorpay's accounts begin.
const ACCOUNT_PREFIX: &str = "acc_";
const UNKNOWN_TYPE: Standing = Standing::Quarantined(Reason::UnknownType);

/// See [`crate::providers::Provider::interpret`].
pub(in crate::providers) fn interpret(received: &Received<'_>) -> Interpretation {
    let parsed = json::parse(received.body);
    let Some(root) = parsed.as_ref().and_then(Object::of) else {
        return Interpretation::without_changes(None, Timestamp::EPOCH, UNREADABLE);
    };
    let entities = Entities::of(root);
    let event_type = root.text("event");
    let occurred_at = entities.occurred_at(root, event_type.unwrap_or_default());
    let set_aside = |standing| Interpretation::without_changes(event_type, occurred_at, standing);
    let Some(word) = event_type else {
        return set_aside(UNREADABLE);
    };
    let Some(kind) = words::kind(word) else {
        let ignored = words::is_ignored(word);
        return set_aside(if ignored {
            Standing::Ignored
        } else {
            UNKNOWN_TYPE
        });
    };
    if !entities.have(kind.family) {
        return set_aside(UNREADABLE);
    }
    let paid_count = entities
        .subscription
        .and_then(|it| it.fields.count("paid_count"));
    let revision = paid_count.unwrap_or(0);
    let change = |fact| Change {
        occurred_at,
        revision,
        rank: kind.rank,
        fact,
    };
    let facts = Event { kind, entities }.facts();
    Interpretation {
        event_type: event_type.map(Into::into),
        occurred_at,
        standing: Standing::Folded,
        changes: facts.into_iter().map(change).collect(),
    }
}

/// Whether a body is in Razorpay's envelope beyond doubt: it says that it is an event, of which
/// account, of a type that is known, and has a payload.
pub(in crate::providers) fn is_envelope(root: Object<'_>) -> bool {
    let account = root.text("account_id").unwrap_or_default();
    let is_known = |word: &str| words::kind(word).is_some() || words::is_ignored(word);
    root.text("entity") == Some("event")
        && account.starts_with(ACCOUNT_PREFIX)
        && root.text("event").is_some_and(is_known)
        && root.object("payload").is_some()
}
