//! What must be true of what is told of a customer, whatever the ledger holds. Knows no state.

use crate::domain::customer::Address;
use crate::domain::place::{country_name, state_name};
use crate::ledger::commands::{Refusal, invalid};
use crate::ledger::limits::{
    EMAIL_CHARS_MAX, IDENTIFIER_CHARS_MAX, LINE_CHARS_MAX, METADATA_BYTES_MAX, PHONE_CHARS_MAX,
    POSTAL_CODE_CHARS_MAX,
};

/// Clients and proxies take such segments out of a path before anybody reads it.
const STEPS: [&str; 2] = [".", ".."];

fn is_line(text: &str, chars_max: usize) -> bool {
    let is_short = (1..=chars_max).contains(&text.chars().count());
    is_short && !text.contains(char::is_control) && !text.trim().is_empty()
}

/// Whether a text looks like an e-mail address.
#[must_use]
pub fn is_email(text: &str) -> bool {
    let halves = text.rsplit_once('@');
    let is_whole = halves.is_some_and(|(who, place)| !who.is_empty() && !place.is_empty());
    is_whole && is_line(text, EMAIL_CHARS_MAX) && !text.contains(char::is_whitespace)
}

pub(super) fn check_identifier(identifier: &str) -> Result<(), Refusal> {
    if !is_line(identifier, IDENTIFIER_CHARS_MAX) {
        return Err(invalid(format!(
            "`customer_identifier` must have 1 to {IDENTIFIER_CHARS_MAX} characters on one line."
        )));
    }
    if STEPS.contains(&identifier) {
        return Err(invalid(
            "`customer_identifier` must not be `.` or `..`: no path can name it.",
        ));
    }
    Ok(())
}

pub(super) fn check_email(email: Option<&str>) -> Result<(), Refusal> {
    if email.is_some_and(|email| !is_email(email)) {
        return Err(invalid("`email` must be an e-mail address."));
    }
    Ok(())
}

/// Names, and the like: each with what it is called.
pub(super) fn check_lines<const COUNT: usize>(
    lines: [(&str, Option<&str>); COUNT],
) -> Result<(), Refusal> {
    for (name, text) in lines {
        let chars_max = match name {
            "phone" => PHONE_CHARS_MAX,
            "postal_code" => POSTAL_CODE_CHARS_MAX,
            _ => LINE_CHARS_MAX,
        };
        if text.is_some_and(|text| !is_line(text, chars_max)) {
            return Err(invalid(format!(
                "`{name}` must have 1 to {chars_max} characters on one line."
            )));
        }
    }
    Ok(())
}

pub(super) fn check_metadata(metadata: Option<&str>) -> Result<(), Refusal> {
    if metadata.is_some_and(|text| text.len() > METADATA_BYTES_MAX) {
        return Err(invalid(format!(
            "`metadata` must have at most {METADATA_BYTES_MAX} bytes."
        )));
    }
    Ok(())
}

pub(super) fn check_place(address: &Address) -> Result<(), Refusal> {
    check_lines([
        ("city", address.city.as_deref()),
        ("line1", address.line1.as_deref()),
        ("line2", address.line2.as_deref()),
        ("state", address.state.as_deref()),
        ("postal_code", address.postal_code.as_deref()),
    ])?;
    let country = address.country_code.as_deref();
    if country.is_some_and(|code| country_name(code).is_none()) {
        return Err(invalid(
            "`country_code` must be of ISO 3166-1 alpha-2, such as IN.",
        ));
    }
    if let Some(state) = &address.state_code {
        let Some(country) = country else {
            return Err(invalid("`state_code` needs a `country_code`."));
        };
        if state_name(country, state).is_none() {
            return Err(invalid(format!(
                "`state_code` must be a part of {country} by ISO 3166-2, such as KA of IN."
            )));
        }
    }
    Ok(())
}
