//! By what names a customer is known, and that no customer takes another's.

use serde_json::{Value, json};

use super::{ask, customer, events, get, post, told, world};

#[test]
fn nobody_is_called_by_the_id_of_another() {
    let world = world();
    let victim = customer(&world, "victim");
    let uuid = victim["id"].as_str().unwrap();
    let count = events(&world);
    let exists = json!({"customerId": ["A customer with this customerId already exists."]});
    for id in [uuid.to_owned(), uuid.to_uppercase()] {
        let refused = told(&post(&world, "customers/", &json!({"customerId": id})), 400);
        assert_eq!(refused, exists);
    }
    assert_eq!(events(&world), count);
    // A checkout for that id is one for the customer that it names.
    let body = json!({"planIdentifier": "pro", "chargePeriod": "MONTHLY", "customerId": uuid,
        "successUrl": "https://shop.example.com/paid"});
    let opened = told(&post(&world, "checkout/", &body), 201);
    let id = opened["checkoutSessionId"].as_str().unwrap();
    let session = told(&get(&world, &format!("checkout/sessions/{id}/")), 200);
    assert_eq!(session["customer"]["customerId"], "victim");
    // A UUID that names nobody here may be anybody's.
    let other = "7b2f0c1e-3a5d-4c4b-9d6e-0f1a2b3c4d5e";
    assert_eq!(customer(&world, other)["customerId"], other);
    assert_eq!(
        told(&get(&world, &format!("customers/{other}/")), 200)["name"],
        "A Person"
    );
}

#[test]
fn a_record_can_be_sent_back_as_it_was_read() {
    let world = world();
    let read = customer(&world, "u");
    let uuid = read["id"].as_str().unwrap();
    for path in [format!("customers/{uuid}/"), "customers/u/".to_owned()] {
        for name in ["u", uuid] {
            let change = json!({"customerId": name, "name": "B"});
            let answer = ask(&world, "PATCH", &path, &change);
            if name == "u" || path.contains(uuid) {
                assert_eq!(told(&answer, 200)["name"], "B", "{path} {name}");
            } else {
                told(&answer, 400);
            }
        }
        let change = json!({"customerId": "other", "name": "C"});
        let refused = told(&ask(&world, "PATCH", &path, &change), 400);
        assert_eq!(
            refused,
            json!({"customerId": ["A customer keeps its customerId."]})
        );
    }
    for id in ["u", uuid] {
        let page = told(&get(&world, &format!("customers/?customer_id={id}")), 200);
        assert_eq!(page["results"][0]["customerId"], "u", "{id}");
    }
}

#[test]
fn what_is_no_spelling_of_a_field_is_another() {
    let world = world();
    for name in [
        "customerId_",
        "customer__id",
        "customer_\u{131}d",
        "CustomerId",
    ] {
        let refused = told(&post(&world, "customers/", &json!({name: "d"})), 400);
        assert_eq!(
            refused,
            json!({"customerId": ["This field is required."]}),
            "{name}"
        );
    }
    let twice = json!({"customerId": "d", "customer_id": "d"});
    let refused = told(&post(&world, "customers/", &twice), 400);
    let wanted = json!({"customerId": ["This field is given twice, in two spellings."]});
    assert_eq!(refused, wanted);
    // Nobody reads this one.
    let body = json!({"customerId": "d", "foo_bar": 1, "fooBar": 2});
    assert_eq!(
        told(&post(&world, "customers/", &body), 201)["name"],
        Value::Null
    );
}
