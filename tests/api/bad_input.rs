//! What no provider would send, over real sockets: the answer is a status a person understands,
//! nothing is stored, and the next request is answered as if nothing had happened.

mod bodies;
mod sockets;

use crate::world::{RAZORPAY_SECRET, World, hmac_hex};

/// A signed delivery's head, without the empty line; `more` are further lines.
fn head(body: &[u8], more: &[&str]) -> Vec<u8> {
    let signature = hmac_hex(RAZORPAY_SECRET, body);
    let mut text = "POST /webhooks/razorpay HTTP/1.1\r\nHost: ledger\r\n".to_owned();
    text += &format!("X-Razorpay-Signature: {signature}\r\n");
    for line in more {
        text += line;
        text += "\r\n";
    }
    text.into_bytes()
}

/// The same with its body behind it.
pub fn request(body: &[u8], more: &[&str]) -> Vec<u8> {
    [&head(body, more), &b"\r\n"[..], body].concat()
}

pub fn length(body: &[u8]) -> String {
    format!("Content-Length: {}", body.len())
}

/// The status of the only answer; 0 where there is none.
pub fn status(answer: &str) -> u16 {
    let line = answer.lines().next().unwrap_or_default();
    assert!(line.is_empty() || line.starts_with("HTTP/1."), "{answer}");
    let word = line.split(' ').nth(1).unwrap_or("0");
    word.parse().unwrap()
}

pub fn events(world: &World) -> u64 {
    world.read("/v1/stats")["events"].as_u64().unwrap()
}
