//! What is shown to whom: a merchant's own words are not shown to keys that stand in browsers, and
//! neither is what an archived customer had.

use serde_json::{Value, json};

use super::subscriptions::{create, id_of};
use super::{ask_as, customer, get, post, told, world};
use crate::keys::made;
use crate::world::{KEY, World};

const OURS: [&str; 3] = [
    "cancellationComment",
    "cancellationFeedback",
    "externalSubscriptionId",
];

/// A subscription of this customer that was cancelled, with the reason that the merchant wrote down.
fn cancelled(world: &World, who: &str) -> String {
    customer(world, who);
    let id = id_of(&create(world, who, "pro")).to_owned();
    let body = json!({"cancellationType": "IMMEDIATE", "cancellationFeedback": "OTHER",
        "cancellationComment": "internal: fraudster"});
    told(
        &post(world, &format!("subscriptions/{id}/cancel/"), &body),
        200,
    );
    id
}

#[test]
fn a_client_key_reads_no_words_of_the_merchant() {
    let world = world();
    let id = cancelled(&world, "a");
    let (_, bound) = made(&world, "client", Some("a"));
    let (_, reader) = made(&world, "read", None);
    let list = "subscriptions/?customer_id=a&status=canceled";
    let rows = |key: &str| {
        let shown = ask_as(
            &world,
            key,
            "GET",
            &format!("subscriptions/{id}/"),
            &Value::Null,
        );
        let listed = told(&ask_as(&world, key, "GET", list, &Value::Null), 200);
        [told(&shown, 200), listed["results"][0].clone()]
    };
    for row in rows(&bound) {
        for name in OURS {
            assert_eq!(row[name], Value::Null, "{name}");
        }
        assert_eq!(row["cancellationReason"], "CANCELLED_BY_MERCHANT");
    }
    for row in rows(&reader) {
        assert_eq!(row["cancellationComment"], "internal: fraudster");
        assert_eq!(row["cancellationFeedback"], "OTHER");
    }
}

#[test]
fn what_an_archived_customer_had_is_shown_to_servers_alone() {
    let world = world();
    let id = cancelled(&world, "a");
    let (_, bound) = made(&world, "client", Some("a"));
    let (_, unbound) = made(&world, "client", None);
    let one = format!("subscriptions/{id}/");
    let as_client = |key: &str, path: &str| ask_as(&world, key, "GET", path, &Value::Null);
    told(&as_client(&bound, &one), 200);
    let gone = world.ask("DELETE", "/api/v1/customers/a/", Some(KEY), &[], b"");
    assert_eq!(gone.status, 204);
    for key in [&bound, &unbound] {
        told(&as_client(key, &one), 404);
    }
    told(&as_client(&bound, "subscriptions/?customer_id=a"), 404);
    for (key, query) in [
        (&bound, "status=canceled"),
        (&unbound, "status=canceled&customer_id=a"),
    ] {
        let page = told(&as_client(key, &format!("subscriptions/?{query}")), 200);
        assert_eq!(page["count"], 0, "{query}");
    }
    told(&get(&world, &one), 200);
    let page = told(
        &get(&world, "subscriptions/?customer_id=a&status=canceled"),
        200,
    );
    assert_eq!(page["count"], 1);
}

#[test]
fn a_key_is_bound_by_any_id_that_this_surface_shows() {
    let world = world();
    let held = customer(&world, "a");
    customer(&world, "b");
    let mine = create(&world, "a", "pro");
    create(&world, "b", "pro");
    let uuid = held["id"].as_str().unwrap();
    let (_, key) = made(&world, "client", Some(&uuid.to_uppercase()));
    let as_client = |path: &str| ask_as(&world, &key, "GET", path, &Value::Null);
    let own = told(&as_client("subscriptions/"), 200);
    assert_eq!(own["count"], 1);
    assert_eq!(own["results"][0]["id"], mine["id"]);
    for name in ["a", uuid] {
        told(
            &as_client(&format!("entitlements/?customer_id={name}")),
            200,
        );
    }
    told(&as_client("entitlements/?customer_id=b"), 404);
    // It is listed under the id that every surface knows.
    let listed = world.read("/v1/keys")["data"][0]["customer"].clone();
    assert_eq!(listed, world.read("/v1/customers/a")["id"]);
}
