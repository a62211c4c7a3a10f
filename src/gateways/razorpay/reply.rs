//! What Razorpay's answers mean for whoever asked: done, refused, not now, or nobody knows. Knows
//! no request.

use serde_json::Value;

use crate::gateways::http::{NoReply, Reply};

/// Enough for a sentence; what is longer is somebody's web page.
const WORDS_CHARS_MAX: usize = 300;

/// Short addresses have 30; this is what every browser takes.
const ADDRESS_BYTES_MAX: usize = 2_048;

/// What became of a request.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    /// It was done; this came back.
    Done(Value),
    /// It was refused for good.
    Refused {
        /// The status.
        status: u16,
        /// Razorpay's own words.
        words: String,
    },
    /// It was not done, and may be asked for again later.
    Later(String),
    /// Nobody knows.
    Unknown(String),
}

/// Reads an answer. A server's failure may have come after it did what was asked.
pub(super) fn outcome(reply: Result<Reply, NoReply>) -> Outcome {
    let reply = match reply {
        Ok(reply) => reply,
        Err(NoReply::NotSent(why)) => return Outcome::Later(why),
        Err(NoReply::Unknown(why)) => return Outcome::Unknown(why),
    };
    let body = serde_json::from_str::<Value>(&reply.body).ok();
    let answered = || format!("it answered {}", reply.status);
    match (reply.status, body) {
        (200..=299, Some(body)) => Outcome::Done(body),
        (429, _) => Outcome::Later(answered()),
        (200..=299 | 408 | 500..=599, _) => Outcome::Unknown(answered()),
        (status, body) => Outcome::Refused {
            status,
            words: body.as_ref().and_then(words).unwrap_or_else(answered),
        },
    }
}

/// `error.description`, in one line.
fn words(body: &Value) -> Option<String> {
    let text = body.pointer("/error/description")?.as_str()?;
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let cut: String = plain.take(WORDS_CHARS_MAX).collect();
    let cut = cut.trim();
    (!cut.is_empty()).then(|| cut.to_owned())
}

/// A text field that is not empty.
pub(super) fn text<'a>(entity: &'a Value, name: &str) -> Option<&'a str> {
    let text = entity.get(name)?.as_str()?;
    (!text.is_empty()).then_some(text)
}

/// An address that a payer may be sent to: it goes into a header.
pub(super) fn web_address<'a>(entity: &'a Value, name: &str) -> Option<&'a str> {
    let address = text(entity, name)?;
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    let is_plain =
        address.len() <= ADDRESS_BYTES_MAX && address.bytes().all(|b| b.is_ascii_graphic());
    (is_web && is_plain).then_some(address)
}

/// What a list holds, under either of Razorpay's names for that.
pub(super) fn items<'a>(list: &'a Value, name: &str) -> &'a [Value] {
    let held = list.get(name).or_else(|| list.get("items"));
    held.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, body: &str) -> Outcome {
        outcome(Ok(Reply {
            status,
            body: body.to_owned(),
        }))
    }

    #[test]
    fn only_what_is_certain_is_done_or_refused() {
        let refused = |status, words: &str| Outcome::Refused {
            status,
            words: words.to_owned(),
        };
        let error = r#"{"error":{"code":"BAD_REQUEST_ERROR","description":"a\nb","metadata":[]}}"#;
        assert_eq!(
            said(201, r#"{"id":1}"#),
            Outcome::Done(serde_json::json!({"id": 1}))
        );
        assert_eq!(said(400, error), refused(400, "a b"));
        assert_eq!(said(401, "<html>"), refused(401, "it answered 401"));
        assert!(matches!(said(429, error), Outcome::Later(_)));
        for status in [200, 408, 500, 502, 504] {
            assert!(
                matches!(said(status, "<html>"), Outcome::Unknown(_)),
                "{status}"
            );
        }
        assert!(matches!(said(500, error), Outcome::Unknown(_)));
        let not_sent = NoReply::NotSent("no host".to_owned());
        assert!(matches!(outcome(Err(not_sent)), Outcome::Later(_)));
    }
}
