//! What an event means: the vocabulary between the providers, who translate, and the fold.
//!
//! A fact never says "now": each [`Change`] carries the time at which it happened at the provider.

mod paid;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

pub use self::paid::{DisputeFact, PaymentFact, PaymentMethodFact, RefundFact};

use super::accepted::AcceptedFact;
use super::catalog::{Catalog, Period};
use super::customer::Address;
use super::key::KeyFact;
use super::money::Money;
use super::own::OwnFact;
use super::status::{CheckoutStatus, Status};
use super::time::Timestamp;

/// A provider's registered name (`razorpay`), or `subledger` for what is born here.
pub type ProviderName = &'static str;

/// The whole meaning of one recorded event.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Interpretation {
    /// The provider's word for it (`subscription.charged`).
    pub event_type: Option<Box<str>>,
    /// When it happened, by the provider's clock; [`Timestamp::EPOCH`] where it does not say.
    pub occurred_at: Timestamp,
    /// Whether it is folded.
    pub standing: Standing,
    /// What it changes; empty unless `standing` is [`Standing::Folded`].
    pub changes: Vec<Change>,
}

impl Interpretation {
    /// An event that was understood and changes nothing, or that was not understood.
    #[must_use]
    pub fn without_changes(
        event_type: Option<&str>,
        occurred_at: Timestamp,
        standing: Standing,
    ) -> Self {
        Self {
            event_type: event_type.map(Into::into),
            occurred_at,
            standing,
            changes: Vec::new(),
        }
    }
}

/// What became of an authentic event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Part of the state.
    Folded,
    /// Of a type known to mean nothing to a subscription.
    Ignored,
    /// Kept aside until a person, or a later version, makes sense of it.
    Quarantined(Reason),
}

/// Why an event is in quarantine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No translator knows its type.
    UnknownType,
    /// Its type is known, or absent, and its body is not what the type promises.
    Unreadable,
    /// Its signed time was too far from ours when it arrived.
    Stale,
}

impl Reason {
    /// The stable word used in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownType => "unknown_type",
            Self::Unreadable => "unreadable",
            Self::Stale => "stale",
        }
    }
}

/// One fact with what is needed to order it among others about the same thing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// When it happened, by the provider's clock.
    pub occurred_at: Timestamp,
    /// The provider's own order within one second (Razorpay's `paid_count`, the microseconds of
    /// Kelviq's `modified_on`), else 0.
    pub revision: i64,
    /// The order of event types within one second; 0 where the provider needs none.
    pub rank: u8,
    /// What happened.
    pub fact: Fact,
}

/// Everything the fold knows how to take in.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    /// A name by which a provider calls a customer, with the merchant's names seen beside it.
    Party(PartyFact),
    /// A subscription as it stood.
    Subscription(Box<SubscriptionFact>),
    /// A paid period of a subscription; the greatest end counts.
    PaidThrough(PaidThroughFact),
    /// A payment as it stood.
    Payment(Box<PaymentFact>),
    /// A refund of a payment.
    Refund(RefundFact),
    /// A dispute over a payment.
    Dispute(DisputeFact),
    /// An invoice, mostly for its links.
    Invoice(InvoiceFact),
    /// An order, for its links.
    Order(OrderFact),
    /// A hosted payment page (Razorpay's payment link, Kelviq's checkout session).
    Checkout(CheckoutFact),
    /// An add-on that was bought.
    Addon(AddonFact),
    /// A way of paying that the provider keeps for a customer.
    PaymentMethod(PaymentMethodFact),
    /// Settings that change meaning: from this ledger's own configuration.
    Settings(Box<SettingsFact>),
    /// Something an operator did that an auditor must be able to see; changes no billing state.
    Operation(OperationFact),
    /// A key of this ledger, made or revoked.
    Key(KeyFact),
    /// An event that was set aside, and counts after all.
    Accepted(Box<AcceptedFact>),
    /// Something that is born here.
    Own(Box<OwnFact>),
}

/// The customer as one object of an event names it. All parts are optional.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Naming {
    /// The merchant's own identifier, where the provider has a field for it (Stykite, Kelviq).
    pub identifier: Option<Box<str>>,
    /// The provider's id of the customer (`cust_…`, `CUS-…`).
    pub provider_id: Option<Box<str>>,
    /// The object's whole notes, text values only; which key holds the identifier is a setting.
    pub notes: Vec<(Box<str>, Box<str>)>,
    /// The reference of a checkout opened here (`reference_id`), beside the one in the notes.
    pub reference: Option<Box<str>>,
}

/// What an object says about the person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Contact {
    /// E-mail address.
    pub email: Option<Box<str>>,
    /// Given name, or the whole name where it has one word.
    pub first_name: Option<Box<str>>,
    /// The rest of the name.
    pub last_name: Option<Box<str>>,
    /// Telephone number, as the provider writes it.
    pub phone: Option<Box<str>>,
    /// The vendor's company id (`COM-…`).
    pub company_id: Option<Box<str>>,
    /// The vendor's country id (`CON-…`).
    pub country_id: Option<Box<str>>,
    /// Where somebody is, as a whole; empty where that was cleared.
    pub address: Option<Box<Address>>,
    /// What the merchant notes of somebody: a JSON object, as text; empty where that was cleared.
    pub metadata: Option<Box<str>>,
}

/// See [`Fact::Party`]. One a provider id an event; its notes are those of the whole event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PartyFact {
    /// Whose id it is.
    pub provider: ProviderName,
    /// The names. An identifier, a provider id, or both.
    pub naming: Naming,
    /// The person.
    pub contact: Contact,
}

/// See [`Fact::Subscription`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubscriptionFact {
    /// The provider.
    pub provider: ProviderName,
    /// Which subscription.
    pub key: SubscriptionKey,
    /// The canonical status; `None` for a word we do not know, which keeps the earlier status.
    pub status: Option<Status>,
    /// The provider's word.
    pub provider_status: Option<Box<str>>,
    /// Whether an end (canceled, completed, expired) is final for this provider's id.
    pub ends_are_final: bool,
    /// Why it is on hold, or was ended.
    pub reason: Option<Box<str>>,
    /// The provider's id of the plan.
    pub plan_id: Option<Box<str>>,
    /// How many units of the plan.
    pub quantity: Option<i64>,
    /// Whether the trial was used up.
    pub trial_used: Option<bool>,
    /// The current period's start.
    pub period_start: Option<Timestamp>,
    /// The current period's end, paid or not.
    pub period_end: Option<Timestamp>,
    /// Whether the snapshot shows the period that is granted: of these the newest counts, also
    /// where its end is sooner than an earlier one's, or absent.
    pub period_is_granted: bool,
    /// When it starts or started.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When the provider made it.
    pub created_at: Option<Timestamp>,
    /// What else it is had for, where the provider tells.
    pub deal: Option<Box<Deal>>,
    /// Whose it is.
    pub naming: Naming,
}

/// What some providers tell of a subscription beside how it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deal {
    /// What is charged for one period.
    pub price: Option<Money>,
    /// How long that is.
    pub period: Option<Period>,
    /// When it is to end, while it runs.
    pub planned_end: Option<Timestamp>,
    /// When it was asked to end, or did.
    pub cancelled_at: Option<Timestamp>,
    /// Why, in the provider's word.
    pub cancelled_because: Option<Box<str>>,
    /// When its trial ends or ended.
    pub trial_ends_at: Option<Timestamp>,
}

/// How a provider names a subscription.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionKey {
    /// By an id of its own.
    Id(Box<str>),
    /// Not at all: the customer has one. The text is the customer's best name in that event:
    /// the merchant's identifier, else the provider's id.
    OnePerCustomer(Box<str>),
}

impl SubscriptionKey {
    /// The text it is known by.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Id(text) | Self::OnePerCustomer(text) => text,
        }
    }
}

/// See [`Fact::PaidThrough`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaidThroughFact {
    /// The provider.
    pub provider: ProviderName,
    /// The provider's id of the subscription.
    pub subscription_id: Box<str>,
    /// The end of the paid period.
    pub until: Timestamp,
}

/// See [`Fact::Invoice`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InvoiceFact {
    /// The provider.
    pub provider: ProviderName,
    /// The provider's id.
    pub id: Box<str>,
    /// The provider's word (`issued`, `paid`, …).
    pub status: Option<Box<str>>,
    /// The subscription it bills.
    pub subscription_id: Option<Box<str>>,
    /// The payment that paid it.
    pub payment_id: Option<Box<str>>,
    /// Whose it is.
    pub naming: Naming,
    /// The person.
    pub contact: Contact,
}

/// See [`Fact::Order`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderFact {
    /// The provider.
    pub provider: ProviderName,
    /// The provider's id.
    pub id: Box<str>,
    /// Whose it is.
    pub naming: Naming,
}

/// See [`Fact::Checkout`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckoutFact {
    /// The provider.
    pub provider: ProviderName,
    /// The provider's id of the page.
    pub id: Box<str>,
    /// How far it has come; `None` for a word we do not know.
    pub status: Option<CheckoutStatus>,
    /// What it asks for.
    pub amount: Option<Money>,
    /// When the provider made it.
    pub created_at: Option<Timestamp>,
    /// Whose it is.
    pub naming: Naming,
    /// The person.
    pub contact: Contact,
}

/// See [`Fact::Addon`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AddonFact {
    /// The provider.
    pub provider: ProviderName,
    /// What makes two events the same purchase: the transaction, else the event's own id.
    pub purchase_key: Box<str>,
    /// `ADO-…`
    pub addon_id: Option<Box<str>>,
    /// `ADV-…`
    pub version_id: Option<Box<str>>,
    /// The add-on's name.
    pub name: Option<Box<str>>,
    /// In the unit the provider writes, exact.
    pub price: Option<Decimal>,
    /// `TRN-…`
    pub transaction_id: Option<Box<str>>,
    /// The provider's word for how the purchase stands.
    pub status: Option<Box<str>>,
    /// Who bought it.
    pub naming: Naming,
}

/// See [`Fact::Settings`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsFact {
    /// For each configured source, the notes key that holds the merchant's identifier.
    pub customer_notes: BTreeMap<Box<str>, Box<str>>,
    /// The catalogue.
    pub catalog: Catalog,
}

/// See [`Fact::Operation`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperationFact {
    /// What was done (`log.rollback_accepted`).
    pub what: Box<str>,
}
