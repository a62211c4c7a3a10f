//! From Razorpay's entities to the domain's facts. It reads each entity for itself and links those
//! that stand beside each other in one event; it decides nothing about what replaces what.

use super::entities::{Entities, Entity};
use super::words::{self, Family, Kind};
use super::{NAME, contact, method, notes};
use crate::domain::event::{
    CheckoutFact, Contact, DisputeFact, Fact, InvoiceFact, Naming, OrderFact, PaidThroughFact,
    PartyFact, PaymentFact, RefundFact, SubscriptionFact, SubscriptionKey,
};
use crate::domain::money::{Currency, Money};
use crate::domain::status::PaymentStatus;
use crate::providers::json::Object;

/// How Razorpay's order ids begin, though not everywhere it writes one.
const ORDER_PREFIX: &str = "order_";

/// One event of a known type whose main entity is there.
pub(super) struct Event<'a> {
    pub(super) kind: Kind,
    pub(super) entities: Entities<'a>,
}

impl<'a> Event<'a> {
    /// One fact for each entity, and what they say together.
    pub(super) fn facts(&self) -> Vec<Fact> {
        let mut facts = self.parties();
        facts.extend(self.subscription());
        facts.extend(self.paid_through());
        facts.extend(self.checkout());
        facts.extend(self.invoice());
        facts.extend(self.order());
        facts.extend(self.payment());
        facts.extend(self.refund());
        facts.extend(self.dispute());
        facts
    }

    /// One for each customer id; the notes of the whole event tell whose it is.
    fn parties(&self) -> Vec<Fact> {
        let Entities {
            subscription,
            payment,
            invoice,
            ..
        } = self.entities;
        let mut ids: Vec<&str> = Vec::new();
        for entity in [subscription, payment, invoice].into_iter().flatten() {
            let id = entity
                .fields
                .text("customer_id")
                .filter(|id| !ids.contains(id));
            ids.extend(id);
        }
        let party = |id| {
            let naming = Naming {
                identifier: None,
                provider_id: Some(Box::from(id)),
                notes: self.all_notes(),
                reference: self.reference(),
            };
            Fact::Party(PartyFact {
                provider: NAME,
                naming,
                contact: self.contact_of(id),
            })
        };
        ids.into_iter().map(party).collect()
    }

    fn all_notes(&self) -> notes::Notes {
        let Entities {
            subscription,
            payment_link,
            invoice,
            order,
            payment,
            refund,
            ..
        } = self.entities;
        let by_trust = [subscription, payment_link, invoice, order, payment];
        let fields = by_trust.into_iter().flatten().map(|entity| entity.fields);
        notes::merged(fields.chain(refund.map(|refund| refund.fields)))
    }

    /// The reference of a checkout opened here: a link's, which Razorpay hands on to its order.
    fn reference(&self) -> Option<Box<str>> {
        let link = self
            .entities
            .payment_link
            .and_then(|it| it.fields.boxed("reference_id"));
        link.or_else(|| self.entities.order?.fields.boxed("receipt"))
    }

    /// What payment and invoice say of a person, unless they are another customer's.
    fn contact_of(&self, customer_id: &str) -> Contact {
        let own = |entity: &Entity<'_>| {
            entity
                .fields
                .text("customer_id")
                .is_none_or(|id| id == customer_id)
        };
        let payment = self
            .entities
            .payment
            .filter(own)
            .map(|it| contact::of_payment(it.fields));
        let invoice = self
            .entities
            .invoice
            .filter(own)
            .map(|it| contact::of_invoice(it.fields));
        contact::filled(payment.unwrap_or_default(), invoice.unwrap_or_default())
    }

    /// The entity's word for its status; where it has none, the one that the event type implies.
    fn status_word(&self, family: Family, fields: Object<'a>) -> Option<&'a str> {
        let implied = self
            .kind
            .implied_status
            .filter(|_| self.kind.family == family);
        fields.text("status").or(implied)
    }

    fn subscription(&self) -> Option<Fact> {
        let Entity { id, fields } = self.entities.subscription?;
        let word = self.status_word(Family::Subscription, fields);
        Some(Fact::Subscription(Box::new(SubscriptionFact {
            provider: NAME,
            key: SubscriptionKey::Id(id.into()),
            status: word.and_then(words::subscription_status),
            provider_status: word.map(Into::into),
            ends_are_final: true,
            reason: None,
            plan_id: fields.boxed("plan_id"),
            quantity: fields.count("quantity"),
            trial_used: None,
            period_start: fields.seconds("current_start"),
            period_end: fields.seconds("current_end"),
            period_is_granted: false,
            started_at: fields.seconds("start_at"),
            ended_at: fields.seconds("ended_at"),
            created_at: fields.seconds("created_at"),
            deal: None,
            naming: naming(fields),
        })))
    }

    /// The period that a payment in this event paid. Snapshots without one may show a period that
    /// nobody has paid yet.
    fn paid_through(&self) -> Option<Fact> {
        let Entities {
            subscription,
            invoice,
            payment,
            ..
        } = self.entities;
        let paid = payment.map(|it| it.fields.text("status").and_then(words::payment_status));
        let is_money = |status| status == Some(PaymentStatus::Captured);
        let (subscription_id, until) = match self.kind.family {
            Family::Subscription if self.kind.shows_paid_period && paid.is_some_and(is_money) => {
                let Entity { id, fields } = subscription?;
                (id, fields.seconds("current_end")?)
            }
            Family::Invoice if self.kind.shows_paid_period && paid.is_none_or(is_money) => {
                let Entity { fields, .. } = invoice?;
                (
                    fields.text("subscription_id")?,
                    fields.seconds("billing_end")?,
                )
            }
            Family::Subscription
            | Family::Payment
            | Family::Dispute
            | Family::Order
            | Family::Invoice
            | Family::Refund
            | Family::PaymentLink => return None,
        };
        let subscription_id = subscription_id.into();
        Some(Fact::PaidThrough(PaidThroughFact {
            provider: NAME,
            subscription_id,
            until,
        }))
    }

    fn checkout(&self) -> Option<Fact> {
        let Entity { id, fields } = self.entities.payment_link?;
        let word = self.status_word(Family::PaymentLink, fields);
        Some(Fact::Checkout(CheckoutFact {
            provider: NAME,
            id: id.into(),
            status: word.and_then(words::link_status),
            amount: money(fields),
            created_at: fields.seconds("created_at"),
            naming: Naming {
                reference: fields.boxed("reference_id"),
                ..naming(fields)
            },
            contact: contact::of_link(fields),
        }))
    }

    fn invoice(&self) -> Option<Fact> {
        let Entity { id, fields } = self.entities.invoice?;
        let beside = || self.entities.payment.map(|payment| payment.id.into());
        Some(Fact::Invoice(InvoiceFact {
            provider: NAME,
            id: id.into(),
            status: self.status_word(Family::Invoice, fields).map(Into::into),
            subscription_id: fields.boxed("subscription_id"),
            payment_id: fields.boxed("payment_id").or_else(beside),
            naming: naming(fields),
            contact: contact::of_invoice(fields),
        }))
    }

    fn order(&self) -> Option<Fact> {
        let fields = self.entities.order?.fields;
        Some(Fact::Order(OrderFact {
            provider: NAME,
            id: self.order_id()?.into(),
            naming: Naming {
                reference: fields.boxed("receipt"),
                ..naming(fields)
            },
        }))
    }

    /// The order's id. In a documented sample it lacks its prefix; then the payment knows better.
    fn order_id(&self) -> Option<&'a str> {
        let own = self.entities.order?.id;
        let paid = || self.entities.payment?.fields.text("order_id");
        if own.starts_with(ORDER_PREFIX) {
            Some(own)
        } else {
            paid().or(Some(own))
        }
    }

    fn payment(&self) -> Option<Fact> {
        let Entity { id, fields } = self.entities.payment?;
        let subscription = match self.kind.family {
            Family::Subscription => self.entities.subscription,
            Family::Payment
            | Family::Dispute
            | Family::Order
            | Family::Invoice
            | Family::Refund
            | Family::PaymentLink => None,
        };
        let invoice = self.entities.invoice;
        // `captured` is not read: it is `"1"` in renewals and true in a failed card payment.
        let word = self.status_word(Family::Payment, fields);
        Some(Fact::Payment(Box::new(PaymentFact {
            provider: NAME,
            id: id.into(),
            status: word.and_then(words::payment_status),
            amount: money(fields),
            method: fields.boxed("method"),
            subscription_id: subscription.map(|it| it.id.into()),
            invoice_id: fields
                .boxed("invoice_id")
                .or_else(|| invoice.map(|it| it.id.into())),
            order_id: fields
                .boxed("order_id")
                .or_else(|| self.order_id().map(Into::into)),
            created_at: fields.seconds("created_at"),
            naming: Naming {
                reference: self.reference(),
                ..naming(fields)
            },
            contact: contact::of_payment(fields),
            instrument: method::instrument(fields),
            sale: None,
        })))
    }

    fn refund(&self) -> Option<Fact> {
        let refund = self.entities.refund?;
        let word = self.status_word(Family::Refund, refund.fields);
        Some(Fact::Refund(RefundFact {
            provider: NAME,
            id: refund.id.into(),
            payment_id: refund.payment_id.into(),
            status: word.and_then(words::refund_status),
            amount: money(refund.fields),
            created_at: refund.fields.seconds("created_at"),
            said: None,
        }))
    }

    fn dispute(&self) -> Option<Fact> {
        let dispute = self.entities.dispute?;
        Some(Fact::Dispute(DisputeFact {
            provider: NAME,
            id: dispute.id.into(),
            payment_id: dispute.payment_id.into(),
            status: self
                .status_word(Family::Dispute, dispute.fields)
                .map(Into::into),
            phase: dispute.fields.boxed("phase"),
            reason_code: dispute.fields.boxed("reason_code"),
            amount: money(dispute.fields),
            created_at: dispute.fields.seconds("created_at"),
        }))
    }
}

/// `amount` in `currency`; an amount that is a float or negative is none.
fn money(fields: Object<'_>) -> Option<Money> {
    let currency = Currency::parse(fields.text("currency")?)?;
    Some(Money {
        amount_minor: fields.count("amount")?,
        currency,
    })
}

fn naming(fields: Object<'_>) -> Naming {
    Naming {
        identifier: None,
        provider_id: fields.boxed("customer_id"),
        notes: notes::notes(fields),
        reference: None,
    }
}
