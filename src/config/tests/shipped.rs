//! The shipped `config.toml`: it says every key of the schema, and the very defaults.

use serde::de::{DeserializeOwned, Error as _, Visitor};
use serde::forward_to_deserialize_any;

use super::super::schema::{Razorpay, Sandbox};
use super::*;
use crate::domain::catalog as domain;

#[test]
fn the_shipped_file_says_the_defaults() {
    let shipped = with(SHIPPED, &[]).ok().unwrap();
    let empty = with("", &[]).ok().unwrap();
    assert_eq!(shipped.data_dir, empty.data_dir);
    assert_eq!(shipped.server.bind, empty.server.bind);
    assert_eq!(shipped.server.public_url, empty.server.public_url);
    assert_eq!(shipped.server.log_level, empty.server.log_level);
    assert_eq!(shipped.log.engine, empty.log.engine);
    assert_eq!(shipped.log.witness_path, empty.log.witness_path);
    assert_eq!(shipped.log.min_free_bytes, empty.log.min_free_bytes);
    assert_eq!(shipped.access.grace_days, empty.access.grace_days);
    assert_eq!(shipped.audit.origin, empty.audit.origin);
    assert_eq!(shipped.checkout.gateway, empty.checkout.gateway);
    assert_eq!(
        shipped.gateway.sandbox.enabled,
        empty.gateway.sandbox.enabled
    );
    assert_eq!(
        shipped.gateway.razorpay.base_url,
        empty.gateway.razorpay.base_url
    );
    assert!(shipped.gateway.razorpay.key_id.is_none());
    assert!(shipped.allows_sandbox().is_ok());
    assert_eq!(
        shipped.sources.keys().collect::<Vec<_>>(),
        ["kelviq", "razorpay", "standard-webhooks", "stykite"]
    );
    assert_eq!(shipped.catalog.plans.len(), 3);
    assert_eq!(empty.catalog, Catalog::default());
}

/// The key names of a section, asked of its own `Deserialize`.
struct Names(Vec<&'static str>);

impl<'de> serde::Deserializer<'de> for &mut Names {
    type Error = serde::de::value::Error;
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Self::Error> {
        self.0 = fields.to_vec();
        Err(Self::Error::custom("the names are all that is wanted"))
    }
    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Self::Error> {
        Err(Self::Error::custom("no section"))
    }
    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

fn names<T: DeserializeOwned>() -> Vec<&'static str> {
    let mut names = Names(Vec::new());
    assert!(T::deserialize(&mut names).is_err());
    assert!(!names.0.is_empty());
    names.0
}

#[test]
fn the_shipped_file_has_every_key_of_the_schema() {
    let sections = [
        names::<Config>(),
        names::<Server>(),
        names::<Log>(),
        names::<Access>(),
        names::<Audit>(),
        names::<Checkout>(),
        names::<Gateways>(),
        names::<Sandbox>(),
        names::<Razorpay>(),
        names::<Catalog>(),
        names::<domain::Company>(),
        names::<domain::Country>(),
        names::<domain::Feature>(),
        names::<domain::Meter>(),
        names::<domain::Plan>(),
        names::<domain::Price>(),
        names::<domain::PlanFeature>(),
        names::<domain::Addon>(),
        names::<domain::TokenPrice>(),
        vec!["provider", "customer_note", "secrets", "scheme"],
    ];
    let missing = |file: &str| -> Vec<&str> {
        let written = |line: &str, key: &str| {
            let line = line.trim_start_matches(['#', ' ']);
            let is_header =
                line.starts_with('[') && line.split(['[', ']', '.']).any(|part| part == key);
            is_header
                || line
                    .split_once('=')
                    .is_some_and(|(left, _)| left.trim() == key)
        };
        let keys = sections.iter().flatten();
        keys.filter(|key| !file.lines().any(|line| written(line, key)))
            .copied()
            .collect()
    };
    assert_eq!(missing(SHIPPED), Vec::<&str>::new());
    assert_eq!(
        missing(&SHIPPED.replace("witness_path", "witness")),
        ["witness_path"]
    );
}
