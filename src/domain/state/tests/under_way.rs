//! Snapshots that are taken in parts while events go on being folded: restored, and with the events
//! after their beginning folded again, they are the state of the whole log.

use std::ops::Range;

use proptest::strategy::ValueTree;
use sha2::{Digest, Sha256};

use super::*;
use crate::domain::accepted::{AcceptedFact, Said};
use crate::domain::catalog::Catalog;
use crate::domain::key::{KeyCreated, KeyDigest, KeyFact, Scope};
use crate::domain::state::entity::MERCHANT;
use crate::domain::state::{Fingerprint, Part, SNAPSHOT_FORMAT};

/// Takes a snapshot of a state that goes on being folded meanwhile: `pauses` says how many events
/// come between two parts. Restores it, folds what came after its beginning, and hands out both.
pub(super) fn snapshot_under_way(
    count: usize,
    fold: impl Fn(&mut State, usize),
    before: usize,
    pauses: &[usize],
) -> (State, State) {
    let mut live = empty();
    let mut arrivals: Range<usize> = 0..count;
    let mut go_on = |live: &mut State, count: usize| {
        let next = arrivals.by_ref().take(count);
        next.for_each(|arrival| fold(live, arrival));
    };
    go_on(&mut live, before);
    let beginning = live.snapshot_beginning();
    let mut parts = Vec::new();
    let end = loop {
        go_on(&mut live, pauses.get(parts.len()).copied().unwrap_or(0));
        let number = parts.len();
        parts.push(live.snapshot_part(number));
        if live.is_last_snapshot_part(number) {
            break live.snapshot_end();
        }
    };
    go_on(&mut live, usize::MAX);
    let parts = parts.iter().map(|bytes| Part::decode(bytes).unwrap());
    let known = |name: &str| {
        [RAZORPAY, STYKITE, MERCHANT, "subledger"]
            .into_iter()
            .find(|n| *n == name)
    };
    let mut restored = State::restore(&beginning, parts.collect(), &end, known).unwrap();
    assert_eq!(restored.counts().last_seq, before.min(count) as u64);
    (before..count).for_each(|arrival| fold(&mut restored, arrival));
    (live, restored)
}

fn assert_same(live: &State, restored: &State) {
    assert_coherent(restored);
    assert_eq!(picture(live), picture(restored));
    let prints = |state: &State| state.fingerprints().collect::<Vec<Fingerprint>>();
    assert_eq!(prints(live), prints(restored));
    for print in prints(live).iter().filter(|print| print.kind == "customer") {
        assert_eq!(
            live.customer_events(&print.id),
            restored.customer_events(&print.id)
        );
    }
    assert_eq!(live.counts(), restored.counts());
    assert_eq!(live.quarantine(), restored.quarantine());
    assert_eq!(live.settings(), restored.settings());
    assert_eq!(live.notes_in_use(), restored.notes_in_use());
    let keys = |state: &State| format!("{:?}", state.all_keys().collect::<Vec<_>>());
    assert_eq!(keys(live), keys(restored));
}

/// What else comes in a log, beside events that are folded as they are.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Folded(Interpretation),
    /// Came too late.
    Stale(Interpretation),
    /// The acceptance of an event some places before.
    Accepted(usize),
    Ignored,
    Unknown,
    KeyMade(u8),
    KeyRevoked(u8),
    /// Of this version.
    Settings(u32),
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let one = || life().prop_map(|life| life[0].clone());
    prop_oneof![
        4 => one().prop_map(Step::Folded),
        3 => one().prop_map(Step::Stale),
        4 => (1_usize..6).prop_map(Step::Accepted),
        1 => Just(Step::Ignored),
        1 => Just(Step::Unknown),
        1 => (0_u8..3).prop_map(Step::KeyMade),
        1 => (0_u8..3).prop_map(Step::KeyRevoked),
        1 => (0_u32..3).prop_map(Step::Settings),
    ]
}

fn digest(n: u8) -> KeyDigest {
    KeyDigest::of(&format!("sl_{n}"))
}

/// What the step at `place` says. An acceptance quotes its event if that came too late.
pub(super) fn meaning(steps: &[Step], place: usize) -> Interpretation {
    let at = time(4);
    let aside = |reason| {
        let standing = Standing::Quarantined(reason);
        Interpretation::without_changes(Some("x"), at, standing)
    };
    let ours = |fact| Interpretation {
        changes: vec![Change {
            occurred_at: at,
            revision: 0,
            rank: 0,
            fact,
        }],
        ..Interpretation::without_changes(Some("ours"), at, Standing::Folded)
    };
    match &steps[place] {
        Step::Folded(meaning) => meaning.clone(),
        Step::Stale(_) => aside(Reason::Stale),
        Step::Unknown => aside(Reason::UnknownType),
        Step::Ignored => Interpretation::without_changes(None, at, Standing::Ignored),
        Step::Accepted(back) => {
            let seq = (place + 1).saturating_sub(*back) as u64;
            let accepted = usize::try_from(seq).unwrap().checked_sub(1);
            let said = accepted.and_then(|accepted| {
                let Step::Stale(said) = &steps[accepted] else {
                    return None;
                };
                Some(Said {
                    source: source(accepted).into(),
                    tie: tie(steps, accepted),
                    standing: match accepted % 3 {
                        0 => Standing::Ignored,
                        _ => Standing::Folded,
                    },
                    changes: said.changes.clone(),
                })
            });
            ours(Fact::Accepted(Box::new(AcceptedFact { seq, said })))
        }
        Step::KeyMade(n) => ours(Fact::Key(KeyFact::Created(KeyCreated {
            key_sha256: digest(*n),
            label: format!("{n}").into(),
            scope: Scope::Read,
            customer: None,
            created_by: "admin".into(),
        }))),
        Step::KeyRevoked(n) => ours(Fact::Key(KeyFact::Revoked {
            id: digest(*n).id(),
        })),
        Step::Settings(version) => ours(Fact::Settings(Box::new(SettingsFact {
            customer_notes: empty().notes_in_use().clone(),
            catalog: Catalog {
                version: *version,
                ..Catalog::default()
            },
        }))),
    }
}

pub(super) fn source(place: usize) -> &'static str {
    ["one", RAZORPAY, "two"][place % 3]
}

pub(super) fn tie(steps: &[Step], place: usize) -> Option<Tie> {
    let byte = u8::try_from(place).unwrap();
    let ours = matches!(
        steps[place],
        Step::Accepted(_) | Step::KeyMade(_) | Step::KeyRevoked(_) | Step::Settings(_)
    );
    (!ours).then_some(Tie {
        body: [byte; 8],
        identity: [byte; 4],
    })
}

pub(super) fn fold_step(state: &mut State, steps: &[Step], place: usize) {
    let event = EventRef {
        seq: place as u64 + 1,
        source: source(place),
        tie: tie(steps, place),
    };
    state.fold(&meaning(steps, place), &event, place.is_multiple_of(5));
}

/// A snapshot is read by the version that wrote it and by no other: whoever changes what is
/// written raises `SNAPSHOT_FORMAT`, and then writes the new digest here.
#[test]
fn the_bytes_of_a_snapshot_are_those_of_its_format() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let lives = prop::collection::vec(life(), 8);
    let life = lives.new_tree(&mut runner).unwrap().current().concat();
    let order: Vec<usize> = (0..life.len()).collect();
    let state = fold(&life, &order);
    let mut hash = Sha256::new();
    hash.update(state.snapshot_beginning());
    for number in 0..state.arena.chunks() {
        hash.update(state.snapshot_part(number));
    }
    hash.update(state.snapshot_end());
    let digest = hex::encode(hash.finalize());
    assert_eq!(
        (SNAPSHOT_FORMAT, &*digest),
        (
            4,
            "d24e2a6d8a5bd63f35a239209222b6ed9271ffc05f120cab07a75276633429fb"
        )
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_snapshot_taken_under_way_is_as_good_as_the_log(
        life in life(),
        before in 0_usize..12,
        pauses in prop::collection::vec(0_usize..4, 0..12),
    ) {
        let fold = |state: &mut State, arrival: usize| fold_one(state, &life, arrival, arrival);
        let (live, restored) = snapshot_under_way(life.len(), fold, before, &pauses);
        assert_same(&live, &restored);
    }

    /// The same of what is set aside, accepted, made and revoked, and set.
    #[test]
    fn so_is_one_of_a_log_with_everything_in_it(
        steps in prop::collection::vec(step(), 1..40),
        before in 0_usize..24,
        pauses in prop::collection::vec(0_usize..4, 0..12),
    ) {
        let fold = |state: &mut State, arrival: usize| fold_step(state, &steps, arrival);
        let (live, restored) = snapshot_under_way(steps.len(), fold, before, &pauses);
        assert_same(&live, &restored);
    }
}
