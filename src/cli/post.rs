//! Signing like a provider and posting: what `send` and `demo` share.

use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::domain::time::Timestamp;
use crate::providers::Provider;

/// Longer than the service takes to answer 503.
const TIMEOUT: Duration = Duration::from_secs(10);
/// An answer is a receipt or a problem; more is not ours.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;
/// As long as Razorpay's own.
const EVENT_ID_LETTERS: usize = 14;

/// Posts deliveries over kept-alive connections.
pub(super) struct Poster {
    agent: ureq::Agent,
}

/// What the receiver answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Poster {
    pub(super) fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Self {
            agent: config.into(),
        }
    }

    pub(super) fn post(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Answer, ureq::Error> {
        let mut request = self.agent.post(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut answer = request.send(body)?;
        let status = answer.status().as_u16();
        let limited = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        Ok(Answer {
            status,
            body: limited.lossy_utf8(true).read_to_string()?,
        })
    }
}

/// The headers a provider would send with `body`. The event id is made from the body, so that the
/// same file sent twice is what a provider's retry is: the same bytes under the same id.
pub(super) fn signed_headers(
    provider: &dyn Provider,
    body: &[u8],
    event_id: Option<&str>,
    now: Timestamp,
) -> Option<Vec<(String, String)>> {
    let made = || {
        hex::encode(Sha256::digest(body))
            .chars()
            .take(EVENT_ID_LETTERS)
            .collect()
    };
    let event_id = event_id.map_or_else(made, str::to_owned);
    provider.sign(body, Some(&event_id), now)
}
