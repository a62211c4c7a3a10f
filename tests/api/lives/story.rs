//! Invents lives: people, what they subscribe to and pay, and the entities that show it, with the
//! known habits of real bodies (lost fields, numbers as text, notes `[]`). Knows nothing of how
//! they are understood.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

/// Seconds: the first moment of every life; the world's clock stands 65 days later.
const BEGIN: i64 = 1_790_000_000;
const DAY: i64 = 86_400;
const PERIOD: i64 = 30 * DAY;

/// One body on its way to a source of the same name as its provider.
#[derive(Clone)]
pub struct Delivery {
    pub provider: &'static str,
    pub body: Value,
}

impl Delivery {
    pub fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(&self.body).unwrap()
    }
}

/// A paying customer: what the merchant calls it, and what the providers do.
pub(super) struct Person {
    pub(super) identifiers: Vec<String>,
    pub(super) customers: Vec<String>,
    pub(super) vendor: String,
}

pub(super) struct Deal {
    pub(super) id: String,
    pub(super) person: usize,
    pub(super) start: i64,
}

pub(super) struct Money {
    pub(super) id: String,
    pub(super) person: usize,
    pub(super) deal: Option<usize>,
    pub(super) amount: i64,
    pub(super) created: i64,
    pub(super) invoice: Option<String>,
    /// Whether the payment itself says which invoice it pays.
    pub(super) says_invoice: bool,
    pub(super) period: i64,
    pub(super) stages: Vec<&'static str>,
}

/// Everything that one life is made of, and the dice.
pub struct Story {
    pub(super) dice: StdRng,
    pub(super) seconds: Vec<i64>,
    pub(super) people: Vec<Person>,
    pub(super) deals: Vec<Deal>,
    pub(super) moneys: Vec<Money>,
    pub(super) told: i64,
}

/// A life from a seed: its deliveries, each once, as they came to mind.
pub fn life(seed: u64) -> Vec<Delivery> {
    let mut story = Story::new(seed);
    let count = story.dice.random_range(4..34);
    let mut told = Vec::new();
    for _ in 0..count {
        let provider = if story.chance(18) {
            "stykite"
        } else {
            "razorpay"
        };
        let body = match provider {
            "stykite" => story.stykite(),
            _ => story.razorpay(),
        };
        told.push(Delivery { provider, body });
    }
    told
}

impl Story {
    fn new(seed: u64) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        // Few different seconds, so that many things happen in the same one.
        let moments = dice.random_range(2..14);
        let seconds = (0..moments)
            .map(|_| BEGIN + DAY * dice.random_range(0..90) + [0, 0, 1, 7][dice.random_range(0..4)])
            .collect();
        let mut story = Self {
            dice,
            seconds,
            people: Vec::new(),
            deals: Vec::new(),
            moneys: Vec::new(),
            told: 0,
        };
        story.cast();
        story
    }

    fn cast(&mut self) {
        for n in 0..self.dice.random_range(1..4) {
            let names = match self.dice.random_range(0..10) {
                0 | 1 => vec![],
                2 => vec![format!("user_{n}"), format!("renamed_{n}")],
                3 => vec![format!("{}", 4200 + n)],
                _ => vec![format!("user_{n}")],
            };
            let wallets = if self.chance(25) { 2 } else { 1 };
            let customers = (0..wallets).map(|w| format!("cust_Life0000000{n}{w}"));
            self.people.push(Person {
                identifiers: names,
                customers: customers.collect(),
                vendor: format!("CUS-0RPC51V6K69{n}M"),
            });
        }
        // A wallet that two people were seen with.
        if self.people.len() > 1 && self.chance(20) {
            let shared = self.people[0].customers[0].clone();
            self.people[1].customers.push(shared);
        }
        for n in 0..self.dice.random_range(1..4) {
            let person = self.dice.random_range(0..self.people.len());
            let start = BEGIN + DAY * self.dice.random_range(0..40);
            let id = format!("sub_Life00000000{n:02}");
            self.deals.push(Deal { id, person, start });
        }
        for n in 0..self.dice.random_range(1..7) {
            let deal = self
                .chance(70)
                .then(|| self.dice.random_range(0..self.deals.len()));
            let person = match deal {
                Some(deal) => self.deals[deal].person,
                None => self.dice.random_range(0..self.people.len()),
            };
            let stages: &[&[&str]] = &[
                &["captured"],
                &["authorized", "captured"],
                &["failed"],
                &["failed", "captured"],
                &["authorized", "failed", "captured", "refunded"],
                &["created", "authorized"],
                &["captured", "refunded"],
            ];
            let money = Money {
                id: format!("pay_Life00000000{n:02}"),
                person,
                deal,
                amount: *[49900, 100, 1].choose(&mut self.dice).unwrap(),
                created: self.second(),
                invoice: (deal.is_some() || self.chance(30))
                    .then(|| format!("inv_Life00000000{n:02}")),
                says_invoice: self.chance(70),
                period: self.dice.random_range(0..4),
                stages: stages.choose(&mut self.dice).unwrap().to_vec(),
            };
            self.moneys.push(money);
        }
    }

    pub(super) fn chance(&mut self, percent: u32) -> bool {
        self.dice.random_range(0..100) < percent
    }

    pub(super) fn second(&mut self) -> i64 {
        *self.seconds.choose(&mut self.dice).unwrap()
    }

    // ---- what people look like in a body --------------------------------------------------

    pub(super) fn notes(&mut self, person: usize) -> Value {
        let named = self.chance(70);
        let name = self.people[person].identifiers.choose(&mut self.dice);
        match name {
            Some(name) if named => match name.parse::<i64>() {
                Ok(number) => json!({"customer_identifier": number, "gst": 245}),
                Err(_) => json!({"customer_identifier": name}),
            },
            _ => match self.dice.random_range(0..5) {
                0 => Value::Null,
                1 => json!({}),
                2 => json!({"colour": "blue"}),
                _ => json!([]),
            },
        }
    }

    fn wallet(&mut self, person: usize) -> Value {
        if self.chance(25) {
            return Value::Null;
        }
        let wallets = &self.people[person].customers;
        json!(wallets.choose(&mut self.dice).unwrap())
    }

    /// What the payer or the merchant typed this time.
    pub(super) fn contact(&mut self, person: usize) -> Value {
        match self.dice.random_range(0..4) {
            0 => json!({"email": format!("billing{person}@example.com"), "name": "Asha Rao"}),
            1 => json!({"email": "void@razorpay.com", "contact": "+919000090001"}),
            2 => json!({"name": "Gaurav Kumar", "email": null}),
            _ => json!({}),
        }
    }

    /// The habits of real bodies: fields go missing, are null, or hold their number as text.
    pub(super) fn worn(&mut self, mut entity: Value, losable: &[&str]) -> Value {
        let fields = entity.as_object_mut().unwrap();
        for name in losable {
            match self.dice.random_range(0..40) {
                0 | 1 => drop(fields.remove(*name)),
                2 => drop(fields.insert((*name).to_owned(), Value::Null)),
                _ => {}
            }
        }
        for value in fields.values_mut() {
            if value.is_i64() && self.dice.random_range(0..20) == 0 {
                *value = json!(value.to_string());
            }
        }
        fields.insert("brand_new_field".into(), json!({"x": [1, null]}));
        entity
    }

    // ---- Razorpay's entities --------------------------------------------------------------

    pub(super) fn subscription(&mut self, deal: usize, status: &str) -> Value {
        let (person, start) = (self.deals[deal].person, self.deals[deal].start);
        let period = self.dice.random_range(0..4);
        let paid = self.dice.random_range(0..3);
        let plan = *["plan_Life000000001", "plan_Life000000002"]
            .choose(&mut self.dice)
            .unwrap();
        let early = matches!(status, "created" | "authenticated");
        let over = matches!(status, "cancelled" | "completed" | "expired");
        let ended = over.then(|| self.second());
        let entity = json!({
            "id": self.deals[deal].id, "entity": "subscription", "plan_id": plan,
            "customer_id": self.wallet(person), "status": status,
            "current_start": (!early).then_some(start + period * PERIOD),
            "current_end": (!early).then_some(start + (period + 1) * PERIOD),
            "ended_at": ended, "quantity": self.dice.random_range(1..4),
            "notes": self.notes(person), "charge_at": null, "start_at": start,
            "end_at": start + 12 * PERIOD, "auth_attempts": 0, "total_count": 12,
            "paid_count": paid, "customer_notify": true, "created_at": start - 120,
            "remaining_count": 12 - paid, "source": "api",
        });
        let losable = [
            "quantity",
            "current_start",
            "charge_at",
            "start_at",
            "paid_count",
            "notes",
            "customer_notify",
        ];
        self.worn(entity, &losable)
    }

    pub(super) fn payment(&mut self, money: usize, status: &str) -> Value {
        let person = self.moneys[money].person;
        let (wallet, notes) = (self.wallet(person), self.notes(person));
        let notes = if self.moneys[money].deal.is_some() && self.chance(70) {
            json!([])
        } else {
            notes
        };
        let money = &self.moneys[money];
        let tail = money.id.trim_start_matches("pay_");
        let invoice = money.invoice.as_ref().filter(|_| money.says_invoice);
        let entity = json!({
            "id": money.id, "entity": "payment", "amount": money.amount, "currency": "INR",
            "status": status, "order_id": format!("order_{tail}"), "invoice_id": invoice,
            "method": "card", "amount_refunded": 0, "refund_status": null,
            "captured": if status == "captured" { json!("1") } else { json!(false) },
            "email": format!("person{person}@example.com"), "contact": "+919000090000",
            "customer_id": wallet, "notes": notes, "error_code": "", "acquirer_data": [],
            "created_at": money.created,
        });
        self.worn(
            entity,
            &["invoice_id", "notes", "captured", "email", "acquirer_data"],
        )
    }

    pub(super) fn invoice(&mut self, money: usize, status: &str) -> Option<Value> {
        let id = self.moneys[money].invoice.clone()?;
        let (person, deal) = (self.moneys[money].person, self.moneys[money].deal);
        let (wallet, notes) = (self.wallet(person), self.notes(person));
        let contact = self.contact(person);
        let money = &self.moneys[money];
        let tail = money.id.trim_start_matches("pay_");
        let deal = deal.map(|deal| &self.deals[deal]);
        let begin = deal.map(|deal| deal.start + money.period * PERIOD);
        let entity = json!({
            "id": id, "entity": "invoice", "customer_id": wallet, "status": status,
            "customer_details": contact, "order_id": format!("order_{tail}"),
            "subscription_id": deal.map(|deal| &deal.id),
            "payment_id": (status != "expired").then_some(&money.id),
            "billing_start": begin, "billing_end": begin.map(|begin| begin + PERIOD),
            "amount": money.amount, "currency": "INR", "notes": notes,
            "created_at": money.created - 5, "type": "invoice", "line_items": [],
        });
        let mut losable = vec!["payment_id", "notes", "line_items", "billing_start"];
        if status != "paid" {
            losable.push("subscription_id");
        }
        Some(self.worn(entity, &losable))
    }
}
