//! What the service shows at the end of a life, reduced to what the model speaks about.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::world::World;

/// What is shown, reduced to what the model speaks about, by the provider's own ids.
#[derive(PartialEq)]
pub(super) struct Shown {
    pub(super) subscriptions: BTreeMap<String, Value>,
    pub(super) payments: BTreeMap<String, Value>,
    pub(super) customers: BTreeMap<String, Value>,
    pub(super) stats: Value,
    /// The whole answers, less what follows the order of arrival.
    pub(super) whole: Value,
}

/// The key of a customer: what the merchant calls it, else what the provider does.
pub(super) fn key(customer: &Value, references: &BTreeMap<String, String>) -> String {
    match (
        customer["customer_identifier"].as_str(),
        customer["id"].as_str(),
    ) {
        (Some(name), _) => name.to_owned(),
        (None, Some(id)) => references[id].clone(),
        (None, None) => "nobody".to_owned(),
    }
}

fn list(world: &World, name: &str) -> Vec<Value> {
    let page = world.read(&format!("/v1/{name}?limit=200"));
    assert_eq!(page["has_more"], false);
    page["data"].as_array().unwrap().clone()
}

impl Shown {
    /// Where another order of arrival shows something else.
    pub(super) fn first_difference(&self, other: &Self) -> Option<String> {
        if self == other {
            return None;
        }
        let texts = [self, other].map(|shown| format!("{}{}", shown.whole, shown.stats));
        let pairs = texts[0].chars().zip(texts[1].chars());
        let place = pairs.take_while(|(a, b)| a == b).count();
        let near = texts.map(|text| {
            let rest = text.chars().skip(place.saturating_sub(300));
            rest.take(400).collect::<String>()
        });
        Some(format!(
            "another order shows otherwise:\n{}\n{}",
            near[0], near[1]
        ))
    }
}

pub(super) fn look(world: &World) -> Shown {
    let (customers, payments) = (list(world, "customers"), list(world, "payments"));
    let subscriptions = list(world, "subscriptions");
    let references: BTreeMap<String, String> = customers
        .iter()
        .map(|c| {
            let held = c["references"].as_object().unwrap();
            let first = held.values().next().and_then(Value::as_str);
            let id = c["id"].as_str().unwrap().to_owned();
            (id, first.unwrap_or_default().to_owned())
        })
        .collect();
    let ids: BTreeMap<String, String> = subscriptions
        .iter()
        .map(|s| {
            let id = s["provider_subscription_id"].as_str().map(str::to_owned);
            let sole = || format!("stykite of {}", key(&s["customer"], &references));
            let ours = s["id"].as_str().unwrap().to_owned();
            (ours, id.unwrap_or_else(sole))
        })
        .collect();
    let whole = crate::samples::without_seq(json!([customers, subscriptions, payments]));
    let keyed = |items: &[Value], view: &dyn Fn(&Value) -> (String, Value)| {
        let all: BTreeMap<_, _> = items.iter().map(view).collect();
        assert_eq!(all.len(), items.len(), "nothing is listed twice");
        all
    };
    Shown {
        subscriptions: keyed(&subscriptions, &|s| subscription(s, &references, &ids)),
        payments: keyed(&payments, &|p| payment(p, &references, &ids)),
        customers: keyed(&customers, &|c| (key(c, &references), customer(c, &ids))),
        stats: stats(world),
        whole,
    }
}

type Names = BTreeMap<String, String>;

fn subscription(shown: &Value, references: &Names, ids: &Names) -> (String, Value) {
    let mut view = shown.clone();
    view["customer"] = json!(key(&shown["customer"], references));
    view["plan"] = shown["plan"]["id"].clone();
    for name in ["id", "provider_subscription_id", "last_seq"] {
        view.as_object_mut().unwrap().remove(name);
    }
    (ids[shown["id"].as_str().unwrap()].clone(), view)
}

fn payment(shown: &Value, references: &Names, ids: &Names) -> (String, Value) {
    let mut view = shown.clone();
    let fields = view.as_object_mut().unwrap();
    for (old, new) in [("invoice_id", "invoice"), ("order_id", "order")] {
        let held = fields.remove(old).unwrap();
        fields.insert(new.into(), held);
    }
    let subscription = fields.remove("subscription_id").unwrap();
    let unlisted = "unlisted".to_owned();
    let subscription = subscription
        .as_str()
        .map(|id| ids.get(id).unwrap_or(&unlisted));
    fields.insert("subscription".into(), json!(subscription));
    fields.insert(
        "customer".into(),
        json!(key(&shown["customer"], references)),
    );
    fields.remove("last_seq");
    let id = fields.remove("id").unwrap();
    for item in fields["refunds"].as_array_mut().unwrap() {
        item["amount"] = item["amount"]["amount_minor"].clone();
    }
    for item in fields["disputes"].as_array_mut().unwrap() {
        let amount = &item["amount"]["amount_minor"];
        *item = json!({"id": item["id"], "status": item["status"], "amount": amount});
    }
    (id.as_str().unwrap().to_owned(), view)
}

fn customer(shown: &Value, ids: &Names) -> Value {
    let owned = shown["subscriptions"].as_array().unwrap().iter();
    let mut owned: Vec<_> = owned.map(|s| &ids[s["id"].as_str().unwrap()]).collect();
    owned.sort();
    let mut addons = shown["addons"].clone();
    for addon in addons.as_array_mut().unwrap() {
        addon.as_object_mut().unwrap().remove("last_seq");
    }
    json!({"identifier": !shown["customer_identifier"].is_null(), "access": shown["access"],
        "subscriptions": owned, "addons": addons, "references": shown["references"]})
}

fn stats(world: &World) -> Value {
    let mut stats = world.read("/v1/stats");
    let fields = stats.as_object_mut().unwrap();
    for name in ["last_seq", "duplicates", "events"] {
        fields.remove(name);
    }
    stats
}
