//! Every route with every kind of key. The routes come from the table the service serves, so that a
//! new one without a row here fails.

use subledger::domain::key::Scope;
use subledger::http::{Access, Route, routes};

use super::{JSON, made, revoke};
use crate::world::{Answer, KEY, World, sample};

/// For each path, one that leads somewhere and is not refused for lack of a parameter.
const ROWS: &[(&str, &str)] = &[
    ("/webhooks/{source}", "/webhooks/nobody"),
    (
        "/v1/subscriptions/{id}",
        "/v1/subscriptions/sub_Ldgr0000000001",
    ),
    ("/v1/subscriptions", "/v1/subscriptions?customer=user_42"),
    ("/v1/customers/{id}", "/v1/customers/user_42"),
    (
        "/v1/customers/{id}/entitlements",
        "/v1/customers/user_42/entitlements",
    ),
    ("/v1/customers/{id}/events", "/v1/customers/user_42/events"),
    ("/v1/customers", "/v1/customers"),
    ("/v1/payments/{id}", "/v1/payments/pay_unknown"),
    ("/v1/payments", "/v1/payments"),
    // An answer that ends: the key is looked at before the place.
    ("/v1/events/stream", "/v1/events/stream?after=x"),
    ("/v1/events/{seq}", "/v1/events/1"),
    ("/v1/events", "/v1/events"),
    ("/v1/quarantine", "/v1/quarantine"),
    ("/v1/quarantine/{seq}/accept", "/v1/quarantine/1/accept"),
    ("/v1/audit/checkpoint", "/v1/audit/checkpoint"),
    ("/v1/audit/checkpoint/key", "/v1/audit/checkpoint/key"),
    ("/v1/audit/inclusion", "/v1/audit/inclusion?seq=1"),
    ("/v1/audit/consistency", "/v1/audit/consistency?from=1&to=1"),
    ("/v1/audit/verify", "/v1/audit/verify"),
    ("/v1/audit/replay", "/v1/audit/replay"),
    ("/v1/audit/export", "/v1/audit/export?to=1"),
    ("/v1/stats", "/v1/stats"),
    ("/v1/keys", "/v1/keys"),
    ("/v1/keys/{id}", "/v1/keys/KEY-0000000000000"),
    (
        "/v1/company/{companyId}/country/{countryId}/customer/{customerIdentifier}",
        "/v1/company/COM-1/country/CON-1/customer/user_42",
    ),
    (
        "/v1/company/{companyId}/country/{countryId}/customer",
        "/v1/company/COM-1/country/CON-1/customer",
    ),
    (
        "/v1/company/{companyId}/country/{countryId}/customer/{customerIdentifier}/meter-entitlements",
        "/v1/company/COM-1/country/CON-1/customer/user_42/meter-entitlements",
    ),
    (
        "/v1/company/{companyId}/country/{countryId}/customer/{customerIdentifier}/usage",
        "/v1/company/COM-1/country/CON-1/customer/user_42/usage",
    ),
    (
        "/v1/company/{companyId}/country/{countryId}/checkpoint/usage",
        "/v1/company/COM-1/country/CON-1/checkpoint/usage",
    ),
    (
        "/v1/company/{companyId}/checkpoint/usage",
        "/v1/company/COM-1/checkpoint/usage",
    ),
    (
        "/v1/company/{companyId}/country/{countryId}/payment",
        "/v1/company/COM-1/country/CON-1/payment",
    ),
    (
        "/v1/company/{companyId}/country/{countryId}/customer/{customerIdentifier}/cancel_subscription",
        "/v1/company/COM-1/country/CON-1/customer/user_42/cancel_subscription",
    ),
    (
        "/v1/company/{companyId}/country/{countryId}/customer/{customerIdentifier}/subscription",
        "/v1/company/COM-1/country/CON-1/customer/user_42/subscription",
    ),
    ("/checkout/{id}", "/checkout/TRN-0000000000000"),
    ("/healthz", "/healthz"),
    ("/readyz", "/readyz"),
    ("/metrics", "/metrics"),
    ("/openapi.json", "/openapi.json"),
    ("/docs", "/docs"),
];

/// Kelviq's paths name things that there are not. A list for client keys names its customer.
fn kelviqs(route: &Route) -> Option<String> {
    let parts = route.path.strip_prefix("/api/v1/")?.split('/');
    let parts = parts.map(|part| {
        if part.starts_with('{') {
            "nobody"
        } else {
            part
        }
    });
    let path = parts.collect::<Vec<_>>().join("/");
    let customer = match route.access {
        Access::Key(Scope::Client) => "?customer_id=user_42",
        _ => "",
    };
    Some(format!("/api/v1/{path}{customer}"))
}

fn asked(world: &World, route: &Route, key: Option<&str>) -> Answer {
    let row = ROWS.iter().find(|(path, _)| *path == route.path);
    let path = row.map(|(_, path)| (*path).to_owned());
    let path = path.or_else(|| kelviqs(route));
    let path = path.unwrap_or_else(|| panic!("{} has no row in this test", route.path));
    // No command is carried out by this: what is asked about is the key.
    world.ask(route.method.as_str(), &path, key, &[JSON], b"{}")
}

#[test]
fn every_route_wants_the_scope_of_the_table_and_no_less() {
    let world = World::new();
    world.razorpay(&sample("razorpay", "02"));
    let keys = Scope::ALL.map(|scope| {
        let (_, live) = made(&world, scope.as_str(), None);
        let (id, revoked) = made(&world, scope.as_str(), None);
        assert_eq!(revoke(&world, &id).status, 204);
        (scope, live, revoked)
    });
    let mut checked = 0;
    for route in routes() {
        let Access::Key(needed) = route.access else {
            let answer = asked(&world, &route, None);
            assert!(![401, 403].contains(&answer.status), "{route:?}");
            continue;
        };
        let unknown = [None, Some("sl_wrong"), Some("x y")];
        let refused: Vec<Answer> = unknown.map(|key| asked(&world, &route, key)).into();
        let revoked = keys
            .iter()
            .map(|(_, _, key)| asked(&world, &route, Some(key)));
        for answer in refused.iter().chain(&revoked.collect::<Vec<_>>()) {
            assert_eq!(answer.status, 401, "{route:?}: {}", answer.text);
            assert_eq!(answer.text, refused[0].text, "all look alike");
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
        }
        for (scope, live, _) in &keys {
            let answer = asked(&world, &route, Some(live));
            let what = format!("{scope:?} {route:?}: {}", answer.text);
            if scope.covers(needed) {
                assert!(![401, 403].contains(&answer.status), "{what}");
            } else {
                assert_eq!(answer.status, 403, "{what}");
                // A vendor's refusals have no code.
                let vendors = ["/v1/company/", "/api/v1/"];
                let is_ours = !vendors.iter().any(|vendor| route.path.starts_with(vendor));
                assert_eq!(answer.word("code") == "forbidden", is_ours, "{what}");
            }
            checked += 1;
        }
        let answer = asked(&world, &route, Some(KEY));
        // Routes of one path are one resource, wherever they stand in the table.
        assert!(![401, 403, 405].contains(&answer.status), "{route:?}");
    }
    assert!(checked >= 15 * Scope::ALL.len(), "{checked}");
}

#[test]
fn a_key_that_is_not_sent_as_a_bearers_is_none() {
    let world = World::new();
    let ask = |lines: &str| {
        let head = format!("GET /v1/stats HTTP/1.1\r\nHost: l\r\nConnection: close\r\n{lines}\r\n");
        let answer = world.raw(head.as_bytes());
        answer.split(' ').nth(1).unwrap_or_default().to_owned()
    };
    let line = |value: &str| format!("Authorization: {value}\r\n");
    assert_eq!(ask(&line(&format!("Bearer {KEY}"))), "200");
    assert_eq!(ask(&line(&format!("bearer  {KEY} "))), "200");
    for value in [
        "",
        "Bearer",
        "Bearer ",
        KEY,
        "Bearer sl_\u{fc}",
        "Bearer \u{1f511}",
    ] {
        assert_eq!(ask(&line(value)), "401", "{value}");
    }
    assert_eq!(ask(&line(&format!("Basic {KEY}"))), "401");
    assert_eq!(ask(&line(&format!("Bearer {KEY}x"))), "401");
    let twice = line(&format!("Bearer {KEY}")).repeat(2);
    assert_eq!(ask(&twice), "401", "which of two would it be?");
}

#[test]
fn the_rows_are_those_of_the_table() {
    let paths: Vec<&str> = routes().iter().map(|route| route.path).collect();
    for (path, _) in ROWS {
        assert!(paths.contains(path), "{path} is served no longer");
    }
}

#[test]
fn a_method_that_is_not_in_the_table_is_told_which_are() {
    let world = World::new();
    for (path, _) in ROWS {
        let of_path = routes().into_iter().filter(|route| route.path == *path);
        let mut allowed: Vec<String> = of_path.map(|route| route.method.to_string()).collect();
        if allowed.iter().any(|method| method == "GET") {
            allowed.push("HEAD".into());
        }
        allowed.sort();
        let answer = world.ask(
            "PATCH",
            &path.replace('{', "x").replace('}', ""),
            None,
            &[],
            b"",
        );
        assert_eq!(answer.status, 405, "{path}");
        let mut told: Vec<_> = answer.header("allow").unwrap().split(", ").collect();
        told.sort_unstable();
        assert_eq!(told, allowed, "{path}");
    }
}
