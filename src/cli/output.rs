//! Printing: tables for people, JSON for programs, progress on a terminal.

use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

/// Prints `value` as one JSON document on standard output.
pub(super) fn json<T: Serialize>(value: &T) -> io::Result<()> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::other)?;
    line(format_args!("{text}"))
}

/// Prints a line on standard output. A reader that has seen enough and gone (`… | head`) is no
/// error: the exit code still tells the result.
pub(super) fn line(text: fmt::Arguments<'_>) -> io::Result<()> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}

/// Prints rows under a head, each column as wide as its widest cell.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let widest = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let cells = cells.map(String::as_str).chain(head.get(column).copied());
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(widest).collect();
    let row_of = |cells: &mut dyn Iterator<Item = &str>| {
        let padded = cells
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:<width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    say!("  {}", row_of(&mut head.iter().copied()))?;
    for row in rows {
        say!("  {}", row_of(&mut row.iter().map(String::as_str)))?;
    }
    Ok(())
}

/// `1 plan`, `2 plans`.
pub(super) fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

/// A bar over `total` records on a terminal; nothing elsewhere. Without a total it only counts.
pub(super) fn progress(total: impl Into<Option<u64>>, doing: &'static str) -> ProgressBar {
    let total = total.into();
    let style = match total {
        Some(_) => "{msg} [{bar:40}] {human_pos}/{human_len} {per_sec} eta {eta}",
        None => "{msg} {human_pos} {per_sec}",
    };
    bar(total, style, doing)
}

/// The same over bytes; without a total it only counts.
pub(super) fn bytes(total: Option<u64>, doing: &'static str) -> ProgressBar {
    let style = match total {
        Some(_) => "{msg} [{bar:40}] {bytes}/{total_bytes} {bytes_per_sec} eta {eta}",
        None => "{msg} {bytes} {bytes_per_sec}",
    };
    bar(total, style, doing)
}

fn bar(total: Option<u64>, style: &str, doing: &'static str) -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(total, target);
    if let Ok(style) = ProgressStyle::with_template(style) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.with_message(doing)
}
