//! What is shown against what the model expects, difference by difference.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::model::{Expected, Model};
use super::shown::{Shown, key};
use crate::world::World;

pub(super) fn differences(expected: &Expected, model: &Model, shown: &Shown) -> Vec<String> {
    let mut found = Vec::new();
    let mut keys = |what: &str, want: Vec<&String>, have: Vec<&String>| {
        if want != have {
            found.push(format!("{what}: expected {want:?}, shown {have:?}"));
        }
    };
    // Whose a sole subscription is follows from the names of its customer.
    let told = |id: &&String| !model.ambiguous || !id.starts_with("stykite");
    keys(
        "subscriptions",
        expected.subscriptions.keys().filter(told).collect(),
        shown.subscriptions.keys().filter(told).collect(),
    );
    let (want, have) = (&expected.payments, &shown.payments);
    keys("payments", want.keys().collect(), have.keys().collect());
    if !model.ambiguous {
        let (want, have) = (&expected.customers, &shown.customers);
        keys("customers", want.keys().collect(), have.keys().collect());
    }
    for (id, all) in expected.subscriptions.iter().filter(|(id, _)| told(id)) {
        let Some(have) = shown.subscriptions.get(id) else {
            continue;
        };
        if !all.contains(have) {
            found.push(first_difference(id, &all[0], have, all.len()));
        }
    }
    for (id, all) in &expected.payments {
        let Some(have) = shown.payments.get(id) else {
            continue;
        };
        let mut have = have.clone();
        let customer = have.as_object_mut().unwrap().remove("customer").unwrap();
        let (link, invoice) = (all[0]["subscription"].as_str(), all[0]["invoice"].as_str());
        let payers = model.payer(id, link, invoice);
        if !payers.iter().any(|payer| customer == *payer.as_str()) && !payers.is_empty() {
            found.push(format!(
                "{id}: customer {customer}, expected one of {payers:?}"
            ));
        }
        let listed = link.is_none_or(|link| expected.subscriptions.contains_key(link));
        if !listed && have["subscription"] == "unlisted" {
            have["subscription"] = json!(link);
        }
        if !all.contains(&have) {
            found.push(first_difference(id, &all[0], &have, all.len()));
        }
    }
    found
}

pub(super) fn customer_differences(expected: &Expected, shown: &Shown) -> Vec<String> {
    let mut found = Vec::new();
    for (name, want) in &expected.customers {
        let Some(have) = shown.customers.get(name) else {
            continue;
        };
        for field in ["identifier", "subscriptions", "addons"] {
            if !want[field].is_null() && want[field] != have[field] {
                found.push(format!(
                    "{name}.{field}: {} shown {}",
                    want[field], have[field]
                ));
            }
        }
        if !want["access"].is_null() {
            let same = want["access"]["granted"] == have["access"]["granted"]
                && (want["access"]["granted"] == false
                    || want["access"]["until"] == have["access"]["until"]);
            if !same {
                found.push(format!(
                    "{name}.access: {} shown {}",
                    want["access"], have["access"]
                ));
            }
        }
        let aliases = want["aliases"].as_array().unwrap();
        for provider in ["razorpay", "stykite"] {
            let prefix = if provider == "razorpay" {
                "cust_"
            } else {
                "CUS-"
            };
            let mine: Vec<_> = aliases
                .iter()
                .filter(|alias| alias.as_str().unwrap().starts_with(prefix))
                .collect();
            let have = &have["references"][provider];
            if !(mine.is_empty() && have.is_null() || mine.contains(&have)) {
                found.push(format!(
                    "{name}.references.{provider}: one of {mine:?} shown {have}"
                ));
            }
        }
    }
    for (name, want) in expected.stats.as_object().unwrap() {
        if shown.stats[name] != *want {
            found.push(format!("stats.{name}: {want} shown {}", shown.stats[name]));
        }
    }
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for view in shown.subscriptions.values() {
        *counts.entry(view["status"].as_str().unwrap()).or_default() += 1;
    }
    let held = shown.stats["subscriptions"].as_object().unwrap();
    let held: BTreeMap<&str, u64> = held
        .iter()
        .map(|(name, count)| (name.as_str(), count.as_u64().unwrap()))
        .filter(|(_, count)| *count > 0)
        .collect();
    if counts != held {
        found.push(format!("stats.subscriptions: {counts:?} shown {held:?}"));
    }
    found
}

fn first_difference(id: &str, want: &Value, have: &Value, alternatives: usize) -> String {
    let (want, have) = (want.as_object().unwrap(), have.as_object().unwrap());
    let mut text = format!("{id} (of {alternatives}):");
    for name in want.keys().chain(have.keys()).collect::<BTreeSet<_>>() {
        let (want, have) = (want.get(name), have.get(name));
        if want != have {
            text += &format!(" {name} expected {want:?} shown {have:?};");
        }
    }
    text
}

/// Every name answers with its customer, single answers are those of the lists.
pub(super) fn check_paths(world: &World, expected: &Expected, shown: &Shown) -> Vec<String> {
    let mut found = Vec::new();
    let references = BTreeMap::new();
    for (name, owner) in &expected.names {
        let answer = world.get(&format!("/v1/customers/{name}"));
        if answer.status != 200 {
            found.push(format!("/v1/customers/{name}: {}", answer.status));
            continue;
        }
        let view = answer.json();
        let have = match view["customer_identifier"].as_str() {
            Some(_) => key(&view, &references),
            None => name.clone(),
        };
        if have != *owner {
            found.push(format!("/v1/customers/{name}: {have}, expected {owner}"));
        }
    }
    for (list, ids) in [
        ("subscriptions", &shown.subscriptions),
        ("payments", &shown.payments),
    ] {
        for id in ids.keys().filter(|id| !id.starts_with("stykite of")) {
            let single = crate::samples::without_seq(world.read(&format!("/v1/{list}/{id}")));
            let place = usize::from(list == "payments") + 1;
            if !shown.whole[place].as_array().unwrap().contains(&single) {
                found.push(format!("/v1/{list}/{id} is not what the list shows"));
            }
        }
    }
    found
}
