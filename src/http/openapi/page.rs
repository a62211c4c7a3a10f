//! The document as a page to read: one HTML text with its style inside, no script, nothing fetched.
//! It knows only the document.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::http::html::{escape, hash_of};

const STYLE: &str = include_str!("style.css");

/// The page, and what a browser may do with it.
pub(super) struct Page {
    pub(super) html: String,
    /// Nothing is loaded and nothing runs; the style is known by its hash.
    pub(super) policy: String,
}

/// Writes the page of an OpenAPI document.
pub(super) fn write(document: &Value) -> Page {
    let mut out = String::new();
    let title = text(document, "/info/title");
    let _ = write!(
        out,
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}: the API</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <style>{STYLE}</style></head><body><h1>{title}</h1><p>{}</p>{}",
        text(document, "/info/summary"),
        prose(raw(document, "/info/description")),
    );
    let start = "LEDGER=http://127.0.0.1:8080   # where this page came from\nKEY=sl_…                       # a key";
    let _ = write!(
        out,
        "<p>The examples take two variables. The whole of this page as a document for programs: \
         <a href=\"openapi.json\">openapi.json</a>.</p><pre>{}</pre><h2>Keys</h2>{}",
        escape(start),
        prose(raw(
            document,
            "/components/securitySchemes/bearer/description"
        )),
    );
    contents(&mut out, document);
    for tag in array(document, "/tags") {
        let name = raw(tag, "/name");
        let _ = write!(
            out,
            "<h2>{}</h2><p>{}</p>",
            escape(name),
            text(tag, "/description")
        );
        for (path, method, operation) in operations(document) {
            if raw(operation, "/tags/0") == name {
                section(&mut out, path, method, operation, document);
            }
        }
    }
    schemas(&mut out, document);
    out.push_str("</body></html>\n");
    let hash = hash_of(STYLE);
    Page {
        html: out,
        policy: format!(
            "default-src 'none'; style-src {hash}; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        ),
    }
}

fn contents(out: &mut String, document: &Value) {
    out.push_str("<h2>Contents</h2><nav><ul>");
    for (path, method, operation) in operations(document) {
        let _ = write!(
            out,
            "<li><a href=\"#{}\"><code>{} {}</code></a> {}</li>",
            text(operation, "/operationId"),
            method.to_uppercase(),
            escape(path),
            text(operation, "/summary"),
        );
    }
    out.push_str("</ul></nav>");
}

fn section(out: &mut String, path: &str, method: &str, operation: &Value, document: &Value) {
    let _ = write!(
        out,
        "<h3 id=\"{}\"><span class=\"method\">{}</span>{}</h3><p>{}. <span class=\"soft\">{}</span></p>",
        text(operation, "/operationId"),
        method.to_uppercase(),
        escape(path),
        text(operation, "/summary"),
        inline(raw(operation, "/description")),
    );
    for sample in array(operation, "/x-codeSamples") {
        let _ = write!(out, "<pre>{}</pre>", text(sample, "/source"));
    }
    let parameters = array(operation, "/parameters");
    if !parameters.is_empty() {
        out.push_str("<h4>Parameters</h4><table>");
        for parameter in parameters {
            let _ = write!(
                out,
                "<tr><td><code>{}</code></td><td>{}, {}</td><td>{}</td></tr>",
                text(parameter, "/name"),
                text(parameter, "/in"),
                kind(parameter.get("schema").unwrap_or(&Value::Null)),
                inline(raw(parameter, "/description")),
            );
        }
        out.push_str("</table>");
    }
    if let Some(content) = object(operation, "/requestBody/content") {
        out.push_str("<h4>Body</h4>");
        media(out, content, document);
    }
    out.push_str("<h4>Answers</h4>");
    for (status, answer) in object(operation, "/responses").into_iter().flatten() {
        let _ = write!(
            out,
            "<details><summary><code>{status}</code> {}</summary>",
            inline(raw(answer, "/description")),
        );
        if let Some(content) = object(answer, "/content") {
            media(out, content, document);
        }
        out.push_str("</details>");
    }
}

fn media(out: &mut String, content: &Map<String, Value>, document: &Value) {
    for (media_type, held) in content {
        let schema = held.get("schema").unwrap_or(&Value::Null);
        let _ = write!(
            out,
            "<p class=\"soft\"><code>{}</code> {}</p>",
            escape(media_type),
            kind(schema)
        );
        if let Some(example) = held.get("example") {
            let _ = write!(out, "<pre>{}</pre>", pretty(example));
        }
        for (code, _) in object(held, "/examples").into_iter().flatten() {
            let example = document.pointer(&format!("/components/examples/{code}/value"));
            let _ = write!(
                out,
                "<pre>{}</pre>",
                pretty(example.unwrap_or(&Value::Null))
            );
        }
    }
}

fn schemas(out: &mut String, document: &Value) {
    out.push_str("<h2>Shapes</h2>");
    for (name, schema) in object(document, "/components/schemas")
        .into_iter()
        .flatten()
    {
        let _ = write!(
            out,
            "<h3 id=\"schema-{0}\">{0}</h3><p>{1}</p>",
            escape(name),
            inline(raw(schema, "/description")),
        );
        match object(schema, "/properties") {
            Some(properties) => {
                out.push_str("<table>");
                for (field, schema) in properties {
                    let _ = write!(
                        out,
                        "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                        escape(field),
                        kind(schema),
                        inline(raw(schema, "/description")),
                    );
                }
                out.push_str("</table>");
            }
            None => {
                let _ = write!(out, "<p>{}</p>", kind(schema));
            }
        }
    }
}

/// What a schema allows, in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = raw(schema, "/$ref")
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty())
    {
        return format!("<a href=\"#schema-{0}\">{0}</a>", escape(name));
    }
    let all = ["/oneOf", "/anyOf", "/allOf"].map(|place| array(schema, place));
    let joined: Vec<String> = all
        .into_iter()
        .flatten()
        .map(kind)
        .filter(|kind| !kind.is_empty())
        .collect();
    let mut words = match schema.get("type") {
        Some(Value::String(word)) => escape(word),
        Some(Value::Array(words)) => {
            let words = words.iter().filter_map(Value::as_str);
            words.map(escape).collect::<Vec<_>>().join(" or ")
        }
        _ => String::new(),
    };
    if let Some(constant) = schema.get("const") {
        words = format!("<code>{}</code>", pretty(constant));
    }
    let choices = array(schema, "/enum")
        .iter()
        .map(|word| format!("<code>{}</code>", pretty(word)));
    let choices: Vec<String> = choices.collect();
    if !choices.is_empty() {
        words = choices.join(" ");
    }
    if let Some(items) = schema.get("items") {
        words = format!("list of {}", kind(items));
    }
    if !joined.is_empty() {
        words = joined.join(" or ");
    }
    words
}

fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = object(document, "/paths").into_iter().flatten();
    paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().into_iter().flatten();
        methods.map(move |(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

/// Blank lines part paragraphs; lines that begin with `- ` are a list.
fn prose(markdown: &str) -> String {
    let mut out = String::new();
    for block in markdown.trim().split("\n\n") {
        if block.starts_with("- ") {
            out.push_str("<ul>");
            for item in block.lines() {
                let _ = write!(out, "<li>{}</li>", inline(item.trim_start_matches("- ")));
            }
            out.push_str("</ul>");
        } else {
            let _ = write!(out, "<p>{}</p>", inline(block));
        }
    }
    out
}

/// What stands between backticks is code.
fn inline(markdown: &str) -> String {
    let mut out = String::new();
    for (place, part) in markdown.split('`').enumerate() {
        if place % 2 == 1 {
            let _ = write!(out, "<code>{}</code>", escape(part));
        } else {
            out.push_str(&escape(part));
        }
    }
    out
}

fn pretty(value: &Value) -> String {
    match value.as_str() {
        Some(text) => escape(text),
        None => escape(&serde_json::to_string_pretty(value).unwrap_or_default()),
    }
}

fn text(value: &Value, pointer: &str) -> String {
    escape(raw(value, pointer))
}

fn raw<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

fn array<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    let found = value.pointer(pointer).and_then(Value::as_array);
    found.map(Vec::as_slice).unwrap_or_default()
}

fn object<'a>(value: &'a Value, pointer: &str) -> Option<&'a Map<String, Value>> {
    value.pointer(pointer).and_then(Value::as_object)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_in_the_document_becomes_markup() {
        let nasty = "<script>alert('x')</script>\"&";
        let operation = json!({"operationId": nasty, "summary": nasty, "tags": ["t"],
            "description": nasty, "parameters": [{"name": nasty, "in": "query",
            "description": nasty, "schema": {"type": nasty}}],
            "responses": {"200": {"description": nasty, "content": {nasty: {"example": nasty}}}}});
        let document = json!({"info": {"title": nasty, "summary": nasty, "description": nasty},
            "tags": [{"name": "t", "description": nasty}],
            "paths": {nasty: {"get": operation}},
            "components": {"schemas": {nasty: {"description": nasty, "type": nasty}}}});
        let page = write(&document);
        assert!(page.html.contains("&lt;script&gt;"));
        assert!(!page.html.contains("<script"), "{}", page.html);
    }
}
