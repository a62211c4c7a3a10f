//! Which event is behind each row of what a customer may use: the catalogue's, or the one that gave
//! the subscription its plan or its standing.

use std::collections::BTreeMap;

use super::Fields;
use super::statements::Statements;
use super::verdict::Cell;
use crate::domain::customer::CustomerView;
use crate::domain::entitlement::Entitlements;
use crate::domain::event::Fact;
use crate::domain::state::State;

impl State {
    /// Explains each row, with the `customer` whose subscriptions are explained.
    pub(super) fn explain_entitlements(
        &self,
        shown: &mut Entitlements,
        customer: &CustomerView,
        statements: &Statements<'_>,
    ) {
        let settings = statements
            .iter()
            .filter(|statement| matches!(statement.fact, Fact::Settings(_)));
        let catalogue = Cell::stamped(settings).map(Cell::explanation);
        let held = customer.subscriptions.iter();
        let held: BTreeMap<&str, _> = held.map(|held| (&*held.id, held)).collect();
        for row in &mut shown.entitlements {
            let mut fields = Fields::default();
            let by_catalogue = [
                ("feature_id", true),
                ("type", true),
                ("meter_id", row.meter_id.is_some()),
                ("limit", row.limit.is_some()),
                ("remaining", row.remaining.is_some()),
                ("resets_at", row.resets_at.is_some()),
            ];
            for (name, _) in by_catalogue.into_iter().filter(|(_, is_set)| *is_set) {
                fields.put(name, catalogue.clone());
            }
            let held = held.get(&*row.subscription_id).copied();
            let of = |name| held.and_then(|held| held.explain.as_ref()?.get(name).cloned());
            fields.put("subscription_id", of("plan"));
            let has_access = held.and_then(|held| held.access.as_ref());
            let is_withheld = has_access.is_some_and(|access| access.granted) && !row.granted;
            fields.put(
                "granted",
                if is_withheld {
                    catalogue.clone()
                } else {
                    of("access")
                },
            );
            row.explain = Some(fields.0);
        }
        let id = customer.explain.as_ref();
        let id = id.and_then(|explain| {
            let identifier = explain.get("customer_identifier");
            identifier.or_else(|| explain.get("id")).cloned()
        });
        shown.explain = id.map(|found| [("customer", found)].into());
    }
}
