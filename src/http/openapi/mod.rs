//! The interface as OpenAPI 3.1 and as a page, both worked out once from the table of routes and
//! the types that are answered. It knows no route by name.

mod delivery;
mod document;
mod page;
mod pages;
mod problems;

use std::sync::OnceLock;

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use serde_json::Value;

use super::html::HTML;

pub(super) use self::problems::not_yet;

/// Neither changes while the process runs.
const CACHED: (actix_web::http::header::HeaderName, &str) = (CACHE_CONTROL, "no-cache");

/// The whole document.
fn whole() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| document::write(&super::routes()))
}

/// `GET /openapi.json`
pub(super) async fn json() -> HttpResponse {
    static TEXT: OnceLock<String> = OnceLock::new();
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .insert_header(CACHED)
        .body(TEXT.get_or_init(|| whole().to_string()).as_str())
}

/// `GET /docs`
pub(super) async fn html() -> HttpResponse {
    static PAGE: OnceLock<page::Page> = OnceLock::new();
    let page = PAGE.get_or_init(|| page::write(whole()));
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, HTML))
        .insert_header((CONTENT_SECURITY_POLICY, page.policy.as_str()))
        .insert_header(("x-frame-options", "DENY"))
        .insert_header(("referrer-policy", "no-referrer"))
        .insert_header(CACHED)
        .body(page.html.as_str())
}
