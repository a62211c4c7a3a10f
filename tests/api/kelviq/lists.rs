//! What lists are asked for after the `?`: repeated, too large, in other spellings, wrong.

use serde_json::{Value, json};

use super::{customer, get, told, world};
use crate::world::World;

fn three() -> World {
    let world = world();
    for id in ["a", "b", "c"] {
        customer(&world, id);
        world.clock.advance_millis(1_000);
    }
    world
}

#[test]
fn the_last_of_a_repeated_parameter_counts() {
    let world = three();
    let page = |query: &str| told(&get(&world, &format!("customers/?{query}")), 200);
    let last = page("page=1&page_size=7&page=3&page_size=1");
    assert_eq!(last["results"][0]["customerId"], "a");
    assert_eq!(page("search=b&search=c@")["count"], 1);
    // However it is written, there is one `page` in the address of the next.
    let second = page("%70age=2&page_size=1&search=");
    let base = format!("{}/api/v1/customers/", world.base);
    assert_eq!(second["next"], format!("{base}?page=3&page_size=1&search="));
    let path = second["next"]
        .as_str()
        .unwrap()
        .strip_prefix(&world.base)
        .unwrap();
    assert_eq!(told(&world.get(path), 200)["results"][0]["customerId"], "a");
}

#[test]
fn a_page_is_never_larger_than_the_largest() {
    let world = three();
    for (size, count) in [
        ("99999999999999999999999", 3),
        ("2", 2),
        ("0", 3),
        ("-1", 3),
        ("AAA", 3),
        ("", 3),
    ] {
        let page = told(&get(&world, &format!("customers/?page_size={size}")), 200);
        assert_eq!(page["results"].as_array().unwrap().len(), count, "{size}");
    }
    for number in ["99999999999999999999999", "0", "-1", "AAA"] {
        let refused = told(&get(&world, &format!("customers/?page={number}")), 404);
        assert_eq!(refused, json!({"detail": "Invalid page."}), "{number}");
    }
}

#[test]
fn a_span_may_be_open_at_either_end() {
    let world = three();
    let lists = ["orders/", "refunds/", "transaction/", "checkout/sessions/"];
    for list in lists {
        let spans = [
            "start_date=0001-01-01&end_date=9999-12-31",
            "start_date=&end_date=",
        ];
        for span in spans {
            assert_eq!(
                told(&get(&world, &format!("{list}?{span}")), 200)["count"],
                0
            );
        }
        let query = "start_date=2026-02-30&end_date=soon";
        let refused = told(&get(&world, &format!("{list}?{query}")), 400);
        let wrong = ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."];
        assert_eq!(
            refused,
            json!({"startDate": wrong, "endDate": wrong}),
            "{list}"
        );
    }
    let all = "start_date_after=0001-01-01&start_date_before=9999-12-31\
        &modified_on_after=2026-01-01T00:00:00Z&modified_on_before=";
    told(&get(&world, &format!("subscriptions/?{all}")), 200);
    let wrong = "start_date_after=x&start_date_before=y&modified_on_after=z&modified_on_before=w";
    let refused = told(&get(&world, &format!("subscriptions/?{wrong}")), 400);
    let why = ["Enter a valid date/time."];
    let wanted = json!({"startDateAfter": why, "startDateBefore": why, "modifiedOnAfter": why,
        "modifiedOnBefore": why});
    assert_eq!(refused, wanted);
}

#[test]
fn an_empty_name_is_none() {
    let world = three();
    let query = "entitlements/?customer_id=&customerId=a";
    assert_eq!(told(&get(&world, query), 200)["customerId"], "a");
    assert_eq!(
        told(&get(&world, "payment-methods/?customer_id="), 200)["results"],
        Value::Array(vec![])
    );
}
