//! One try at one gateway, and the event that says what came of it. An outcome that nobody knows is
//! no event: it is looked up until it is known.

use std::sync::Arc;

use parking_lot::RwLock;

use super::conflicts;
use crate::domain::catalog::Period;
use crate::domain::checkout::{CheckoutView, GatewayWork};
use crate::domain::event::Interpretation;
use crate::domain::own::{
    CancelWhen, CancelledAtGateway, CheckoutAtGateway, CheckoutRefused, Item, OwnFact,
};
use crate::domain::state::State;
use crate::eventlog::{Command, Decision, Handle, Outcome};
use crate::gateways::{Answer, Before, CancelAnswer, Gateway, GatewayPlan, Order};
use crate::ledger::commands::{Refusal, append};
use crate::ledger::keys::Actor;
use crate::ledger::log_time::LogTime;
use crate::ledger::{Request, own};

/// What a gateway may have been asked, and does not list after this, was not opened: its lists may
/// lag minutes behind.
const MISSING_FOR_MILLIS: i64 = 15 * 60 * 1_000;
/// Of a gateway's own words.
const WHY_CHARS_MAX: usize = 300;

/// What it takes to run an errand.
#[derive(Clone)]
pub(super) struct Errand {
    pub(super) state: Arc<RwLock<State>>,
    pub(super) writer: Handle<Interpretation, Refusal>,
    pub(super) time: Arc<LogTime>,
    pub(super) gateway: Arc<dyn Gateway>,
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It was told; the fold says what follows.
    Told,
    /// Try again.
    Again(Before),
    /// Try again: nobody could be asked, or nobody answered.
    Trouble(Before),
}

impl Errand {
    /// Asks once, and tells what is certain.
    pub(super) fn run(&self, work: &GatewayWork, before: Before) -> Next {
        if !self.state.read().has_gateway_work(work) {
            return Next::Told;
        }
        match work {
            GatewayWork::Open { checkout, attempt } => self.open(checkout, *attempt, before),
            GatewayWork::Cancel {
                subscription_id,
                reference,
                when,
            } => self.cancel(subscription_id, reference, *when, before),
        }
    }

    fn open(&self, checkout: &str, attempt: u32, before: Before) -> Next {
        let Some((view, order)) = self.order(checkout, attempt) else {
            return Next::Again(before);
        };
        if *view.opened.gateway != *self.gateway.name() {
            let gateway = &*view.opened.gateway;
            tracing::warn!(
                checkout,
                gateway,
                "a checkout waits for a gateway not in use"
            );
            return Next::Again(before);
        }
        let id: Box<str> = checkout.into();
        let refused = |why: &str| {
            let why = why.chars().take(WHY_CHARS_MAX).collect::<String>().into();
            tracing::warn!(checkout, why, "the gateway refuses a checkout");
            OwnFact::CheckoutRefused(CheckoutRefused {
                id: id.clone(),
                attempt,
                why,
            })
        };
        let fact = match self.gateway.open(&order, before) {
            Answer::Delivered => return Next::Again(Before::Perhaps),
            Answer::Later(why) => {
                tracing::warn!(checkout, why, "the gateway cannot be asked now");
                return Next::Trouble(before);
            }
            Answer::Unknown(why) => {
                tracing::warn!(
                    checkout,
                    why,
                    "what the gateway did is unknown; it is looked up"
                );
                return Next::Trouble(Before::Perhaps);
            }
            Answer::Missing => {
                let given_up = order.attempted_at.plus_millis(MISSING_FOR_MILLIS);
                if self.time.now() < given_up {
                    return Next::Again(Before::Perhaps);
                }
                refused("the gateway does not list what it may have been asked for")
            }
            Answer::Refused(why) => refused(&why),
            Answer::Opened { reference, url } => OwnFact::CheckoutAtGateway(CheckoutAtGateway {
                id: id.clone(),
                attempt,
                reference: reference.into(),
                url: Some(url.into()),
            }),
        };
        let names = conflicts(&view.opened.identifier, Some(checkout));
        self.tell(names, move |state| is_awaited(state, &id, attempt), fact)
    }

    /// What the gateway is asked; `None` where there is nothing to ask (any more).
    fn order(&self, checkout: &str, attempt: u32) -> Option<(CheckoutView, Order)> {
        let state = self.state.read();
        let view = state.checkout(checkout)?;
        let attempted_at = view.attempted_at?;
        let customer = state.customer(&view.opened.identifier, None);
        let (description, plan) = match &view.opened.item {
            Item::Plan {
                name,
                period,
                gateway_plan,
                ..
            } => {
                let plan = gateway_plan.clone().map(|id| GatewayPlan {
                    id,
                    period: *period,
                });
                (format!("{name}, {}", words_of(*period)), plan)
            }
            Item::Addon { name, .. } => (name.to_string(), None),
        };
        let order = Order {
            checkout: checkout.into(),
            attempt,
            attempted_at,
            asked_at: self.time.now(),
            earlier: view
                .pages
                .iter()
                .rev()
                .map(|page| page.reference.clone())
                .collect(),
            price: view.opened.price,
            description,
            plan,
            email: customer.and_then(|customer| customer.email),
            expires_at: view.opened.expires_at,
            pretend: view.pretend,
        };
        (view.attempt == attempt).then_some((view, order))
    }

    fn cancel(
        &self,
        subscription: &str,
        reference: &str,
        when: CancelWhen,
        before: Before,
    ) -> Next {
        let refused = match self.gateway.cancel(reference, when) {
            CancelAnswer::Done => None,
            CancelAnswer::Refused(why) => {
                tracing::warn!(subscription, reference, why, "the gateway does not cancel");
                Some(why.chars().take(WHY_CHARS_MAX).collect::<String>().into())
            }
            CancelAnswer::Later(why) => {
                tracing::warn!(
                    subscription,
                    reference,
                    why,
                    "the gateway cannot cancel now"
                );
                return Next::Trouble(before);
            }
        };
        let work = GatewayWork::Cancel {
            subscription_id: subscription.into(),
            reference: reference.into(),
            when,
        };
        let fact = OwnFact::CancelledAtGateway(CancelledAtGateway {
            subscription_id: subscription.into(),
            reference: reference.into(),
            when,
            refused,
        });
        let names = vec![subscription.to_owned()];
        self.tell(names, move |state| state.has_gateway_work(&work), fact)
    }

    /// Records what came of it, unless that is known already.
    fn tell(
        &self,
        conflict_keys: Vec<String>,
        is_news: impl Fn(&State) -> bool + Send + 'static,
        fact: OwnFact,
    ) -> Next {
        let (state, time) = (Arc::clone(&self.state), Arc::clone(&self.time));
        let decide = move || {
            if !is_news(&state.read()) {
                return Decision::Refuse(Refusal::NothingChanges);
            }
            let (now, desk) = (time.now(), Request::of(Actor::Desk));
            append(
                own::SOURCE_API,
                own::fact_body(&fact, &desk, now),
                now,
                None,
            )
        };
        let command = Command {
            conflict_keys,
            request: None,
            decide: Box::new(decide),
        };
        let answer = self.writer.command(command).ok();
        match answer.and_then(|answer| answer.blocking_recv().ok()) {
            Some(Ok(Outcome::Done(_) | Outcome::Refused(_))) => Next::Told,
            Some(Err(_)) | None => Next::Again(Before::Perhaps),
        }
    }
}

/// Whether nobody has said yet what came of that attempt.
fn is_awaited(state: &State, checkout: &str, attempt: u32) -> bool {
    state.checkout(checkout).is_some_and(|view| {
        let at_gateway = view.at_gateway.is_some_and(|at| at.attempt == attempt);
        view.attempt == attempt && !at_gateway && view.refused.is_none()
    })
}

/// A period as people say it.
const fn words_of(period: Period) -> &'static str {
    match period {
        Period::OneTime => "one time",
        Period::Daily => "a day",
        Period::Weekly => "a week",
        Period::TwentyEightDays => "28 days",
        Period::Monthly => "a month",
        Period::ThreeMonths => "three months",
        Period::SixMonths => "six months",
        Period::Yearly => "a year",
    }
}
