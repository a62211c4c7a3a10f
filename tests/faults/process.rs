//! One child process: its output line by line, its address, its end. It is killed when it is
//! dropped, and no wait is without bound.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::http::{Answer, Client};
use super::rig::ADMIN_KEY;

/// Far beyond what a start or a command takes on a busy machine with two cores.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(5);

/// Everything that all children of one rig ever printed.
pub type Transcript = Arc<Mutex<String>>;

pub struct Process {
    child: Child,
    address: Receiver<SocketAddr>,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
    /// What this one has printed up to now.
    printed: Transcript,
    /// Its system calls are looked at: what the test does not ask for must not be among them.
    is_traced: bool,
}

/// A process that has ended. `code` is absent where a signal ended it.
#[derive(Debug)]
pub struct Ended {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// The contract of every refusal: the code, and one sentence on standard error.
    pub fn refused(&self, code: i32) -> &str {
        assert_eq!(self.stderr.lines().count(), 1, "{self:?}");
        self.refused_after_log_lines(code)
    }

    /// The same of a service that had begun to log.
    pub fn refused_after_log_lines(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{self:?}");
        let mut lines = self.stderr.lines().filter(|line| !line.starts_with('{'));
        let sentence = lines.next().unwrap_or_default();
        assert!(sentence.starts_with("subledger: "), "{self:?}");
        assert_eq!(lines.next(), None, "{self:?}");
        // Neither a panic nor a value printed for debugging is a sentence.
        for word in [
            "panicked",
            "backtrace",
            "BACKTRACE",
            "unwrap",
            " { ",
            "Error(",
        ] {
            assert!(!sentence.contains(word), "{self:?}");
        }
        sentence
    }
}

/// A service that answers.
pub struct Service {
    pub address: SocketAddr,
    process: Process,
}

impl Process {
    pub fn spawn(command: &mut Command, transcript: &Transcript) -> Self {
        Self::spawn_to(command, Stdio::piped(), transcript)
    }

    pub fn spawn_to(command: &mut Command, stdout: Stdio, transcript: &Transcript) -> Self {
        command.stdin(Stdio::null()).stdout(stdout);
        let mut child = match command.stderr(Stdio::piped()).spawn() {
            Ok(child) => child,
            Err(error) => panic!(
                "{:?} cannot be started: {error}; strace is in the Debian package `strace`",
                command.get_program()
            ),
        };
        let (send, address) = channel();
        let stdout = child.stdout.take();
        let stderr = child.stderr.take().unwrap();
        let printed = Transcript::default();
        let into = [transcript, &printed].map(Arc::clone);
        Self {
            child,
            address,
            stdout: stdout.map(|stream| collect(stream, into.clone(), None)),
            stderr: Some(collect(stderr, into, Some(send))),
            printed,
            is_traced: command.get_program() == "strace",
        }
    }

    /// Waits until it serves; a process that ends instead is handed back as the error.
    pub fn serving(self) -> Result<Service, Ended> {
        match self.address.recv_timeout(PATIENCE) {
            Ok(address) => Ok(Service {
                address,
                process: self,
            }),
            Err(RecvTimeoutError::Disconnected) => Err(self.ended()),
            Err(RecvTimeoutError::Timeout) => panic!("it neither serves nor ends"),
        }
    }

    /// SIGKILL.
    pub fn kill(mut self) -> Ended {
        self.child.kill().unwrap();
        self.ended()
    }

    /// Waits for its own end.
    pub fn ended(mut self) -> Ended {
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "it does not end");
            thread::sleep(POLL);
        };
        let text = |reader: Option<JoinHandle<String>>| {
            reader.map_or_else(String::new, |reader| reader.join().unwrap())
        };
        Ended {
            code: status.code(),
            stdout: text(self.stdout.take()),
            stderr: text(self.stderr.take()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended long ago.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Service {
    pub fn client(&self) -> Client {
        Client::new(self.address)
    }

    /// The memory that it holds now, in KiB.
    pub fn memory_kib(&self) -> u64 {
        let path = format!("/proc/{}/status", self.process.child.id());
        let text = std::fs::read_to_string(path).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.unwrap().parse().unwrap()
    }

    /// Asks as the operator.
    pub fn get(&self, path: &str) -> Answer {
        self.client().get(path, ADMIN_KEY).unwrap()
    }

    /// SIGKILL.
    pub fn kill(self) -> Ended {
        self.process.kill()
    }

    /// SIGTERM, and then its own end.
    pub fn terminate(self) -> Ended {
        // The rig looks for secrets in it. A service that hangs may not answer.
        if !self.process.is_traced {
            let _ = self.client().get("/metrics", "");
        }
        self.signal("TERM");
        self.process.ended()
    }

    /// Sends a signal by its short name.
    pub fn signal(&self, name: &str) {
        let pid = self.process.child.id().to_string();
        // `kill` is part of every shell; a package would only be one more to install.
        let sent = Command::new("sh")
            .args(["-c", "kill -\"$1\" \"$0\"", &pid, name])
            .status();
        assert!(sent.unwrap().success());
    }

    /// How often it has printed these words.
    pub fn said(&self, words: &str) -> usize {
        self.process.printed.lock().unwrap().matches(words).count()
    }
}

/// Reads to the end on a thread, so that the child never waits for a full pipe.
fn collect(
    stream: impl Read + Send + 'static,
    transcripts: [Transcript; 2],
    address: Option<Sender<SocketAddr>>,
) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        let mut all = String::new();
        let mut line = Vec::new();
        while stream.read_until(b'\n', &mut line).unwrap_or(0) > 0 {
            let text = String::from_utf8_lossy(&line);
            all.push_str(&text);
            for transcript in &transcripts {
                transcript.lock().unwrap().push_str(&text);
            }
            if let (Some(address), Some(found)) = (&address, address_in(&text)) {
                // Nobody waits for it where the process is to be killed.
                let _ = address.send(found);
            }
            line.clear();
        }
        all
    })
}

/// The address in the log line that says that it serves.
fn address_in(line: &str) -> Option<SocketAddr> {
    let line: serde_json::Value = serde_json::from_str(line).ok()?;
    line.get("address")?.as_str()?.parse().ok()
}
