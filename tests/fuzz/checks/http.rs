//! Any bytes on a connection to a running service: an answer that a person understands or none,
//! never a fault of ours; and any query string on any list.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use subledger::app::{ADMIN_KEY_VARIABLE, Acceptance, App, Running};
use subledger::clock::SystemClock;
use subledger::config::Config;

use super::samples;

const KEY: &str = "sl_fuzzing_admin_key";
const CONFIG: &str = "
[server]
bind = '127.0.0.1:0'
[log]
engine = 'memory'
[sources.razorpay]
secrets = [{ secret = 'fuzzing-secret' }]
[sources.stykite]
scheme = 'token'
secrets = [{ secret = 'fuzzing-secret' }]
";
/// A chunked body that nobody reads keeps its connection for two seconds; nobody waits for that.
const PATIENCE: Duration = Duration::from_millis(300);
const LISTS: [&str; 8] = [
    "/v1/events",
    "/v1/customers",
    "/v1/subscriptions",
    "/v1/payments",
    "/v1/quarantine",
    "/v1/stats",
    "/v1/customers/user_42/events",
    "/v1/events/1",
];

struct Service {
    _folder: tempfile::TempDir,
    running: Running,
}

/// One for the whole process; it ends with it.
static SERVICE: LazyLock<Service> = LazyLock::new(|| {
    let folder = super::rig::folder();
    let mut config = Config::parse("fuzz.toml", CONFIG, std::iter::empty()).unwrap();
    config.data_dir = folder.path().join("data");
    let env = |name: &str| (name == ADMIN_KEY_VARIABLE).then(|| KEY.to_owned());
    let app = App::open(&config, Acceptance::default(), Arc::new(SystemClock), &env).unwrap();
    let running = app.spawn().unwrap();
    let service = Service {
        _folder: folder,
        running,
    };
    for (provider, body) in samples::all() {
        if provider == "stykite" {
            let head = "POST /webhooks/stykite HTTP/1.1\r\nHost: x\r\nX-Api-Host: stykite\r\n";
            let length = body.len();
            let head =
                format!("{head}X-Api-Key: fuzzing-secret\r\nContent-Length: {length}\r\n\r\n");
            let answer = ask(service.running.address(), &[head.as_bytes(), body].concat());
            assert_eq!(
                statuses(&answer),
                [200],
                "{}",
                String::from_utf8_lossy(&answer)
            );
        }
    }
    service
});

/// All that comes back to a sender who has nothing more to say.
fn ask(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.set_write_timeout(Some(PATIENCE)).unwrap();
    socket.set_nodelay(true).unwrap();
    // The service may answer and close before it has read everything.
    let _ = socket.write_all(bytes);
    let _ = socket.shutdown(Shutdown::Write);
    let mut answer = Vec::new();
    let _ = socket.read_to_end(&mut answer);
    answer
}

/// Of all answers on the connection. A body may hold such a line only if a sender wrote it.
fn statuses(answer: &[u8]) -> Vec<u16> {
    let text = String::from_utf8_lossy(answer);
    let heads = text.match_indices("HTTP/1.");
    let digits = |at: usize| text.get(at + 9..at + 12)?.parse().ok();
    heads.filter_map(|(at, _)| digits(at)).collect()
}

fn examine(bytes: &[u8]) -> Vec<u16> {
    let running = &SERVICE.running;
    let answer = ask(running.address(), bytes);
    assert!(
        answer.is_empty() || answer.starts_with(b"HTTP/1."),
        "{answer:?}"
    );
    let found = statuses(&answer);
    let ours = found.iter().find(|status| **status >= 500);
    assert_eq!(ours, None, "{}", String::from_utf8_lossy(&answer));
    assert_eq!(running.ledger().tally().panicked_requests(), 0);
    found
}

pub fn check_head(data: &[u8]) {
    examine(data);
    let alive = examine(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!(alive, [200]);
}

/// Which list, and then the query's bytes; those that cannot stand in a head are written as `%XX`.
pub fn check_query(data: &[u8]) {
    let (which, query) = data.split_first().unwrap_or((&0, &[]));
    let path = LISTS[usize::from(*which) % LISTS.len()];
    let mut text = String::new();
    for byte in query {
        match byte {
            b'!'..=b'~' if *byte != b'#' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    let head = format!("GET {path}?{text} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
    let found = examine(format!("{head}Authorization: Bearer {KEY}\r\n\r\n").as_bytes());
    let known = [200, 304, 400, 404, 414, 431];
    assert!(
        matches!(found[..], [status] if known.contains(&status)),
        "{path}?{text}: {found:?}"
    );
}

pub fn head_seeds() -> Vec<Vec<u8>> {
    let lines = [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /v1/stats HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer sl_fuzzing_admin_key\r\n\r\n",
        "HEAD /healthz HTTP/1.0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: y\r\n\r\n",
        "POST /webhooks/razorpay HTTP/1.1\r\nHost: x\r\nX-Razorpay-Signature: 00\r\n\
         Content-Length: 2\r\n\r\n{}",
        "POST /webhooks/stykite HTTP/1.1\r\nHost: x\r\nX-Api-Host: stykite\r\n\
         X-Api-Key: fuzzing-secret\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n",
        "POST /webhooks/razorpay HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\
         Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "OPTIONS * HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\n\r\n",
        "GET /v1/customers/%00%ff?cursor=%%%&limit=-1 HTTP/1.1\r\nHost: x\r\n\
         If-None-Match: \"a\", *, W/\"b\"\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    lines.map(|text| text.as_bytes().to_vec()).to_vec()
}

pub fn query_seeds() -> Vec<Vec<u8>> {
    let queries = [
        "limit=1",
        "limit=201&cursor=",
        "cursor=c2VxLjI",
        "cursor=MTc5MDAwMDAwMDAwMC5DVVMtMEc5SENOSzNFNFAxWQ",
        "after=18446744073709551615&source=razorpay&type=order.paid",
        "status=active&provider=stykite&plan=x&customer=user_42",
        "q=%ff%00%F0%9F%99%82&limit=200",
        "customer=c1&subscription=sub_1&limit=1&limit=2",
    ];
    let all = (0..8_u8).flat_map(|list| queries.map(|query| [&[list], query.as_bytes()].concat()));
    all.collect()
}
