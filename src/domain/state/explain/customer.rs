//! Which event set each field of a customer, by the rules of its cells.

use std::collections::BTreeMap;

use super::Fields;
use super::sold::captured;
use super::statements::{Statement, Statements};
use super::verdict::{self, Cell, explanation};
use crate::domain::customer::CustomerView;
use crate::domain::event::{Contact, Fact};
use crate::domain::explanation::{Explain, Explanation, Why};
use crate::domain::state::State;
use crate::domain::state::arena::Ix;
use crate::domain::state::customers::VENDOR_PREFIX;
use crate::domain::state::entity::Kind;

/// Each detail of a person, and where an event says it.
type Detail = (&'static str, fn(&Contact) -> bool);
const DETAILS: [Detail; 7] = [
    ("address", |contact| contact.address.is_some()),
    ("company_id", |contact| contact.company_id.is_some()),
    ("country_id", |contact| contact.country_id.is_some()),
    ("email", |contact| contact.email.is_some()),
    ("first_name", |contact| contact.first_name.is_some()),
    ("last_name", |contact| contact.last_name.is_some()),
    ("phone", |contact| contact.phone.is_some()),
];

impl State {
    fn is_of(&self, ix: Ix, root: Ix) -> bool {
        self.arena.get(ix).owner == Some(root)
    }

    /// Which event set each field of the customer at `root`, which is shown as `view`; its
    /// subscriptions are explained already.
    pub(super) fn explain_customer(
        &self,
        root: Ix,
        statements: &Statements<'_>,
        view: &CustomerView,
    ) -> Explain {
        let about = statements
            .iter()
            .filter(|statement| statement.touched().any(|ix| self.is_of(ix, root)));
        let about: Vec<&Statement<'_>> = about.collect();
        let all = || about.iter().copied();
        let names_root = |statement: &&Statement<'_>| {
            [statement.identifier, statement.alias].contains(&Some(root))
        };
        let mut fields = Fields::default();
        let vendors = self.vendor_id_explained(root, &about);
        let own = || verdict::first(all().filter(names_root));
        fields.put("id", vendors.or_else(own));
        if view.name.customer_identifier.is_some() {
            fields.put("customer_identifier", own());
        }
        for (name, tells_it) in DETAILS {
            let says = |statement: &&Statement<'_>| {
                let said = statement.contact();
                said.is_some_and(|(ix, contact)| {
                    let tells = self.is_of(ix, root) && !self.is_of_payer(ix);
                    tells && tells_it(&contact)
                })
            };
            // Of one that was made here, what is said of it by its name stands before the rest.
            let is_made = self.made_at(root).is_some();
            let is_roots = |statement: &Statement<'_>| {
                let said = statement.contact();
                is_made && said.is_some_and(|(ix, _)| ix == root)
            };
            let said = all().filter(says);
            let cell = Cell::ranked(said.map(|statement| (is_roots(statement), statement)));
            fields.put(name, cell.map(Cell::explanation));
        }
        fields.put("references", self.references_explained(root, statements));
        fields.put("addons", self.addons_explained(root, statements, &about));
        fields.activity(all());
        if self.made_at(root).is_some() {
            let creations = all().filter(|statement| {
                statement.makes().is_some() && statement.identifier == Some(root)
            });
            fields.put("created_at", verdict::first(creations));
        }
        let best = view
            .subscriptions
            .iter()
            .find(|held| held.access == view.access);
        let access = best.and_then(|held| held.explain.as_ref()?.get("access"));
        fields.put("access", access.cloned());
        fields.0
    }

    /// The first event that named the vendor's own id: of several the smallest is shown.
    fn vendor_id_explained(&self, root: Ix, about: &[&Statement<'_>]) -> Option<Explanation> {
        let vendor = |statement: &&Statement<'_>| {
            let alias = statement.alias.filter(|alias| self.is_of(*alias, root))?;
            let name = &*self.arena.get(alias).name;
            name.starts_with(VENDOR_PREFIX).then_some(name)
        };
        let named = about
            .iter()
            .filter_map(|statement| Some((vendor(statement)?, *statement)));
        let named: Vec<_> = named.collect();
        let least = named.iter().map(|(name, _)| *name).min()?;
        let (shown, others): (Vec<_>, Vec<_>) =
            named.into_iter().partition(|(name, _)| *name == least);
        let statements = shown.into_iter().map(|(_, statement)| statement);
        let first = statements.min_by_key(|statement| (statement.stamp, statement.seq()))?;
        let losers = others
            .into_iter()
            .map(|(_, statement)| (statement, Why::LowerRank));
        Some(explanation(first, losers))
    }

    /// For each provider the event that tied the id shown to this customer.
    fn references_explained(&self, root: Ix, statements: &Statements<'_>) -> Option<Explanation> {
        let mut ties: BTreeMap<&str, Vec<&Statement<'_>>> = BTreeMap::new();
        let introduced = statements.iter().filter(|statement| {
            let is_booked = |alias| self.booked_on(alias, 0).is_some();
            let is_tied = statement.identifier.is_some() || statement.alias.is_some_and(is_booked);
            matches!(statement.fact, Fact::Party(_)) && is_tied
        });
        for statement in introduced {
            if statement.alias.is_some_and(|alias| self.is_of(alias, root)) {
                ties.entry(statement.provider).or_default().push(statement);
            }
        }
        if ties.is_empty() && !self.arena.get(root).is_identifier() {
            return verdict::first(
                statements
                    .iter()
                    .filter(|statement| statement.alias == Some(root)),
            );
        }
        let shown = self.references(self.arena.get(root));
        let cells = ties.into_iter().filter_map(|(provider, statements)| {
            // One that only a checkout ties to this customer stands behind the others.
            let name = shown.get(provider)?;
            let is_shown = |alias: Ix| self.arena.get(alias).name == *name;
            let ranked = statements.into_iter();
            let ranked = ranked.map(|said| (said.alias.is_some_and(is_shown), said));
            Some(Cell::ranked(ranked)?.dated())
        });
        verdict::together(cells)
    }

    /// The newest statement on each add-on.
    fn addons_explained(
        &self,
        root: Ix,
        statements: &Statements<'_>,
        about: &[&Statement<'_>],
    ) -> Option<Explanation> {
        let mut bought: BTreeMap<Ix, Vec<&Statement<'_>>> = BTreeMap::new();
        for statement in about {
            let thing = statement.about.filter(|ix| self.is_of(*ix, root));
            if let Some(ix) = thing.filter(|ix| self.arena.get(*ix).kind == Kind::Addon) {
                bought.entry(ix).or_default().push(statement);
            }
        }
        let cells = bought.into_values();
        let cells = cells.filter_map(|statements| Cell::stamped(statements.into_iter()));
        let sold = self.addons_paid(root).into_iter();
        let sold = sold.filter_map(|payment| captured(statements.about(&[payment])));
        verdict::together(cells.chain(sold))
    }
}
