//! Orders, transactions, refunds and payment methods: webhooks of Razorpay and Kelviq in, Kelviq's
//! answers out; whatever the order in which they come, and however often.

mod moved;

use serde_json::{Value, json};

use super::{CATALOGUE, ask_as, get, told, world};
use crate::keys::made;
use crate::world::{World, sample, samples};

const FIRST: &str = "ORD-20260901093005-M3K9P";
const RENEWAL: &str = "ORD-20261002093003-R8W2D";
const ONCE: &str = "ORD-20261003141500-T7QK2";
const REFUND: &str = "a374c39f-f6c2-5fee-8214-3bc922b16a61";

fn list(world: &World, rest: &str) -> Value {
    told(&get(world, rest), 200)
}

fn all(world: &World, rest: &str) -> Vec<Value> {
    let more = if rest.contains('?') { '&' } else { '?' };
    let answer = list(world, &format!("{rest}{more}page_size=100"));
    let results = answer["results"].as_array().unwrap().clone();
    assert_eq!(answer["count"], results.len());
    results
}

fn words<'a>(rows: &'a [Value], name: &str) -> Vec<&'a str> {
    rows.iter().map(|row| row[name].as_str().unwrap()).collect()
}

/// Every sample of one provider.
fn after(provider: &str) -> World {
    let world = world();
    for (name, body) in samples(provider) {
        assert_eq!(world.send(provider, &body).status, 200, "{name}");
    }
    world
}

#[test]
fn an_order_says_what_kelviq_told_of_it() {
    let world = after("kelviq");
    let order = list(&world, &format!("orders/{FIRST}/"));
    let subscription = &order["subscription"];
    assert_eq!(subscription["id"], "e44929ab-d2db-5212-a522-0d02c74dc1bb");
    assert_eq!(order["plan"]["identifier"], "pro");
    assert_eq!(order["product"]["name"], "Sample");
    assert_eq!(order["plan"]["product"], order["product"]["id"]);
    for (name, wanted) in [
        ("id", json!(FIRST)),
        (
            "customer",
            json!({"customerId": "user_51", "name": "Meera Iyer", "email": "meera.iyer@example.com"}),
        ),
        ("status", json!("COMPLETE")),
        ("paidAt", json!("2026-09-01T09:30:11Z")),
        ("createdOn", json!("2026-09-01T09:30:05Z")),
        ("amountTotal", json!("40.00")),
        ("amountTotalUnits", json!(4000)),
        ("amountDiscount", json!("0.00")),
        ("amountTax", Value::Null),
        ("saleCurrency", json!("USD")),
        ("saleCurrencySymbol", json!("$")),
        ("refundedTotalUnits", json!(0)),
        ("billingType", json!("SUBSCRIPTION")),
        ("isRenewal", json!(false)),
        ("isTrial", json!(false)),
        ("invoiceId", json!("INV-20260901093010-M3K9P")),
        ("license", json!([])),
        ("customFieldsData", json!({})),
        ("paymentMethod", Value::Null),
    ] {
        assert_eq!(order[name], wanted, "{name}");
    }
    let once = list(&world, &format!("orders/{ONCE}"));
    assert_eq!(once["status"], "PARTIAL_REFUND");
    assert_eq!(once["refundedTotalUnits"], 450);
    assert_eq!(once["subscription"], Value::Null);
    assert_eq!(
        once["plan"],
        json!({"identifier": "starter-pack", "name": "starter-pack"})
    );
}

#[test]
fn orders_come_newest_paid_first_and_are_found_by_every_filter() {
    let world = after("kelviq");
    let orders = all(&world, "orders/");
    assert_eq!(words(&orders, "id"), [ONCE, RENEWAL, FIRST]);
    for (query, wanted) in [
        ("search=m3k9p", vec![FIRST]),
        ("search=BECKER", vec![ONCE]),
        ("search=user_51", vec![RENEWAL, FIRST]),
        ("search=meera.iyer@", vec![RENEWAL, FIRST]),
        ("search=nobody", vec![]),
        ("status=COMPLETE", vec![RENEWAL, FIRST]),
        ("status=PARTIAL_REFUND", vec![ONCE]),
        ("status=PENDING", vec![]),
        ("billing_type=ONE_TIME", vec![ONCE]),
        ("billing_type=SUBSCRIPTION&is_renewal=false", vec![FIRST]),
        ("is_renewal=true", vec![RENEWAL]),
        ("start_date=2026-10-03", vec![ONCE]),
        ("end_date=2026-10-02", vec![RENEWAL, FIRST]),
        ("start_date=2026-10-02&end_date=2026-10-02", vec![RENEWAL]),
        ("status=&search=&start_date=", vec![ONCE, RENEWAL, FIRST]),
    ] {
        let found = all(&world, &format!("orders/?{query}"));
        assert_eq!(words(&found, "id"), wanted, "{query}");
    }
    let page = list(&world, "orders/?page_size=2&page=2&search=a");
    assert_eq!((&page["count"], &page["next"]), (&json!(3), &Value::Null));
    assert!(page["previous"].as_str().unwrap().contains("search=a"));
    assert_eq!(words(page["results"].as_array().unwrap(), "id"), [FIRST]);
}

#[test]
fn what_is_under_way_or_nobodys_is_no_order() {
    let world = world();
    world.send("kelviq", &sample("kelviq", "06"));
    assert_eq!(all(&world, "orders/"), Vec::<Value>::new());
    told(&get(&world, &format!("orders/{FIRST}/")), 404);
    told(&get(&world, &format!("orders/{FIRST}/events/")), 404);
    world.send("kelviq", &sample("kelviq", "07"));
    assert_eq!(all(&world, "orders/").len(), 1);
    // A payment whose customer nobody named.
    let text = String::from_utf8(sample("razorpay", "03")).unwrap();
    let nobodys = text.replace(r#""customer_id":"cust_Ldgr000000001","#, "");
    assert_ne!(nobodys, text);
    assert_eq!(world.send("razorpay", nobodys.as_bytes()).status, 200);
    assert_eq!(
        world.read("/v1/payments")["data"].as_array().unwrap().len(),
        2
    );
    assert_eq!(all(&world, "orders/").len(), 1);
    assert_eq!(all(&world, "transaction/").len(), 1);
    assert_eq!(all(&world, "payment-methods/"), Vec::<Value>::new());
    told(&get(&world, "orders/pay_Ldgr0000000001/"), 404);
}

#[test]
fn razorpays_payments_are_orders_with_their_cards() {
    let world = after("razorpay");
    let order = list(&world, "orders/pay_Ldgr0000000002/");
    assert_eq!(order["customer"]["customerId"], "user_42");
    assert_eq!(order["status"], "PARTIAL_REFUND");
    assert_eq!(order["refundedTotalUnits"], 10_000);
    assert_eq!(order["amountTotal"], "499.00");
    assert_eq!(order["saleCurrencySymbol"], "₹");
    assert_eq!(order["billingType"], "SUBSCRIPTION");
    assert_eq!(order["isRenewal"], true);
    assert_eq!(
        order["paymentMethod"],
        json!({"paymentMethodType": "card", "paymentMethodName": "visa", "last4": "4366"})
    );
    assert_eq!(order["subscription"]["status"], "canceled");
    let first = list(&world, "orders/pay_Ldgr0000000001/");
    assert_eq!(first["isRenewal"], false);
    assert_eq!(first["paidAt"], "2026-09-21T14:13:20Z");
    let failed = list(&world, "orders/pay_Ldgr0000000003/");
    assert_eq!(
        (&failed["status"], &failed["paidAt"]),
        (&json!("FAILED"), &Value::Null)
    );
    let refunded = list(&world, "orders/pay_Ldgr0000000004/");
    assert_eq!(refunded["status"], "REFUNDED");
    assert_eq!(refunded["refundedTotalUnits"], 49_900);
}

#[test]
fn what_happened_to_an_order_and_its_neighbours() {
    let world = after("kelviq");
    let events = all(&world, &format!("orders/{FIRST}/events/"));
    let short: Vec<[&str; 4]> = events
        .iter()
        .map(|event| ["order", "code", "status", "timestamp"].map(|it| event[it].as_str().unwrap()))
        .collect();
    assert_eq!(
        short,
        [
            [
                RENEWAL,
                "order.completed",
                "success",
                "2026-10-02T09:30:03Z"
            ],
            [RENEWAL, "order.created", "pending", "2026-10-02T09:30:03Z"],
            [FIRST, "order.completed", "success", "2026-09-01T09:30:11Z"],
            [FIRST, "order.created", "pending", "2026-09-01T09:30:05Z"],
        ]
    );
    assert_eq!(events[0]["title"], "Order completed");
    assert_eq!(events[0]["metadata"], json!({"primary": "+40.00"}));
    let ids: Vec<u64> = events.iter().map(|it| it["id"].as_u64().unwrap()).collect();
    assert!(ids.iter().all(|id| *id < 1 << 53));
    assert_eq!(all(&world, &format!("orders/{RENEWAL}/events")), events);
    let once = all(&world, &format!("orders/{ONCE}/events/"));
    assert_eq!(
        words(&once, "code"),
        ["order.refunded", "order.completed", "order.created"]
    );
    assert_eq!(once[0]["metadata"]["primary"], "-4.50");
    let page = list(&world, &format!("orders/{ONCE}/events/?page=2&page_size=2"));
    assert_eq!(page["results"], json!([once[2]]));
    assert_eq!(
        told(
            &get(&world, &format!("orders/{ONCE}/events/?page=3&page_size=2")),
            404
        ),
        json!({"detail": "Invalid page."})
    );

    let world = after("razorpay");
    let failed = all(&world, "orders/pay_Ldgr0000000003/events/");
    assert_eq!(words(&failed, "code"), ["order.failed", "order.created"]);
    assert_eq!(failed[0]["status"], "failed");
    let events = all(&world, "orders/pay_Ldgr0000000002/events/");
    let codes = words(&events, "code");
    for (code, wanted) in [("order.charged_back", 1), ("order.refunded", 2)] {
        let count = codes.iter().filter(|it| **it == code).count();
        assert_eq!(count, wanted, "{code}");
    }
    let card = &events[0]["metadata"]["secondary"];
    assert_eq!(card, "card ending 4366");
}

#[test]
fn each_filter_that_is_wrong_is_told_at_once() {
    let world = world();
    let date = ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."];
    let choice = |word: &str| json!([format!("\"{word}\" is not a valid choice.")]);
    let query = "status=paid&billing_type=x&is_renewal=maybe&start_date=now&end_date=2026-02-30";
    assert_eq!(
        told(&get(&world, &format!("orders/?{query}")), 400),
        json!({"status": choice("paid"), "billingType": choice("x"),
            "isRenewal": ["Must be a valid boolean."], "startDate": date, "endDate": date})
    );
    for path in ["transaction/", "refunds/"] {
        assert_eq!(
            told(
                &get(&world, &format!("{path}?status=COMPLETE&end_date=1")),
                400
            ),
            json!({"status": choice("COMPLETE"), "endDate": date}),
            "{path}"
        );
    }
    for path in ["orders/", "transaction/", "refunds/", "payment-methods/"] {
        let empty = json!({"count": 0, "next": null, "previous": null, "results": []});
        assert_eq!(list(&world, path), empty);
        for page in ["0", "2", "x", "99999999999999999999"] {
            assert_eq!(
                told(&get(&world, &format!("{path}?page={page}")), 404),
                json!({"detail": "Invalid page."}),
                "{path} {page}"
            );
        }
    }
    for path in ["orders/nobody/", "orders/nobody/events/", "refunds/nobody/"] {
        assert_eq!(
            told(&get(&world, path), 404),
            json!({"detail": "Not found."})
        );
    }
}

#[test]
fn a_client_key_sees_no_money() {
    let world = after("kelviq");
    let (_, key) = made(&world, "client", Some("user_51"));
    for path in [
        "orders/",
        "transaction/",
        "refunds/",
        "payment-methods/",
        &format!("orders/{FIRST}/"),
    ] {
        assert_eq!(
            ask_as(&world, &key, "GET", path, &Value::Null).status,
            403,
            "{path}"
        );
    }
}

/// The order of arrival and repetition do not matter, and neither does a restart.
#[test]
fn money_is_the_same_in_any_order_and_after_a_restart() {
    let all_of = |provider| {
        samples(provider)
            .into_iter()
            .map(move |(_, body)| (provider, body))
    };
    let mut bodies: Vec<(&str, Vec<u8>)> = all_of("kelviq").chain(all_of("razorpay")).collect();
    let picture = |world: &World| -> Vec<Vec<Value>> {
        let lists = ["orders/", "transaction/", "refunds/", "payment-methods/"];
        let mut shown: Vec<_> = lists.map(|list| all(world, list)).into();
        shown.push(all(world, &format!("orders/{FIRST}/events/")));
        shown
    };
    let send = |bodies: &[(&str, Vec<u8>)]| {
        let world = World::with(&CATALOGUE.replace("engine = \"memory\"", "engine = \"sled\""));
        for (provider, body) in bodies {
            assert_eq!(world.send(provider, body).status, 200);
        }
        world
    };
    let straight = picture(&send(&bodies));
    assert!(straight.iter().all(|list| !list.is_empty()));
    bodies.reverse();
    bodies.extend(bodies.clone().into_iter().step_by(3));
    let world = send(&bodies);
    assert_eq!(picture(&world), straight);
    assert_eq!(picture(&world.restart()), straight);
}
