//! Customers that are made here and what they use: by the ledger's own commands, read over HTTP.
//! Each test ends with a replay that must come to the same.

mod customers;
mod tokens;
mod usage;

use std::future::Future;

use rust_decimal::Decimal;
use serde_json::Value;
use subledger::domain::own::{Allowance, Reading};
use subledger::domain::time::Timestamp;
use subledger::ledger::{Actor, CommandError, NewCustomer, Refusal, Request, Welcome};

use crate::world::World;

const COMPANY: &str = "COM-0MD508X1S3001";
const OTHER_COMPANY: &str = "COM-0MD508X1S3101";
const COUNTRY: &str = "CON-0MD508X1S3002";
const FREE: &str = "PLV-0MD508X1S3004";
const PRO: &str = "PLV-0MD508X1S388G";
const CREDITS: &str = "MTR-0MD508X1S3003";
/// Of no feature.
const BYTES: &str = "MTR-0MD508X1S3103";
/// When the stories begin.
const START: &str = "2026-12-01T10:00:00.000Z";

const CATALOG: &str = r#"
[log]
engine = "memory"
[catalog]
version = 1
[[catalog.companies]]
id = "COM-0MD508X1S3001"
name = "Example Ltd"
[[catalog.companies]]
id = "COM-0MD508X1S3101"
name = "Another Ltd"
[[catalog.countries]]
id = "CON-0MD508X1S3002"
code = "IN"
currency = "INR"
[[catalog.features]]
id = "ai-credits"
name = "AI credits"
type = "meter"
[[catalog.features]]
id = "api-calls"
name = "API calls"
type = "meter"
[[catalog.meters]]
id = "MTR-0MD508X1S3003"
feature = "ai-credits"
unit = "credit"
[[catalog.meters]]
id = "MTR-0MD508X1S3103"
unit = "byte"
[[catalog.plans]]
id = "PLV-0MD508X1S3004"
identifier = "free"
name = "Free"
default = true
[[catalog.plans.features]]
feature = "ai-credits"
limit = 100
reset = "EVERY_MONTH"
hard_limit = true
[[catalog.plans.features]]
feature = "api-calls"
[[catalog.plans]]
id = "PLV-0MD508X1S388G"
identifier = "pro"
name = "Pro"
trial_days = 14
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 49900
currency = "INR"
[[catalog.token_prices]]
provider = "OPENAI"
model = "GPT_4"
input_per_1k = "0.03"
output_per_1k = "0.06"
credits_per_unit = "100"
meter = "MTR-0MD508X1S3003"
[[catalog.token_prices]]
provider = "OPENAI"
model = "GPT_4"
input_per_1k = "0.0000375"
output_per_1k = "0.00015"
credits_per_unit = "3"
checkpoint = "batch"
meter = "MTR-0MD508X1S3103"
"#;

/// A ledger with that catalogue, at that time.
fn world() -> World {
    let world = World::with(CATALOG);
    world.set_time(START);
    world
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Runs one use-case to its end.
fn wait<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(work)
}

fn asked() -> Request {
    Request::of(Actor::Admin)
}

fn new_customer(identifier: &str) -> NewCustomer {
    NewCustomer {
        company_id: Some(COMPANY.into()),
        country_id: Some(COUNTRY.into()),
        identifier: identifier.into(),
        email: Some("ana@example.com".into()),
        welcome: Some(Welcome::default()),
        ..NewCustomer::default()
    }
}

fn create(world: &World, new: NewCustomer) -> Result<u64, CommandError> {
    wait(world.ledger().create_customer(new, &asked()))
}

fn join(world: &World, identifier: &str) {
    create(world, new_customer(identifier)).unwrap();
}

fn read_at(time: &str, total: &str) -> Reading {
    Reading {
        meter_id: CREDITS.into(),
        at: at(time),
        total: number(total),
    }
}

fn report(world: &World, who: &str, readings: Vec<Reading>) -> Result<u64, CommandError> {
    wait(
        world
            .ledger()
            .report_usage(Some(COMPANY), who, readings, &asked()),
    )
}

fn allow(world: &World, who: &str, meter: &str, limit: &str) -> Result<u64, CommandError> {
    let allowance = Allowance {
        meter_id: meter.into(),
        limit: number(limit),
    };
    let ledger = world.ledger();
    wait(ledger.set_allowances(Some(COMPANY), who, vec![allowance], &asked()))
}

/// The sentence of a refusal that names a field.
fn refusal<T: std::fmt::Debug>(told: Result<T, CommandError>) -> String {
    match told {
        Err(CommandError::Refused(Refusal::Invalid(sentence))) => sentence,
        other => panic!("not refused for a field: {other:?}"),
    }
}

fn events(world: &World) -> u64 {
    world.read("/v1/stats")["events"].as_u64().unwrap()
}

/// The row of a meter or feature, asked for with `query`.
fn row(world: &World, who: &str, query: &str, metric: &str) -> Value {
    let shown = world.read(&format!("/v1/customers/{who}/entitlements{query}"));
    let rows = shown["entitlements"].as_array().unwrap().clone();
    let is_of = |row: &&Value| row["meter_id"] == metric || row["feature_id"] == metric;
    rows.iter().find(is_of).unwrap_or(&Value::Null).clone()
}
