//! A folder with a configuration and a store, the children that are started on it, and what must
//! hold of them whatever happened: no secret in any output. Knows no fault.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};
use serde_json::Value;
use tempfile::TempDir;

use super::http;
use super::load;
use super::process::{Ended, Process, Service, Transcript};
use super::strace::Strace;

pub const BINARY: &str = env!("CARGO_BIN_EXE_subledger");
pub const SECRET: &str = "canary-webhook-secret-7f3a";
/// What takes the place of another secret or key.
pub const OTHER_SECRET: &str = "canary-other-secret-0b6d";
pub const ADMIN_KEY: &str = "sl_canary_admin_key_91c2";
/// Signatures looked for in the output: those of the first events, and every event is as likely.
const SIGNATURES_LOOKED_FOR: u64 = 64;

/// Reopening is tried every 2 s at the latest; the rest is for a busy machine.
const HEALING_MAX: Duration = Duration::from_secs(30);

pub struct Rig {
    folder: TempDir,
    pub data_dir: PathBuf,
    config: PathBuf,
    transcript: Transcript,
}

/// How a service is started.
#[derive(Default)]
pub struct Launch<'a> {
    pub args: &'a [&'a str],
    pub env: &'a [(&'a str, &'a str)],
    pub strace: Option<&'a Strace>,
    /// The key is in its file, not in the environment.
    pub without_admin_key: bool,
    /// So many files and sockets at most.
    pub files_max: Option<u32>,
}

impl Rig {
    pub fn new() -> Self {
        Self::with_log("")
    }

    /// With lines in the section `[log]`.
    pub fn with_log(lines: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        Self::build(folder, data_dir, lines)
    }

    /// With its data on another file system.
    pub fn on(data_dir: &Path, log_lines: &str) -> Self {
        Self::build(tempfile::tempdir().unwrap(), data_dir.to_owned(), log_lines)
    }

    fn build(folder: TempDir, data_dir: PathBuf, log_lines: &str) -> Self {
        let config = folder.path().join("faults.toml");
        let rig = Self {
            folder,
            data_dir,
            config,
            transcript: Transcript::default(),
        };
        rig.configure(&format!(
            "[server]\nbind = \"127.0.0.1:0\"\n[log]\n{log_lines}\n\
             [sources.razorpay]\nsecrets = [{{ secret = \"{SECRET}\" }}]\n"
        ));
        rig
    }

    pub fn configure(&self, text: &str) {
        let data_dir = self.data_dir.to_str().unwrap();
        fs::write(&self.config, format!("data_dir = \"{data_dir}\"\n{text}")).unwrap();
    }

    /// A path for the test's own files.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The store's one file.
    pub fn db(&self) -> PathBuf {
        self.data_dir.join("log/db")
    }

    pub fn witness(&self) -> PathBuf {
        self.data_dir.join("witness.json")
    }

    /// A service that answers.
    pub fn start(&self) -> Service {
        self.start_as(&Launch::default())
    }

    pub fn start_as(&self, launch: &Launch<'_>) -> Service {
        match self.spawn(launch).serving() {
            Ok(service) => service,
            Err(ended) => panic!("it did not start: {ended:?}"),
        }
    }

    /// A start that must be refused: the process, ended.
    pub fn refused_start(&self, args: &[&str]) -> Ended {
        let launch = Launch {
            args,
            ..Launch::default()
        };
        match self.spawn(&launch).serving() {
            Ok(_) => panic!("it started"),
            Err(ended) => ended,
        }
    }

    pub fn spawn(&self, launch: &Launch<'_>) -> Process {
        let mut command = match (launch.strace, launch.files_max) {
            (Some(strace), _) => strace.command(BINARY),
            (None, None) => Command::new(BINARY),
            (None, Some(files_max)) => {
                let mut shell = Command::new("sh");
                let script = format!("ulimit -n {files_max} && exec \"$0\" \"$@\"");
                shell.args(["-c", &script, BINARY]);
                shell
            }
        };
        command.arg("serve").args(launch.args);
        self.prepare(&mut command);
        command.envs(launch.env.iter().copied());
        if launch.without_admin_key {
            command.env_remove("SUBLEDGER_ADMIN_KEY");
        }
        Process::spawn(&mut command, &self.transcript)
    }

    /// Another command than `serve`, to its end.
    pub fn run(&self, args: &[&str]) -> Ended {
        let mut command = Command::new(BINARY);
        command.args(args);
        self.prepare(&mut command);
        Process::spawn(&mut command, &self.transcript).ended()
    }

    /// Another command, for a test that starts it in its own way.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(args);
        self.prepare(&mut command);
        command
    }

    /// Another command, whose reader has gone before it prints anything.
    pub fn run_unread(&self, args: &[&str]) -> Ended {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = Command::new(BINARY);
        command.args(args);
        self.prepare(&mut command);
        Process::spawn_to(&mut command, writer.into(), &self.transcript).ended()
    }

    fn prepare(&self, command: &mut Command) {
        command.arg("--config").arg(&self.config);
        command.env_clear().env("SUBLEDGER_ADMIN_KEY", ADMIN_KEY);
        // strace and the shell are found by it.
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        // Where a panic got through, it shall be seen in full.
        command.env("RUST_BACKTRACE", "1");
    }

    /// Every record of the stopped store is what was written.
    pub fn verify(&self) {
        let ended = self.run(&["verify", "--output", "json"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let report: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(report["intact"], true, "{report}");
    }

    /// `subledger replay` on the stopped store: the exit code and the report.
    pub fn replay(&self) -> (Option<i32>, Value) {
        let ended = self.run(&["replay", "--output", "json"]);
        let report = serde_json::from_str(&ended.stdout);
        let report = report.unwrap_or_else(|_| panic!("no report: {ended:?}"));
        (ended.code, report)
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let leaked = leak(&self.transcript.lock().unwrap());
            assert_eq!(leaked, None, "a secret is in the output");
            let leaked = leak(&http::open_answers());
            assert_eq!(leaked, None, "a secret is in a refusal or in the metrics");
        }
    }
}

/// The first secret that `text` holds.
fn leak(text: &str) -> Option<String> {
    let signatures = (1..=SIGNATURES_LOOKED_FOR).map(|n| load::delivery(n).signature);
    let fixed = [SECRET, OTHER_SECRET, ADMIN_KEY, load::BODY_MARKER].map(str::to_owned);
    fixed
        .into_iter()
        .chain(signatures)
        .find(|secret| text.contains(secret))
}

/// Chance that can be had again: `SEED=…` in the environment, else a new one. Printed, and so
/// shown by a test that fails.
pub fn chance() -> StdRng {
    let given = std::env::var("SEED").ok();
    #[allow(clippy::disallowed_methods)]
    let seed = given.map_or_else(rand::random, |text| text.parse().expect("SEED is a number"));
    println!("SEED={seed}");
    StdRng::seed_from_u64(seed)
}

/// A count that `.ci/faults.sh` raises.
pub fn rounds(default: u64) -> u64 {
    let given = std::env::var("FAULTS_ROUNDS").ok();
    given.map_or(default, |text| {
        text.parse().expect("FAULTS_ROUNDS is a number")
    })
}

/// A number of milliseconds from `low` to `high`.
pub fn pause(chance: &mut StdRng, low: u64, high: u64) -> Duration {
    Duration::from_millis(chance.random_range(low..=high))
}

/// Tries again until it holds; within the time in which a ledger heals.
pub fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + HEALING_MAX;
    while Instant::now() < deadline {
        if holds() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("never happened: {what}");
}

/// The search for secrets finds each kind of them.
#[test]
fn a_leak_would_be_found() {
    let signature = load::delivery(7).signature;
    let known = [
        SECRET,
        OTHER_SECRET,
        ADMIN_KEY,
        load::BODY_MARKER,
        &signature,
    ];
    for secret in known {
        assert_eq!(leak(&format!("INFO x={secret} y")), Some(secret.to_owned()));
    }
    assert_eq!(leak("INFO subledger serves"), None);
}
