//! The fuzzer's checks as property tests: on their seeds, on seeds that were changed, and on any
//! bytes. Knows the checks only as functions of bytes. `SEED` and `FUZZ_CASES` in the environment
//! repeat a run and lengthen it.
#![allow(
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    missing_docs,
    unreachable_pub
)]

#[path = "fuzz/checks/mod.rs"]
mod checks;

use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use checks::{TARGETS, Target};

const CASES: u32 = 256;
/// Larger inputs belong to the fuzzer, which has the time.
const NOISE_BYTES_MAX: usize = 600;
const SHRINK_MAX_MILLIS: u32 = 20_000;

fn setting<T: std::str::FromStr>(name: &str) -> Option<T> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is no number")),
    )
}

/// Bytes of a seed cut out, doubled, overwritten, or one bit of them flipped.
fn changed(seed: &[u8], changes: &[(Index, u8, u8)]) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for (place, how, byte) in changes {
        let at = place.index(bytes.len() + 1);
        let end = (at + usize::from(*byte % 32)).min(bytes.len());
        match how % 5 {
            0 => drop(bytes.drain(at..end)),
            1 => bytes.insert(at, *byte),
            2 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            3 if at < bytes.len() => bytes[at] ^= 1 << (byte % 8),
            _ if at < bytes.len() => bytes[at] = *byte,
            _ => bytes.truncate(at / 2),
        }
    }
    bytes
}

/// Seeds as they are, then changed ones and noise.
fn holds(name: &str, share: u32) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let seeds = (target.seeds)();
    assert!(!seeds.is_empty(), "{name} has no seeds");
    seeds.iter().for_each(|seed| (target.check)(seed));
    let noise = prop::collection::vec(any::<u8>(), 0..NOISE_BYTES_MAX);
    let change = (any::<Index>(), any::<u8>(), any::<u8>());
    let changes = (any::<Index>(), prop::collection::vec(change, 1..5));
    let seeded = changes
        .prop_map(move |(which, changes)| changed(&seeds[which.index(seeds.len())], &changes));
    let config = Config {
        cases: setting("FUZZ_CASES").unwrap_or(CASES) / share,
        failure_persistence: None,
        max_shrink_time: SHRINK_MAX_MILLIS,
        ..Config::default()
    };
    #[allow(clippy::disallowed_methods)]
    let seed: u64 = setting("SEED").unwrap_or_else(rand::random);
    println!("SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_be_bytes());
    let chance = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let inputs = prop_oneof![3 => seeded, 1 => noise];
    let mut runner = TestRunner::new_with_rng(config, chance);
    let done = runner.run(&inputs, |data| {
        (target.check)(&data);
        Ok(())
    });
    done.unwrap_or_else(|error| panic!("{error}"));
}

macro_rules! properties {
    ($($(#[$doc:meta])* $test:ident: $target:literal / $share:literal;)*) => {
        $($(#[$doc])* #[test] fn $test() { holds($target, $share); })*
    };
}

properties! {
    no_forged_delivery_is_accepted: "verify" / 1;
    any_body_means_something_and_always_the_same: "translate" / 1;
    any_bytes_are_a_record_or_refused: "record" / 1;
    any_bytes_are_a_page_or_refused: "page" / 1;
    any_order_of_odd_events_folds_to_the_same: "fold" / 1;
    /// Each case opens stores on a disk several times.
    any_life_of_a_log_with_faults_keeps_its_promise: "engine" / 4;
    any_bytes_on_a_connection_are_answered_or_dropped: "http_head" / 1;
    any_query_is_answered_or_refused: "http_query" / 1;
    any_text_is_a_configuration_or_refused: "config" / 1;
    any_bytes_are_a_witness_or_refused: "witness" / 1;
    any_bytes_are_fingerprints_or_refused: "fingerprints" / 1;
}

/// The fuzzer's package lists what is here, and each target calls its own check.
#[test]
fn every_check_is_a_fuzz_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz");
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml")).unwrap();
    for Target { name, .. } in &TARGETS {
        let path = format!("targets/{name}.rs");
        let text = std::fs::read_to_string(folder.join(&path)).unwrap();
        assert!(
            text.contains(&format!("checks::run(\"{name}\", data)")),
            "{path}"
        );
        assert!(manifest.contains(&format!("path = \"{path}\"")), "{path}");
    }
    let files = std::fs::read_dir(folder.join("targets")).unwrap();
    assert_eq!(files.count(), TARGETS.len());
}

/// Where `FUZZ_CORPUS` names a folder, the seeds are written there, for the fuzzer to begin with.
#[test]
fn seeds_for_the_fuzzer() {
    let Some(corpus) = std::env::var_os("FUZZ_CORPUS") else {
        return;
    };
    for target in &TARGETS {
        let folder = Path::new(&corpus).join(target.name);
        std::fs::create_dir_all(&folder).unwrap();
        for (n, seed) in (target.seeds)().iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{n:03}")), seed).unwrap();
        }
    }
}
