//! What was heard, statement by statement: each fact with its stamp and with the things it is
//! about. It knows which cell a fact is offered to, and not which one wins.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::domain::event::{
    Change, Contact, Fact, InvoiceFact, Naming, ProviderName, SubscriptionFact,
};
use crate::domain::explanation::{EventName, Explanation, HeardEvent};
use crate::domain::own::{CustomerCreated, OwnFact, PROVIDER};
use crate::domain::register::Stamp;
use crate::domain::state::State;
use crate::domain::state::apply::provider_of;
use crate::domain::state::arena::Ix;
use crate::domain::state::entity::{Kind, Role};
use crate::domain::state::links::checkout_named;
use crate::domain::state::meters::{contact_of, contact_updated, naming_of as own_naming};

/// One fact of one event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement<'a> {
    heard: &'a HeardEvent<'a>,
    pub(super) stamp: Stamp,
    pub(super) fact: &'a Fact,
    pub(super) provider: ProviderName,
    /// What it is about; nothing for what is said of a customer alone.
    pub(super) about: Option<Ix>,
    /// The subscription of our own that begins with it, unless it is what it is about.
    begins: Option<Ix>,
    /// The customer of the merchant's identifier in it.
    pub(super) identifier: Option<Ix>,
    /// The customer of the provider's id in it.
    pub(super) alias: Option<Ix>,
}

impl<'a> Statement<'a> {
    pub(super) fn seq(&self) -> u64 {
        self.heard.about.seq
    }

    pub(super) fn event_name(&self) -> EventName {
        EventName {
            seq: self.seq(),
            event_id: self.heard.event_id.map(Into::into),
            event_type: self.heard.meaning.event_type.clone(),
            occurred_at: self.stamp.occurred_at,
            recorded_at: self.heard.recorded_at,
        }
    }

    pub(super) fn subscription(&self) -> Option<&SubscriptionFact> {
        if let Fact::Subscription(fact) = self.fact {
            Some(fact)
        } else {
            None
        }
    }

    /// Everything that it is an event about, as far as activity goes.
    pub(super) fn touched(&self) -> impl Iterator<Item = Ix> + use<> {
        [self.about, self.begins, self.identifier, self.alias]
            .into_iter()
            .flatten()
    }

    /// What it tells that is born here.
    pub(super) fn own(&self) -> Option<&'a OwnFact> {
        if let Fact::Own(fact) = self.fact {
            Some(fact)
        } else {
            None
        }
    }

    /// The customer that a command made with it.
    pub(super) fn makes(&self) -> Option<&'a CustomerCreated> {
        self.own().and_then(OwnFact::customer_made)
    }

    /// Whether it tells of what was used before it was told.
    pub(super) fn is_of_before(&self) -> bool {
        matches!(
            self.own(),
            Some(OwnFact::UsageRead(_) | OwnFact::UsageEvent(_))
        )
    }

    /// Whether it ties a provider's id to an identifier.
    fn is_introduction(&self) -> bool {
        self.makes().is_some() || matches!(self.fact, Fact::Party(_))
    }

    /// What it says of a person, and on what that is kept.
    pub(super) fn contact(&self) -> Option<(Ix, Cow<'_, Contact>)> {
        let (naming, contact) = match self.fact {
            Fact::Party(fact) => {
                let party = self.identifier.or(self.alias)?;
                let is_payers = checkout_named(&fact.naming).is_some();
                let payer = self.alias.filter(|_| is_payers);
                return Some((payer.unwrap_or(party), Cow::Borrowed(&fact.contact)));
            }
            Fact::Own(fact) => {
                let contact = if let OwnFact::CustomerUpdated(fact) = &**fact {
                    contact_updated(fact)
                } else {
                    contact_of(fact.customer_made()?)
                };
                return Some((self.identifier?, Cow::Owned(contact)));
            }
            Fact::Payment(fact) => (&fact.naming, &fact.contact),
            Fact::Invoice(fact) => (&fact.naming, &fact.contact),
            Fact::Checkout(fact) => (&fact.naming, &fact.contact),
            Fact::Subscription(_)
            | Fact::PaidThrough(_)
            | Fact::Refund(_)
            | Fact::Dispute(_)
            | Fact::Order(_)
            | Fact::Addon(_)
            | Fact::PaymentMethod(_)
            | Fact::Settings(_)
            | Fact::Operation(_)
            | Fact::Key(_)
            | Fact::Accepted(_) => return None,
        };
        let is_nameless = naming.provider_id.is_none();
        is_nameless.then_some((self.about?, Cow::Borrowed(contact)))
    }
}

/// Every statement of what was heard, in the order of the log.
pub(super) struct Statements<'a> {
    all: Vec<Statement<'a>>,
    /// Where those are that are about a thing, or offer it a link.
    by_thing: BTreeMap<Ix, Vec<usize>>,
    /// What tied a provider's id to the merchant's identifier, as far as it was looked up: one
    /// customer's subscriptions share it.
    pub(super) ties: RefCell<BTreeMap<Ix, Option<Explanation>>>,
}

impl<'a> Statements<'a> {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Statement<'a>> {
        self.all.iter()
    }

    /// Those that may offer a link to this thing.
    pub(super) fn offering(&self, thing: Ix) -> impl Iterator<Item = &Statement<'a>> {
        let places = self.by_thing.get(&thing).into_iter().flatten();
        places.filter_map(|place| self.all.get(*place))
    }

    /// Those about any of these things.
    pub(super) fn about(&self, things: &[Ix]) -> impl Iterator<Item = &Statement<'a>> {
        let places = things.iter().filter_map(|thing| self.by_thing.get(thing));
        let mut places: Vec<usize> = places.flatten().copied().collect();
        places.sort_unstable();
        places.dedup();
        let found = places.into_iter().filter_map(|place| self.all.get(place));
        found.filter(|statement| statement.about.is_some_and(|ix| things.contains(&ix)))
    }
}

fn naming_of(fact: &Fact) -> Option<Cow<'_, Naming>> {
    let naming = match fact {
        Fact::Party(fact) => &fact.naming,
        Fact::Subscription(fact) => &fact.naming,
        Fact::Payment(fact) => &fact.naming,
        Fact::Invoice(fact) => &fact.naming,
        Fact::Order(fact) => &fact.naming,
        Fact::Checkout(fact) => &fact.naming,
        Fact::Addon(fact) => &fact.naming,
        Fact::PaymentMethod(fact) => &fact.naming,
        Fact::PaidThrough(_)
        | Fact::Refund(_)
        | Fact::Dispute(_)
        | Fact::Settings(_)
        | Fact::Operation(_)
        | Fact::Key(_)
        | Fact::Accepted(_) => return None,
        Fact::Own(fact) => return own_naming(fact).map(Cow::Owned),
    };
    Some(Cow::Borrowed(naming))
}

impl State {
    /// Every statement of what was heard; this state must have been folded from it.
    pub(super) fn statements<'a>(&self, heard: &'a [HeardEvent<'a>]) -> Statements<'a> {
        let all = heard.iter().flat_map(|event| self.statements_of(event));
        let all: Vec<_> = all.collect();
        let mut by_thing: BTreeMap<Ix, Vec<usize>> = BTreeMap::new();
        for (place, statement) in all.iter().enumerate() {
            let linked = self.may_link(statement);
            for thing in statement.about.into_iter().chain(linked) {
                by_thing.entry(thing).or_default().push(place);
            }
        }
        Statements {
            all,
            by_thing,
            ties: RefCell::default(),
        }
    }

    /// What a statement may offer a link to besides what it is about; see [`State::offered`]. And
    /// what it takes the place of.
    fn may_link(&self, statement: &Statement<'_>) -> impl Iterator<Item = Ix> + use<> {
        let paid = if let Fact::Invoice(fact) = statement.fact {
            self.paid_by(fact)
        } else {
            None
        };
        // Only an introduction ties a provider's id to an identifier.
        let alias = statement.alias.filter(|_| statement.is_introduction());
        let sold = statement.own().and_then(|fact| self.sold_by_fact(fact));
        let begun = statement.own().and_then(OwnFact::subscription_begun);
        let before = begun.into_iter().flat_map(|begun| &begun.supersedes);
        let before = before.filter_map(|id| self.arena.find(Kind::Subscription, PROVIDER, id));
        let before: Vec<Ix> = before.collect();
        [paid, alias, sold].into_iter().flatten().chain(before)
    }

    fn begun_with(&self, fact: &Fact) -> Option<Ix> {
        let Fact::Own(fact) = fact else {
            return None;
        };
        let is_creation = matches!(**fact, OwnFact::CustomerCreated(_));
        is_creation.then(|| self.sold_by_fact(fact)).flatten()
    }

    /// The subscription of our own that begins with a fact, or is sold by it.
    pub(super) fn sold_by_fact(&self, fact: &OwnFact) -> Option<Ix> {
        let id = fact.sells()?;
        self.arena.find(Kind::Subscription, PROVIDER, id)
    }

    fn paid_by(&self, fact: &InvoiceFact) -> Option<Ix> {
        let payment = fact.payment_id.as_deref()?;
        self.arena.find(Kind::Payment, fact.provider, payment)
    }

    fn statements_of<'a>(&self, heard: &'a HeardEvent<'a>) -> Vec<Statement<'a>> {
        let (event, changes) = heard.meaning.as_folded(&heard.about);
        let statement = |change: &'a Change| {
            let provider = provider_of(&change.fact)?;
            let naming = naming_of(&change.fact);
            let parties = naming.map(|naming| {
                let identifier = self.identifier(&naming, event.source);
                self.parties_of(identifier, &naming, provider)
            });
            let (identifier, alias) = parties.unwrap_or_default();
            Some(Statement {
                heard,
                stamp: Stamp::new(change.occurred_at, change.revision, change.rank, &event),
                fact: &change.fact,
                provider,
                about: self.thing_of(&change.fact),
                begins: self.begun_with(&change.fact),
                identifier,
                alias,
            })
        };
        changes.iter().filter_map(statement).collect()
    }

    /// What a statement offers to play `role` to `thing`; nothing where it says nothing of that.
    pub(super) fn offered(&self, statement: &Statement<'_>, thing: Ix, role: Role) -> Option<Ix> {
        let is_about = statement.about == Some(thing);
        let find =
            |kind, id: &Option<Box<str>>| self.arena.find(kind, statement.provider, id.as_deref()?);
        match role {
            Role::Identifier => {
                let ties = || statement.is_introduction() && statement.alias == Some(thing);
                let sells = || {
                    let sold = statement.own().and_then(|fact| self.sold_by_fact(fact));
                    sold == Some(thing)
                };
                // An attempt says whose the subscription is, and not whose its checkout.
                let is_attempt = matches!(statement.own(), Some(OwnFact::CheckoutAttempted(_)));
                let names = is_about && !is_attempt;
                statement.identifier.filter(|_| names || ties() || sells())
            }
            // What is made with a checkout has an id of ours, and the checkout has none of it.
            Role::Alias => statement
                .alias
                .filter(|_| is_about && statement.makes().is_none()),
            Role::Parent(kind) => match (statement.fact, kind) {
                (Fact::Payment(fact), Kind::Subscription) if is_about => {
                    find(kind, &fact.subscription_id)
                }
                (Fact::Payment(fact), Kind::Invoice) if is_about => find(kind, &fact.invoice_id),
                (Fact::Payment(fact), Kind::Order) if is_about => find(kind, &fact.order_id),
                (Fact::Invoice(fact), Kind::Subscription) if is_about => {
                    find(kind, &fact.subscription_id)
                }
                (Fact::Own(fact), Kind::Subscription) if is_about => self.sold_by_fact(fact),
                (Fact::Invoice(fact), Kind::Invoice) => {
                    let is_paid_by = self.paid_by(fact) == Some(thing);
                    statement.about.filter(|_| is_paid_by)
                }
                _ => None,
            },
        }
    }
}
