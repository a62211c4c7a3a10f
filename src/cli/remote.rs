//! Asking a running service: one request, and one JSON answer or one a line. It knows no path.

use std::io::{BufRead, BufReader, Read as _};
use std::time::Duration;

use serde_json::Value;

use super::{Failure, env};
use crate::app::ADMIN_KEY_VARIABLE;

/// Longer than the service takes to answer 503.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer is a full page of a list.
const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// An answer of many lines says something at least every few seconds, however busy the service is.
const SILENCE_MAX: Duration = Duration::from_secs(120);
/// The largest line is a record in base64, with what can be read of it.
const LINE_BYTES_MAX: u64 = 4 * 1024 * 1024;

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

    /// Asks for an answer of many lines.
    pub(super) fn post_lines(&self, path: &str, body: &Value) -> Result<RemoteLines, Failure> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request.header("content-type", "application/json");
        let request = request.header("authorization", self.bearer());
        let request = request.config().timeout_global(None);
        let request = request.timeout_per_read(Some(SILENCE_MAX)).build();
        self.answered_in_lines(request.send(serde_json::to_vec(body)?))
    }

    /// Asks for an answer of many lines.
    pub(super) fn get_lines(&self, path: &str) -> Result<RemoteLines, Failure> {
        let request = self.agent.get(format!("{}{path}", self.base));
        let request = request.header("authorization", self.bearer());
        let request = request.config().timeout_global(None);
        let request = request.timeout_per_read(Some(SILENCE_MAX)).build();
        self.answered_in_lines(request.call())
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
        let mut answer = self.reached(answer)?;
        let status = answer.status();
        let limited = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
        let text = limited.lossy_utf8(true).read_to_string()?;
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        if status.is_success() {
            return Ok(json);
        }
        let detail = json.get("detail").and_then(Value::as_str);
        let detail = detail.unwrap_or("is that address a subledger's?");
        Err(format!("{} answered {}: {detail}", self.base, status.as_u16()).into())
    }

    fn answered_in_lines(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<RemoteLines, Failure> {
        let answer = self.reached(answer)?;
        if !answer.status().is_success() {
            self.answered(Ok(answer))?;
            return Err(format!("{} did not answer as expected", self.base).into());
        }
        Ok(RemoteLines {
            base: self.base.clone(),
            reader: BufReader::new(answer.into_body().into_reader()),
        })
    }

    fn reached(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<ureq::http::Response<ureq::Body>, Failure> {
        let base = &self.base;
        answer.map_err(|error| format!("cannot reach {base}: {error}").into())
    }
}

/// An answer of many lines, while it arrives.
pub(super) struct RemoteLines {
    base: String,
    reader: BufReader<ureq::BodyReader<'static>>,
}

impl RemoteLines {
    /// The answer as it arrives, for who reads lines of his own.
    pub(super) fn into_reader(self) -> impl BufRead {
        self.reader
    }

    /// The next line, less its end; `None` after the last one.
    pub(super) fn next(&mut self) -> Result<Option<String>, Failure> {
        let mut line = Vec::new();
        let broken = |error| format!("{} broke off: {error}; try again", self.base);
        let limited = (&mut self.reader).take(LINE_BYTES_MAX);
        let read = { limited }.read_until(b'\n', &mut line).map_err(broken)?;
        if read == 0 {
            return Ok(None);
        }
        if line.pop() != Some(b'\n') {
            return Err(format!("{} broke off in a line; try again", self.base).into());
        }
        let line = String::from_utf8(line);
        let line = line.map_err(|_| format!("{} sent what is no text", self.base))?;
        Ok(Some(line))
    }

    /// Reads to the last line, and answers what it says. `progress` is shown every line before it:
    /// those that say how far the work has come have a field `of`.
    pub(super) fn last(mut self, mut progress: impl FnMut(&Value)) -> Result<Value, Failure> {
        while let Some(line) = self.next()? {
            let value: Value = serde_json::from_str(&line)?;
            if value.get("of").is_some() {
                progress(&value);
                continue;
            }
            // A status was sent long before; a problem comes as the last line.
            return match value.get("detail").and_then(Value::as_str) {
                Some(detail) => Err(format!("{} answered: {detail}", self.base).into()),
                None => Ok(value),
            };
        }
        Err(format!("{} ended without a result; try again", self.base).into())
    }
}
