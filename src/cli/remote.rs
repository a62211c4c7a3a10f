//! Asking a running service: one request, one JSON answer. It knows no path.

use std::time::Duration;

use serde_json::Value;

use super::{Failure, env};
use crate::app::ADMIN_KEY_VARIABLE;

/// Longer than the service takes to answer 503.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer is a full page of a list.
const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// A running service and the key to ask it with.
pub(super) struct Remote {
    agent: ureq::Agent,
    base: String,
    key: String,
}

impl Remote {
    /// `key` is the one given; else the admin key of the environment is used.
    pub(super) fn new(url: &str, key: Option<&str>) -> Result<Self, Failure> {
        let key = key.map(str::to_owned).or_else(|| env(ADMIN_KEY_VARIABLE));
        let key = key
            .ok_or_else(|| format!("--url needs a key: give --key, or set {ADMIN_KEY_VARIABLE}"))?;
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(TIMEOUT))
            .http_status_as_error(false)
            .max_redirects(0)
            .build();
        Ok(Self {
            agent: config.into(),
            base: url.trim_end_matches('/').to_owned(),
            key,
        })
    }

    pub(super) fn get(&self, path: &str) -> Result<Value, Failure> {
        let request = self.agent.get(format!("{}{path}", self.base));
        self.answered(request.header("authorization", self.bearer()).call())
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request.header("content-type", "application/json");
        let request = request.header("authorization", self.bearer());
        self.answered(request.send(serde_json::to_vec(body)?))
    }

    pub(super) fn delete(&self, path: &str) -> Result<Value, Failure> {
        let request = self.agent.delete(format!("{}{path}", self.base));
        self.answered(request.header("authorization", self.bearer()).call())
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.key)
    }

    /// The answer's JSON, or the problem's own sentence. An empty answer is `null`.
    fn answered(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<Value, Failure> {
        let base = &self.base;
        let mut answer = answer.map_err(|error| format!("cannot reach {base}: {error}"))?;
        let status = answer.status();
        let limited = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        let text = limited.lossy_utf8(true).read_to_string()?;
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(json);
        }
        let detail = json.get("detail").and_then(Value::as_str);
        let detail = detail.unwrap_or("is that address a subledger's?");
        Err(format!("{base} answered {}: {detail}", status.as_u16()).into())
    }
}
