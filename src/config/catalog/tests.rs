//! Every rule of the catalogue, broken once in a catalogue that is otherwise good.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use super::*;

/// One of everything.
const GOOD: &str = r#"
version = 1
companies = [{ id = "COM-1", name = "Acme" }]
countries = [{ id = "CON-1", code = "IN", currency = "INR" }]
features = [{ id = "seats", name = "Seats", type = "customizable" }]
meters = [{ id = "MTR-1", feature = "seats", unit = "credit" }]
[[addons]]
id = "ADO-1"
version_id = "ADV-1"
name = "More"
amount_minor = 1
currency = "INR"
plans = ["PLV-1"]
[[token_prices]]
provider = "OPENAI"
model = "GPT_4"
input_per_1k = "0.03"
output_per_1k = "0"
credits_per_unit = "1"
meter = "MTR-1"
[[plans]]
id = "PLV-1"
identifier = "free"
name = "Free"
default = true
[[plans]]
id = "PLV-2"
identifier = "pro"
name = "Pro"
trial_days = 14
prices = [
  { period = "MONTHLY", amount_minor = 0, currency = "INR" },
  { period = "MONTHLY", amount_minor = 0, currency = "INR", country = "CON-1" },
  { period = "YEARLY", amount_minor = 0, currency = "INR" },
  { period = "YEARLY", amount_minor = 0, currency = "USD" },
]
features = [{ feature = "seats" }]
"#;

fn checked(text: &str) -> Result<(), Problem> {
    check(&toml::from_str(text).unwrap())
}

#[test]
fn good_ones_pass() {
    checked(GOOD).unwrap();
    check(&Catalog::default()).unwrap();
}

#[test]
fn every_rule_refuses_and_names_the_key() {
    let twice = |entry: &str| format!("{entry}, {entry}");
    for (good, bad, path) in [
        ("COM-1", "CON-1", "companies[0].id"),
        ("COM-1", "COM-", "companies[0].id"),
        ("COM-1", "COM-a b", "companies[0].id"),
        ("\"Acme\"", "\" \"", "companies[0].name"),
        ("\"Acme\"", "\"A\\nB\"", "companies[0].name"),
        (
            "\"Acme\"",
            &format!("\"{}\"", "x".repeat(201)),
            "companies[0].name",
        ),
        ("code = \"IN\"", "code = \"in\"", "countries[0].code"),
        ("code = \"IN\"", "code = \"IND\"", "countries[0].code"),
        (
            "\"IN\", currency = \"INR\"",
            "\"IN\", currency = \"INX\"",
            "countries[0].currency",
        ),
        (
            "\"IN\", currency = \"INR\"",
            "\"IN\", currency = \"inr\"",
            "countries[0].currency",
        ),
        (
            "features = [{ id = \"seats\"",
            "features = [{ id = \"\"",
            "features[0].id",
        ),
        (
            "MTR-1\", feature = \"seats\"",
            "MTR-1\", feature = \"x\"",
            "meters[0].feature",
        ),
        ("unit = \"credit\"", "unit = \"\"", "meters[0].unit"),
        ("[\"PLV-1\"]", "[\"PLV-1\", \"PLV-3\"]", "addons[0].plans"),
        ("\"ADV-1\"", "\"ADO-1\"", "addons[0].version_id"),
        (
            "amount_minor = 1",
            "amount_minor = -1",
            "addons[0].amount_minor",
        ),
        ("\"0.03\"", "\"-0.03\"", "token_prices[0].input_per_1k"),
        (
            "credits_per_unit = \"1\"",
            "credits_per_unit = \"-1\"",
            "token_prices[0].credits_per_unit",
        ),
        (
            "meter = \"MTR-1\"",
            "meter = \"MTR-2\"",
            "token_prices[0].meter",
        ),
        ("\"GPT_4\"", "\"GPT 4\"", "token_prices[0].model"),
        ("PLV-2", "PLV-1", "plans[1].id"),
        ("\"pro\"", "\"free\"", "plans[1].identifier"),
        (
            "trial_days = 14",
            "trial_days = 3654",
            "plans[1].trial_days",
        ),
        ("trial_days = 14", "default = true", "plans[1].default"),
        (
            "country = \"CON-1\"",
            "country = \"CON-2\"",
            "plans[1].prices[1].country",
        ),
        (
            "country = \"CON-1\"",
            "razorpay_plan = \"\"",
            "plans[1].prices[1].razorpay_plan",
        ),
        (", country = \"CON-1\"", "", "plans[1].prices[1].period"),
        ("\"USD\"", "\"USB\"", "plans[1].prices[3].currency"),
        ("\"USD\"", "\"XAU\"", "plans[1].prices[3].currency"),
        ("\"USD\"", "\"usd\"", "plans[1].prices[3].currency"),
        ("\"USD\"", "\"INR\"", "plans[1].prices[3].period"),
        (
            "amount_minor = 0, currency = \"USD\"",
            "amount_minor = 9007199254740992, currency = \"USD\"",
            "plans[1].prices[3].amount_minor",
        ),
        (
            "{ feature = \"seats\" }",
            "{ feature = \"x\" }",
            "plans[1].features[0].feature",
        ),
        (
            "{ feature = \"seats\" }",
            &twice("{ feature = \"seats\" }"),
            "plans[1].features[1].feature",
        ),
    ] {
        assert!(GOOD.contains(good), "{good}");
        let problem = checked(&GOOD.replacen(good, bad, 1)).expect_err(bad);
        assert_eq!(
            problem.path,
            format!("catalog.{path}"),
            "{}",
            problem.message
        );
        assert!(
            problem.message.contains("[[catalog."),
            "{}",
            problem.message
        );
    }
}

#[test]
fn entries_of_one_kind_have_ids_of_their_own() {
    let catalog: Catalog = toml::from_str(GOOD).unwrap();
    let mut doubled = vec![catalog.clone(); 6];
    doubled[0].companies.push(catalog.companies[0].clone());
    doubled[1].countries.push(catalog.countries[0].clone());
    doubled[2].features.push(catalog.features[0].clone());
    doubled[3].meters.push(catalog.meters[0].clone());
    doubled[4].addons.push(catalog.addons[0].clone());
    doubled[5]
        .token_prices
        .push(catalog.token_prices[0].clone());
    for catalog in doubled {
        assert!(check(&catalog).is_err());
    }
}

#[test]
fn lists_and_the_whole_have_an_end() {
    let mut catalog: Catalog = toml::from_str(GOOD).unwrap();
    catalog.features = (0..=MAX_ENTRIES)
        .map(|n| domain::Feature {
            id: n.to_string(),
            ..catalog.features[0].clone()
        })
        .collect();
    assert_eq!(check(&catalog).unwrap_err().path, "catalog.features");

    let mut catalog: Catalog = toml::from_str(GOOD).unwrap();
    catalog.companies = (0..MAX_ENTRIES)
        .map(|n| domain::Company {
            id: format!("COM-{n}"),
            name: "x".repeat(MAX_CATALOG_BYTES / MAX_ENTRIES),
        })
        .collect();
    assert_eq!(check(&catalog).unwrap_err().path, "catalog");
}

#[test]
fn a_complaint_reads_as_a_sentence() {
    let bad = GOOD.replacen("country = \"CON-1\"", "country = \"CON-2\"", 1);
    assert_eq!(
        checked(&bad).unwrap_err().message,
        "entry 2 of the prices of PLV-2 in [[catalog.plans]]: `country` names `CON-2`, which is \
         not in [[catalog.countries]]"
    );
}
