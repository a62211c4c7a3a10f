//! How large what a command names may be: one place for all that reads or checks it. Knows no
//! command.

/// An address of RFC 5321 §4.5.3.1 has no more.
pub const EMAIL_CHARS_MAX: usize = 254;
/// An e-mail address or a UUID, with room for what else merchants call a customer.
pub const IDENTIFIER_CHARS_MAX: usize = 512;
/// A name, a street, a city: what fits on an envelope.
pub const LINE_CHARS_MAX: usize = 200;
/// Browsers take longer ones; a return address with its parameters does not need them.
pub const URL_CHARS_MAX: usize = 2_048;
/// E.164 has 15 digits; people add signs and an extension.
pub const PHONE_CHARS_MAX: usize = 40;
/// The longest postal codes have 10 letters and digits.
pub const POSTAL_CODE_CHARS_MAX: usize = 16;
/// Ten years. A longer trial is most likely a number of seconds.
pub const TRIAL_DAYS_MAX: u32 = 3_653;
/// An id of ours or of the catalogue; a word for an occasion, a model or a session.
pub const WORD_CHARS_MAX: usize = 200;
/// What else is sent of a call is kept as it is, for people.
pub const EXTRA_BYTES_MAX: usize = 8 * 1024;
/// What a merchant notes of a customer or a checkout is kept as it is, for the merchant.
pub const METADATA_BYTES_MAX: usize = 8 * 1024;
/// What an event is known by, as long as an identifier of most systems may be.
pub const EVENT_KEY_CHARS_MAX: usize = 200;
/// One call of a model reads and writes some millions at the most.
pub const TOKENS_MAX: u64 = 1_000_000_000;
/// Allowances or readings of one request.
pub const ENTRIES_MAX: usize = 1_000;
/// 2000-01-01T00:00:00Z: what is before it is most likely in seconds.
pub const MOMENT_MILLIS_MIN: i64 = 946_684_800_000;
