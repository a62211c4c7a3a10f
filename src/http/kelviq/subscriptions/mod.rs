//! `/api/v1/subscriptions/`: listing, showing, making, changing and cancelling subscriptions.

mod bodies;
pub(in crate::http) mod shown;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(in crate::http) use self::bodies::{CancelBody, NewSubscriptionBody, UpdateBody};
use self::shown::{Subscription, status_word};
use super::answers::{PAGE_SIZE, PageQuery, answer, page};
use super::asked::{Asked, Sent};
use super::filters::Filters;
use super::ids::{self, Named};
use super::named;
use super::query::{Query, given};
use crate::domain::key::Scope;
use crate::domain::state::{Span, StatusSaid, StatusWanted, SubscriptionsAsked};
use crate::domain::time::Timestamp;
use crate::http::error::Problem;
use crate::ledger::{CommandError, Refusal, Shown};

/// What this surface calls what the ledger calls otherwise.
const NAMES: [(&str, &str); 7] = [
    ("plan", "planIdentifier"),
    ("period", "chargePeriod"),
    ("quantities", "features"),
    ("trial_end", "trialEnd"),
    ("date", "cancellationDate"),
    ("currency", "planIdentifier"),
    ("country", "planIdentifier"),
];
const CANCELLED: &str = "Subscription cancellation processed successfully.";

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct ListQuery {
    /// Of this customer; needed for a client key that is no customer's own.
    customer_id: Option<String>,
    /// Words with commas between: every record of any of them. Without it, what is neither over nor
    /// superseded, and has no end date that is past.
    status: Option<String>,
    /// A day or a time, itself included.
    start_date_after: Option<String>,
    /// A day or a time, itself included.
    start_date_before: Option<String>,
    /// A day or a time, itself included.
    modified_on_after: Option<String>,
    /// A day or a time, itself included.
    modified_on_before: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

/// What a subscription is after a change of its plan.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqSubscriptionUpdated")]
pub(in crate::http) struct Updated {
    /// The new subscription, which is in the place of the one before.
    #[schemars(extend("format" = "uuid"))]
    subscription_id: String,
}

/// That a subscription is cancelled.
#[derive(JsonSchema, Serialize)]
#[schemars(rename = "KelviqSubscriptionCancelled")]
pub(in crate::http) struct Cancelled {
    message: &'static str,
}

/// Those whose status is one of these words.
fn any_of(words: &str) -> Option<StatusWanted> {
    let words: Vec<String> = words
        .split(',')
        .map(|word| word.trim().to_owned())
        .collect();
    if words.iter().all(String::is_empty) {
        return None;
    }
    Some(Box::new(move |said: &StatusSaid<'_>| {
        let word = status_word(said);
        words.iter().any(|wanted| wanted == word)
    }))
}

impl ListQuery {
    fn asked(&self, asked: &Asked, now: Timestamp) -> Result<SubscriptionsAsked, Problem> {
        let customer = given(&self.customer_id);
        let caller = &asked.caller;
        let is_anybodys = customer.is_none() && caller.customer.is_none();
        if is_anybodys && !caller.scope.covers(Scope::Read) {
            let why = "A key of scope `client` must name a customer: `?customer_id=`.";
            return Err(Problem::Forbidden(why.into()));
        }
        let status = self.status.as_deref().and_then(any_of);
        let mut filters = Filters::default();
        let wanted = SubscriptionsAsked {
            customer: customer.map(|id| ids::known(Named::Customer, id).into_owned()),
            current_at: status.is_none().then_some(now),
            status,
            started: Span {
                after: filters.after("startDateAfter", &self.start_date_after),
                before: filters.before("startDateBefore", &self.start_date_before),
            },
            modified: Span {
                after: filters.after("modifiedOnAfter", &self.modified_on_after),
                before: filters.before("modifiedOnBefore", &self.modified_on_before),
            },
        };
        filters.done(wanted)
    }
}

/// `GET /api/v1/subscriptions/`
pub(in crate::http) async fn index(
    asked: Asked,
    query: Query<ListQuery>,
) -> Result<HttpResponse, Problem> {
    let catalogue = asked.ledger().catalogue().value;
    let wanted = query.asked(&asked, catalogue.asked_at)?;
    let numbered = query.page.numbered(PAGE_SIZE)?;
    if asked.caller.customer.is_some()
        && let Some(customer) = wanted.customer.as_deref()
    {
        // Who may see one customer alone is told nothing of others, not even that they have none.
        let known = asked.ledger().customer_record(&asked.caller, customer);
        known.value.ok_or(Problem::NotFound("customer"))?;
    }
    let caller = asked.caller.clone();
    let found = asked
        .looked_through(move |ledger| ledger.subscriptions_numbered(&caller, &wanted, numbered))
        .await?;
    page(&asked, numbered, found, |record| {
        Subscription::listed(record, &catalogue, asked.ledger()).told_to(&asked.caller)
    })
}

/// `GET /api/v1/subscriptions/{subscriptionId}/`
pub(in crate::http) async fn show(
    asked: Asked,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let ledger = asked.ledger();
    let id = ids::known(Named::Subscription, &id);
    let Shown { seq, value } = ledger.subscription_record(&asked.caller, &id);
    let record = value.ok_or(Problem::NotFound("subscription"))?;
    let catalogue = ledger.catalogue().value;
    let shown = Subscription::listed(record, &catalogue, ledger).told_to(&asked.caller);
    answer(StatusCode::OK, seq, &shown)
}

fn refused(error: CommandError) -> Problem {
    if error == CommandError::Refused(Refusal::NoSuchCustomer) {
        return Problem::InvalidBody("Customer does not exist.".into());
    }
    named(&NAMES)(error)
}

/// `POST /api/v1/subscriptions/create/`
pub(in crate::http) async fn create(sent: Sent) -> Result<HttpResponse, Problem> {
    let new = bodies::new_subscription(&sent.body)?;
    let ledger = sent.asked.ledger();
    let made = ledger.create_subscription(new, &sent.command).await;
    let (_, id) = made.map_err(refused)?;
    let Shown { seq, value } = ledger.subscription_record(&sent.asked.caller, &id);
    let record = value.ok_or(Problem::NotFound("subscription"))?;
    let catalogue = ledger.catalogue().value;
    let shown = Subscription::made(record, &catalogue, ledger);
    answer(StatusCode::CREATED, seq, &shown)
}

/// `POST /api/v1/subscriptions/{subscriptionId}/update/`
pub(in crate::http) async fn update(
    id: web::Path<String>,
    sent: Sent,
) -> Result<HttpResponse, Problem> {
    let id = ids::known(Named::Subscription, &id);
    let change = bodies::plan_change(&sent.body, &id)?;
    let ledger = sent.asked.ledger();
    let (seq, id) = ledger
        .change_plan(change, &sent.command)
        .await
        .map_err(refused)?;
    let record = ledger.subscription_record(&sent.asked.caller, &id).value;
    let record = record.ok_or(Problem::NotFound("subscription"))?;
    let subscription_id = ids::of_subscription(&record.view);
    answer(StatusCode::OK, seq, &Updated { subscription_id })
}

/// `POST /api/v1/subscriptions/{subscriptionId}/cancel/`
pub(in crate::http) async fn cancel(
    id: web::Path<String>,
    sent: Sent,
) -> Result<HttpResponse, Problem> {
    let id = ids::known(Named::Subscription, &id);
    let cancelling = bodies::cancelling(&sent.body, &id)?;
    let ledger = sent.asked.ledger();
    let told = ledger.cancel_subscription(cancelling, &sent.command).await;
    let seq = told.map_err(refused)?;
    let message = CANCELLED;
    answer(StatusCode::OK, seq, &Cancelled { message })
}
