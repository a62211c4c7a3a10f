//! Kelviq's paths by which the catalogue is read. It knows no more of a handler than its name.

use super::super::Access::Key;
use super::super::{Entry, get};
use super::at;
use crate::domain::key::Scope::Read;
use crate::http::error::Problem;
use crate::http::kelviq::answers::{PageOf, PageQuery};
use crate::http::kelviq::catalog::{self, prices, shown};
use crate::http::kelviq::product::Product;

pub(super) fn table() -> Vec<Entry> {
    let mut table = products();
    table.extend(plans());
    table
}

fn products() -> Vec<Entry> {
    vec![
        get(
            at!("catalog/products/"),
            Key(Read),
            "The companies of the catalogue",
            catalog::list_products,
        )
        .query::<catalog::SearchQuery>()
        .says::<PageOf<Product>>()
        .refuses(&[Problem::NotFound("page")]),
        get(
            at!("catalog/products/{pk}/"),
            Key(Read),
            "One company of the catalogue",
            catalog::show_product,
        )
        .says::<shown::ProductInFull>(),
        get(
            at!("catalog/features/"),
            Key(Read),
            "The features of the catalogue",
            catalog::list_features,
        )
        .query::<catalog::SearchQuery>()
        .says::<PageOf<shown::CatalogFeature>>()
        .refuses(&[Problem::NotFound("page")]),
        get(
            at!("catalog/features/{pk}/"),
            Key(Read),
            "One feature of the catalogue",
            catalog::show_feature,
        )
        .says::<shown::CatalogFeature>(),
    ]
}

fn plans() -> Vec<Entry> {
    vec![
        get(
            at!("catalog/plans/"),
            Key(Read),
            "The plans of the catalogue",
            catalog::list_plans,
        )
        .query::<PageQuery>()
        .says::<PageOf<shown::CatalogPlan>>()
        .refuses(&[Problem::NotFound("page")]),
        get(
            at!("catalog/plans/{identifier}/"),
            Key(Read),
            "One plan of the catalogue",
            catalog::show_plan,
        )
        .query::<catalog::VersionQuery>()
        .says::<shown::CatalogPlan>(),
        get(
            at!("catalog/plans/{identifier}/prices/"),
            Key(Read),
            "What a plan costs, each place's prices together",
            catalog::list_prices,
        )
        .query::<catalog::VersionListQuery>()
        .says::<PageOf<prices::PlanPrice>>(),
        get(
            at!("catalog/plans/{identifier}/features/"),
            Key(Read),
            "What a plan grants",
            catalog::list_plan_features,
        )
        .query::<catalog::VersionListQuery>()
        .says::<PageOf<shown::PlanEntitlement>>(),
    ]
}
