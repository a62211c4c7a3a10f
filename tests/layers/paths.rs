//! The paths that a Rust source names, with their lines. Knows Rust's words, never the rooms.

use super::tokens::{self, Token};

/// One path of a source.
pub(crate) struct Found {
    pub(crate) target: Target,
    /// The name that an import or a module declaration gives it in this file.
    pub(crate) binds: Option<String>,
    /// From 1.
    pub(crate) line: usize,
}

/// Where a path leads.
pub(crate) enum Target {
    /// Into this crate: the segments after `crate`.
    Inside(Vec<String>),
    /// To another crate, or to a name in scope.
    Outside(Vec<String>),
}

/// The module that a file is: `src/a/b.rs` is `a::b`.
pub(crate) fn module_of(file: &str) -> Vec<String> {
    let bare = file
        .strip_prefix("src/")
        .and_then(|file| file.strip_suffix(".rs"))
        .expect(file);
    let mut module: Vec<String> = bare.split('/').map(str::to_owned).collect();
    if matches!(
        module.last().map(String::as_str),
        Some("mod" | "lib" | "main")
    ) {
        module.pop();
    }
    module
}

/// All paths of a source: imports one by one, and what is written inline, also inside macros.
pub(crate) fn read(text: &str, module: &[String]) -> Vec<Found> {
    let tokens = tokens::read(text);
    let mut found = Vec::new();
    // The module of each open brace.
    let mut modules = vec![module.to_vec()];
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let module = modules
            .last()
            .expect("braces close what they opened")
            .clone();
        let word = |ahead: usize| tokens.get(at + ahead).map_or("", |token| token.text);
        match token.text {
            "use" if word(1) != "<" => {
                let length = tokens[at..]
                    .iter()
                    .take_while(|token| token.text != ";")
                    .count();
                imports(&tokens[at + 1..at + length], &[], &module, &mut found);
                at += length;
            }
            "mod" if word(2) == ";" => {
                let name = word(1).to_owned();
                let target = Target::Inside([&module[..], std::slice::from_ref(&name)].concat());
                found.push(Found {
                    target,
                    binds: Some(name),
                    line: token.line,
                });
                at += 2;
            }
            "mod" if word(2) == "{" => {
                modules.push([&module[..], &[word(1).to_owned()]].concat());
                at += 2;
            }
            "{" => modules.push(module),
            "}" => drop(modules.pop()),
            _ if token.is_word() => {
                let segments = segments(&tokens[at..]);
                at += (segments.len() - 1) * 3;
                let before = &tokens[..at + 3 - segments.len() * 3];
                let is_extern = before.ends_with_words(&["extern", "crate"]);
                if is_extern || (segments.len() > 1 && !continues(before)) {
                    found.push(resolved(segments, token.line, &module));
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// The leaves of a `use` tree.
fn imports(tree: &[Token<'_>], prefix: &[String], module: &[String], found: &mut Vec<Found>) {
    let mut path = prefix.to_vec();
    let own = tree
        .iter()
        .take_while(|token| token.text != "{" && token.text != "as");
    path.extend(
        own.clone()
            .filter(|token| token.is_word() || token.text == "*")
            .map(|token| token.text.to_owned()),
    );
    match tree.get(own.count()..) {
        Some([brace, inner @ .., _]) if brace.text == "{" => {
            for branch in branches(inner) {
                imports(branch, &path, module, found);
            }
        }
        _ => {
            let Some(token) = tree.first() else { return };
            let alias = tree.iter().skip_while(|token| token.text != "as").nth(1);
            let last = path.iter().rfind(|word| *word != "self");
            let binds = alias
                .map(|alias| alias.text.to_owned())
                .or_else(|| last.cloned());
            found.push(Found {
                binds,
                ..resolved(path, token.line, module)
            });
        }
    }
}

/// What the commas outside of inner braces part.
fn branches<'a, 't>(tokens: &'a [Token<'t>]) -> impl Iterator<Item = &'a [Token<'t>]> {
    let mut depth = 0;
    tokens.split(move |token| {
        match token.text {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        token.text == "," && depth == 0
    })
}

/// The words at the start of `tokens` that `::` joins.
fn segments(tokens: &[Token<'_>]) -> Vec<String> {
    let mut segments = vec![tokens[0].text.to_owned()];
    for joined in tokens[1..].chunks_exact(3) {
        if joined[0].text != ":" || joined[1].text != ":" || !joined[2].is_word() {
            break;
        }
        segments.push(joined[2].text.to_owned());
    }
    segments
}

/// Whether a word after `before` goes on with a path (`<T as X>::word`) instead of starting one.
/// A `::` in front of everything starts one.
fn continues(before: &[Token<'_>]) -> bool {
    before.ends_with_words(&["."]) || before.ends_with_words(&[">", ":", ":"])
}

trait EndsWith {
    fn ends_with_words(&self, words: &[&str]) -> bool;
}

impl EndsWith for [Token<'_>] {
    fn ends_with_words(&self, words: &[&str]) -> bool {
        self.len() >= words.len()
            && self[self.len() - words.len()..]
                .iter()
                .zip(words)
                .all(|(a, b)| a.text == *b)
    }
}

/// The path seen from the crate's root.
fn resolved(segments: Vec<String>, line: usize, module: &[String]) -> Found {
    let mut base = match segments.first().map(String::as_str) {
        Some("crate" | "subledger") => Vec::new(),
        Some("self" | "super") => module.to_vec(),
        _ => {
            return Found {
                target: Target::Outside(segments),
                binds: None,
                line,
            };
        }
    };
    for segment in segments {
        match segment.as_str() {
            "crate" | "subledger" | "self" => {}
            "super" => drop(base.pop()),
            _ => base.push(segment),
        }
    }
    Found {
        target: Target::Inside(base),
        binds: None,
        line,
    }
}
