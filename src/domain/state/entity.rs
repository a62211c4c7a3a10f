//! One named thing in the state: what every kind has (names, links, activity) and the kind's own
//! cells.

use super::arena::Ix;
use crate::domain::activity::Activity;
use crate::domain::addon::Addon;
use crate::domain::checkout::Checkout;
use crate::domain::customer::Person;
use crate::domain::event::ProviderName;
use crate::domain::id::Tsid;
use crate::domain::payment::Payment;
use crate::domain::register::{Register, Slot, Stamp};
use crate::domain::subscription::Subscription;

/// The space of the merchant's own identifiers, beside the providers' spaces.
pub(super) const MERCHANT: ProviderName = "customer";

/// What a thing is. Of several links the customer is looked for in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
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

/// See the module.
#[derive(Debug)]
pub(super) struct Entity {
    pub(super) kind: Kind,
    pub(super) provider: ProviderName,
    pub(super) name: Box<str>,
    pub(super) id: Tsid,
    pub(super) activity: Activity,
    /// The customer it belongs to, worked out from the names and links below and kept.
    pub(super) owner: Option<Ix>,
    /// The merchant's identifier seen on it.
    pub(super) identifier: Slot<Ix>,
    /// The provider's customer id seen on it.
    pub(super) alias: Slot<Ix>,
    /// What it belongs to (payment → invoice → subscription), one a kind, in the kinds' order.
    pub(super) parents: Vec<(Kind, Register<Ix>)>,
    /// What looks for its customer through this one.
    pub(super) children: Vec<Ix>,
    /// The events that are first of all about it.
    pub(super) events: Vec<u64>,
    /// What was said of the person where no name was given to hang it on.
    pub(super) person: Option<Box<Person>>,
    pub(super) body: Body,
}

/// A kind's own cells.
#[derive(Debug)]
pub(super) enum Body {
    Party(Box<Party>),
    Subscription(Box<Subscription>),
    Payment(Box<Payment>),
    Checkout(Checkout),
    Addon(Box<Addon>),
    /// Nothing but names and links: an invoice, an order.
    Links,
}

/// What a customer's root knows of all that belongs to it.
#[derive(Debug, Default)]
pub(super) struct Party {
    pub(super) members: Vec<Ix>,
    /// Of this party and all its members.
    pub(super) activity: Activity,
}

impl Entity {
    pub(super) fn new(kind: Kind, provider: ProviderName, name: &str) -> Self {
        let body = match kind {
            Kind::Party => Body::Party(Box::default()),
            Kind::Subscription | Kind::SoleSubscription => Body::Subscription(Box::default()),
            Kind::Payment => Body::Payment(Box::default()),
            Kind::Checkout => Body::Checkout(Checkout::default()),
            Kind::Addon => Body::Addon(Box::default()),
            Kind::Invoice | Kind::Order => Body::Links,
        };
        Self {
            kind,
            provider,
            name: name.into(),
            id: Tsid::minted(provider, name),
            activity: Activity::default(),
            owner: None,
            identifier: Slot::default(),
            alias: Slot::default(),
            parents: Vec::new(),
            children: Vec::new(),
            events: Vec::new(),
            person: None,
            body,
        }
    }

    pub(super) fn is_named(&self, kind: Kind, provider: &str, name: &str) -> bool {
        *self.name == *name && self.kind == kind && self.provider == provider
    }

    /// Whether this is the merchant's own identifier.
    pub(super) fn is_identifier(&self) -> bool {
        self.kind == Kind::Party && self.provider == MERCHANT
    }

    /// Notes a link; says whether the one in force changed.
    pub(super) fn link(&mut self, kind: Kind, parent: Ix, stamp: Stamp) -> bool {
        let register = Register {
            stamp,
            value: parent,
        };
        match self.parents.binary_search_by_key(&kind, |(held, _)| *held) {
            Err(place) => {
                self.parents.insert(place, (kind, register));
                true
            }
            Ok(place) => {
                let Some((_, held)) = self.parents.get_mut(place) else {
                    return false;
                };
                let changed = stamp > held.stamp && held.value != parent;
                if stamp > held.stamp {
                    *held = register;
                }
                changed
            }
        }
    }

    /// The thing of `kind` it belongs to.
    pub(super) fn parent(&self, kind: Kind) -> Option<Ix> {
        self.parents
            .iter()
            .find(|(held, _)| *held == kind)
            .map(|(_, register)| register.value)
    }

    pub(super) fn party(&self) -> Option<&Party> {
        match &self.body {
            Body::Party(party) => Some(party),
            Body::Subscription(_)
            | Body::Payment(_)
            | Body::Checkout(_)
            | Body::Addon(_)
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

    pub(super) fn payment(&self) -> Option<&Payment> {
        if let Body::Payment(held) = &self.body {
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
