//! A mistake in the configuration, as the person who made it meets it: the process ends with 1 and
//! one sentence on standard error that names the key or the path, and never a secret.

use std::fs;
use std::net::TcpListener;

use super::process::Ended;
use super::rig::{Launch, Rig, SECRET};

const LISTEN: &str = "[server]\nbind = \"127.0.0.1:0\"\n";

/// Starts with this configuration and expects one sentence with all of `words`.
fn refused(text: &str, words: &[&str]) {
    let rig = Rig::new();
    rig.configure(text);
    expect(&rig.refused_start(&[]), words);
    assert!(!rig.db().exists(), "a store was made for: {text}");
}

fn expect(ended: &Ended, words: &[&str]) {
    let sentence = ended.refused(1);
    for word in words {
        assert!(sentence.contains(word), "no `{word}` in: {sentence}");
    }
    assert_eq!(ended.stdout, "");
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    refused("[server]\nbnid = \"127.0.0.1:0\"\n", &["bnid", "line 3"]);
    refused("[sevrer]\n", &["sevrer", "line 2"]);
    let source = "[sources.razorpay]\nsecrets = [{ secret = \"";
    let source = format!("{LISTEN}{source}{SECRET}\" }}]\ncustomer_nota = \"id\"\n");
    refused(&source, &["customer_nota", "line 6"]);
}

#[test]
fn what_is_no_toml_is_named_with_its_line() {
    refused("[server\n", &["line 2"]);
    refused("[server]\nbind = \n", &["line 3"]);
}

#[test]
fn a_bad_address_is_named() {
    for bind in ["localhost", "127.0.0.1", "127.0.0.1:99999", "", "::1:80:"] {
        refused(
            &format!("[server]\nbind = \"{bind}\"\n"),
            &["bind", "line 3"],
        );
    }
}

#[test]
fn a_bad_override_is_named() {
    let rig = Rig::new();
    let env = [("SUBLEDGER__SERVER__BIND", "nowhere")];
    let launch = Launch {
        env: &env,
        ..Launch::default()
    };
    let ended = rig.spawn(&launch).serving().err().expect("it is refused");
    expect(&ended, &["SUBLEDGER__SERVER__BIND", "bind"]);
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    refused(
        &format!("[server]\nbind = \"{address}\"\n"),
        &[&address, "`bind`"],
    );
}

/// Not even root can make a folder below a file.
#[test]
fn a_data_folder_that_cannot_be_made_is_named() {
    let rig = Rig::new();
    let file = rig.path("file");
    fs::write(&file, "").unwrap();
    let below = file.join("data");
    let below = below.to_str().unwrap();
    expect(
        &rig.refused_start(&["--data", below]),
        &[below, "`data_dir`"],
    );
    let file = file.to_str().unwrap();
    expect(&rig.refused_start(&["--data", file]), &[file, "`data_dir`"]);
}

#[test]
fn a_witness_that_cannot_be_written_is_named() {
    let witness = "/dev/null/witness.json";
    refused_late(
        &format!("{LISTEN}[log]\nwitness_path = \"{witness}\"\n"),
        &[witness],
    );
}

/// Refused only after the store was made.
fn refused_late(text: &str, words: &[&str]) {
    let rig = Rig::new();
    rig.configure(text);
    expect(&rig.refused_start(&[]), words);
}

#[test]
fn a_short_secret_is_named_and_not_shown() {
    let rig = Rig::new();
    rig.configure(&format!(
        "{LISTEN}[sources.razorpay]\nsecrets = [{{ secret = \"q7Zx\" }}]\n"
    ));
    let ended = rig.refused_start(&[]);
    expect(&ended, &["secret", "sources.razorpay", "line "]);
    assert!(!ended.stderr.contains("q7Zx"), "{ended:?}");
}

#[test]
fn a_missing_file_with_a_secret_is_named() {
    let path = "/nonexistent/razorpay-secret";
    let source = format!("[sources.razorpay]\nsecrets = [{{ secret = \"file:{path}\" }}]\n");
    refused(&format!("{LISTEN}{source}"), &[path, "sources.razorpay"]);
}

#[test]
fn a_short_admin_key_is_named() {
    let rig = Rig::new();
    let env = [("SUBLEDGER_ADMIN_KEY", "k1")];
    let launch = Launch {
        env: &env,
        ..Launch::default()
    };
    let ended = rig.spawn(&launch).serving().err().expect("it is refused");
    expect(&ended, &["SUBLEDGER_ADMIN_KEY"]);
}

#[test]
fn a_missing_configuration_is_named() {
    let rig = Rig::new();
    fs::remove_file(rig.path("faults.toml")).unwrap();
    expect(&rig.refused_start(&[]), &["faults.toml"]);
}

/// `check-config` says the same as a start, and opens nothing.
#[test]
fn check_config_says_the_same_as_a_start() {
    let rig = Rig::new();
    rig.configure("[server]\nbnid = \"127.0.0.1:0\"\n");
    let ended = rig.run(&["check-config"]);
    assert_eq!(ended.refused(1), rig.refused_start(&[]).refused(1));
    assert!(!rig.data_dir.exists());
}
