//! What customers may use, read out of the state: by the newest catalogue, the subscriptions they
//! hold and what was told of their meters.

use rust_decimal::Decimal;

use super::State;
use super::arena::Ix;
use super::entity::{Kind, Role};
use crate::domain::access::AsOf;
use crate::domain::amount::Step;
use crate::domain::catalog::Catalog;
use crate::domain::entitlement::{Entitlement, Entitlements, Holder};
use crate::domain::id::Prefix;
use crate::domain::meter::Meters;
use crate::domain::own::PROVIDER;
use crate::domain::standing::{Cause, Standing};
use crate::domain::subscription::SubscriptionView;
use crate::domain::time::Timestamp;

impl State {
    /// What a customer may use.
    #[must_use]
    pub fn entitlements(&self, id: &str, as_of: AsOf) -> Option<Entitlements> {
        let root = self.find_customer(id)?;
        let held = self.subscriptions_shown(self.arena.get(root), Some(as_of));
        Some(self.entitlements_of(root, &held, as_of))
    }

    /// What a customer that is not archived may use of what grants it anything now, and what it
    /// used or is allowed beside that.
    #[must_use]
    pub fn entitlements_in_force(&self, id: &str, as_of: AsOf) -> Option<Entitlements> {
        let root = self.find_customer(id)?;
        if self.archived_at(root).is_some() {
            return None;
        }
        let held = self.subscriptions_shown(self.arena.get(root), Some(as_of));
        let rows = self.held_by(root, &held, |held| held.rows_in_force(as_of));
        Some(self.entitled(root, rows))
    }

    /// What the customer at `root` may use, who holds these subscriptions.
    pub(super) fn entitlements_of(
        &self,
        root: Ix,
        subscriptions: &[SubscriptionView],
        as_of: AsOf,
    ) -> Entitlements {
        let rows = self.held_by(root, subscriptions, |held| held.rows(as_of));
        self.entitled(root, rows)
    }

    fn entitled(&self, root: Ix, rows: Option<Vec<Entitlement>>) -> Entitlements {
        Entitlements {
            customer: self.customer_name(self.arena.get(root)),
            entitlements: rows.unwrap_or_default(),
            explain: None,
        }
    }

    /// Whether so much, which is less than nothing, can be taken back of what a customer used of a
    /// metric at that time: every counter of it must stay above nothing.
    #[must_use]
    pub fn can_take_back(
        &self,
        id: &str,
        metric: &str,
        (value, at): (Decimal, Timestamp),
        as_of: AsOf,
    ) -> bool {
        let Some(root) = self.find_customer(id) else {
            return false;
        };
        let held = self.subscriptions_shown(self.arena.get(root), Some(as_of));
        let step = Step::nearest(value);
        let counters = self.held_by(root, &held, |held| held.counters(metric, at, as_of));
        let mut counters = counters.unwrap_or_default().into_iter();
        counters.all(|level| !level.plus(step).is_below_zero())
    }

    /// The subscription (`SUA-…`) that took the place of one that stands so: the one that was had
    /// instead, or that was paid for by a checkout.
    pub(super) fn in_place_of(&self, standing: &Standing) -> Option<Box<str>> {
        let Cause::Superseded(by) = &standing.cause else {
            return None;
        };
        let Some(checkout) = self.arena.find(Kind::Checkout, PROVIDER, by) else {
            return Some(by.clone());
        };
        let checkout = self.arena.get(checkout);
        let sold = checkout.linked(Role::Parent(Kind::Subscription))?;
        let id = self.arena.get(sold).id.with(Prefix::Subscription);
        Some(id.to_string().into())
    }

    /// What a customer holds that may entitle it to anything; nothing before there is a catalogue.
    fn held_by<T>(
        &self,
        root: Ix,
        subscriptions: &[SubscriptionView],
        ask: impl FnOnce(&Holder<'_>) -> T,
    ) -> Option<T> {
        let catalog: &Catalog = &self.settings()?.catalog;
        let unused = Meters::default();
        Some(ask(&Holder {
            catalog,
            subscriptions,
            meters: self.meters_of(root).unwrap_or(&unused),
        }))
    }
}
