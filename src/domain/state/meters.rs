//! What commands tell of a customer: that it was made, what it may use, what it used. Knows no
//! subscription, which is told of in the same breath.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::State;
use super::arena::Ix;
use super::entity::{Kind, MERCHANT};
use super::links::Told;
use crate::domain::activity::Activity;
use crate::domain::amount::{Amount, Step};
use crate::domain::creation::Creation;
use crate::domain::event::{Contact, Naming};
use crate::domain::meter::Meters;
use crate::domain::own::{Behaviour, CustomerArchived, CustomerCreated, CustomerUpdated, OwnFact};
use crate::domain::register::{Origin, RareSlot};
use crate::domain::time::Timestamp;

/// See the module: kept at the merchant's identifier.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Account {
    /// What it was made with.
    creation: RareSlot<Creation>,
    /// When it was made first.
    made_at: Option<Timestamp>,
    /// When it was archived first: that is for good.
    archived_at: Option<Timestamp>,
    /// What it used and may use.
    pub(super) meters: Meters,
}

impl Account {
    /// Whether a command made the customer.
    pub(super) fn is_made(&self) -> bool {
        self.made_at.is_some()
    }
}

/// That a customer was made by a command.
#[derive(Debug, Clone, Copy)]
pub struct Made<'a> {
    /// What it was made with.
    pub creation: &'a Creation,
    /// When.
    pub at: Timestamp,
    /// The event's sequence number.
    pub seq: u64,
}

/// What a command says of a person.
pub(super) fn contact_of(fact: &CustomerCreated) -> Contact {
    Contact {
        email: fact.email.clone(),
        first_name: fact.first_name.clone(),
        last_name: fact.last_name.clone(),
        phone: fact.phone.clone(),
        company_id: fact.company_id.clone(),
        country_id: fact.country_id.clone(),
        address: fact.address.clone().map(Box::new),
        metadata: fact.metadata.clone(),
    }
}

/// What a command says anew of a person.
pub(super) fn contact_updated(fact: &CustomerUpdated) -> Contact {
    Contact {
        email: fact.email.clone(),
        first_name: fact.first_name.clone(),
        last_name: fact.last_name.clone(),
        address: fact.address.clone().map(Box::new),
        metadata: fact.metadata.clone(),
        ..Contact::default()
    }
}

fn created_naming(fact: &CustomerCreated) -> Naming {
    Naming {
        identifier: Some(fact.identifier.clone()),
        provider_id: Some(fact.id.clone()),
        ..Naming::default()
    }
}

/// How what is born here names its customer, where it does.
pub(super) fn naming_of(fact: &OwnFact) -> Option<Naming> {
    if let Some(made) = fact.customer_made() {
        return Some(created_naming(made));
    }
    let identifier = Some(fact.identifier()?.into());
    Some(Naming {
        identifier,
        ..Naming::default()
    })
}

impl State {
    /// Takes in what is told of a customer, less what it was subscribed to; `None` for what is told
    /// of anything else.
    pub(super) fn customer_told(
        &mut self,
        fact: &OwnFact,
        told: &Told<'_>,
        seq: u64,
    ) -> Option<Ix> {
        let at = told.stamp.occurred_at;
        match fact {
            OwnFact::CustomerCreated(fact) => self.customer_made(fact, told),
            OwnFact::AllowancesSet(fact) => self.metered(&fact.identifier, told, |meters| {
                for set in &fact.allowances {
                    meters.allow(&set.meter_id, Amount::nearest(set.limit), told.stamp);
                }
            }),
            OwnFact::UsageRead(fact) => {
                // It is news of the customer, but the customer is no older than its meter.
                let told = Told {
                    activity: Activity::later(at, seq),
                    ..*told
                };
                self.metered(&fact.identifier, &told, |meters| {
                    for read in &fact.readings {
                        meters.read(&read.meter_id, read.at, Amount::nearest(read.total), seq);
                    }
                })
            }
            OwnFact::UsageCounted(fact) => {
                self.counted(&fact.identifier, told, &fact.meter_id, fact.amount)
            }
            OwnFact::UsageReported(fact) => {
                let meter = &*fact.meter_id;
                match fact.behaviour {
                    Behaviour::Delta => self.counted(&fact.identifier, told, meter, fact.value),
                    Behaviour::Set => self.metered(&fact.identifier, told, |meters| {
                        let value = Amount::ZERO.stepped(Step::nearest(fact.value));
                        meters.set(meter, at, value, told.stamp.origin.number());
                    }),
                }
            }
            OwnFact::UsageEvent(fact) => {
                // It may tell of a time before the customer was made.
                let told = Told {
                    activity: Activity::later(at, seq),
                    ..*told
                };
                match &fact.counts {
                    Some(counts) => {
                        let meter = &*counts.meter_id;
                        self.counted(&fact.identifier, &told, meter, counts.value)
                    }
                    None => Some(self.party(MERCHANT, &fact.identifier, told.activity)),
                }
            }
            OwnFact::CustomerUpdated(fact) => self.customer_updated(fact, told),
            OwnFact::CustomerArchived(fact) => self.customer_archived(fact, told),
            OwnFact::SubscriptionCreated(_)
            | OwnFact::PlanChanged(_)
            | OwnFact::CheckoutOpened(_)
            | OwnFact::CheckoutAttempted(_)
            | OwnFact::CheckoutAtGateway(_)
            | OwnFact::CheckoutRefused(_)
            | OwnFact::CheckoutCancelled(_)
            | OwnFact::CheckoutExpired(_)
            | OwnFact::CancelAsked(_)
            | OwnFact::CancelledAtGateway(_)
            | OwnFact::EndDateSet(_)
            | OwnFact::TrialEnded(_)
            | OwnFact::SubscriptionEnded(_) => None,
        }
    }

    /// Takes in that a customer was made, less what it was subscribed to: by itself, or with a
    /// checkout.
    pub(super) fn customer_made(&mut self, fact: &CustomerCreated, told: &Told<'_>) -> Option<Ix> {
        let party = self.introduce(&created_naming(fact), &contact_of(fact), told)?;
        let account = self.account_mut(party)?;
        let before = account.creation.get().cloned();
        account.creation.offer(told.stamp, Creation::of(fact));
        let at = told.stamp.occurred_at;
        account.made_at = Some(account.made_at.map_or(at, |held| held.min(at)));
        self.created_anew(party, before.as_ref());
        Some(party)
    }

    fn customer_updated(&mut self, fact: &CustomerUpdated, told: &Told<'_>) -> Option<Ix> {
        let party = self.party(MERCHANT, &fact.identifier, told.activity);
        self.describe(party, &contact_updated(fact), told.stamp);
        Some(party)
    }

    fn customer_archived(&mut self, fact: &CustomerArchived, told: &Told<'_>) -> Option<Ix> {
        let party = self.party(MERCHANT, &fact.identifier, told.activity);
        let account = self.account_mut(party)?;
        let at = told.stamp.occurred_at;
        account.archived_at = Some(account.archived_at.map_or(at, |held| held.min(at)));
        Some(party)
    }

    fn counted(
        &mut self,
        identifier: &str,
        told: &Told<'_>,
        meter: &str,
        amount: Decimal,
    ) -> Option<Ix> {
        let at = told.stamp.occurred_at;
        let number = told.stamp.origin.number();
        self.metered(identifier, told, |meters| {
            meters.count(meter, at, Step::nearest(amount), number);
        })
    }

    fn metered(
        &mut self,
        identifier: &str,
        told: &Told<'_>,
        note: impl FnOnce(&mut Meters),
    ) -> Option<Ix> {
        let party = self.party(MERCHANT, identifier, told.activity);
        note(&mut self.account_mut(party)?.meters);
        Some(party)
    }

    fn account_mut(&mut self, party: Ix) -> Option<&mut Account> {
        let party = self.arena.get_mut(party).party_mut()?;
        Some(party.account.get_or_insert_default())
    }

    /// Where a customer of that identifier of the merchant's is kept.
    pub(super) fn named_here(&self, identifier: &str) -> Option<Ix> {
        self.arena.find(Kind::Party, MERCHANT, identifier)
    }

    fn account_of(&self, identifier: &str) -> Option<&Account> {
        let party = self.named_here(identifier)?;
        self.arena.get(party).party()?.account.as_deref()
    }

    /// What a customer used and may use; nothing of one that nothing was told of.
    pub(super) fn meters_of(&self, root: Ix) -> Option<&Meters> {
        let account = self.arena.get(root).party()?.account.as_deref()?;
        Some(&account.meters)
    }

    /// When a customer was made by a command, where it was: it is that old, whatever was heard of it.
    pub(super) fn made_at(&self, root: Ix) -> Option<Timestamp> {
        self.arena.get(root).party()?.account.as_deref()?.made_at
    }

    /// When a customer was archived, where it was.
    pub(super) fn archived_at(&self, root: Ix) -> Option<Timestamp> {
        let account = self.arena.get(root).party()?.account.as_deref()?;
        account.archived_at
    }

    /// What the merchant notes of a customer.
    pub(super) fn metadata_at(&self, root: Ix) -> Option<Box<str>> {
        let person = self.person(self.arena.get(root));
        person.metadata().map(Into::into)
    }

    /// Whether a customer is archived, by any id: nobody asks anything for it any more.
    #[must_use]
    pub fn is_archived(&self, id: &str) -> bool {
        let root = self.find_customer(id);
        root.is_some_and(|root| self.archived_at(root).is_some())
    }

    /// What the merchant notes of a customer, by any id: a JSON object, as text.
    #[must_use]
    pub fn metadata_of(&self, id: &str) -> Option<Box<str>> {
        self.metadata_at(self.find_customer(id)?)
    }

    /// What a customer was made with by a command, and by which.
    #[must_use]
    pub fn creation_of(&self, identifier: &str) -> Option<Made<'_>> {
        let held = self.account_of(identifier)?.creation.register()?;
        Some(Made {
            creation: &held.value,
            at: held.stamp.occurred_at,
            seq: match held.stamp.origin {
                Origin::Ours { seq } => seq,
                Origin::Provider { .. } => return None,
            },
        })
    }
}
