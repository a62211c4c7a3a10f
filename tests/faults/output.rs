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

/// A program that starts the service reads the key that was made as it reads everything else.
#[test]
fn a_new_admin_key_is_printed_for_programs_too() {
    let rig = Rig::new();
    let launch = Launch {
        args: &["--output", "json"],
        without_admin_key: true,
        ..Launch::default()
    };
    let ended = rig.start_as(&launch).terminate();
    let printed: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    let kept_in = printed["kept_in"].as_str().unwrap();
    let kept = std::fs::read_to_string(kept_in).unwrap();
    assert_eq!(printed["admin_key"], kept.trim(), "{ended:?}");
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

/// Odd names, ids and queries stay what they are: values, escaped, in a line of JSON.
#[test]
fn nothing_that_a_client_sends_breaks_a_line() {
    let rig = Rig::new();
    let levels = [("RUST_LOG", "trace")];
    let launch = Launch {
        env: &levels,
        ..Launch::default()
    };
    let service = rig.start_as(&launch);
    let mut client = Client::new(service.address);
    let sent = delivery(1);
    let id = "evt\u{202e}x\u{9b}2J";
    let headers = [sent.headers()[0], ("x-razorpay-event-id", id)];
    let answer = client.post(PATH, &headers, sent.body.as_bytes()).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text);
    for path in [
        "/webhooks/%0d%0aINFO%20forged",
        "/v1/events?type=%0d%0a%1b[2J%e2%80%ae",
        "/v1/customers/%0d%0a%1b%5b2J%e2%80%ae",
        "/v1/customers?nothing%0d%0a%e2%80%ae=1",
        "/%0d%0aforged",
    ] {
        let answer = client.get(path, ADMIN_KEY).unwrap();
        assert!(answer.status < 500, "{path}: {}", answer.text);
    }
    let ended = service.terminate();
    assert!(ended.stderr.lines().count() > 5, "{}", ended.stderr);
    for line in ended.stderr.lines() {
        let parsed = serde_json::from_str::<serde_json::Value>(line);
        assert!(parsed.is_ok(), "no JSON: {line:?}");
        let is_odd = |c: char| c.is_control() || matches!(c, '\u{2028}'..='\u{202e}');
        assert!(!line.contains(is_odd), "{line:?}");
        assert!(!line.contains("forged"), "{line:?}");
    }
}

/// A flood of bad signatures fills no disk: a line a second, with the number of those between.
#[test]
fn a_flood_of_bad_signatures_gets_few_lines() {
    const FLOOD: u64 = 400;
    let rig = Rig::new();
    let service = rig.start();
    let mut client = Client::new(service.address);
    let began = std::time::Instant::now();
    for _ in 0..FLOOD {
        let headers = [("x-razorpay-signature", "00")];
        assert_eq!(client.post(PATH, &headers, b"{}").unwrap().status, 401);
    }
    let seconds = began.elapsed().as_secs();
    let metrics = service.get("/metrics").text;
    let counted = format!("source=\"razorpay\",outcome=\"rejected\"}} {FLOOD}");
    assert!(metrics.contains(&counted), "{metrics}");
    let ended = service.terminate();
    let lines = ended.stderr.matches("signature was not accepted").count() as u64;
    assert!(
        (1..=seconds + 2).contains(&lines),
        "{lines} lines in {seconds} s"
    );
}
