//! Whose body it is: one of the other providers' by its envelope, or nobody's. It gives no body a
//! meaning of its own.

use crate::domain::delivery::Received;
use crate::domain::event::{Interpretation, Reason, Standing};
use crate::domain::time::Timestamp;
use crate::providers::json::{self, Object};
use crate::providers::{kelviq, razorpay, stykite};

const UNKNOWN_TYPE: Standing = Standing::Quarantined(Reason::UnknownType);

/// See [`crate::providers::Provider::interpret`].
pub(super) fn interpret(received: &Received<'_>) -> Interpretation {
    let parsed = json::parse(received.body);
    let Some(root) = parsed.as_ref().and_then(Object::of) else {
        return Interpretation::without_changes(None, Timestamp::EPOCH, UNKNOWN_TYPE);
    };
    if kelviq::is_envelope(root) {
        return kelviq::interpret(received);
    }
    if razorpay::is_envelope(root) {
        return razorpay::interpret(received);
    }
    if stykite::is_envelope(root) {
        return stykite::interpret(received);
    }
    // The standard recommends these two.
    let occurred_at = root.text("timestamp").and_then(Timestamp::parse);
    Interpretation::without_changes(
        root.text("type"),
        occurred_at.unwrap_or(Timestamp::EPOCH),
        UNKNOWN_TYPE,
    )
}
