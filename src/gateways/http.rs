//! How gateways are spoken to: one request, one answer, with limits on both. Knows no gateway, and
//! never says what it sent.

use std::time::Duration;

/// Connecting takes a round trip or two; more means that nobody is there.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Razorpay answers within two seconds nearly always; after this its outcome is looked up.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
/// A hundred subscriptions have about 100 KB.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;

/// How rustls, whose errors come as input and output errors, begins to say this.
const UNTRUSTED: &str = "invalid peer certificate";

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
    /// Waits for each answer for `timeout` at most. Goes by the proxy that the environment names,
    /// where it names one.
    pub(super) fn new(timeout: Duration) -> Self {
        Self::with(timeout, ureq::Proxy::try_from_env())
    }

    /// The same for a service of this machine, to which no proxy leads.
    pub(super) fn to_itself(timeout: Duration) -> Self {
        Self::with(timeout, None)
    }

    fn with(timeout: Duration, proxy: Option<ureq::Proxy>) -> Self {
        let config = ureq::Agent::config_builder()
            .proxy(proxy)
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
    // Also what a proxy or TLS refuses before there is anybody to send to.
    let not_sent = matches!(
        &error,
        ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect)
            | ureq::Error::InvalidProxyUrl
            | ureq::Error::ConnectProxyFailed(_)
            | ureq::Error::Tls(_)
            | ureq::Error::Rustls(_)
            | ureq::Error::TlsRequired
            | ureq::Error::BadUri(_)
            | ureq::Error::Http(_)
    );
    if not_sent || matches!(&error, ureq::Error::Io(error) if was_refused(error)) {
        NoReply::NotSent(why)
    } else {
        NoReply::Unknown(why)
    }
}

/// Whether nobody listens there, or somebody with a certificate that is not trusted: TLS is agreed
/// on before anything is sent.
fn was_refused(error: &std::io::Error) -> bool {
    let is_untrusted = |cause: &(dyn std::error::Error + Send + Sync + 'static)| {
        cause.to_string().starts_with(UNTRUSTED)
    };
    error.kind() == std::io::ErrorKind::ConnectionRefused
        || error.get_ref().is_some_and(is_untrusted)
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
    #[test]
    fn what_no_proxy_hands_on_and_what_nobody_trusted_was_sent_to_was_not_sent() {
        let untrusted = format!("{UNTRUSTED}: UnknownIssuer");
        let io = |text: &str| {
            ureq::Error::Io(std::io::Error::new(
                std::io::ErrorKind::InvalidData,
                text.to_owned(),
            ))
        };
        for error in [
            ureq::Error::ConnectProxyFailed("503".to_owned()),
            ureq::Error::InvalidProxyUrl,
            ureq::Error::Tls("set-up"),
            io(&untrusted),
        ] {
            assert!(matches!(no_reply(error), NoReply::NotSent(_)));
        }
        assert!(matches!(no_reply(io("broken")), NoReply::Unknown(_)));
    }

    #[test]
    fn no_proxy_leads_to_this_machine() {
        let proxy = ureq::Proxy::new("http://127.0.0.1:9").ok();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let asks = |client: &Client| matches!(client.get(&url, &[]), Err(NoReply::NotSent(_)));
        let timeout = Duration::from_millis(200);
        assert!(asks(&Client::with(timeout, proxy)), "the control");
        assert!(!asks(&Client::to_itself(timeout)));
        assert!(Client::to_itself(timeout).agent.config().proxy().is_none());
    }
}
