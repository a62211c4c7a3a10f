//! What gateways must be asked to stop, and whether they would not. Knows no rule of when: how a
//! subscription stands says that.

use super::State;
use super::arena::Ix;
use super::sales::Sold;
use crate::domain::checkout::GatewayWork;
use crate::domain::decided::{Answer, Decided};
use crate::domain::own::CancelWhen;
use crate::domain::standing::Standing;
use crate::domain::status::Status;
use crate::domain::subscription::Subscription;

/// A subscription at a gateway that is to stop.
struct Stop<'a> {
    /// The gateway's id of it.
    reference: &'a str,
    /// What is to be asked of the gateway.
    when: CancelWhen,
    /// What it answered to that.
    answer: Option<Answer>,
}

impl State {
    /// Every subscription at a gateway that goes on there, is to stop, and was not answered for.
    pub(super) fn stops_of(&self, ix: Ix) -> Vec<GatewayWork> {
        if self.charges_of(ix).next().is_none() {
            return Vec::new();
        }
        let Some(Sold { standing, .. }) = self.sold(ix) else {
            return Vec::new();
        };
        let stops = self.stops(ix, &standing).into_iter();
        let open = stops.filter(|stop| stop.answer.is_none());
        let work = open.map(|stop| GatewayWork::Cancel {
            subscription_id: self.arena.get(ix).name.clone(),
            reference: stop.reference.into(),
            when: stop.when,
        });
        work.collect()
    }

    /// Whether a gateway goes on with a subscription for this one that it would not stop.
    pub(super) fn is_stop_refused(&self, ix: Ix, standing: &Standing) -> bool {
        let decided = self.arena.get(ix).subscription();
        let decided = decided.and_then(Subscription::decided);
        let refused = |stop: Stop<'_>| stop.answer == Some(Answer::Refused);
        decided.is_some_and(Decided::was_refused)
            && self.stops(ix, standing).into_iter().any(refused)
    }

    /// Every subscription at a gateway that goes on there and is to stop.
    fn stops(&self, ix: Ix, standing: &Standing) -> Vec<Stop<'_>> {
        let decided = self.arena.get(ix).subscription();
        let decided = decided.and_then(Subscription::decided);
        let newest = standing.words.newest;
        let stops = self.charges_of(ix).filter_map(|(_, _, charged)| {
            let answer = |when| decided.and_then(|held| held.answer(charged.id, when, newest));
            let is_done = |when| answer(when) == Some(Answer::Done);
            let status = charged.cells.status();
            let has_begun = status != Status::Incomplete;
            let when = standing.to_stop(has_begun, is_done);
            let when = when.filter(|_| !status.is_end())?;
            Some(Stop {
                reference: charged.id,
                when,
                answer: answer(when),
            })
        });
        stops.collect()
    }
}
