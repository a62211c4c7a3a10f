//! Every line that this process logs, also while other tests run: there is one log in a process.

use std::io::{self, Write};
use std::sync::LazyLock;

use parking_lot::Mutex;
use subledger::telemetry::{self, Format};

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static BEGUN: LazyLock<()> = LazyLock::new(|| {
    telemetry::init(Format::Json, "debug", || Sink).unwrap();
});

struct Sink;

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Begins to listen.
pub fn begin() {
    LazyLock::force(&BEGUN);
}

/// What was logged since the first [`begin`].
pub fn said() -> String {
    String::from_utf8_lossy(&LINES.lock()).into_owned()
}
