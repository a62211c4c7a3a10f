//! The configuration as its users meet it: the sentences, the overrides, the files.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use proptest::prelude::*;

use super::schema::{EngineName, GatewayName};
use super::*;

mod shipped;

const SHIPPED: &str = include_str!("../../../config.toml");

fn with(text: &str, env: &[(&str, &str)]) -> Result<Config, String> {
    let env = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::parse("config.toml", text, env).map_err(|error| error.to_string())
}

fn refused(text: &str, env: &[(&str, &str)]) -> String {
    with(text, env).err().unwrap()
}

#[test]
fn complaints_are_one_sentence_with_the_line() {
    for (text, sentence) in [
        (
            "\n[server]\nbnd = 1",
            "line 3: unknown key `bnd` in [server]; did you mean `bind`?",
        ),
        (
            "[sever]\nbind = 1",
            "line 1: unknown key `sever`; did you mean `server`?",
        ),
        (
            "[access]\nx = 1",
            "line 2: unknown key `x` in [access]; known are grace_days",
        ),
        (
            "[access]\ngrace_days = '3'",
            "line 2: `grace_days` in [access] must be a whole number that fits",
        ),
        (
            "[access]\ngrace_days = -3",
            "line 2: `grace_days` in [access] must be a whole number that fits",
        ),
        (
            "[access]\ngrace_days = 367",
            "line 2: `grace_days` in [access] must be at most 366 days",
        ),
        (
            "data_dir = 1",
            "line 1: `data_dir` must be a string in quotes",
        ),
        ("data_dir = ''", "line 1: `data_dir` must name a directory"),
        ("server = 1", "line 1: `server` must be a table"),
        (
            "[server]\nbind = 'localhost'",
            "line 2: `bind` in [server] must be an address and a port, such as 127.0.0.1:8080",
        ),
        (
            "[server]\npublic_url = 'ledger'",
            "line 2: `public_url` in [server] must be an http or https URL such as \
             https://billing.example.com",
        ),
        (
            "[log]\nengine = 'rocks'",
            "line 2: `engine` in [log] must be `sled` or `memory`, not `rocks`",
        ),
        (
            "[log]\nengine = 1",
            "line 2: `engine` in [log] has a value of the wrong type",
        ),
        (
            "[gateway.sandbox]\nenabled = 'yes'",
            "line 2: `enabled` in [gateway.sandbox] must be true or false",
        ),
        (
            "[gateway.razorpay]\nkey_secret = 'short'",
            "line 2: `key_secret` in [gateway.razorpay] must have at least 8 bytes, \
             or be written as `env:NAME` or `file:PATH`",
        ),
        (
            "[gateway.razorpay]\nbase_url = 'http://api.razorpay.com'",
            "line 2: `base_url` in [gateway.razorpay] must be https, \
             because secrets are sent there",
        ),
        (
            "[checkout]\ngateway = 'razorpay'",
            "line 2: `gateway` in [checkout] is razorpay, which needs \
             `key_id` and `key_secret` in [gateway.razorpay]",
        ),
        (
            "[audit]\norigin = 'a b'",
            "line 2: `origin` in [audit] must be one word without spaces \
             and plus signs, such as ledger.example.com",
        ),
        (
            "[sources.api]",
            "line 1: the source name `api` is the ledger's own; choose another",
        ),
        (
            "[sources.Up]",
            "line 1: a source's name must be 1 to 64 lower-case letters, digits, `-` and `_`",
        ),
        (
            "[sources.x]\nprovider = 1",
            "line 1: `x` in [sources] needs a string as its `provider`",
        ),
        (
            "[sources]\nx = 1",
            "line 2: `x` in [sources] must be a table",
        ),
        (
            "[[catalog.plans]]\nid = 'PLV-1'\nname = 'x'",
            "line 1: [[catalog.plans]] needs the key `identifier`",
        ),
        (
            "[[catalog.companies]]\nid = 'COM-1'\nname = 'x'\n\
             [[catalog.companies]]\nid = 'COM-1'\nname = 'x'",
            "line 5: COM-1 in [[catalog.companies]]: `id` is another entry's already; \
             give each its own",
        ),
        (
            "[catalog]\nversion = 1.5",
            "line 2: `version` in [catalog] must be a decimal in quotes, such as \"0.03\"",
        ),
        ("a = 1\na = 2", "line 2: no TOML: duplicate key"),
        ("[server", "line 1: no TOML: unclosed table, expected `]`"),
    ] {
        assert_eq!(refused(text, &[]), format!("config.toml {sentence}"));
    }
}

#[test]
fn the_environment_overrides_the_file() {
    let text = "[server]\nbind = '127.0.0.1:1'\n[sources.my-shop]\nprovider = 'razorpay'";
    let config = with(
        text,
        &[
            ("SUBLEDGER__SERVER__BIND", "0.0.0.0:9"),
            ("SUBLEDGER__LOG__ENGINE", "memory"),
            ("SUBLEDGER__ACCESS__GRACE_DAYS", "7"),
            ("SUBLEDGER__AUDIT__ORIGIN", "2026"),
            ("SUBLEDGER__SOURCES__MY_SHOP__CUSTOMER_NOTE", "user"),
            ("SUBLEDGER__SOURCES__KELVIQ__TOLERANCE", "5"),
            ("SUBLEDGER_ADMIN_KEY", "sl_x"),
            ("HOME", "/"),
        ],
    )
    .ok()
    .unwrap();
    assert_eq!(config.server.bind.to_string(), "0.0.0.0:9");
    assert_eq!(config.log.engine, EngineName::Memory);
    assert_eq!(config.access.grace_days, 7);
    assert_eq!(config.audit_origin(), "2026");
    assert_eq!(
        config.sources["my-shop"].settings["customer_note"].as_str(),
        Some("user")
    );
    assert_eq!(config.sources["kelviq"].provider, "kelviq");
    assert_eq!(
        config.sources["kelviq"].settings["tolerance"].as_integer(),
        Some(5)
    );
}

#[test]
fn an_override_that_does_not_fit_is_named() {
    for (name, value, sentence) in [
        (
            "SUBLEDGER__SERVER__BND",
            "1",
            "unknown key `bnd` in [server]; did you mean `bind`?",
        ),
        (
            "SUBLEDGER__SEVER__BIND",
            "1",
            "unknown key `sever`; did you mean `server`?",
        ),
        (
            "SUBLEDGER__ACCESS__GRACE_DAYS",
            "three",
            "`grace_days` in [access] must be a whole number that fits",
        ),
        (
            "SUBLEDGER__ACCESS__GRACE_DAYS",
            "900",
            "`grace_days` in [access] must be at most 366 days",
        ),
        ("SUBLEDGER__SERVER", "1", "`server` must be a table"),
        (
            "SUBLEDGER__CATALOG__COMPANIES__NAME",
            "1",
            "sets part of a list; write the list in the file",
        ),
        (
            "SUBLEDGER__DATA_DIR__X",
            "1",
            "goes through a key that is no section",
        ),
        (
            "SUBLEDGER__",
            "1",
            "names no key; write SUBLEDGER__SECTION__KEY, as in SUBLEDGER__SERVER__BIND",
        ),
        (
            "SUBLEDGER__SOURCES__API__PROVIDER",
            "x",
            "the source name `api` is the ledger's own; choose another",
        ),
        (
            "SUBLEDGER__CHECKOUT__GATEWAY",
            "razorpay",
            "`gateway` in [checkout] is razorpay, which needs \
             `key_id` and `key_secret` in [gateway.razorpay]",
        ),
    ] {
        let expected = format!("environment variable {name}: {sentence}");
        assert_eq!(refused(SHIPPED, &[(name, value)]), expected);
    }
}

#[test]
fn a_source_setting_is_located() {
    let text = "[sources.a]\nprovider = 'kelviq'\nsecrets = [\n  { secret = 'x' },\n]";
    let config = with(text, &[("SUBLEDGER__SOURCES__A__SCHEME", "none")])
        .ok()
        .unwrap();
    assert_eq!(config.sources["a"].provider, "kelviq");
    assert!(!config.sources["a"].settings.contains_key("provider"));
    assert_eq!(config.locate("a", "secrets"), Some(&Place::Line(3)));
    assert_eq!(
        config.locate("a", "secrets[0].secret"),
        Some(&Place::Line(4))
    );
    assert_eq!(config.locate("a", "absent"), Some(&Place::Line(1)));
    assert_eq!(config.locate("b", "absent"), None);
    assert_eq!(
        config
            .refuse_source("a", "scheme", "is unknown")
            .to_string(),
        "environment variable SUBLEDGER__SOURCES__A__SCHEME: `scheme` in [sources.a] is unknown"
    );
}

#[test]
fn the_sandbox_stays_on_this_machine() {
    let public = "[server]\npublic_url = 'https://ledger.example.com'\n";
    let config = with(public, &[]).ok().unwrap();
    assert_eq!(config.audit_origin(), "ledger.example.com");
    let complaint = config.allows_sandbox().unwrap_err().to_string();
    assert!(
        complaint.starts_with("config.toml line 2: the sandbox gateway"),
        "{complaint}"
    );
    let enabled = with(&format!("{public}[gateway.sandbox]\nenabled = true"), &[])
        .ok()
        .unwrap();
    assert!(enabled.allows_sandbox().is_ok());
}

#[test]
fn a_gateway_is_refused_only_where_one_is_chosen_or_something_is_sold() {
    let gateway = |text: &str| {
        let config = with(text, &[]).ok().unwrap();
        config.gateway_in_use().map_err(|error| error.to_string())
    };
    let public = "[server]\npublic_url = 'https://ledger.example.com'\n";
    let chosen = "[checkout]\ngateway = 'sandbox'\n";
    let sold = "[[catalog.plans]]\nid = 'PLV-0MD508X1S388G'\nidentifier = 'pro'\nname = 'Pro'\n";
    assert_eq!(gateway(""), Ok(Some(GatewayName::Sandbox)));
    assert_eq!(gateway(sold), Ok(Some(GatewayName::Sandbox)));
    assert_eq!(gateway(public), Ok(None));
    assert!(gateway(&format!("{public}{chosen}")).is_err());
    assert!(gateway(&format!("{public}{sold}")).is_err());
    let enabled = "[gateway.sandbox]\nenabled = true\n";
    let all = format!("{public}{chosen}{sold}{enabled}");
    assert_eq!(gateway(&all), Ok(Some(GatewayName::Sandbox)));
    let keys = "[gateway.razorpay]\nkey_id = 'env:A'\nkey_secret = 'env:B'\n";
    let razorpay = format!("{public}[checkout]\ngateway = 'razorpay'\n{sold}{keys}");
    assert_eq!(gateway(&razorpay), Ok(Some(GatewayName::Razorpay)));
}

#[test]
fn files_are_read_or_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.toml");
    let load = || Config::load(Some(&path), std::iter::empty());
    assert!(
        load()
            .err()
            .unwrap()
            .to_string()
            .starts_with("cannot read ")
    );
    std::fs::write(&path, "[access]\ngrace_days = 9").unwrap();
    assert_eq!(load().ok().unwrap().access.grace_days, 9);
    std::fs::write(&path, [0xff]).unwrap();
    assert!(
        load()
            .err()
            .unwrap()
            .to_string()
            .ends_with("not UTF-8 text; save it as UTF-8")
    );
    std::fs::write(
        &path,
        vec![b'#'; usize::try_from(MAX_FILE_BYTES).unwrap() + 1],
    )
    .unwrap();
    assert!(load().err().unwrap().to_string().contains("larger than"));
}

proptest! {
    #[test]
    fn every_slip_in_the_file_is_one_line_at_most(
        at in 0..SHIPPED.len(), cut in 0..40_usize, put in "[ -~]{0,6}",
    ) {
        let mut bytes = SHIPPED.as_bytes().to_vec();
        let end = bytes.len().min(at + cut);
        bytes.splice(at..end, put.bytes());
        if let Err(sentence) = with(&String::from_utf8_lossy(&bytes), &[]) {
            prop_assert_eq!(sentence.lines().count(), 1, "{}", sentence);
            prop_assert!(sentence.starts_with("config.toml line "), "{}", sentence);
        }
    }

    /// Wherever a secret is put by mistake, the complaint does not repeat it.
    #[test]
    fn a_complaint_never_shows_a_value(key in prop::sample::select(vec![
        "server.bind", "server.public_url", "log.min_free_bytes", "access.grace_days",
        "audit.origin", "gateway.sandbox.enabled", "gateway.razorpay.base_url", "data_dir.x",
        "catalog.version", "catalog.plans", "sources.x", "checkout",
    ]), secret in "hunter[0-9]{6} [`\"]expected ") {
        let quoted = toml::Value::String(secret.clone());
        let sentence = refused(&format!("{key} = {quoted}"), &[]);
        prop_assert!(!sentence.contains("hunter"), "{}", sentence);
    }
}
