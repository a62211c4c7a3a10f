//! From Kelviq's objects to the domain's facts. It reads one object, and decides nothing about
//! what replaces what.
//!
//! Kelviq has no ids of payments. An order is what is paid and what a refund names, so the order
//! is the payment here; checkout sessions and invoices point at the same money and add none.

use super::NAME;
use super::fields::{day, instrument, money, naming, planned_end, time, units};
use super::person::{Said, contact};
use super::words::{self, Family, Kind};
use crate::domain::event::{
    CheckoutFact, Contact, Deal, Fact, InvoiceFact, Naming, PartyFact, PaymentFact,
    PaymentMethodFact, RefundFact, SubscriptionFact, SubscriptionKey,
};
use crate::domain::money::Money;
use crate::domain::order::{RefundSaid, RefundWord, Sale};
use crate::domain::status::Status;
use crate::domain::time::Timestamp;
use crate::providers::json::Object;

/// One event of a known type with its object.
pub(super) struct Event<'a> {
    pub(super) kind: Kind,
    pub(super) event_type: &'a str,
    pub(super) object: Object<'a>,
    /// What the object was before, where the event says so.
    pub(super) previous: Option<Object<'a>>,
    pub(super) body: &'a [u8],
    /// When it happened.
    pub(super) occurred_at: Timestamp,
}

impl<'a> Event<'a> {
    /// What the event says; `None` where its object cannot be read.
    pub(super) fn facts(&self) -> Option<Vec<Fact>> {
        let mut facts: Vec<Fact> = self.party().into_iter().collect();
        match self.kind.family {
            // A customer without a name is nobody.
            Family::Customer if facts.is_empty() => return None,
            Family::Customer | Family::UsageAlert => {}
            Family::PaymentMethod => facts.push(self.payment_method()?),
            Family::Subscription => {
                facts.push(self.subscription()?);
                facts.extend(self.replaced());
            }
            Family::Checkout => facts.push(self.checkout()?),
            Family::Order => facts.push(self.order()?),
            Family::Invoice => facts.push(self.invoice()?),
            Family::Refund => facts.push(self.refund()?),
        }
        Some(facts)
    }

    fn naming(&self) -> Naming {
        naming(self.kind.family, self.object)
    }

    fn party(&self) -> Option<Fact> {
        let naming = self.naming();
        (naming != Naming::default()).then(|| {
            Fact::Party(PartyFact {
                provider: NAME,
                naming,
                contact: contact(self.kind.family, &self.said()),
            })
        })
    }

    fn said(&self) -> Said<'a> {
        Said {
            object: self.object,
            previous: self.previous,
            body: self.body,
        }
    }

    /// The object's word for its status; where it has none, the one that the event type implies.
    fn status_word(&self) -> Option<&'a str> {
        self.object.text("status").or(self.kind.implied_status)
    }

    fn subscription(&self) -> Option<Fact> {
        let id = self.object.text("id")?;
        let word = self.status_word();
        let status = word.and_then(words::subscription_status);
        let price = money(self.body, self.object, "amount");
        let fact = self.snapshot(id, self.object, (status, word), price);
        Some(Fact::Subscription(Box::new(fact)))
    }

    /// Where a change of plan made a new subscription, what became of the old one: the event holds
    /// it whole, and no other may tell of its end.
    fn replaced(&self) -> Option<Fact> {
        let old = self.previous?;
        let id = old.text("id")?;
        let is_whole = old.text("object") == Some(self.kind.family.object());
        if !is_whole || self.object.text("id") == Some(id) {
            return None;
        }
        let word = words::SUPERSEDED;
        let status = (words::subscription_status(word), Some(word));
        let fact = self.snapshot(id, old, status, units(old, "amount"));
        Some(Fact::Subscription(Box::new(fact)))
    }

    fn snapshot(
        &self,
        id: &str,
        fields: Object<'_>,
        (status, word): (Option<Status>, Option<&str>),
        price: Option<Money>,
    ) -> SubscriptionFact {
        let ended = status.is_some_and(Status::is_end);
        let deal = Deal {
            price,
            period: fields.text("recurrence").and_then(words::recurrence),
            planned_end: planned_end(fields).filter(|_| !ended),
            cancelled_at: time(fields, "canceled_at"),
            cancelled_because: fields.boxed("cancellation_reason"),
            trial_ends_at: time(fields, "trial_end"),
        };
        let last_day = day(fields, "end_date");
        let ended_at = if status == Some(Status::Superseded) {
            // An end that was planned for later comes no more.
            let passed = last_day.filter(|end| *end <= self.occurred_at);
            passed.or(Some(self.occurred_at))
        } else {
            // While it runs, the same fields hold an end that is planned.
            let told = last_day.or_else(|| time(fields, "canceled_at"));
            told.filter(|_| ended)
        };
        SubscriptionFact {
            provider: NAME,
            key: SubscriptionKey::Id(id.into()),
            status,
            provider_status: word.map(Into::into),
            ends_are_final: true,
            reason: fields.boxed("cancellation_reason").filter(|_| ended),
            plan_id: fields.object("plan").and_then(|it| it.boxed("identifier")),
            quantity: None,
            trial_used: None,
            period_start: time(fields, "billing_period_start_time"),
            period_end: time(fields, "billing_period_end_time"),
            period_is_granted: matches!(status, Some(Status::Active | Status::Trialing)),
            started_at: day(fields, "start_date"),
            ended_at,
            created_at: time(fields, "created_on"),
            deal: Some(Box::new(deal)),
            naming: naming(self.kind.family, fields),
        }
    }

    fn checkout(&self) -> Option<Fact> {
        Some(Fact::Checkout(CheckoutFact {
            provider: NAME,
            id: self.object.boxed("id")?,
            status: self.status_word().and_then(words::checkout_status),
            amount: money(self.body, self.object, "amount"),
            created_at: time(self.object, "created_on"),
            naming: self.naming(),
            contact: Contact::default(),
        }))
    }

    fn order(&self) -> Option<Fact> {
        let id = self.object.boxed("id")?;
        Some(Fact::Payment(Box::new(PaymentFact {
            provider: NAME,
            id: id.clone(),
            status: self.status_word().and_then(words::order_status),
            amount: money(self.body, self.object, "amount_total"),
            method: None,
            subscription_id: self.object.boxed("subscription_id"),
            invoice_id: None,
            order_id: Some(id),
            created_at: time(self.object, "created_on"),
            naming: self.naming(),
            contact: Contact::default(),
            instrument: None,
            sale: Some(self.sale()),
        })))
    }

    fn sale(&self) -> Sale {
        let fields = self.object;
        Sale {
            status: self.status_word().and_then(words::order_word),
            billing: fields.text("billing_type").and_then(words::billing),
            is_renewal: fields.flag("is_renewal"),
            paid_at: time(fields, "paid_at"),
            plan: fields.object("plan").and_then(|it| it.boxed("identifier")),
        }
    }

    fn payment_method(&self) -> Option<Fact> {
        let fields = self.object;
        let id = fields.integer("id").map(|id| id.to_string().into());
        Some(Fact::PaymentMethod(PaymentMethodFact {
            provider: NAME,
            id: id.or_else(|| fields.boxed("id"))?,
            method: fields.boxed("method_type"),
            instrument: fields
                .object("method_data")
                .map(instrument)
                .unwrap_or_default(),
            is_default: fields.flag("is_default").unwrap_or(false),
            status: self.status_word().map(Into::into),
            is_deleted: self.event_type == words::PAYMENT_METHOD_DELETED,
            naming: self.naming(),
        }))
    }

    fn invoice(&self) -> Option<Fact> {
        Some(Fact::Invoice(InvoiceFact {
            provider: NAME,
            id: self.object.boxed("id")?,
            status: self.status_word().map(Into::into),
            subscription_id: self.object.boxed("subscription_id"),
            payment_id: self.object.boxed("order_id"),
            naming: self.naming(),
            contact: Contact::default(),
        }))
    }

    fn refund(&self) -> Option<Fact> {
        let word = self.status_word().and_then(words::refund_word);
        Some(Fact::Refund(RefundFact {
            provider: NAME,
            id: self.object.boxed("id")?,
            payment_id: self.object.boxed("order_id")?,
            status: word.map(RefundWord::status),
            amount: money(self.body, self.object, "amount"),
            created_at: time(self.object, "created_on"),
            said: Some(RefundSaid {
                word,
                reason: self.object.text("reason").map(words::refund_reason),
            }),
        }))
    }
}
