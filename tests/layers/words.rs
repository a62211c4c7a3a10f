//! Words that may not stand in the source: calls that were found to lose data or to hang, and
//! comparisons that tell a forger how near a guess was. Reads text; knows no program.

use std::path::Path;

/// What, and why not.
const FORBIDDEN: [(&str, &str); 7] = [
    ("flush_async", "many at once wait for each other for ever"),
    ("watch_prefix", "it blocks the writer, and leaks"),
    (".transaction(", "one writer and one batch need none"),
    ("expose() ==", "secrets are compared in constant time"),
    ("== tag", "tags are compared in constant time"),
    ("== signature", "signatures are compared in constant time"),
    ("tag ==", "tags are compared in constant time"),
];

/// The first forbidden word of a source text, less its comments and its tests.
fn found(text: &str) -> Option<(usize, &'static str, &'static str)> {
    let program = text.split("#[cfg(test)]\nmod tests").next().unwrap_or(text);
    program.lines().enumerate().find_map(|(at, line)| {
        let code = line.split("//").next().unwrap_or(line);
        let word = FORBIDDEN.iter().find(|(word, _)| code.contains(word))?;
        Some((at + 1, word.0, word.1))
    })
}

fn walk(folder: &Path, seen: &mut usize) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if !path.ends_with("tests") {
                walk(&path, seen);
            }
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            if let Some((line, word, why)) = found(&text) {
                panic!("{}:{line}: `{word}`: {why}", path.display());
            }
            *seen += 1;
        }
    }
}

#[test]
fn no_forbidden_word_is_in_the_source() {
    let mut seen = 0;
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut seen,
    );
    assert!(seen > 50, "{seen} files");
}

#[test]
fn a_forbidden_word_would_be_found() {
    assert_eq!(found("a\n    db.flush_async().await;\n").unwrap().0, 2);
    assert!(found("if tag == other {").is_some());
    assert!(found("// never flush_async").is_none());
    assert!(found("#[cfg(test)]\nmod tests {\n assert!(tag == x) }").is_none());
}
