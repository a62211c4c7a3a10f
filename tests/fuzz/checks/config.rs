//! Any text is a configuration or is refused with one sentence, the same each time; and so is each
//! of its sources.

use subledger::config::Config;
use subledger::providers;

/// Lines before this one are environment variables.
const DIVIDER: &str = "\n---\n";
/// A sentence, also where it lists what is known.
const SENTENCE_CHARS_MAX: usize = 2_000;

pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let (variables, text) = text.split_once(DIVIDER).unwrap_or(("", &text));
    let pairs = variables.lines().filter_map(|line| line.split_once('='));
    let pairs: Vec<_> = pairs
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let parse = || Config::parse("some.toml", text, pairs.iter().cloned());
    match (parse(), parse()) {
        (Ok(config), Ok(_)) => sources(&config),
        (Err(error), Err(again)) => {
            assert_eq!(error, again);
            sentence(&error.to_string());
        }
        _ => panic!("refused once and taken once"),
    }
}

fn sources(config: &Config) {
    let env =
        |name: &str| (name.len().is_multiple_of(2)).then(|| "a-secret-from-outside".to_owned());
    let file = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
    for (name, source) in &config.sources {
        if let Err(error) = providers::build(&source.provider, source.settings.clone(), &env, &file)
        {
            sentence(
                &config
                    .refuse_source(name, &error.key, &error.message)
                    .to_string(),
            );
        }
    }
}

fn sentence(text: &str) {
    let is_one = !text.is_empty() && text.chars().count() <= SENTENCE_CHARS_MAX;
    assert!(is_one && !text.contains('\n'), "no sentence: {text:?}");
}

pub fn seeds() -> Vec<Vec<u8>> {
    let shipped = include_str!("../../../config.toml");
    let over = format!("SUBLEDGER__SERVER__BIND=0.0.0.0:1{DIVIDER}{shipped}");
    let tables = shipped
        .split("\n[")
        .skip(1)
        .map(|table| format!("[{table}").into_bytes());
    let whole = [shipped.to_owned().into_bytes(), over.into_bytes()];
    whole.into_iter().chain(tables).collect()
}
