//! Writes the OpenAPI document. It knows the shape of OpenAPI, and of the interface only what the
//! table says.

use actix_web::http::Method;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::delivery;
use super::{pages, problems};
use crate::domain::key::Scope;
use crate::http::error::Body;
use crate::http::html::HTML;
use crate::http::routes::{Access, Answer, Asked, Route};
use crate::http::{kelviq, limits, stykite};

/// Examples of answers and bodies, by method and path. Each is checked against its schema by a test.
const EXAMPLES: &str = include_str!("examples.json");
const DESCRIPTION: &str = include_str!("description.md");

/// What every path that begins with none of the others belongs to.
const OPERATIONS: &str = "operations";
/// Below `/v1` too, but of another kind.
const STYKITE: &str = "stykite";
const KELVIQ: &str = "kelviq";
/// The kinds of paths, most by their first segment.
const TAGS: [(&str, &str); 6] = [
    ("webhooks", "What providers send"),
    ("v1", "What your services ask"),
    ("checkout", "What payers see"),
    (STYKITE, "What a client of Stykite asks, in Stykite's words"),
    (KELVIQ, "What a client of Kelviq asks, in Kelviq's words"),
    (OPERATIONS, "What an operator's tools ask"),
];

/// Collects the schemas that are referred to. What is taken and what is answered may differ in
/// which fields must be there.
struct Schemas {
    answered: SchemaGenerator,
    taken: SchemaGenerator,
}

impl Schemas {
    fn new() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self {
            answered: settings.clone().for_serialize().into_generator(),
            taken: settings.for_deserialize().into_generator(),
        }
    }

    fn all(mut self) -> Map<String, Value> {
        let mut all = self.taken.take_definitions(true);
        all.extend(self.answered.take_definitions(true));
        all
    }
}

/// The document of `routes`.
pub(super) fn write(routes: &[Route]) -> Value {
    let mut schemas = Schemas::new();
    schemas.answered.subschema_for::<Body<'static>>();
    let examples: Value = serde_json::from_str(EXAMPLES).unwrap_or_default();
    let mut paths: Map<String, Value> = Map::new();
    for route in routes {
        let written = operation(route, &examples, &mut schemas);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(route.method.as_str().to_lowercase(), written);
        }
    }
    json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {
            "title": "subledger",
            "version": "1",
            "summary": "A self-hosted ledger of subscriptions, fed by billing webhooks",
            "description": DESCRIPTION,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"}
        },
        "servers": [{"url": "/"}],
        "tags": TAGS.map(|(name, text)| json!({"name": name, "description": text})),
        "paths": paths,
        "components": {
            "securitySchemes": {"bearer": {
                "type": "http",
                "scheme": "bearer",
                "description": scopes()
            }},
            "schemas": schemas.all(),
            "examples": problems::examples()
        }
    })
}

fn scopes() -> String {
    let covers = |scope: Scope| {
        let covered = Scope::ALL.into_iter().filter(|other| scope.covers(*other));
        let covered: Vec<_> = covered
            .map(|other| format!("`{}`", other.as_str()))
            .collect();
        format!(
            "- `{}` may do what needs {}\n",
            scope.as_str(),
            covered.join(", ")
        )
    };
    let each: String = Scope::ALL.into_iter().map(covers).collect();
    format!("`Authorization: Bearer <key>`. A key has one of these scopes:\n\n{each}")
}

fn operation(route: &Route, examples: &Value, schemas: &mut Schemas) -> Value {
    let name = format!("{} {}", route.method, route.path);
    let example = examples.get(&name);
    let first = route.path.split('/').nth(1);
    let is_tag = |word: &&str| TAGS.iter().any(|(name, _)| name == word);
    let tag = match first.filter(is_tag) {
        _ if route.path.starts_with(stykite::PREFIX) => STYKITE,
        _ if route.path.starts_with(kelviq::PREFIX) => KELVIQ,
        first => first.unwrap_or(OPERATIONS),
    };
    let mut written = json!({
        "operationId": operation_id(route),
        "summary": route.summary,
        "tags": [tag],
        "parameters": parameters(route, schemas),
        "responses": responses(route, example, schemas),
    });
    let access = match route.access {
        Access::Open => ("No key.".to_owned(), json!([])),
        Access::Key(scope) => (
            format!("Needs a key of scope `{}`.", scope.as_str()),
            json!([{"bearer": []}]),
        ),
    };
    if let Some(written) = written.as_object_mut() {
        let text = format!("{} {}", access.0, route.doc.note);
        written.insert("description".into(), text.trim_end().into());
        written.insert("security".into(), access.1);
        if let Some(source) = sample(route, example) {
            written.insert(
                "x-codeSamples".into(),
                json!([{"lang": "Shell", "source": source}]),
            );
        }
        if let Some(body) = body(route, example, schemas) {
            written.insert("requestBody".into(), body);
        }
    }
    written
}

/// A line to try, with the variables that the page names.
fn sample(route: &Route, example: Option<&Value>) -> Option<String> {
    let example = example?;
    let word = |name: &str| example.get(name).and_then(Value::as_str);
    if let Some(sample) = word("sample") {
        return Some(sample.to_owned());
    }
    let mut line = "curl -s".to_owned();
    if route.method != Method::GET && route.method != Method::POST {
        line += &format!(" -X {}", route.method);
    }
    if route.access != Access::Open {
        line += " -H \"Authorization: Bearer $KEY\"";
    }
    if let Some(body) = example.get("request") {
        line += &format!(" -H 'Content-Type: application/json' -d '{body}'");
    }
    Some(format!("{line} \"$LEDGER{}\"", word("path")?))
}

/// `get_v1_customers_id_events`
fn operation_id(route: &Route) -> String {
    let words = route.path.split(|c: char| !c.is_ascii_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    let method = route.method.as_str().to_lowercase();
    words.fold(method, |id, word| format!("{id}_{word}"))
}

fn parameters(route: &Route, schemas: &mut Schemas) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    for name in route
        .path
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split('}').next())
    {
        let (description, schema) = match name {
            "seq" => (
                "The event's sequence number.",
                json!({"type": "integer", "minimum": 1}),
            ),
            "source" => (
                "A configured source.",
                json!({"type": "string", "minLength": 1}),
            ),
            "companyId" => (
                "A company of the catalogue.",
                json!({"type": "string", "minLength": 1}),
            ),
            "countryId" => (
                "A country of the catalogue.",
                json!({"type": "string", "minLength": 1}),
            ),
            _ => (
                "Any of its ids, percent-encoded.",
                json!({"type": "string", "minLength": 1}),
            ),
        };
        found.push(json!({
            "name": name, "in": "path", "required": true,
            "description": description, "schema": schema,
        }));
    }
    if let Some(query) = route.doc.query {
        let schema = query(&mut schemas.taken).to_value();
        let properties = schema.get("properties").and_then(Value::as_object);
        let needed = schema.get("required").and_then(Value::as_array);
        for (name, schema) in properties.into_iter().flatten() {
            let mut written = parameter(name, "query", schema.clone());
            let is_needed = needed.is_some_and(|names| names.iter().any(|held| held == name));
            if let Some(written) = written.as_object_mut() {
                written.insert("required".into(), is_needed.into());
            }
            found.push(written);
        }
    }
    if let Some([name, pattern, description]) = route.doc.header {
        let schema = json!({"type": "string", "pattern": pattern, "description": description});
        found.push(parameter(name, "header", schema));
    }
    match route.doc.asked {
        Asked::Delivery => found.extend(delivery::HEADERS.iter().map(|(name, description)| {
            let schema = json!({"type": "string", "description": description});
            parameter(name, "header", schema)
        })),
        Asked::Json(_) | Asked::JsonOrNothing(_) => found.push(idempotency_key()),
        Asked::Nothing if route.doc.counts_once => found.push(idempotency_key()),
        Asked::Question(_) | Asked::Form(_) | Asked::Nothing => {}
    }
    found
}

fn idempotency_key() -> Value {
    let text = "What makes a repetition of this request one: the same key and body are carried out \
                once.";
    let schema = json!({
        "type": "string", "minLength": 1, "maxLength": 255, "description": text,
        "pattern": "^[!-~]([\\t -~]*[!-~])?$",
    });
    parameter("Idempotency-Key", "header", schema)
}

/// A parameter that may be left out, and is never `null`.
fn parameter(name: &str, place: &str, mut schema: Value) -> Value {
    let mut description = Value::Null;
    if let Some(schema) = schema.as_object_mut() {
        description = schema.remove("description").unwrap_or_default();
        if let Some(Value::Array(types)) = schema.get_mut("type") {
            types.retain(|word| word != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                schema.insert("type".into(), only);
            }
        }
        if let Some(Value::Array(choices)) = schema.remove("anyOf") {
            let mut choices = choices;
            choices.retain(|choice| choice.get("type") != Some(&Value::from("null")));
            match choices.as_slice() {
                [Value::Object(only)] => schema.extend(only.clone()),
                _ => {
                    schema.insert("anyOf".into(), choices.into());
                }
            }
        }
    }
    json!({
        "name": name, "in": place, "required": false,
        "description": description, "schema": schema,
    })
}

fn body(route: &Route, example: Option<&Value>, schemas: &mut Schemas) -> Option<Value> {
    let schema = match route.doc.asked {
        Asked::Nothing => return None,
        Asked::Json(schema)
        | Asked::JsonOrNothing(schema)
        | Asked::Question(schema)
        | Asked::Form(schema) => schema(&mut schemas.taken).to_value(),
        Asked::Delivery => json!({
            "description": "The provider's own JSON, byte for byte as it was signed.",
        }),
    };
    let mut content = json!({"schema": schema});
    if let (Some(content), Some(example)) = (
        content.as_object_mut(),
        example.and_then(|both| both.get("request")),
    ) {
        content.insert("example".into(), example.clone());
    }
    let required = !matches!(
        route.doc.asked,
        Asked::JsonOrNothing(_) | Asked::Question(_)
    );
    let media_type = pages::media_type(route.doc.asked);
    Some(json!({"required": required, "content": {media_type: content}}))
}

fn responses(route: &Route, example: Option<&Value>, schemas: &mut Schemas) -> Map<String, Value> {
    let mut found = Map::new();
    let has_seq = limits::tells_sequence(route.path);
    let (status, description, content) = match route.doc.answer {
        Answer::Nothing | Answer::Never => ("204", "Done.", None),
        Answer::One(schema) | Answer::Json(schema) => {
            let schema = schema(&mut schemas.answered).to_value();
            ("200", "As asked.", Some(("application/json", schema)))
        }
        Answer::Created(schema) => {
            let schema = schema(&mut schemas.answered).to_value();
            ("201", "Made.", Some(("application/json", schema)))
        }
        Answer::Accepted(schema) => {
            let schema = schema(&mut schemas.answered).to_value();
            ("202", "Taken.", Some(("application/json", schema)))
        }
        Answer::Text(media_type) => {
            let schema = match media_type {
                "application/json" => json!({"type": "object"}),
                _ => json!({"type": "string"}),
            };
            ("200", "As asked.", Some((media_type, schema)))
        }
        Answer::Page => ("200", "The page.", Some((HTML, json!({"type": "string"})))),
        Answer::Onwards => ("303", "Where to go.", None),
    };
    let mut headers = Map::new();
    headers.extend(pages::headers(route.doc.answer));
    found.extend(pages::responses(route.doc.answer));
    if has_seq {
        let text = "The last sequence number folded into what is shown.";
        headers.insert(
            "X-Ledger-Seq".into(),
            header(text, json!({"type": "integer", "minimum": 0})),
        );
    }
    if matches!(route.doc.answer, Answer::One(_)) {
        let quoted = json!({"type": "string", "pattern": "^\"[0-9a-f]{32}\"$"});
        headers.insert("ETag".into(), header("Of the body as answered.", quoted));
        let text = "The asker's `If-None-Match` is the `ETag` of the answer: no body.";
        found.insert(
            "304".into(),
            json!({"description": text, "headers": headers}),
        );
    }
    let mut answer = json!({"description": description, "headers": headers});
    if let (Some(answer), Some((media_type, schema))) = (answer.as_object_mut(), content) {
        let mut content = json!({"schema": schema});
        let example = example.and_then(|both| both.get("answer"));
        if let (Some(content), Some(example)) = (content.as_object_mut(), example) {
            content.insert("example".into(), example.clone());
        }
        answer.insert("content".into(), json!({media_type: content}));
    }
    if !matches!(route.doc.answer, Answer::Never) {
        found.insert(status.into(), answer);
    }
    for (status, problems) in problems::by_status(&problems::of(route)) {
        let wording = route.doc.wording;
        let schema = wording.schema(status, &mut schemas.answered);
        let mut refusal = problems::refusal(status, &problems, wording, &schema, has_seq);
        if let Some(page) = found.get(&status.to_string()) {
            pages::add(&mut refusal, page);
        }
        found.insert(status.to_string(), refusal);
    }
    found
}

pub(super) fn header(description: &str, schema: Value) -> Value {
    json!({"description": description, "required": true, "schema": schema})
}
