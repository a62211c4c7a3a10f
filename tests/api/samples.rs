//! Every sample, signed, posted twice, folded and compared with a view that a person has read.

use serde_json::Value;

use crate::world::{World, sample, samples};

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
    for provider in ["razorpay", "stykite"] {
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
    let mut all: Vec<(&str, Vec<u8>)> = ["razorpay", "stykite"]
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
