//! What the ledger's own events mean. Total, like every provider's translation: knows what is in a
//! body, and not who wrote it.

use super::{
    AcceptanceData, ERASED, Envelope, KEY_CREATED, KEY_REVOKED, KeyCreatedData, KeyRevokedData,
    QUARANTINE_ACCEPTED, ROLLBACK_ACCEPTED, SETTINGS, SettingsData, VERSION,
};
use crate::domain::accepted::AcceptedFact;
use crate::domain::event::{
    Change, Fact, Interpretation, OperationFact, Reason, SettingsFact, Standing,
};
use crate::domain::key::{KeyCreated, KeyDigest, KeyFact, KeyId};
use crate::domain::own::{OwnFact, UsageRead};
use crate::domain::time::Timestamp;

/// The types of [`OwnFact`].
const OWN_FACTS: [&str; 21] = [
    "customer.created",
    "customer.updated",
    "customer.archived",
    "customer.allowances_set",
    "usage.read",
    "usage.counted",
    "usage.reported",
    "usage.event",
    "checkout.opened",
    "checkout.attempted",
    "checkout.at_gateway",
    "checkout.refused",
    "checkout.cancelled",
    "checkout.expired",
    "subscription.created",
    "subscription.plan_changed",
    "subscription.cancel_asked",
    "subscription.cancelled_at_gateway",
    "subscription.end_date_set",
    "trial.ended",
    "subscription.ended",
];

/// What an operator may do to the log itself.
const OPERATIONS: &[&str] = &[ROLLBACK_ACCEPTED, ERASED];

/// What an event of our own means. Total, like every provider's translation.
pub(crate) fn interpret(body: &[u8]) -> Interpretation {
    let Ok(envelope) = serde_json::from_slice::<Envelope<serde_json::Value>>(body) else {
        let unreadable = Standing::Quarantined(Reason::Unreadable);
        return Interpretation::without_changes(None, Timestamp::EPOCH, unreadable);
    };
    let occurred_at = Timestamp::from_millis(envelope.at).unwrap_or_default();
    let kind = envelope.r#type;
    let set_aside = |reason| {
        Interpretation::without_changes(Some(&kind), occurred_at, Standing::Quarantined(reason))
    };
    let fact = if envelope.v != VERSION {
        return set_aside(Reason::UnknownType);
    } else if kind == SETTINGS {
        let Ok(data) = serde_json::from_value::<SettingsData>(envelope.data) else {
            return set_aside(Reason::Unreadable);
        };
        let SettingsData {
            customer_notes,
            catalog,
        } = data;
        Fact::Settings(Box::new(SettingsFact {
            customer_notes,
            catalog,
        }))
    } else if kind == KEY_CREATED || kind == KEY_REVOKED {
        match key_fact(&kind, &envelope.actor, envelope.data) {
            Some(fact) => Fact::Key(fact),
            None => return set_aside(Reason::Unreadable),
        }
    } else if kind == QUARANTINE_ACCEPTED {
        let Ok(AcceptanceData { seq }) = serde_json::from_value(envelope.data) else {
            return set_aside(Reason::Unreadable);
        };
        Fact::Accepted(Box::new(AcceptedFact { seq, said: None }))
    } else if OPERATIONS.contains(&kind.as_str()) {
        Fact::Operation(OperationFact {
            what: kind.as_str().into(),
        })
    } else if OWN_FACTS.contains(&kind.as_str()) {
        let told = serde_json::json!({"type": kind, "data": envelope.data});
        let Ok(fact) = serde_json::from_value::<OwnFact>(told) else {
            return set_aside(Reason::Unreadable);
        };
        return own_fact(kind.into(), occurred_at, fact);
    } else {
        return set_aside(Reason::UnknownType);
    };
    let change = Change {
        occurred_at,
        revision: 0,
        rank: 0,
        fact,
    };
    Interpretation {
        event_type: Some(kind.into()),
        occurred_at,
        standing: Standing::Folded,
        changes: vec![change],
    }
}

/// A reading happened when the meter was read; everything else, when it was decided or due.
fn own_fact(kind: Box<str>, occurred_at: Timestamp, fact: OwnFact) -> Interpretation {
    let change = |occurred_at, fact| Change {
        occurred_at,
        revision: 0,
        rank: 0,
        fact: Fact::Own(Box::new(fact)),
    };
    let changes = if let OwnFact::UsageRead(read) = fact {
        let each = read.readings.into_iter().map(|reading| {
            let at = reading.at;
            let read = UsageRead {
                identifier: read.identifier.clone(),
                readings: vec![reading],
            };
            change(at, OwnFact::UsageRead(read))
        });
        each.collect()
    } else {
        vec![change(occurred_at, fact)]
    };
    Interpretation {
        event_type: Some(kind),
        occurred_at,
        standing: Standing::Folded,
        changes,
    }
}

fn key_fact(kind: &str, actor: &str, data: serde_json::Value) -> Option<KeyFact> {
    if kind == KEY_REVOKED {
        let data: KeyRevokedData = serde_json::from_value(data).ok()?;
        let id = KeyId::parse(&data.id)?;
        return Some(KeyFact::Revoked { id });
    }
    let data: KeyCreatedData = serde_json::from_value(data).ok()?;
    Some(KeyFact::Created(KeyCreated {
        key_sha256: KeyDigest::from_hex(&data.key_sha256)?,
        label: data.label,
        scope: data.scope,
        customer: data.customer,
        created_by: actor.into(),
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{operation_body, settings_body};
    use super::*;
    use crate::domain::catalog::Catalog;

    #[test]
    fn what_is_written_is_understood() {
        let at = Timestamp::from_seconds(1_790_000_000).unwrap();
        let fact = SettingsFact {
            customer_notes: [("razorpay".into(), "uid".into())].into(),
            catalog: Catalog {
                version: 3,
                ..Catalog::default()
            },
        };
        let meaning = interpret(&settings_body(&fact, at));
        assert_eq!(meaning.occurred_at, at);
        let change = meaning.changes.into_iter().next().unwrap();
        assert_eq!(change.fact, Fact::Settings(Box::new(fact)));
        assert_eq!(
            interpret(&operation_body(ROLLBACK_ACCEPTED, "", at)).standing,
            Standing::Folded
        );
    }

    #[test]
    fn what_is_not_understood_is_set_aside() {
        let standing = |body: &[u8]| interpret(body).standing;
        let unreadable = Standing::Quarantined(Reason::Unreadable);
        let unknown = Standing::Quarantined(Reason::UnknownType);
        assert_eq!(standing(b"{"), unreadable);
        assert_eq!(
            standing(br#"{"type":"x","v":1,"actor":"","at":0,"data":{}}"#),
            unknown
        );
        assert_eq!(
            standing(br#"{"type":"catalogue.changed","v":9,"actor":"","at":0,"data":{}}"#),
            unknown
        );
        assert_eq!(
            standing(br#"{"type":"catalogue.changed","v":1,"actor":"","at":0,"data":{}}"#),
            unreadable
        );
    }
}
