//! Requests of Razorpay's API. The only place that holds the key as a header; it goes nowhere else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::reply::{Outcome, outcome};
use crate::gateways::http::{Client, TIMEOUT};
use crate::signature::Secret;

/// The API with one account's key.
pub(super) struct Api {
    client: Client,
    base_url: String,
    authorization: SecretString,
}

impl Api {
    pub(super) fn new(base_url: &str, key_id: &Secret, key_secret: &Secret) -> Self {
        let pair = SecretString::from(format!("{}:{}", key_id.expose(), key_secret.expose()));
        // Razorpay takes "Basic" in this spelling alone.
        let authorization = format!("Basic {}", STANDARD.encode(pair.expose_secret()));
        Self {
            client: Client::new(TIMEOUT),
            base_url: base_url.to_owned(),
            authorization: authorization.into(),
        }
    }

    /// `path` with its query, after `/v1/`.
    pub(super) fn get(&self, path: &str) -> Outcome {
        let headers = [("authorization", self.authorization.expose_secret())];
        outcome(self.client.get(&self.url(path), &headers))
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Outcome {
        let headers = [
            ("authorization", self.authorization.expose_secret()),
            ("content-type", "application/json"),
        ];
        let body = body.to_string();
        outcome(self.client.post(&self.url(path), &headers, body.as_bytes()))
    }

    fn url(&self, path: &str) -> String {
        format!("{}/v1/{path}", self.base_url)
    }
}
