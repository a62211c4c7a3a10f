//! Routes for browsers, as the document has them: forms, pages, and answers that lead elsewhere.

use serde_json::{Map, Value, json};

use super::document::header;
use crate::http::html::HTML;
use crate::http::routes::{Answer, Asked};

const MISUNDERSTOOD: &str = "A page that says so: the form says no action, or several.";
const UNKNOWN: &str = "A page that says so: there is no such checkout.";
const NOT_NOW: &str = "A page that says so: it cannot be recorded now.";
const OVER: &str = "It is over, and leads on.";

/// The media type of what a route takes.
pub(super) const fn media_type(asked: Asked) -> &'static str {
    if matches!(asked, Asked::Form(_)) {
        "application/x-www-form-urlencoded"
    } else {
        "application/json"
    }
}

/// What the answer where all is well brings.
pub(super) fn headers(answer: Answer) -> Map<String, Value> {
    if matches!(answer, Answer::Onwards) {
        location()
    } else {
        Map::new()
    }
}

/// The other answers of a route for browsers.
pub(super) fn responses(answer: Answer) -> Map<String, Value> {
    let mut found = Map::new();
    let mut add = |status: &str, response: Value| found.insert(status.to_owned(), response);
    let page = |text: &str| json!({"description": text, "content": {HTML: {"schema": {"type": "string"}}}});
    if matches!(answer, Answer::Page) {
        add("303", json!({"description": OVER, "headers": location()}));
        add("404", page(UNKNOWN));
    }
    if matches!(answer, Answer::Onwards) {
        add("400", page(MISUNDERSTOOD));
        add("404", page(UNKNOWN));
        add("503", page(NOT_NOW));
    }
    found
}

/// Adds a page to what else is answered with the same status.
pub(super) fn add(refusal: &mut Value, page: &Value) {
    let shown = page.get("content").and_then(Value::as_object);
    let told = refusal.get_mut("content").and_then(Value::as_object_mut);
    if let (Some(told), Some(shown)) = (told, shown) {
        told.extend(shown.clone());
    }
}

fn location() -> Map<String, Value> {
    let written = header("Where to go.", json!({"type": "string"}));
    [("Location".to_owned(), written)].into_iter().collect()
}
