//! Razorpay's REST API: payment links for what is paid once, subscriptions for plans that Razorpay
//! charges. Nothing is opened twice: what is not known is looked up. Knows neither the log nor what
//! an answer changes here.

mod client;
mod links;
mod reply;
mod subscriptions;

use super::{Answer, Before, CameBack, CancelAnswer, Gateway, Order};
use crate::domain::catalog::Price;
use crate::domain::own::CancelWhen;
use crate::signature::{Key, Secret, SecretFault, tag_from_hex};

use self::client::Api;

/// The word for it in the configuration and in events.
pub const RAZORPAY: &str = "razorpay";
/// Razorpay's names of the parameters with which it sends a payer back.
const STATUS: &str = "razorpay_payment_link_status";
const PAYMENT: &str = "razorpay_payment_id";
const SIGNATURE: &str = "razorpay_signature";

/// See the module.
pub struct Razorpay {
    api: Api,
    /// What the way back is signed with: the API key's secret, not the webhook's.
    key: Key,
    /// Where payers come back to: the address of checkout pages, less the id.
    return_to: String,
}

impl Razorpay {
    /// Asks the API at `base_url` with the key's id and secret; payers come back to `return_to`
    /// and the checkout's id.
    ///
    /// # Errors
    /// [`SecretFault`] where the secret cannot be a key.
    pub fn new(
        base_url: &str,
        key_id: &Secret,
        key_secret: Secret,
        return_to: String,
    ) -> Result<Self, SecretFault> {
        Ok(Self {
            api: Api::new(base_url, key_id, &key_secret),
            key: Key::new(key_secret, Some(RAZORPAY))?,
            return_to,
        })
    }
}

impl Gateway for Razorpay {
    fn name(&self) -> &'static str {
        RAZORPAY
    }

    fn pretends(&self) -> bool {
        false
    }

    fn plan_of<'a>(&self, price: &'a Price) -> Option<&'a str> {
        price.razorpay_plan.as_deref()
    }

    fn open(&self, order: &Order, before: Before) -> Answer {
        match &order.plan {
            Some(plan) => subscriptions::open(&self.api, order, plan, before),
            None => links::open(&self.api, order, &self.return_to, before),
        }
    }

    fn cancel(&self, reference: &str, when: CancelWhen) -> CancelAnswer {
        subscriptions::cancel(&self.api, reference, when)
    }

    /// Of the ids in the query only ours count, so that one payer's way back proves nothing about
    /// another checkout.
    fn came_back(&self, checkout: &str, reference: &str, query: &str) -> Option<CameBack> {
        let (status, payment) = (parameter(query, STATUS)?, parameter(query, PAYMENT)?);
        let tag = tag_from_hex(parameter(query, SIGNATURE)?)?;
        let message = [reference, checkout, status, payment].join("|");
        let genuine = self.key.verifies(&[message.as_bytes()], &tag);
        genuine.then_some(match status {
            "paid" => CameBack::Paid,
            _ => CameBack::NotPaid,
        })
    }
}

/// The only value of a parameter. Razorpay's ids and words are never escaped.
fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let mut values = pairs
        .filter(|(given, _)| *given == name)
        .map(|(_, value)| value);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const CHECKOUT: &str = "TRN-0MSC9073DVBTK";

    fn razorpay() -> Razorpay {
        let secret = |text: &str| Secret::new(text.to_owned()).unwrap();
        let (id, secret) = (secret("rzp_test_key"), secret("the key's secret"));
        Razorpay::new(
            "http://127.0.0.1:9",
            &id,
            secret,
            "http://a/checkout/".into(),
        )
        .unwrap()
    }

    fn signed(message: &str) -> String {
        hex::encode(razorpay().key.sign(&[message.as_bytes()]))
    }

    #[test]
    fn a_way_back_counts_only_with_its_own_signature() {
        let good = signed(&format!("plink_1|{CHECKOUT}|paid|pay_1"));
        let query = |status: &str, payment: &str, signature: &str| {
            format!("{STATUS}={status}&{PAYMENT}={payment}&{SIGNATURE}={signature}")
        };
        let says = |reference: &str, query: &str| razorpay().came_back(CHECKOUT, reference, query);
        let genuine = query("paid", "pay_1", &good);
        assert_eq!(says("plink_1", &genuine), Some(CameBack::Paid));
        assert_eq!(says("plink_2", &genuine), None);
        assert_eq!(says("plink_1", &query("paid", "pay_2", &good)), None);
        assert_eq!(
            says("plink_1", &query("paid", "pay_1", &good.to_uppercase())),
            None
        );
        assert_eq!(says("plink_1", &format!("{genuine}&{STATUS}=paid")), None);
        assert_eq!(says("plink_1", ""), None);
        let other = signed(&format!("plink_1|{CHECKOUT}|expired|pay_1"));
        let not_paid = query("expired", "pay_1", &other);
        assert_eq!(says("plink_1", &not_paid), Some(CameBack::NotPaid));
    }
}
