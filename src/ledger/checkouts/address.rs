//! The addresses to which a payer is sent back. They stand in a header and, their origins, in a
//! page's policy, so they have to be plain. Knows no page.

use super::super::commands::Refusal;
use super::super::limits::URL_CHARS_MAX;

/// Refuses what is no plain http or https address; `field` is the command's word for it.
pub(super) fn check(field: &str, url: Option<&str>) -> Result<(), Refusal> {
    if url.is_none_or(is_address) {
        return Ok(());
    }
    Err(Refusal::Invalid(format!(
        "`{field}` must be an http or https address of at most {URL_CHARS_MAX} visible ASCII \
         characters, with a host of letters, digits, dots and hyphens and without a user."
    )))
}

/// Whether a payer can be sent back there: a plain http or https address.
#[must_use]
pub fn is_address(url: &str) -> bool {
    let is_plain = url.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain && url.len() <= URL_CHARS_MAX && origin(url).is_some()
}

/// Scheme, host and port of an http or https address, where they can stand in a content security
/// policy.
#[must_use]
pub fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    if !matches!(scheme.as_str(), "http" | "https") {
        return None;
    }
    let authority = rest.split(['/', '?', '#']).next()?;
    let host_end = match authority.strip_prefix('[') {
        Some(_) => authority.find(']')?.checked_add(1)?,
        None => authority.find(':').unwrap_or(authority.len()),
    };
    let (host, port) = authority.split_at_checked(host_end)?;
    let is_port = match port.strip_prefix(':') {
        Some(port) => port.parse::<u16>().is_ok() && port.bytes().all(|b| b.is_ascii_digit()),
        None => port.is_empty(),
    };
    (is_host(host) && is_port).then(|| format!("{scheme}://{host}{port}"))
}

fn is_host(host: &str) -> bool {
    let address = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    if let Some(address) = address {
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b".-".contains(&b);
    !host.is_empty() && host.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_stand_in_a_policy_is_an_address() {
        let rows = [
            (
                "https://shop.example.com/a?b",
                Some("https://shop.example.com"),
            ),
            ("http://localhost:3000", Some("http://localhost:3000")),
            ("http://[::1]:3000/", Some("http://[::1]:3000")),
            ("HTTPS://a.co/", Some("https://a.co")),
            ("https://a;script-src/", None),
            ("https:///x", None),
            ("https://?x", None),
            ("https://:80/", None),
            ("https://a:/", None),
            ("https://a:+80/", None),
            ("https://a:65536/", None),
            ("https://[::1/", None),
            ("https://[a;b]/", None),
            ("https://user@host/", None),
            ("https://user:1@host/", None),
            ("https://my_host/", None),
            ("ftp://host/", None),
            ("host", None),
        ];
        for (url, wanted) in rows {
            assert_eq!(origin(url).as_deref(), wanted, "{url}");
            let refused = check("success_url", Some(url)).err();
            let names = refused.map(|refusal| refusal.to_string().contains("`success_url`"));
            assert_eq!(names, wanted.is_none().then_some(true), "{url}");
        }
        let long = format!("https://a/{}", "x".repeat(URL_CHARS_MAX));
        for url in [long.as_str(), "https://a/ b", "https://a/\u{fc}"] {
            assert!(check("success_url", Some(url)).is_err(), "{url}");
        }
        assert!(check("success_url", None).is_ok());
    }
}
