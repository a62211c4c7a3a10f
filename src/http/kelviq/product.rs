//! What Kelviq calls a product: a company of the catalogue. It knows no plan.

use schemars::JsonSchema;
use serde::Serialize;

use super::ids::uuid_of_words;
use crate::domain::catalog::{Catalog, Company};
use crate::domain::time::Timestamp;
use crate::ledger::Catalogue;

/// What is sold where the catalogue names no company.
const NAMELESS: &str = "subledger";
/// The kind of goods that Kelviq asks for, of which this ledger knows one.
const TAX_CODE: &str = "saas";

/// `{}`
#[derive(Debug, Clone, Copy, JsonSchema, Serialize)]
#[schemars(inline)]
pub(super) struct Nothing {}

/// A product: a company of the catalogue.
#[derive(Debug, Clone, JsonSchema, Serialize)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "KelviqProduct")]
pub(in crate::http) struct Product {
    #[schemars(extend("format" = "uuid"))]
    pub(super) id: String,
    pub(super) identifier: String,
    pub(super) name: String,
    description: &'static str,
    tax_code: &'static str,
    created_by: &'static str,
    modified_on: Timestamp,
    images: [Nothing; 0],
}

/// The same in few words.
#[derive(Debug, Clone, JsonSchema, Serialize)]
#[schemars(rename = "KelviqProductName")]
pub(in crate::http) struct ProductName {
    #[schemars(extend("format" = "uuid"))]
    id: String,
    identifier: String,
    name: String,
}

impl From<Product> for ProductName {
    fn from(product: Product) -> Self {
        Self {
            id: product.id,
            identifier: product.identifier,
            name: product.name,
        }
    }
}

/// All products: never none, so that every plan has one.
pub(super) fn products(catalogue: &Catalogue) -> Vec<Product> {
    let companies = catalogue.catalog().map(|catalog| catalog.companies.iter());
    let products: Vec<Product> = companies
        .into_iter()
        .flatten()
        .map(|company| product(Some(company), catalogue.changed_at))
        .collect();
    if products.is_empty() {
        return vec![product(None, catalogue.changed_at)];
    }
    products
}

/// The product that a customer of that company (`COM-…`) buys: the first where it has none.
pub(super) fn product_of(catalogue: &Catalogue, company_id: Option<&str>) -> Product {
    let of = |catalog| company_of(catalog, company_id);
    product(catalogue.catalog().and_then(of), catalogue.changed_at)
}

fn company_of<'a>(catalog: &'a Catalog, company_id: Option<&str>) -> Option<&'a Company> {
    let theirs = company_id.and_then(|id| catalog.company(id));
    theirs.or(catalog.companies.first())
}

fn product(company: Option<&Company>, modified_on: Timestamp) -> Product {
    let name = company.map_or(NAMELESS, |company| &company.name);
    let id = company.map_or(NAMELESS, |company| &company.id);
    Product {
        id: uuid_of_words(&["product", id]),
        identifier: slug(name).unwrap_or_else(|| id.to_lowercase()),
        name: name.to_owned(),
        description: "",
        tax_code: TAX_CODE,
        created_by: "",
        modified_on,
        images: [],
    }
}

/// `Example Ltd` as programs write it: `example-ltd`.
fn slug(name: &str) -> Option<String> {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    let words: Vec<String> = words
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    (!words.is_empty()).then(|| words.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_words_of_programs() {
        assert_eq!(slug("Example Ltd.").as_deref(), Some("example-ltd"));
        assert_eq!(slug("  A & B  ").as_deref(), Some("a-b"));
        assert_eq!(slug("…"), None);
    }
}
