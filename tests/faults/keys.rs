//! `subledger keys` on a stopped store and on a running service: what one makes opens the other.

use serde_json::Value;

use super::process::{Ended, Service};
use super::rig::{ADMIN_KEY, Rig};

fn json(ended: &Ended) -> Value {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    serde_json::from_str(&ended.stdout).unwrap()
}

fn opens(service: &Service, key: &Value) -> u16 {
    let key = key["key"].as_str().unwrap();
    service.client().get("/v1/stats", key).unwrap().status
}

#[test]
fn what_is_made_on_the_stopped_store_opens_the_running_service_and_back() {
    let rig = Rig::new();
    let create = [
        "keys", "create", "--label", "a", "--scope", "read", "--output", "json",
    ];
    // Before the first start: there is no store yet.
    let offline = json(&rig.run(&create));
    let service = rig.start();
    assert_eq!(opens(&service, &offline), 200);
    let url = format!("http://{}", service.address);
    let at = ["--url", url.as_str()];
    // The admin key comes from the environment.
    let online = json(&rig.run(&[&create[..], &at].concat()));
    assert_eq!(opens(&service, &online), 200);
    let listed = json(&rig.run(&[&["keys", "list", "--output", "json"][..], &at].concat()));
    assert_eq!(listed.as_array().unwrap().len(), 2);
    assert!(listed[0].get("key").is_none());
    let id = online["id"].as_str().unwrap();
    let text = rig.run(&[&["keys", "revoke", id, "--key", ADMIN_KEY][..], &at].concat());
    assert_eq!(
        (text.code, text.stdout),
        (Some(0), format!("{id} is revoked\n"))
    );
    assert_eq!(opens(&service, &online), 401);
    let locked = rig.run(&["keys", "list"]);
    assert!(locked.refused(1).contains("another process"));
    assert_eq!(service.terminate().code, Some(0));

    let id = offline["id"].as_str().unwrap();
    assert_eq!(
        json(&rig.run(&["keys", "revoke", id, "--output", "json"]))["id"],
        id
    );
    let none = rig.run(&["keys", "list"]);
    assert_eq!(none.stdout, "no keys besides the admin key\n");
    let service = rig.start();
    assert_eq!(opens(&service, &offline), 401);
    assert_eq!(service.terminate().code, Some(0));
    let (code, report) = rig.replay();
    assert_eq!(
        (code, &report["identical"]),
        (Some(0), &true.into()),
        "{report}"
    );
}

#[test]
fn a_refusal_is_one_sentence() {
    let rig = Rig::new();
    let service = rig.start();
    let url = format!("http://{}", service.address);
    let wrong = rig.run(&["keys", "list", "--url", &url, "--key", "sl_wrong"]);
    assert!(wrong.refused(1).contains("401"));
    let narrow = [
        "keys",
        "create",
        "--label",
        "x",
        "--scope",
        "read",
        "--customer",
        "c",
    ];
    let narrow = [&narrow[..], &["--url", &url]].concat();
    assert!(rig.run(&narrow).refused(1).contains("`customer`"));
    let unknown = rig.run(&["keys", "revoke", "KEY-0000000000000", "--url", &url]);
    assert!(unknown.refused(1).contains("no such key"));
    assert_eq!(service.terminate().code, Some(0));
    assert!(rig.run(&narrow[..8]).refused(1).contains("`customer`"));
    assert!(
        rig.run(&["keys", "revoke", "KEY-1"])
            .refused(1)
            .contains("no key's id")
    );
    let gone = rig.run(&["keys", "list", "--url", &url]);
    assert!(gone.refused(1).contains("cannot reach"));
    let usage = rig.run(&["keys", "create", "--label", "x", "--scope", "root"]);
    assert_eq!(usage.code, Some(2));
    let lonely = rig.run(&["keys", "list", "--key", "sl_x"]);
    assert_eq!(lonely.code, Some(2));
}
