//! The log lines of the process: for people on a terminal, as JSON otherwise. Never sees a body, a
//! signature or a secret: those who write lines give ids and sizes alone.

use tracing::Subscriber;
use tracing::subscriber::SetGlobalDefaultError;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// The environment variable with the levels to show.
pub const LEVELS_VARIABLE: &str = "RUST_LOG";
/// What is shown where nothing else is asked for.
/// The HTTP library's own start-up lines say nothing that ours do not.
const DEFAULT_LEVELS: &str = "info,actix_server=warn";

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

/// Sends the process's log lines to `sink`. `levels` is the text of `RUST_LOG`, if it is set.
///
/// # Errors
/// The levels cannot be read, or lines go somewhere already.
pub fn init<W>(format: Format, levels: Option<&str>, sink: W) -> Result<(), TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    Ok(tracing::subscriber::set_global_default(subscriber(
        format, levels, sink,
    )?)?)
}

/// A subscriber that writes to `sink`, for [`init`] and for tests.
///
/// # Errors
/// The levels cannot be read.
pub fn subscriber<W>(
    format: Format,
    levels: Option<&str>,
    sink: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let levels = levels
        .filter(|text| !text.trim().is_empty())
        .unwrap_or(DEFAULT_LEVELS);
    let filter = EnvFilter::try_new(levels).map_err(TelemetryError::Levels)?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(sink);
    Ok(match format {
        Format::Human => Box::new(lines.with_target(false).finish()),
        Format::Json => Box::new(
            lines
                .json()
                .flatten_event(true)
                .with_span_list(false)
                .finish(),
        ),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::io::Write;
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

    fn lines(format: Format, levels: Option<&str>, work: fn()) -> String {
        let captured = Captured::default();
        let sink = captured.clone();
        let subscriber = subscriber(format, levels, move || sink.clone()).unwrap();
        tracing::subscriber::with_default(subscriber, work);
        let bytes = captured.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    fn two_lines() {
        tracing::info!(seq = 42, "recorded");
        tracing::debug!("seen");
    }

    #[test]
    fn collectors_get_one_object_a_line() {
        let written = lines(Format::Json, None, two_lines);
        assert_eq!(written.lines().count(), 1, "{written}");
        let line: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!((&line["seq"], &line["level"]), (&42.into(), &"INFO".into()));
        assert_eq!(line["message"], "recorded");
    }

    #[test]
    fn people_get_one_line() {
        let written = lines(Format::for_terminal(true), Some(" "), two_lines);
        assert_eq!(written.lines().count(), 1, "{written}");
        assert!(written.contains("recorded"), "{written}");
    }

    #[test]
    fn levels_are_respected() {
        assert_eq!(
            lines(Format::Json, Some("debug"), two_lines)
                .lines()
                .count(),
            2
        );
        assert_eq!(lines(Format::Json, Some("off"), two_lines), "");
        let refused = subscriber(Format::Json, Some("a=b=c"), std::io::sink)
            .err()
            .unwrap();
        assert!(refused.to_string().contains("RUST_LOG"));
    }
}
