//! Tags as text: each digest has one spelling in hex and one in base64. It knows no keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{TAG_BYTES, Tag};

/// Reads 64 hex digits in lower case; `None` for anything else. Upper case is refused because no
/// provider sends it, and one spelling an event is enough.
#[must_use]
pub fn tag_from_hex(text: &str) -> Option<Tag> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let mut tag = [0; TAG_BYTES];
    hex::decode_to_slice(text, &mut tag).ok()?;
    Some(tag)
}

/// Reads a tag in base64 as the standard alphabet writes it, padding included; `None` for
/// anything else, so that a tag has one spelling here too.
#[must_use]
pub fn tag_from_base64(text: &str) -> Option<Tag> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// Writes a tag as [`tag_from_base64`] reads it.
#[must_use]
pub fn tag_to_base64(tag: &Tag) -> String {
    STANDARD.encode(tag)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    /// Its hex has letters, and its base64 has both of the odd digits.
    const TAG: Tag = [0xfb; TAG_BYTES];

    #[test]
    fn hex_has_one_spelling() {
        let tag = TAG;
        let text = hex::encode(tag);
        assert_eq!(tag_from_hex(&text), Some(tag));
        let refused = [
            text.to_uppercase(),
            String::new(),
            text[..63].into(),
            text[..62].into(),
            format!("{text}00"),
            format!("{}g", &text[..63]),
            format!(" {}", &text[..63]),
            format!("{}é", &text[..62]),
        ];
        for text in refused {
            assert_eq!(tag_from_hex(&text), None, "{text}");
        }
    }

    #[test]
    fn base64_has_one_spelling() {
        let tag = TAG;
        let text = tag_to_base64(&tag);
        assert_eq!(tag_from_base64(&text), Some(tag));
        for refused in ["", text.trim_end_matches('='), &format!("{text} "), "AAAA"] {
            assert_eq!(tag_from_base64(refused), None, "{refused}");
        }
    }
}
