//! Fuzzes the check `page`; knows nothing but its name.
#![no_main]

#[path = "../checks/mod.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::run("page", data));
