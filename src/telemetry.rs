//! The log lines of the process: for people on a terminal, as JSON otherwise. Never sees a body, a
//! signature or a secret: those who write lines give ids and sizes alone.

use std::io::{self, Write};

use tracing::Subscriber;
use tracing::subscriber::SetGlobalDefaultError;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// The environment variable with the levels to show.
pub const LEVELS_VARIABLE: &str = "RUST_LOG";

/// How a line looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One line for people, in colour unless `NO_COLOR` is set.
    Human,
    /// One JSON object a line, for collectors.
    Json,
}

impl Format {
    /// The format for a stream that is a terminal, or is not.
    #[must_use]
    pub const fn for_terminal(is_terminal: bool) -> Self {
        if is_terminal { Self::Human } else { Self::Json }
    }
}

/// Why there are no log lines.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The levels cannot be read.
    #[error("{LEVELS_VARIABLE} holds no levels; write `info`, or `warn,subledger=debug`")]
    Levels(#[source] tracing_subscriber::filter::ParseError),
    /// Lines go somewhere already.
    #[error("log lines are set up twice in one process")]
    Twice(#[from] SetGlobalDefaultError),
}

/// The way to show more or less while the process runs.
pub struct Levels(Box<dyn Fn(EnvFilter) -> bool + Send + Sync>);

impl Levels {
    /// From now on lines of these levels are shown.
    ///
    /// # Errors
    /// The levels cannot be read; the old ones stay.
    pub fn set(&self, levels: &str) -> Result<(), TelemetryError> {
        let filter = EnvFilter::try_new(levels).map_err(TelemetryError::Levels)?;
        // It fails only where the subscriber is gone, and nobody is left to show lines to.
        let _ = (self.0)(filter);
        Ok(())
    }
}

/// The levels that are meant by one word, such as `debug`.
/// The HTTP library's own start-up lines say nothing that ours do not.
#[must_use]
pub fn levels_of(word: &str) -> String {
    format!("{word},actix_server=warn")
}

/// Sends the process's log lines to `sink`. `levels` is written as in `RUST_LOG`.
///
/// # Errors
/// The levels cannot be read, or lines go somewhere already.
pub fn init<W>(format: Format, levels: &str, sink: W) -> Result<Levels, TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let (subscriber, levels) = subscriber(format, levels, sink)?;
    tracing::subscriber::set_global_default(subscriber)?;
    Ok(levels)
}

/// A subscriber that writes to `sink`, for [`init`] and for tests.
///
/// # Errors
/// The levels cannot be read.
pub fn subscriber<W>(
    format: Format,
    levels: &str,
    sink: W,
) -> Result<(Box<dyn Subscriber + Send + Sync>, Levels), TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::try_new(levels).map_err(TelemetryError::Levels)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(OneLine(sink));
    Ok(match format {
        Format::Human => {
            let lines = lines.with_target(false).with_filter_reloading();
            let handle = lines.reload_handle();
            let levels = Levels(Box::new(move |filter| handle.reload(filter).is_ok()));
            (Box::new(lines.finish()), levels)
        }
        Format::Json => {
            let lines = lines.json().flatten_event(true).with_span_list(false);
            let lines = lines.with_filter_reloading();
            let handle = lines.reload_handle();
            let levels = Levels(Box::new(move |filter| handle.reload(filter).is_ok()));
            (Box::new(lines.finish()), levels)
        }
    })
}

/// Writes each event as one line that reads as it was written: what would break a line, turn its
/// direction or drive a terminal is shown as `\u202e` is in JSON. The formatter's own colours pass;
/// a value that holds one of them colours itself, and no more.
struct OneLine<M>(M);

struct OneLineWriter<W>(W);

impl<'w, M: MakeWriter<'w>> MakeWriter<'w> for OneLine<M> {
    type Writer = OneLineWriter<M::Writer>;

    fn make_writer(&'w self) -> Self::Writer {
        OneLineWriter(self.0.make_writer())
    }
}

impl<W: Write> Write for OneLineWriter<W> {
    /// The formatter hands over a whole event at once.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        if line.contains(is_unprintable) {
            let mut shown = String::with_capacity(text.len());
            for (at, c) in line.char_indices() {
                let rest = line.get(at..).unwrap_or_default();
                if is_unprintable(c) && !COLOURS.iter().any(|colour| rest.starts_with(colour)) {
                    shown.push_str(&format!("\\u{:04x}", u32::from(c)));
                } else {
                    shown.push(c);
                }
            }
            shown.push('\n');
            self.0.write_all(shown.as_bytes())?;
        } else {
            self.0.write_all(event)?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// What the formatter writes for people: plain, bold, faint, italic, and a colour a level.
const COLOURS: [&str; 9] = [
    "\u{1b}[0m",
    "\u{1b}[1m",
    "\u{1b}[2m",
    "\u{1b}[3m",
    "\u{1b}[31m",
    "\u{1b}[32m",
    "\u{1b}[33m",
    "\u{1b}[34m",
    "\u{1b}[35m",
];

/// Ends of lines and all other control characters but the tab, and marks that turn the
/// direction of writing (UAX #9 §2).
const fn is_unprintable(c: char) -> bool {
    matches!(
        c,
        '\u{0}'..='\u{8}' | '\u{a}'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Captured(Arc<Mutex<Vec<u8>>>);

    impl Write for Captured {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn lines(format: Format, levels: &str, work: fn()) -> String {
        lines_after(format, levels, |_| work())
    }

    fn lines_after(format: Format, levels: &str, work: impl FnOnce(&Levels)) -> String {
        let captured = Captured::default();
        let sink = captured.clone();
        let (subscriber, levels) = subscriber(format, levels, move || sink.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, || work(&levels));
        let bytes = captured.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn two_lines() {
        tracing::info!(seq = 42, "recorded");
        tracing::debug!("seen");
    }

    #[test]
    fn collectors_get_one_object_a_line() {
        let written = lines(Format::Json, &levels_of("info"), two_lines);
        assert_eq!(written.lines().count(), 1, "{written}");
        let line: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!((&line["seq"], &line["level"]), (&42.into(), &"INFO".into()));
        assert_eq!(line["message"], "recorded");
    }

    #[test]
    fn people_get_one_line() {
        let written = lines(Format::for_terminal(true), "info", two_lines);
        assert_eq!(written.lines().count(), 1, "{written}");
        assert!(written.contains("recorded"), "{written}");
    }

    #[test]
    fn levels_are_respected_and_can_change() {
        assert_eq!(lines(Format::Json, "debug", two_lines).lines().count(), 2);
        assert_eq!(lines(Format::Json, "off", two_lines), "");
        for format in [Format::Json, Format::Human] {
            let written = lines_after(format, "warn", |levels| {
                two_lines();
                levels.set("debug").unwrap();
                two_lines();
                assert!(levels.set("a=b=c").is_err());
                two_lines();
            });
            assert_eq!(written.lines().count(), 4, "{written}");
        }
        let refused = subscriber(Format::Json, "a=b=c", std::io::sink)
            .err()
            .unwrap();
        assert!(refused.to_string().contains("RUST_LOG"));
    }

    /// Whatever a value holds, its line is one line, and says where it came from.
    #[test]
    fn a_value_cannot_write_a_line_of_its_own() {
        let hostile = "a\r\nINFO forged\u{1b}[2J\u{1b}[8m\u{9b}2J\u{202e}lla\u{2028}\u{7f}";
        for format in [Format::Json, Format::Human] {
            let captured = lines_after(format, "trace", |_| {
                tracing::info!(quoted = hostile, shown = %hostile, "of a message {hostile}");
            });
            let line = captured.strip_suffix('\n').unwrap();
            let plain = COLOURS
                .iter()
                .fold(line.to_owned(), |line, colour| line.replace(colour, ""));
            assert!(!plain.contains(is_unprintable), "{format:?}: {line:?}");
            assert!(line.contains("\\u202e"), "{format:?}: {line:?}");
            if format == Format::Json {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                assert_eq!(line["quoted"], hostile);
            }
        }
    }
}
