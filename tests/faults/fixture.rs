//! A store that an earlier version wrote is opened, found intact, and served by this one: the
//! format is for ever.

use std::process::Command;

use serde_json::Value;

use super::rig::Rig;

const STORE_V1: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/fixtures/store-v1.tar.gz"
);
/// The Merkle root over its records, as the version that wrote it printed it.
const ROOT_V1: &str = "94a3a91ed490db48c4a8f4f99f0121fa79bb2592a844ea5af570bd7d61ea2667";
const EVENTS_V1: u64 = 81;

fn unpacked(archive: &str) -> Rig {
    let rig = Rig::new();
    std::fs::create_dir(&rig.data_dir).unwrap();
    let unpacked = Command::new("tar")
        .args(["-xzf", archive, "-C"])
        .arg(&rig.data_dir)
        .status();
    assert!(unpacked.unwrap().success(), "tar is part of every system");
    rig
}

fn verified(rig: &Rig) -> Value {
    let ended = rig.run(&["verify", "--output", "json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    serde_json::from_str(&ended.stdout).unwrap()
}

#[test]
fn a_store_of_format_1_is_intact_and_served() {
    let rig = unpacked(STORE_V1);
    let report = verified(&rig);
    assert_eq!(report["root"], ROOT_V1, "{report}");
    assert_eq!(report["events"], EVENTS_V1, "{report}");

    let service = rig.start();
    let stats = service.get("/v1/stats").json();
    assert_eq!(stats["events"], EVENTS_V1, "{stats}");
    let wanted = [
        ("customers", 9),
        ("payments", 15),
        ("quarantined", 5),
        ("ignored", 2),
    ];
    for (name, count) in wanted {
        assert_eq!(stats[name], count, "{name}: {stats}");
    }
    let subscription = service.get("/v1/subscriptions/sub_Ldgr0000000001").json();
    assert_eq!(subscription["customer"]["customer_identifier"], "user_42");
    let event = service.get("/v1/events/2").json();
    assert!(
        event["body"]
            .as_str()
            .is_some_and(|body| body.starts_with('{')),
        "{event}"
    );
    assert_eq!(service.terminate().code, Some(0));
    assert_eq!(verified(&rig)["root"], ROOT_V1);
}

/// The control: one changed byte of a record, and it is not intact.
#[test]
fn a_changed_store_of_format_1_is_not_intact() {
    let rig = unpacked(STORE_V1);
    let path = rig.db();
    let mut bytes = std::fs::read(&path).unwrap();
    let place = bytes.len() / 2;
    bytes[place] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert_ne!(rig.run(&["verify"]).code, Some(0));
}
