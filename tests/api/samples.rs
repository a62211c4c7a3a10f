//! Every sample, signed, posted twice, folded and compared with a view that a person has read.

use serde_json::Value;

use crate::world::{World, sample, samples};

const PROVIDERS: [&str; 4] = ["kelviq", "razorpay", "standard-webhooks", "stykite"];

/// What a view shows, less what follows the order of arrival.
pub fn without_seq(mut value: Value) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("last_seq");
                fields.values_mut().for_each(strip);
            }
            Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    strip(&mut value);
    value
}

fn picture(world: &World) -> Value {
    let lists = ["customers", "subscriptions", "payments"];
    let shown = lists.map(|list| {
        let answer = world.read(&format!("/v1/{list}?limit=200"));
        (list.to_owned(), without_seq(answer["data"].clone()))
    });
    Value::Object(shown.into_iter().collect())
}

fn golden(name: &str, value: &Value) {
    insta::with_settings!({
        snapshot_path => "../golden",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(name, serde_json::to_string_pretty(value).unwrap());
    });
}

#[test]
fn each_sample_alone_folds_to_its_golden_view() {
    for provider in PROVIDERS {
        for (name, body) in samples(provider) {
            let world = World::new();
            let answer = world.send(provider, &body);
            assert_eq!(answer.status, 200, "{name}: {}", answer.text);
            let again = world.send(provider, &body);
            assert_eq!(
                (again.word("status").as_str(), again.seq()),
                ("duplicate", answer.seq())
            );
            let receipt = serde_json::json!({
                "receipt": { "status": answer.json()["status"], "reason": answer.json()["reason"] },
                "state": picture(&world),
            });
            golden(
                &format!("{provider}.{}", name.trim_end_matches(".json")),
                &receipt,
            );
        }
    }
}

#[test]
fn all_samples_together_fold_to_one_view_in_any_order() {
    let mut all: Vec<(&str, Vec<u8>)> = PROVIDERS
        .into_iter()
        .flat_map(|provider| {
            samples(provider)
                .into_iter()
                .map(move |(_, body)| (provider, body))
        })
        .collect();
    let send = |all: &[(&str, Vec<u8>)]| {
        let world = World::new();
        for (provider, body) in all {
            assert_eq!(world.send(provider, body).status, 200);
        }
        picture(&world)
    };
    let straight = send(&all);
    golden("all", &straight);
    // A fixed shuffle: the property tests of the fold try the random ones.
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    for _ in 0..6 {
        for place in (1..all.len()).rev() {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            all.swap(place, usize::try_from(state % (place as u64 + 1)).unwrap());
        }
        let mut twice = all.clone();
        twice.extend(all.iter().take(10).cloned());
        assert_eq!(send(&twice), straight);
    }
}

#[test]
fn the_documented_example_is_answered_as_documented() {
    let world = World::new();
    world.razorpay(&sample("razorpay", "01"));
    world.razorpay(&sample("razorpay", "02"));
    let view = world.read("/v1/subscriptions/sub_Ldgr0000000001");
    assert_eq!(view["provider_subscription_id"], "sub_Ldgr0000000001");
    assert_eq!(view["customer"]["customer_identifier"], "user_42");
    assert_eq!(view["status"], "active");
    assert_eq!(
        view["plan"],
        serde_json::json!({"id": "plan_Ldgr000000001", "name": null})
    );
    assert_eq!(view["paid_through"], "2026-10-21T14:13:20.000Z");
    assert_eq!(view["access"]["until"], "2026-10-24T14:13:20.000Z");
    assert_eq!(view["updated_at"], "2026-09-21T14:13:24.000Z");
    assert_eq!(
        world.read(&format!(
            "/v1/subscriptions/{}",
            view["id"].as_str().unwrap()
        )),
        view
    );
}

/// A golden that changed means that the same events fold to something else: what earlier versions
/// kept of a state must not be compared with it any more, and `FOLD_VERSION` says so.
#[test]
fn a_changed_golden_raises_the_fold_version() {
    use sha2::{Digest, Sha256};
    use subledger::domain::state::FOLD_VERSION;

    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let record = folder.join("fold-version.txt");
    let mut goldens: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "snap")
        })
        .collect();
    goldens.sort();
    let now: std::collections::BTreeMap<String, String> = goldens
        .iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (
                name,
                hex::encode(Sha256::digest(std::fs::read(path).unwrap())),
            )
        })
        .collect();
    if std::env::var_os("RECORD_GOLDENS").is_some() {
        let lines = now
            .iter()
            .map(|(name, digest)| format!("{digest} {name}\n"));
        let text = format!("{FOLD_VERSION}\n{}", lines.collect::<String>());
        std::fs::write(&record, text).unwrap();
    }
    let recorded = std::fs::read_to_string(&record).unwrap();
    let (version, lines) = recorded.split_once('\n').unwrap();
    let same_version = version == FOLD_VERSION.to_string();
    for line in lines.lines() {
        let (digest, name) = line.split_once(' ').unwrap();
        let changed = now.get(name).is_some_and(|held| held != digest);
        assert!(
            !(changed && same_version),
            "{name} changed: raise FOLD_VERSION in src/domain/state"
        );
    }
    let known: Vec<_> = lines
        .lines()
        .filter_map(|line| line.split_once(' '))
        .collect();
    let complete =
        known.len() == now.len() && known.iter().all(|(_, name)| now.contains_key(*name));
    assert!(
        complete && same_version,
        "goldens came or went, or the version was raised: run this test with RECORD_GOLDENS=1 set"
    );
}
