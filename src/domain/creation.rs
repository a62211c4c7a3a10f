//! What a customer was created with, so that the same request can be told from another one. Knows
//! no later word on the person.

use serde::{Deserialize, Serialize};

use super::own::CustomerCreated;
use super::time::Timestamp;

/// What of a customer is asked for, by the words of requests; in the order in which a difference
/// is named.
pub const ASKED: [&str; 14] = [
    "email",
    "first_name",
    "last_name",
    "phone",
    "country_code",
    "state_code",
    "city",
    "postal_code",
    "line1",
    "line2",
    "company_id",
    "country_id",
    "plan_id",
    "trial_days",
];

/// What is asked for, one text each, in the order of [`ASKED`]; the trial as when it ends.
pub type Asked<'a> = [Option<&'a str>; ASKED.len()];

/// When a trial ends, as it is compared: nothing where there is none.
#[must_use]
pub fn trial_text(ends_at: Option<Timestamp>) -> String {
    ends_at.map_or_else(String::new, |at| at.to_string())
}

/// See the module. Very many customers have one, and it is looked at once in a while: so it is the
/// texts, as JSON.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Creation(Box<str>);

impl Creation {
    /// What an event says that a customer was created with.
    #[must_use]
    pub fn of(fact: &CustomerCreated) -> Self {
        let begun = fact.subscription.as_ref();
        let trial = begun.map(|begun| trial_text(begun.trial_ends_at));
        let address = fact.address.clone().unwrap_or_default();
        let asked: Asked<'_> = [
            fact.email.as_deref(),
            fact.first_name.as_deref(),
            fact.last_name.as_deref(),
            fact.phone.as_deref(),
            address.country_code.as_deref(),
            address.state_code.as_deref(),
            address.city.as_deref(),
            address.postal_code.as_deref(),
            address.line1.as_deref(),
            address.line2.as_deref(),
            fact.company_id.as_deref(),
            fact.country_id.as_deref(),
            begun.map(|begun| &*begun.plan_id),
            trial.as_deref(),
        ];
        // Texts and nulls: writing them cannot fail.
        Self(serde_json::to_string(&asked).unwrap_or_default().into())
    }

    /// The first thing that `asked` names and that is another than what the customer was created
    /// with. What it does not name does not differ.
    #[must_use]
    pub fn differs(&self, asked: &Asked<'_>) -> Option<&'static str> {
        let held = self.asked();
        let held = held
            .iter()
            .map(Option::as_deref)
            .chain(std::iter::repeat(None));
        let pairs = ASKED.into_iter().zip(asked.iter().zip(held));
        let mut other = pairs.filter(|(_, (asked, held))| asked.is_some() && **asked != *held);
        other.next().map(|(name, _)| name)
    }

    /// The e-mail address.
    #[must_use]
    pub fn email(&self) -> Option<String> {
        self.get("email")
    }

    /// `COM-…`
    #[must_use]
    pub fn company_id(&self) -> Option<String> {
        self.get("company_id")
    }

    fn asked(&self) -> Vec<Option<String>> {
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    fn get(&self, what: &str) -> Option<String> {
        let mut pairs = ASKED.into_iter().zip(self.asked());
        pairs.find(|(name, _)| *name == what)?.1
    }
}
