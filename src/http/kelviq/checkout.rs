//! `POST /api/v1/checkout/`: opens a checkout for a plan; its page is ours.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

use super::answers::answer;
use super::asked::Sent;
use super::fields::{self, Fields, Read};
use super::ids::{self, Named};
use super::kinds::{self, EMAIL, WORDS};
use super::{named, wrong};
use crate::domain::catalog::Period;
use crate::domain::money::{Currency, Money};
use crate::domain::own::Quantity;
use crate::http::checkout::session_id;
use crate::http::error::Problem;
use crate::http::stykite::answers::Exact;
use crate::ledger::limits::{
    EMAIL_CHARS_MAX, IDENTIFIER_CHARS_MAX, METADATA_BYTES_MAX, WORD_CHARS_MAX,
};
use crate::ledger::{
    CommandError, NewCheckout, OFFER_TRIAL_DAYS_MAX, Offer, Payer, Refusal, Wanted,
};

/// What this surface calls what the ledger calls otherwise.
const NAMES: [(&str, &str); 12] = [
    ("plan", "planIdentifier"),
    ("period", "chargePeriod"),
    ("country", "defaultBillingCountry"),
    ("currency", "currencyCode"),
    ("amount", "customAmount"),
    ("quantities", "features"),
    ("trial_days", "trialPeriod"),
    ("customer_identifier", "customerId"),
    ("email", "email"),
    ("success_url", "successUrl"),
    ("cancel_url", "cancelUrl"),
    ("plan_id", "planIdentifier"),
];
const TAX_BEHAVIORS: [(&str, ()); 2] = [("INCLUSIVE", ()), ("EXCLUSIVE", ())];
/// Kelviq's limits are numbers of 32 bits.
const QUANTITY_MAX: i64 = i32::MAX as i64;
/// More features than a plan that people read about has.
const FEATURES_MAX: usize = 100;
/// A list of plans: as long as many of their words.
const LIST_CHARS_MAX: usize = 2_048;

type Metadata = serde_json::Map<String, serde_json::Value>;

/// A checkout to be opened. Unknown fields are passed over.
#[derive(JsonSchema)]
#[schemars(rename = "KelviqNewCheckout", rename_all = "camelCase")]
#[allow(dead_code, reason = "only its schema is read")]
pub(in crate::http) struct NewCheckoutBody {
    /// Your word for the plan.
    #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = WORDS))]
    plan_identifier: String,
    /// Where the payer goes when it is paid.
    #[schemars(extend("format" = "uri"))]
    success_url: String,
    /// How long is paid for at once.
    charge_period: Period,
    /// Who pays, and is made where there is no such customer.
    #[schemars(length(max = IDENTIFIER_CHARS_MAX), regex(pattern = WORDS))]
    customer_id: Option<String>,
    /// Without a `customerId`: the only customer who has it, else a new one.
    #[schemars(length(max = EMAIL_CHARS_MAX), regex(pattern = EMAIL))]
    email: Option<String>,
    /// What is bought in numbers with the plan.
    features: Option<Vec<QuantityBody>>,
    /// Where the payer goes when it is called off.
    #[schemars(extend("format" = "uri"))]
    cancel_url: Option<String>,
    /// The money of the price, by ISO 4217.
    #[schemars(regex(pattern = "^[A-Za-z]{3}$"))]
    currency_code: Option<String>,
    /// What it costs here instead; needs `taxBehavior` and `currencyCode`.
    #[schemars(extend("exclusiveMinimum" = 0))]
    custom_amount: Option<Exact>,
    tax_behavior: Option<TaxBehavior>,
    /// The country whose price counts (ISO 3166-1 alpha-2); else the customer's.
    #[schemars(regex(pattern = "^[A-Z]{2}$"))]
    default_billing_country: Option<String>,
    /// Days of trial before the first period that is paid for.
    #[schemars(range(min = 1, max = OFFER_TRIAL_DAYS_MAX))]
    trial_period: Option<u32>,
    /// Kept as it is.
    metadata: Option<Metadata>,
    /// There are no discount codes here: refused.
    discount_code: Option<String>,
    discounts_enabled: Option<bool>,
    lock_email: Option<bool>,
    plans_enabled: Option<String>,
    ip_address: Option<String>,
    offering_id: Option<String>,
    pricing_table_id: Option<String>,
    rule_id: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "UPPERCASE", inline)]
#[allow(dead_code, reason = "only its schema is read")]
enum TaxBehavior {
    Inclusive,
    Exclusive,
}

/// How many of a feature.
#[derive(JsonSchema)]
#[schemars(rename = "KelviqQuantity")]
#[allow(dead_code, reason = "only its schema is read")]
pub(super) struct QuantityBody {
    #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = WORDS))]
    identifier: String,
    #[schemars(range(min = 1, max = QUANTITY_MAX))]
    quantity: i64,
}

/// A checkout that was opened.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqOpenedCheckout")]
pub(in crate::http) struct OpenedCheckout {
    /// Where the payer pays.
    #[schemars(extend("format" = "uri"))]
    checkout_url: String,
    /// `cs_…`
    checkout_session_id: String,
}

/// What is bought in numbers: at least one of each.
pub(super) fn quantities(fields: &mut Fields<'_>) -> Option<Vec<Quantity>> {
    fields.elements("features", FEATURES_MAX, |fields| {
        let identifier = fields.needed("identifier", kinds::words(WORD_CHARS_MAX));
        let quantity = fields.needed("quantity", kinds::integer(1, QUANTITY_MAX));
        Some(Quantity {
            feature: identifier?.into(),
            count: u64::try_from(quantity?).ok()?,
        })
    })
}

/// Fields that say nothing to a ledger: checked for their kind, and passed over.
pub(super) fn pass_over(fields: &mut Fields<'_>) {
    for name in ["offeringId", "pricingTableId", "ruleId", "ipAddress"] {
        fields.maybe(name, kinds::maybe_words(WORD_CHARS_MAX));
    }
}

fn currency(raw: &str) -> Read<Currency> {
    let code = kinds::words(WORD_CHARS_MAX)(raw)?;
    let currency = Currency::parse(&code).filter(|currency| currency.is_paid_in());
    currency.ok_or_else(|| kinds::no_choice(&code))
}

fn positive(raw: &str) -> Read<Decimal> {
    let found = kinds::number(raw)?;
    if found > Decimal::ZERO {
        return Ok(found);
    }
    Err("Ensure this value is greater than 0.".to_owned())
}

/// What it costs instead of what the catalogue says.
fn custom_amount(fields: &mut Fields<'_>, currency: Option<Currency>) -> Option<Money> {
    let asked = fields.maybe("customAmount", positive);
    let taxes = fields.maybe("taxBehavior", kinds::choice(&TAX_BEHAVIORS));
    let asked = asked?;
    if taxes.is_none() && !fields.is_wrong("taxBehavior") {
        fields.refuse("taxBehavior", "This field is required with customAmount.");
    }
    let Some(currency) = currency else {
        if !fields.is_wrong("currencyCode") {
            fields.refuse("currencyCode", "This field is required with customAmount.");
        }
        return None;
    };
    let money = Money::of_major_units(asked, currency);
    if money.is_none() {
        let has_digits = Money::of_major_units(asked.fract(), currency).is_some();
        let sentence = if has_digits {
            "This value is too large."
        } else {
            "Ensure that there are no more digits than the currency has."
        };
        fields.refuse("customAmount", sentence);
    }
    money
}

fn payer(fields: &mut Fields<'_>) -> Payer {
    let identifier = fields.maybe("customerId", kinds::words(IDENTIFIER_CHARS_MAX));
    let email = fields.maybe("email", kinds::email);
    let Some(identifier) = identifier else {
        return Payer::ByEmail(email);
    };
    match ids::known(Named::Customer, &identifier) {
        // Our own UUID of a customer makes no new one.
        known if *known != *identifier => Payer::Known(known.into_owned()),
        _ => Payer::Identified { identifier, email },
    }
}

fn wanted(body: &[u8]) -> Result<NewCheckout, Problem> {
    let mut fields = fields::object(body)?;
    let plan = fields.needed("planIdentifier", kinds::words(WORD_CHARS_MAX));
    let success_url = fields.needed("successUrl", kinds::url);
    let period = fields.needed("chargePeriod", kinds::word);
    let cancel_url = fields.maybe("cancelUrl", kinds::url);
    let customer = payer(&mut fields);
    let quantities = quantities(&mut fields).unwrap_or_default();
    let currency = fields.maybe("currencyCode", currency);
    let amount = custom_amount(&mut fields, currency);
    let country_code = fields.maybe("defaultBillingCountry", kinds::country);
    let days = i64::from(OFFER_TRIAL_DAYS_MAX);
    let trial_days = fields.maybe("trialPeriod", kinds::integer(1, days));
    let metadata = fields.maybe("metadata", kinds::verbatim(METADATA_BYTES_MAX));
    let code = fields.maybe("discountCode", kinds::maybe_words(WORD_CHARS_MAX));
    if code.flatten().is_some() {
        fields.refuse("discountCode", "There is no such discount code.");
    }
    for name in ["discountsEnabled", "lockEmail"] {
        fields.maybe(name, kinds::boolean);
    }
    fields.maybe("plansEnabled", kinds::maybe_words(LIST_CHARS_MAX));
    pass_over(&mut fields);
    let offer = plan.zip(period).map(|(plan_identifier, period)| Offer {
        plan_identifier,
        period,
        country_code,
        currency: currency.map(|currency| currency.to_string()),
        amount,
        quantities,
        trial_days: trial_days
            .and_then(|days| u32::try_from(days).ok())
            .unwrap_or(0),
        metadata: metadata.map(Into::into),
    });
    let made = offer.map(|offer| NewCheckout {
        customer,
        wanted: Wanted::Offer(offer),
        country: None,
        success_url,
        cancel_url,
    });
    fields.done(made)
}

fn refused(error: CommandError) -> Problem {
    if error == CommandError::Refused(Refusal::NoSuchCustomer) {
        return wrong("customerId", "Customer does not exist.");
    }
    named(&NAMES)(error)
}

/// `POST /api/v1/checkout/`
pub(in crate::http) async fn open(sent: Sent) -> Result<HttpResponse, Problem> {
    let wanted = wanted(&sent.body)?;
    let opened = sent
        .asked
        .ledger()
        .open_checkout(wanted, sent.command.clone());
    let opened = opened.await.map_err(refused)?;
    let checkout_session_id = session_id(&opened.id);
    let shown = OpenedCheckout {
        checkout_url: format!("{}/checkout/{checkout_session_id}", sent.asked.public_url()),
        checkout_session_id,
    };
    answer(StatusCode::CREATED, opened.seq, &shown)
}
