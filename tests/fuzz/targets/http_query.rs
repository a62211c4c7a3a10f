//! Fuzzes the check `http_query`; knows nothing but its name.
#![no_main]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::run("http_query", data));
