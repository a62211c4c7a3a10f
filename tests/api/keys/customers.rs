//! Keys of scope `client`, and those that are one customer's.

use super::{get, made};
use crate::world::{World, sample};

fn told() -> World {
    let world = World::new();
    world.razorpay(&sample("razorpay", "02"));
    world.stykite(&sample("stykite", "01"));
    world
}

#[test]
fn a_client_key_asks_about_one_named_customer_at_a_time() {
    let world = told();
    let (_, key) = made(&world, "client", None);
    for path in [
        "/v1/customers/user_42/entitlements",
        "/v1/customers/user_77/entitlements",
        "/v1/subscriptions/sub_Ldgr0000000001",
        "/v1/subscriptions?customer=user_77",
    ] {
        assert_eq!(get(&world, path, &key).status, 200, "{path}");
    }
    for path in [
        "/v1/subscriptions",
        "/v1/subscriptions?customer=",
        "/v1/customers/user_42",
    ] {
        let answer = get(&world, path, &key);
        assert_eq!(
            (answer.status, answer.word("code").as_str()),
            (403, "forbidden"),
            "{path}"
        );
    }
    let nobody = get(&world, "/v1/subscriptions?customer=nobody", &key);
    assert_eq!(nobody.json()["data"].as_array().unwrap().len(), 0);
}

#[test]
fn a_customers_key_sees_that_customer_under_every_name_and_nobody_else() {
    let world = told();
    let ours = world.read("/v1/customers/user_42")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let theirs = world.read("/v1/customers/user_77")["subscriptions"][0]["id"].clone();
    let theirs = theirs.as_str().unwrap();
    let sub = world.read("/v1/subscriptions/sub_Ldgr0000000001");
    for bound_to in ["user_42", "cust_Ldgr000000001", &ours] {
        let (_, key) = made(&world, "client", Some(bound_to));
        for name in ["user_42", "cust_Ldgr000000001", &ours] {
            let path = format!("/v1/customers/{name}/entitlements");
            assert_eq!(get(&world, &path, &key).status, 200, "{bound_to} {name}");
            let list = get(&world, &format!("/v1/subscriptions?customer={name}"), &key);
            assert_eq!(
                list.json()["data"].as_array().unwrap().len(),
                1,
                "{bound_to} {name}"
            );
        }
        for id in ["sub_Ldgr0000000001", sub["id"].as_str().unwrap()] {
            let answer = get(&world, &format!("/v1/subscriptions/{id}"), &key);
            assert_eq!(answer.json(), sub, "{bound_to} {id}");
        }
        for path in [
            "/v1/customers/user_77/entitlements".to_owned(),
            "/v1/customers/nobody/entitlements".to_owned(),
            format!("/v1/subscriptions/{theirs}"),
            "/v1/subscriptions/sub_unknown".to_owned(),
            "/v1/subscriptions?customer=user_77".to_owned(),
            "/v1/subscriptions?customer=nobody".to_owned(),
        ] {
            let answer = get(&world, &path, &key);
            assert_eq!(
                (answer.status, answer.word("code").as_str()),
                (404, "not_found"),
                "{path}"
            );
        }
        assert_eq!(get(&world, "/v1/subscriptions", &key).status, 403);
    }
    // What is not there and what may not be seen look alike.
    let (_, key) = made(&world, "client", Some("user_42"));
    let hidden = get(&world, &format!("/v1/subscriptions/{theirs}"), &key);
    assert_eq!(
        hidden.text,
        get(&world, "/v1/subscriptions/sub_unknown", &key).text
    );
}

#[test]
fn a_key_may_be_made_before_its_customer_is_known() {
    let world = World::new();
    let (_, key) = made(&world, "client", Some("user_42"));
    assert_eq!(
        get(&world, "/v1/customers/user_42/entitlements", &key).status,
        404
    );
    let list = get(&world, "/v1/subscriptions?customer=user_42", &key);
    assert_eq!(list.json()["data"].as_array().unwrap().len(), 0);
    world.razorpay(&sample("razorpay", "02"));
    assert_eq!(
        get(&world, "/v1/customers/user_42/entitlements", &key).status,
        200
    );
}
