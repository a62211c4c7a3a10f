//! What the program prints: no secret at any level, and no panic where nobody reads.

use super::http::Client;
use super::load::{Book, PATH, delivery};
use super::rig::{ADMIN_KEY, Launch, Rig};

/// At the finest level everything is logged that ever will be; the rig looks for secrets in it.
#[test]
fn no_level_of_logging_shows_a_secret() {
    let rig = Rig::new();
    let levels = [("RUST_LOG", "trace")];
    let launch = Launch {
        env: &levels,
        ..Launch::default()
    };
    let service = rig.start_as(&launch);
    let book = Book::default();
    book.send(service.address, 3);
    let mut client = Client::new(service.address);
    let sent = delivery(9);
    let mut forged = sent.signature.clone();
    forged.replace_range(..2, if forged.starts_with("00") { "11" } else { "00" });
    let headers = [("x-razorpay-signature", forged.as_str())];
    let answer = client.post(PATH, &headers, sent.body.as_bytes()).unwrap();
    assert_eq!(answer.word("code"), "invalid_signature");
    let both = [sent.headers()[0], sent.headers()[0]];
    let answer = client.post(PATH, &both, sent.body.as_bytes()).unwrap();
    assert_eq!(answer.status, 401, "{}", answer.text);
    let nearly = &ADMIN_KEY[..ADMIN_KEY.len() - 1];
    assert_eq!(client.get("/v1/stats", nearly).unwrap().status, 401);
    assert_eq!(client.get("/v1/events/2", ADMIN_KEY).unwrap().status, 200);
    let ended = service.terminate();
    assert_eq!(ended.code, Some(0));
    assert!(!ended.stderr.contains(&forged), "a signature is in the log");
    assert!(!ended.stderr.contains(nearly), "a key is in the log");
    assert!(ended.stderr.contains("DEBUG"), "the level was not set");
}

/// `subledger verify | head`: the reader goes when it has seen enough. The verdict stays.
#[test]
fn a_reader_that_has_gone_is_no_panic() {
    let rig = Rig::new();
    let service = rig.start();
    Book::default().send(service.address, 1);
    assert_eq!(service.terminate().code, Some(0));
    for command in ["verify", "replay", "check-config"] {
        for format in ["text", "json"] {
            let ended = rig.run_unread(&[command, "--output", format]);
            assert_eq!(
                (ended.code, ended.stderr.as_str()),
                (Some(0), ""),
                "{command}"
            );
        }
    }
}
