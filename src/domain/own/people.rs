//! What is told of customers here: that they are made, changed and archived. Knows nothing of what
//! follows.

use serde::{Deserialize, Serialize};

use super::Begun;
use crate::domain::customer::Address;

/// See [`OwnFact::CustomerCreated`](super::OwnFact::CustomerCreated).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerCreated {
    /// `CUS-…`: the one shown before where events named the customer already.
    pub id: Box<str>,
    /// The merchant's own identifier.
    pub identifier: Box<str>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Box<str>>,
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<Box<str>>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<Box<str>>,
    /// Telephone number, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Box<str>>,
    /// Where the customer is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// `COM-…`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company_id: Option<Box<str>>,
    /// `CON-…`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country_id: Option<Box<str>>,
    /// What the merchant notes of it: a JSON object, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<str>>,
    /// What it was subscribed to, where it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription: Option<Begun>,
}

/// See [`OwnFact::CustomerUpdated`](super::OwnFact::CustomerUpdated). What is absent stays as it was; an empty text or an empty
/// address clears it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerUpdated {
    /// The merchant's own identifier.
    pub identifier: Box<str>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Box<str>>,
    /// Given name. It is told together with the family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_name: Option<Box<str>>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_name: Option<Box<str>>,
    /// Where the customer is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// What the merchant notes of it: a JSON object, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Box<str>>,
}

/// See [`OwnFact::CustomerArchived`](super::OwnFact::CustomerArchived).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerArchived {
    /// The merchant's own identifier.
    pub identifier: Box<str>,
}
