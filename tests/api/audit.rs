//! `POST /v1/audit/verify`: its lines, its verdicts, whose turn it is, and what readiness says.

use serde_json::{Value, json};
use subledger::ledger::audit::{Audit, Ended};
use subledger::ledger::{Actor, Caller};

use crate::keys::JSON;
use crate::world::{Answer, KEY, World, hmac_hex, sample, samples};

fn asked(world: &World, question: &Value) -> Answer {
    let body = question.to_string();
    let path = "/v1/audit/verify";
    world.ask("POST", path, Some(KEY), &[JSON], body.as_bytes())
}

/// The lines of an answer, and the last one of them.
fn lines(answer: &Answer) -> (Vec<Value>, Value) {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("application/x-ndjson"));
    assert!(answer.text.ends_with('\n'));
    let mut lines: Vec<Value> = answer
        .text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let last = lines.pop().unwrap();
    (lines, last)
}

fn verdict(world: &World, question: &Value) -> Value {
    let (progress, last) = lines(&asked(world, question));
    let is_progress = |line: &Value| line["checked"].as_u64() <= line["of"].as_u64();
    assert!(!progress.is_empty() && progress.iter().all(is_progress));
    last
}

fn fill(world: &World) {
    for (_, body) in samples("razorpay") {
        assert_eq!(world.razorpay(&body).status, 200);
    }
}

#[test]
fn the_verdict_counts_what_was_proved() {
    for world in [World::new(), World::on_disk()] {
        fill(&world);
        world.stykite(&sample("stykite", "01"));
        let stats = world.read("/v1/stats");
        let report = verdict(&world, &json!({}));
        assert_eq!(report["intact"], true, "{report}");
        assert_eq!(report["last_seq"], stats["last_seq"], "{report}");
        assert_eq!(report["events"], stats["events"], "{report}");
        assert_eq!(report["damaged"], json!([]));
        let count = |name: &str| report["signatures"][name].as_u64().unwrap();
        assert_eq!(count("verified"), samples("razorpay").len() as u64 + 1);
        assert_eq!(count("not_verifiable"), 1, "the settings");
        assert_eq!((count("failed"), count("unknown_key")), (0, 0));
        let key = Some(KEY);
        let without_body = world.ask("POST", "/v1/audit/verify", key, &[], b"");
        assert_eq!(lines(&without_body).1["root"], report["root"]);
    }
}

#[test]
fn a_kept_checkpoint_fits_and_anothers_is_refused() {
    let world = World::on_disk();
    world.razorpay(&sample("razorpay", "02"));
    let kept = world.get("/v1/audit/checkpoint").text;
    fill(&world);
    let report = verdict(&world, &json!({"checkpoints": [kept]}));
    assert_eq!(report["intact"], true, "{report}");
    assert_eq!(report["checkpoints"][0]["size"], 2, "{report}");
    assert_eq!(report["checkpoints"][0]["ok"], true, "{report}");

    let other = World::on_disk().get("/v1/audit/checkpoint").text;
    let changed = kept.replacen('2', "3", 1);
    for foreign in [other.as_str(), changed.as_str(), "", "no checkpoint"] {
        let refused = asked(&world, &json!({"checkpoints": [kept, foreign]}));
        assert_eq!(refused.status, 400, "{}", refused.text);
        assert_eq!(refused.word("code"), "invalid_body");
        assert!(refused.word("detail").contains("checkpoints[1]"));
    }
    // What the ledger has kept itself is compared too.
    let world = world.restart();
    let report = verdict(&world, &json!({}));
    assert_eq!(report["kept_checkpoints"], 1, "{report}");
    assert_eq!(report["checkpoints"][0]["ok"], true, "{report}");
}

#[test]
fn one_audit_has_the_turn() {
    let world = World::new();
    let ledger = std::sync::Arc::clone(world.ledger());
    let turn = ledger.begin_audit(Audit::Replay, Actor::Admin).unwrap();
    let refused = asked(&world, &json!({}));
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert_eq!(refused.word("code"), "audit_running");
    assert!(refused.word("detail").contains("replay"));
    drop(turn);
    assert_eq!(verdict(&world, &json!({}))["intact"], true);
    // At a stop the turn says that it is time to end.
    let mut turn = ledger
        .begin_audit(Audit::Verify, Caller::ADMIN.actor)
        .unwrap();
    assert_eq!(turn.step(), Ok(()));
    ledger.end_audits();
    assert_eq!(turn.step(), Err(Ended));
    drop(turn);
    let (_, last) = lines(&asked(&world, &json!({})));
    assert_eq!(last["code"], "unavailable", "{last}");
}

#[test]
fn a_question_that_is_not_understood_is_refused() {
    let world = World::new();
    for (body, code) in [
        (r#"{"checkpoint":"x"}"#, "invalid_body"),
        (r#"{"checkpoints":"x"}"#, "invalid_body"),
        ("[]", "invalid_body"),
        ("{", "invalid_body"),
    ] {
        let key = Some(KEY);
        let refused = world.ask("POST", "/v1/audit/verify", key, &[JSON], body.as_bytes());
        assert_eq!(
            (refused.status, refused.word("code").as_str()),
            (400, code),
            "{body}"
        );
    }
    let plain = [("content-type", "text/plain")];
    let refused = world.ask("POST", "/v1/audit/verify", Some(KEY), &plain, b"{}");
    assert_eq!(refused.status, 415);
    let refused = world.ask("POST", "/v1/audit/verify?deep=1", Some(KEY), &[], b"");
    assert_eq!(refused.status, 400);
}

/// A secret under the name of another makes every old signature wrong: what was recorded cannot be
/// the provider's. Reads go on, readiness says why, and a check that finds all well ends it.
#[test]
fn damage_turns_readiness_and_reads_go_on() {
    const SOURCES: &str = "[server]\nbind = \"127.0.0.1:0\"\n[sources.razorpay]\n";
    let with = |secret: &str| {
        format!("{SOURCES}secrets = [{{ id = \"2026-a\", secret = \"{secret}\" }}]\n")
    };
    let world = World::from_text(&with("the right secret")).unwrap();
    let body = sample("razorpay", "02");
    let signature = hmac_hex("the right secret", &body);
    let headers = [("x-razorpay-signature", signature.as_str())];
    let recorded = world.post("/webhooks/razorpay", &headers, &body);
    assert_eq!(recorded.status, 200, "{}", recorded.text);
    assert_eq!(verdict(&world, &json!({}))["intact"], true);
    let configured = |secret: &str| {
        let read = subledger::config::Config::parse("t", &with(secret), std::iter::empty());
        read.unwrap().sources
    };
    let wrong = world
        .restart_with(|config| config.sources = configured("another secret"))
        .unwrap();
    let report = verdict(&wrong, &json!({}));
    assert_eq!(report["intact"], false, "{report}");
    assert_eq!(report["damaged"][0]["first_seq"], recorded.seq());
    assert_eq!(report["damaged"][0]["last_seq"], recorded.seq());
    assert_eq!(report["signatures"]["failed"], 1, "{report}");
    let ready = wrong.get_with("/readyz", &[]);
    assert_eq!(ready.status, 503, "{}", ready.text);
    let detail = ready.word("detail");
    assert!(detail.contains("record 2: its signature does not fit the secret `2026-a`"));
    assert!(!detail.contains("backup"), "{detail}");
    assert_eq!(wrong.get("/v1/customers/user_42").status, 200);
    assert_eq!(wrong.get("/v1/events/2").status, 200);
    let right = wrong
        .restart_with(|config| config.sources = configured("the right secret"))
        .unwrap();
    assert_eq!(right.get_with("/readyz", &[]).status, 200);
    assert_eq!(verdict(&right, &json!({}))["intact"], true);
}
