//! Invents what the providers send about a life: envelopes, event types, and which entities stand
//! beside each other. Knows nothing of how they are understood.

use rand::Rng;
use rand::seq::IndexedRandom;
use serde_json::{Map, Value, json};

use super::story::Story;

impl Story {
    pub(super) fn razorpay(&mut self) -> Value {
        let money = self.dice.random_range(0..self.moneys.len());
        match self.dice.random_range(0..100) {
            0..40 => self.subscription_event(),
            40..58 => self.payment_event(money),
            58..64 => self.order_event(money),
            64..74 => self.invoice_event(money),
            74..84 => self.refund_event(money),
            84..90 => self.dispute_event(money),
            90..96 => self.link_event(money),
            _ => self.noise(),
        }
    }

    fn envelope(&mut self, event: &str, payload: Value) -> Value {
        let at = self.second();
        let mut fields = Map::new();
        fields.insert("entity".into(), json!("event"));
        fields.insert("account_id".into(), json!("acc_Life0000000001"));
        fields.insert("event".into(), json!(event));
        let mut payload = payload;
        match self.dice.random_range(0..40) {
            0 => {}
            1 => drop(
                payload
                    .as_object_mut()
                    .unwrap()
                    .insert("created_at".into(), json!(at)),
            ),
            2 => drop(fields.insert("created_at".into(), json!(at.to_string()))),
            _ => drop(fields.insert("created_at".into(), json!(at))),
        }
        fields.insert("payload".into(), payload);
        fields.insert("contains".into(), json!(["subscription"]));
        Value::Object(fields)
    }

    fn subscription_event(&mut self) -> Value {
        let words = [
            ("authenticated", "authenticated"),
            ("activated", "active"),
            ("charged", "active"),
            ("charged", "active"),
            ("completed", "completed"),
            ("updated", "active"),
            ("pending", "pending"),
            ("halted", "halted"),
            ("cancelled", "cancelled"),
            ("paused", "paused"),
            ("resumed", "active"),
            ("expired", "expired"),
        ];
        let (event, mut status) = *words.choose(&mut self.dice).unwrap();
        if matches!(event, "completed" | "cancelled" | "expired") && self.chance(60) {
            // Ends are absorbing: too many of them would hide everything else.
            return self.subscription_event();
        }
        if self.chance(12) {
            status = [
                "created",
                "active",
                "pending",
                "halted",
                "expired",
                "completed",
                "dormant",
                "Active",
            ]
            .choose(&mut self.dice)
            .unwrap();
        }
        let deal = self.dice.random_range(0..self.deals.len());
        let mut payload = json!({"subscription": {"entity": self.subscription(deal, status)}});
        let mine: Vec<usize> = (0..self.moneys.len())
            .filter(|m| self.moneys[*m].deal == Some(deal))
            .collect();
        let carries = matches!(event, "charged" | "activated" | "completed") || self.chance(15);
        if let Some(money) = mine.choose(&mut self.dice).filter(|_| carries) {
            let stage = match event {
                "pending" | "halted" => "failed",
                "activated" if self.chance(20) => "authorized",
                _ => "captured",
            };
            payload["payment"] = json!({"entity": self.payment(*money, stage)});
        }
        self.envelope(&format!("subscription.{event}"), payload)
    }

    fn payment_event(&mut self, money: usize) -> Value {
        let stage = *self.moneys[money].stages.choose(&mut self.dice).unwrap();
        let event = match stage {
            "authorized" | "failed" => stage,
            "created" => "pending",
            _ => "captured",
        };
        let payload = json!({"payment": {"entity": self.payment(money, stage)}});
        self.envelope(&format!("payment.{event}"), payload)
    }

    fn order(&mut self, money: usize, notes: &Value) -> Value {
        let money = &self.moneys[money];
        let tail = money.id.trim_start_matches("pay_");
        json!({"id": format!("order_{tail}"), "entity": "order", "amount": money.amount,
            "currency": "INR", "notes": notes, "created_at": money.created - 9, "status": "paid"})
    }

    fn order_event(&mut self, money: usize) -> Value {
        let order = self.order(money, &json!([]));
        let payment = self.payment(money, "captured");
        let payload = json!({"payment": {"entity": payment}, "order": {"entity": order}});
        self.envelope("order.paid", payload)
    }

    fn invoice_event(&mut self, money: usize) -> Value {
        let event = *["paid", "paid", "partially_paid", "expired"]
            .choose(&mut self.dice)
            .unwrap();
        let Some(invoice) = self.invoice(money, event) else {
            return self.payment_event(money);
        };
        let mut payload = json!({"invoice": {"entity": invoice}});
        if event != "expired" && self.chance(85) {
            payload["payment"] = json!({"entity": self.payment(money, "captured")});
            payload["order"] = json!({"entity": self.order(money, &json!([]))});
        }
        self.envelope(&format!("invoice.{event}"), payload)
    }

    fn refund_event(&mut self, money: usize) -> Value {
        let n = self.dice.random_range(0..2);
        let (event, status) = *[
            ("created", "pending"),
            ("created", "processed"),
            ("processed", "processed"),
            ("failed", "failed"),
            ("speed_changed", "processed"),
        ]
        .choose(&mut self.dice)
        .unwrap();
        let (id, amount) = (&self.moneys[money].id, self.moneys[money].amount);
        // The first is for a part (or all of the smallest), the second for the rest.
        let part = if n == 0 {
            amount / 2 + amount % 2
        } else {
            amount / 2
        };
        let entity = json!({"id": format!("rfnd_{}{n}", id.trim_start_matches("pay_")),
            "entity": "refund", "amount": part, "currency": "INR", "payment_id": id,
            "notes": [], "created_at": self.moneys[money].created + 50 + n, "status": status,
            "speed_processed": "normal", "acquirer_data": {}});
        let mut payload = json!({"refund": {"entity": self.worn(entity, &["notes"])}});
        if self.chance(70) {
            let stage = *["refunded", "captured"].choose(&mut self.dice).unwrap();
            payload["payment"] = json!({"entity": self.payment(money, stage)});
        }
        self.envelope(&format!("refund.{event}"), payload)
    }

    fn dispute_event(&mut self, money: usize) -> Value {
        let (event, status) = *[
            ("created", "open"),
            ("under_review", "under_review"),
            ("action_required", "open"),
            ("won", "won"),
            ("lost", "lost"),
            ("closed", "closed"),
        ]
        .choose(&mut self.dice)
        .unwrap();
        let (id, amount) = (&self.moneys[money].id, self.moneys[money].amount);
        let entity = json!({"id": format!("disp_{}", id.trim_start_matches("pay_")),
            "entity": "dispute", "payment_id": id, "amount": amount, "currency": "INR",
            "amount_deducted": 0, "reason_code": "fraud", "phase": "chargeback",
            "status": status, "created_at": self.moneys[money].created + 90});
        let mut payload = json!({"dispute": {"entity": self.worn(entity, &["reason_code"])}});
        if self.chance(80) {
            payload["payment"] = json!({"entity": self.payment(money, "captured")});
        }
        self.envelope(&format!("payment.dispute.{event}"), payload)
    }

    fn link_event(&mut self, money: usize) -> Value {
        let event = *["paid", "partially_paid", "cancelled", "expired"]
            .choose(&mut self.dice)
            .unwrap();
        let (person, made, at) = (self.moneys[money].person, self.second(), self.second());
        let notes = self.notes(person);
        let over = |word| if event == word { json!(at) } else { json!(0) };
        let mut link = json!({"id": format!("plink_Life000000000{money}"), "amount": 1,
            "currency": "INR", "status": event, "notes": notes, "customer": self.contact(person),
            "created_at": made, "reminders": [], "upi_link": "true", "reference_id": ""});
        link["cancelled_at"] = over("cancelled");
        link["expired_at"] = over("expired");
        link["updated_at"] = json!(at);
        let mut payload = json!({"payment_link": {"entity": self.worn(link, &["customer"])}});
        if event.ends_with("paid") {
            // The notes of a link reach its order and its payment.
            let mut payment = self.payment(money, "captured");
            payment["notes"] = notes.clone();
            payload["payment"] = json!({"entity": payment});
            payload["order"] = json!({"entity": self.order(money, &notes)});
        }
        let mut body = self.envelope(&format!("payment_link.{event}"), payload);
        body["created_at"] = json!(made);
        body
    }

    fn noise(&mut self) -> Value {
        let event = *[
            "settlement.processed",
            "payment.downtime.started",
            "transfer.processed",
            "virtual_account.credited",
            "subscription.transferred",
            "something.else",
        ]
        .choose(&mut self.dice)
        .unwrap();
        let payload = json!({"subscription": {"entity": self.subscription(0, "cancelled")}});
        self.envelope(event, payload)
    }

    // ---- Stykite --------------------------------------------------------------------------

    pub(super) fn stykite(&mut self) -> Value {
        self.told += 1;
        let person = self.dice.random_range(0..self.people.len());
        // Now and then one id stands for two bodies, though never at one time: which of the two is
        // then the later depends on which came first, as the identity of the second holds its body.
        let (id, at) = match self.chance(4) {
            true => (0, self.second() * 1000 + 100 + self.told),
            false => (
                self.told,
                self.second() * 1000 + self.dice.random_range(0..3),
            ),
        };
        let name = self.people[person].identifiers.choose(&mut self.dice);
        let name = name.cloned().unwrap_or_else(|| format!("only_{person}"));
        let mut data = json!({"company_id": "COM-0FNWT0H89QS36", "country_id": "CON-0AZZVPQHM475V",
            "customer_id": self.people[person].vendor, "customer_identifier": &name,
            "timestamp": at});
        let transaction = format!("TRN-0RVGYEX279{name}");
        let event = if self.chance(75) {
            let word = *[
                "ACTIVE",
                "TRIAL",
                "CANCELLED",
                "ON_HOLD",
                "PAUSE",
                "MELANCHOLY",
            ]
            .choose(&mut self.dice)
            .unwrap();
            data["status"] = json!(word);
            data["reason"] = json!((word == "ON_HOLD").then_some("PAYMENT_FAILED"));
            data["trial_used"] = json!(self.chance(50));
            data = self.worn(data, &["company_id", "trial_used"]);
            // One of the two names may be missing, not both.
            let name = ["customer_id", "customer_identifier"][self.dice.random_range(0..2)];
            if self.chance(20) {
                data[name] = Value::Null;
            }
            "customer.subscription_status.update"
        } else {
            let price = [json!(11), json!(9.99), json!("11")];
            data["addon"] = json!({"tsid": "ADV-0R00J68F0YS1Y", "adon_tsid": "ADO-0R00J68CRRQ1Y",
                "name": "Extra seats", "price": price.choose(&mut self.dice).unwrap()});
            data["transaction_tsid"] = json!(transaction);
            data["status"] = json!("SUCCESS");
            "addon.purchase.success"
        };
        json!({"id": format!("WBH-0RVGYGNR4{id:03}C"), "event": event, "data": data,
            "created_at": at})
    }
}
