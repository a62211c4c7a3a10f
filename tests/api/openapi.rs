//! The OpenAPI document: complete, true of its own examples, and strict enough to refuse. That
//! answers agree with it is checked by `contract` in every test of this binary.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use subledger::http::{Access, routes};
use subledger::providers::{self, Built};

use crate::contract::Contract;
use crate::world::{Answer, KEY, World, sample};

fn document() -> Value {
    let world = World::new();
    world.get_with("/openapi.json", &[]).json()
}

fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
    });
    all.collect()
}

fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_route_is_documented_with_its_scope_and_no_other() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let written: BTreeSet<(String, String)> = operations(&document)
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    let served: BTreeSet<(String, String)> = routes()
        .iter()
        .map(|route| (route.method.to_string(), route.path.to_owned()))
        .collect();
    assert_eq!(written, served);
    let mut ids = BTreeSet::new();
    for route in routes() {
        let method = route.method.as_str().to_lowercase();
        let operation = &document["paths"][route.path][&method];
        assert!(ids.insert(operation["operationId"].to_string()));
        let (words, security) = match route.access {
            Access::Open => ("No key.".to_owned(), json!([])),
            Access::Key(scope) => (
                format!("scope `{}`", scope.as_str()),
                json!([{"bearer": []}]),
            ),
        };
        assert!(operation["description"].as_str().unwrap().contains(&words));
        assert_eq!(operation["security"], security, "{method} {}", route.path);
        let names = route.path.matches('{').count();
        let parameters = operation["parameters"].as_array().unwrap().iter();
        assert_eq!(parameters.filter(|p| p["in"] == "path").count(), names);
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut found = Vec::new();
    references(&document, &mut found);
    assert!(found.len() > 50);
    for reference in found {
        let place = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(place).is_some(), "{reference}");
    }
}

#[test]
fn every_example_is_true_to_its_schema() {
    let document = document();
    let contract = Contract::new(document.clone());
    let mut checked = 0;
    for (method, path, operation) in operations(&document) {
        let place = format!(
            "/paths/{}/{}",
            path.replace('/', "~1"),
            method.to_lowercase()
        );
        let mut contents = vec![(
            "/requestBody".to_owned(),
            &operation["requestBody"]["content"],
        )];
        for (status, answer) in operation["responses"].as_object().unwrap() {
            contents.push((format!("/responses/{status}"), &answer["content"]));
        }
        for (below, content) in contents {
            for (media_type, held) in content.as_object().into_iter().flatten() {
                let schema = format!(
                    "{place}{below}/content/{}/schema",
                    media_type.replace('/', "~1")
                );
                let named = held["examples"].as_object().into_iter().flatten();
                let named =
                    named.map(|(code, _)| &document["components"]["examples"][code]["value"]);
                for example in named.chain(held.get("example")) {
                    assert_eq!(contract.mismatch(&schema, example), None, "{schema}");
                    checked += 1;
                }
                let is_ours = media_type == "application/json" && path.starts_with("/v1");
                assert!(
                    !is_ours || held.get("example").is_some(),
                    "{schema} has no example"
                );
            }
        }
    }
    assert!(checked > 100, "{checked}");
}

#[test]
fn every_code_has_an_example_and_a_place() {
    let document = document();
    let examples = document["components"]["examples"].as_object().unwrap();
    for (code, example) in examples {
        assert_eq!(&example["value"]["code"], code);
        let reference = format!("#/components/examples/{code}");
        let mut found = Vec::new();
        references(&document["paths"], &mut found);
        // Of a method that is not in the document the document can say nothing; some are told by
        // a vendor's surface alone, in its words.
        let elsewhere = ["method_not_allowed", "invalid_fields", "not_implemented"];
        assert!(
            elsewhere.contains(&code.as_str()) || found.contains(&reference.as_str()),
            "{code}"
        );
    }
    let api = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/api.md")).unwrap();
    let (_, errors) = api.split_once("\n## Errors\n").unwrap();
    let rows = errors.split("\n## ").next().unwrap().lines();
    let codes = rows.filter_map(|row| row.strip_prefix("| `")?.split('`').next());
    let codes: BTreeSet<&str> = codes.filter(|code| *code != "code").collect();
    let written: BTreeSet<&str> = examples.keys().map(String::as_str).collect();
    assert_eq!(written, codes);
}

/// The comparison itself can fail: on a field, a type, a status, a header and a media type.
#[test]
fn what_is_not_written_down_is_complained_of() {
    let world = World::new();
    world.razorpay(&sample("razorpay", "02"));
    let contract = Contract::new(document());
    let path = "/v1/subscriptions/sub_Ldgr0000000001";
    let complaint = |change: &dyn Fn(&mut Answer)| {
        let mut answer = world.get(path);
        change(&mut answer);
        contract.complaint("GET", path, &answer)
    };
    let edit = |answer: &mut Answer, edit: &dyn Fn(&mut Value)| {
        let mut body = answer.json();
        edit(&mut body);
        answer.text = body.to_string();
    };
    assert_eq!(complaint(&|_| {}), None);
    assert!(complaint(&|answer| answer.status = 418).is_some());
    assert!(complaint(&|answer| answer.headers.retain(|(name, _)| name != "etag")).is_some());
    assert!(
        complaint(&|answer| answer.headers.retain(|(name, _)| name != "content-type")).is_some()
    );
    assert!(complaint(&|answer| edit(answer, &|body| body["colour"] = json!("red"))).is_some());
    assert!(complaint(&|answer| edit(answer, &|body| body["status"] = json!("red"))).is_some());
    assert!(complaint(&|answer| edit(answer, &|body| body["quantity"] = json!("1"))).is_some());
    assert!(
        complaint(&|answer| edit(answer, &|body| body["created_at"] = json!("today"))).is_some()
    );
    assert!(complaint(&|answer| edit(answer, &|body| body["plan"]["colour"] = json!(1))).is_some());
    let missing = |body: &mut Value| drop(body.as_object_mut().unwrap().remove("access"));
    assert!(complaint(&|answer| edit(answer, &missing)).is_some());
    let refused = world.get("/v1/subscriptions/unknown");
    assert_eq!(contract.complaint("GET", path, &refused), None);
    assert!(contract.complaint("GET", "/v1/stats", &refused).is_some());
}

#[test]
fn every_header_a_provider_reads_is_documented() {
    let document = document();
    let parameters = &document["paths"]["/webhooks/{source}"]["post"]["parameters"];
    let written: BTreeSet<&str> = parameters
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|parameter| parameter["name"].as_str())
        .collect();
    // Not every provider takes every secret, or every scheme.
    let secrets = ["long enough a secret", "whsec_bG9uZyBlbm91Z2ggYSBzZWNyZXQ="];
    let schemes = ["", "scheme = \"token\"", "scheme = \"hmac-sha256\""];
    for name in providers::names() {
        let mut built = 0;
        for (secret, scheme) in secrets
            .iter()
            .flat_map(|s| schemes.map(|scheme| (s, scheme)))
        {
            let table = format!("{scheme}\nsecrets = [{{ secret = \"{secret}\" }}]");
            let read = |_: &std::path::Path| Ok(String::new());
            let source = providers::build(name, table.parse().unwrap(), &|_| None, &read);
            let Ok(Built::On { provider, .. }) = source else {
                continue;
            };
            for header in provider.headers() {
                assert!(written.contains(header), "{name} reads {header}");
            }
            built += 1;
        }
        assert!(built > 0, "{name} takes none of these secrets");
    }
}

#[test]
fn the_page_shows_every_route_and_loads_nothing() {
    let world = World::new();
    let page = world.get_with("/docs", &[]);
    assert_eq!(page.status, 200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'sha256-"),
        "{policy}"
    );
    assert_eq!(page.header("x-frame-options"), Some("DENY"));
    for route in routes() {
        let heading = format!(
            "<span class=\"method\">{}</span>{}</h3>",
            route.method, route.path
        );
        assert!(page.text.contains(&heading), "{heading}");
    }
    for loaded in [
        "<script", "<link", "<img", "<iframe", " src=", "@import", "url(", " style=",
    ] {
        assert!(!page.text.contains(loaded), "{loaded}");
    }
    assert!(page.text.contains("curl -s -H"));
}

#[test]
fn answers_say_how_they_may_be_used_and_not_by_what_they_were_made() {
    let world = World::new();
    let key = format!("Bearer {KEY}");
    let headers = [
        ("authorization", key.as_str()),
        ("origin", "https://example.com"),
    ];
    for path in [
        "/v1/stats",
        "/v1/customers/nobody",
        "/healthz",
        "/metrics",
        "/docs",
        "/openapi.json",
        "/nothing",
    ] {
        let answer = world.get_with(path, &headers);
        assert_eq!(
            answer.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        for absent in ["server", "x-powered-by", "access-control-allow-origin"] {
            assert_eq!(answer.header(absent), None, "{path} {absent}");
        }
        assert!(
            !answer
                .text
                .contains(concat!("subledger ", env!("CARGO_PKG_VERSION"))),
            "{path}"
        );
    }
    for answer in [
        world.razorpay(&sample("razorpay", "02")),
        world.post("/webhooks/razorpay", &[], b""),
    ] {
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    }
    let preflight = world.ask("OPTIONS", "/v1/stats", None, &headers[1..], b"");
    assert_eq!(preflight.status, 405);
}
