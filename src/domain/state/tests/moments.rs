//! Looks back: a state folded from one customer's events alone, less what had not happened or was
//! not known at a moment, shows of that customer what a state of the whole log, filtered the same
//! way, shows. How it works: random logs with everything in them, a random moment, and every name
//! there is; the index is also that of a restored snapshot.

use super::under_way::{Step, fold_step, meaning, snapshot_under_way, source, step, tie};
use super::*;
use crate::domain::state::{Named, SubscriptionFilter};

/// What had happened by then of what an event says, filtered here by hand.
fn had_happened(mut meaning: Interpretation, as_of: Timestamp) -> Interpretation {
    for change in &mut meaning.changes {
        if let Fact::Accepted(fact) = &mut change.fact
            && let Some(said) = &mut fact.said
        {
            let changes = std::mem::take(&mut said.changes);
            let kept = changes.into_iter().filter(|c| c.occurred_at <= as_of);
            said.changes = kept.collect();
        }
    }
    meaning
        .changes
        .retain(|c| matches!(c.fact, Fact::Accepted(_)) || c.occurred_at <= as_of);
    meaning
}

/// The events of these sequence numbers that were known, each with what had happened.
fn folded(steps: &[Step], seqs: &[u64], as_of: Timestamp) -> State {
    let mut state = empty();
    for seq in seqs {
        let place = usize::try_from(*seq).unwrap() - 1;
        let event = EventRef {
            seq: *seq,
            source: source(place),
            tie: tie(steps, place),
        };
        state.fold(&had_happened(meaning(steps, place), as_of), &event, false);
    }
    state
}

/// Every name by which anything could be asked for.
fn names(state: &State) -> [Vec<String>; 3] {
    let numbered = |prefix: &str| {
        (0..4)
            .map(move |n| format!("{prefix}{n}"))
            .collect::<Vec<_>>()
    };
    let as_of = AsOf {
        now: time(5),
        grace_days: 0,
    };
    let all = usize::MAX - 1;
    let mut customers = ["user_", "cust_", "CUS-0G9HCNK3E4P1", "sub_"]
        .map(numbered)
        .concat();
    let listed = state.customers(&Default::default(), None, all, as_of).data;
    customers.extend(listed.into_iter().map(|view| view.name.id));
    let mut held = ["sub_", "user_"].map(numbered).concat();
    let listed = state
        .subscriptions(&Default::default(), None, all, as_of)
        .data;
    held.extend(listed.into_iter().map(|view| view.id));
    held.extend((0..3).map(|number| own_subscription_id(number).into()));
    [customers, held, numbered("pay_")]
}

/// Everything that is shown under a name.
fn shown(state: &State, named: Named<'_>) -> String {
    let as_of = AsOf {
        now: time(2),
        grace_days: 1,
    };
    let mut lines = Vec::new();
    if let Some(id) = named.customer {
        let all = SubscriptionFilter::default();
        lines.push(text(&state.customer(id, Some(as_of))));
        lines.push(text(
            &state.subscriptions_held(id, &all, None, 99, as_of).data,
        ));
        lines.push(text(&state.payments_made(id, None, None, 99).data));
        let of_one = state.payments_made(id, Some("sub_1"), None, 99);
        lines.push(text(&of_one.data));
        lines.push(format!("{:?}", state.customer_events(id)));
    }
    if let Some(id) = named.subscription {
        lines.push(text(&state.subscription(id, Some(as_of))));
    }
    if let Some(id) = named.payment {
        lines.push(text(&state.payment(id)));
    }
    lines.join("\n")
}

fn text<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap()
}

/// What comes in a log, and events that tell of two things that nothing else joins, at two times.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let of_two = life().prop_map(|mut life| {
        let other = life.pop().unwrap();
        let mut event = life.pop().unwrap_or_else(|| other.clone());
        event.changes.extend(other.changes);
        Step::Folded(event)
    });
    prop::collection::vec(prop_oneof![3 => step(), 1 => of_two], 1..40)
}

/// Whether all that is shown at the moment follows from the events that `index` finds.
fn check(steps: &[Step], index: &State, as_of: Timestamp, known: u64) -> Result<(), TestCaseError> {
    let everything: Vec<u64> = (1..=known).collect();
    let whole = folded(steps, &everything, as_of);
    let [customers, held, paid] = names(index);
    let customers = customers.iter().map(|id| Named {
        customer: Some(id),
        subscription: Some("sub_1"),
        payment: None,
    });
    let held = held.iter().map(|id| Named {
        subscription: Some(id),
        ..Named::default()
    });
    let paid = paid.iter().map(|id| Named {
        payment: Some(id),
        ..Named::default()
    });
    for named in customers.chain(held).chain(paid) {
        let mut family = index.family_events(named);
        family.sort_unstable();
        prop_assert!(family.is_sorted_by(|one, other| one < other), "each once");
        family.retain(|seq| *seq <= known);
        let part = folded(steps, &family, as_of);
        prop_assert_eq!(shown(&part, named), shown(&whole, named), "{:?}", named);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn one_customers_events_show_what_the_whole_log_does(
        steps in steps(),
        as_of in 0_i64..5,
        known in 0_u64..40,
    ) {
        let mut live = empty();
        (0..steps.len()).for_each(|place| fold_step(&mut live, &steps, place));
        check(&steps, &live, time(as_of), known.min(steps.len() as u64))?;
    }

    /// The same where the index was restored and what came since folded into it.
    #[test]
    fn so_they_do_by_a_restored_index(
        steps in steps(),
        as_of in 0_i64..5,
        known in 0_u64..40,
        before in 0_usize..24,
        pauses in prop::collection::vec(0_usize..4, 0..12),
    ) {
        let fold = |state: &mut State, arrival: usize| fold_step(state, &steps, arrival);
        let (live, restored) = snapshot_under_way(steps.len(), fold, before, &pauses);
        prop_assert_eq!(live.all_settings(), restored.all_settings());
        check(&steps, &restored, time(as_of), known.min(steps.len() as u64))?;
    }
}
