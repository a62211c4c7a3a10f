//! The control: arrows that may not be are found, and what may be is left alone.

use super::violations;

#[test]
fn planted_arrows_are_found() {
    for (file, text, expected) in [
        (
            "src/http/webhook.rs",
            "use crate::eventlog::Page;",
            ":1: http may not use eventlog",
        ),
        (
            "src/http/mod.rs",
            "\n\nuse crate::{domain, config::Config};",
            ":3: http may not use config",
        ),
        (
            "src/http/mod.rs",
            "use crate::{\n domain::{id, time},\n ledger::{self, x},\n providers::{a::{b}},\n};",
            ":4: http may not use providers",
        ),
        (
            "src/http/v1/keys.rs",
            "use super::super::super::gateways::G;",
            ":1: http may not use gateways",
        ),
        (
            "src/http/v1/mod.rs",
            "mod tests {\n use super::super::super::eventlog;\n}",
            ":2: http may not use eventlog",
        ),
        (
            "src/ledger/mod.rs",
            "fn f() {\n  let x = g(&[crate::http::Y::new()]);\n}",
            ":2: ledger may not use http",
        ),
        (
            "src/ledger/mod.rs",
            "fn f() { log!(\"{}\", crate::config::X) }",
            ":1: ledger may not use config",
        ),
        (
            "src/ledger/mod.rs",
            "use crate::app::App;",
            ":1: ledger may not use app",
        ),
        (
            "src/providers/kelviq/mod.rs",
            "use crate::gateways as g;",
            ":1: providers may not use gateways",
        ),
        (
            "src/snapshot.rs",
            "pub use crate::eventlog::*;",
            ":1: snapshot may not use eventlog",
        ),
        (
            "src/signature.rs",
            "use crate::clock::Clock;",
            ":1: signature may not use clock",
        ),
        (
            "src/config/env.rs",
            "use crate::clock::Clock;",
            ":1: config may not use clock",
        ),
        (
            "src/domain/fold.rs",
            "impl From<crate::ledger::X> for Y {}",
            ":1: domain may not use ledger",
        ),
        (
            "src/domain/fold.rs",
            "use crate::*;",
            ":1: domain uses `crate::*`, which is no room",
        ),
        (
            "src/domain/fold.rs",
            "use crate::Shortcut;",
            ":1: domain uses `crate::Shortcut`, which is no room",
        ),
        (
            "src/domain/fold.rs",
            "use std::time::{Duration, Instant};",
            ":1: the fold is pure, so domain may not use std::time::Instant",
        ),
        (
            "src/domain/fold.rs",
            "use std::time;\nfn f() { time::SystemTime::now(); }",
            ":2: the fold is pure, so domain may not use SystemTime::now",
        ),
        (
            "src/domain/fold.rs",
            "fn f() { jiff::Timestamp::now(); }",
            ":1: the fold is pure, so domain may not use Timestamp::now",
        ),
        (
            "src/domain/fold.rs",
            "fn f() { ::rand::rng(); }",
            ":1: the fold is pure, so domain may not use rand",
        ),
        (
            "src/domain/fold.rs",
            "fn f() { tracing::info!(\"x\"); }",
            ":1: the fold is pure, so domain may not use tracing",
        ),
        (
            "src/ledger/mod.rs",
            "use actix_web::web;",
            ":1: actix_web is known under http and app alone",
        ),
        (
            "src/main.rs",
            "#[actix_web::main]\nasync fn main() {}",
            ":1: actix_web is known under http and app alone",
        ),
        (
            "src/eventlog/open.rs",
            "use super::engine::{memory, Sled};\nuse sled as x;",
            ":2: sled is known under eventlog/engine alone",
        ),
        (
            "src/eventlog/mod.rs",
            "extern crate sled;",
            ":1: sled is known under eventlog/engine alone",
        ),
        (
            "src/eventlog/record.rs",
            "fn f(x: Vec<sled::IVec>) {}",
            ":1: sled is known under eventlog/engine alone",
        ),
        (
            "src/providers/mod.rs",
            "use {ureq::Agent, std::fmt};",
            ":1: ureq is known under cli and gateways alone",
        ),
        (
            "src/helpers/mod.rs",
            "",
            ":1: the room `helpers` is not in the table of tests/layers.rs",
        ),
    ] {
        assert_eq!(
            violations(file, text),
            [format!("{file}{expected}")],
            "{text}"
        );
    }
}

#[test]
fn what_may_be_is_left_alone() {
    for (file, text) in [
        (
            "src/http/mod.rs",
            "use crate::ledger::{self, query};\nuse crate::domain::id::Tsid;",
        ),
        (
            "src/http/mod.rs",
            "// use crate::eventlog;\n/* crate::config */\nconst X: &str = \"crate::eventlog\";",
        ),
        (
            "src/http/mod.rs",
            "//! [`crate::eventlog`]\npub(crate) fn f(x: &'static str) {}",
        ),
        (
            "src/http/v1/mod.rs",
            "mod tests {\n use super::*;\n use super::super::error;\n}",
        ),
        (
            "src/http/v1/mod.rs",
            "fn f(config: u8) { self.eventlog::<u8>(); config::max(1); }",
        ),
        (
            "src/app.rs",
            "use crate::{eventlog, http, providers};\nuse actix_web::App;",
        ),
        (
            "src/cli/send.rs",
            "use ureq::Agent;\nuse std::time::Instant;",
        ),
        (
            "src/eventlog/open.rs",
            "use super::engine::sled::{self, X};\nfn f() { sled::lock(); }",
        ),
        (
            "src/eventlog/engine/sled/mod.rs",
            "use sled::Db;\npub(in crate::eventlog) fn f() {}",
        ),
        (
            "src/domain/fold.rs",
            "use std::time::Duration;\nuse jiff::Timestamp;\nfn f() { randomly::x(); }",
        ),
    ] {
        assert_eq!(violations(file, text), Vec::<String>::new(), "{text}");
    }
}
