//! Customers: made, shown, listed, changed and archived; each field wrong, each spelling right.

use serde_json::{Value, json};

use super::{ask, customer, events, get, post, told, world};
use crate::keys::JSON;
use crate::world::{KEY, World, sample};

fn patch(world: &World, id: &str, body: &Value) -> Value {
    told(&ask(world, "PATCH", &format!("customers/{id}/"), body), 200)
}

#[test]
fn a_customer_comes_back_as_it_went_in() {
    let world = world();
    let body = json!({"customerId": "user-123", "email": "jane@example.com", "name": "Jane van Doe",
        "metadata": {"orderRef": "A", "order_ref": {"deepKey": 1}, "z": 1, "a": [null]},
        "billingAddress": {"country": "US", "line1": "1 Main St", "line2": null,
            "postalCode": "94107", "city": "San Francisco", "state": "CA"}});
    let answer = post(&world, "customers/", &body);
    let made = told(&answer, 201);
    assert_eq!(answer.header("x-ledger-seq"), Some("2"));
    for (name, value) in body.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    assert_eq!(made["details"], json!({}));
    assert_eq!(made["createdOn"], "2026-11-26T00:00:00.000000Z");
    assert_eq!(made["modifiedOn"], made["createdOn"]);
    // The keys of what the merchant notes stay in their order.
    assert!(
        answer
            .text
            .contains(r#""metadata":{"a":[null],"orderRef":"A""#),
        "{}",
        answer.text
    );
    let id = made["id"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    for name in ["user-123", id, &id.to_uppercase()] {
        assert_eq!(told(&get(&world, &format!("customers/{name}/")), 200), made);
    }
    let bare = told(
        &post(&world, "customers/", &json!({"customerId": "bare"})),
        201,
    );
    for name in ["email", "name", "metadata", "billingAddress"] {
        assert_eq!(bare[name], Value::Null, "{name}");
    }
    // Nobody is subscribed by being made.
    let rows = told(&get(&world, "entitlements/?customer_id=user-123"), 200);
    assert_eq!(rows["entitlements"], json!([]));
}

#[test]
fn metadata_is_kept_to_the_letter() {
    let world = world();
    let noted = r#"{ "b_c": 1.0, "aB":  [1e2, "é"], "customer_id": null }"#;
    let body = format!(r#"{{"customerId": "u", "metadata": {noted} }}"#);
    let headers = [JSON];
    let answer = world.ask(
        "POST",
        "/api/v1/customers/",
        Some(KEY),
        &headers,
        body.as_bytes(),
    );
    told(&answer, 201);
    assert!(
        answer.text.contains(&format!(r#""metadata":{noted}"#)),
        "{}",
        answer.text
    );
}

#[test]
fn every_spelling_of_a_body_is_the_same() {
    let world = world();
    let bodies = [
        json!({"customerId": "c0", "email": "a@b.c",
            "billingAddress": {"country": "IN", "postalCode": "416013"}}),
        json!({"customer_id": "c1", "email": "a@b.c",
            "billing_address": {"country": "IN", "postal_code": "416013"}}),
        json!({"customer_id": "c2", "email": "a@b.c",
            "billingAddress": {"country": "IN", "postal_code": "416013"}, "colour": 1}),
    ];
    for body in &bodies {
        let mut made = told(&post(&world, "customers/", body), 201);
        for name in ["id", "customerId"] {
            made.as_object_mut().unwrap().remove(name);
        }
        let address = json!({"country": "IN", "postalCode": "416013", "line1": null,
            "line2": null, "city": null, "state": null});
        assert_eq!(made["billingAddress"], address, "{body}");
        assert_eq!(made["email"], "a@b.c");
    }
    let twice = json!({"customerId": "c3", "customer_id": "c3"});
    let wrong = told(&post(&world, "customers/", &twice), 400);
    assert_eq!(
        wrong,
        json!({"customerId": ["This field is given twice, in two spellings."]})
    );
}

#[test]
fn each_wrong_field_is_told_by_its_name() {
    let world = world();
    customer(&world, "taken");
    let before = events(&world);
    let long = "x".repeat(600);
    let many = json!({"k": "x".repeat(9_000)});
    for (body, wrong) in [
        (
            json!({}),
            json!({"customerId": ["This field is required."]}),
        ),
        (
            json!({"customerId": null}),
            json!({"customerId": ["This field may not be null."]}),
        ),
        (
            json!({"customerId": "  "}),
            json!({"customerId": ["This field may not be blank."]}),
        ),
        (
            json!({"customerId": 5}),
            json!({"customerId": ["Not a valid string."]}),
        ),
        (
            json!({"customerId": {}}),
            json!({"customerId": ["Not a valid string."]}),
        ),
        (
            json!({"customerId": long}),
            json!({"customerId": ["Ensure this field has no more than 512 characters."]}),
        ),
        (
            json!({"customerId": "a\nb"}),
            json!({"customerId": ["Control characters are not allowed."]}),
        ),
        (
            json!({"customerId": "taken"}),
            json!({"customerId": ["A customer with this customerId already exists."]}),
        ),
        (
            json!({"customerId": "a", "email": "nobody"}),
            json!({"email": ["Enter a valid email address."]}),
        ),
        (
            json!({"customerId": "a", "email": ""}),
            json!({"email": ["This field may not be blank."]}),
        ),
        (
            json!({"customerId": "a", "email": 1}),
            json!({"email": ["Not a valid string."]}),
        ),
        (
            json!({"customerId": "a", "name": []}),
            json!({"name": ["Not a valid string."]}),
        ),
        (
            json!({"customerId": "a", "metadata": "x"}),
            json!({"metadata": ["Expected a dictionary of items."]}),
        ),
        (
            json!({"customerId": "a", "metadata": many}),
            json!({"metadata": ["Ensure this field has no more than 8192 bytes."]}),
        ),
        (
            json!({"customerId": "a", "billingAddress": "x"}),
            json!({"billingAddress": ["Invalid data. Expected an object."]}),
        ),
        (
            json!({"customerId": "a", "billingAddress": {"country": "Atlantis", "city": 1}}),
            json!({"billingAddress": {"country": ["\"Atlantis\" is not a valid choice."],
                "city": ["Not a valid string."]}}),
        ),
        (
            json!({"email": "x", "name": 1, "customerId": true}),
            json!({"email": ["Enter a valid email address."], "name": ["Not a valid string."],
                "customerId": ["Not a valid string."]}),
        ),
    ] {
        assert_eq!(
            told(&post(&world, "customers/", &body), 400),
            wrong,
            "{body}"
        );
    }
    for name in [".", ".."] {
        let refused = told(
            &post(&world, "customers/", &json!({"customerId": name})),
            400,
        );
        assert!(
            refused["customerId"][0]
                .as_str()
                .unwrap()
                .contains("customerId"),
            "{refused}"
        );
    }
    assert_eq!(events(&world), before);
}

#[test]
fn an_identifier_that_webhooks_told_of_is_taken() {
    let world = world();
    world.razorpay(&sample("razorpay", "02"));
    let refused = told(
        &post(&world, "customers/", &json!({"customerId": "user_42"})),
        400,
    );
    let wanted = json!({"customerId": ["A customer with this customerId already exists."]});
    assert_eq!(refused, wanted);
    assert_eq!(
        told(&get(&world, "customers/user_42/"), 200)["customerId"],
        "user_42"
    );
}

#[test]
fn a_patch_changes_what_it_names_and_null_clears() {
    let world = world();
    let address = json!({"country": "IN", "line1": "1 Road", "line2": null, "postalCode": null,
        "city": "Pune", "state": "Maharashtra"});
    let body = json!({"customerId": "u", "email": "a@b.c", "name": "A B C",
        "metadata": {"k": 1}, "billingAddress": address});
    let made = told(&post(&world, "customers/", &body), 201);
    let before = events(&world);
    assert_eq!(patch(&world, "u", &json!({})), made, "an empty patch");
    assert_eq!(patch(&world, "u", &json!({"customerId": "u"})), made);
    assert_eq!(events(&world), before);
    world.clock.advance_millis(1_000);
    let changed = patch(&world, "u", &json!({"name": "D"}));
    assert_eq!(changed["name"], "D");
    assert_eq!(changed["email"], "a@b.c");
    assert_eq!(changed["createdOn"], made["createdOn"]);
    assert_ne!(changed["modifiedOn"], made["modifiedOn"]);
    let changed = patch(
        &world,
        "u",
        &json!({"metadata": {"other": true}, "email": "d@e.f"}),
    );
    assert_eq!(changed["metadata"], json!({"other": true}));
    let changed = patch(&world, "u", &json!({"billing_address": {"city": "Mumbai"}}));
    assert_eq!(
        changed["billingAddress"]["line1"],
        Value::Null,
        "replaced as a whole"
    );
    let nulls = json!({"name": null, "email": null, "metadata": null, "billingAddress": null});
    let cleared = patch(&world, "u", &nulls);
    for name in ["email", "name", "metadata", "billingAddress"] {
        assert_eq!(cleared[name], Value::Null, "{name}");
    }
    let wrong = told(
        &ask(&world, "PATCH", "customers/u/", &json!({"customerId": "v"})),
        400,
    );
    assert_eq!(
        wrong,
        json!({"customerId": ["A customer keeps its customerId."]})
    );
    let answer = ask(&world, "PATCH", "customers/nobody/", &json!({"name": "x"}));
    assert_eq!(told(&answer, 404), json!({"detail": "Not found."}));
}

#[test]
fn an_archived_customer_is_gone_and_its_identifier_is_not_free() {
    let world = world();
    customer(&world, "u");
    customer(&world, "v");
    let archive = |id: &str| ask(&world, "DELETE", &format!("customers/{id}/"), &Value::Null);
    assert_eq!(archive("u").status, 204);
    for (method, path) in [
        ("GET", "customers/u/"),
        ("PATCH", "customers/u/"),
        ("DELETE", "customers/u/"),
        ("GET", "entitlements/?customer_id=u"),
    ] {
        let answer = ask(&world, method, path, &json!({"name": "x"}));
        assert_eq!(
            told(&answer, 404),
            json!({"detail": "Not found."}),
            "{method} {path}"
        );
    }
    let listed = told(&get(&world, "customers/"), 200);
    assert_eq!(listed["count"], 1);
    assert_eq!(listed["results"][0]["customerId"], "v");
    let again = told(
        &post(&world, "customers/", &json!({"customerId": "u"})),
        400,
    );
    assert!(again["customerId"].is_array());
    assert_eq!(
        world.get("/v1/customers/u").status,
        200,
        "the ledger forgets nobody"
    );
    assert_eq!(archive("nobody").status, 404);
}

#[test]
fn a_customer_with_a_live_subscription_is_not_archived() {
    let world = world();
    world.razorpay(&sample("razorpay", "02"));
    let answer = ask(&world, "DELETE", "customers/user_42/", &Value::Null);
    assert!(told(&answer, 400)["detail"].is_string());
    assert_eq!(get(&world, "customers/user_42/").status, 200);
}

#[test]
fn lists_are_numbered_pages_with_addresses() {
    let world = world();
    for number in 1..=25 {
        customer(&world, &format!("user-{number:02}"));
        world.clock.advance_millis(1_000);
    }
    let page = |query: &str| told(&get(&world, &format!("customers/{query}")), 200);
    let ids = |page: &Value| -> Vec<String> {
        let rows = page["results"].as_array().unwrap().iter();
        rows.map(|row| row["customerId"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = page("");
    assert_eq!(first["count"], 25);
    assert_eq!(first["previous"], Value::Null);
    assert_eq!(ids(&first).len(), 10);
    assert_eq!(ids(&first)[0], "user-25", "newest first");
    let base = format!("{}/api/v1/customers/", world.base);
    assert_eq!(first["next"], format!("{base}?page=2"));
    let last = page("?page_size=10&search=USER&page=3");
    assert_eq!(last["next"], Value::Null);
    assert_eq!(
        last["previous"],
        format!("{base}?page=2&page_size=10&search=USER")
    );
    assert_eq!(ids(&last).len(), 5);
    // A client that goes on from page to page sees all, once.
    let mut seen = Vec::new();
    let mut next = json!(format!("{base}?page_size=7"));
    while let Some(address) = next.as_str() {
        let path = address.strip_prefix(&world.base).unwrap();
        let page = told(&world.get(path), 200);
        seen.extend(ids(&page));
        next = page["next"].clone();
    }
    let mut wanted: Vec<String> = (1..=25).map(|number| format!("user-{number:02}")).collect();
    wanted.reverse();
    assert_eq!(seen, wanted);
    assert_eq!(ids(&page("?search=user-1")).len(), 10);
    assert_eq!(page("?search=USER-02@EXAMPLE")["count"], 1);
    assert_eq!(page("?customer_id=user-07")["count"], 1);
    assert_eq!(page("?customer_id=user-0")["count"], 0);
    assert_eq!(
        page("?search=nobody"),
        json!({"count": 0, "next": null, "previous": null,
        "results": []})
    );
    for size in ["1000", "100"] {
        assert_eq!(ids(&page(&format!("?page_size={size}"))).len(), 25);
    }
    for size in ["0", "-1", "many", ""] {
        assert_eq!(
            ids(&page(&format!("?page_size={size}"))).len(),
            10,
            "{size}"
        );
    }
    assert_eq!(ids(&page("?colour=red&page=")).len(), 10);
    for wrong in ["0", "-1", "4", "x", "1.5", "99999999999999999999"] {
        let answer = get(&world, &format!("customers/?page={wrong}"));
        assert_eq!(
            told(&answer, 404),
            json!({"detail": "Invalid page."}),
            "{wrong}"
        );
    }
}

/// Whatever a client says of itself, addresses lead to this service.
#[test]
fn addresses_are_not_what_a_client_says() {
    let world = world();
    for number in 1..=11 {
        customer(&world, &format!("user-{number}"));
    }
    let forged = [
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "gopher"),
        ("forwarded", "host=evil.example;proto=http"),
    ];
    let answer = world.ask("GET", "/api/v1/customers/", Some(KEY), &forged, b"");
    let next = told(&answer, 200)["next"].clone();
    assert_eq!(next, format!("{}/api/v1/customers/?page=2", world.base));
}
