//! `/api/v1/orders/{id}/events/`: what became of an order, and of the others that pay the same
//! subscription.

use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::Serialize;

use super::answers::{PAGE_SIZE, PageQuery, page};
use super::asked::Asked;
use super::query::Query;
use super::times::Seconds;
use crate::domain::state::{Happened, Happening};
use crate::http::error::Problem;
use crate::ledger::Shown;

/// A number that every reader of JSON keeps has 53 bits.
const SPARE_BITS: u32 = 11;

/// Something that happened to an order.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(rename = "KelviqOrderEvent")]
pub(in crate::http) struct OrderEvent {
    id: u64,
    order: Box<str>,
    title: &'static str,
    code: &'static str,
    status: Outcome,
    timestamp: Seconds,
    metadata: Words,
}

#[derive(Debug, Clone, Copy, JsonSchema, Serialize)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
enum Outcome {
    Pending,
    Success,
    Failed,
}

/// What a screen shows beside it.
#[derive(Debug, JsonSchema, Serialize)]
#[schemars(inline)]
struct Words {
    #[serde(skip_serializing_if = "Option::is_none")]
    primary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secondary: Option<String>,
}

impl From<Happened> for OrderEvent {
    fn from(happened: Happened) -> Self {
        let (title, code, status, sign) = match happened.what {
            Happening::Created => ("Order created", "order.created", Outcome::Pending, ""),
            Happening::Failed => ("Order failed", "order.failed", Outcome::Failed, ""),
            Happening::Completed => ("Order completed", "order.completed", Outcome::Success, "+"),
            Happening::Refunded => ("Order refunded", "order.refunded", Outcome::Success, "-"),
            Happening::ChargedBack => (
                "Order charged back",
                "order.charged_back",
                Outcome::Success,
                "-",
            ),
        };
        let amount = happened.amount.map(|money| money.in_major_units());
        let card = happened.last4.map(|last4| format!("card ending {last4}"));
        Self {
            id: happened.id.as_u64() >> SPARE_BITS,
            order: happened.order,
            title,
            code,
            status,
            timestamp: Seconds(happened.at),
            metadata: Words {
                primary: amount.map(|amount| format!("{sign}{amount}")),
                secondary: card,
            },
        }
    }
}

/// `GET /api/v1/orders/{id}/events/`
pub(in crate::http) async fn index(
    asked: Asked,
    id: web::Path<String>,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let numbered = query.numbered(PAGE_SIZE)?;
    let id = id.into_inner();
    let look = asked.looked_through(move |ledger| ledger.happenings_numbered(&id, numbered));
    let Shown { seq, value } = look.await?;
    let value = value.ok_or(Problem::NotFound("order"))?;
    page(&asked, numbered, Shown { seq, value }, OrderEvent::from)
}
