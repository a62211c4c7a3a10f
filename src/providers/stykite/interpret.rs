//! What a Stykite body means: total, pure, and the same whenever it is asked.

use sha2::{Digest, Sha256};

use super::NAME;
use crate::domain::delivery::Received;
use crate::domain::event::{
    AddonFact, Change, Contact, Fact, Interpretation, Naming, PartyFact, Reason, Standing,
    SubscriptionFact, SubscriptionKey,
};
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::providers::decimal;
use crate::providers::json::{self, Object};

const STATUS_UPDATE: &str = "customer.subscription_status.update";
const ADDON_PURCHASE: &str = "addon.purchase.success";
/// How the ids of Stykite's events begin.
const EVENT_PREFIX: &str = "WBH-";
const UNREADABLE: Standing = Standing::Quarantined(Reason::Unreadable);
const UNKNOWN_TYPE: Standing = Standing::Quarantined(Reason::UnknownType);

/// See [`crate::providers::Provider::interpret`].
pub(in crate::providers) fn interpret(received: &Received<'_>) -> Interpretation {
    let parsed = json::parse(received.body);
    let Some(root) = parsed.as_ref().and_then(Object::of) else {
        return Interpretation::without_changes(None, Timestamp::EPOCH, UNREADABLE);
    };
    let data = root.object("data");
    let event_type = root.text("event");
    let occurred_at = data
        .and_then(|data| data.millis("timestamp"))
        .or_else(|| root.millis("created_at"))
        .unwrap_or(Timestamp::EPOCH);
    let set_aside = |standing| Interpretation::without_changes(event_type, occurred_at, standing);
    let fact = match event_type {
        None => return set_aside(UNREADABLE),
        Some(STATUS_UPDATE) => data.and_then(subscription),
        Some(ADDON_PURCHASE) => data.and_then(|data| addon(root, data, received.body)),
        Some(_) => return set_aside(UNKNOWN_TYPE),
    };
    let Some((party, fact)) = data.and_then(party).zip(fact) else {
        return set_aside(UNREADABLE);
    };
    let change = |fact| Change {
        occurred_at,
        revision: 0,
        rank: 0,
        fact,
    };
    Interpretation {
        event_type: event_type.map(Into::into),
        occurred_at,
        standing: Standing::Folded,
        changes: vec![change(party), change(fact)],
    }
}

/// Whether a body is in Stykite's envelope beyond doubt: one of its two event types under an id of
/// its own, about a customer.
pub(in crate::providers) fn is_envelope(root: Object<'_>) -> bool {
    let id = root.text("id").unwrap_or_default();
    id.starts_with(EVENT_PREFIX)
        && matches!(root.text("event"), Some(STATUS_UPDATE | ADDON_PURCHASE))
        && root.object("data").and_then(naming).is_some()
}

/// The customer's names; `None` where there is none at all.
fn naming(data: Object<'_>) -> Option<Naming> {
    let identifier = data.boxed("customer_identifier");
    let provider_id = data.boxed("customer_id");
    (identifier.is_some() || provider_id.is_some()).then(|| Naming {
        identifier,
        provider_id,
        ..Naming::default()
    })
}

fn party(data: Object<'_>) -> Option<Fact> {
    let contact = Contact {
        company_id: data.boxed("company_id"),
        country_id: data.boxed("country_id"),
        ..Contact::default()
    };
    Some(Fact::Party(PartyFact {
        provider: NAME,
        naming: naming(data)?,
        contact,
    }))
}

/// A status update names no subscription and no plan: it moves the customer's one subscription,
/// which can come back after any end.
fn subscription(data: Object<'_>) -> Option<Fact> {
    let naming = naming(data)?;
    let customer = naming
        .identifier
        .clone()
        .or_else(|| naming.provider_id.clone())?;
    let word = data.text("status")?;
    let status = status(word);
    Some(Fact::Subscription(Box::new(SubscriptionFact {
        provider: NAME,
        key: SubscriptionKey::OnePerCustomer(customer),
        status,
        provider_status: Some(word.into()),
        ends_are_final: false,
        reason: data
            .boxed("reason")
            .filter(|_| status == Some(Status::OnHold)),
        plan_id: None,
        quantity: None,
        trial_used: data.flag("trial_used"),
        period_start: None,
        period_end: None,
        period_is_granted: false,
        started_at: None,
        ended_at: None,
        created_at: None,
        deal: None,
        naming,
    })))
}

fn status(word: &str) -> Option<Status> {
    match word {
        "ACTIVE" => Some(Status::Active),
        "TRIAL" => Some(Status::Trialing),
        "CANCELLED" => Some(Status::Canceled),
        "ON_HOLD" => Some(Status::OnHold),
        "PAUSE" => Some(Status::Paused),
        _ => None,
    }
}

fn addon(root: Object<'_>, data: Object<'_>, body: &[u8]) -> Option<Fact> {
    let addon = data.object("addon");
    let text = |key| addon.and_then(|addon| addon.boxed(key));
    let transaction_id = data.boxed("transaction_tsid");
    let purchase_key = transaction_id
        .clone()
        .or_else(|| root.boxed("id"))
        .unwrap_or_else(|| hex::encode(Sha256::digest(body)).into());
    Some(Fact::Addon(AddonFact {
        provider: NAME,
        purchase_key,
        // The vendor's spelling, and the one it may be mended to.
        addon_id: text("adon_tsid").or_else(|| text("addon_tsid")),
        version_id: text("tsid"),
        name: text("name"),
        price: decimal::number_at(body, &["data", "addon", "price"]),
        transaction_id,
        status: data.boxed("status").or_else(|| text("status")),
        naming: naming(data)?,
    }))
}
