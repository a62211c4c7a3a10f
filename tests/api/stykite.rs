//! Stykite's API as one of its clients sees it: the documented requests, every field left out and
//! every field wrong, envelopes, refusals to the letter, limits, and what the ledger holds after.

mod checkpoints;
mod customers;
mod documented;
mod emails;
mod exactness;
mod fields;
mod identifiers;
mod meters;
mod payments;
mod refusals;
mod story;
mod subscriptions;

use serde_json::{Value, json};

use crate::keys::JSON;
use crate::world::{Answer, KEY, World};

pub const COMPANY: &str = "COM-0FR3TQHKW0YBJ";
pub const OTHER_COMPANY: &str = "COM-0FNWT0H89QS36";
pub const COUNTRY: &str = "CON-0AZZVPQHM475V";
pub const FREE: &str = "PLV-0FQKQ3HRPVRX6";
pub const PRO: &str = "PLV-0MD508X1S388G";
pub const TRIAL: &str = "PLV-0G07MCNH4NWTA";
pub const ADDON: &str = "ADV-0FREQGYPG8TR0";
pub const CALLS: &str = "MTR-0DWBEZWHFSBBQ";
pub const CREDITS: &str = "MTR-0MB95BFFX5MY2";
pub const SEATS: &str = "MTR-0MB8WXFSD5YVW";

/// The ids are those that Stykite's pages use in their samples.
const CATALOGUE: &str = r#"
[log]
engine = "memory"
[catalog]
version = 1
[[catalog.companies]]
id = "COM-0FR3TQHKW0YBJ"
name = "Sample"
[[catalog.companies]]
id = "COM-0FNWT0H89QS36"
name = "Other"
[[catalog.countries]]
id = "CON-0AZZVPQHM475V"
code = "IN"
currency = "INR"
[[catalog.features]]
id = "api_calls"
name = "Calls"
type = "meter"
[[catalog.features]]
id = "credits"
name = "Credits"
type = "meter"
[[catalog.meters]]
id = "MTR-0DWBEZWHFSBBQ"
feature = "api_calls"
unit = "call"
[[catalog.meters]]
id = "MTR-0MB95BFFX5MY2"
feature = "credits"
unit = "credit"
[[catalog.meters]]
id = "MTR-0MB8WXFSD5YVW"
unit = "seat"
[[catalog.plans]]
id = "PLV-0FQKQ3HRPVRX6"
identifier = "free"
name = "Free"
default = true
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 0
currency = "INR"
[[catalog.plans.features]]
feature = "credits"
limit = 2000
reset = "EVERY_MONTH"
[[catalog.plans.features]]
feature = "api_calls"
limit = 100
hard_limit = true
[[catalog.plans]]
id = "PLV-0MD508X1S388G"
identifier = "pro"
name = "Pro"
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 49900
currency = "INR"
[[catalog.plans.prices]]
period = "YEARLY"
amount_minor = 499000
currency = "INR"
[[catalog.plans.prices]]
period = "THREE_MONTHS"
amount_minor = 139000
currency = "INR"
[[catalog.plans.features]]
feature = "credits"
limit = 10000
reset = "EVERY_MONTH"
[[catalog.plans]]
id = "PLV-0G07MCNH4NWTA"
identifier = "team"
name = "Team"
trial_days = 14
[[catalog.plans.prices]]
period = "YEARLY"
amount_minor = 999000
currency = "INR"
[[catalog.addons]]
id = "ADO-0FREQGYM88QQV"
version_id = "ADV-0FREQGYPG8TR0"
name = "Add On 1"
amount_minor = 1100
currency = "INR"
plans = ["PLV-0FQKQ3HRPVRX6", "PLV-0MD508X1S388G"]
[[catalog.token_prices]]
provider = "OPENAI"
model = "GPT_4"
input_per_1k = "0.01"
output_per_1k = "0.02"
credits_per_unit = "1000"
meter = "MTR-0MB95BFFX5MY2"
"#;

pub fn world() -> World {
    World::with(CATALOGUE)
}

/// A path of the first company.
pub fn path(rest: &str) -> String {
    format!("/v1/company/{COMPANY}/country/{COUNTRY}/{rest}")
}

/// A request of the first company, with the admin key.
pub fn ask(world: &World, method: &str, rest: &str, body: &Value) -> Answer {
    world.ask(
        method,
        &path(rest),
        Some(KEY),
        &[JSON],
        body.to_string().as_bytes(),
    )
}

pub fn post(world: &World, rest: &str, body: &Value) -> Answer {
    ask(world, "POST", rest, body)
}

pub fn put(world: &World, rest: &str, body: &Value) -> Answer {
    ask(world, "PUT", rest, body)
}

/// What a client sends to make a customer, beside its identifier.
pub fn person(identifier: &str) -> Value {
    json!({"email": "user@example.com", "customer_identifier": identifier, "country_code": "IN"})
}

/// A customer of the first company on its default plan; answers what the making answered.
pub fn customer(world: &World, identifier: &str) -> Value {
    let answer = post(world, "customer", &person(identifier));
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["value"].clone()
}

/// What `GET …/customer/{id}` answers.
pub fn shown(world: &World, identifier: &str) -> Value {
    let answer = world.get(&path(&format!("customer/{identifier}")));
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["status"], true);
    answer.json()["value"].clone()
}

/// The row of a meter in `GET …/customer/{id}`.
pub fn meter(world: &World, identifier: &str, meter: &str) -> Value {
    let value = shown(world, identifier);
    let rows = value["meter_entitlements"].as_array().unwrap().clone();
    let mut rows = rows.into_iter().filter(|row| row["meter_tsid"] == meter);
    rows.next().unwrap_or(Value::Null)
}

pub fn subscription(world: &World, identifier: &str) -> String {
    let value = shown(world, identifier);
    value["subscriptions"][0]["subscription_tsid"]
        .as_str()
        .unwrap()
        .to_owned()
}

pub fn events(world: &World) -> u64 {
    world.read("/v1/stats")["events"].as_u64().unwrap()
}

/// The refusal in Stykite's words: its sentence.
pub fn refused(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text);
    let body = answer.json();
    assert_eq!(body["success"], false, "{body}");
    match answer.header("x-subledger-detail") {
        Some(sentence) => sentence.to_owned(),
        None => body["message"].as_str().unwrap().to_owned(),
    }
}
