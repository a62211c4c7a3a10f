//! Finding what of the catalogue a buyer means: a plan by the merchant's word, and the price that
//! counts for where and in what the buyer pays. Knows no customer and no surface.

use super::catalog::{Catalog, Country, FeatureType, Period, Plan, Price};
use super::money::{Currency, Money};

/// Of what costs nothing, where the catalogue names no currency at all.
const CURRENCY_OF_NOTHING: &str = "USD";

/// What decides between several prices of one plan for one period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Buyer<'a> {
    /// The catalogue's country (`CON-…`) that the buyer pays in, where one is known.
    pub country: Option<&'a str>,
    /// The only currency (ISO 4217) that is wanted, in any case.
    pub currency: Option<&'a str>,
}

/// Why no price counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPrice {
    /// The plan has none for that period.
    Period,
    /// It has, but not in that currency.
    Currency,
    /// It has, but only elsewhere, or in several countries of which none is known to be meant.
    Country,
}

/// What a plan is had for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost<'a> {
    /// How long is paid for at once; a plan that costs nothing is had once.
    pub period: Period,
    /// How much.
    pub money: Money,
    /// The catalogue's price; none for a plan that has none and costs nothing.
    pub price: Option<&'a Price>,
}

impl Catalog {
    /// The plan that the merchant calls so (`pro`).
    #[must_use]
    pub fn plan_called(&self, identifier: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.identifier == identifier)
    }

    /// The country of that ISO 3166-1 alpha-2 code, in any case.
    #[must_use]
    pub fn country_coded(&self, code: &str) -> Option<&Country> {
        let mut all = self.countries.iter();
        all.find(|country| country.code.eq_ignore_ascii_case(code))
    }

    /// Whether a plan grants a feature of which a number can be bought.
    #[must_use]
    pub fn is_bought_in_numbers(&self, plan: &Plan, feature: &str) -> bool {
        let kind = self.feature(feature).map(|feature| feature.kind);
        let is_granted = plan.features.iter().any(|held| held.feature == feature);
        is_granted && kind.is_some_and(|kind| kind != FeatureType::Boolean)
    }

    /// What `plan` is had for when `period` is asked for. A plan none of whose prices is above
    /// nothing is had once, whichever of its periods is named.
    ///
    /// # Errors
    /// [`NoPrice`].
    pub fn cost<'a>(
        &self,
        plan: &'a Plan,
        period: Period,
        buyer: Buyer<'_>,
    ) -> Result<Cost<'a>, NoPrice> {
        let found = self.price_for(plan, period, buyer);
        if plan.is_paid() {
            let price = found?;
            let currency = Currency::parse(&price.currency).ok_or(NoPrice::Currency)?;
            let amount_minor = price.amount_minor;
            return Ok(Cost {
                period,
                money: Money {
                    amount_minor,
                    currency,
                },
                price: Some(price),
            });
        }
        let price = match found {
            Ok(price) => Some(price),
            Err(_) if period == Period::OneTime => None,
            Err(none) => return Err(none),
        };
        let currency = || {
            let written = price.map(|price| price.currency.as_str());
            let local = buyer.country.and_then(|id| self.country(id));
            let local = local.or(self.countries.first());
            let of_plan = plan.prices.first().map(|price| price.currency.as_str());
            let local = local.map(|country| country.currency.as_str());
            written.or(buyer.currency).or(of_plan).or(local)
        };
        let currency = currency().unwrap_or(CURRENCY_OF_NOTHING);
        let currency = Currency::parse(currency).ok_or(NoPrice::Currency)?;
        Ok(Cost {
            period: Period::OneTime,
            money: Money {
                amount_minor: 0,
                currency,
            },
            price,
        })
    }

    /// What `plan` costs for `period`: the country's own price, else one of everywhere, best in the
    /// country's currency. Where no country is known and nothing is sold everywhere, the price of
    /// the only country there is one for.
    ///
    /// # Errors
    /// [`NoPrice`].
    pub fn price_for<'a>(
        &self,
        plan: &'a Plan,
        period: Period,
        buyer: Buyer<'_>,
    ) -> Result<&'a Price, NoPrice> {
        let of_period = || plan.prices.iter().filter(|price| price.period == period);
        if of_period().next().is_none() {
            return Err(NoPrice::Period);
        }
        let is_wanted = |price: &&Price| {
            let wanted = buyer.currency;
            wanted.is_none_or(|wanted| price.currency.eq_ignore_ascii_case(wanted))
        };
        let priced = || of_period().filter(is_wanted);
        let first = priced().next().ok_or(NoPrice::Currency)?;
        let local = buyer.country.and_then(|id| self.country(id));
        let local = local.map(|country| &country.currency);
        let is_sold = |price: &&Price| {
            let only = price.country.as_deref();
            only.is_none() || only == buyer.country
        };
        let rank = |price: &&Price| (price.country.is_none(), Some(&price.currency) != local);
        if let Some(best) = priced().filter(is_sold).min_by_key(rank) {
            return Ok(best);
        }
        let is_only_one = priced().all(|price| price.country == first.country);
        let is_clear = buyer.country.is_none() && is_only_one;
        is_clear.then_some(first).ok_or(NoPrice::Country)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn price(amount_minor: i64, currency: &str, country: Option<&str>) -> Price {
        Price {
            period: Period::Monthly,
            amount_minor,
            currency: currency.into(),
            country: country.map(Into::into),
            razorpay_plan: None,
        }
    }

    fn country(id: &str, code: &str, currency: &str) -> Country {
        Country {
            id: id.into(),
            code: code.into(),
            currency: currency.into(),
        }
    }

    fn catalog(prices: Vec<Price>) -> Catalog {
        let plan = serde_json::json!({"id": "PLV-1", "identifier": "pro", "name": "Pro"});
        let plan: Plan = serde_json::from_value(plan).unwrap();
        Catalog {
            countries: vec![country("CON-1", "IN", "INR"), country("CON-2", "DE", "EUR")],
            plans: vec![Plan { prices, ..plan }],
            ..Catalog::default()
        }
    }

    fn found(
        catalog: &Catalog,
        country: Option<&str>,
        currency: Option<&str>,
    ) -> Result<i64, NoPrice> {
        let plan = catalog.plan_called("pro").unwrap();
        let buyer = Buyer { country, currency };
        let price = catalog.price_for(plan, Period::Monthly, buyer);
        price.map(|price| price.amount_minor)
    }

    #[test]
    fn the_countrys_own_price_stands_before_that_of_everywhere() {
        let catalog = catalog(vec![
            price(1, "USD", None),
            price(2, "EUR", None),
            price(3, "INR", Some("CON-1")),
        ]);
        assert_eq!(found(&catalog, None, None), Ok(1));
        assert_eq!(found(&catalog, Some("CON-1"), None), Ok(3));
        assert_eq!(found(&catalog, Some("CON-2"), None), Ok(2));
        assert_eq!(found(&catalog, Some("CON-1"), Some("usd")), Ok(1));
        assert_eq!(found(&catalog, None, Some("INR")), Ok(3));
        assert_eq!(
            found(&catalog, Some("CON-2"), Some("INR")),
            Err(NoPrice::Country)
        );
        assert_eq!(found(&catalog, None, Some("JPY")), Err(NoPrice::Currency));
    }

    #[test]
    fn what_is_sold_in_one_country_alone_needs_no_country() {
        let one = catalog(vec![price(3, "INR", Some("CON-1"))]);
        assert_eq!(found(&one, None, None), Ok(3));
        assert_eq!(found(&one, Some("CON-2"), None), Err(NoPrice::Country));
        let two = catalog(vec![
            price(3, "INR", Some("CON-1")),
            price(4, "EUR", Some("CON-2")),
        ]);
        assert_eq!(found(&two, None, None), Err(NoPrice::Country));
        assert_eq!(found(&two, None, Some("EUR")), Ok(4));
        let none = catalog(Vec::new());
        assert_eq!(found(&none, None, None), Err(NoPrice::Period));
    }

    #[test]
    fn what_costs_nothing_is_had_once_whichever_period_is_named() {
        let free = catalog(vec![price(0, "INR", None)]);
        let plan = free.plan_called("pro").unwrap();
        let cost = |period| free.cost(plan, period, Buyer::default());
        for period in [Period::Monthly, Period::OneTime] {
            let found = cost(period).unwrap();
            assert_eq!(found.period, Period::OneTime);
            assert_eq!(found.money.in_major_units(), "0.00");
            assert_eq!(found.money.currency.as_str(), "INR");
        }
        assert_eq!(cost(Period::Yearly), Err(NoPrice::Period));
        let paid = catalog(vec![price(5, "INR", None)]);
        let plan = paid.plan_called("pro").unwrap();
        let cost = |period| paid.cost(plan, period, Buyer::default());
        assert_eq!(cost(Period::Monthly).unwrap().money.amount_minor, 5);
        assert_eq!(cost(Period::OneTime), Err(NoPrice::Period));
        let bare = catalog(Vec::new());
        let plan = bare.plan_called("pro").unwrap();
        let once = bare.cost(plan, Period::OneTime, Buyer::default()).unwrap();
        assert_eq!(once.money.currency.as_str(), "INR");
    }

    #[test]
    fn countries_are_known_by_their_codes() {
        let catalog = catalog(Vec::new());
        let id = |code: &str| catalog.country_coded(code).map(|found| found.id.as_str());
        assert_eq!(id("in"), Some("CON-1"));
        assert_eq!(id("US"), None);
    }
}
