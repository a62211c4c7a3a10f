//! The same answers as of now, out of what was so at a moment. It shows, and decides nothing.

use super::{KnownAt, Look, Moment, PastError};
use crate::domain::access::AsOf;
use crate::domain::customer::CustomerView;
use crate::domain::entitlement::Entitlements;
use crate::domain::explanation::HeardEvent;
use crate::domain::payment::PaymentView;
use crate::domain::state::{Ident, Named, Page, State, SubscriptionFilter};
use crate::domain::subscription::SubscriptionView;
use crate::ledger::{CustomerInFull, EventPage, Ledger, Shown};

fn customer(id: &str) -> Named<'_> {
    Named {
        customer: Some(id),
        ..Named::default()
    }
}

impl Ledger {
    /// One customer at a moment, by any id.
    ///
    /// # Errors
    /// [`PastError`].
    pub fn customer_at(&self, id: &str, look: Look) -> Result<Shown<CustomerView>, PastError> {
        self.one_at(
            customer(id),
            look,
            "customer",
            |state, as_of, heard| match heard {
                Some(heard) => state.customer_explained(id, as_of, heard),
                None => state.customer(id, Some(as_of)),
            },
        )
    }

    /// One customer by any id, with all that is known of what it holds, right after event `seq`.
    ///
    /// # Errors
    /// [`PastError`].
    pub fn customer_in_full_after(
        &self,
        id: &str,
        seq: u64,
    ) -> Result<Shown<CustomerInFull>, PastError> {
        let moment = Moment {
            known_at: Some(KnownAt::Seq(seq)),
            ..Moment::default()
        };
        let look = Look {
            moment,
            is_explained: false,
        };
        self.one_at(customer(id), look, "customer", |state, as_of, _| {
            CustomerInFull::of(state, id, as_of)
        })
    }

    /// What one customer might use at a moment.
    ///
    /// # Errors
    /// [`PastError`].
    pub fn entitlements_at(&self, id: &str, look: Look) -> Result<Shown<Entitlements>, PastError> {
        self.one_at(
            customer(id),
            look,
            "customer",
            |state, as_of, heard| match heard {
                Some(heard) => state.entitlements_explained(id, as_of, heard),
                None => state.entitlements(id, as_of),
            },
        )
    }

    /// One subscription at a moment, by our id or the provider's.
    ///
    /// # Errors
    /// [`PastError`].
    pub fn subscription_at(
        &self,
        id: &str,
        look: Look,
    ) -> Result<Shown<SubscriptionView>, PastError> {
        let named = Named {
            subscription: Some(id),
            ..Named::default()
        };
        self.one_at(
            named,
            look,
            "subscription",
            |state, as_of, heard| match heard {
                Some(heard) => state.subscription_explained(id, as_of, heard),
                None => state.subscription(id, Some(as_of)),
            },
        )
    }

    /// One payment at a moment, by the provider's id.
    ///
    /// # Errors
    /// [`PastError`].
    pub fn payment_at(&self, id: &str, look: Look) -> Result<Shown<PaymentView>, PastError> {
        let named = Named {
            payment: Some(id),
            ..Named::default()
        };
        self.one_at(named, look, "payment", |state, _, heard| match heard {
            Some(heard) => state.payment_explained(id, heard),
            None => state.payment(id),
        })
    }

    /// `show` is given what was heard where it is to explain.
    fn one_at<T>(
        &self,
        named: Named<'_>,
        look: Look,
        what: &'static str,
        show: impl Fn(&State, AsOf, Option<&[HeardEvent<'_>]>) -> Option<T>,
    ) -> Result<Shown<T>, PastError> {
        let past = self.past(named, look.moment)?;
        let heard = past.heard.iter().map(|event| event.as_explained());
        let heard: Option<Vec<_>> = look.is_explained.then(|| heard.collect());
        let is_found = |state: &State| show(state, past.as_of, None).is_some();
        match show(&past.state, past.as_of, heard.as_deref()) {
            Some(value) => Ok(Shown {
                seq: past.seq,
                value,
            }),
            None => Err(self.absence(named, &past, what, is_found)),
        }
    }

    /// The subscriptions that a customer had at a moment, newest change first.
    ///
    /// # Errors
    /// [`PastError`].
    pub fn subscriptions_at(
        &self,
        id: &str,
        filter: &SubscriptionFilter,
        look: Look,
        (after, limit): (Option<Ident>, usize),
    ) -> Result<Shown<Page<SubscriptionView>>, PastError> {
        self.listed_at(id, None, look, |state, as_of, heard| {
            let mut page = state.subscriptions_held(id, filter, after, limit, as_of);
            if let Some(heard) = heard {
                state.explain_subscriptions(&mut page.data, heard);
            }
            page
        })
    }

    /// The payments that a customer had made at a moment, newest change first, of one subscription
    /// where it is given.
    ///
    /// # Errors
    /// [`PastError`].
    pub fn payments_at(
        &self,
        id: &str,
        subscription: Option<&str>,
        look: Look,
        (after, limit): (Option<Ident>, usize),
    ) -> Result<Shown<Page<PaymentView>>, PastError> {
        self.listed_at(id, subscription, look, |state, _, heard| {
            let mut page = state.payments_made(id, subscription, after, limit);
            if let Some(heard) = heard {
                state.explain_payments(&mut page.data, heard);
            }
            page
        })
    }

    /// Of a customer that never was, lists are empty; of one that was not yet, they are refused.
    fn listed_at<T>(
        &self,
        id: &str,
        subscription: Option<&str>,
        look: Look,
        list: impl Fn(&State, AsOf, Option<&[HeardEvent<'_>]>) -> T,
    ) -> Result<Shown<T>, PastError> {
        let named = Named {
            subscription,
            ..customer(id)
        };
        let past = self.past(named, look.moment)?;
        if !past.state.has_customer(id) {
            let has_customer = |state: &State| state.has_customer(id);
            let absent = self.absence(customer(id), &past, "customer", has_customer);
            if !matches!(absent, PastError::Unknown(_)) {
                return Err(absent);
            }
        }
        let heard = past.heard.iter().map(|event| event.as_explained());
        let heard: Option<Vec<_>> = look.is_explained.then(|| heard.collect());
        Ok(Shown {
            seq: past.seq,
            value: list(&past.state, past.as_of, heard.as_deref()),
        })
    }

    /// The events that a customer had at a moment, after a sequence number, oldest first.
    ///
    /// # Errors
    /// [`PastError`].
    pub fn customer_events_at(
        &self,
        id: &str,
        moment: Moment,
        after: u64,
        limit: usize,
    ) -> Result<Shown<EventPage>, PastError> {
        let named = customer(id);
        let past = self.past(named, moment)?;
        let Some(seqs) = past.state.customer_events(id) else {
            let has_customer = |state: &State| state.has_customer(id);
            return Err(self.absence(named, &past, "customer", has_customer));
        };
        let whose = |meaning: &_| past.state.customer_of(meaning).map(Into::into);
        Ok(Shown {
            seq: past.seq,
            value: self.these_events(&seqs, after, limit, whose)?,
        })
    }
}
