//! What is sent of subscriptions: read field by field, and made a command of. It decides nothing.

use schemars::JsonSchema;

use super::super::checkout::{QuantityBody, pass_over, quantities};
use super::super::fields::{self, Read};
use super::super::ids::{self, Named};
use super::super::kinds::{self, WORDS};
use super::super::times;
use crate::domain::catalog::Period;
use crate::http::error::Problem;
use crate::ledger::limits::{IDENTIFIER_CHARS_MAX, WORD_CHARS_MAX};
use crate::ledger::{Cancel, Cancelling, NewSubscription, PlanChange, TrialEnd};

/// As much as people write into a form.
const COMMENT_CHARS_MAX: usize = 1_000;
const PAYMENT_BEHAVIORS: [(&str, ()); 1] = [("activate_on_payment", ())];
/// Those of the SDKs, and those of an older one under another name.
const PRORATION_BEHAVIORS: [(&str, ()); 5] = [
    ("IMMEDIATE_CHARGE", ()),
    ("PRORATE_NEXT_INVOICE", ()),
    ("NO_PRORATION", ()),
    ("NEXT_BILLING_CYCLE", ()),
    ("PRO_RATA", ()),
];
const FEEDBACK: [(&str, &str); 8] = [
    ("TOO_EXPENSIVE", "TOO_EXPENSIVE"),
    ("MISSING_FEATURES", "MISSING_FEATURES"),
    ("SWITCHED_SERVICE", "SWITCHED_SERVICE"),
    ("UNUSED", "UNUSED"),
    ("CUSTOMER_SERVICE", "CUSTOMER_SERVICE"),
    ("LOW_QUALITY", "LOW_QUALITY"),
    ("TOO_COMPLEX", "TOO_COMPLEX"),
    ("OTHER", "OTHER"),
];

/// A subscription to be had without a payment. Unknown fields are passed over.
#[derive(JsonSchema)]
#[schemars(rename = "KelviqNewSubscription", rename_all = "camelCase")]
#[allow(dead_code, reason = "only its schema is read")]
pub(in crate::http) struct NewSubscriptionBody {
    /// Your word for the plan.
    #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = WORDS))]
    plan_identifier: String,
    /// How long is paid for at once.
    charge_period: Period,
    /// Who has it; there must be such a customer.
    #[schemars(length(max = IDENTIFIER_CHARS_MAX), regex(pattern = WORDS))]
    customer_id: String,
    /// What is bought in numbers with the plan.
    features: Option<Vec<QuantityBody>>,
    /// Nobody is sent anywhere.
    #[schemars(extend("format" = "uri"))]
    success_url: Option<String>,
    ip_address: Option<String>,
}

/// What a subscription is to be had for instead. Unknown fields are passed over.
#[derive(JsonSchema)]
#[schemars(rename = "KelviqSubscriptionUpdate", rename_all = "camelCase")]
#[allow(dead_code, reason = "only its schema is read")]
pub(in crate::http) struct UpdateBody {
    /// Your word for the plan.
    #[schemars(length(max = WORD_CHARS_MAX), regex(pattern = WORDS))]
    plan_identifier: String,
    /// How long is paid for at once.
    charge_period: Period,
    /// All that is bought in numbers; left out: as before.
    features: Option<Vec<QuantityBody>>,
    /// `now`, or a time that is to come; left out: as before.
    trial_end: Option<String>,
    /// An update takes no payment here, so there is none to wait for.
    payment_behavior: Option<PaymentBehavior>,
    /// Nothing is prorated here.
    proration_behavior: Option<ProrationBehavior>,
    ip_address: Option<String>,
    offering_id: Option<String>,
    pricing_table_id: Option<String>,
    rule_id: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case", inline)]
#[allow(dead_code, reason = "only its schema is read")]
enum PaymentBehavior {
    ActivateOnPayment,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "SCREAMING_SNAKE_CASE", inline)]
#[allow(dead_code, reason = "only its schema is read")]
enum ProrationBehavior {
    ImmediateCharge,
    ProrateNextInvoice,
    NoProration,
    NextBillingCycle,
    ProRata,
}

/// When a subscription is to end, and why. Unknown fields are passed over.
#[derive(JsonSchema)]
#[schemars(rename = "KelviqSubscriptionCancel", rename_all = "camelCase")]
#[allow(dead_code, reason = "only its schema is read")]
pub(in crate::http) struct CancelBody {
    cancellation_type: CancellationType,
    /// Of `SPECIFIC_DATE`: the day with whose beginning it ends, later than today.
    #[schemars(extend("format" = "date"))]
    cancellation_date: Option<String>,
    cancellation_feedback: Option<Feedback>,
    #[schemars(length(max = COMMENT_CHARS_MAX), regex(pattern = kinds::PROSE))]
    cancellation_comment: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "SCREAMING_SNAKE_CASE", inline)]
enum CancellationType {
    Immediate,
    CurrentPeriodEnds,
    SpecificDate,
}

const CANCELLATION_TYPES: [(&str, CancellationType); 3] = [
    ("IMMEDIATE", CancellationType::Immediate),
    ("CURRENT_PERIOD_ENDS", CancellationType::CurrentPeriodEnds),
    ("SPECIFIC_DATE", CancellationType::SpecificDate),
];

#[derive(JsonSchema)]
#[schemars(rename_all = "SCREAMING_SNAKE_CASE", inline)]
#[allow(dead_code, reason = "only its schema is read")]
enum Feedback {
    TooExpensive,
    MissingFeatures,
    SwitchedService,
    Unused,
    CustomerService,
    LowQuality,
    TooComplex,
    Other,
}

/// A subscription to be had without a payment.
pub(super) fn new_subscription(body: &[u8]) -> Result<NewSubscription, Problem> {
    let mut fields = fields::object(body)?;
    let plan = fields.needed("planIdentifier", kinds::words(WORD_CHARS_MAX));
    let period = fields.needed("chargePeriod", kinds::word);
    let customer = fields.needed("customerId", kinds::words(IDENTIFIER_CHARS_MAX));
    let quantities = quantities(&mut fields).unwrap_or_default();
    fields.maybe("successUrl", kinds::url);
    pass_over(&mut fields);
    let made = plan.zip(period).zip(customer);
    let made = made.map(|((plan, period), customer)| NewSubscription {
        customer: ids::known(Named::Customer, &customer).into_owned(),
        plan_identifier: plan,
        period,
        quantities,
        currency: None,
    });
    fields.done(made)
}

fn trial_end(raw: &str) -> Read<TrialEnd> {
    let text = kinds::words(WORD_CHARS_MAX)(raw)?;
    if text == "now" {
        return Ok(TrialEnd::Now);
    }
    let day_or_moment = times::moment(&text).or_else(|| times::day(&text));
    day_or_moment
        .map(TrialEnd::At)
        .ok_or_else(|| "Give `now` or a time such as 2027-12-31 23:59:59.".to_owned())
}

/// What the subscription of that id is to be had for instead.
pub(super) fn plan_change(body: &[u8], id: &str) -> Result<PlanChange, Problem> {
    let mut fields = fields::object(body)?;
    let plan = fields.needed("planIdentifier", kinds::words(WORD_CHARS_MAX));
    let period = fields.needed("chargePeriod", kinds::word);
    let quantities = quantities(&mut fields);
    let trial_end = fields.maybe("trialEnd", trial_end);
    fields.maybe("paymentBehavior", kinds::choice(&PAYMENT_BEHAVIORS));
    for name in ["prorationBehavior", "probationBehaviour"] {
        fields.maybe(name, kinds::choice(&PRORATION_BEHAVIORS));
    }
    pass_over(&mut fields);
    let made = plan.zip(period).map(|(plan, period)| PlanChange {
        subscription: id.to_owned(),
        plan_identifier: plan,
        period,
        quantities,
        trial_end,
    });
    fields.done(made)
}

/// When the subscription of that id is to end, and why.
pub(super) fn cancelling(body: &[u8], id: &str) -> Result<Cancelling, Problem> {
    let mut fields = fields::object(body)?;
    let kind = fields.needed("cancellationType", kinds::choice(&CANCELLATION_TYPES));
    let is_dated = kind == Some(CancellationType::SpecificDate);
    let date = if is_dated {
        fields.needed("cancellationDate", kinds::date)
    } else {
        fields.maybe("cancellationDate", kinds::date)
    };
    let feedback = fields.maybe("cancellationFeedback", kinds::choice(&FEEDBACK));
    let comment = fields.maybe("cancellationComment", kinds::prose(COMMENT_CHARS_MAX));
    let when = kind.and_then(|kind| match kind {
        CancellationType::Immediate => Some(Cancel::Immediate),
        CancellationType::CurrentPeriodEnds => Some(Cancel::EndOfCycle),
        CancellationType::SpecificDate => date.map(Cancel::OnDate),
    });
    let made = when.map(|when| Cancelling {
        customer: None,
        subscription: id.to_owned(),
        when,
        feedback: feedback.map(Into::into),
        comment: comment.map(Into::into),
    });
    fields.done(made)
}
