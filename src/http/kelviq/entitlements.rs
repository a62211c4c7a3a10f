//! `GET /api/v1/entitlements/`: what a customer may use now, a row for each feature of each of its
//! subscriptions.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answers::answer;
use super::asked::Asked;
use super::ids::{self, Named};
use super::query::{Query, given};
use super::times::Spaced;
use super::wrong;
use crate::domain::amount::Amount;
use crate::domain::catalog::FeatureType;
use crate::domain::entitlement::Entitlement;
use crate::http::error::Problem;

#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct EntitlementsQuery {
    /// Whose; needed, unless the key is that customer's own.
    customer_id: Option<String>,
    /// The same in another spelling.
    #[serde(rename = "customerId")]
    customer_id_too: Option<String>,
    /// Of that feature alone.
    feature_id: Option<String>,
    /// The same in another spelling.
    #[serde(rename = "featureId")]
    feature_id_too: Option<String>,
}

/// What a customer may use.
#[derive(JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqEntitlements")]
pub(in crate::http) struct Entitlements<'a> {
    customer_id: &'a str,
    entitlements: Vec<Row<'a>>,
}

/// One feature of one subscription, or one that was used beside them.
#[derive(JsonSchema, Serialize)]
#[serde(
    tag = "featureType",
    rename_all = "UPPERCASE",
    rename_all_fields = "camelCase"
)]
#[schemars(rename = "KelviqEntitlement")]
enum Row<'a> {
    /// Had or not.
    Boolean {
        feature_id: &'a str,
        has_access: bool,
    },
    /// Counted against a limit; `null` where there is none.
    Meter {
        feature_id: &'a str,
        has_access: bool,
        /// When the count begins anew; `null`: never.
        reset_at: Option<Spaced>,
        /// Whether the limit ends the access.
        hard_limit: bool,
        usage_limit: Option<u64>,
        current_usage: u64,
        remaining: Option<u64>,
    },
    /// A number that the plan or the purchase sets; `null` where there is none.
    Customizable {
        feature_id: &'a str,
        has_access: bool,
        hard_limit: bool,
        usage_limit: Option<u64>,
        current_usage: u64,
        remaining: Option<u64>,
    },
}

impl<'a> Row<'a> {
    /// `None` for a meter that counts for no feature.
    fn of(row: &'a Entitlement) -> Option<Self> {
        let feature_id = row.feature_id.as_deref()?;
        let has_access = row.granted;
        let hard_limit = row.hard_limit;
        // What is used up has its limit still; what is not granted has none.
        let is_limited = has_access || row.is_used_up;
        let limit = if is_limited {
            row.limit
        } else {
            Some(Amount::ZERO)
        };
        let usage = row.usage.unwrap_or(Amount::ZERO);
        let usage_limit = limit.map(Amount::floor);
        let current_usage = usage.ceil();
        let remaining = limit.map(|limit| limit.less(usage).floor());
        Some(match row.kind {
            FeatureType::Boolean => Self::Boolean {
                feature_id,
                has_access,
            },
            FeatureType::Meter => Self::Meter {
                feature_id,
                has_access,
                reset_at: row.resets_at.map(Spaced),
                hard_limit,
                usage_limit,
                current_usage,
                remaining,
            },
            FeatureType::Customizable => Self::Customizable {
                feature_id,
                has_access,
                hard_limit,
                usage_limit,
                current_usage,
                remaining,
            },
        })
    }
}

/// `GET /api/v1/entitlements/`
pub(in crate::http) async fn index(
    asked: Asked,
    query: Query<EntitlementsQuery>,
) -> Result<HttpResponse, Problem> {
    let named = given(&query.customer_id).or_else(|| given(&query.customer_id_too));
    let own = asked.caller.customer.as_deref();
    let required = || wrong("customerId", "This field is required.");
    let customer = named.or(own).ok_or_else(required)?;
    let feature = given(&query.feature_id).or_else(|| given(&query.feature_id_too));
    let id = ids::known(Named::Customer, customer);
    let shown = asked.ledger().entitlements_in_force(&asked.caller, &id);
    let held = shown.value.ok_or(Problem::NotFound("customer"))?;
    let rows = held.entitlements.iter();
    let rows = rows.filter(|row| feature.is_none() || row.feature_id.as_deref() == feature);
    let told = Entitlements {
        customer_id: held
            .customer
            .customer_identifier
            .as_deref()
            .unwrap_or(customer),
        entitlements: rows.filter_map(Row::of).collect(),
    };
    answer(StatusCode::OK, shown.seq, &told)
}
