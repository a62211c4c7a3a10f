//! What the model makes of money: payments with their refunds and disputes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::model::Model;
use super::reading::{millis, newest, note, number, text, time, wallet};

impl Model<'_> {
    pub(super) fn payment(&self, id: &str) -> Vec<Value> {
        let mine: Vec<_> = self
            .razorpay
            .iter()
            .filter(|told| told.payment.is_some_and(|p| p["id"] == id))
            .collect();
        let about = |entity: Option<&Value>| entity.is_some_and(|e| e["payment_id"] == id);
        let entities: Vec<&Value> = mine.iter().filter_map(|told| told.payment).collect();
        let any = |name: &str| entities.iter().find_map(|e| text(&e[name]));
        let base = entities
            .iter()
            .map(|e| match e["status"].as_str().unwrap() {
                "authorized" => 1,
                "failed" => 2,
                "captured" | "refunded" => 3,
                _ => 0,
            });
        let base = ["created", "authorized", "failed", "captured"][base.max().unwrap()];
        let refunds = self.refunds(id);
        let back: i64 = refunds
            .iter()
            .filter(|r| r["status"] == "processed")
            .map(|r| r["amount"].as_i64().unwrap())
            .sum();
        let amount = entities.iter().find_map(|e| number(&e["amount"])).unwrap();
        let status = match back {
            0 => base,
            back if back < amount => "partially_refunded",
            _ => "refunded",
        };
        let invoice = any("invoice_id").or_else(|| self.payment_invoice(id));
        let direct = mine.iter().find_map(|told| text(&told.subscription?["id"]));
        let linked = invoice
            .as_ref()
            .and_then(|invoice| self.invoice_subscription(invoice));
        let subscription = direct.or(linked);
        let times = self.razorpay.iter().filter(|told| {
            told.payment.is_some_and(|p| p["id"] == id) || about(told.refund) || about(told.dispute)
        });
        let updated = times.map(|told| told.at).max();
        let mut all = Vec::new();
        for dispute in self.dispute(id) {
            all.push(json!({
                "provider": "razorpay", "source": "razorpay", "status": status,
                "amount": {"amount_minor": amount, "currency": "INR"}, "method": any("method"),
                "invoice": invoice, "order": any("order_id"), "subscription": subscription,
                "refunds": refunds, "disputes": dispute, "updated_at": time(updated),
                "created_at": time(entities.iter().find_map(|e| millis(&e["created_at"]))),
            }));
        }
        all
    }

    /// Whose it may be: by its own notes, its invoice, its subscription, its wallet.
    pub fn payer(
        &self,
        id: &str,
        subscription: Option<&str>,
        invoice: Option<&str>,
    ) -> Vec<String> {
        let mine = || {
            self.razorpay
                .iter()
                .filter(|t| t.payment.is_some_and(|p| p["id"] == id))
        };
        let own = mine().filter_map(|t| note(t.payment).or(note(t.link)).or(note(t.order)));
        let invoices = self.razorpay.iter().filter_map(|told| told.invoice);
        let invoices = invoices.filter(|e| invoice.is_some_and(|id| e["id"] == id));
        let mut names: Vec<String> = own.collect();
        names.extend(invoices.clone().filter_map(|e| note(Some(e))));
        if let Some(id) = subscription {
            names.extend(self.subscriber(id));
        }
        let wallets = mine().filter_map(|t| wallet(t.payment));
        let wallets = wallets.chain(invoices.filter_map(|e| wallet(Some(e))));
        names.extend(wallets.flat_map(|alias| self.owner(&alias)));
        names
    }

    fn payment_invoice(&self, payment: &str) -> Option<String> {
        self.razorpay.iter().find_map(|told| {
            let invoice = told.invoice?;
            let beside = told.payment.is_some_and(|p| p["id"] == payment);
            (beside || invoice["payment_id"] == payment).then(|| text(&invoice["id"]))?
        })
    }

    fn refunds(&self, payment: &str) -> Vec<Value> {
        let mut best: BTreeMap<String, (usize, Value)> = BTreeMap::new();
        for refund in self.razorpay.iter().filter_map(|told| told.refund) {
            if refund["payment_id"] != payment {
                continue;
            }
            let words = ["pending", "failed", "processed"];
            let place = words
                .iter()
                .position(|word| refund["status"] == *word)
                .unwrap();
            let id = text(&refund["id"]).unwrap();
            let shown = json!({"id": id, "amount": number(&refund["amount"]),
                "status": words[place], "created_at": time(millis(&refund["created_at"]))});
            let held = best.entry(id).or_insert((place, shown.clone()));
            if held.0 < place {
                *held = (place, shown);
            }
        }
        best.into_values().map(|(_, shown)| shown).collect()
    }

    fn dispute(&self, payment: &str) -> Vec<Value> {
        let all = self
            .razorpay
            .iter()
            .filter_map(|told| Some((told.at, told.dispute?)));
        let mine = all.filter(|(_, e)| e["payment_id"] == payment);
        let all: Vec<Value> = newest(mine.map(|(at, e)| {
            let shown = json!([{"id": e["id"], "status": e["status"],
                "amount": number(&e["amount"])}]);
            ((at, 0, 0), shown)
        }));
        if all.is_empty() { vec![json!([])] } else { all }
    }
}
