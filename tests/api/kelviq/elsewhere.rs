//! What Kelviq's API has and a ledger does not do: 501 and a sentence, whatever is sent.

use serde_json::json;
use subledger::domain::key::Scope;
use subledger::http::{Access, routes};

use super::{ask, ask_as, world};
use crate::keys::{JSON, made};

/// Every such call.
const CALLS: &[(&str, &str)] = &[
    ("POST", "license/activate/"),
    ("POST", "license/deactivate/"),
    ("POST", "license/validate/"),
    ("POST", "portal/session/"),
    ("POST", "charges/"),
    ("POST", "refunds/"),
    ("POST", "subscriptions/7b2f0c1e/update/preview/"),
    ("POST", "catalog/products/"),
    ("PATCH", "catalog/products/p/"),
    ("DELETE", "catalog/products/p/"),
    ("GET", "catalog/products/p/settings/"),
    ("PATCH", "catalog/products/p/settings/"),
    ("PATCH", "catalog/products/p/image/i/"),
    ("DELETE", "catalog/products/p/image/i/"),
    ("POST", "catalog/features/"),
    ("DELETE", "catalog/features/f/"),
    ("POST", "catalog/plans/"),
    ("PATCH", "catalog/plans/pro/"),
    ("DELETE", "catalog/plans/pro/"),
    ("POST", "catalog/plans/pro/publish/"),
    ("DELETE", "catalog/plans/pro/discard/"),
    ("POST", "catalog/plans/pro/prices/bulk/"),
    ("POST", "catalog/plans/pro/features/"),
    ("PATCH", "catalog/plans/pro/features/seats/"),
    ("DELETE", "catalog/plans/pro/features/seats/"),
    ("PATCH", "catalog/plans/pro/file/f/"),
    ("DELETE", "catalog/plans/pro/file/f/"),
    ("GET", "catalog/plans/pro/file/f/download/"),
    ("POST", "media/"),
    ("GET", "monetization/product-offering/p/"),
    ("GET", "promotions?promotion_id=1"),
    ("GET", "webhook/logs/"),
    ("POST", "partner/organizations/"),
    ("GET", "partner/organizations/"),
    ("GET", "partner/organizations/o/"),
    ("GET", "partner/organizations/by-external-id/o/"),
];

#[test]
fn what_a_ledger_does_not_do_is_501_with_a_sentence() {
    let world = world();
    let before = super::events(&world);
    for (method, path) in CALLS {
        for path in [path, path.trim_end_matches('/')] {
            let answer = ask(&world, method, path, &json!({"anything": [1]}));
            assert_eq!(answer.status, 501, "{method} {path}: {}", answer.text);
            let body = answer.json();
            let sentence = body["detail"].as_str().unwrap();
            assert!(sentence.ends_with('.') && sentence.len() > 20, "{sentence}");
            assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
        }
    }
    assert_eq!(super::events(&world), before);
}

#[test]
fn no_route_says_so_that_is_not_in_this_table() {
    let world = world();
    let (_, client) = made(&world, "client", None);
    let mut found = 0;
    for route in routes() {
        let Some(path) = route.path.strip_prefix("/api/v1/") else {
            continue;
        };
        let path = path.replace("{customerId}", "nobody");
        if path.contains('{') || path == "entitlements/" {
            continue;
        }
        let answer = ask(&world, route.method.as_str(), &path, &json!({}));
        let bare = |path: &str| {
            path.split('?')
                .next()
                .map(|path| path.trim_end_matches('/').to_owned())
        };
        let is_it = |(method, listed): &(&str, &str)| {
            route.method == *method && bare(listed) == bare(&path)
        };
        let is_listed = CALLS.iter().any(is_it);
        assert_eq!(answer.status == 501, is_listed, "{} {path}", route.method);
        // A client's key is told before that there is no such thing.
        if route.access == Access::Key(Scope::Write) {
            let refused = ask_as(&world, &client, route.method.as_str(), &path, &json!({}));
            assert_eq!(refused.status, 403, "{path}");
        }
        found += 1;
    }
    assert!(found > 15, "{found}");
}

/// Partners have keys of another kind, in a header of its own.
#[test]
fn partners_are_told_without_a_key_of_ours() {
    let world = world();
    let headers = [JSON, ("x-kelviq-partner-key", "kvqp_1")];
    let answer = world.ask(
        "POST",
        "/api/v1/partner/organizations/",
        None,
        &headers,
        b"{}",
    );
    assert_eq!(answer.status, 501, "{}", answer.text);
}
