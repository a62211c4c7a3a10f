//! Taking in one event. Each arm touches only cells that keep the greatest fact, sums that name
//! what they count, or links that are never cleared.

use std::sync::Arc;

use super::State;
use super::arena::Ix;
use super::entity::{Body, Kind};
use super::links::Told;
use crate::domain::accepted::Said;
use crate::domain::activity::Activity;
use crate::domain::event::{
    AddonFact, Change, CheckoutFact, DisputeFact, Fact, Interpretation, InvoiceFact, OrderFact,
    PaidThroughFact, PaymentFact, PaymentMethodFact, ProviderName, RefundFact, Standing,
    SubscriptionFact, SubscriptionKey,
};
use crate::domain::own;
use crate::domain::register::{EventRef, SourceId, Stamp};

impl State {
    /// Takes in one event of the log. `conflicting` marks an event that came again with another
    /// body; it is folded like the first, and its stamp decides.
    pub fn fold(&mut self, meaning: &Interpretation, event: &EventRef<'_>, conflicting: bool) {
        self.counts.events += 1;
        self.counts.last_seq = self.counts.last_seq.max(event.seq);
        self.counts.conflicting += u64::from(conflicting);
        if !self.heard_first.contains_key(event.source) {
            self.heard_first.insert(event.source.into(), event.seq);
        }
        match meaning.standing {
            Standing::Ignored => self.counts.ignored += 1,
            Standing::Quarantined(reason) => self.quarantine.push((event.seq, reason)),
            Standing::Folded => {}
        }
        if let Some(accepted) = meaning.acceptance()
            && let Some(said) = &accepted.said
        {
            self.accept(accepted.seq, said);
        }
        let (event, changes) = meaning.as_folded(event);
        let event = &event;
        // The event is listed under what it is first of all about.
        let mut subject: Option<(u8, Ix)> = None;
        let mut apart = Vec::new();
        for change in changes {
            if let Some(about) = self.apply(change, event) {
                self.mark_stale(about);
                if let Some((_, other)) = subject
                    && !self.are_joined(other, about)
                {
                    apart.push((other, about));
                }
                let rank = subject_rank(self.arena.get(about).kind);
                if subject.is_none_or(|(held, _)| rank < held) {
                    subject = Some((rank, about));
                }
            }
        }
        for (one, other) in apart {
            self.meet(one, other);
        }
        self.refresh_dues();
        if let Some((_, about)) = subject {
            self.arena.get_mut(about).list(event.seq);
        }
    }

    /// Takes an event out of quarantine, unless it would be there for another reason too.
    fn accept(&mut self, seq: u64, said: &Said) {
        let Ok(place) = self
            .quarantine
            .binary_search_by_key(&seq, |(held, _)| *held)
        else {
            return;
        };
        match said.standing {
            Standing::Quarantined(reason) => {
                if let Some((_, held)) = self.quarantine.get_mut(place) {
                    *held = reason;
                }
                return;
            }
            Standing::Ignored => self.counts.ignored += 1,
            Standing::Folded => {}
        }
        self.quarantine.remove(place);
    }

    fn apply(&mut self, change: &Change, event: &EventRef<'_>) -> Option<Ix> {
        let stamp = Stamp::new(change.occurred_at, change.revision, change.rank, event);
        let activity = Activity::at(change.occurred_at, event.seq);
        let provider = provider_of(&change.fact)?;
        if let Err(place) = self.providers.binary_search(&provider) {
            self.providers.insert(place, provider);
        }
        let told = Told {
            stamp,
            activity,
            source: event.source,
            provider,
        };
        let about = match &change.fact {
            Fact::Party(fact) => {
                return self.introduce(&fact.naming, &fact.contact, &told);
            }
            Fact::Subscription(fact) => self.subscription_seen(fact, &told),
            Fact::PaidThrough(fact) => self.paid_through(fact),
            Fact::Payment(fact) => self.payment_seen(fact, &told),
            Fact::Refund(fact) => self.refund_seen(fact, &told),
            Fact::Dispute(fact) => self.dispute_seen(fact, &told),
            Fact::Invoice(fact) => self.invoice_seen(fact, &told),
            Fact::Order(fact) => self.order_seen(fact, &told),
            Fact::Checkout(fact) => self.checkout_seen(fact, &told),
            Fact::Addon(fact) => self.addon_seen(fact, &told),
            Fact::PaymentMethod(fact) => self.payment_method_seen(fact, &told),
            Fact::Settings(fact) => {
                self.settings.offer(stamp, Arc::new((**fact).clone()));
                self.settings_told(event.seq, change.occurred_at);
                return None;
            }
            Fact::Key(fact) => {
                self.key_told(fact, stamp);
                return None;
            }
            Fact::Own(fact) => return self.own_told(fact, &told, event.seq),
            Fact::Operation(_) | Fact::Accepted(_) => return None,
        };
        self.touch(about, activity);
        Some(about)
    }

    fn subscription_seen(&mut self, fact: &SubscriptionFact, told: &Told<'_>) -> Ix {
        let kind = match &fact.key {
            SubscriptionKey::Id(_) => Kind::Subscription,
            SubscriptionKey::OnePerCustomer(_) => Kind::SoleSubscription,
        };
        let (ix, is_new) = self.arena.intern(kind, fact.provider, fact.key.as_str());
        if is_new && kind == Kind::SoleSubscription {
            self.sole_met(ix);
        }
        let source = self.source(told.source);
        if let Body::Subscription(held) = self.arena.body_mut(ix) {
            held.observe(fact, told.stamp, source);
        }
        if self.name(ix, &fact.naming, told) {
            self.relink(ix);
        }
        ix
    }

    fn paid_through(&mut self, fact: &PaidThroughFact) -> Ix {
        let ix = self.thing(Kind::Subscription, fact.provider, &fact.subscription_id);
        if let Body::Subscription(held) = self.arena.body_mut(ix) {
            held.pay_through(fact.until);
        }
        ix
    }

    fn payment_seen(&mut self, fact: &PaymentFact, told: &Told<'_>) -> Ix {
        let ix = self.thing(Kind::Payment, fact.provider, &fact.id);
        let source = self.source(told.source);
        if let Body::Payment(held) = self.arena.body_mut(ix) {
            held.observe(fact, told.stamp, source);
        }
        let links = [
            (Kind::Subscription, &fact.subscription_id),
            (Kind::Invoice, &fact.invoice_id),
            (Kind::Order, &fact.order_id),
        ];
        let mut changed = self.name(ix, &fact.naming, told);
        self.attempt_named(fact);
        for (kind, id) in links {
            if let Some(id) = id {
                let parent = self.thing(kind, fact.provider, id);
                changed |= self.link(ix, kind, parent, told.stamp);
            }
        }
        if changed {
            self.relink(ix);
        }
        if fact.naming.provider_id.is_none() {
            self.describe(ix, &fact.contact, told.stamp);
        }
        ix
    }

    fn refund_seen(&mut self, fact: &RefundFact, told: &Told<'_>) -> Ix {
        let ix = self.thing(Kind::Payment, fact.provider, &fact.payment_id);
        if let Body::Payment(held) = self.arena.body_mut(ix) {
            held.refund(fact, told.stamp);
        }
        self.refund_told(fact.provider, &fact.id, ix);
        ix
    }

    fn dispute_seen(&mut self, fact: &DisputeFact, told: &Told<'_>) -> Ix {
        let ix = self.thing(Kind::Payment, fact.provider, &fact.payment_id);
        if let Body::Payment(held) = self.arena.body_mut(ix) {
            held.dispute(fact, told.stamp);
        }
        ix
    }

    fn invoice_seen(&mut self, fact: &InvoiceFact, told: &Told<'_>) -> Ix {
        let ix = self.thing(Kind::Invoice, fact.provider, &fact.id);
        let mut changed = self.name(ix, &fact.naming, told);
        if let Some(id) = &fact.subscription_id {
            let parent = self.thing(Kind::Subscription, fact.provider, id);
            changed |= self.link(ix, Kind::Subscription, parent, told.stamp);
        }
        if changed {
            self.relink(ix);
        }
        if let Some(id) = &fact.payment_id {
            let payment = self.thing(Kind::Payment, fact.provider, id);
            if self.link(payment, Kind::Invoice, ix, told.stamp) {
                self.relink(payment);
            }
        }
        if fact.naming.provider_id.is_none() {
            self.describe(ix, &fact.contact, told.stamp);
        }
        ix
    }

    fn order_seen(&mut self, fact: &OrderFact, told: &Told<'_>) -> Ix {
        let ix = self.thing(Kind::Order, fact.provider, &fact.id);
        if self.name(ix, &fact.naming, told) {
            self.relink(ix);
        }
        ix
    }

    fn checkout_seen(&mut self, fact: &CheckoutFact, told: &Told<'_>) -> Ix {
        let ix = self.thing(Kind::Checkout, fact.provider, &fact.id);
        if let Body::Checkout(held) = self.arena.body_mut(ix) {
            held.observe(fact.status);
        }
        if self.name(ix, &fact.naming, told) {
            self.relink(ix);
        }
        if fact.naming.provider_id.is_none() {
            self.describe(ix, &fact.contact, told.stamp);
        }
        ix
    }

    fn addon_seen(&mut self, fact: &AddonFact, told: &Told<'_>) -> Ix {
        let ix = self.thing(Kind::Addon, fact.provider, &fact.purchase_key);
        if let Body::Addon(held) = self.arena.body_mut(ix) {
            held.observe(fact, told.stamp);
        }
        if self.name(ix, &fact.naming, told) {
            self.relink(ix);
        }
        ix
    }

    fn payment_method_seen(&mut self, fact: &PaymentMethodFact, told: &Told<'_>) -> Ix {
        let ix = self.thing(Kind::PaymentMethod, fact.provider, &fact.id);
        if let Body::PaymentMethod(held) = self.arena.body_mut(ix) {
            held.observe(fact, told.stamp);
        }
        if self.name(ix, &fact.naming, told) {
            self.relink(ix);
        }
        ix
    }

    pub(super) fn thing(&mut self, kind: Kind, provider: ProviderName, name: &str) -> Ix {
        self.arena.intern(kind, provider, name).0
    }

    /// The source of that name, put on the list on first mention.
    fn source(&mut self, name: &str) -> SourceId {
        let held = self.sources.iter().position(|held| **held == *name);
        let place = held.unwrap_or_else(|| {
            self.sources.push(name.into());
            self.sources.len() - 1
        });
        // Sources are configured by hand; there are not 65,535 of them.
        SourceId(u16::try_from(place).unwrap_or(u16::MAX))
    }
}

/// What an event is first of all about: the subscription it shows, else the thing with the most
/// links to one.
const fn subject_rank(kind: Kind) -> u8 {
    match kind {
        Kind::Subscription | Kind::SoleSubscription => 0,
        Kind::Payment => 1,
        Kind::Invoice => 2,
        Kind::Checkout => 3,
        Kind::Order => 4,
        Kind::Addon => 5,
        Kind::PaymentMethod => 6,
        Kind::Party => 7,
    }
}

pub(super) fn provider_of(fact: &Fact) -> Option<ProviderName> {
    Some(match fact {
        Fact::Party(fact) => fact.provider,
        Fact::Subscription(fact) => fact.provider,
        Fact::PaidThrough(fact) => fact.provider,
        Fact::Payment(fact) => fact.provider,
        Fact::Refund(fact) => fact.provider,
        Fact::Dispute(fact) => fact.provider,
        Fact::Invoice(fact) => fact.provider,
        Fact::Order(fact) => fact.provider,
        Fact::Checkout(fact) => fact.provider,
        Fact::Addon(fact) => fact.provider,
        Fact::PaymentMethod(fact) => fact.provider,
        Fact::Settings(_)
        | Fact::Operation(_)
        | Fact::Key(_)
        | Fact::Accepted(_)
        | Fact::Own(_) => own::PROVIDER,
    })
}
