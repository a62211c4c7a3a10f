//! Words and signs of a Rust source, without comments, strings and characters. Knows no grammar.

/// A word, or a sign of one letter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    /// From 1.
    pub(crate) line: usize,
}

impl Token<'_> {
    pub(crate) fn is_word(&self) -> bool {
        self.text.starts_with(is_word_letter) && !self.text.starts_with(|c: char| c.is_numeric())
    }
}

/// Reads a whole source.
pub(crate) fn read(text: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while let Some(letter) = rest.chars().next() {
        let skipped = comment(rest).or_else(|| literal(rest));
        let word = rest.find(|c| !is_word_letter(c)).unwrap_or(rest.len());
        let length = skipped.unwrap_or(if word > 0 { word } else { letter.len_utf8() });
        let (token, after) = rest.split_at(length);
        if skipped.is_none() && !letter.is_whitespace() {
            tokens.push(Token { text: token, line });
        }
        line += token.matches('\n').count();
        rest = after;
    }
    tokens
}

fn is_word_letter(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// The length of the comment at the start.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    text.strip_prefix("/*")?;
    let (mut at, mut depth) = (2, 1);
    while depth > 0 && at < text.len() {
        let rest = &text.as_bytes()[at..];
        let step = match rest {
            [b'/', b'*', ..] => 1,
            [b'*', b'/', ..] => -1,
            _ => 0,
        };
        depth += step;
        at += if step == 0 { 1 } else { 2 };
    }
    Some(at)
}

/// The length of the string, character or lifetime at the start.
fn literal(text: &str) -> Option<usize> {
    let prefix = ["br", "cr", "b", "c", "r", ""].into_iter().find(|prefix| {
        text.strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with(['"', '#', '\'']))
    })?;
    let body = &text[prefix.len()..];
    if prefix.ends_with('r') {
        let hashes = body.len() - body.trim_start_matches('#').len();
        let opened = body[hashes..].strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(hashes));
        let end = opened
            .find(&close)
            .map_or(opened.len(), |end| end + close.len());
        return Some(prefix.len() + hashes + 1 + end);
    }
    let quote = body.chars().next().filter(|quote| *quote != '#')?;
    if quote == '\'' && is_lifetime(&body[1..]) {
        return Some(prefix.len() + 1);
    }
    let mut escaped = false;
    for (at, letter) in body.char_indices().skip(1) {
        match letter {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if letter == quote => return Some(prefix.len() + at + 1),
            _ => {}
        }
    }
    Some(text.len())
}

/// Whether a quote before this starts a lifetime: a word that no quote ends after one letter.
fn is_lifetime(after: &str) -> bool {
    let mut letters = after.chars();
    letters.next().is_some_and(is_word_letter) && letters.next() != Some('\'')
}

#[test]
fn comments_and_literals_are_left_out() {
    let text = r####"
        a /* b /* c */ d */ e // f
        "g \" h" r#"i " j"# b'k' '\'' 'l: for<'m> '"' 'n' r##"o"# p"## q"r" br"s" t'
    "####;
    let words: Vec<&str> = read(text)
        .iter()
        .filter(|t| t.is_word())
        .map(|t| t.text)
        .collect();
    assert_eq!(words, ["a", "e", "l", "for", "m", "q", "t"]);
    assert_eq!(read("a\n\"\n\"\nb")[1].line, 4);
}
