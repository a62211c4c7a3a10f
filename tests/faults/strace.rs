//! Runs a child under strace, to make its system calls fail, wait or kill it, and to write down in
//! which order they came. Knows calls and files, nothing of the ledger.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What shows when something was written, made durable and answered.
const CALLS: &str = "trace=pwrite64,fdatasync,fsync,sync_file_range,write,writev,sendto,openat";

pub struct Strace {
    trace: PathBuf,
    rule: Option<String>,
}

impl Strace {
    /// Only watches.
    pub fn watching(trace: PathBuf) -> Self {
        Self { trace, rule: None }
    }

    /// `rule` as strace's `inject=` takes it, such as `fdatasync:error=EIO:when=3`. strace counts
    /// calls for each thread by itself.
    pub fn injecting(trace: PathBuf, rule: String) -> Self {
        Self {
            trace,
            rule: Some(rule),
        }
    }

    /// The command that runs `binary`. `-D` keeps the child ours and makes strace its companion.
    pub fn command(&self, binary: &str) -> Command {
        let mut command = Command::new("strace");
        command.args(["-D", "-f", "-q", "-y", "-s", "64", "-e", CALLS]);
        command.args(["-e", "signal=none"]);
        if let Some(rule) = &self.rule {
            command.arg("-e").arg(format!("inject={rule}"));
        }
        command.arg("-o").arg(&self.trace).arg(binary);
        command
    }

    pub fn text(&self) -> String {
        fs::read_to_string(&self.trace).unwrap()
    }

    /// Whether the fault took place: a fault that never came proves nothing.
    pub fn has_injected(&self) -> bool {
        let text = self.text();
        text.contains("(INJECTED)") || text.contains("(DELAYED)")
    }

    /// Whether it took place in a call on `path`.
    pub fn has_injected_on(&self, path: &Path) -> bool {
        let file = format!("<{}>", path.display());
        calls(&self.text())
            .iter()
            .any(|call| call.text.contains(&file) && call.result.contains("(INJECTED)"))
    }
}

/// One system call. Its beginning and its end are numbers of lines of the trace.
pub struct Call {
    pub name: String,
    /// From its name to its last argument, as far as strace shows it.
    pub text: String,
    pub begin: usize,
    pub end: usize,
    pub result: String,
}

/// The calls of a trace in the order of their beginnings. What never returned has ended nowhere.
pub fn calls(trace: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    let mut open: Vec<(String, usize)> = Vec::new();
    for (at, line) in trace.lines().enumerate() {
        let Some((pid, rest)) = line.split_once(' ') else {
            continue;
        };
        let rest = rest.trim_start();
        if rest.starts_with("<... ") {
            let begun = open.iter().position(|(held, _)| held == pid);
            if let Some(begun) = begun {
                let call = &mut calls[open.swap_remove(begun).1];
                call.end = at;
                call.result = result(rest);
            }
            continue;
        }
        let Some((name, _)) = rest.split_once('(') else {
            continue;
        };
        if rest.contains("<unfinished ...>") {
            open.push((pid.to_owned(), calls.len()));
        }
        calls.push(Call {
            name: name.to_owned(),
            text: rest.to_owned(),
            begin: at,
            end: if rest.contains("<unfinished ...>") {
                usize::MAX
            } else {
                at
            },
            result: result(rest),
        });
    }
    calls
}

fn result(line: &str) -> String {
    let result = line.rsplit_once(" = ").map(|(_, result)| result);
    result.unwrap_or_default().trim().to_owned()
}
