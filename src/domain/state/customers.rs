//! Reading customers out of the state: by any name, with all they hold.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::State;
use super::arena::Ix;
use super::entity::{Entity, Kind, MERCHANT, Role};
use super::page::{Gathering, Ident, Listing, Page};
use crate::domain::access::{Access, AsOf};
use crate::domain::customer::{CustomerName, CustomerView, Holdings, Person};
use crate::domain::event::{Fact, Interpretation, Naming, ProviderName, SubscriptionKey};
use crate::domain::id::{Prefix, Tsid};
use crate::domain::own;
use crate::domain::register::Stamp;
use crate::domain::status::Status;
use crate::domain::subscription::SubscriptionView;

/// What every `CUS-…` begins with, also a vendor's.
pub(super) const VENDOR_PREFIX: &str = "CUS-";

/// Which customers.
#[derive(Debug, Clone, Default)]
pub struct CustomerFilter {
    /// Any of whose subscriptions has this status.
    pub status: Option<Status>,
    /// Whose identifier, e-mail address or name contains this, in any case.
    pub q: Option<String>,
}

/// A [`CustomerFilter`] made ready.
#[derive(Debug, Clone, Default)]
pub struct CustomersWanted {
    status: Option<Status>,
    /// In lower case.
    needle: Option<String>,
}

impl From<&CustomerFilter> for CustomersWanted {
    fn from(filter: &CustomerFilter) -> Self {
        Self {
            status: filter.status,
            needle: filter.q.as_ref().map(|q| q.to_lowercase()),
        }
    }
}

impl Listing for CustomersWanted {
    fn rank(&self, state: &State, ix: Ix) -> Option<Ident> {
        let root = state.arena.get(ix);
        if root.kind != Kind::Party || root.owner != Some(ix) {
            return None;
        }
        let status_fits = |status| state.has_status(root, status);
        let needle_fits = |needle: &String| state.matches(ix, root, needle);
        let fits =
            self.status.is_none_or(status_fits) && self.needle.as_ref().is_none_or(needle_fits);
        fits.then_some(Ident {
            updated_at: root.party()?.activity.last(),
            id: state.customer_number(root),
        })
    }

    fn stands_for(&self, state: &State, ix: Ix) -> Option<Ix> {
        state.arena.get(ix).owner
    }
}

impl State {
    /// The customer of that id: `CUS-…`, the merchant's identifier, or any alias ever seen.
    pub(super) fn find_customer(&self, id: &str) -> Option<Ix> {
        let by_name = |space| self.arena.find(Kind::Party, space, id);
        let by_id = || {
            self.arena
                .find_id(&[Kind::Party], Tsid::parse(Prefix::Customer, id)?)
        };
        let found = by_name(MERCHANT)
            .or_else(|| self.providers.iter().find_map(|provider| by_name(provider)))
            .or_else(by_id)?;
        self.arena.get(found).owner
    }

    /// Whether there is a customer of that id.
    #[must_use]
    pub fn has_customer(&self, id: &str) -> bool {
        self.find_customer(id).is_some()
    }

    /// The merchant's own identifier of a customer, by any id; nothing for one that the merchant
    /// gave none.
    #[must_use]
    pub fn identifier_of(&self, id: &str) -> Option<&str> {
        let root = self.arena.get(self.find_customer(id)?);
        root.is_identifier().then_some(&*root.name)
    }

    /// Whether any of a customer's subscriptions, whoever provides it, stands in one of these ways.
    #[must_use]
    pub fn holds_any(&self, id: &str, statuses: &[Status]) -> bool {
        self.find_customer(id).is_some_and(|root| {
            let root = self.arena.get(root);
            statuses.iter().any(|status| self.has_status(root, *status))
        })
    }

    /// The id that a customer is shown under (`CUS-…`), by any id.
    #[must_use]
    pub fn customer_id_of(&self, id: &str) -> Option<Box<str>> {
        let root = self.arena.get(self.find_customer(id)?);
        Some(self.customer_name(root).id.into())
    }

    /// The company of the catalogue that a customer is one of, by any id. Nothing where another is
    /// known: webhooks name the company that their vendor knows.
    #[must_use]
    pub fn company_of(&self, id: &str) -> Option<Box<str>> {
        let root = self.arena.get(self.find_customer(id)?);
        let person = self.person(root);
        let company = self.catalog().company(person.company_id()?)?;
        Some(company.id.as_str().into())
    }

    /// One customer with all it holds.
    #[must_use]
    pub fn customer(&self, id: &str, as_of: Option<AsOf>) -> Option<CustomerView> {
        self.find_customer(id)
            .map(|root| self.customer_view(root, as_of))
    }

    /// The sequence numbers of a customer's events, ascending.
    #[must_use]
    pub fn customer_events(&self, id: &str) -> Option<Vec<u64>> {
        let root = self.arena.get(self.find_customer(id)?);
        let members = self.members(root).map(|(_, member)| member.events());
        let mut seqs: Vec<u64> = members.chain([root.events()]).flatten().copied().collect();
        seqs.sort_unstable();
        seqs.dedup();
        Some(seqs)
    }

    /// Looks at the next things for a page of customers; says whether any are left.
    pub fn gather_customers(&self, wanted: &CustomersWanted, page: &mut Gathering) -> bool {
        self.gather(wanted, page)
    }

    /// The page of customers, once everything was looked at, newest change first.
    #[must_use]
    pub fn customers_page(
        &self,
        wanted: &CustomersWanted,
        page: Gathering,
        as_of: AsOf,
    ) -> Page<CustomerView> {
        self.finish_page(wanted, page, |ix| Some(self.customer_view(ix, Some(as_of))))
    }

    pub(super) fn members<'a>(
        &'a self,
        root: &'a Entity,
    ) -> impl Iterator<Item = (Ix, &'a Entity)> {
        let members = root
            .party()
            .map(|party| party.members.as_slice())
            .unwrap_or_default();
        members.iter().map(|ix| (*ix, self.arena.get(*ix)))
    }

    fn has_status(&self, root: &Entity, status: Status) -> bool {
        self.subscriptions_of(root)
            .filter_map(|ix| self.shown_subscription(ix))
            .any(|shown| shown.status() == status)
    }

    pub(super) fn matches(&self, ix: Ix, root: &Entity, needle: &str) -> bool {
        let named = root.is_identifier() && root.name.to_lowercase().contains(needle);
        named || self.person(self.arena.get(ix)).mentions(needle)
    }

    /// The vendor's own `CUS-…` names of a customer; of several the smallest is shown.
    fn vendor_id<'a>(&'a self, root: &'a Entity) -> Option<&'a str> {
        let aliases = self.members(root).map(|(_, member)| member).chain([root]);
        aliases
            .filter(|alias| alias.kind == Kind::Party && !alias.is_identifier())
            .map(|alias| &*alias.name)
            .filter(|name| name.starts_with(VENDOR_PREFIX))
            .min()
    }

    pub(super) fn customer_number(&self, root: &Entity) -> u64 {
        let vendor = self
            .vendor_id(root)
            .and_then(|id| Tsid::parse(Prefix::Customer, id));
        vendor.unwrap_or(root.id).as_u64()
    }

    pub(super) fn customer_name(&self, root: &Entity) -> CustomerName {
        let vendor = self.vendor_id(root).map(str::to_owned);
        CustomerName {
            id: vendor.unwrap_or_else(|| root.id.with(Prefix::Customer).to_string()),
            customer_identifier: root.is_identifier().then(|| root.name.clone()),
        }
    }

    pub(super) fn owner_name(&self, entity: &Entity) -> Option<CustomerName> {
        entity
            .owner
            .map(|root| self.customer_name(self.arena.get(root)))
    }

    /// All that is known of a person. Whoever paid at a checkout of ours may be somebody else. Of a
    /// customer that was made here, the merchant knows best: others fill what is left open.
    pub(super) fn person(&self, root: &Entity) -> Person {
        let mut others = Person::default();
        for (ix, member) in self.members(root) {
            if !self.is_of_payer(ix) {
                others.merge(&member.person);
            }
        }
        let mut whole = root.person.clone();
        if root.is_made_here() {
            whole.fill(&others);
        } else {
            whole.merge(&others);
        }
        whole
    }

    /// Whether a thing tells of whoever paid at a checkout of ours.
    pub(super) fn is_of_payer(&self, ix: Ix) -> bool {
        self.booked_on(ix, 0).is_some()
    }

    /// For each provider the id that was named last with this customer; of several that one event
    /// named, the smallest.
    pub(super) fn references(&self, root: &Entity) -> BTreeMap<ProviderName, Box<str>> {
        fn place(alias: &Entity) -> (Option<Stamp>, Reverse<&str>) {
            let named = alias.register(Role::Identifier);
            (named.map(|(stamp, _)| stamp), Reverse(&alias.name))
        }
        let mut newest: BTreeMap<ProviderName, &Entity> = BTreeMap::new();
        let aliases = self.members(root).map(|(_, member)| member).chain([root]);
        for alias in aliases.filter(|e| e.kind == Kind::Party && !e.is_identifier()) {
            let provider = self.arena.provider(alias.space);
            if provider == own::PROVIDER {
                // That is no reference: it is the id that the customer is shown under.
                continue;
            }
            let held = newest.entry(provider).or_insert(alias);
            if place(alias) > place(held) {
                *held = alias;
            }
        }
        newest
            .into_iter()
            .map(|(provider, alias)| (provider, alias.name.clone()))
            .collect()
    }

    /// The subscriptions of a customer, by creation, then id.
    pub(super) fn subscriptions_shown(
        &self,
        root: &Entity,
        as_of: Option<AsOf>,
    ) -> Vec<SubscriptionView> {
        let held = self.subscriptions_of(root);
        let mut shown: Vec<_> = held
            .filter_map(|ix| self.subscription_view(ix, as_of))
            .collect();
        shown.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        shown
    }

    pub(super) fn customer_view(&self, root_ix: Ix, as_of: Option<AsOf>) -> CustomerView {
        let root = self.arena.get(root_ix);
        let subscriptions = self.subscriptions_shown(root, as_of);
        let access = as_of.map(|_| {
            let each = subscriptions.iter().filter_map(|view| view.access.clone());
            each.reduce(Access::better).unwrap_or(Access::NONE)
        });
        let held = self
            .members(root)
            .filter_map(|(_, e)| Some((&e.name, e.addon()?.view(e.activity)?)));
        let mut addons: Vec<_> = held.chain(self.addons_sold(root)).collect();
        // By the purchase's own name in the end: the same add-on can be bought twice at once.
        addons.sort_by(|(a_name, a), (b_name, b)| {
            (a.purchased_at, &a.id, a_name).cmp(&(b.purchased_at, &b.id, b_name))
        });
        let addons = addons.into_iter().map(|(_, addon)| addon).collect();
        CustomerView {
            access,
            subscriptions,
            addons,
            ..self.customer_alone(root_ix)
        }
    }

    /// A customer, less what it holds.
    pub(super) fn customer_alone(&self, root_ix: Ix) -> CustomerView {
        let root = self.arena.get(root_ix);
        self.person(root).view(Holdings {
            name: self.customer_name(root),
            references: self.references(root),
            access: None,
            subscriptions: Vec::new(),
            addons: Vec::new(),
            made_at: self.made_at(root_ix),
            activity: root.party().map(|party| party.activity).unwrap_or_default(),
        })
    }

    /// Whose event this is, by the merchant's identifier.
    #[must_use]
    pub fn customer_of(&self, meaning: &Interpretation) -> Option<&str> {
        let facts = || meaning.told().iter().map(|change| &change.fact);
        let things = facts().filter_map(|fact| self.thing_of(fact));
        // What it tells of a customer alone says whose it is where nothing else does.
        let introduced = facts().filter_map(|fact| {
            if let Fact::Own(fact) = fact {
                return self.named_here(fact.identifier()?);
            }
            let Fact::Party(party) = fact else {
                return None;
            };
            let naming = &party.naming;
            let (identifier, alias) =
                self.parties_of(naming.identifier.as_deref(), naming, party.provider);
            identifier.or(alias)
        });
        let owners = things
            .chain(introduced)
            .filter_map(|ix| self.arena.get(ix).owner);
        let mut roots = owners.map(|root| self.arena.get(root));
        roots
            .find(|root| root.is_identifier())
            .map(|root| &*root.name)
    }

    /// Whom an event names: by the merchant's identifier, as it was read out of the naming, and by
    /// the provider's id.
    pub(super) fn parties_of(
        &self,
        identifier: Option<&str>,
        naming: &Naming,
        provider: ProviderName,
    ) -> (Option<Ix>, Option<Ix>) {
        let party = |space, name| self.arena.find(Kind::Party, space, name);
        let alias = naming.provider_id.as_deref();
        (
            identifier.and_then(|name| party(MERCHANT, name)),
            alias.and_then(|name| party(provider, name)),
        )
    }

    /// What a fact is about; nothing for what is said of a customer alone.
    pub(super) fn thing_of(&self, fact: &Fact) -> Option<Ix> {
        let (kind, provider, name) = match fact {
            Fact::Subscription(fact) => match &fact.key {
                SubscriptionKey::Id(id) => (Kind::Subscription, fact.provider, id),
                SubscriptionKey::OnePerCustomer(name) => {
                    (Kind::SoleSubscription, fact.provider, name)
                }
            },
            Fact::PaidThrough(fact) => (Kind::Subscription, fact.provider, &fact.subscription_id),
            Fact::Payment(fact) => (Kind::Payment, fact.provider, &fact.id),
            Fact::Refund(fact) => (Kind::Payment, fact.provider, &fact.payment_id),
            Fact::Dispute(fact) => (Kind::Payment, fact.provider, &fact.payment_id),
            Fact::Invoice(fact) => (Kind::Invoice, fact.provider, &fact.id),
            Fact::Order(fact) => (Kind::Order, fact.provider, &fact.id),
            Fact::Checkout(fact) => (Kind::Checkout, fact.provider, &fact.id),
            Fact::Addon(fact) => (Kind::Addon, fact.provider, &fact.purchase_key),
            Fact::PaymentMethod(fact) => (Kind::PaymentMethod, fact.provider, &fact.id),
            Fact::Party(_)
            | Fact::Settings(_)
            | Fact::Operation(_)
            | Fact::Key(_)
            | Fact::Accepted(_) => return None,
            Fact::Own(fact) => return self.own_thing_of(fact),
        };
        self.arena.find(kind, provider, name)
    }
}
