//! A client of the event stream, down to its chunks: it tells an end from a break. It knows a
//! socket and nothing of the service.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// A stream that says nothing for so long hangs.
const SILENCE_MAX: Duration = Duration::from_secs(30);

pub struct Follower {
    socket: BufReader<TcpStream>,
    pub status: u16,
    pub head: String,
    text: String,
}

/// What stands between two empty lines.
#[derive(Debug, Default, PartialEq)]
pub struct Block {
    pub id: Option<u64>,
    pub event: Option<String>,
    pub data: Option<Value>,
    pub comment: Option<String>,
}

impl Follower {
    /// Asks, and reads the head of the answer.
    pub fn open(
        address: &str,
        path: &str,
        key: &str,
        last_event_id: Option<u64>,
    ) -> io::Result<Self> {
        let socket = TcpStream::connect(address)?;
        socket.set_read_timeout(Some(SILENCE_MAX))?;
        let mut socket = BufReader::new(socket);
        let header = last_event_id.map(|id| format!("last-event-id: {id}\r\n"));
        let header = header.unwrap_or_default();
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: l\r\nauthorization: Bearer {key}\r\n{header}\r\n"
        );
        socket.get_mut().write_all(request.as_bytes())?;
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if socket.read_line(&mut head)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Ok(Self {
            socket,
            status,
            head: head.to_lowercase(),
            text: String::new(),
        })
    }

    /// The next block; `None` where the service ended the stream, an error where it broke off.
    pub fn block(&mut self) -> io::Result<Option<Block>> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let block = parse(block);
                self.text = rest.to_owned();
                return Ok(Some(block));
            }
            match self.chunk()? {
                Some(text) => self.text.push_str(&text),
                None => return Ok(None),
            }
        }
    }

    /// The next event's number; as [`Self::block`], without what is no event.
    pub fn event(&mut self) -> io::Result<Option<Block>> {
        loop {
            match self.block()? {
                Some(block) if block.data.is_none() => {}
                other => return Ok(other),
            }
        }
    }

    fn chunk(&mut self) -> io::Result<Option<String>> {
        let broken = || io::Error::from(io::ErrorKind::UnexpectedEof);
        let mut line = String::new();
        if self.socket.read_line(&mut line)? == 0 {
            return Err(broken());
        }
        let length = usize::from_str_radix(line.trim(), 16).map_err(|_| broken())?;
        let mut bytes = vec![0; length + 2];
        self.socket.read_exact(&mut bytes)?;
        bytes.truncate(length);
        let text = String::from_utf8(bytes).map_err(|_| broken())?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    }
}

fn parse(text: &str) -> Block {
    let mut block = Block::default();
    for line in text.lines() {
        let (name, value) = line.split_once(": ").unwrap();
        match name {
            "id" => block.id = Some(value.parse().unwrap()),
            "event" => block.event = Some(value.to_owned()),
            "data" => block.data = Some(serde_json::from_str(value).unwrap()),
            "" => block.comment = Some(value.to_owned()),
            other => panic!("{other} in {text}"),
        }
    }
    block
}
