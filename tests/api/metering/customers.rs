//! Making customers: what is shown of them, the same one again, and what is refused.

use serde_json::{Value, json};
use subledger::domain::customer::Address;
use subledger::ledger::{CommandError, NewCustomer, Refusal, Welcome};

use super::{
    COMPANY, COUNTRY, FREE, OTHER_COMPANY, PRO, START, create, events, join, new_customer, refusal,
    report, world,
};

fn text(words: &str) -> Option<Box<str>> {
    Some(words.into())
}

fn welcome(plan_id: Option<&str>, trial_days: Option<u32>) -> Option<Welcome> {
    Some(Welcome {
        plan_id: plan_id.map(Into::into),
        trial_days,
    })
}

fn asha() -> NewCustomer {
    NewCustomer {
        first_name: text("Asha"),
        last_name: text("Rao"),
        phone: text("9000000000"),
        address: Address {
            city: text("Bangalore"),
            postal_code: text("416013"),
            state_code: text("KA"),
            country_code: text("IN"),
            ..Address::default()
        },
        welcome: welcome(Some(PRO), Some(30)),
        ..new_customer("c56164ad-3d54-4eaa-ae3d-46fe3969972b")
    }
}

#[test]
fn a_customer_is_shown_with_what_it_was_made_with() {
    let world = world();
    let seq = create(&world, asha()).unwrap();
    let shown = world.read("/v1/customers/c56164ad-3d54-4eaa-ae3d-46fe3969972b");
    let id = shown["id"].as_str().unwrap();
    assert!(id.starts_with("CUS-") && id.len() == 17, "{id}");
    for (field, value) in [
        ("email", json!("ana@example.com")),
        ("first_name", json!("Asha")),
        ("last_name", json!("Rao")),
        ("phone", json!("9000000000")),
        ("company_id", json!(COMPANY)),
        ("country_id", json!(COUNTRY)),
        ("references", json!({})),
        ("created_at", json!(START)),
        ("updated_at", json!(START)),
        ("last_seq", json!(seq)),
    ] {
        assert_eq!(shown[field], value, "{field}");
    }
    assert_eq!(
        shown["address"],
        json!({
            "city": "Bangalore", "country": "India", "line1": null, "line2": null,
            "state": "Karnataka", "city_code": "Bangalore", "country_code": "IN",
            "postal_code": "416013", "state_code": "KA",
        })
    );
    assert_eq!(
        shown["subscriptions"][0]["plan"],
        json!({"id": PRO, "name": "Pro"})
    );
    assert_eq!(world.read(&format!("/v1/customers/{id}")), shown);

    let explained = world.read(&format!("/v1/customers/{id}?explain=true"));
    for field in [
        "id",
        "email",
        "first_name",
        "address",
        "company_id",
        "created_at",
    ] {
        assert_eq!(explained["explain"][field]["seq"], json!(seq), "{field}");
    }
    let event = world.read(&format!("/v1/events/{seq}"));
    assert_eq!(event["event_type"], "customer.created");
    assert_eq!(event["source"], "api");
    assert_eq!(event["customer_identifier"], shown["customer_identifier"]);
}

#[test]
fn the_same_customer_again_is_no_other_event() {
    let world = world();
    let seq = create(&world, asha()).unwrap();
    let count = events(&world);
    world.set_time("2026-12-03T10:00:00Z");
    assert_eq!(create(&world, asha()), Ok(seq));
    // What is not given is not another thing.
    let less = NewCustomer {
        first_name: None,
        welcome: welcome(None, None),
        ..asha()
    };
    assert_eq!(create(&world, less), Ok(seq));
    assert_eq!(events(&world), count);
}

#[test]
fn another_content_is_refused_by_the_first_field_that_differs() {
    let world = world();
    create(&world, asha()).unwrap();
    let count = events(&world);
    let located = |change: fn(&mut Address)| {
        let mut new = asha();
        change(&mut new.address);
        new
    };
    let others = [
        (
            "email",
            NewCustomer {
                email: text("other@example.com"),
                ..asha()
            },
        ),
        (
            "first_name",
            NewCustomer {
                first_name: text("Usha"),
                ..asha()
            },
        ),
        (
            "last_name",
            NewCustomer {
                last_name: text("Roy"),
                ..asha()
            },
        ),
        (
            "phone",
            NewCustomer {
                phone: text("1"),
                last_name: text("Rao"),
                ..asha()
            },
        ),
        (
            "state_code",
            located(|address| address.state_code = text("MH")),
        ),
        ("city", located(|address| address.city = text("Mysore"))),
        (
            "postal_code",
            located(|address| address.postal_code = text("1")),
        ),
        ("line1", located(|address| address.line1 = text("1 Road"))),
        (
            "company_id",
            NewCustomer {
                company_id: text(OTHER_COMPANY),
                ..asha()
            },
        ),
        (
            "plan_id",
            NewCustomer {
                welcome: welcome(Some(FREE), None),
                ..asha()
            },
        ),
        (
            "trial_days",
            NewCustomer {
                welcome: welcome(None, Some(0)),
                ..asha()
            },
        ),
        // Several differ: the first is named.
        (
            "last_name",
            NewCustomer {
                last_name: text("Roy"),
                welcome: welcome(None, Some(1)),
                ..asha()
            },
        ),
    ];
    for (field, new) in others {
        let sentence = refusal(create(&world, new));
        assert!(
            sentence.contains(&format!("another `{field}`")),
            "{field}: {sentence}"
        );
    }
    assert_eq!(events(&world), count);
}

#[test]
fn without_a_plan_the_default_plan_is_begun() {
    let world = world();
    join(&world, "ana");
    let shown = world.read("/v1/customers/ana");
    assert_eq!(
        shown["subscriptions"][0]["plan"],
        json!({"id": FREE, "name": "Free"})
    );
    assert_eq!(shown["address"], Value::Null);
    // 0 days of trial is what it has.
    let new = NewCustomer {
        welcome: welcome(Some(FREE), Some(0)),
        ..new_customer("ana")
    };
    create(&world, new).unwrap();
}

/// A webhook named the customer first: what it is called stays, also for those who wrote it down.
#[test]
fn a_customer_that_webhooks_named_keeps_its_id() {
    let world = world();
    let body = crate::world::sample("razorpay", "02");
    assert_eq!(world.razorpay(&body).status, 200);
    let before = world.read("/v1/customers");
    let before = before["data"][0].clone();
    let identifier = before["customer_identifier"].as_str().unwrap();
    create(&world, new_customer(identifier)).unwrap();
    let after = world.read(&format!("/v1/customers/{identifier}"));
    assert_eq!(after["id"], before["id"]);
    assert_eq!(after["references"], before["references"]);
    assert_eq!(after["email"], "ana@example.com");
    let held = after["subscriptions"].as_array().unwrap().len();
    assert_eq!(held, before["subscriptions"].as_array().unwrap().len() + 1);
}

#[test]
fn every_field_that_is_wrong_is_named_and_nothing_is_recorded() {
    let world = world();
    let count = events(&world);
    let located = |country: &str, state: Option<&str>, postal_code: Option<&str>| NewCustomer {
        address: Address {
            country_code: text(country),
            state_code: state.map(Into::into),
            postal_code: postal_code.map(Into::into),
            ..Address::default()
        },
        ..new_customer("ana")
    };
    let long = "x".repeat(513);
    let wrong = [
        ("customer_identifier", new_customer("")),
        ("customer_identifier", new_customer("a\nb")),
        ("customer_identifier", new_customer(&long)),
        (
            "email",
            NewCustomer {
                email: text("nobody"),
                ..new_customer("ana")
            },
        ),
        (
            "first_name",
            NewCustomer {
                first_name: text(&long),
                ..new_customer("ana")
            },
        ),
        (
            "phone",
            NewCustomer {
                phone: text(""),
                ..new_customer("ana")
            },
        ),
        ("country_code", located("USA", None, None)),
        ("country_code", located("in", None, None)),
        ("state_code", located("IN", Some("CA"), None)),
        (
            "plan_id",
            NewCustomer {
                welcome: welcome(Some("PLV-0"), None),
                ..new_customer("ana")
            },
        ),
        (
            "trial_days",
            NewCustomer {
                welcome: welcome(None, Some(86_400)),
                ..new_customer("ana")
            },
        ),
    ];
    for (field, new) in wrong {
        let sentence = refusal(create(&world, new));
        assert!(
            sentence.contains(&format!("`{field}`")),
            "{field}: {sentence}"
        );
    }
    let unknown = |new, refusal| assert_eq!(create(&world, new), Err(refusal));
    let company = NewCustomer {
        company_id: text("COM-0"),
        ..new_customer("ana")
    };
    unknown(company, CommandError::Refused(Refusal::NoSuchCompany));
    let country = NewCustomer {
        country_id: text("CON-0"),
        ..new_customer("ana")
    };
    unknown(country, CommandError::Refused(Refusal::NoSuchCountry));
    assert_eq!(events(&world), count);
    create(&world, located("US", Some("CA"), Some("94016"))).unwrap();
}

#[test]
fn a_customer_is_one_of_its_company_alone() {
    let world = world();
    join(&world, "ana");
    let ask = |company: &str| {
        let reading = vec![super::read_at("2026-12-01T09:00:00Z", "1")];
        let ledger = world.ledger();
        super::wait(ledger.report_usage(Some(company), "ana", reading, &super::asked()))
    };
    let refused = |refusal| Err(CommandError::Refused(refusal));
    assert_eq!(ask(OTHER_COMPANY), refused(Refusal::NoSuchCustomer));
    assert_eq!(ask("COM-0"), refused(Refusal::NoSuchCompany));
    assert!(ask(COMPANY).is_ok());
    assert_eq!(
        report(
            &world,
            "bob",
            vec![super::read_at("2026-12-01T09:00:00Z", "1")]
        ),
        refused(Refusal::NoSuchCustomer)
    );
}
