//! Whatever the headers, the body and the time: nothing is accepted whose tag an independent
//! HMAC-SHA256 does not make, and what a provider signs is accepted until a byte of it changes.
//! It walks the registry, so a new provider is checked from its first day.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use subledger::domain::delivery::{Delivery, Headers};
use subledger::domain::time::Timestamp;
use subledger::providers::{self, Built, Provider, Reverified};

use super::reader::Reader;
use super::samples;

/// A form that every scheme takes: for some it is text, for some base64 behind a prefix.
const SECRETS: [&str; 2] = [
    "whsec_bmV3LXNlY3JldC1uZXctc2VjcmV0LW5ldy0wMQ==",
    "whsec_b2xkLXNlY3JldC1vbGQtc2VjcmV0LW9sZC0wMQ==",
];
/// These say what exactly is accepted: one header with the tag in hex, in lower case.
const PLAIN_HEX: [(&str, &str); 2] = [
    ("razorpay", "x-razorpay-signature"),
    ("stykite", "x-stykite-signature"),
];
const NOW_SECONDS: i64 = 1_790_000_000;
const BLOCK: usize = 64;

type Lines = Vec<(&'static str, Vec<u8>)>;

fn source(name: &str, secrets: &[&str]) -> std::sync::Arc<dyn Provider> {
    let secrets: Vec<_> = secrets
        .iter()
        .map(|s| format!("{{ secret = '{s}' }}"))
        .collect();
    let table = format!("secrets = [{}]", secrets.join(", "));
    let no_file = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
    match providers::build(name, table.parse().unwrap(), &|_| None, &no_file) {
        Ok(Built::On { provider, .. }) => provider,
        _ => panic!("{name} cannot be built from one secret"),
    }
}

pub fn check(data: &[u8]) {
    let mut reader = Reader::new(data);
    let names: Vec<_> = providers::names().collect();
    let name = names[reader.place(names.len())];
    // Sometimes signed by somebody who is not known.
    let signs = source(name, &[SECRETS[usize::from(reader.byte() % 2)]]);
    let knows: &[&str] = [&SECRETS[..], &SECRETS[..1]][usize::from(reader.byte() % 2)];
    let known = source(name, knows);
    let now = Timestamp::from_seconds(NOW_SECONDS + i64::from(reader.byte()) * 8 - 1_024).unwrap();
    let signed_at = Timestamp::from_seconds(NOW_SECONDS).unwrap();
    let changes: Vec<_> = (0..reader.byte() % 4)
        .map(|_| (reader.byte(), reader.number()))
        .collect();
    let body = reader.rest();
    let signed = signs.sign(body, Some("evt_1"), signed_at).unwrap();
    let mut lines: Lines = known
        .headers()
        .iter()
        .flat_map(|name| {
            signed
                .iter()
                .filter(move |(held, _)| held == name)
                .map(|h| (*name, h))
        })
        .map(|(name, (_, value))| (name, value.clone().into_bytes()))
        .collect();
    let mut body = body.to_vec();
    for (how, place) in &changes {
        change(&mut lines, &mut body, *how, *place, data);
    }
    let mut headers = Headers::default();
    lines
        .iter()
        .for_each(|(name, value)| headers.push(name, value));
    let delivery = Delivery {
        headers: &headers,
        body: &body,
    };
    let verdict = known.verify(&delivery, now);
    let right = is_right(&lines, &body, knows);
    assert!(
        verdict.is_err() || right,
        "{name}: accepted without a right tag"
    );
    let is_known = signs.verify(&delivery, now).is_ok() && knows.len() == SECRETS.len();
    if changes.is_empty() && is_known {
        assert!(verdict.is_ok(), "{name}: what it signs itself is refused");
    }
    if let Some((_, header)) = PLAIN_HEX.iter().find(|(known, _)| *known == name) {
        let mut values = lines.iter().filter(|(held, _)| held == header);
        let single = values.next().filter(|_| values.next().is_none());
        let exact = single.is_some_and(|(_, value)| {
            knows
                .iter()
                .any(|secret| hex::encode(tag(secret.as_bytes(), &body)).as_bytes() == value)
        });
        assert_eq!(verdict.is_ok(), exact, "{name}");
    }
    if let Ok(verified) = verdict {
        let shown = format!("{:?}", verified.evidence);
        assert!(
            SECRETS.iter().all(|secret| !shown.contains(secret)),
            "{name} keeps a secret"
        );
        let again = known.reverify(&body, &verified.evidence);
        assert!(
            matches!(again, Reverified::Valid | Reverified::NotSigned),
            "{name}: {again:?}"
        );
        body.push(b' ');
        let other = known.reverify(&body, &verified.evidence);
        assert!(
            matches!(other, Reverified::Invalid | Reverified::NotSigned),
            "{name}: {other:?}"
        );
    }
}

/// One change to a delivery after it was signed.
fn change(lines: &mut Lines, body: &mut Vec<u8>, how: u8, place: usize, junk: &[u8]) {
    if lines.is_empty() {
        return;
    }
    let at = place % lines.len();
    let bit = 1 << (how >> 5);
    match how % 8 {
        0 => drop(lines.remove(at)),
        1 => lines.push(lines[at].clone()),
        2 => lines[at].1 = junk.iter().copied().take(80).collect(),
        3 => lines[at].1.make_ascii_uppercase(),
        4 => lines[at].1.push(b" \0,=0"[place % 5]),
        5 => {
            let other = (at + 1) % lines.len();
            lines[at].1 = lines[other].1.clone();
        }
        6 if !body.is_empty() => {
            let at = place % body.len();
            body[at] ^= bit;
        }
        _ if !lines[at].1.is_empty() => {
            let byte = place % lines[at].1.len();
            lines[at].1[byte] ^= bit;
        }
        _ => body.push(0),
    }
}

/// Whether some header holds a tag that one of the secrets makes over the body, alone or behind an
/// id and a time from the headers: in any of the ways in which tags are written.
fn is_right(lines: &Lines, body: &[u8], secrets: &[&str]) -> bool {
    let mut messages = vec![body.to_vec()];
    for (_, id) in lines {
        for (_, time) in lines {
            messages.push([id.as_slice(), b".", time, b".", body].concat());
        }
    }
    let keys = secrets.iter().flat_map(|secret| {
        let decoded = secret
            .strip_prefix("whsec_")
            .and_then(|text| STANDARD.decode(text).ok());
        [Some(secret.as_bytes().to_vec()), decoded]
    });
    keys.flatten().any(|key| {
        messages.iter().any(|message| {
            let tag = tag(&key, message);
            let texts = [hex::encode(tag), STANDARD.encode(tag)];
            let holds = |value: &[u8], text: &String| {
                value
                    .windows(text.len())
                    .any(|window| window == text.as_bytes())
            };
            let held = |(_, value): &(_, Vec<u8>)| texts.iter().any(|text| holds(value, text));
            lines.iter().any(held)
        })
    })
}

/// HMAC-SHA256 as RFC 2104 §2 writes it, without the crate that the program uses.
fn tag(secret: &[u8], message: &[u8]) -> [u8; 32] {
    let mut block = [0_u8; BLOCK];
    if secret.len() > BLOCK {
        block[..32].copy_from_slice(&Sha256::digest(secret));
    } else {
        block[..secret.len()].copy_from_slice(secret);
    }
    let inner = Sha256::new()
        .chain_update(block.map(|byte| byte ^ 0x36))
        .chain_update(message);
    let outer = Sha256::new().chain_update(block.map(|byte| byte ^ 0x5C));
    outer.chain_update(inner.finalize()).finalize().into()
}

/// Each provider with an untouched delivery, and with one of each change.
pub fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for (at, _) in providers::names().enumerate() {
        for (which, body) in samples::bodies().into_iter().step_by(12).enumerate() {
            let head = [0, at as u8, which as u8, 0, 128];
            seeds.push([&head[..], &[0], &body].concat());
            let how = which as u8 * 37;
            seeds.push([&head[..], &[1, how, 0, which as u8], &body].concat());
        }
    }
    seeds
}
