//! Checkouts for plans by the merchant's word: whose they are, what they cost, and what begins
//! where there is nothing to pay.

use serde_json::Value;
use subledger::domain::catalog::Period;
use subledger::domain::money::{Currency, Money};
use subledger::domain::own::Quantity;
use subledger::ledger::{CommandError, NewCheckout, Offer, Payer, Refusal, Wanted};

use super::shop::{CUSTOMER, Shop};

const FREE: &str = "PLV-0MD508X1S3004";
const MORE: &str = r#"
[log]
engine = "memory"
[[catalog.features]]
id = "seats"
name = "Seats"
type = "customizable"
[[catalog.features]]
id = "support"
name = "Support"
type = "boolean"
[[catalog.plans]]
id = "PLV-0MD508X1S40AG"
identifier = "team"
name = "Team"
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 2900
currency = "USD"
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 199900
currency = "INR"
country = "CON-0MD508X1S3002"
[[catalog.plans.features]]
feature = "seats"
limit = 3
[[catalog.plans.features]]
feature = "support"
[[catalog.plans]]
id = "PLV-0MD508X1S50AG"
identifier = "solo"
name = "Solo"
[[catalog.plans.prices]]
period = "MONTHLY"
amount_minor = 0
currency = "USD"
[[catalog.plans.features]]
feature = "seats"
limit = 3
"#;

fn shop() -> Shop {
    Shop::with(MORE)
}

fn offer(plan: &str, period: Period) -> Offer {
    Offer {
        plan_identifier: plan.into(),
        period,
        country_code: None,
        currency: None,
        amount: None,
        quantities: Vec::new(),
        trial_days: 0,
        metadata: None,
    }
}

fn wanted(customer: Payer, offer: Offer) -> NewCheckout {
    NewCheckout {
        customer,
        wanted: Wanted::Offer(offer),
        country: None,
        success_url: None,
        cancel_url: None,
    }
}

fn seats(count: u64) -> Quantity {
    Quantity {
        feature: "seats".into(),
        count,
    }
}

fn usd(amount_minor: i64) -> Money {
    let currency = Currency::parse("USD").unwrap();
    Money {
        amount_minor,
        currency,
    }
}

impl Shop {
    fn opened(&self, customer: Payer, offer: Offer) -> (String, Value) {
        let id = self.open_for(wanted(customer, offer)).unwrap();
        (id, self.told("checkout.opened").pop().unwrap())
    }
}

#[test]
fn a_customer_nobody_knows_is_made_in_the_same_event() {
    let shop = shop();
    let payer = || Payer::Identified {
        identifier: "new-1".into(),
        email: Some("new@example.com".into()),
    };
    let (_, opened) = shop.opened(payer(), offer("team", Period::Monthly));
    assert_eq!(opened["identifier"], "new-1");
    let events = shop.world.read("/v1/customers/new-1/events");
    assert_eq!(events["data"].as_array().unwrap().len(), 1, "{events}");
    let made = shop.world.read("/v1/customers/new-1?explain=true");
    assert_eq!(made["email"], "new@example.com");
    assert_eq!(made["id"], opened["customer"]["id"]);
    assert!(made["subscriptions"].as_array().unwrap().is_empty());
    let told_by = &made["explain"]["email"]["event_type"];
    assert_eq!(told_by, "checkout.opened", "{made}");
    // It is there now.
    let (_, again) = shop.opened(payer(), offer("team", Period::Monthly));
    assert_eq!(again["customer"], Value::Null);
    assert_eq!(again["identifier"], "new-1");
}

#[test]
fn who_is_named_by_an_address_is_the_only_one_who_has_it() {
    let shop = shop();
    let by = |email: &str| Payer::ByEmail(Some(email.into()));
    let team = || offer("team", Period::Monthly);
    let (_, opened) = shop.opened(by("USER@example.com"), team());
    assert_eq!(opened["identifier"], CUSTOMER);
    let (_, opened) = shop.opened(by("ser@example.com"), team());
    let new = opened["identifier"].as_str().unwrap().to_owned();
    assert_eq!(new.len(), 32);
    assert!(new.bytes().all(|byte| byte.is_ascii_hexdigit()), "{new}");
    let (_, opened) = shop.opened(by("ser@example.com"), team());
    assert_eq!(opened["identifier"], new.as_str());
    shop.customer("user+2@example.com");
    let (_, opened) = shop.opened(by("user@example.com"), team());
    assert!(opened["customer"].is_object(), "{opened}");
    let (_, nobody) = shop.opened(Payer::ByEmail(None), team());
    assert_eq!(nobody["customer"]["email"], Value::Null);
    assert_ne!(nobody["identifier"], opened["identifier"]);
}

#[test]
fn the_price_is_that_of_the_currency_and_the_country() {
    let shop = shop();
    let price = |change: fn(&mut Offer)| {
        let mut offer = offer("team", Period::Monthly);
        change(&mut offer);
        let (_, opened) = shop.opened(CUSTOMER.into(), offer);
        let price = &opened["price"];
        (
            price["amount_minor"].as_i64().unwrap(),
            price["currency"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(price(|_| ()), (2_900, "USD".into()));
    let in_india = price(|offer| offer.country_code = Some("in".into()));
    assert_eq!(in_india, (199_900, "INR".into()));
    let elsewhere = price(|offer| offer.country_code = Some("FR".into()));
    assert_eq!(elsewhere, (2_900, "USD".into()));
    let rupees = price(|offer| offer.currency = Some("inr".into()));
    assert_eq!(rupees, (199_900, "INR".into()));
    let custom = price(|offer| offer.amount = Some(usd(150)));
    assert_eq!(custom, (150, "USD".into()));
}

#[test]
fn what_is_bought_with_it_and_noted_of_it_is_in_the_event_and_on_the_page() {
    let shop = shop();
    let offer = Offer {
        quantities: vec![seats(7)],
        trial_days: 14,
        metadata: Some(r#"{"Order Ref":"A-1"}"#.into()),
        ..offer("team", Period::Monthly)
    };
    let (id, opened) = shop.opened(CUSTOMER.into(), offer);
    assert_eq!(opened["quantities"][0]["feature"], "seats");
    assert_eq!(opened["quantities"][0]["count"], 7);
    assert_eq!(opened["trial_days"], 14);
    assert_eq!(opened["metadata"], r#"{"Order Ref":"A-1"}"#);
    let session = format!("cs_{}", id.trim_start_matches("TRN-"));
    for name in [id.as_str(), session.as_str()] {
        let page = shop.page(name);
        assert_eq!(page.status, 200, "{name}");
        for part in [
            "<dt>With</dt><dd>7 × seats</dd>",
            "<dt>Trial</dt><dd>14 days, then what is paid for begins</dd>",
            "Pay USD 29.00",
        ] {
            assert!(page.text.contains(part), "{part}: {}", page.text);
        }
    }
    assert_eq!(shop.press(&session, "pay").status, 303);
    shop.page_saying(&session, "This is paid.");
}

#[test]
fn what_cannot_be_offered_is_refused_by_its_word() {
    let shop = shop();
    let refused = |plan: &str, period, change: fn(&mut Offer)| {
        let mut offer = offer(plan, period);
        change(&mut offer);
        let told = shop.open_for(wanted(CUSTOMER.into(), offer));
        let Err(CommandError::Refused(Refusal::Invalid(why))) = told else {
            panic!("{told:?}");
        };
        why.split_once(": ").unwrap().0.to_owned()
    };
    let monthly = Period::Monthly;
    assert_eq!(refused("nothing", monthly, |_| ()), "`plan`");
    assert_eq!(refused("team", Period::Daily, |_| ()), "`period`");
    assert_eq!(refused("free", Period::Daily, |_| ()), "`period`");
    let by = refused("team", monthly, |it| it.currency = Some("EUR".into()));
    assert_eq!(by, "`currency`");
    let by = refused("team", monthly, |it| {
        it.currency = Some("INR".into());
        it.country_code = Some("FR".into());
    });
    assert_eq!(by, "`country`");
    let by = refused("team", monthly, |it| {
        it.quantities = vec![seats(1), seats(2)]
    });
    assert_eq!(by, "`quantities`");
    let by = refused("lite", monthly, |it| it.quantities = vec![seats(1)]);
    assert_eq!(by, "`quantities`");
    let by = refused("team", monthly, |it| {
        let feature = "support".into();
        it.quantities = vec![Quantity { feature, count: 1 }];
    });
    assert_eq!(by, "`quantities`");
    let by = refused("free", monthly, |it| it.trial_days = 3);
    assert_eq!(by, "`trial_days`");
    assert!(shop.told("checkout.opened").is_empty());
}

#[test]
fn where_there_is_nothing_to_pay_it_begins_with_one_press() {
    let shop = shop();
    let (id, opened) = shop.opened(CUSTOMER.into(), offer("free", Period::Monthly));
    assert_eq!(opened["price"]["amount_minor"], 0);
    assert_eq!(opened["period"], "ONE_TIME");
    assert_eq!(opened["gateway"], "none");
    let page = shop.page(&id);
    for part in [
        "There is nothing to pay.",
        ">Begin</button>",
        "value=\"pay\"",
    ] {
        assert!(page.text.contains(part), "{part}: {}", page.text);
    }
    assert!(!page.text.contains("value=\"fail\""), "{}", page.text);
    assert!(!page.text.contains("sandbox"), "{}", page.text);
    shop.press(&id, "fail");
    assert!(shop.told("subscription.created").is_empty());
    assert_eq!(shop.press(&id, "pay").status, 303);
    shop.page_saying(&id, "This has begun. There was nothing to pay.");
    shop.press(&id, "pay");
    let told = shop.told("subscription.created");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["checkout"], id.as_str());
    assert!(shop.told("checkout.attempted").is_empty());
    let mut live = shop.subscribed_to(FREE);
    live.retain(|held| held["status"] == "active");
    assert_eq!(live.len(), 1, "{live:?}");
    assert_eq!(live[0]["id"], opened["subscription_id"]);
}

/// Anybody with the address may open what is free, and press or not: what is not pressed costs
/// nobody anything afterwards.
#[test]
fn what_is_free_and_was_only_opened_leaves_nothing_behind() {
    let shop = shop();
    let live = shop.subscribed_to(FREE);
    let live = serde_json::json!([live[0]["id"]]);
    for _ in 0..4 {
        let (_, opened) = shop.opened(CUSTOMER.into(), offer("free", Period::Monthly));
        assert_eq!(opened["supersedes"], Value::Null, "{opened}");
        let (_, opened) = shop.opened(CUSTOMER.into(), offer("team", Period::Monthly));
        assert_eq!(opened["supersedes"], live, "{opened}");
    }
    // What it takes the place of is said when it begins: what was tried, and what goes on.
    let (id, _) = shop.opened(CUSTOMER.into(), offer("free", Period::Monthly));
    shop.press(&id, "pay");
    let told = shop.told("subscription.created").pop().unwrap();
    let before = told["supersedes"].as_array().unwrap();
    assert_eq!(before.len(), 2, "{told}");
}

#[test]
fn what_is_free_keeps_what_was_bought_with_it_where_nobody_says_how_many() {
    let shop = shop();
    let solo = |quantities| Offer {
        quantities,
        ..offer("solo", Period::Monthly)
    };
    let begun = |id: &str| {
        assert_eq!(shop.press(id, "pay").status, 303);
        let told = shop.told("subscription.created").into_iter();
        let mut told = told.filter(|told| told["checkout"] == id);
        told.next().unwrap()["terms"]["quantities"].clone()
    };
    let seats_of = |count: u64| serde_json::json!([{"feature": "seats", "count": count}]);
    // Opened before there was any to keep.
    let (early, opened) = shop.opened(CUSTOMER.into(), solo(Vec::new()));
    assert_eq!(opened["quantities"], Value::Null);
    let (bought, _) = shop.opened(CUSTOMER.into(), solo(vec![seats(7)]));
    assert_eq!(begun(&bought), seats_of(7));
    let (later, opened) = shop.opened(CUSTOMER.into(), solo(Vec::new()));
    assert_eq!(opened["quantities"], seats_of(7));
    let (other, _) = shop.opened(CUSTOMER.into(), solo(vec![seats(5)]));
    assert_eq!(begun(&early), seats_of(7));
    assert_eq!(begun(&other), seats_of(5));
    assert_eq!(begun(&later), seats_of(5));
}
