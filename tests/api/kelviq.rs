//! Kelviq's API as one of its clients sees it: bodies in every spelling, paths with and without the
//! slash, pages, each field wrong, keys of each kind, and what is answered that a ledger does not do.

mod carried;
mod catalogue;
mod checkout;
mod counted;
mod customers;
mod elsewhere;
mod entitlements;
mod lists;
mod money;
mod named;
mod paths;
mod refused;
mod repeated;
mod subscriptions;
mod usage;

use serde_json::{Value, json};

use crate::keys::JSON;
use crate::world::{Answer, KEY, World};

/// Two plans and one of each kind of feature.
pub const CATALOGUE: &str = r#"
[log]
engine = "memory"
[catalog]
version = 1
[[catalog.companies]]
id = "COM-0FR3TQHKW0YBJ"
name = "Sample"
[[catalog.features]]
id = "api-calls"
name = "Calls"
type = "meter"
[[catalog.features]]
id = "seats"
name = "Seats"
type = "customizable"
[[catalog.features]]
id = "dark-mode"
name = "Dark mode"
type = "boolean"
[[catalog.plans]]
id = "PLV-0FQKQ3HRPVRX6"
identifier = "free"
name = "Free"
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 0
currency = "USD"
[[catalog.plans.features]]
feature = "api-calls"
limit = 10
hard_limit = true
[[catalog.plans]]
id = "PLV-0MD508X1S388G"
identifier = "pro"
name = "Pro"
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 2900
currency = "USD"
[[catalog.plans.prices]]
period = "YEARLY"
amount_minor = 29000
currency = "USD"
[[catalog.plans.features]]
feature = "api-calls"
limit = 1000
reset = "EVERY_MONTH"
[[catalog.plans.features]]
feature = "seats"
limit = 5
[[catalog.plans.features]]
feature = "dark-mode"
[[catalog.plans]]
id = "PLV-0G07MCNH4NWTA"
identifier = "enterprise"
name = "Enterprise"
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 9900
currency = "USD"
[[catalog.plans.features]]
feature = "api-calls"
[[catalog.plans.features]]
feature = "seats"
limit = 50
[[catalog.plans.features]]
feature = "dark-mode"
"#;

pub fn world() -> World {
    World::with(CATALOGUE)
}

/// A request with the admin key to a path below `/api/v1/`.
pub fn ask(world: &World, method: &str, rest: &str, body: &Value) -> Answer {
    ask_as(world, KEY, method, rest, body)
}

/// The same with another key.
pub fn ask_as(world: &World, key: &str, method: &str, rest: &str, body: &Value) -> Answer {
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let path = format!("/api/v1/{rest}");
    world.ask(method, &path, Some(key), &[JSON], body.as_bytes())
}

pub fn post(world: &World, rest: &str, body: &Value) -> Answer {
    ask(world, "POST", rest, body)
}

pub fn get(world: &World, rest: &str) -> Answer {
    ask(world, "GET", rest, &Value::Null)
}

/// The body of an answer of that status.
pub fn told(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text);
    answer.json()
}

/// Makes a customer.
pub fn customer(world: &World, id: &str) -> Value {
    let body = json!({"customerId": id, "email": format!("{id}@example.com"), "name": "A Person"});
    told(&post(world, "customers/", &body), 201)
}

/// How many events there are.
pub fn events(world: &World) -> u64 {
    world.read("/v1/stats")["events"].as_u64().unwrap()
}
