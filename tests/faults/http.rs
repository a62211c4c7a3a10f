//! The smallest HTTP/1.1 client that keeps a connection alive and can die in the middle. Knows
//! nothing of what it carries.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;

/// A service that says nothing for so long hangs.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// Every answer that a stranger may see: refusals, and those of paths that need no key.
static OPEN_ANSWERS: Mutex<String> = Mutex::new(String::new());

/// What strangers were answered, by all services of all tests.
pub fn open_answers() -> String {
    let kept = OPEN_ANSWERS.lock();
    kept.unwrap_or_else(PoisonError::into_inner).clone()
}

fn keep_open_answer(head: &str, answer: &Answer) {
    let is_open = answer.status != 200 || head.starts_with("GET /metrics");
    if !is_open {
        return;
    }
    let kept = OPEN_ANSWERS.lock();
    let mut kept = kept.unwrap_or_else(PoisonError::into_inner);
    // Under load the same refusal comes thousands of times.
    if !kept.contains(&answer.text) {
        kept.push_str(&answer.head);
        kept.push_str(&answer.text);
    }
}

/// One connection, opened when it is needed and after every error.
pub struct Client {
    address: SocketAddr,
    socket: Option<BufReader<TcpStream>>,
}

pub struct Answer {
    pub status: u16,
    head: String,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let mut values = lines.filter(|(held, _)| held.eq_ignore_ascii_case(name));
        values.next().map(|(_, value)| value.trim())
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    pub fn word(&self, name: &str) -> String {
        self.json()[name].as_str().unwrap_or_default().to_owned()
    }

    pub fn seq(&self) -> u64 {
        let seq = self.json()["seq"].as_u64();
        seq.unwrap_or_else(|| panic!("no seq: {}", self.text))
    }
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            socket: None,
        }
    }

    pub fn get(&mut self, path: &str, key: &str) -> io::Result<Answer> {
        let head = format!("GET {path} HTTP/1.1\r\nauthorization: Bearer {key}\r\n");
        self.ask(&head, &[])
    }

    pub fn post(
        &mut self,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        self.ask(&post_head(path, headers), body)
    }

    /// Any method, with a body.
    pub fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        self.ask(&head_of(method, path, headers), body)
    }

    /// Sends a request without the last `missing` bytes of its body and never reads: the
    /// connection is handed out, to be dropped when it suits.
    pub fn post_and_leave(
        self,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
        missing: usize,
    ) -> io::Result<TcpStream> {
        let mut socket = TcpStream::connect(self.address)?;
        let bytes = whole(&post_head(path, headers), body);
        socket.write_all(&bytes[..bytes.len() - missing])?;
        Ok(socket)
    }

    /// Sends a request and never reads: the connection is handed out, to be dropped when it suits.
    pub fn send_and_leave(
        self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<TcpStream> {
        let mut socket = TcpStream::connect(self.address)?;
        socket.write_all(&whole(&head_of(method, path, headers), body))?;
        Ok(socket)
    }

    fn ask(&mut self, head: &str, body: &[u8]) -> io::Result<Answer> {
        let mut socket = match self.socket.take() {
            Some(socket) => socket,
            None => connect(self.address)?,
        };
        socket.get_mut().write_all(&whole(head, body))?;
        let answer = read(&mut socket)?;
        keep_open_answer(head, &answer);
        if answer.header("connection") != Some("close") {
            self.socket = Some(socket);
        }
        Ok(answer)
    }
}

fn post_head(path: &str, headers: &[(&str, &str)]) -> String {
    head_of(
        "POST",
        path,
        &[&[("content-type", "application/json")], headers].concat(),
    )
}

fn head_of(method: &str, path: &str, headers: &[(&str, &str)]) -> String {
    let lines = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"));
    format!("{method} {path} HTTP/1.1\r\n{}", lines.collect::<String>())
}

fn whole(head: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let mut bytes = format!("{head}host: ledger\r\ncontent-length: {length}\r\n\r\n").into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

fn connect(address: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(SILENCE_MAX))?;
    socket.set_write_timeout(Some(SILENCE_MAX))?;
    socket.set_nodelay(true)?;
    Ok(BufReader::new(socket))
}

fn read(socket: &mut BufReader<TcpStream>) -> io::Result<Answer> {
    let broken = || io::Error::from(io::ErrorKind::UnexpectedEof);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if socket.read_line(&mut head)? == 0 {
            return Err(broken());
        }
    }
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok());
    let mut answer = Answer {
        status: status.ok_or_else(broken)?,
        head,
        text: String::new(),
    };
    let length = answer.header("content-length");
    let length = length.and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    socket.read_exact(&mut body)?;
    answer.text = String::from_utf8(body).map_err(|_| broken())?;
    Ok(answer)
}

/// What strangers are answered is kept, to be searched; what a key opens is not.
#[test]
fn refusals_and_metrics_are_kept() {
    let answer = |status, word: &str| Answer {
        status,
        head: String::new(),
        text: word.to_owned(),
    };
    let asked = "GET /v1/stats HTTP/1.1";
    keep_open_answer(asked, &answer(401, "planted-refusal"));
    keep_open_answer("GET /metrics HTTP/1.1", &answer(200, "planted-metric"));
    keep_open_answer(asked, &answer(200, "planted-stats"));
    let kept = open_answers();
    assert!(kept.contains("planted-refusal") && kept.contains("planted-metric"));
    assert!(!kept.contains("planted-stats"));
}
