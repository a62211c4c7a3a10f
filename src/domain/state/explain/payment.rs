//! Which event set each field of a payment, by the rules of its cells.

use std::collections::BTreeSet;

use super::Fields;
use super::statements::{Statement, Statements};
use super::verdict::{self, Cell, explanation};
use crate::domain::event::{DisputeFact, Fact, PaymentFact, RefundFact};
use crate::domain::explanation::{Explain, Explanation, Why};
use crate::domain::payment::PaymentView;
use crate::domain::state::State;
use crate::domain::state::arena::Ix;
use crate::domain::state::entity::{Kind, Role};
use crate::domain::status::RefundStatus;

/// The statements about one payment.
struct About<'w, 'a>(Vec<&'w Statement<'a>>);

impl<'w, 'a> About<'w, 'a> {
    fn payments(&self) -> impl Iterator<Item = (&'w Statement<'a>, &'a PaymentFact)> + '_ {
        self.0.iter().filter_map(|statement| {
            if let Fact::Payment(fact) = statement.fact {
                Some((*statement, &**fact))
            } else {
                None
            }
        })
    }

    fn refunds(&self) -> impl Iterator<Item = (&'w Statement<'a>, &'a RefundFact)> + '_ {
        self.0.iter().filter_map(|statement| {
            if let Fact::Refund(fact) = statement.fact {
                Some((*statement, fact))
            } else {
                None
            }
        })
    }

    fn disputes(&self) -> impl Iterator<Item = (&'w Statement<'a>, &'a DisputeFact)> + '_ {
        self.0.iter().filter_map(|statement| {
            if let Fact::Dispute(fact) = statement.fact {
                Some((*statement, fact))
            } else {
                None
            }
        })
    }

    /// A cell that is never cleared.
    fn slot(&self, speaks: impl Fn(&PaymentFact) -> bool) -> Option<Explanation> {
        let speakers = self.payments().filter(|(_, fact)| speaks(fact));
        Some(Cell::stamped(speakers.map(|(statement, _)| statement))?.explanation())
    }

    /// How far it has come, whatever the times.
    fn status(&self) -> Option<Explanation> {
        let said = self.payments();
        let said = said.filter_map(|(statement, fact)| Some((fact.status?, statement)));
        Some(Cell::ranked(said)?.explanation())
    }

    /// What was paid back: the newest of the refunds that count set it.
    fn paid_back(&self) -> Option<Explanation> {
        let priced: BTreeSet<&str> = self
            .refunds()
            .filter(|(_, fact)| fact.amount.is_some())
            .map(|(_, fact)| &*fact.id)
            .collect();
        let cell = |id: &str| {
            let processed = self.refunds().filter(|(_, fact)| {
                *fact.id == *id && fact.status == Some(RefundStatus::Processed)
            });
            Cell::stamped(processed.map(|(statement, _)| statement))
        };
        let mut cells: Vec<_> = priced.into_iter().filter_map(cell).collect();
        let told = self.payments().filter(|(_, fact)| fact.status.is_some());
        let told = told.map(|(statement, _)| (statement, Why::LowerRank));
        cells.first_mut()?.losers.extend(told);
        verdict::together(cells.into_iter())
    }

    fn refund_cells(&self) -> Vec<Cell<'w, 'a>> {
        let ids: BTreeSet<&str> = self.refunds().map(|(_, fact)| &*fact.id).collect();
        let cells = ids.into_iter().flat_map(|id| {
            let of = || self.refunds().filter(move |(_, fact)| *fact.id == *id);
            let statuses = of().filter_map(|(statement, fact)| Some((fact.status?, statement)));
            let amounts = of().filter(|(_, fact)| fact.amount.is_some());
            let times = of().filter(|(_, fact)| fact.created_at.is_some());
            [
                Cell::ranked(statuses),
                Cell::stamped(amounts.map(|(statement, _)| statement)),
                Cell::stamped(times.map(|(statement, _)| statement)),
            ]
        });
        cells.flatten().collect()
    }

    fn dispute_cells(&self) -> Vec<Cell<'w, 'a>> {
        let ids: BTreeSet<&str> = self.disputes().map(|(_, fact)| &*fact.id).collect();
        let cells = ids.into_iter().filter_map(|id| {
            let of = self.disputes().filter(|(_, fact)| *fact.id == *id);
            Cell::stamped(of.map(|(statement, _)| statement))
        });
        cells.collect()
    }
}

impl State {
    /// Which event set each field of the payment at `ix`, which is shown as `view`.
    pub(super) fn explain_payment(
        &self,
        ix: Ix,
        statements: &Statements<'_>,
        view: &PaymentView,
    ) -> Explain {
        let about = About(statements.about(&[ix]).collect());
        let all = || about.0.iter().copied();
        let mut fields = Fields::default();
        fields.put("id", verdict::first(all()));
        fields.put("provider", verdict::first(all()));
        fields.put("source", about.slot(|_| true));
        fields.put("amount", about.slot(|fact| fact.amount.is_some()));
        fields.put("method", about.slot(|fact| fact.method.is_some()));
        let is_paid_back = matches!(view.status, "refunded" | "partially_refunded");
        fields.put(
            "status",
            if is_paid_back {
                about.paid_back()
            } else {
                about.status()
            },
        );
        fields.put("customer", self.explain_owner(ix, statements));
        let cell = |thing: Ix, role: Role| self.link_cell(statements, thing, role);
        let entity = self.arena.get(ix);
        let invoice = Role::Parent(Kind::Invoice);
        let to_subscription = Role::Parent(Kind::Subscription);
        let says_subscription = if entity.linked(to_subscription).is_some() {
            Some(ix)
        } else {
            let billed = |ix: &Ix| self.arena.get(*ix).linked(to_subscription).is_some();
            let sold = || self.booked_on(ix, 0);
            entity.linked(invoice).filter(billed).or_else(sold)
        };
        let said = says_subscription.and_then(|thing| cell(thing, to_subscription));
        let is_shown = view.subscription_id.is_some();
        fields.put("subscription_id", said.filter(|_| is_shown));
        fields.put("invoice_id", cell(ix, invoice));
        fields.put("order_id", cell(ix, Role::Parent(Kind::Order)));
        fields.put(
            "refunds",
            verdict::together(about.refund_cells().into_iter()),
        );
        fields.put(
            "disputes",
            verdict::together(about.dispute_cells().into_iter()),
        );
        fields.activity(all());
        if let Some(created) = about.slot(|fact| fact.created_at.is_some()) {
            fields.put("created_at", Some(created));
        }
        fields.0
    }

    /// Which event said what plays `role` to `thing`.
    fn link_cell(&self, statements: &Statements<'_>, thing: Ix, role: Role) -> Option<Explanation> {
        let linked = self.arena.get(thing).linked(role);
        // What a checkout sells, its newest attempt says, whatever the times.
        let is_sale = self.arena.get(thing).own_checkout().is_some();
        let offers = statements.offering(thing).filter_map(|statement| {
            let offered = self.offered(statement, thing, role)?;
            Some((is_sale && Some(offered) == linked, statement))
        });
        Some(Cell::ranked(offers)?.dated().explanation())
    }

    /// Which event tied a provider's id to the merchant's identifier.
    fn tie_cell(&self, statements: &Statements<'_>, alias: Ix) -> Option<Explanation> {
        let mut ties = statements.ties.borrow_mut();
        let tie = || {
            let sold = || self.link_cell(statements, self.booked_on(alias, 0)?, Role::Identifier);
            self.link_cell(statements, alias, Role::Identifier)
                .or_else(sold)
        };
        ties.entry(alias).or_insert_with(tie).clone()
    }

    /// Which event said whose something is: the link that names the customer shown. A provider's id
    /// of another customer on the thing itself stands behind the merchant's identifier.
    pub(super) fn explain_owner(&self, ix: Ix, statements: &Statements<'_>) -> Option<Explanation> {
        let owner = self.arena.get(ix).owner?;
        let named = self.named_on(ix, 0).or_else(|| self.booked_on(ix, 0));
        let Some(named) = named else {
            let aliased = self.aliased_on(ix, 0)?;
            let alias = self.arena.get(aliased).linked(Role::Alias)?;
            return if alias == owner {
                self.link_cell(statements, aliased, Role::Alias)
            } else {
                self.tie_cell(statements, alias)
            };
        };
        let offers = statements.offering(named).filter(|statement| {
            let offered = self.offered(statement, named, Role::Identifier);
            offered.is_some()
        });
        let cell = Cell::stamped(offers)?;
        let says_another = |statement: &&Statement<'_>| {
            let alias = self.offered(statement, ix, Role::Alias);
            alias.is_some_and(|alias| self.arena.get(alias).owner != Some(owner))
        };
        let others = statements.offering(ix).filter(says_another);
        let others = others.map(|statement| (statement, Why::LowerRank));
        Some(explanation(
            cell.holder,
            cell.losers.into_iter().chain(others),
        ))
    }
}
