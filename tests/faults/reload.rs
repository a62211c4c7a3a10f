//! SIGHUP: secrets, keys and limits change under load and nothing is lost; a configuration that is
//! wrong changes nothing.

use std::fs;

use super::http::Client;
use super::load::{Book, Delivery, signed};
use super::process::Service;
use super::rig::{ADMIN_KEY, Launch, Rig, SECRET, eventually};
use super::strace::Strace;

const NEW_SECRET: &str = super::rig::OTHER_SECRET;
const LISTEN: &str = "[server]\nbind = \"127.0.0.1:0\"\n";

fn with_secrets(secrets: &[&str]) -> String {
    let rows = secrets.iter().map(|s| format!("{{ secret = \"{s}\" }}"));
    let rows: Vec<String> = rows.collect();
    format!(
        "{LISTEN}[sources.razorpay]\nsecrets = [{}]\n",
        rows.join(", ")
    )
}

/// Sends the signal and waits until the service has said what came of it.
fn hang_up(service: &Service, says: &str) {
    let before = service.said(says);
    service.signal("HUP");
    eventually(says, || service.said(says) > before);
}

fn status(service: &Service, sent: &Delivery) -> u16 {
    sent.post(&mut Client::new(service.address)).unwrap().status
}

const TAKEN: &str = "the configuration was read again";
const REFUSED: &str = "the new configuration was refused; the old one stays";

#[test]
fn a_secret_is_rotated_under_load_and_nothing_is_lost() {
    let rig = Rig::new();
    let service = rig.start();
    let book = Book::default();
    // Numbers that the load never reaches.
    let (old, new) = (signed(900_001, SECRET), signed(900_002, NEW_SECRET));
    assert_eq!(
        status(&service, &new),
        401,
        "the new secret is not known yet"
    );
    book.during(service.address, 4, || {
        rig.configure(&with_secrets(&[NEW_SECRET, SECRET]));
        hang_up(&service, TAKEN);
        // Again and again, while deliveries are being checked.
        for _ in 0..5 {
            hang_up(&service, TAKEN);
        }
    });
    assert!(book.acknowledged() > 0);
    assert_eq!(book.refused(), 0, "no request was dropped");
    book.check(service.address);
    rig.configure(&with_secrets(&[NEW_SECRET]));
    hang_up(&service, TAKEN);
    assert_eq!(status(&service, &old), 401, "the old secret is known still");
    assert_eq!(status(&service, &new), 200, "the new secret is known");
    assert_eq!(service.terminate().code, Some(0));
    rig.verify();
}

#[test]
fn a_wrong_configuration_changes_nothing_and_says_why() {
    let rig = Rig::new();
    let service = rig.start();
    let book = Book::default();
    book.send(service.address, 1);
    let unset = "secrets = [{ secret = \"env:NOT_SET\" }]";
    let wrong = [
        ("this is no toml".to_owned(), "faults.toml line"),
        (format!("{LISTEN}[server.x]\n"), "line"),
        (
            with_secrets(&["short"]),
            "`secrets[0].secret` in [sources.razorpay]",
        ),
        (
            format!("{LISTEN}[sources.razorpay]\n{unset}\n"),
            "source razorpay would be switched off",
        ),
        (with_secrets(&["file:/nowhere/secret"]), "/nowhere/secret"),
    ];
    for (text, sentence) in wrong {
        rig.configure(&text);
        hang_up(&service, REFUSED);
        assert!(service.said(sentence) > 0, "not said: {sentence}");
        book.send(service.address, 1);
    }
    fs::remove_file(rig.path("faults.toml")).unwrap();
    hang_up(&service, REFUSED);
    book.send(service.address, 1);
    book.check(service.address);
    assert_eq!(service.terminate().code, Some(0));
}

#[test]
fn limits_change_at_once_and_what_needs_a_restart_is_named() {
    let rig = Rig::new();
    let service = rig.start();
    let book = Book::default();
    book.send(service.address, 1);
    let full = "[log]\nmin_free_bytes = 9000000000000000000\n";
    rig.configure(&format!("{}{full}", with_secrets(&[SECRET])));
    hang_up(&service, TAKEN);
    let refused = signed(900_001, SECRET);
    assert_eq!(status(&service, &refused), 503, "the disk counts as full");
    let other = with_secrets(&[SECRET]).replace("127.0.0.1:0", "127.0.0.1:9");
    let level = "public_url = \"https://example.com\"\nlog_level = \"debug\"\n";
    rig.configure(&other.replace("[sources", &format!("{level}[sources")));
    hang_up(&service, TAKEN);
    eventually("writing resumes", || status(&service, &refused) == 200);
    let named = "\"keys\":\"server.bind, server.public_url\"";
    assert_eq!(service.said(named), 1, "what needs a restart is named");
    eventually("the level changes", || service.said("\"DEBUG\"") > 0);
    assert_eq!(service.terminate().code, Some(0));
}

#[test]
fn an_admin_key_in_a_file_is_exchanged() {
    let rig = Rig::new();
    fs::create_dir(&rig.data_dir).unwrap();
    let file = rig.data_dir.join("admin.key");
    fs::write(&file, format!("{ADMIN_KEY}\n")).unwrap();
    let launch = Launch {
        without_admin_key: true,
        ..Launch::default()
    };
    let service = rig.start_as(&launch);
    let ask = |key: &str| service.client().get("/v1/stats", key).unwrap().status;
    assert_eq!((ask(ADMIN_KEY), ask(NEW_SECRET)), (200, 401));
    fs::write(&file, "short").unwrap();
    hang_up(&service, REFUSED);
    assert_eq!((ask(ADMIN_KEY), ask(NEW_SECRET)), (200, 401));
    fs::write(&file, NEW_SECRET).unwrap();
    hang_up(&service, TAKEN);
    assert_eq!((ask(ADMIN_KEY), ask(NEW_SECRET)), (401, 200));
    assert_eq!(service.terminate().code, Some(0));
}

/// Whoever has read that it serves may stop it. The line's own call is held up until the stop has
/// come.
#[test]
fn a_stop_is_obeyed_from_the_first_word_on() {
    let rig = Rig::new();
    let strace = Strace::injecting(rig.path("trace"), "write:delay_exit=500ms".to_owned());
    let service = rig.start_as(&Launch {
        strace: Some(&strace),
        ..Launch::default()
    });
    assert_eq!(service.terminate().code, Some(0));
    assert!(strace.has_injected(), "nothing was held up");
    rig.verify();
}
