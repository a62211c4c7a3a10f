//! The catalogue, read: products, features, plans with their versions, prices and features.

use serde_json::{Value, json};

use subledger::app::Acceptance;
use subledger::config::Config;

use super::checkout::{body as checkout_body, open, paid, press, session, with};
use super::subscriptions::{create, id_of};
use super::{CATALOGUE, customer, get, told, world};
use crate::world::World;

fn read(world: &World, rest: &str) -> Value {
    told(&get(world, &format!("catalog/{rest}")), 200)
}

#[test]
fn a_company_is_a_product_with_all_plans() {
    let world = world();
    let list = read(&world, "products/");
    assert_eq!(list["count"], 1);
    let product = &list["results"][0];
    assert_eq!(product["name"], "Sample");
    assert_eq!(product["identifier"], "sample");
    let id = product["id"].as_str().unwrap();
    assert_eq!(id.len(), 36);
    let whole = read(&world, &format!("products/{id}/"));
    assert_eq!(whole["plans"], json!(["free", "pro", "enterprise"]));
    assert_eq!(whole["name"], product["name"]);
    assert_eq!(read(&world, "products/?search=none")["count"], 0);
    told(&get(&world, "catalog/products/nothing/"), 404);
    let bare = World::new();
    let nameless = read(&bare, "products/");
    assert_eq!(nameless["results"][0]["identifier"], "subledger");
    assert_eq!(read(&bare, "plans/")["count"], 0);
}

#[test]
fn features_are_shown_by_their_kinds() {
    let world = world();
    let list = read(&world, "features");
    assert_eq!(list["count"], 3);
    let kinds: Vec<&Value> = list["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|feature| &feature["featureType"])
        .collect();
    assert_eq!(json!(kinds), json!(["METER", "CUSTOMIZABLE", "BOOLEAN"]));
    let calls = &list["results"][0];
    assert_eq!(
        calls["featureDetails"]["featureSubType"],
        "PRE_AGGREGATED_USAGE"
    );
    let id = calls["id"].as_str().unwrap();
    for name in [id, "api-calls"] {
        assert_eq!(&read(&world, &format!("features/{name}/")), calls, "{name}");
    }
    assert_eq!(read(&world, "features/?search=SEAT")["count"], 1);
    let page = read(&world, "features/?page_size=2&page=2");
    assert_eq!(page["results"].as_array().unwrap().len(), 1);
    assert!(
        page["previous"].is_string() && page["next"].is_null(),
        "{page}"
    );
    told(&get(&world, "catalog/features/nothing/"), 404);
    told(&get(&world, "catalog/features/?page=2"), 404);
}

#[test]
fn a_plan_has_one_version_its_prices_and_its_features() {
    let world = world();
    assert_eq!(read(&world, "plans/")["count"], 3);
    let plan = read(&world, "plans/pro/");
    assert_eq!(plan["version"], 1);
    assert_eq!(plan["isLatest"], true);
    assert_eq!(read(&world, "plans/pro/?version=1"), plan);
    told(&get(&world, "catalog/plans/pro/?version=2"), 404);
    told(&get(&world, "catalog/plans/nothing/"), 404);
    let prices = read(&world, "plans/pro/prices/");
    assert_eq!(prices["count"], 1, "one place");
    let price = &prices["results"][0];
    assert_eq!(price["priceType"], "PAID");
    let charges = price["chargeCatalogPrice"][0]["charges"]
        .as_array()
        .unwrap();
    assert_eq!(charges[0]["chargePeriod"], "MONTHLY");
    assert_eq!(charges[0]["priceData"]["amount"], 29);
    assert_eq!(charges[1]["chargePeriod"], "YEARLY");
    assert_eq!(
        read(&world, "plans/free/prices/")["results"][0]["priceType"],
        "FREE"
    );
    let granted = read(&world, "plans/pro/features/");
    let rows = granted["results"].as_array().unwrap();
    assert_eq!(rows[0]["feature"]["identifier"], "api-calls");
    assert_eq!(rows[0]["details"]["value"], 1000);
    assert_eq!(rows[0]["details"]["reset"], "EVERY_MONTH");
    assert_eq!(rows[2]["details"]["value"], true);
    let unlimited = read(&world, "plans/enterprise/features/");
    let details = &unlimited["results"][0]["details"];
    assert_eq!(details["hasUnlimitedUsage"], true);
    assert_eq!(details["value"], Value::Null);
}

#[test]
fn a_plan_that_left_the_catalogue_keeps_its_word() {
    let world = World::with(&CATALOGUE.replace("engine = \"memory\"\n", ""));
    customer(&world, "u");
    let held = create(&world, "u", "pro");
    let paid_at = open(&world, &checkout_body());
    press(&world, &paid_at, "pay");
    let order = paid(&world, &paid_at)["order"]["id"].clone();
    let left_open = open(&world, &with("customerId", json!("v")));
    let accept = || Acceptance {
        catalogue: true,
        ..Acceptance::default()
    };
    let renamed = |config: &mut Config| {
        let mut plans = config.catalog.plans.iter_mut();
        let pro = plans.find(|plan| plan.identifier == "pro").unwrap();
        pro.identifier = "pro-of-old".to_owned();
    };
    let world = world.restart_accepting(accept(), renamed).unwrap();
    let gone = |config: &mut Config| {
        let plans = &mut config.catalog.plans;
        plans.retain(|plan| plan.identifier != "pro-of-old");
    };
    let world = world.restart_accepting(accept(), gone).unwrap();
    // As it was called last, by whatever it is told.
    let plan = json!({"name": "Pro", "identifier": "pro-of-old"});
    let shown = told(
        &get(&world, &format!("subscriptions/{}/", id_of(&held))),
        200,
    );
    assert_eq!(shown["plan"], plan);
    let order = order.as_str().unwrap();
    let order = told(&get(&world, &format!("orders/{order}/")), 200);
    assert_eq!(order["plan"], plan);
    for id in [paid_at, left_open] {
        let selected = &session(&world, &id)["selectedData"];
        assert_eq!(selected["planIdentifier"], "pro-of-old");
    }
}
