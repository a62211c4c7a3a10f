//! Prepared HTTP requests over kept-alive connections, from one thread. In a closed loop each
//! connection sends its next request when the answer to the one before is complete; in an open one
//! requests are due at fixed times, whatever became of those before. Knows nothing of what it sends.
#![allow(dead_code)] // no bench needs all of it

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// What one run came to.
pub(crate) struct Outcome {
    pub(crate) answers: usize,
    pub(crate) refused: usize,
    pub(crate) seconds: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

impl Outcome {
    pub(crate) fn per_second(&self) -> f64 {
        self.answers as f64 / self.seconds
    }
}

struct Connection {
    socket: TcpStream,
    sending: usize,
    sent: usize,
    received: Vec<u8>,
    begun: Instant,
}

/// Sends `requests`, each once, over `connections` for at most `limit`.
pub(crate) fn run(
    address: SocketAddr,
    requests: &[Vec<u8>],
    connections: usize,
    limit: Duration,
) -> std::io::Result<Outcome> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut next = 0;
    let mut open = connect(&poll, address, connections)?;
    let start = Instant::now();
    for connection in &mut open {
        begin(connection, &mut next, requests)?;
    }
    let mut latencies: Vec<Duration> = Vec::with_capacity(requests.len());
    let mut refused = 0;
    let mut buffer = [0_u8; 4096];
    while start.elapsed() < limit && latencies.len() < requests.len() {
        poll.poll(&mut events, Some(Duration::from_millis(100)))?;
        for event in &events {
            let Some(connection) = open.get_mut(event.token().0) else {
                continue;
            };
            if event.is_writable() {
                push(connection, requests)?;
            }
            while let Some(ok) = receive(connection, &mut buffer)? {
                latencies.push(connection.begun.elapsed());
                refused += usize::from(!ok);
                begin(connection, &mut next, requests)?;
            }
        }
    }
    Ok(outcome(latencies, refused, start))
}

/// Sends `requests`, each once, at `per_second` for at most `limit`. A latency begins when the
/// request was due, so that waiting for a free connection counts.
pub(crate) fn paced(
    address: SocketAddr,
    requests: &[Vec<u8>],
    connections: usize,
    per_second: f64,
    limit: Duration,
) -> std::io::Result<Outcome> {
    let mut poll = Poll::new()?;
    let mut events = Events::with_capacity(1024);
    let mut next = 0;
    let mut open = connect(&poll, address, connections)?;
    // In turn, so that none is idle for so long that the service closes it.
    let mut idle: VecDeque<usize> = (0..connections).collect();
    let start = Instant::now();
    let due = |number: usize| start + Duration::from_secs_f64(number as f64 / per_second);
    let mut latencies: Vec<Duration> = Vec::with_capacity(requests.len());
    let mut refused = 0;
    let mut buffer = [0_u8; 4096];
    while start.elapsed() < limit && latencies.len() < requests.len() {
        while next < requests.len() && Instant::now() >= due(next) {
            let Some(index) = idle.pop_front() else { break };
            if let Some(connection) = open.get_mut(index) {
                let due = due(next);
                begin(connection, &mut next, requests)?;
                connection.begun = due;
            }
        }
        // The system waits in whole milliseconds: what is due sooner is waited for awake.
        let wait = due(next).saturating_duration_since(Instant::now());
        let wait = wait.saturating_sub(Duration::from_millis(1));
        let wait = Duration::from_millis(u64::try_from(wait.as_millis()).unwrap_or(0));
        poll.poll(&mut events, Some(wait.min(Duration::from_millis(100))))?;
        for event in &events {
            let Some(connection) = open.get_mut(event.token().0) else {
                continue;
            };
            if event.is_writable() {
                push(connection, requests)?;
            }
            while let Some(ok) = receive(connection, &mut buffer)? {
                latencies.push(connection.begun.elapsed());
                refused += usize::from(!ok);
                connection.received.clear();
                idle.push_back(event.token().0);
            }
        }
    }
    Ok(outcome(latencies, refused, start))
}

fn connect(
    poll: &Poll,
    address: SocketAddr,
    connections: usize,
) -> std::io::Result<Vec<Connection>> {
    let mut open: Vec<Connection> = Vec::with_capacity(connections);
    for index in 0..connections {
        let socket = std::net::TcpStream::connect(address)?;
        socket.set_nodelay(true)?;
        socket.set_nonblocking(true)?;
        let mut socket = TcpStream::from_std(socket);
        poll.registry().register(
            &mut socket,
            Token(index),
            Interest::READABLE | Interest::WRITABLE,
        )?;
        let received = Vec::with_capacity(1024);
        open.push(Connection {
            socket,
            sending: usize::MAX,
            sent: 0,
            received,
            begun: Instant::now(),
        });
    }
    Ok(open)
}

fn outcome(mut latencies: Vec<Duration>, refused: usize, start: Instant) -> Outcome {
    let seconds = start.elapsed().as_secs_f64();
    latencies.sort_unstable();
    let at = |percent: usize| {
        latencies.get((latencies.len() * percent / 100).min(latencies.len().saturating_sub(1)))
    };
    Outcome {
        answers: latencies.len(),
        refused,
        seconds,
        p50: at(50).copied().unwrap_or_default(),
        p99: at(99).copied().unwrap_or_default(),
    }
}

fn begin(
    connection: &mut Connection,
    next: &mut usize,
    requests: &[Vec<u8>],
) -> std::io::Result<()> {
    connection.sending = *next;
    connection.sent = 0;
    connection.received.clear();
    connection.begun = Instant::now();
    *next += 1;
    push(connection, requests)
}

fn push(connection: &mut Connection, requests: &[Vec<u8>]) -> std::io::Result<()> {
    let Some(request) = requests.get(connection.sending) else {
        return Ok(());
    };
    while let Some(rest) = request
        .get(connection.sent..)
        .filter(|rest| !rest.is_empty())
    {
        match connection.socket.write(rest) {
            Ok(written) => connection.sent += written,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads what is there; `Some` when an answer is complete, and whether it is a 200.
fn receive(connection: &mut Connection, buffer: &mut [u8]) -> std::io::Result<Option<bool>> {
    loop {
        match connection.socket.read(buffer) {
            Ok(0) => return Err(std::io::Error::other("the service closed a connection")),
            Ok(read) => {
                connection
                    .received
                    .extend_from_slice(buffer.get(..read).unwrap_or_default());
                if let Some(ok) = complete(&connection.received) {
                    return Ok(Some(ok));
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

fn complete(answer: &[u8]) -> Option<bool> {
    let text = std::str::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") {
            value.trim().parse::<usize>().ok()
        } else {
            None
        }
    })?;
    (body.len() >= length).then(|| head.starts_with("HTTP/1.1 200"))
}
