//! What must hold for any bytes whatever: one check a file, each of them a plain function of a byte
//! string that panics where it does not hold. The property tests and the fuzzer run the very same
//! functions. They see the program from outside, through its public interface and over HTTP, so
//! nothing is made public for their sake.

mod bodies;
mod config;
mod engine;
mod files;
mod fold;
mod http;
mod page;
mod reader;
mod record;
#[path = "../../engines/rig.rs"]
#[allow(dead_code)]
mod rig;
mod samples;
mod translate;
mod verify;

/// One check, with inputs that reach far into it.
pub struct Target {
    /// The file in `targets/`, and the folder of its corpus.
    pub name: &'static str,
    pub check: fn(&[u8]),
    /// The fuzzer reads them from its corpus.
    #[allow(dead_code)]
    pub seeds: fn() -> Vec<Vec<u8>>,
}

const fn target(name: &'static str, check: fn(&[u8]), seeds: fn() -> Vec<Vec<u8>>) -> Target {
    Target { name, check, seeds }
}

pub const TARGETS: [Target; 11] = [
    target("verify", verify::check, verify::seeds),
    target("translate", translate::check, samples::bodies),
    target("record", record::check, record::seeds),
    target("page", page::check, page::seeds),
    target("fold", fold::check, fold::seeds),
    target("engine", engine::check, engine::seeds),
    target("http_head", http::check_head, http::head_seeds),
    target("http_query", http::check_query, http::query_seeds),
    target("config", config::check, config::seeds),
    target("witness", files::check_witness, files::witness_seeds),
    target(
        "fingerprints",
        files::check_fingerprints,
        files::fingerprint_seeds,
    ),
];

/// The check of that name on one input: what a fuzz target calls.
#[allow(dead_code)]
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("a target of this name").check)(data);
}
