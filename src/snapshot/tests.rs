//! The file, whole and damaged.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]
use std::sync::LazyLock;

use proptest::prelude::*;

use super::*;
use crate::domain::event::{Change, Fact, Interpretation, Naming, Standing};
use crate::domain::event::{OrderFact, PaidThroughFact};
use crate::domain::register::{EventRef, Tie};
use crate::domain::time::Timestamp;

const RAZORPAY: &str = "razorpay";
const MARK: Mark = Mark {
    seq: 3_000,
    leaf: [7; 32],
};

fn known(name: &str) -> Option<ProviderName> {
    [RAZORPAY, "customer"]
        .into_iter()
        .find(|known| *known == name)
}

/// Of more things than one part holds.
fn state() -> State {
    let mut state = State::default();
    for seq in 1..=MARK.seq {
        let paid = Fact::PaidThrough(PaidThroughFact {
            provider: RAZORPAY,
            subscription_id: format!("sub_{seq}").into(),
            until: Timestamp::MAX,
        });
        let order = Fact::Order(OrderFact {
            provider: RAZORPAY,
            id: format!("order_{seq}").into(),
            naming: Naming {
                provider_id: Some(format!("cust_{seq}").into()),
                ..Naming::default()
            },
        });
        let change = |fact| Change {
            occurred_at: Timestamp::EPOCH,
            revision: 0,
            rank: 0,
            fact,
        };
        let meaning = Interpretation {
            changes: vec![change(paid), change(order)],
            ..Interpretation::without_changes(None, Timestamp::EPOCH, Standing::Folded)
        };
        let tie = Some(Tie {
            body: seq.to_be_bytes(),
            identity: [0; 4],
        });
        let event = EventRef {
            seq,
            source: "here",
            tie,
        };
        state.fold(&meaning, &event, false);
    }
    state
}

fn write(path: &Path, state: &State) {
    let mut draft = Draft::create(path).unwrap();
    draft.beginning(&state.snapshot_beginning()).unwrap();
    for number in 0..state.snapshot_parts() {
        let part = state.snapshot_part(usize::try_from(number).unwrap());
        draft.part(&part).unwrap();
    }
    draft.finish(&state.snapshot_end(), MARK).unwrap();
}

static WRITTEN: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    write(&path, &state());
    std::fs::read(&path).unwrap()
});

fn prints(state: &State) -> Vec<crate::domain::state::Fingerprint> {
    state.fingerprints().collect()
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    assert!(read(&path, known).unwrap().is_none());
    let state = state();
    write(&path, &state);
    let (restored, mark) = read(&path, known).unwrap().unwrap();
    assert_eq!(mark, MARK);
    assert_eq!(restored.counts(), state.counts());
    assert_eq!(prints(&restored), prints(&state));
    // One that is given up leaves the old one, and nothing beside it.
    let mut draft = Draft::create(&path).unwrap();
    draft
        .beginning(&State::default().snapshot_beginning())
        .unwrap();
    drop(draft);
    assert!(read(&path, known).unwrap().is_some());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn another_version_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    write(&path, &state());
    assert!(matches!(
        read(&path, |name| known(name).filter(|name| *name != RAZORPAY)),
        Err(Unusable::NotRestored(NotRestored::UnknownProvider(_)))
    ));
    let others = [
        Header {
            fold_version: FOLD_VERSION + 1,
            ..Header::ours()
        },
        Header {
            format: SNAPSHOT_FORMAT - 1,
            ..Header::ours()
        },
        Header {
            version: "0.0.1".into(),
            ..Header::ours()
        },
    ];
    for other in others {
        let draft = Draft::with_header(&path, &other).unwrap();
        draft.finish(&[], MARK).unwrap();
        assert!(matches!(read(&path, known), Err(Unusable::OtherVersion)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Cut short, lengthened, or changed in one bit anywhere: refused, and never a panic.
    #[test]
    fn a_damaged_one_is_refused(place in any::<prop::sample::Index>(), how in 0_u8..10) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let mut bytes = WRITTEN.clone();
        let place = place.index(bytes.len());
        match how {
            8 => bytes.truncate(place),
            9 => bytes.push(0),
            bit => bytes[place] ^= 1 << bit,
        }
        std::fs::write(&path, bytes).unwrap();
        prop_assert!(read(&path, known).is_err());
    }

    /// What a fault before the checksum could leave: refused, or a state that can be asked.
    #[test]
    fn nonsense_with_the_right_checksum_is_no_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0_u8..8), 1..4)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        let state = state();
        let mut frames = vec![state.snapshot_beginning()];
        for number in 0..state.snapshot_parts() {
            frames.push(state.snapshot_part(usize::try_from(number).unwrap()));
        }
        frames.push(state.snapshot_end());
        for (place, bit) in changes {
            let bytes: usize = frames.iter().map(Vec::len).sum();
            let mut place = place.index(bytes);
            for frame in &mut frames {
                if let Some(byte) = frame.get_mut(place) {
                    *byte ^= 1 << bit;
                    break;
                }
                place -= frame.len();
            }
        }
        let mut draft = Draft::create(&path).unwrap();
        draft.beginning(&frames[0]).unwrap();
        for part in &frames[1..frames.len() - 1] {
            draft.part(part).unwrap();
        }
        draft.finish(&frames[frames.len() - 1], MARK).unwrap();
        if let Ok(Some((restored, _))) = read(&path, known) {
            prints(&restored);
        }
    }
}

/// Whole frames that decode to nothing: more of them than there are threads to meet one each and
/// places to wait in.
#[test]
fn parts_that_none_can_decode_are_refused_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE_NAME);
    let mut draft = Draft::create(&path).unwrap();
    let state = State::default();
    draft.beginning(&state.snapshot_beginning()).unwrap();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    for _ in 0..threads + 2 * FRAMES_AHEAD_MAX {
        draft.part(&[0xff; 3]).unwrap();
    }
    draft.finish(&state.snapshot_end(), MARK).unwrap();
    assert!(read(&path, known).is_err());
}
