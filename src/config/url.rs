//! The few parts of a web address that the ledger needs. Knows no key, and resolves no name.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use serde::de::{Deserialize, Deserializer, Error as _};

/// The longest host name that DNS carries (RFC 1035 §2.3.4).
const MAX_HOST_BYTES: usize = 253;
/// A path in front of our routes is a word or two of a reverse proxy, never a document.
const MAX_PATH_BYTES: usize = 512;

/// An `http` or `https` URL with a host: no user, query or fragment, no slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebUrl {
    text: String,
    host: String,
    secure: bool,
}

impl WebUrl {
    /// Reads a URL; `None` for anything but an absolute `http` or `https` one with a host.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (secure, rest) = match text.split_once("://")? {
            (scheme, rest) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            (scheme, rest) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            _ => return None,
        };
        let (authority, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        let path = path.trim_end_matches('/');
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._~%".contains(&b);
        if path.len() > MAX_PATH_BYTES || !path.bytes().all(plain) {
            return None;
        }
        let (host, port) = split_authority(authority)?;
        let host = host.to_ascii_lowercase();
        let scheme = if secure { "https" } else { "http" };
        let port = port.map(|port| format!(":{port}")).unwrap_or_default();
        Some(Self {
            text: format!("{scheme}://{host}{port}{path}"),
            host,
            secure,
        })
    }

    /// `http` at an address of this machine.
    pub(crate) fn of_address(address: SocketAddr) -> Self {
        let host = match address.ip() {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => format!("[{v6}]"),
        };
        Self {
            text: format!("http://{address}"),
            host,
            secure: false,
        }
    }

    /// `https` at a host whose name is known to be one.
    pub(super) fn of_host(host: &str) -> Self {
        Self {
            text: format!("https://{host}"),
            host: host.to_owned(),
            secure: true,
        }
    }

    /// The whole URL, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The host alone, in lower case: a name, or an address (IPv6 in brackets).
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether it is `https`.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Whether only this machine can reach it: 127.0.0.0/8, `::1`, `localhost`.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        bare == "localhost"
            || bare.ends_with(".localhost")
            || bare
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

/// Host and port of `host`, `host:port`, `[v6]` or `[v6]:port`.
fn split_authority(authority: &str) -> Option<(&str, Option<u16>)> {
    let host_end = match authority.strip_prefix('[') {
        Some(_) => authority.find(']')?.checked_add(1)?,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, rest) = authority.split_at_checked(host_end)?;
    let port = match rest.strip_prefix(':') {
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(digits.parse().ok().filter(|port| *port != 0)?)
        }
        Some(_) => return None,
        None if rest.is_empty() => None,
        None => return None,
    };
    is_host(host).then_some((host, port))
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    host.len() <= MAX_HOST_BYTES && host.split('.').all(label)
}

impl<'de> Deserialize<'de> for WebUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).ok_or_else(|| {
            D::Error::custom("must be an http or https URL such as https://billing.example.com")
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_urls() {
        for (text, written, host, loopback) in [
            (
                "http://127.0.0.1:8080",
                "http://127.0.0.1:8080",
                "127.0.0.1",
                true,
            ),
            ("http://127.9.9.9/", "http://127.9.9.9", "127.9.9.9", true),
            (
                "HTTPS://Ledger.Example.com/",
                "https://ledger.example.com",
                "ledger.example.com",
                false,
            ),
            (
                "https://a_b.example/x/y//",
                "https://a_b.example/x/y",
                "a_b.example",
                false,
            ),
            ("http://[::1]:80", "http://[::1]:80", "[::1]", true),
            (
                "http://[2001:db8::1]",
                "http://[2001:db8::1]",
                "[2001:db8::1]",
                false,
            ),
            (
                "http://localhost:1",
                "http://localhost:1",
                "localhost",
                true,
            ),
            (
                "http://a.localhost",
                "http://a.localhost",
                "a.localhost",
                true,
            ),
            (
                "http://localhost.example.com",
                "http://localhost.example.com",
                "localhost.example.com",
                false,
            ),
            ("http://0.0.0.0", "http://0.0.0.0", "0.0.0.0", false),
        ] {
            let url = WebUrl::parse(text).unwrap();
            assert_eq!(
                (url.as_str(), url.host(), url.is_loopback()),
                (written, host, loopback)
            );
            assert_eq!(url.is_secure(), written.starts_with("https"));
        }
    }

    #[test]
    fn refuses_what_is_no_web_url() {
        for text in [
            "",
            "http",
            "http:",
            "http://",
            "https:///x",
            "ftp://a",
            "//a",
            "a.example",
            "http://:80",
            "http://a:",
            "http://a:0",
            "http://a:65536",
            "http://a:+80",
            "http://a:8o",
            "http://a b",
            "http://a..b",
            "http://user@a",
            "http://a?x=1",
            "http://a/x?y",
            "http://a/#x",
            "http://a/\"",
            "http://[::1",
            "http://[::1]x",
            "http://[nope]",
            "http://[127.0.0.1]",
            "http://ä.example",
            "http://a\n",
            " http://a",
        ] {
            assert_eq!(WebUrl::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_url_read_once_is_read_the_same_again(text in "https?://[a-z0-9.\\[\\]:/_-]{0,20}") {
            if let Some(url) = WebUrl::parse(&text) {
                prop_assert_eq!(WebUrl::parse(url.as_str()), Some(url));
            }
        }
    }
}
