//! The documentation against the source: every error code and every route is described, every test
//! that is named exists, and every link leads somewhere. Reads files as text and starts nothing.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The string literals of a text that has no escapes in them.
fn literals(text: &str) -> impl Iterator<Item = &str> {
    text.split('"').skip(1).step_by(2)
}

/// What stands between two backticks on a line, line by line.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// The part of a text from a heading to the next of its level.
fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let (_, rest) = text.split_once(heading).unwrap();
    rest.split("\n## ").next().unwrap()
}

/// The codes of `src/http/error.rs`: each is the literal after its status.
fn codes(source: &str) -> BTreeSet<&str> {
    let after_status = source.split("StatusCode::").skip(1);
    after_status
        .filter(|text| {
            text.split_once(',')
                .is_some_and(|(_, rest)| rest.trim_start().starts_with('"'))
        })
        .filter_map(|text| literals(text).next())
        .collect()
}

/// The first column of a table, less its backticks.
fn first_column(text: &str) -> BTreeSet<&str> {
    text.lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .filter(|word| *word != "code")
        .collect()
}

/// Every file under a folder with that ending.
fn files(folder: &Path, ending: &str, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, ending, into);
        } else if path.extension().is_some_and(|found| found == ending) {
            into.push(path);
        }
    }
}

#[test]
fn every_error_code_is_described_and_no_other() {
    let (source, api) = (read("src/http/error.rs"), read("docs/api.md"));
    let (known, described) = (codes(&source), first_column(section(&api, "\n## Errors\n")));
    assert!(
        known.contains("unavailable"),
        "the codes are found: {known:?}"
    );
    assert_eq!(known, described);
}

#[test]
fn every_path_is_described() {
    let api = read("docs/api.md");
    for route in subledger::http::routes() {
        let call = format!("{} {}", route.method, route.path);
        assert!(
            quoted(&api).any(|text| text == call),
            "docs/api.md does not describe {call}"
        );
    }
}

#[test]
fn every_test_that_is_named_exists() {
    let mut sources = Vec::new();
    for folder in ["src", "tests"] {
        files(&root().join(folder), "rs", &mut sources);
    }
    let sources: Vec<String> = sources
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect();
    let (durability, testing) = (read("docs/durability.md"), read("docs/testing.md"));
    let tables = [
        section(&durability, "\n## Each rule and its test\n"),
        section(&testing, "\n## Where tests live\n"),
        section(&testing, "\n## Each subject and its test\n"),
    ];
    let names = tables.into_iter().flat_map(quoted);
    let names = names.filter(|word| word.contains('_') && !word.contains('/'));
    let names: Vec<&str> = names.collect();
    assert!(names.len() > 20, "the names are found: {names:?}");
    for name in names {
        // The fuzzer's checks are declared by a macro.
        let declared = [format!("fn {name}("), format!(" {name}: \"")];
        let is_declared = |text: &String| declared.iter().any(|how| text.contains(how));
        assert!(sources.iter().any(is_declared), "there is no test {name}");
    }
}

#[test]
fn every_link_leads_to_a_file() {
    let mut pages = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    for folder in ["docs", "sample-events"] {
        files(&root().join(folder), "md", &mut pages);
    }
    let mut seen = 0;
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let links = text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.contains("://") && !link.starts_with('#')) {
            let path = link.split('#').next().unwrap();
            assert!(
                page.parent().unwrap().join(path).exists(),
                "{}: {link}",
                page.display()
            );
            seen += 1;
        }
    }
    assert!(seen > 10, "the links are found");
}
