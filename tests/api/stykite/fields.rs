//! Every field of every call, left out and wrong: each complaint is a 400 that names the field, and
//! nothing is recorded. The cases are made from one list of fields.

use serde_json::{Value, json};

use super::{CALLS, CREDITS, PRO, ask, customer, events, refused, subscription, world};

/// What a field may be.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    /// A text that stands for something that must be there.
    Name,
    Email,
    Digits,
    Country,
    Days,
    Word,
    Whole,
    Quantity,
    Moment,
    Object,
}

use Kind::*;

struct Field {
    name: &'static str,
    is_needed: bool,
    kind: Kind,
}

const fn needed(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        is_needed: true,
        kind,
    }
}

const fn optional(name: &'static str, kind: Kind) -> Field {
    Field {
        name,
        is_needed: false,
        kind,
    }
}

impl Kind {
    fn wrong(self) -> Vec<Value> {
        let long = json!("x".repeat(600));
        let not_text = [
            json!(1),
            json!(true),
            json!(["a"]),
            json!({"a": 1}),
            json!("a\nb"),
        ];
        match self {
            Text => [&not_text[..], &[long]].concat(),
            Name => [&not_text[..], &[json!("PLV-0000000000000")]].concat(),
            Email => [
                &not_text[..],
                &[long, json!("nobody"), json!("a b@example.com")],
            ]
            .concat(),
            Digits => vec![
                long,
                json!(-1),
                json!(1.5),
                json!(true),
                json!([1]),
                json!({}),
            ],
            Country => [&not_text[..], &[json!("USA"), json!("in"), json!("XX")]].concat(),
            Days => vec![
                json!(-1),
                json!(1.5),
                json!("14"),
                json!(99_999),
                json!(true),
            ],
            Word => [&not_text[..], &[json!("never"), json!("plan")]].concat(),
            Whole => vec![
                json!(-1),
                json!(0.5),
                json!("1"),
                json!(true),
                json!(1e30),
                json!([]),
            ],
            Quantity => vec![
                json!(-1),
                json!(-0.001),
                json!("26"),
                json!("NaN"),
                json!(1e30),
                json!([]),
            ],
            Moment => vec![
                json!(-1),
                json!("2025-01-01"),
                json!(1_742_797_511),
                json!(1_742_797_511_000.5),
                json!(1e17),
                json!(null),
                json!(true),
            ],
            Object => vec![json!(1), json!("a"), json!([]), json!(true)],
        }
    }
}

struct Call {
    method: &'static str,
    path: String,
    /// One that is accepted.
    body: Value,
    is_list: bool,
    fields: Vec<Field>,
}

fn calls(subscription: &str) -> Vec<Call> {
    let of = |rest: &str| format!("customer/user_1/{rest}");
    vec![
        Call {
            method: "POST",
            path: "customer".into(),
            body: json!({"email": "b@example.com", "customer_identifier": "b", "country_code": "IN",
                "first_name": "Asha", "last_name": "Rao", "phone": 9_000_000_000_u64,
                "state_code": "KA", "city": "Bangalore", "zipcode": 416_013, "trial_days": 7,
                "plan_id": PRO}),
            is_list: false,
            fields: vec![
                needed("email", Email),
                needed("customer_identifier", Text),
                needed("country_code", Country),
                optional("first_name", Text),
                optional("last_name", Text),
                optional("phone", Digits),
                optional("state_code", Country),
                optional("city", Text),
                optional("zipcode", Digits),
                optional("trial_days", Days),
                optional("plan_id", Name),
            ],
        },
        Call {
            method: "PUT",
            path: of("meter-entitlements"),
            body: json!({"meter_tsid": CREDITS, "entitlement": 1}),
            is_list: true,
            fields: vec![needed("meter_tsid", Name), needed("entitlement", Whole)],
        },
        Call {
            method: "POST",
            path: of("usage"),
            body: json!({"timestamp": 1_697_363_618_832_u64, "meter_id": CALLS, "qty": 26}),
            is_list: true,
            fields: vec![
                needed("timestamp", Moment),
                needed("meter_id", Name),
                needed("qty", Quantity),
            ],
        },
        Call {
            method: "POST",
            path: "payment".into(),
            body: json!({"customer_identifier": "user_1", "plan_id": PRO, "plan_type": "MONTHLY",
                "payment_component": "PLAN"}),
            is_list: false,
            fields: vec![
                needed("customer_identifier", Text),
                needed("plan_id", Name),
                needed("plan_type", Word),
                needed("payment_component", Word),
            ],
        },
        Call {
            method: "PUT",
            path: of("subscription"),
            body: json!({"subscription_tsid": subscription, "end_date": 1_811_808_000_000_u64}),
            is_list: false,
            fields: vec![
                needed("subscription_tsid", Text),
                needed("end_date", Moment),
            ],
        },
        Call {
            method: "POST",
            path: of("cancel_subscription"),
            body: json!({"subscription_tsid": subscription, "when": "END_OF_CYCLE"}),
            is_list: false,
            fields: vec![needed("subscription_tsid", Text), needed("when", Word)],
        },
        Call {
            method: "POST",
            path: "checkpoint/usage".into(),
            body: json!({"checkpoint_name": "session-ended", "customer_identifier": "user_1",
                "provider": "OPENAI", "model": "GPT_4", "input_token": 100, "output_token": 200,
                "session_id": "1234", "extra_params": {"key1": "value1"}}),
            is_list: false,
            fields: vec![
                needed("checkpoint_name", Text),
                needed("customer_identifier", Text),
                needed("provider", Text),
                needed("model", Name),
                needed("input_token", Whole),
                needed("output_token", Whole),
                optional("session_id", Text),
                optional("extra_params", Object),
            ],
        },
        Call {
            method: "POST",
            path: "checkpoint/usage".into(),
            body: json!({"customer_identifier": "user_1", "checkpoint_key": "api_calls",
                "checkpoint_value": 3}),
            is_list: false,
            fields: vec![
                needed("customer_identifier", Text),
                needed("checkpoint_key", Name),
                needed("checkpoint_value", Quantity),
            ],
        },
    ]
}

#[test]
fn each_field_that_is_missing_or_wrong_is_named_and_nothing_is_recorded() {
    let world = world();
    customer(&world, "user_1");
    let before = events(&world);
    let mut checked = 0;
    for call in calls(&subscription(&world, "user_1")) {
        for field in &call.fields {
            let mut bad: Vec<Option<Value>> = field.kind.wrong().into_iter().map(Some).collect();
            if field.is_needed {
                bad.extend([None, Some(Value::Null)]);
            }
            for bad in bad
                .into_iter()
                .filter(|bad| field.is_needed || *bad != Some(Value::Null))
            {
                let mut body = call.body.clone();
                match &bad {
                    Some(value) => body[field.name] = value.clone(),
                    None => drop(body.as_object_mut().unwrap().remove(field.name)),
                }
                let mut place = format!("`{}`", field.name);
                if call.is_list {
                    // What is right beside it is not taken in either.
                    body = json!([call.body, body]);
                    place = format!("At index 1: {place}");
                }
                let answer = ask(&world, call.method, &call.path, &body);
                let what = format!("{} {} {}: {bad:?}", call.method, call.path, field.name);
                assert_eq!(answer.status, 400, "{what}: {}", answer.text);
                let sentence = refused(&answer, 400);
                assert!(sentence.contains(&place), "{what}: {sentence}");
                checked += 1;
            }
        }
    }
    assert!(checked > 180, "{checked}");
    assert_eq!(events(&world), before, "nothing was half-applied");
}

/// The control: as they stand the bodies are accepted, and so are they without what is optional,
/// with `null` for it, and with fields that nobody knows.
#[test]
fn each_body_is_accepted_as_it_stands() {
    let world = world();
    customer(&world, "user_1");
    for (place, call) in calls(&subscription(&world, "user_1"))
        .into_iter()
        .enumerate()
    {
        let whole = call.body.clone();
        let (mut least, mut with_nulls) = (whole.clone(), whole.clone());
        for field in call.fields.iter().filter(|field| !field.is_needed) {
            least.as_object_mut().unwrap().remove(field.name);
            with_nulls[field.name] = Value::Null;
        }
        let mut more = whole.clone();
        more["nobody_knows"] = json!({"this": [1, "field"]});
        for (turn, mut body) in [whole, least, with_nulls, more].into_iter().enumerate() {
            if call.path == "customer" {
                body["customer_identifier"] = json!(format!("user_{place}_{turn}"));
            }
            let body = if call.is_list { json!([body]) } else { body };
            let answer = ask(&world, call.method, &call.path, &body);
            let is_taken = (200..300).contains(&answer.status);
            assert!(is_taken, "{} {body}: {}", call.path, answer.text);
        }
    }
}

#[test]
fn a_seconds_time_is_told_to_be_one() {
    let world = world();
    customer(&world, "user_1");
    let body = json!({"subscription_tsid": subscription(&world, "user_1"),
        "end_date": 1_742_797_511});
    let answer = ask(&world, "PUT", "customer/user_1/subscription", &body);
    let sentence = refused(&answer, 400);
    assert!(
        sentence.contains("`end_date` must be in milliseconds"),
        "{sentence}"
    );
    assert!(sentence.contains("looks like seconds"), "{sentence}");
    let body = json!([{"timestamp": 1_697_363_618, "meter_id": CALLS, "qty": 1}]);
    let answer = ask(&world, "POST", "customer/user_1/usage", &body);
    let sentence = refused(&answer, 400);
    assert!(
        sentence.contains("At index 0: `timestamp`") && sentence.contains("seconds"),
        "{sentence}"
    );
}
