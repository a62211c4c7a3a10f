//! A customer: the person or company behind the names that providers and the merchant use.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thin_vec::ThinVec;

use super::access::Access;
use super::activity::Activity;
use super::addon::AddonView;
use super::event::Contact;
use super::explanation::Explain;
use super::place::{country_name, state_name};
use super::register::{Register, Stamp};
use super::subscription::SubscriptionView;
use super::time::Timestamp;

/// How other objects name a customer.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
pub struct CustomerName {
    /// `CUS-…`
    pub id: String,
    /// The merchant's own identifier; `null` while only a provider's id is known.
    pub customer_identifier: Option<Box<str>>,
}

/// Where a customer is. Codes, not names: names follow from them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Street and number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line1: Option<Box<str>>,
    /// What else the post needs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line2: Option<Box<str>>,
    /// City.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<Box<str>>,
    /// Postal code, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<Box<str>>,
    /// The part of ISO 3166-2 after the country's (`KA` of `IN-KA`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_code: Option<Box<str>>,
    /// The country's part in words, where no code was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Box<str>>,
    /// ISO 3166-1 alpha-2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_code: Option<Box<str>>,
}

/// Where a customer is, as it is shown: by the codes it was told in, and by their names.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[allow(missing_docs)]
#[schemars(rename = "Address")]
pub struct AddressView {
    pub city: Option<Box<str>>,
    /// The country's English short name by ISO 3166-1; `null` for a code that it does not know.
    pub country: Option<&'static str>,
    pub line1: Option<Box<str>>,
    pub line2: Option<Box<str>>,
    /// The name of the country's part by ISO 3166-2.
    pub state: Option<String>,
    /// There is no table of cities: the city again.
    pub city_code: Option<Box<str>>,
    pub country_code: Option<Box<str>>,
    pub postal_code: Option<Box<str>>,
    pub state_code: Option<Box<str>>,
}

impl From<Address> for AddressView {
    fn from(address: Address) -> Self {
        let country = address.country_code.as_deref();
        let state = country.zip(address.state_code.as_deref());
        Self {
            country: country.and_then(country_name),
            state: state
                .and_then(|(country, state)| state_name(country, state))
                .or_else(|| address.state.map(Into::into)),
            line1: address.line1,
            line2: address.line2,
            city_code: address.city.clone(),
            city: address.city,
            country_code: address.country_code,
            postal_code: address.postal_code,
            state_code: address.state_code,
        }
    }
}

/// One detail of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Detail {
    Email,
    FirstName,
    LastName,
    Phone,
    Company,
    Country,
    /// As JSON of [`Address`]: one word of where somebody is, not several.
    Address,
    /// A JSON object: what the merchant notes.
    Metadata,
}

/// What is known of a person: for each detail the greatest fact, never cleared by absence. Where
/// one event says two things, the greater text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    // Most people have two or three details, so a short list is smaller than six cells.
    details: ThinVec<(Detail, Register<Box<str>>)>,
}

impl Person {
    /// Takes in what an event says; says whether the e-mail address is another now.
    pub fn observe(&mut self, contact: &Contact, stamp: Stamp) -> bool {
        let mut is_new_email = false;
        // Texts: writing them cannot fail.
        let address = contact.address.as_ref();
        let address = address.map(|told| serde_json::to_string(told).unwrap_or_default().into());
        let said = [
            (Detail::Address, &address),
            (Detail::Metadata, &contact.metadata),
            (Detail::Email, &contact.email),
            (Detail::FirstName, &contact.first_name),
            (Detail::LastName, &contact.last_name),
            (Detail::Phone, &contact.phone),
            (Detail::Company, &contact.company_id),
            (Detail::Country, &contact.country_id),
        ];
        for (detail, text) in said {
            if let Some(text) = text {
                is_new_email |= self.offer(detail, stamp, text) && detail == Detail::Email;
            }
        }
        is_new_email
    }

    /// E-mail address.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.get(Detail::Email)
    }

    /// What the merchant notes.
    #[must_use]
    pub fn metadata(&self) -> Option<&str> {
        self.get(Detail::Metadata)
    }

    /// Takes in all that another record of the same person knows.
    pub fn merge(&mut self, other: &Self) {
        for (detail, register) in &other.details {
            self.offer(*detail, register.stamp, &register.value);
        }
    }

    /// Takes in what another record knows of which nothing is known here.
    pub fn fill(&mut self, other: &Self) {
        let known = self.details.len();
        for (detail, register) in &other.details {
            let mut held = self.details.iter().take(known);
            if !held.any(|(held, _)| held == detail) {
                self.offer(*detail, register.stamp, &register.value);
            }
        }
    }

    /// Says whether another text is known now.
    fn offer(&mut self, detail: Detail, stamp: Stamp, text: &str) -> bool {
        let held = self.details.iter_mut().find(|(held, _)| *held == detail);
        let Some((_, held)) = held else {
            let value = text.into();
            self.details.push((detail, Register { stamp, value }));
            return true;
        };
        // One event may say two things of a person, by its payment and by its invoice.
        if (stamp, text) <= (held.stamp, &*held.value) {
            return false;
        }
        // Most events repeat what is known: the text is copied only when it differs.
        held.stamp = stamp;
        let differs = *held.value != *text;
        if differs {
            held.value = text.into();
        }
        differs
    }

    fn get(&self, detail: Detail) -> Option<&str> {
        let found = self.details.iter().find(|(held, _)| *held == detail)?;
        // An empty text cleared it.
        Some(&*found.1.value).filter(|text| !text.is_empty())
    }

    fn address(&self) -> Option<Address> {
        let address = serde_json::from_str(self.get(Detail::Address)?).ok()?;
        Some(address).filter(|address| *address != Address::default())
    }

    /// `COM-…`
    #[must_use]
    pub fn company_id(&self) -> Option<&str> {
        self.get(Detail::Company)
    }

    /// Whether `needle` (lower case) is part of the e-mail address or the name.
    #[must_use]
    pub fn mentions(&self, needle: &str) -> bool {
        let email = self.get(Detail::Email).unwrap_or_default();
        let first = self.get(Detail::FirstName).unwrap_or_default();
        let last = self.get(Detail::LastName).unwrap_or_default();
        email.to_lowercase().contains(needle)
            || format!("{first} {last}").to_lowercase().contains(needle)
    }
}

/// A customer as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, JsonSchema, Serialize)]
#[allow(missing_docs)]
#[schemars(rename = "Customer", transform = Access::is_always_shown)]
pub struct CustomerView {
    #[serde(flatten)]
    pub name: CustomerName,
    pub company_id: Option<Box<str>>,
    pub country_id: Option<Box<str>>,
    pub email: Option<Box<str>>,
    pub first_name: Option<Box<str>>,
    pub last_name: Option<Box<str>>,
    pub phone: Option<Box<str>>,
    pub address: Option<AddressView>,
    /// The providers' own ids: `{"razorpay": "cust_…"}`.
    pub references: BTreeMap<&'static str, Box<str>>,
    // Left out of digests: it depends on the clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Access")]
    pub access: Option<Access>,
    pub subscriptions: Vec<SubscriptionView>,
    pub addons: Vec<AddonView>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub last_seq: u64,
    // Only where it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<Explain>,
}

/// What a view needs to know of a customer beside the person.
#[derive(Debug)]
pub struct Holdings {
    /// The names.
    pub name: CustomerName,
    /// The providers' own ids.
    pub references: BTreeMap<&'static str, Box<str>>,
    /// The best of the subscriptions'.
    pub access: Option<Access>,
    /// By creation, then id.
    pub subscriptions: Vec<SubscriptionView>,
    /// By purchase, then id.
    pub addons: Vec<AddonView>,
    /// When a command made it, where one did.
    pub made_at: Option<Timestamp>,
    /// When anything of this customer was first and last heard of.
    pub activity: Activity,
}

impl Person {
    /// How a customer is shown.
    #[must_use]
    pub fn view(&self, held: Holdings) -> CustomerView {
        let text = |detail| self.get(detail).map(Into::into);
        CustomerView {
            name: held.name,
            company_id: text(Detail::Company),
            country_id: text(Detail::Country),
            email: text(Detail::Email),
            first_name: text(Detail::FirstName),
            last_name: text(Detail::LastName),
            phone: text(Detail::Phone),
            address: self.address().map(Into::into),
            references: held.references,
            access: held.access,
            subscriptions: held.subscriptions,
            addons: held.addons,
            created_at: held.made_at.unwrap_or(held.activity.first()),
            updated_at: held.activity.last(),
            last_seq: held.activity.last_seq(),
            explain: None,
        }
    }
}
