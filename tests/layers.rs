//! The rooms of `src/` and the arrows between them: fails with file and line on an import that
//! points up or sideways, or that brings a clock, chance or the outside world into the domain.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::path::Path;

#[path = "layers/paths.rs"]
mod paths;
#[path = "layers/planted.rs"]
mod planted;
#[path = "layers/tokens.rs"]
mod tokens;
#[path = "layers/words.rs"]
mod words;

/// A room, and the rooms that it may use besides itself.
const ROOMS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("telemetry", &[]),
    ("histogram", &[]),
    ("note", &[]),
    ("signature", &["domain"]),
    ("clock", &["domain"]),
    ("config", &["domain"]),
    ("providers", &["domain", "signature", "clock"]),
    ("gateways", &["domain", "signature", "clock"]),
    ("eventlog", &["domain", "signature", "clock", "histogram"]),
    ("snapshot", &["domain", "signature", "clock"]),
    (
        "ledger",
        &[
            "providers",
            "gateways",
            "eventlog",
            "snapshot",
            "domain",
            "signature",
            "clock",
            "histogram",
            "note",
        ],
    ),
    (
        "http",
        &["ledger", "domain", "signature", "clock", "histogram"],
    ),
];

/// The rooms that wire the others together; they may use all. The empty one is `lib.rs` and
/// `main.rs`.
const WIRING: &[&str] = &["", "app", "cli"];

/// Crates that are known in a few places only, so that they can be exchanged there.
const CRATES: &[(&str, &[&[&str]])] = &[
    ("actix_web", &[&["http"], &["app"]]),
    ("sled", &[&["eventlog", "engine"]]),
    ("ureq", &[&["cli"], &["gateways"]]),
];

/// What would make the fold depend on more than its events.
const IMPURE: &[&str] = &[
    "rand",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "tokio",
    "tracing",
];

/// The same, however the type was imported.
const CLOCKS: &[&str] = &[
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
];

/// Every arrow of one file that may not be, as `file:line: why`.
fn violations(file: &str, text: &str) -> Vec<String> {
    let module = paths::module_of(file);
    let room = module.first().map_or("", String::as_str);
    let allowed = ROOMS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, allowed)| *allowed);
    if allowed.is_none() && !WIRING.contains(&room) {
        return vec![format!(
            "{file}:1: the room `{room}` is not in the table of tests/layers.rs"
        )];
    }
    let found = paths::read(text, &module);
    let is_crate = |name: &str| CRATES.iter().any(|(listed, _)| *listed == name);
    // A module of ours may have a crate's name; where one is in scope, it is the one that is meant.
    let locals: Vec<&String> = found
        .iter()
        .filter(|path| !matches!(&path.target, paths::Target::Outside(way) if is_crate(&way[0])))
        .filter_map(|path| path.binds.as_ref())
        .collect();
    let complaints = found.iter().filter_map(|path| {
        let why = match &path.target {
            paths::Target::Inside(inside) => refused_room(room, allowed, inside)?,
            paths::Target::Outside(outside)
                if is_crate(&outside[0]) && locals.contains(&&outside[0]) =>
            {
                return None;
            }
            paths::Target::Outside(outside) => refused_crate(room, &module, outside)?,
        };
        Some(format!("{file}:{}: {why}", path.line))
    });
    let mut complaints: Vec<String> = complaints.collect();
    complaints.dedup();
    complaints
}

fn refused_room(room: &str, allowed: Option<&[&str]>, inside: &[String]) -> Option<String> {
    let allowed = allowed?;
    let used = inside.first()?.as_str();
    let is_room = ROOMS.iter().any(|(name, _)| *name == used) || WIRING.contains(&used);
    if !is_room {
        return Some(format!("{room} uses `crate::{used}`, which is no room"));
    }
    let fine = used == room || allowed.contains(&used);
    (!fine).then(|| format!("{room} may not use {used}"))
}

fn refused_crate(room: &str, module: &[String], outside: &[String]) -> Option<String> {
    let (name, homes) = CRATES
        .iter()
        .find(|(name, _)| outside.first().is_some_and(|first| first == name))
        .copied()
        .unwrap_or(("", &[]));
    let at_home =
        |home: &&[&str]| home.iter().zip(module).filter(|(a, b)| a == b).count() == home.len();
    if !name.is_empty() && !homes.iter().any(at_home) {
        let homes: Vec<String> = homes.iter().map(|home| home.join("/")).collect();
        return Some(format!(
            "{name} is known under {} alone",
            homes.join(" and ")
        ));
    }
    let written = outside.join("::");
    let under = |prefix: &&&str| {
        written
            .strip_prefix(**prefix)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let clock = |clock: &&&str| written == **clock || written.ends_with(&format!("::{clock}"));
    let impure = IMPURE
        .iter()
        .find(under)
        .or_else(|| CLOCKS.iter().find(clock))?;
    (room == "domain").then(|| format!("the fold is pure, so domain may not use {impure}"))
}

/// The files under a folder, as `src/a/b.rs`.
fn sources(folder: &Path, name: &str, into: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = format!("{name}/{}", entry.file_name().into_string().unwrap());
        if entry.file_type().unwrap().is_dir() {
            sources(&entry.path(), &name, into);
        } else if name.ends_with(".rs") {
            into.push((name, std::fs::read_to_string(entry.path()).unwrap()));
        }
    }
}

#[test]
fn no_arrow_points_up_or_sideways() {
    let mut files = Vec::new();
    sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        "src",
        &mut files,
    );
    files.sort();
    let arrows = |(file, text): &(String, String)| paths::read(text, &paths::module_of(file)).len();
    assert!(
        files.iter().map(arrows).sum::<usize>() > files.len(),
        "nothing was read"
    );
    let found: Vec<String> = files
        .iter()
        .flat_map(|(file, text)| violations(file, text))
        .collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn the_table_itself_has_no_way_around_in_a_circle() {
    // Kahn's order: each round takes the rooms whose uses have all been taken.
    let mut left: Vec<_> = ROOMS.to_vec();
    while !left.is_empty() {
        let names: Vec<&str> = left.iter().map(|(name, _)| *name).collect();
        let before = left.len();
        left.retain(|(_, uses)| uses.iter().any(|used| names.contains(used)));
        assert!(left.len() < before, "a circle among {names:?}");
    }
}
