//! What the page shows in each state, and what it must not have.

use subledger::domain::catalog::Period;
use subledger::ledger::{NewCheckout, Wanted};

use super::shop::{ADDON, CUSTOMER, Shop};

#[test]
fn an_open_checkout_shows_what_is_paid_in_one_form_without_script_or_cookie() {
    let shop = Shop::new();
    let id = shop.open();
    let page = shop.page(&id);
    assert_eq!(page.status, 200);
    for words in [
        "<title>Pay for Pro &lt;b&gt;&amp; more&lt;/b&gt;: INR 4,990.00</title>",
        "<html lang=\"en\">",
        "<h1>Pay for Pro &lt;b&gt;&amp; more&lt;/b&gt;</h1>",
        "<dt>Price</dt><dd>INR 4,990.00</dd>",
        "<dt>Period</dt><dd>one month</dd>",
        "<dt>Customer</dt><dd>user+1@example.com</dd>",
        "<dt>Payable until</dt><dd>2026-11-27 00:00 UTC</dd>",
        "no money moves",
        "name=\"viewport\"",
        "Nothing is paid yet.",
    ] {
        assert!(page.text.contains(words), "{words}: {}", page.text);
    }
    let form = format!("<form method=\"post\" action=\"/checkout/{id}\">");
    assert_eq!(page.text.matches("<form").count(), 1);
    assert!(page.text.contains(&form), "{}", page.text);
    for value in ["pay", "fail", "cancel"] {
        let button = format!("name=\"action\" value=\"{value}\"");
        assert_eq!(page.text.matches(&button).count(), 1, "{button}");
    }
    for never in [
        "<script",
        "javascript:",
        "onclick",
        "<b>",
        "http-equiv",
        "src=",
    ] {
        assert!(!page.text.contains(never), "{never}");
    }
    assert_eq!(page.header("set-cookie"), None);
    let headers = [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("x-robots-tag", "noindex"),
        ("referrer-policy", "no-referrer"),
        ("x-frame-options", "DENY"),
    ];
    for (name, value) in headers {
        assert_eq!(page.header(name), Some(value), "{name}");
    }
    let policy = page.header("content-security-policy").unwrap();
    for part in [
        "default-src 'none'",
        "style-src 'sha256-",
        "form-action 'self';",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
}

#[test]
fn a_payment_is_shown_and_cannot_be_made_again() {
    let shop = Shop::new();
    let id = shop.open();
    let answer = shop.press(&id, "pay");
    assert_eq!(answer.status, 303);
    assert_eq!(
        answer.header("location"),
        Some(format!("/checkout/{id}").as_str())
    );
    assert_eq!(answer.header("set-cookie"), None);
    let page = shop.page_saying(&id, "This is paid.");
    assert!(!page.text.contains("<form"), "{}", page.text);
    assert!(
        page.text
            .contains("<dt>Paid</dt><dd>2026-11-26 00:00 UTC</dd>")
    );
    let subscribed = shop.subscribed();
    assert_eq!(subscribed.len(), 1);
    assert_eq!(subscribed[0]["status"], "active");
    assert_eq!(subscribed[0]["provider"], "subledger");
    assert_eq!(subscribed[0]["paid_through"], "2026-12-26T00:00:00.000Z");
    for action in ["pay", "fail", "cancel"] {
        assert_eq!(shop.press(&id, action).status, 303);
    }
    assert_eq!(shop.told("checkout.attempted").len(), 1);
    assert!(shop.page(&id).text.contains("This is paid."));
}

#[test]
fn a_failed_payment_can_be_tried_again() {
    let shop = Shop::new();
    let id = shop.open();
    assert_eq!(shop.press(&id, "fail").status, 303);
    let page = shop.page_saying(&id, "The payment did not go through");
    assert!(page.text.contains("You can try again."));
    assert!(page.text.contains("value=\"pay\""));
    assert!(shop.subscribed().is_empty());
    shop.press(&id, "pay");
    shop.page_saying(&id, "This is paid.");
    let attempts = shop.told("checkout.attempted");
    assert_eq!(attempts.len(), 2);
    assert_eq!(attempts[1]["attempt"], 2);
    let payments = shop.world.read("/v1/payments");
    let statuses: Vec<&str> = payments["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|payment| payment["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses.len(), 2, "{payments}");
    assert!(statuses.contains(&"captured") && statuses.contains(&"failed"));
}

#[test]
fn what_is_called_off_cannot_be_paid() {
    let shop = Shop::new();
    let id = shop.open();
    assert_eq!(shop.press(&id, "cancel").status, 303);
    for action in ["pay", "fail", "cancel"] {
        shop.press(&id, action);
    }
    let page = shop.page(&id);
    assert!(page.text.contains("called off"), "{}", page.text);
    assert!(!page.text.contains("<form"));
    assert!(shop.told("checkout.attempted").is_empty());
    assert_eq!(shop.told("checkout.cancelled").len(), 1);
}

#[test]
fn what_is_over_cannot_be_paid() {
    let shop = Shop::new();
    let id = shop.open();
    shop.world.set_time("2026-11-26T23:59:59.999Z");
    assert!(shop.page(&id).text.contains("value=\"pay\""));
    shop.world.set_time("2026-11-27T00:00:00Z");
    let page = shop.page(&id);
    assert!(
        page.text.contains("The time to pay is over."),
        "{}",
        page.text
    );
    assert!(!page.text.contains("<form"));
    for action in ["pay", "fail", "cancel"] {
        assert_eq!(shop.press(&id, action).status, 303);
    }
    assert!(shop.told("checkout.attempted").is_empty());
    assert!(shop.told("checkout.cancelled").is_empty());
}

#[test]
fn an_unknown_checkout_is_a_page_that_says_so() {
    let shop = Shop::new();
    for id in ["TRN-0000000000000", "TRN-", "x", "%3Cscript%3E", "cs_1"] {
        for answer in [shop.page(id), shop.press(id, "pay")] {
            assert_eq!(answer.status, 404, "{id}");
            assert!(answer.text.contains("There is no payment at this address."));
            assert!(!answer.text.contains("<script"));
        }
    }
}

#[test]
fn a_payer_goes_where_the_merchant_wants() {
    let shop = Shop::new();
    let wanted = |success: &str, cancel: &str| NewCheckout {
        success_url: Some(success.into()),
        cancel_url: Some(cancel.into()),
        ..Shop::plan(Period::Monthly)
    };
    let (success, cancel) = (
        "https://shop.example.com/thanks?id=1",
        "http://localhost:3000/back",
    );
    let paid = shop.open_for(wanted(success, cancel)).unwrap();
    let called_off = shop.open_for(wanted(success, cancel)).unwrap();
    let policy = shop
        .page(&paid)
        .header("content-security-policy")
        .unwrap()
        .to_owned();
    assert!(policy.contains("form-action 'self' https://shop.example.com http://localhost:3000;"));
    shop.press(&paid, "pay");
    shop.told_once("payment_link.paid");
    let later = shop.page(&paid);
    assert_eq!(
        (later.status, later.header("location")),
        (303, Some(success))
    );
    let again = shop.press(&paid, "pay");
    assert_eq!(
        (again.status, again.header("location")),
        (303, Some(success))
    );
    let back = shop.press(&called_off, "cancel");
    assert_eq!((back.status, back.header("location")), (303, Some(cancel)));
    assert_eq!(shop.page(&called_off).header("location"), Some(cancel));
    for wrong in [
        "javascript:alert(1)",
        "/thanks",
        "https://",
        "https://a b",
        "ftp://a",
        "https://a/\n",
    ] {
        let refused = shop
            .open_for(wanted(wrong, cancel))
            .unwrap_err()
            .to_string();
        assert!(refused.contains("`success_url`"), "{wrong:?}: {refused}");
        let refused = shop
            .open_for(wanted(success, wrong))
            .unwrap_err()
            .to_string();
        assert!(refused.contains("`cancel_url`"), "{wrong:?}: {refused}");
    }
}

#[test]
fn an_addon_is_sold_too() {
    let shop = Shop::new();
    let wanted = NewCheckout {
        wanted: Wanted::Addon {
            version_id: ADDON.into(),
        },
        ..Shop::plan(Period::Monthly)
    };
    let id = shop.open_for(wanted).unwrap();
    assert!(
        shop.page(&id)
            .text
            .contains("<dt>Add-on</dt><dd>More credits</dd>")
    );
    shop.press(&id, "pay");
    shop.page_saying(&id, "This is paid.");
    let customer = shop.world.read("/v1/customers/user%2B1%40example.com");
    let addon = &customer["addons"][0];
    assert_eq!(addon["version_id"], ADDON);
    assert_eq!(addon["price"], "99.00");
    assert_eq!(addon["transaction_id"], id.as_str());
}

#[test]
fn what_cannot_be_sold_opens_nothing() {
    let shop = Shop::new();
    let plan = |plan_id: &str, period| Wanted::Plan {
        plan_id: plan_id.into(),
        period,
    };
    let addon = Wanted::Addon {
        version_id: "ADV-1".into(),
    };
    for wanted in [
        plan("PLV-1", Period::Monthly),
        plan(super::shop::PLAN, Period::Weekly),
        plan("PLV-0MD508X1S3004", Period::Monthly),
        addon,
    ] {
        let refused = shop.open_for(NewCheckout {
            wanted,
            ..Shop::plan(Period::Monthly)
        });
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("`plan_id`"), "{refused}");
    }
    let nobody = NewCheckout {
        customer: "nobody".into(),
        ..Shop::plan(Period::Monthly)
    };
    assert_eq!(
        shop.open_for(nobody).unwrap_err().to_string(),
        "there is no such customer"
    );
    assert!(shop.told("checkout.opened").is_empty());
}

#[test]
fn a_form_that_is_none_changes_nothing() {
    let shop = Shop::new();
    let id = shop.open();
    let path = format!("/checkout/{id}");
    for body in [
        "",
        "action=",
        "action=PAY",
        "action=delete",
        "pay",
        "{\"action\":\"pay\"}",
        "action=pay&action=cancel",
        "action=pay&action=pay",
    ] {
        let answer = shop.world.post(&path, &[], body.as_bytes());
        assert_eq!(answer.status, 400, "{body}");
        assert!(answer.text.contains("Nothing was done"), "{}", answer.text);
        let unknown = shop.world.post("/checkout/TRN-0", &[], body.as_bytes());
        assert_eq!(unknown.status, 404, "{body}");
    }
    assert_eq!(shop.world.post(&path, &[], &[b'a'; 2_000]).status, 413);
    assert_eq!(shop.world.ask("PUT", &path, None, &[], b"x").status, 405);
    assert!(shop.told("checkout.attempted").is_empty());
    assert_eq!(shop.told("checkout.opened").len(), 1);
}

#[test]
fn tries_come_to_an_end() {
    let shop = Shop::new();
    let id = shop.open();
    for attempt in 1..=25 {
        shop.press(&id, "fail");
        shop.page_saying(&id, "The payment did not go through");
        assert_eq!(shop.told("checkout.attempted").len(), attempt);
    }
    for action in ["pay", "fail"] {
        assert_eq!(shop.press(&id, action).status, 303);
    }
    let page = shop.page(&id);
    assert!(
        page.text.contains("It was tried too often"),
        "{}",
        page.text
    );
    assert!(!page.text.contains("<form"));
    assert_eq!(shop.told("checkout.attempted").len(), 25);
}

#[test]
fn the_customer_is_found_by_any_of_its_ids() {
    let shop = Shop::new();
    let customer = shop.world.read("/v1/customers/user%2B1%40example.com");
    let by_id = NewCheckout {
        customer: customer["id"].as_str().unwrap().into(),
        ..Shop::plan(Period::Monthly)
    };
    let id = shop.open_for(by_id).unwrap();
    assert!(shop.page(&id).text.contains(CUSTOMER));
}
