//! Checkpoints and proofs over HTTP, checked by implementations that are not ours.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use signed_note::{Note, StandardVerifier, VerifierList};
use subledger::config::Config;
use tlog_tiles::checkpoint::Checkpoint;
use tlog_tiles::tlog::{Hash, check_record, check_tree};

use crate::world::{KEY, World, sample, samples};

/// What the independent implementation reads from a note, once it has verified it.
fn verified(note: &str, key: &str) -> Checkpoint {
    let verifier = StandardVerifier::new(key.trim_end()).expect("a verifier key");
    let note = Note::from_bytes(note.as_bytes()).expect("a note");
    let list = VerifierList::new(vec![Box::new(verifier)]);
    let (known, unknown) = note.verify(&list).expect("a signature that fits");
    assert_eq!((known.len(), unknown.len()), (1, 0));
    Checkpoint::from_bytes(note.text()).expect("a checkpoint")
}

fn head(world: &World) -> Checkpoint {
    let note = world.get("/v1/audit/checkpoint");
    assert_eq!(
        note.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    let key = world.get("/v1/audit/checkpoint/key");
    assert!(key.text.ends_with('\n') && key.text.lines().count() == 1);
    let checkpoint = verified(&note.text, &key.text);
    assert_eq!(
        note.header("x-ledger-seq"),
        Some(checkpoint.size().to_string().as_str())
    );
    checkpoint
}

fn hash(value: &Value) -> Hash {
    Hash::parse_hash(value.as_str().unwrap()).unwrap()
}

fn hashes(proof: &Value) -> Vec<Hash> {
    proof["hashes"]
        .as_array()
        .unwrap()
        .iter()
        .map(hash)
        .collect()
}

fn fill(world: &World) {
    for (_, body) in samples("razorpay") {
        assert_eq!(world.razorpay(&body).status, 200);
    }
}

#[test]
fn a_checkpoint_is_verified_by_others_and_grows_with_the_log() {
    let world =
        World::with("[audit]\norigin = \"ledger.example.com/test\"\n[log]\nengine = \"memory\"\n");
    let first = head(&world);
    assert_eq!(
        (first.origin(), first.size()),
        ("ledger.example.com/test", 1)
    );
    let recorded = world.razorpay(&sample("razorpay", "02"));
    let second = head(&world);
    assert_eq!(second.size(), recorded.seq(), "what was answered is in it");
    assert_ne!(first.hash(), second.hash());
    assert_eq!(head(&world), second, "nothing has come since");
    let proof = world.read("/v1/audit/consistency?from=1&to=2");
    let old = (first.size(), *first.hash());
    check_tree(&hashes(&proof), 2, *second.hash(), old.0, old.1).unwrap();
}

#[test]
fn every_event_is_proved_to_be_in_every_tree() {
    let world = World::on_disk();
    fill(&world);
    let head = head(&world);
    let last = head.size();
    assert!(last > 30, "{last}");
    for seq in 1..=last {
        let event = world.read(&format!("/v1/events/{seq}"));
        let leaf = hex::decode(event["leaf_hash"].as_str().unwrap()).unwrap();
        for size in [seq, u64::midpoint(seq, last), last] {
            let proof = world.read(&format!("/v1/audit/inclusion?seq={seq}&size={size}"));
            assert_eq!(proof["leaf_hash"], STANDARD.encode(&leaf));
            let of = (&proof["seq"], &proof["leaf_index"], &proof["size"]);
            assert_eq!(of, (&seq.into(), &(seq - 1).into(), &size.into()));
            let (root, leaf) = (hash(&proof["root"]), hash(&proof["leaf_hash"]));
            check_record(&hashes(&proof), size, root, seq - 1, leaf).unwrap();
            let wrong = check_record(&hashes(&proof), size, leaf, seq - 1, root);
            assert!(
                wrong.is_err() || size == 1,
                "the other implementation can refuse"
            );

            let proof = world.read(&format!("/v1/audit/consistency?from={seq}&to={size}"));
            assert_eq!((&proof["from"], &proof["to"]), (&seq.into(), &size.into()));
            let (from, to) = (hash(&proof["from_root"]), hash(&proof["to_root"]));
            assert_eq!(to, root);
            check_tree(&hashes(&proof), size, to, seq, from).unwrap();
        }
    }
    let proof = world.read("/v1/audit/inclusion?seq=3");
    assert_eq!(
        (&proof["size"], hash(&proof["root"])),
        (&last.into(), *head.hash())
    );
}

#[test]
fn what_no_proof_can_be_about_is_refused() {
    let world = World::new();
    fill(&world);
    let last = head(&world).size();
    let code = |query: &str| {
        let answer = world.get(&format!("/v1/audit/{query}"));
        assert!(answer.header("x-ledger-seq").is_some());
        (answer.status, answer.word("code"))
    };
    let beyond = last + 1;
    for query in [
        "inclusion?seq=0".to_owned(),
        format!("inclusion?seq={beyond}"),
        format!("inclusion?seq=1&size={beyond}"),
        "inclusion?seq=1&size=0".into(),
        "inclusion?seq=3&size=2".into(),
        format!("inclusion?seq={}", u64::MAX),
        "consistency?from=0&to=2".into(),
        "consistency?from=3&to=2".into(),
        format!("consistency?from=1&to={beyond}"),
        format!("consistency?from={beyond}&to={beyond}"),
        "consistency?from=0&to=0".into(),
    ] {
        assert_eq!(code(&query), (400, "out_of_range".into()), "{query}");
    }
    for query in [
        "inclusion",
        "inclusion?seq=",
        "inclusion?seq=x",
        "inclusion?seq=-1",
        "inclusion?seq=1.0",
        "inclusion?seq=1&seq=2",
        "inclusion?seq=1&size=x",
        "inclusion?seq=1&colour=red",
        "inclusion?seq=18446744073709551616",
        "consistency?from=1",
        "consistency?to=1",
        "consistency?from=a&to=1",
        "checkpoint?size=1",
        "checkpoint/key?x=1",
    ] {
        assert_eq!(code(query), (400, "invalid_parameter".into()), "{query}");
    }
}

#[test]
fn the_name_and_the_key_stay_over_restarts() {
    let world = World::on_disk();
    let key = world.get("/v1/audit/checkpoint/key").text;
    assert!(
        key.starts_with("127.0.0.1+"),
        "the host of public_url: {key}"
    );
    let first = head(&world);
    // Another host in public_url is no other log; another name is.
    let text = "[server]\npublic_url = \"https://other.example\"\n";
    let moved = Config::parse("t", text, std::iter::empty()).unwrap();
    let world = world.restart_with(|config| config.server.public_url = moved.server.public_url);
    let world = world.unwrap();
    assert_eq!(world.get("/v1/audit/checkpoint/key").text, key);
    world.razorpay(&sample("razorpay", "02"));
    let second = head(&world);
    let path = format!(
        "/v1/audit/consistency?from={}&to={}",
        first.size(),
        second.size()
    );
    let proof = hashes(&world.read(&path));
    check_tree(
        &proof,
        second.size(),
        *second.hash(),
        first.size(),
        *first.hash(),
    )
    .unwrap();
    let named = world.restart_with(|config| config.audit.origin = "other.example".into());
    let refusal = named.err().expect("refused").to_string();
    assert!(refusal.contains("was named 127.0.0.1"), "{refusal}");
}

#[test]
fn a_key_that_may_only_read_gets_none_of_it() {
    let world = World::new();
    let made = world.ask(
        "POST",
        "/v1/keys",
        Some(KEY),
        &[("content-type", "application/json")],
        br#"{"label":"r","scope":"read"}"#,
    );
    let key = format!("Bearer {}", made.word("key"));
    for path in [
        "checkpoint",
        "checkpoint/key",
        "inclusion?seq=1",
        "consistency?from=1&to=1",
    ] {
        let path = format!("/v1/audit/{path}");
        let answer = world.get_with(&path, &[("Authorization", &key)]);
        assert_eq!(answer.status, 403, "{path}");
    }
}
