//! What Kelviq says of a person: inside every object a little, and all of it in the customer's own.
//! Knows no subscription.

use super::fields::OBJECT_PATH;
use super::words::Family;
use crate::domain::customer::Address;
use crate::domain::event::Contact;
use crate::domain::place::state_name;
use crate::providers::decimal::raw_at;
use crate::providers::json::Object;
use crate::providers::person::split_name;

const ADDRESS: &str = "billing_address";
const METADATA: &str = "metadata";

/// What an event says.
pub(super) struct Said<'a> {
    pub(super) object: Object<'a>,
    /// What the object was before, where the event says so.
    pub(super) previous: Option<Object<'a>>,
    pub(super) body: &'a [u8],
}

/// What is said of the person.
pub(super) fn contact(family: Family, said: &Said<'_>) -> Contact {
    let is_whole = family == Family::Customer;
    let person = if is_whole {
        Some(said.object)
    } else {
        said.object.object("customer")
    };
    let Some(person) = person else {
        return Contact::default();
    };
    let (first_name, last_name) = split_name(person.text("name"));
    let told = person.object(ADDRESS).map(address);
    let told = told.filter(|told| *told != Address::default());
    let cleared = said.had(ADDRESS).then(Address::default);
    Contact {
        email: person.boxed("email"),
        first_name,
        last_name,
        address: told.or(cleared.filter(|_| is_whole)).map(Box::new),
        metadata: is_whole.then(|| said.metadata()).flatten(),
        ..Contact::default()
    }
}

impl Said<'_> {
    /// Whether the object had it before, and has it changed now.
    fn had(&self, key: &str) -> bool {
        self.previous
            .is_some_and(|before| before.get(key).is_some())
    }

    /// As it is written, key by key. That there is nothing in it says something only where there was.
    fn metadata(&self) -> Option<Box<str>> {
        let is_empty = self.object.object(METADATA)?.entries().next().is_none();
        if is_empty {
            return self.had(METADATA).then(Box::default);
        }
        let [data, object] = OBJECT_PATH;
        let text = raw_at(self.body, &[data, object, METADATA])?;
        Some(text.get().into())
    }
}

/// The country's part is a code of ISO 3166-2 or a word.
fn address(told: Object<'_>) -> Address {
    let country = told.text("country");
    let state = told.text("state");
    let is_code = country
        .zip(state)
        .is_some_and(|(country, state)| state_name(country, state).is_some());
    let state: Option<Box<str>> = state.map(Into::into);
    Address {
        line1: told.boxed("line1"),
        line2: told.boxed("line2"),
        city: told.boxed("city"),
        postal_code: told.boxed("postal_code"),
        state_code: state.clone().filter(|_| is_code),
        state: state.filter(|_| !is_code),
        country_code: country.map(Into::into),
    }
}
