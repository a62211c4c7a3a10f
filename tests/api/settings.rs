//! Settings that change what events mean are events, and hold for all events.

use subledger::app::Acceptance;

use crate::world::{World, sample};

#[test]
fn unchanged_settings_are_recorded_once() {
    let world = World::on_disk();
    let world = world.restart().restart();
    assert_eq!(world.read("/v1/stats")["events"], 1);
    let event = world.read("/v1/events/1");
    assert_eq!(
        (&event["source"], &event["event_type"]),
        (&"catalogue".into(), &"catalogue.changed".into())
    );
}

#[test]
fn a_new_customer_note_names_the_customers_of_old_events() {
    let world = World::on_disk();
    let body = String::from_utf8(sample("razorpay", "02")).unwrap();
    let body = body.replace(
        "\"customer_identifier\"",
        "\"uid\":\"u-1\",\"customer_identifier\"",
    );
    world.razorpay(body.as_bytes());
    assert_eq!(world.get("/v1/customers/user_42").status, 200);
    assert_eq!(world.get("/v1/customers/u-1").status, 404);
    let world = world
        .restart_with(|config| {
            let source = config.sources.get_mut("razorpay").unwrap();
            source.settings.insert("customer_note".into(), "uid".into());
        })
        .unwrap();
    assert_eq!(
        world.read("/v1/customers/u-1")["subscriptions"][0]["status"],
        "active"
    );
    assert_eq!(world.get("/v1/customers/user_42").status, 404);
    assert_eq!(world.read("/v1/stats")["events"], 3);
}

const CATALOGUE: &str = r#"
[[catalog.features]]
id = "max-projects"
name = "Projects"
type = "customizable"
[[catalog.features]]
id = "messages"
name = "Messages"
type = "meter"
[[catalog.meters]]
id = "MTR-0DWBEZWHFSBBQ"
feature = "messages"
unit = "message"
[[catalog.plans]]
id = "PLV-0MD508X1S388G"
identifier = "pro"
name = "Pro"
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 49900
currency = "INR"
razorpay_plan = "plan_Ldgr000000001"
[[catalog.plans.features]]
feature = "max-projects"
limit = 100
[[catalog.plans.features]]
feature = "messages"
limit = 1000
reset = "EVERY_MONTH"
"#;

#[test]
fn the_catalogue_says_what_a_subscription_entitles_to() {
    let world = World::with(CATALOGUE);
    world.razorpay(&sample("razorpay", "02"));
    world.set_time("2026-10-01T00:00:00Z");
    let answer = world.read("/v1/customers/user_42/entitlements");
    let rows = answer["entitlements"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["feature_id"], "max-projects");
    assert_eq!(
        (&rows[0]["granted"], &rows[0]["limit"]),
        (&true.into(), &"100".into())
    );
    assert_eq!(rows[1]["meter_id"], "MTR-0DWBEZWHFSBBQ");
    assert_eq!(rows[1]["remaining"], "1000");
    assert_eq!(rows[1]["resets_at"], "2026-10-21T14:13:20.000Z");
    world.set_time("2027-10-01T00:00:00Z");
    let answer = world.read("/v1/customers/user_42/entitlements");
    assert_eq!(answer["entitlements"][0]["granted"], false);
}

#[test]
fn a_catalogue_that_drops_a_plan_in_use_is_refused_until_it_is_accepted() {
    let world = World::with(CATALOGUE);
    world.razorpay(&sample("razorpay", "02"));
    let refused = world.restart_with(|config| config.catalog.plans.clear());
    let sentence = refused.err().unwrap().to_string();
    assert!(sentence.contains("PLV-0MD508X1S388G"), "{sentence}");
    assert!(sentence.contains("--accept-catalogue"), "{sentence}");
    let world = World::with(CATALOGUE);
    world.razorpay(&sample("razorpay", "02"));
    let accept = Acceptance {
        catalogue: true,
        ..Acceptance::default()
    };
    let world = world
        .restart_accepting(accept, |config| config.catalog.plans.clear())
        .unwrap();
    assert_eq!(world.read("/v1/stats")["events"], 3);
}
