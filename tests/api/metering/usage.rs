//! What is read, allowed and counted, and what is left: now, at a moment, and why.

use serde_json::{Value, json};
use subledger::domain::own::{Allowance, Reading};
use subledger::ledger::UnitUse;
use subledger::ledger::limits::ENTRIES_MAX;

use super::{
    BYTES, COMPANY, CREDITS, allow, asked, at, events, join, number, read_at, refusal, report, row,
    wait, world,
};
use crate::world::World;

fn count(world: &World, metric: &str, amount: &str) -> u64 {
    let used = UnitUse {
        company_id: Some(COMPANY.into()),
        customer: "ana".into(),
        metric: metric.into(),
        amount: number(amount),
    };
    wait(world.ledger().count_units(used, &asked())).unwrap()
}

fn figures(row: &Value) -> [Value; 4] {
    ["usage", "limit", "remaining", "granted"].map(|field| row[field].clone())
}

fn is(row: &Value, usage: &str, limit: &str, remaining: &str, granted: bool) {
    let wanted = [json!(usage), json!(limit), json!(remaining), json!(granted)];
    assert_eq!(figures(row), wanted, "{row}");
}

#[test]
fn a_reading_is_all_that_was_used_until_then() {
    let world = world();
    join(&world, "ana");
    let credits = || row(&world, "ana", "", CREDITS);
    is(&credits(), "0", "100", "100", true);
    report(&world, "ana", vec![read_at("2026-12-01T11:00:00Z", "26")]).unwrap();
    is(&credits(), "26", "100", "74", true);
    // The greatest time counts; late ones and repetitions change nothing.
    let late = vec![
        read_at("2026-12-01T10:30:00Z", "90"),
        read_at("2026-12-01T11:00:00Z", "99"),
    ];
    report(&world, "ana", late).unwrap();
    is(&credits(), "26", "100", "74", true);
    // Past a hard limit it is recorded all the same.
    report(
        &world,
        "ana",
        vec![read_at("2026-12-01T12:00:00Z", "100.5")],
    )
    .unwrap();
    is(&credits(), "100.5", "100", "0", false);
    // In the next month the count begins with what the meter showed at its beginning.
    world.set_time("2027-01-01T10:00:00Z");
    let begun = credits();
    is(&begun, "0", "100", "100", true);
    assert_eq!(begun["resets_at"], "2027-02-01T10:00:00.000Z");
    report(&world, "ana", vec![read_at("2027-01-01T10:00:01Z", "103")]).unwrap();
    is(&credits(), "2.5", "100", "97.5", true);
    assert_eq!(credits()["resets_at"], "2027-02-01T10:00:00.000Z");
}

#[test]
fn allowances_stand_above_the_plan_and_counts_add_up() {
    let world = world();
    join(&world, "ana");
    allow(&world, "ana", CREDITS, "7").unwrap();
    let credits = || row(&world, "ana", "", CREDITS);
    is(&credits(), "0", "7", "7", true);
    count(&world, CREDITS, "0.1");
    count(&world, "ai-credits", "0.2");
    is(&credits(), "0.3", "7", "6.7", true);
    allow(&world, "ana", CREDITS, "0.25").unwrap();
    is(&credits(), "0.3", "0.25", "0", false);
    // A feature without a meter is counted under its own name.
    count(&world, "api-calls", "3");
    let calls = row(&world, "ana", "", "api-calls");
    assert_eq!(
        figures(&calls),
        [json!("3"), Value::Null, Value::Null, json!(true)]
    );
    assert_eq!(calls["meter_id"], Value::Null);
    // A meter that no plan grants has a row once it is used, and is granted once it is allowed.
    assert_eq!(row(&world, "ana", "", BYTES), Value::Null);
    count(&world, BYTES, "5");
    let bytes = row(&world, "ana", "", BYTES);
    assert_eq!(
        figures(&bytes),
        [json!("5"), Value::Null, json!("0"), json!(false)]
    );
    assert_eq!(
        (&bytes["feature_id"], &bytes["subscription_id"]),
        (&Value::Null, &Value::Null)
    );
    allow(&world, "ana", BYTES, "8").unwrap();
    is(&row(&world, "ana", "", BYTES), "5", "8", "3", true);
}

#[test]
fn usage_without_a_subscription_is_recorded_and_grants_nothing() {
    let world = world();
    let body = crate::world::sample("stykite", "03");
    assert_eq!(world.stykite(&body).status, 200);
    let shown = world.read("/v1/customers");
    let who = shown["data"][0]["customer_identifier"]
        .as_str()
        .unwrap()
        .to_owned();
    let told = wait(world.ledger().report_usage(
        Some(COMPANY),
        &who,
        vec![read_at("2026-12-01T09:00:00Z", "4")],
        &asked(),
    ));
    let seq = told.unwrap();
    let credits = row(&world, &who, "", CREDITS);
    assert_eq!(
        figures(&credits),
        [json!("4"), Value::Null, json!("0"), json!(false)]
    );
    let after = world.read(&format!("/v1/customers/{who}"));
    assert_eq!(after["created_at"], shown["data"][0]["created_at"]);
    assert_eq!(after["last_seq"], json!(seq));
}

#[test]
fn the_past_knows_what_was_used_by_then_and_why() {
    let world = world();
    join(&world, "ana");
    let first = report(&world, "ana", vec![read_at("2026-12-01T11:00:00Z", "10")]).unwrap();
    world.set_time("2026-12-05T10:00:00Z");
    let limit = allow(&world, "ana", CREDITS, "50").unwrap();
    let counted = count(&world, CREDITS, "5");
    world.set_time("2026-12-08T10:00:00Z");
    // Told on the 8th of the 2nd.
    let late = report(&world, "ana", vec![read_at("2026-12-02T10:00:00Z", "12")]).unwrap();
    is(&row(&world, "ana", "", CREDITS), "17", "50", "33", true);

    let when = |query: &str| row(&world, "ana", query, CREDITS);
    is(
        &when("?as_of=2026-12-01T10:30:00Z"),
        "0",
        "100",
        "100",
        true,
    );
    is(
        &when("?as_of=2026-12-01T12:00:00Z"),
        "10",
        "100",
        "90",
        true,
    );
    is(
        &when("?as_of=2026-12-03T00:00:00Z"),
        "12",
        "100",
        "88",
        true,
    );
    is(&when("?as_of=2026-12-06T00:00:00Z"), "17", "50", "33", true);
    is(
        &when("?known_at=2026-12-06T00:00:00Z"),
        "15",
        "50",
        "35",
        true,
    );
    is(
        &when(&format!("?known_at=seq:{first}")),
        "10",
        "100",
        "90",
        true,
    );
    is(
        &when("?as_of=2026-12-03T00:00:00Z&known_at=2026-12-06T00:00:00Z"),
        "10",
        "100",
        "90",
        true,
    );

    let why = when("?explain=true")["explain"].clone();
    assert_eq!(why["usage"]["seq"], json!(counted), "{why}");
    assert_eq!(why["limit"]["seq"], json!(limit));
    let then = when("?explain=true&as_of=2026-12-03T00:00:00Z")["explain"].clone();
    assert_eq!(then["usage"]["seq"], json!(late));
    assert_eq!(then["limit"]["event_type"], "catalogue.changed");

    let listed = world.read("/v1/customers/ana/events");
    let listed = listed["data"].as_array().unwrap();
    let seqs: Vec<u64> = listed
        .iter()
        .map(|event| event["seq"].as_u64().unwrap())
        .collect();
    assert!(
        [first, limit, counted, late]
            .iter()
            .all(|seq| seqs.contains(seq)),
        "{seqs:?}"
    );
    let shown = world.read("/v1/customers/ana");
    assert_eq!(shown["created_at"], super::START);
    assert_eq!(shown["last_seq"], json!(late));
}

#[test]
fn what_is_wrong_is_named_and_nothing_of_it_is_recorded() {
    let world = world();
    join(&world, "ana");
    let before = events(&world);
    let good = || read_at("2026-12-01T09:00:00Z", "1");
    let reading = |meter: &str, time: &str, total: &str| Reading {
        meter_id: meter.into(),
        at: at(time),
        total: number(total),
    };
    let wrong = [
        ("`meter_id`", reading("MTR-0", "2026-12-01T09:00:00Z", "1")),
        // 2026 in seconds.
        ("`at`", reading(CREDITS, "1970-01-21T15:00:00Z", "1")),
        ("`at`", reading(CREDITS, "2026-12-02T10:00:00.001Z", "1")),
        ("`total`", reading(CREDITS, "2026-12-01T09:00:00Z", "-1")),
        (
            "`total`",
            reading(CREDITS, "2026-12-01T09:00:00Z", "0.0000000000001"),
        ),
        (
            "`total`",
            reading(CREDITS, "2026-12-01T09:00:00Z", "1000000000001"),
        ),
        // Another word on the same meter and time.
        ("`total`", reading(CREDITS, "2026-12-01T09:00:00Z", "2")),
    ];
    for (field, reading) in wrong {
        let sentence = refusal(report(&world, "ana", vec![good(), reading]));
        assert!(
            sentence.contains(field) && sentence.contains("index 1"),
            "{sentence}"
        );
    }
    let many = vec![good(); ENTRIES_MAX + 1];
    assert!(refusal(report(&world, "ana", many)).contains("1000"));
    assert!(refusal(report(&world, "ana", Vec::new())).contains("1000"));
    assert!(refusal(allow(&world, "ana", "MTR-0", "1")).contains("`meter_id`"));
    assert!(refusal(allow(&world, "ana", CREDITS, "-1")).contains("`limit`"));
    let twice = ["1", "2"].map(|limit| Allowance {
        meter_id: CREDITS.into(),
        limit: number(limit),
    });
    let request = asked();
    let told = world
        .ledger()
        .set_allowances(Some(COMPANY), "ana", twice.into(), &request);
    assert!(refusal(wait(told)).contains("twice"));
    assert_eq!(events(&world), before);
    is(&row(&world, "ana", "", CREDITS), "0", "100", "100", true);
    // The same thing twice in one request is one thing; a thousand are as many.
    report(&world, "ana", vec![good(); ENTRIES_MAX]).unwrap();
    report(&world, "ana", vec![read_at("2026-12-02T10:00:00Z", "3")]).unwrap();
    // What was used before the customer's first reset counts.
    is(&row(&world, "ana", "", CREDITS), "3", "100", "97", true);
}
