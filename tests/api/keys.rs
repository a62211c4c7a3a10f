//! Keys: who may ask what, for every route of the table; and how keys are made and revoked.

mod commands;
mod customers;
mod matrix;
mod secrets;

use serde_json::{Value, json};

use crate::world::{Answer, KEY, World};

pub const JSON: (&str, &str) = ("content-type", "application/json");

fn create(world: &World, body: &Value) -> Answer {
    world.ask(
        "POST",
        "/v1/keys",
        Some(KEY),
        &[JSON],
        body.to_string().as_bytes(),
    )
}

/// A new key: its id and its text.
pub(crate) fn made(world: &World, scope: &str, customer: Option<&str>) -> (String, String) {
    let mut body = json!({"label": format!("for {scope}"), "scope": scope});
    if let Some(customer) = customer {
        body["customer"] = customer.into();
    }
    let answer = create(world, &body);
    assert_eq!(answer.status, 201, "{}", answer.text);
    (answer.word("id"), answer.word("key"))
}

fn revoke(world: &World, id: &str) -> Answer {
    world.ask("DELETE", &format!("/v1/keys/{id}"), Some(KEY), &[], b"")
}

fn get(world: &World, path: &str, key: &str) -> Answer {
    world.ask("GET", path, Some(key), &[], b"")
}
