//! How gateways are spoken to: one request, one answer, with limits on both. Knows no gateway, and
//! never says what it sent.

use std::time::Duration;

/// Connecting takes a round trip or two; more means that nobody is there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Razorpay answers within two seconds nearly always; after this its outcome is looked up.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
/// A hundred subscriptions have about 100 KB.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

/// Sends each request over a connection of its own: one that was kept may have gone, and then
/// nobody knows whether the request was read. Follows no redirects: a key is meant for one host.
pub(super) struct Client {
    agent: ureq::Agent,
}

/// What came back, whatever its status.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoReply {
    /// Nobody was reached, so nothing was done.
    NotSent(String),
    /// It may have been done.
    Unknown(String),
}

impl Client {
    /// Waits for each answer for `timeout` at most.
    pub(super) fn new(timeout: Duration) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(timeout))
            .max_idle_connections(0)
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("subledger/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: config.into(),
        }
    }

    pub(super) fn get(&self, url: &str, headers: &[(&str, &str)]) -> Result<Reply, NoReply> {
        let mut request = self.agent.get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.call())
    }

    pub(super) fn post(
        &self,
        url: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Reply, NoReply> {
        let mut request = self.agent.post(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(request.send(body))
    }
}

fn read(answered: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Reply, NoReply> {
    let mut answer = answered.map_err(no_reply)?;
    let status = answer.status().as_u16();
    let limited = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX);
    let body = limited.lossy_utf8(true).read_to_string();
    let body = body.map_err(|error| NoReply::Unknown(error.to_string()))?;
    Ok(Reply { status, body })
}

fn no_reply(error: ureq::Error) -> NoReply {
    let why = error.to_string();
    let not_sent = matches!(
        &error,
        ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect)
    );
    let refused = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionRefused;
    if not_sent || matches!(&error, ureq::Error::Io(error) if refused(error)) {
        NoReply::NotSent(why)
    } else {
        NoReply::Unknown(why)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn what_was_sent_and_not_answered_is_unknown_and_what_was_not_sent_is_not() {
        let client = Client::new(Duration::from_millis(200));
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", silent.local_addr().unwrap());
        let posted = |url: &str| client.post(url, &[], b"{}").err().unwrap();
        assert!(matches!(posted(&url), NoReply::Unknown(_)));
        drop(silent);
        assert!(matches!(posted(&url), NoReply::NotSent(_)));
    }
}
