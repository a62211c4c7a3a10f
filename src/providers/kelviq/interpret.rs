//! What a Kelviq body means: total, pure, and the same whenever it is asked.

use super::facts::Event;
use super::fields;
use super::words::{self, Kind};
use crate::domain::delivery::Received;
use crate::domain::event::{Change, Interpretation, Reason, Standing};
use crate::domain::time::Timestamp;
use crate::providers::json::{self, Object};

const UNREADABLE: Standing = Standing::Quarantined(Reason::Unreadable);
const UNKNOWN_TYPE: Standing = Standing::Quarantined(Reason::UnknownType);

/// See [`crate::providers::Provider::interpret`].
pub(in crate::providers) fn interpret(received: &Received<'_>) -> Interpretation {
    let parsed = json::parse(received.body);
    let Some(root) = parsed.as_ref().and_then(Object::of) else {
        return Interpretation::without_changes(None, Timestamp::EPOCH, UNREADABLE);
    };
    let event_type = root.text("type");
    let object = object(root);
    let occurred_at = occurred_at(root, object);
    let set_aside = |standing| Interpretation::without_changes(event_type, occurred_at, standing);
    let Some(word) = event_type else {
        return set_aside(UNREADABLE);
    };
    let Some(kind) = words::kind(word) else {
        return set_aside(UNKNOWN_TYPE);
    };
    if kind.family.is_ignored() {
        return set_aside(Standing::Ignored);
    }
    let facts = object.filter(|it| is_of(*it, kind)).and_then(|object| {
        let previous = root.object("data")?.object("previous_attributes");
        Event {
            kind,
            event_type: word,
            object,
            previous,
            body: received.body,
            occurred_at,
        }
        .facts()
    });
    let Some(facts) = facts else {
        return set_aside(UNREADABLE);
    };
    // Finer than the envelope's whole seconds, so it orders what happened within one.
    let modified_on = object.and_then(|it| it.text("modified_on"));
    let revision = modified_on.and_then(Timestamp::parse_micros).unwrap_or(0);
    let change = |fact| Change {
        occurred_at,
        revision,
        rank: kind.rank,
        fact,
    };
    Interpretation {
        event_type: event_type.map(Into::into),
        occurred_at,
        standing: Standing::Folded,
        changes: facts.into_iter().map(change).collect(),
    }
}

/// Whether a body is in Kelviq's envelope beyond doubt: one of its event types, around an object
/// that names itself as that type's.
pub(in crate::providers) fn is_envelope(root: Object<'_>) -> bool {
    let kind = root.text("type").and_then(words::kind);
    let object = object(root).and_then(|it| it.text("object"));
    kind.is_some_and(|kind| object == Some(kind.family.object()))
        && root.text("id").is_some()
        && fields::time(root, "created_at").is_some()
}

fn object(root: Object<'_>) -> Option<Object<'_>> {
    let [data, object] = fields::OBJECT_PATH;
    root.object(data)?.object(object)
}

/// An object that does not say what it is, is what the event type says.
fn is_of(object: Object<'_>, kind: Kind) -> bool {
    let word = object.text("object");
    word.is_none_or(|word| word == kind.family.object())
}

/// The envelope's time, else the object's own; arrival time is never used.
fn occurred_at(root: Object<'_>, object: Option<Object<'_>>) -> Timestamp {
    let own = || {
        let object = object?;
        fields::time(object, "modified_on").or_else(|| fields::time(object, "created_on"))
    };
    fields::time(root, "created_at")
        .or_else(own)
        .unwrap_or(Timestamp::EPOCH)
}
