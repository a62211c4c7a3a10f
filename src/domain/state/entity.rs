//! One named thing in the state: what every kind has (names, links, activity) and the kind's own
//! cells.

use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

use super::arena::Ix;
use super::meters::Account;
use crate::domain::activity::Activity;
use crate::domain::addon::Addon;
use crate::domain::checkout::{Checkout, OwnCheckout};
use crate::domain::customer::Person;
use crate::domain::event::ProviderName;
use crate::domain::id::Tsid;
use crate::domain::instrument::PaymentMethod;
use crate::domain::payment::Payment;
use crate::domain::register::Stamp;
use crate::domain::subscription::Subscription;

/// The word for the merchant's own identifiers, beside the providers' names.
pub(super) const MERCHANT: ProviderName = "customer";

/// Whose word a name is: the merchant's or a provider's, by its place in the arena's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) struct Space(pub(super) u8);

impl Space {
    /// The merchant's own, always the first.
    pub(super) const MERCHANT: Self = Self(0);
}

/// What a thing is. Of several links the customer is looked for in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum Kind {
    /// A name of a customer: the merchant's identifier, or a provider's id.
    Party,
    /// A subscription that its provider gives an id.
    Subscription,
    /// The one subscription of a customer whose provider names none.
    SoleSubscription,
    /// An invoice.
    Invoice,
    /// An order.
    Order,
    /// A hosted payment page.
    Checkout,
    /// A payment.
    Payment,
    /// A bought add-on.
    Addon,
    /// A way of paying that a provider keeps for a customer.
    PaymentMethod,
}

impl Kind {
    /// Whether it carries an id of ours.
    pub(super) const fn has_id(self) -> bool {
        matches!(
            self,
            Self::Party | Self::Subscription | Self::SoleSubscription
        )
    }
}

/// See the module. What the snapshot leaves out follows from the rest and is worked out again.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entity {
    pub(super) kind: Kind,
    pub(super) space: Space,
    /// The customer it belongs to, worked out from the names and links below and kept.
    #[serde(skip)]
    pub(super) owner: Option<Ix>,
    pub(super) name: Box<str>,
    pub(super) id: Tsid,
    pub(super) activity: Activity,
    /// The names seen on it and what it belongs to, one a role, in the roles' order.
    links: ThinVec<Link>,
    /// What looks for its customer through this one.
    #[serde(skip)]
    pub(super) children: ThinVec<Ix>,
    /// The events that are first of all about it, ascending.
    events: ThinVec<u64>,
    /// What was said of the person where no name was given to hang it on.
    pub(super) person: Person,
    pub(super) body: Body,
}

/// What another thing is to this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Role {
    /// The merchant's identifier seen on it.
    Identifier,
    /// The provider's customer id seen on it.
    Alias,
    /// What it belongs to (payment → invoice → subscription).
    Parent(Kind),
}

/// What came of a link that an event offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Linked {
    /// Nothing had played the role before.
    First,
    /// The same thing plays it as before.
    Same,
    /// It plays the role now, and this one no longer does.
    InsteadOf(Ix),
    /// Another thing goes on playing it.
    Lost,
}

/// The newest word on what plays a role.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Link {
    stamp: Stamp,
    target: Ix,
    role: Role,
}

/// A kind's own cells.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Body {
    Party(Box<Party>),
    Subscription(Box<Subscription>),
    Payment(Box<Payment>),
    Checkout(Checkout),
    Addon(Box<Addon>),
    /// Nothing but names and links: an invoice, an order.
    Links,
    PaymentMethod(Box<PaymentMethod>),
}

/// What a customer's root knows of all that belongs to it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Party {
    #[serde(skip)]
    pub(super) members: ThinVec<Ix>,
    /// What bears this name, and has its customer by the merchant's identifier on it.
    #[serde(skip)]
    pub(super) bearers: ThinVec<Ix>,
    /// Of this party and all its members.
    #[serde(skip)]
    pub(super) activity: Activity,
    /// What commands told of it; most were never told anything.
    pub(super) account: Option<Box<Account>>,
}

impl Entity {
    pub(super) fn new(kind: Kind, space: Space, id: Tsid, name: &str) -> Self {
        let body = match kind {
            Kind::Party => Body::Party(Box::default()),
            Kind::Subscription | Kind::SoleSubscription => Body::Subscription(Box::default()),
            Kind::Payment => Body::Payment(Box::default()),
            Kind::Checkout => Body::Checkout(Checkout::default()),
            Kind::Addon => Body::Addon(Box::default()),
            Kind::Invoice | Kind::Order => Body::Links,
            Kind::PaymentMethod => Body::PaymentMethod(Box::default()),
        };
        Self {
            kind,
            space,
            owner: None,
            name: name.into(),
            id,
            activity: Activity::default(),
            links: ThinVec::new(),
            children: ThinVec::new(),
            events: ThinVec::new(),
            person: Person::default(),
            body,
        }
    }

    pub(super) fn is_named(&self, kind: Kind, space: Space, name: &str) -> bool {
        *self.name == *name && self.kind == kind && self.space == space
    }

    /// Whether this is the merchant's own identifier.
    pub(super) fn is_identifier(&self) -> bool {
        self.kind == Kind::Party && self.space == Space::MERCHANT
    }

    /// Whether this is a customer that a command made.
    pub(super) fn is_made_here(&self) -> bool {
        let account = self.party().and_then(|party| party.account.as_ref());
        account.is_some_and(|account| account.is_made())
    }

    /// Notes what plays a role; says what came of it.
    pub(super) fn link(&mut self, role: Role, target: Ix, stamp: Stamp) -> Linked {
        let link = Link {
            stamp,
            target,
            role,
        };
        match self.links.binary_search_by_key(&role, |held| held.role) {
            Err(place) => {
                // Most have one or two for ever.
                self.links.reserve_exact(1);
                self.links.insert(place, link);
                Linked::First
            }
            Ok(place) => {
                let Some(held) = self.links.get_mut(place) else {
                    return Linked::Same;
                };
                let before = held.target;
                let wins = stamp > held.stamp;
                if wins {
                    *held = link;
                }
                match (before == target, wins) {
                    (true, _) => Linked::Same,
                    (false, true) => Linked::InsteadOf(before),
                    (false, false) => Linked::Lost,
                }
            }
        }
    }

    /// Puts what plays a role in the place of what did; says what came of it.
    pub(super) fn link_instead(&mut self, role: Role, target: Ix, stamp: Stamp) -> Linked {
        let held = self.links.iter_mut().find(|held| held.role == role);
        let Some(held) = held else {
            return self.link(role, target, stamp);
        };
        let before = held.target;
        (held.target, held.stamp) = (target, stamp);
        if before == target {
            Linked::Same
        } else {
            Linked::InsteadOf(before)
        }
    }

    /// What plays a role.
    pub(super) fn linked(&self, role: Role) -> Option<Ix> {
        self.register(role).map(|(_, target)| target)
    }

    /// What plays a role, and the stamp of who said so.
    pub(super) fn register(&self, role: Role) -> Option<(Stamp, Ix)> {
        let found = self.links.iter().find(|link| link.role == role);
        found.map(|link| (link.stamp, link.target))
    }

    /// What it belongs to, in the kinds' order.
    pub(super) fn parents(&self) -> impl Iterator<Item = Ix> {
        let parents = self.links.iter();
        parents
            .filter(|link| matches!(link.role, Role::Parent(_)))
            .map(|link| link.target)
    }

    /// The same, less the checkout that sold it.
    pub(super) fn parents_but_checkout(&self) -> impl Iterator<Item = Ix> {
        let parents = self
            .links
            .iter()
            .filter(|link| matches!(link.role, Role::Parent(kind) if kind != Kind::Checkout));
        parents.map(|link| link.target)
    }

    /// What it hangs under: each has it among its children or bearers.
    pub(super) fn found_through(&self) -> impl Iterator<Item = Ix> {
        let through = self.links.iter();
        through
            .filter(|link| link.role != Role::Identifier)
            .map(|link| link.target)
    }

    /// Everything that plays a role to it.
    pub(super) fn targets(&self) -> impl Iterator<Item = Ix> {
        self.links.iter().map(|link| link.target)
    }

    /// Whether it is whole, and refers to none but the first `count` things.
    pub(super) fn is_sound(&self, count: usize, spaces: usize) -> bool {
        let body_fits = match &self.body {
            Body::Party(_) => self.kind == Kind::Party,
            Body::Subscription(_) => {
                matches!(self.kind, Kind::Subscription | Kind::SoleSubscription)
            }
            Body::Payment(_) => self.kind == Kind::Payment,
            Body::Checkout(_) => self.kind == Kind::Checkout,
            Body::Addon(_) => self.kind == Kind::Addon,
            Body::PaymentMethod(_) => self.kind == Kind::PaymentMethod,
            Body::Links => matches!(self.kind, Kind::Invoice | Kind::Order),
        };
        body_fits
            && usize::from(self.space.0) < spaces
            && self.targets().all(|target| target.place() < count)
    }

    /// Lists an event. Events come in the log's order; those that are listed come again where the
    /// tail of the log is folded into a snapshot that holds a part of it.
    pub(super) fn list(&mut self, seq: u64) {
        if self.events.last().is_some_and(|last| *last >= seq) {
            return;
        }
        if self.events.is_empty() {
            // Many have one for ever.
            self.events.reserve_exact(1);
        }
        self.events.push(seq);
    }

    /// The events that are first of all about it, ascending.
    pub(super) fn events(&self) -> &[u64] {
        &self.events
    }

    pub(super) fn party(&self) -> Option<&Party> {
        match &self.body {
            Body::Party(party) => Some(party),
            Body::Subscription(_)
            | Body::Payment(_)
            | Body::Checkout(_)
            | Body::Addon(_)
            | Body::PaymentMethod(_)
            | Body::Links => None,
        }
    }

    pub(super) fn party_mut(&mut self) -> Option<&mut Party> {
        match &mut self.body {
            Body::Party(party) => Some(party),
            Body::Subscription(_)
            | Body::Payment(_)
            | Body::Checkout(_)
            | Body::Addon(_)
            | Body::PaymentMethod(_)
            | Body::Links => None,
        }
    }

    pub(super) fn subscription(&self) -> Option<&Subscription> {
        if let Body::Subscription(held) = &self.body {
            Some(held)
        } else {
            None
        }
    }

    /// A checkout that was opened here, or is known by reference.
    pub(super) fn own_checkout(&self) -> Option<&OwnCheckout> {
        if let Body::Checkout(held) = &self.body {
            held.own()
        } else {
            None
        }
    }

    pub(super) fn payment(&self) -> Option<&Payment> {
        if let Body::Payment(held) = &self.body {
            Some(held)
        } else {
            None
        }
    }

    pub(super) fn payment_method(&self) -> Option<&PaymentMethod> {
        if let Body::PaymentMethod(held) = &self.body {
            Some(held)
        } else {
            None
        }
    }

    pub(super) fn addon(&self) -> Option<&Addon> {
        if let Body::Addon(held) = &self.body {
            Some(held)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A customer with one subscription is three things.
    #[test]
    fn things_are_small() {
        assert_eq!(size_of::<Entity>(), 104);
        assert_eq!(size_of::<Link>(), 40);
        // One pointer of it is to what commands told, which most were told nothing of.
        assert_eq!(size_of::<Party>(), 48);
        // One pointer of it is to what was decided here, which most have nothing of.
        assert_eq!(size_of::<Subscription>(), 224);
    }
}
