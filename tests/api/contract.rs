//! Every answer that any test of this binary gets is compared with the OpenAPI document: its status
//! is one of those written there, and so are its media type, its headers and its body, down to
//! fields that nobody wrote down.

use std::collections::HashMap;
use std::sync::OnceLock;

use jsonschema::Validator;
use parking_lot::Mutex;
use serde_json::{Value, json};

use crate::world::Answer;

const KELVIQ: &str = "/api/v1";

pub struct Contract {
    pub document: Value,
    validators: Mutex<HashMap<String, Validator>>,
}

/// The document, asked for once.
pub fn contract(read: impl FnOnce() -> Value) -> &'static Contract {
    static CONTRACT: OnceLock<Contract> = OnceLock::new();
    CONTRACT.get_or_init(|| Contract::new(read()))
}

impl Contract {
    pub fn new(document: Value) -> Self {
        Self {
            document,
            validators: Mutex::default(),
        }
    }

    /// The path of the document that a request's path is an instance of; one without parameters
    /// goes before one with.
    fn template(&self, path: &str) -> Option<&str> {
        let mut path = path.split('?').next().unwrap().to_owned();
        // Kelviq's paths are the same without the slash that they are documented with.
        if path.starts_with(KELVIQ) && !path.ends_with('/') {
            path.push('/');
        }
        let fits = |template: &&str| {
            let (mut wanted, mut given) = (template.split('/'), path.split('/'));
            let same = wanted.by_ref().zip(given.by_ref()).all(|(wanted, given)| {
                wanted == given || (wanted.starts_with('{') && !given.is_empty())
            });
            same && wanted.next().is_none()
                && path.split('/').count() == template.split('/').count()
        };
        let paths = self.document["paths"].as_object().unwrap().keys();
        let mut fitting: Vec<&str> = paths.map(String::as_str).filter(fits).collect();
        fitting.sort_by_key(|template| template.matches('{').count());
        fitting.first().copied()
    }

    /// What is wrong with an answer.
    pub fn complaint(&self, method: &str, path: &str, answer: &Answer) -> Option<String> {
        let asked = if method == "HEAD" { "GET" } else { method };
        let Some(template) = self.template(path) else {
            return self.refusal(path, answer, 404, "not_found");
        };
        let operation = format!("/paths/{}/{}", pointer(template), asked.to_lowercase());
        if self.document.pointer(&operation).is_none() {
            return self.refusal(path, answer, 405, "method_not_allowed");
        }
        let place = format!("{operation}/responses/{}", answer.status);
        let Some(written) = self.document.pointer(&place) else {
            return Some(format!("the status {} is not documented", answer.status));
        };
        for (name, _) in written["headers"].as_object().into_iter().flatten() {
            if answer.header(&name.to_lowercase()).is_none() {
                return Some(format!("the header {name} is missing"));
            }
        }
        if method == "HEAD" || written.get("content").is_none() {
            return (!answer.text.is_empty()).then(|| "a body that is not documented".to_owned());
        }
        let contents = written["content"].as_object().unwrap();
        let given = contents
            .iter()
            .find(|(media_type, _)| answer.header("content-type") == Some(media_type));
        let Some((media_type, content)) = given else {
            let media_types: Vec<&str> = contents.keys().map(String::as_str).collect();
            return Some(format!(
                "the media type is not {}",
                media_types.join(" or ")
            ));
        };
        let body = if media_type.ends_with("/json") || media_type.ends_with("+json") {
            answer.json()
        } else {
            assert_eq!(content["schema"]["type"], "string");
            Value::String(answer.text.clone())
        };
        self.mismatch(
            &format!("{place}/content/{}/schema", pointer(media_type)),
            &body,
        )
    }

    fn refusal(&self, path: &str, answer: &Answer, status: u16, code: &str) -> Option<String> {
        if path.starts_with(KELVIQ) {
            let shape = self.mismatch("/components/schemas/KelviqDetail", &answer.json());
            let is_that = answer.status == status;
            return shape.or_else(|| (!is_that).then(|| format!("{status} was expected")));
        }
        if path.starts_with("/v1/company/") {
            let shape = self.mismatch("/components/schemas/StykiteError", &answer.json());
            let is_that = answer.status == status;
            return shape.or_else(|| (!is_that).then(|| format!("{status} was expected")));
        }
        let body = || self.mismatch("/components/schemas/Problem", &answer.json());
        if (answer.status, answer.word("code").as_str()) == (status, code) {
            body()
        } else {
            Some(format!("{status} {code} was expected"))
        }
    }

    /// Where a value is not what the schema at `place` says.
    pub fn mismatch(&self, place: &str, value: &Value) -> Option<String> {
        let mut validators = self.validators.lock();
        let validator = validators
            .entry(place.to_owned())
            .or_insert_with(|| strict(&self.document, place));
        let errors = validator.iter_errors(value);
        let errors: Vec<String> = errors
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        (!errors.is_empty()).then(|| errors.join("; "))
    }
}

/// The schema at a place, in which a field that is not written down is an error.
fn strict(document: &Value, place: &str) -> Validator {
    let mut schemas = document["components"]["schemas"].clone();
    for schema in schemas.as_object_mut().unwrap().values_mut() {
        if schema.get("properties").is_some() {
            schema["unevaluatedProperties"] = json!(false);
        }
    }
    let mut root = document.pointer(place).unwrap().clone();
    root["components"] = json!({"schemas": schemas});
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&root)
        .unwrap_or_else(|error| panic!("{place}: {error}"))
}

fn pointer(text: &str) -> String {
    text.replace('~', "~0").replace('/', "~1")
}
