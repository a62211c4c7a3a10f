//! What is asked after the `?`: of a parameter that comes more than once the last counts, and one that
//! nobody knows is passed over. It knows no parameter.

use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{Error, FromRequest, HttpRequest, web};
use serde::de::DeserializeOwned;

use crate::http::error::Problem;

/// The parameters of a request.
pub(in crate::http) struct Query<T>(T);

/// Each parameter of a query by its name, with what is written of it there.
pub(super) fn parameters(query: &str) -> impl Iterator<Item = (String, &str)> {
    query.split('&').filter_map(|written| {
        let read = web::Query::<Vec<(String, String)>>::from_query(written);
        let (name, _) = read.ok()?.into_inner().pop()?;
        Some((name, written))
    })
}

/// A parameter that is not empty: an empty one is not asked for.
pub(super) fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

fn read<T: DeserializeOwned>(query: &str) -> Result<Query<T>, Problem> {
    let last: BTreeMap<String, &str> = parameters(query).collect();
    let last: Vec<&str> = last.into_values().collect();
    let read = web::Query::<T>::from_query(&last.join("&"));
    read.map(|read| Query(read.into_inner())).map_err(|error| {
        Problem::InvalidParameter(format!("The query is not understood: {error}."))
    })
}

impl<T> Deref for Query<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(http: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(http.query_string()).map_err(Error::from))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Asked {
        search: Option<String>,
        page: Option<String>,
    }

    #[test]
    fn the_last_of_each_counts() {
        for (query, search, page) in [
            ("", None, None),
            ("page=1&page=2&search=a%26b", Some("a&b"), Some("2")),
            ("p%61ge=1&%70age=3&other=1&other=2&&=", None, Some("3")),
            ("page=2&search=&page", Some(""), Some("")),
        ] {
            let asked: Query<Asked> = read(query).unwrap();
            assert_eq!(asked.search.as_deref(), search, "{query}");
            assert_eq!(asked.page.as_deref(), page, "{query}");
        }
    }
}
