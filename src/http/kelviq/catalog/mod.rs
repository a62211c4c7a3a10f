//! `/api/v1/catalog/`: the catalogue, to be read. It is changed in the configuration.

pub(in crate::http) mod prices;
pub(in crate::http) mod shown;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::shown::{CatalogFeature, CatalogPlan, ProductInFull, feature_id};
use super::answers::{PAGE_SIZE, PAGE_SIZE_MAX, PageQuery, answer, page};
use super::asked::Asked;
use super::product::products;
use super::query::Query;
use crate::domain::catalog::{Catalog, Plan};
use crate::domain::state::NumberedPage;
use crate::http::error::Problem;
use crate::ledger::{Catalogue, Shown};

/// Which of a list.
#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct SearchQuery {
    /// Whose identifier or name contains this, in any case.
    search: Option<String>,
    #[serde(flatten)]
    page: PageQuery,
}

/// Which version of a plan: the catalogue has one at a time.
#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct VersionQuery {
    /// The catalogue's number; any other is not there.
    version: Option<String>,
}

/// The same, of what is listed of it.
#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct VersionListQuery {
    #[serde(flatten)]
    version: VersionQuery,
    #[serde(flatten)]
    page: PageQuery,
}

impl SearchQuery {
    /// Whether one that is called so is asked for.
    fn wants(&self, names: &[&str]) -> bool {
        let needle = self.search.as_deref().unwrap_or_default().to_lowercase();
        let mut names = names.iter();
        names.any(|name| name.to_lowercase().contains(&needle))
    }
}

/// A page of what is in memory as a whole.
fn listed<S: Serialize>(
    asked: &Asked,
    (query, size): (&PageQuery, usize),
    seq: u64,
    all: Vec<S>,
) -> Result<HttpResponse, Problem> {
    let numbered = query.numbered(size)?;
    let count = all.len();
    let before = numbered
        .page
        .saturating_sub(1)
        .saturating_mul(numbered.size);
    let items: Vec<S> = all.into_iter().skip(before).take(numbered.size).collect();
    let is_there = before == 0 || before < count;
    let value = is_there.then_some(NumberedPage { count, items });
    page(asked, numbered, Shown { seq, value }, |shown| shown)
}

/// `GET /api/v1/catalog/products/`
pub(in crate::http) async fn list_products(
    asked: Asked,
    query: Query<SearchQuery>,
) -> Result<HttpResponse, Problem> {
    let Shown { seq, value } = asked.ledger().catalogue();
    let mut all = products(&value);
    all.retain(|product| query.wants(&[&product.identifier, &product.name]));
    listed(&asked, (&query.page, PAGE_SIZE_MAX), seq, all)
}

/// `GET /api/v1/catalog/products/{pk}/`
pub(in crate::http) async fn show_product(
    asked: Asked,
    pk: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let Shown { seq, value } = asked.ledger().catalogue();
    let mut all = products(&value).into_iter();
    let is_meant = |id: &str| id.eq_ignore_ascii_case(&pk);
    let found = all.find(|product| is_meant(&product.id) || is_meant(&product.identifier));
    let product = found.ok_or(Problem::NotFound("product"))?;
    let plans = value.catalog().map(|catalog| catalog.plans.iter());
    let plans = plans.into_iter().flatten();
    let shown = ProductInFull {
        product,
        plans: plans.map(|plan| plan.identifier.clone()).collect(),
    };
    answer(StatusCode::OK, seq, &shown)
}

/// `GET /api/v1/catalog/features/`
pub(in crate::http) async fn list_features(
    asked: Asked,
    query: Query<SearchQuery>,
) -> Result<HttpResponse, Problem> {
    let Shown { seq, value } = asked.ledger().catalogue();
    let all = value.catalog().map(|catalog| {
        let features = catalog.features.iter();
        let wanted = features.filter(|feature| query.wants(&[&feature.id, &feature.name]));
        let shown = wanted.map(|it| CatalogFeature::of(catalog, it, value.changed_at));
        shown.collect()
    });
    listed(
        &asked,
        (&query.page, PAGE_SIZE_MAX),
        seq,
        all.unwrap_or_default(),
    )
}

/// `GET /api/v1/catalog/features/{pk}/`
pub(in crate::http) async fn show_feature(
    asked: Asked,
    pk: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let Shown { seq, value } = asked.ledger().catalogue();
    let found = value.catalog().and_then(|catalog| {
        let mut features = catalog.features.iter();
        let is_meant = |id: &str| *id == **pk || feature_id(id).eq_ignore_ascii_case(&pk);
        let feature = features.find(|feature| is_meant(&feature.id))?;
        Some(CatalogFeature::of(catalog, feature, value.changed_at))
    });
    let feature = found.ok_or(Problem::NotFound("feature"))?;
    answer(StatusCode::OK, seq, &feature)
}

/// `GET /api/v1/catalog/plans/`
pub(in crate::http) async fn list_plans(
    asked: Asked,
    query: Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let Shown { seq, value } = asked.ledger().catalogue();
    let all = value.catalog().map(|catalog| {
        let plans = catalog.plans.iter().enumerate();
        let shown = plans.map(|(place, plan)| CatalogPlan::of(&value, catalog, place, plan));
        shown.collect()
    });
    listed(
        &asked,
        (&query, PAGE_SIZE_MAX),
        seq,
        all.unwrap_or_default(),
    )
}

/// `GET /api/v1/catalog/plans/{identifier}/`
pub(in crate::http) async fn show_plan(
    asked: Asked,
    identifier: web::Path<String>,
    query: Query<VersionQuery>,
) -> Result<HttpResponse, Problem> {
    let Shown { seq, value } = asked.ledger().catalogue();
    let (catalog, place, plan) = plan_of(&value, &identifier, &query)?;
    let shown = CatalogPlan::of(&value, catalog, place, plan);
    answer(StatusCode::OK, seq, &shown)
}

/// `GET /api/v1/catalog/plans/{identifier}/prices/`
pub(in crate::http) async fn list_prices(
    asked: Asked,
    identifier: web::Path<String>,
    query: Query<VersionListQuery>,
) -> Result<HttpResponse, Problem> {
    let Shown { seq, value } = asked.ledger().catalogue();
    let (_, _, plan) = plan_of(&value, &identifier, &query.version)?;
    listed(&asked, (&query.page, PAGE_SIZE), seq, prices::prices(plan))
}

/// `GET /api/v1/catalog/plans/{identifier}/features/`
pub(in crate::http) async fn list_plan_features(
    asked: Asked,
    identifier: web::Path<String>,
    query: Query<VersionListQuery>,
) -> Result<HttpResponse, Problem> {
    let Shown { seq, value } = asked.ledger().catalogue();
    let (catalog, _, plan) = plan_of(&value, &identifier, &query.version)?;
    let all = shown::entitlements(catalog, plan, value.changed_at);
    listed(&asked, (&query.page, PAGE_SIZE), seq, all)
}

/// A plan by the merchant's word, with its place in the catalogue.
fn plan_of<'a>(
    catalogue: &'a Catalogue,
    identifier: &str,
    query: &VersionQuery,
) -> Result<(&'a Catalog, usize, &'a Plan), Problem> {
    let unknown = || Problem::NotFound("plan");
    let catalog = catalogue.catalog().ok_or_else(unknown)?;
    let asked = query.version.as_ref().filter(|text| !text.is_empty());
    if asked.is_some_and(|version| *version != catalog.version.to_string()) {
        return Err(unknown());
    }
    let mut plans = catalog.plans.iter().enumerate();
    let found = plans.find(|(_, plan)| plan.identifier == identifier);
    let (place, plan) = found.ok_or_else(unknown)?;
    Ok((catalog, place, plan))
}
