//! What the model makes of people: which customers there are, and what each has.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::model::Model;
use super::reading::{newest, stykite_at, text, time, until};

impl Model<'_> {
    /// By key (identifier, else alias). `null` for what the documents leave open.
    pub(super) fn customers(
        &mut self,
        subscriptions: &BTreeMap<String, Vec<Value>>,
    ) -> BTreeMap<String, Value> {
        let mut keys = self.named.clone();
        let mut aliases: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for alias in self.aliases.clone() {
            let owners = self.owner(&alias);
            self.ambiguous |= owners.len() > 1;
            for owner in owners {
                keys.insert(owner.clone());
                aliases.entry(owner).or_default().push(alias.clone());
            }
        }
        let mut all = BTreeMap::new();
        for key in keys {
            let mine: Vec<_> = subscriptions
                .iter()
                .filter(|(_, alternatives)| alternatives.iter().all(|a| a["customer"] == key))
                .collect();
            let open = subscriptions.values().any(|alternatives| {
                alternatives.len() > 1 && alternatives.iter().any(|a| a["customer"] == key)
            });
            let best = mine
                .iter()
                .map(|(_, alternatives)| &alternatives[0]["access"]);
            let best = best.max_by_key(|a| (a["granted"] == true, until(a)));
            let best = best.map_or((false, Value::Null), |a| {
                (a["granted"] == true, a["until"].clone())
            });
            let access = (!open).then(|| {
                let until = if best.0 { best.1 } else { Value::Null };
                json!({"granted": best.0, "until": until})
            });
            let owned: Vec<_> = mine.iter().map(|(id, _)| (*id).clone()).collect();
            all.insert(
                key.clone(),
                json!({"identifier": self.named.contains(&key), "access": access,
                    "subscriptions": (!open).then_some(owned), "addons": self.addons(&key),
                    "aliases": aliases.get(&key).cloned().unwrap_or_default()}),
            );
        }
        all
    }

    fn addons(&self, name: &str) -> Value {
        let mine = self.stykite.iter().filter(|body| {
            body["event"] == "addon.purchase.success"
                && self.stykite_customer(body).iter().any(|held| held == name)
        });
        let facts = mine.map(|body| {
            let data = &body["data"];
            let price = text(&data["addon"]["price"]);
            let shown = json!([{"id": data["addon"]["adon_tsid"],
                "version_id": data["addon"]["tsid"], "name": data["addon"]["name"],
                "price": price, "transaction_id": data["transaction_tsid"],
                "status": data["status"], "purchased_at": time(Some(stykite_at(body)))}]);
            ((stykite_at(body), 0, 0), shown)
        });
        // One transaction a person: the newest fact about it. A tie is left open.
        let first = facts.clone().map(|(stamp, _)| stamp.0).min();
        let facts = facts.map(|(stamp, mut shown)| {
            shown[0]["purchased_at"] = time(first);
            (stamp, shown)
        });
        match &newest(facts)[..] {
            [] => json!([]),
            [one] => one.clone(),
            [one, rest @ ..] if rest.iter().all(|other| other == one) => one.clone(),
            _ => Value::Null,
        }
    }
}
