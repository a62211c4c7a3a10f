//! What belongs to checkpoints and proofs, on disk: the key's mode, the checkpoint that a stop
//! keeps, tiles that are damaged or gone, and a log that is not the one that was signed.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::checkpoint::Checkpoint;
use tlog_tiles::tlog::{Hash, check_record, check_tree};

use super::http::Client;
use super::load::delivery;
use super::process::Service;
use super::rig::{ADMIN_KEY, Rig, eventually};

fn text(service: &Service, path: &str) -> String {
    let answer = service.client().get(path, ADMIN_KEY).unwrap();
    assert_eq!(answer.status, 200, "{path}: {}", answer.text);
    answer.text
}

fn verified(note: &str, key: &str) -> Checkpoint {
    let verifier = StandardVerifier::new(key.trim_end()).unwrap();
    let note = Note::from_bytes(note.as_bytes()).unwrap();
    note.verify(&VerifierList::new(vec![Box::new(verifier)]))
        .unwrap();
    Checkpoint::from_bytes(note.text()).unwrap()
}

fn fill(service: &Service, numbers: std::ops::Range<u64>) {
    let mut client = Client::new(service.address);
    for n in numbers {
        assert_eq!(delivery(n).post(&mut client).unwrap().status, 200, "{n}");
    }
}

fn kept(rig: &Rig) -> Vec<PathBuf> {
    let entries = fs::read_dir(rig.data_dir.join("checkpoints")).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Every hundredth event's proofs, verified by the other implementation.
fn check_proofs(service: &Service) -> u64 {
    let key = text(service, "/v1/audit/checkpoint/key");
    let head = verified(&text(service, "/v1/audit/checkpoint"), &key);
    let hashes = |proof: &serde_json::Value| -> Vec<Hash> {
        let hashes = proof["hashes"].as_array().unwrap().iter();
        hashes
            .map(|hash| Hash::parse_hash(hash.as_str().unwrap()).unwrap())
            .collect()
    };
    let hash = |value: &serde_json::Value| Hash::parse_hash(value.as_str().unwrap()).unwrap();
    for seq in (1..=head.size()).step_by(100) {
        let json = |path: String| serde_json::from_str(&text(service, &path)).unwrap();
        let size = head.size();
        let proof: serde_json::Value = json(format!("/v1/audit/inclusion?seq={seq}&size={size}"));
        let leaf = hash(&proof["leaf_hash"]);
        check_record(&hashes(&proof), size, *head.hash(), seq - 1, leaf).unwrap();
        let proof: serde_json::Value = json(format!("/v1/audit/consistency?from={seq}&to={size}"));
        let old = hash(&proof["from_root"]);
        check_tree(&hashes(&proof), size, *head.hash(), seq, old).unwrap();
    }
    head.size()
}

#[test]
fn the_key_is_its_owners_and_a_stop_keeps_a_checkpoint() {
    let rig = Rig::new();
    let service = rig.start();
    fill(&service, 1..40);
    let key = text(&service, "/v1/audit/checkpoint/key");
    let head = verified(&text(&service, "/v1/audit/checkpoint"), &key);
    assert_eq!(service.terminate().code, Some(0));
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let key_file = rig.data_dir.join("checkpoint.key");
    assert_eq!(mode(&key_file), 0o600);
    let private = fs::read_to_string(&key_file).unwrap();

    let files = kept(&rig);
    let [first] = files.as_slice() else {
        panic!("{files:?}");
    };
    assert_eq!(
        first.file_name().unwrap().to_str().unwrap(),
        format!("{:020}", head.size())
    );
    assert_eq!(mode(first), 0o644);
    let note = fs::read_to_string(first).unwrap();
    assert_eq!(verified(&note, &key), head);

    // Nothing new: nothing is kept anew. One more event: one more checkpoint.
    assert_eq!(rig.start().terminate().code, Some(0));
    assert_eq!(kept(&rig), files);
    let service = rig.start();
    fill(&service, 40..41);
    assert_eq!(text(&service, "/v1/audit/checkpoint/key"), key);
    let ended = service.terminate();
    assert_eq!((ended.code, kept(&rig).len()), (Some(0), 2));
    let last_part = private.trim_end().rsplit('+').next().unwrap();
    assert!(!ended.stderr.contains(last_part) && !ended.stdout.contains(last_part));
    // A kept checkpoint is never written again.
    assert_eq!(fs::read_to_string(first).unwrap(), note);
}

#[test]
fn a_log_that_is_not_the_one_that_was_signed_is_not_ready_and_signs_nothing() {
    let rig = Rig::new();
    let service = rig.start();
    fill(&service, 1..30);
    assert_eq!(service.terminate().code, Some(0));
    let old = rig.path("old");
    copy(&rig.data_dir.join("log"), &old);
    let service = rig.start();
    fill(&service, 30..60);
    let honest = text(&service, "/v1/audit/checkpoint");
    assert_eq!(service.terminate().code, Some(0));
    assert_eq!(kept(&rig).len(), 2);

    // The whole folder is taken back but for the checkpoints: the witness cannot tell.
    fs::remove_dir_all(rig.data_dir.join("log")).unwrap();
    copy(&old, &rig.data_dir.join("log"));
    for name in ["witness.json", "state.snapshot", "keepsake.json"] {
        let _ = fs::remove_file(rig.data_dir.join(name));
    }
    let process = rig.spawn(&super::rig::Launch::default());
    let service = process.serving().expect("it starts, and reads go on");
    let mut client = service.client();
    let ready = client.get("/readyz", ADMIN_KEY).unwrap();
    assert_eq!(ready.status, 503);
    assert!(
        ready.text.contains("contradicts the checkpoint"),
        "{}",
        ready.text
    );
    assert_eq!(client.get("/v1/stats", ADMIN_KEY).unwrap().status, 200);
    assert_eq!(
        client
            .get("/v1/audit/checkpoint", ADMIN_KEY)
            .unwrap()
            .status,
        503
    );
    assert_eq!(
        client
            .get("/v1/audit/inclusion?seq=1", ADMIN_KEY)
            .unwrap()
            .status,
        200
    );
    assert_eq!(service.terminate().code, Some(0));
    assert_eq!(kept(&rig).len(), 2, "nothing is signed, nothing is removed");

    // What the operator accepts is recorded, and the checkpoint that was given up stays.
    let launch = super::rig::Launch {
        args: &["--accept-rollback"],
        ..super::rig::Launch::default()
    };
    let service = rig.start_as(&launch);
    assert_eq!(
        service.client().get("/readyz", ADMIN_KEY).unwrap().status,
        200
    );
    check_proofs(&service);
    // Whoever kept that checkpoint is told, and the service goes on.
    let outside = rig.path("honest.txt");
    fs::write(&outside, honest).unwrap();
    let url = format!("http://{}", service.address);
    let ended = rig.run(&[
        "verify",
        "--url",
        &url,
        "--checkpoint",
        outside.to_str().unwrap(),
    ]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stdout.contains("given up by an accepted rollback"),
        "{ended:?}"
    );
    let ready = service.client().get("/readyz", ADMIN_KEY).unwrap();
    assert_eq!(ready.status, 200, "{}", ready.text);
    assert_eq!(service.terminate().code, Some(0));
    let files = kept(&rig);
    let given_up = |path: &&PathBuf| path.extension().is_some_and(|end| end == "rolled-back");
    assert_eq!(
        (files.len(), files.iter().filter(given_up).count()),
        (3, 1),
        "{files:?}"
    );
    assert_eq!(rig.start().terminate().code, Some(0));
}

#[test]
fn tiles_that_are_damaged_or_gone_are_made_again() {
    let rig = Rig::new();
    let service = rig.start();
    fill(&service, 1..700);
    let size = check_proofs(&service);
    let tiles = rig.data_dir.join("tiles");
    // Proofs are exact before the tiles are there, and a stop does not wait for them.
    eventually("every leaf is in a tile", || {
        fs::metadata(tiles.join("0")).is_ok_and(|file| file.len() == size * 32)
    });
    assert_eq!(service.terminate().code, Some(0));
    let leaves = fs::read(tiles.join("0")).unwrap();
    let harms: [&dyn Fn(); 6] = [
        &|| {
            let mut bytes = leaves.clone();
            bytes[40] ^= 1;
            fs::write(tiles.join("0"), bytes).unwrap();
        },
        &|| fs::write(tiles.join("0"), &leaves[..100]).unwrap(),
        &|| fs::write(tiles.join("1"), [7; 64]).unwrap(),
        &|| fs::write(tiles.join("head.json"), "{}").unwrap(),
        &|| fs::remove_file(tiles.join("1")).unwrap(),
        &|| fs::remove_dir_all(&tiles).unwrap(),
    ];
    for (number, harm) in harms.iter().enumerate() {
        harm();
        let service = rig.start();
        assert_eq!(check_proofs(&service), size, "harm {number}");
        eventually("the tiles are as they were", || {
            fs::read(tiles.join("0")).is_ok_and(|bytes| bytes == leaves)
        });
        assert_eq!(check_proofs(&service), size, "harm {number}");
        assert_eq!(
            service.client().get("/readyz", ADMIN_KEY).unwrap().status,
            200
        );
        assert_eq!(service.terminate().code, Some(0));
    }
}

#[test]
fn a_kill_at_any_point_leaves_a_tree_that_proves() {
    let rig = Rig::new();
    let mut sent = 1;
    for round in 0..8 {
        let service = rig.start();
        fill(&service, sent..sent + 60);
        sent += 60;
        if round % 3 == 2 {
            check_proofs(&service);
        }
        service.kill();
    }
    let service = rig.start();
    check_proofs(&service);
    assert_eq!(service.terminate().code, Some(0));
}

#[test]
fn another_name_is_refused_with_a_sentence() {
    let rig = Rig::new();
    assert_eq!(rig.start().terminate().code, Some(0));
    rig.configure("[server]\nbind = \"127.0.0.1:0\"\n[audit]\norigin = \"other.example\"\n");
    let refused = rig.refused_start(&[]);
    let sentence = refused.refused(1);
    assert!(
        sentence.contains("other.example") && sentence.contains("127.0.0.1"),
        "{sentence}"
    );
}

fn copy(from: &Path, to: &Path) {
    let done = std::process::Command::new("cp")
        .arg("-a")
        .arg(from)
        .arg(to)
        .status();
    assert!(done.unwrap().success());
}
