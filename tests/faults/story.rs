//! The whole life of a subscription over HTTP, from the customer to the end of its cycle, with the
//! process killed between every two steps, and in the middle of each: after each start it goes on,
//! every step is one event, the payer pays once, and all ends as it does without a kill.

mod outcome;

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::http::{Answer, Client};
use super::process::Service;
use super::rig::{ADMIN_KEY, Rig, chance, eventually, pause, rounds};
use outcome::compare;

const BASE: &str = "/v1/company/COM-0MD508X1S3001/country/CON-0MD508X1S3002";
const WHO: &str = "user@example.com";
const METER: &str = "MTR-0MD508X1S3003";
const PLAN: &str = "PLV-0MD508X1S388G";
/// How far ahead the end date is: so short that the test need not wait, long enough that a slow
/// machine sees the subscription alive after it was set.
const ENDS_IN: Duration = Duration::from_millis(1_500);

const CATALOG: &str = r#"
[catalog]
version = 1
[[catalog.companies]]
id = "COM-0MD508X1S3001"
name = "Example Ltd"
[[catalog.countries]]
id = "CON-0MD508X1S3002"
code = "IN"
currency = "INR"
[[catalog.features]]
id = "ai-credits"
name = "AI credits"
type = "meter"
[[catalog.meters]]
id = "MTR-0MD508X1S3003"
feature = "ai-credits"
unit = "credit"
[[catalog.plans]]
id = "PLV-0MD508X1S388G"
identifier = "pro"
name = "Pro"
default = true
trial_days = 14
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 49900
currency = "INR"
[[catalog.plans.features]]
feature = "ai-credits"
limit = 10000
reset = "EVERY_MONTH"
[[catalog.token_prices]]
provider = "OPENAI"
model = "GPT_4"
input_per_1k = "0.03"
output_per_1k = "0.06"
credits_per_unit = "1"
meter = "MTR-0MD508X1S3003"
"#;

/// The steps of the story, in order. Each is one request, or a wait for what follows from one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Create,
    Open,
    Look,
    Pay,
    Paid,
    Allow,
    Use,
    Count,
    Cancel,
    Date,
    Ended,
}

const STEPS: [Step; 11] = [
    Step::Create,
    Step::Open,
    Step::Look,
    Step::Pay,
    Step::Paid,
    Step::Allow,
    Step::Use,
    Step::Count,
    Step::Cancel,
    Step::Date,
    Step::Ended,
];

/// A request as it goes over the wire: the same bytes whenever it is sent.
struct Asked {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: String,
}

struct Story {
    rig: Rig,
    /// Unix milliseconds; chosen when the step comes.
    end_date: Option<u64>,
}

fn millis() -> u64 {
    // The end date has to be by the machine's clock, which the service goes by.
    #[allow(clippy::disallowed_methods)]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(now.as_millis()).unwrap()
}

fn read(address: SocketAddr, path: &str) -> Value {
    let answer = Client::new(address).get(path, ADMIN_KEY).unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.json()
}

/// Everything of `/v1/events`, with the bodies of our own.
fn events(address: SocketAddr) -> Vec<Value> {
    let page = read(address, "/v1/events?limit=200");
    assert_eq!(page["has_more"], false);
    page["data"].as_array().unwrap().clone()
}

/// What was told, in the order of the words: by the sandbox, or by everybody else.
fn kinds(events: &[Value], by_sandbox: bool) -> Vec<String> {
    let told = events.iter();
    let told = told.filter(|event| (event["source"] == "sandbox") == by_sandbox);
    let kinds = told.map(|event| event["event_type"].as_str().unwrap().to_owned());
    let mut kinds: Vec<String> = kinds.collect();
    kinds.sort();
    kinds
}

impl Story {
    fn new() -> Self {
        let rig = Rig::new();
        rig.configure(&format!("[server]\nbind = \"127.0.0.1:0\"\n{CATALOG}"));
        Self {
            rig,
            end_date: None,
        }
    }

    fn subscription(&self, address: SocketAddr) -> Value {
        let customer = read(address, &format!("/v1/customers/{WHO}"));
        let held = customer["subscriptions"].as_array().unwrap();
        assert_eq!(held.len(), 1, "{customer}");
        held[0].clone()
    }

    /// The checkout that was opened: from the log, as whoever lost the answer would find it.
    fn checkout(&self, address: SocketAddr) -> String {
        let events = events(address);
        let opened = events
            .iter()
            .find(|event| event["event_type"] == "checkout.opened");
        let seq = &opened.expect("a checkout was opened")["seq"];
        let event = read(address, &format!("/v1/events/{seq}"));
        let body: Value = serde_json::from_str(event["body"].as_str().unwrap()).unwrap();
        body["data"]["id"].as_str().unwrap().to_owned()
    }

    /// The request of a step; nothing for one that only waits.
    fn request(&mut self, step: Step, address: SocketAddr) -> Option<Asked> {
        let about = format!("{BASE}/customer/{WHO}");
        let (method, path, body) = match step {
            Step::Create => {
                let body = json!({"email": WHO, "customer_identifier": WHO, "country_code": "IN"});
                ("POST", format!("{BASE}/customer"), body)
            }
            Step::Open => {
                let body = json!({"customer_identifier": WHO, "plan_id": PLAN,
                    "plan_type": "MONTHLY", "payment_component": "PLAN"});
                ("POST", format!("{BASE}/payment"), body)
            }
            Step::Pay => {
                let path = format!("/checkout/{}", self.checkout(address));
                let form = (
                    "content-type",
                    "application/x-www-form-urlencoded".to_owned(),
                );
                return Some(Asked {
                    method: "POST",
                    path,
                    headers: vec![form],
                    body: "action=pay".to_owned(),
                });
            }
            Step::Allow => {
                let body = json!([{"meter_tsid": METER, "entitlement": 20000}]);
                ("PUT", format!("{about}/meter-entitlements"), body)
            }
            Step::Use => {
                let body =
                    json!([{"timestamp": 1_697_363_618_832_u64, "meter_id": METER, "qty": 26}]);
                ("POST", format!("{about}/usage"), body)
            }
            Step::Count => {
                let body = json!({"checkpoint_name": "session-ended", "customer_identifier": WHO,
                    "provider": "OPENAI", "model": "GPT_4", "input_token": 100,
                    "output_token": 200});
                ("POST", format!("{BASE}/checkpoint/usage"), body)
            }
            Step::Cancel => {
                let id = self.subscription(address)["id"].clone();
                let body = json!({"subscription_tsid": id, "when": "END_OF_CYCLE"});
                ("POST", format!("{about}/cancel_subscription"), body)
            }
            Step::Date => {
                let soon = || millis() + u64::try_from(ENDS_IN.as_millis()).unwrap();
                let end_date = *self.end_date.get_or_insert_with(soon);
                let id = self.subscription(address)["id"].clone();
                let body = json!({"subscription_tsid": id, "end_date": end_date});
                ("PUT", format!("{about}/subscription"), body)
            }
            Step::Look | Step::Paid | Step::Ended => return None,
        };
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("authorization", format!("Bearer {ADMIN_KEY}")),
            ("idempotency-key", format!("story-{step:?}")),
        ];
        Some(Asked {
            method,
            path,
            headers,
            body: body.to_string(),
        })
    }

    /// Does a step to its end, whether or not it was begun before.
    fn perform(&mut self, step: Step, address: SocketAddr) {
        if let Some(asked) = self.request(step, address) {
            let answer = asked.send(address);
            let wanted: &[u16] = match step {
                Step::Pay => &[303],
                Step::Use => &[202],
                Step::Date => &[201],
                _ => &[200],
            };
            assert!(wanted.contains(&answer.status), "{step:?}: {}", answer.text);
            return;
        }
        match step {
            Step::Look => {
                let page = format!("/checkout/{}", self.checkout(address));
                let page = Client::new(address).get(&page, "").unwrap();
                assert_eq!(page.status, 200, "{}", page.text);
                assert!(page.text.contains(r#"value="pay""#), "{}", page.text);
            }
            Step::Paid => eventually("it is paid", || {
                self.subscription(address)["status"] == "active"
            }),
            _ => eventually("it has ended", || {
                self.subscription(address)["status"] == "expired"
            }),
        }
    }

    /// What the story came to, without what chance and the clock gave.
    fn came_to(&self, address: SocketAddr) -> Value {
        let held = self.subscription(address);
        let entitlements = read(address, &format!("/v1/customers/{WHO}/entitlements"));
        let payments = read(address, &format!("/v1/payments?customer={WHO}"));
        let amounts = payments["data"].as_array().unwrap().iter();
        let amounts = amounts.map(|held| json!([held["amount"], held["status"]]));
        json!({
            "events": kinds(&events(address), false),
            "gateway": kinds(&events(address), true),
            "status": held["status"], "plan": held["plan"], "provider": held["provider"],
            "reason": held["reason"], "quantity": held["quantity"], "source": held["source"],
            "ended": held["ended_at"].is_string(), "granted": held["access"]["granted"],
            "used": entitlements["entitlements"].as_array().unwrap().iter().map(|row| {
                json!([row["meter_id"], row["granted"], row["limit"], row["usage"]])
            }).collect::<Vec<_>>(),
            "payments": amounts.collect::<Vec<_>>(),
        })
    }

    /// The end: replay and verify say that the log is what was shown.
    fn finish(self, service: Service) -> Value {
        let came_to = self.came_to(service.address);
        assert_eq!(service.terminate().code, Some(0));
        self.rig.verify();
        let (code, report) = self.rig.replay();
        assert_eq!(
            (code, &report["identical"]),
            (Some(0), &Value::Bool(true)),
            "{report}"
        );
        came_to
    }
}

impl Asked {
    fn headers(&self) -> Vec<(&str, &str)> {
        self.headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect()
    }

    fn send(&self, address: SocketAddr) -> Answer {
        let mut client = Client::new(address);
        let body = self.body.as_bytes();
        client
            .send(self.method, &self.path, &self.headers(), body)
            .unwrap()
    }
}

fn undisturbed() -> Value {
    let mut story = Story::new();
    let service = story.rig.start();
    for step in STEPS {
        story.perform(step, service.address);
    }
    story.finish(service)
}

#[test]
fn a_story_with_a_kill_between_every_two_steps_ends_as_one_without() {
    let undisturbed = undisturbed();
    assert_eq!(
        compare(&undisturbed, &undisturbed),
        Ok(()),
        "the story itself"
    );
    let mut story = Story::new();
    for step in STEPS {
        let service = story.rig.start();
        story.perform(step, service.address);
        assert_eq!(service.kill().code, None);
    }
    let service = story.rig.start();
    assert_eq!(compare(&undisturbed, &story.finish(service)), Ok(()));
}

/// The answer is lost with the process, and nobody knows how far the step had come: it is done
/// again.
#[test]
fn a_step_that_was_killed_half_way_is_done_again_and_counts_once() {
    let mut chance = chance();
    let undisturbed = undisturbed();
    for _ in 0..rounds(20).div_ceil(10) {
        let mut story = Story::new();
        for step in STEPS {
            let service = story.rig.start();
            if let Some(asked) = story.request(step, service.address) {
                let body = asked.body.as_bytes();
                let client = Client::new(service.address);
                let sent = client.send_and_leave(asked.method, &asked.path, &asked.headers(), body);
                thread::sleep(pause(&mut chance, 0, 6));
                assert_eq!(service.kill().code, None);
                drop(sent);
                let service = story.rig.start();
                story.perform(step, service.address);
                assert_eq!(service.kill().code, None);
            } else {
                story.perform(step, service.address);
                assert_eq!(service.kill().code, None);
            }
        }
        let service = story.rig.start();
        assert_eq!(compare(&undisturbed, &story.finish(service)), Ok(()));
    }
}
