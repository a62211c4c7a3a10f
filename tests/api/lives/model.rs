//! What the written contract says a set of bodies means: collect everything, sort by the
//! documented order, pick. A batch, without any order of arrival, and without a line of the
//! product. Where the documents leave two readings open it offers both.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::reading::{
    access, canonical, is_end, millis, newest, note, number, rank, stykite_at, text, time, wallet,
};
use super::story::Delivery;

/// The order of facts: when, then the provider's counter, then the rank. Facts equal in all three
/// are ordered by their identity, which is a hash: either may win, as long as it always does.
pub(super) type Stamp = (i64, i64, i64);

/// What should be shown. Several values of one key: any of them.
pub struct Expected {
    pub subscriptions: BTreeMap<String, Vec<Value>>,
    pub payments: BTreeMap<String, Vec<Value>>,
    pub customers: BTreeMap<String, Value>,
    pub stats: Value,
    /// Names that must answer with the customer of this key.
    pub names: BTreeMap<String, String>,
}

/// One Razorpay body, opened.
pub(super) struct Told<'a> {
    pub(super) event: &'a str,
    pub(super) at: i64,
    pub(super) subscription: Option<&'a Value>,
    pub(super) payment: Option<&'a Value>,
    pub(super) invoice: Option<&'a Value>,
    pub(super) refund: Option<&'a Value>,
    pub(super) dispute: Option<&'a Value>,
    pub(super) order: Option<&'a Value>,
    pub(super) link: Option<&'a Value>,
}

pub struct Model<'a> {
    pub(super) now: i64,
    pub(super) razorpay: Vec<Told<'a>>,
    pub(super) stykite: Vec<&'a Value>,
    pub(super) quarantined: usize,
    pub(super) ignored: usize,
    pub(super) conflicting: usize,
    /// alias -> identifiers it was seen with.
    pub(super) pairs: BTreeMap<String, Vec<(i64, String)>>,
    pub(super) named: BTreeSet<String>,
    pub(super) aliases: BTreeSet<String>,
    pub ambiguous: bool,
}

impl<'a> Model<'a> {
    /// `deliveries`: different bodies, in any order; `now` in milliseconds.
    pub fn of(deliveries: &'a [Delivery], now: i64) -> Self {
        let mut model = Self {
            now,
            razorpay: Vec::new(),
            stykite: Vec::new(),
            quarantined: 0,
            ignored: 0,
            conflicting: 0,
            pairs: BTreeMap::new(),
            named: BTreeSet::new(),
            aliases: BTreeSet::new(),
            ambiguous: false,
        };
        let mut ids = BTreeSet::new();
        for delivery in deliveries {
            match delivery.provider {
                "razorpay" => model.open(&delivery.body),
                _ => {
                    model.conflicting += usize::from(!ids.insert(text(&delivery.body["id"])));
                    model.stykite.push(&delivery.body);
                }
            }
        }
        model.meet();
        model
    }

    fn open(&mut self, body: &'a Value) {
        let event = body["event"].as_str().unwrap();
        let family = event.rsplit_once('.').unwrap().0;
        match (family, event) {
            (_, "subscription.transferred" | "something.else") => {
                self.quarantined += 1;
                return;
            }
            ("settlement" | "payment.downtime" | "transfer" | "virtual_account", _) => {
                self.ignored += 1;
                return;
            }
            _ => {}
        }
        let payload = &body["payload"];
        let entity = |name: &str| payload.get(name).and_then(|held| held.get("entity"));
        let (payment, link) = (entity("payment"), entity("payment_link"));
        let (refund, invoice) = (entity("refund"), entity("invoice"));
        let own = |entity: Option<&Value>| entity.and_then(|held| millis(&held["created_at"]));
        let sent = millis(&body["created_at"]).or(millis(&payload["created_at"]));
        let at = match event {
            "payment_link.cancelled" => millis(&link.unwrap()["cancelled_at"]),
            "payment_link.expired" => millis(&link.unwrap()["expired_at"]),
            _ if family == "payment_link" => millis(&link.unwrap()["updated_at"]),
            _ => sent.or_else(|| match family {
                "refund" => own(refund),
                "invoice" => own(payment).or(own(invoice)),
                "payment.dispute" => own(entity("dispute")),
                _ => own(payment),
            }),
        };
        self.razorpay.push(Told {
            event,
            at: at.unwrap_or(0),
            subscription: entity("subscription"),
            payment,
            invoice,
            refund,
            dispute: entity("dispute"),
            order: entity("order"),
            link,
        });
    }

    /// Who was named, and which names came together.
    fn meet(&mut self) {
        for told in &self.razorpay {
            let all = [
                told.subscription,
                told.payment,
                told.invoice,
                told.order,
                told.link,
            ];
            let names: Vec<_> = all.iter().filter_map(|entity| note(*entity)).collect();
            for alias in all.iter().filter_map(|entity| wallet(*entity)) {
                let seen = self.pairs.entry(alias.clone()).or_default();
                seen.extend(names.iter().map(|name| (told.at, name.clone())));
                self.aliases.insert(alias);
            }
            self.named.extend(names);
        }
        for body in &self.stykite {
            let data = &body["data"];
            let name = text(&data["customer_identifier"]);
            if let Some(alias) = text(&data["customer_id"]) {
                let seen = self.pairs.entry(alias.clone()).or_default();
                seen.extend(name.clone().map(|name| (stykite_at(body), name)));
                self.aliases.insert(alias);
            }
            self.named.extend(name);
        }
    }

    /// The customer that an alias belongs to.
    pub(super) fn owner(&self, alias: &str) -> Vec<String> {
        let pairs = self.pairs.get(alias).cloned().unwrap_or_default();
        let mut owners = newest(pairs.into_iter().map(|(at, name)| ((at, 0, 0), name)));
        owners.sort();
        owners.dedup();
        if owners.is_empty() {
            owners.push(alias.to_owned());
        }
        owners
    }

    // ---- subscriptions --------------------------------------------------------------------

    fn snapshots(&self, id: &str) -> Vec<(Stamp, &Told<'a>, &'a Value)> {
        let mine = self.razorpay.iter().filter_map(|told| {
            let entity = told.subscription?;
            let paid = number(&entity["paid_count"]).unwrap_or(0);
            (entity["id"] == id).then_some(((told.at, paid, rank(told.event)), told, entity))
        });
        mine.collect()
    }

    fn subscription_ids(&self) -> BTreeSet<String> {
        let all = self.razorpay.iter().filter_map(|told| told.subscription);
        all.map(|entity| text(&entity["id"]).unwrap()).collect()
    }

    /// By whom: the customers it may belong to.
    pub(super) fn subscriber(&self, id: &str) -> Vec<String> {
        let facts = self.snapshots(id);
        let names = facts
            .iter()
            .filter_map(|(stamp, _, e)| Some((*stamp, note(Some(e))?)));
        let names = newest(names);
        if !names.is_empty() {
            return names;
        }
        let aliases = facts
            .iter()
            .filter_map(|(stamp, _, e)| Some((*stamp, wallet(Some(e))?)));
        let aliases = newest(aliases);
        if aliases.is_empty() {
            return vec!["nobody".to_owned()];
        }
        aliases.iter().flat_map(|alias| self.owner(alias)).collect()
    }

    fn paid_through(&self, id: &str) -> Option<i64> {
        let charged = self
            .snapshots(id)
            .into_iter()
            .filter_map(|(_, told, entity)| {
                let counts = matches!(
                    told.event,
                    "subscription.charged" | "subscription.activated" | "subscription.completed"
                );
                let captured = told.payment.is_some_and(|p| p["status"] == "captured");
                (counts && captured).then(|| millis(&entity["current_end"]))?
            });
        let invoiced = self.razorpay.iter().filter_map(|told| {
            let invoice = told.invoice.filter(|_| told.event == "invoice.paid")?;
            let linked = self.invoice_subscription(&text(&invoice["id"])?);
            (linked.as_deref() == Some(id)).then(|| millis(&invoice["billing_end"]))?
        });
        charged.chain(invoiced).max()
    }

    pub(super) fn invoice_subscription(&self, invoice: &str) -> Option<String> {
        let mut all = self.razorpay.iter().filter_map(|told| told.invoice);
        all.find_map(|entity| {
            (entity["id"] == invoice).then(|| text(&entity["subscription_id"]))?
        })
    }

    fn razorpay_subscription(&self, id: &str) -> Vec<Value> {
        let facts = self.snapshots(id);
        let paid = self.paid_through(id);
        let word = |entity: &Value| text(&entity["status"]).unwrap();
        let means = |entity: &Value| canonical("razorpay", &word(entity));
        let known = newest(
            facts
                .iter()
                .filter_map(|(stamp, _, e)| means(e).map(|status| (*stamp, status))),
        );
        let ends = newest(
            facts
                .iter()
                .filter(|(_, _, e)| means(e).is_some_and(is_end))
                .map(|(stamp, _, e)| (*stamp, *e)),
        );
        let invoices = self.razorpay.iter().filter_map(|told| {
            let invoice = told.invoice?;
            let linked = self.invoice_subscription(&text(&invoice["id"])?);
            let counts = told.event == "invoice.paid" && linked.as_deref() == Some(id);
            counts.then_some(told.at)
        });
        let updated = facts
            .iter()
            .map(|(stamp, _, _)| stamp.0)
            .chain(invoices)
            .max();
        let mut all = Vec::new();
        for entity in newest(facts.iter().map(|(stamp, _, e)| (*stamp, *e))) {
            let mut standing = Vec::new();
            for end in &ends {
                let ended = millis(&end["ended_at"]);
                standing.push((means(end).unwrap(), word(end), ended));
            }
            if ends.is_empty() {
                let now = means(entity).map_or(known.clone(), |status| vec![status]);
                let now = if now.is_empty() {
                    vec!["incomplete"]
                } else {
                    now
                };
                standing.extend(now.into_iter().map(|status| (status, word(entity), None)));
            }
            for ((status, word, ended), customer) in standing
                .into_iter()
                .flat_map(|s| self.subscriber(id).into_iter().map(move |c| (s.clone(), c)))
            {
                all.push(json!({
                    "provider": "razorpay", "source": "razorpay", "customer": customer,
                    "status": status, "provider_status": word, "reason": null,
                    "plan": entity["plan_id"], "quantity": number(&entity["quantity"]),
                    "current_period": {"start": time(millis(&entity["current_start"])),
                        "end": time(millis(&entity["current_end"]))},
                    "paid_through": time(paid), "access": access(self.now, status, paid),
                    "started_at": time(millis(&entity["start_at"])), "cancel_at": null,
                    "ended_at": time(ended), "created_at": time(millis(&entity["created_at"])),
                    "updated_at": time(updated), "trial_used": null,
                }));
            }
        }
        all
    }

    pub(super) fn stykite_customer(&self, body: &Value) -> Vec<String> {
        match text(&body["data"]["customer_identifier"]) {
            Some(name) => vec![name],
            None => self.owner(&text(&body["data"]["customer_id"]).unwrap()),
        }
    }

    fn stykite_subscription(&self, name: &str) -> Vec<Value> {
        let facts: Vec<(Stamp, &Value)> = self
            .stykite
            .iter()
            .filter(|body| body["event"] == "customer.subscription_status.update")
            .filter(|body| self.stykite_customer(body).iter().any(|held| held == name))
            .map(|body| ((stykite_at(body), 0, 0), &body["data"]))
            .collect();
        let means = |data: &Value| canonical("stykite", data["status"].as_str().unwrap());
        let known = newest(
            facts
                .iter()
                .filter_map(|(stamp, data)| means(data).map(|status| (*stamp, status))),
        );
        let times = facts.iter().map(|(stamp, _)| stamp.0);
        let (first, last) = (times.clone().min(), times.max());
        let mut all = Vec::new();
        for data in newest(facts.iter().copied()) {
            let now = means(data).map_or(known.clone(), |status| vec![status]);
            let now = if now.is_empty() {
                vec!["incomplete"]
            } else {
                now
            };
            for status in now {
                all.push(json!({
                    "provider": "stykite", "source": "stykite", "customer": name,
                    "status": status, "provider_status": data["status"],
                    "reason": data["reason"], "plan": null, "quantity": null,
                    "current_period": {"start": null, "end": null}, "paid_through": null,
                    "access": access(self.now, status, None), "started_at": null,
                    "cancel_at": null, "ended_at": null, "created_at": time(first),
                    "updated_at": time(last), "trial_used": data["trial_used"],
                }));
            }
        }
        all
    }

    // ---- everything -----------------------------------------------------------------------

    pub fn expected(&mut self) -> Expected {
        let mut subscriptions: BTreeMap<_, _> = self
            .subscription_ids()
            .into_iter()
            .map(|id| (id.clone(), self.razorpay_subscription(&id)))
            .collect();
        for name in self.named.union(&self.aliases).cloned().collect::<Vec<_>>() {
            let all = self.stykite_subscription(&name);
            if !all.is_empty() {
                subscriptions.insert(format!("stykite of {name}"), all);
            }
        }
        let payments = self.razorpay.iter().filter_map(|told| told.payment);
        let payments: BTreeSet<String> = payments.map(|e| text(&e["id"]).unwrap()).collect();
        let payments: BTreeMap<_, _> = payments
            .into_iter()
            .map(|id| (id.clone(), self.payment(&id)))
            .collect();
        let customers = self.customers(&subscriptions);
        let names = self
            .aliases
            .iter()
            .filter_map(|alias| match &self.owner(alias)[..] {
                [owner] => Some((alias.clone(), owner.clone())),
                _ => None,
            });
        let names = names.chain(self.named.iter().map(|name| (name.clone(), name.clone())));
        let names = names.collect();
        let stats = json!({"quarantined": self.quarantined, "ignored": self.ignored,
            "conflicting": self.conflicting, "payments": payments.len(),
            "customers": customers.len()});
        Expected {
            subscriptions,
            payments,
            customers,
            stats,
            names,
        }
    }
}
