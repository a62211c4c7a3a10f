//! What a Razorpay payment was made with, by the names that cards and the like go by elsewhere. It
//! reads no person: the name on a card is left where it is.

use crate::domain::instrument::{Instrument, Part};
use crate::providers::json::Object;

/// What the payment tells beyond the word; `None` where it tells nothing, as where only the card's
/// id is named: that clears nothing.
pub(super) fn instrument(payment: Object<'_>) -> Option<Instrument> {
    let card = payment.object("card");
    let upi = payment.object("upi");
    let text = |fields: Option<Object<'_>>, key| fields.and_then(|it| it.boxed(key));
    let number = |key| card.and_then(|it| it.count(key)).map(Part::Number);
    let vpa = text(upi, "vpa").or_else(|| payment.boxed("vpa"));
    let brand = text(card, "network").map(|word| word.to_lowercase().into());
    let told = [
        ("brand", brand.map(Part::Text)),
        ("last4", text(card, "last4").map(Part::Text)),
        ("exp_month", number("expiry_month")),
        ("exp_year", number("expiry_year")),
        ("funding", text(card, "type").map(Part::Text)),
        ("issuer", text(card, "issuer").map(Part::Text)),
        ("bank", payment.boxed("bank").map(Part::Text)),
        ("wallet", payment.boxed("wallet").map(Part::Text)),
        ("vpa", vpa.map(Part::Text)),
    ];
    let parts = told
        .into_iter()
        .filter_map(|(name, part)| Some((Box::from(name), part?)));
    let instrument = Instrument::of(parts);
    (!instrument.is_empty()).then_some(instrument)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::providers::json;

    fn of(payment: &str) -> Option<String> {
        let value = json::parse(payment.as_bytes()).unwrap();
        instrument(Object::of(&value).unwrap()).map(|it| it.to_text().into())
    }

    #[test]
    fn cards_banks_wallets_and_addresses_have_one_form() {
        let card = r#"{"method":"card","card":{"id":"card_1","name":"Gaurav","last4":"4366",
            "network":"Visa","type":"credit","issuer":"KARB","expiry_month":"01",
            "expiry_year":"2099"},"bank":null}"#;
        assert_eq!(
            of(card).unwrap(),
            r#"{"brand":"visa","exp_month":1,"exp_year":2099,"funding":"credit","issuer":"KARB","last4":"4366"}"#
        );
        assert_eq!(
            of(r#"{"method":"upi","upi":{"vpa":"a@upi"}}"#).unwrap(),
            r#"{"vpa":"a@upi"}"#
        );
        assert_eq!(of(r#"{"vpa":"b@upi"}"#).unwrap(), r#"{"vpa":"b@upi"}"#);
        assert_eq!(of(r#"{"bank":"HDFC"}"#).unwrap(), r#"{"bank":"HDFC"}"#);
        assert_eq!(
            of(r#"{"wallet":"paytm"}"#).unwrap(),
            r#"{"wallet":"paytm"}"#
        );
    }

    #[test]
    fn who_tells_nothing_clears_nothing() {
        for payment in [
            "{}",
            r#"{"card":null,"card_id":"card_1","vpa":"","bank":7}"#,
            r#"{"card":{"last4":4366,"expiry_month":"soon","expiry_year":-1}}"#,
        ] {
            assert_eq!(of(payment), None, "{payment}");
        }
    }
}
