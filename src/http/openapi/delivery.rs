//! The headers by which webhooks show whose they are, in words. A test compares the names with those
//! that the providers read; how they are checked is the providers'.

/// Name and description. All may be left out: which are needed, the source's provider decides.
pub(super) const HEADERS: &[(&str, &str)] = &[
    (
        "x-razorpay-signature",
        "Razorpay: HMAC-SHA256 of the raw body, 64 hex digits in lower case. Needed there.",
    ),
    (
        "x-razorpay-event-id",
        "Razorpay: shown as `event_id`; not signed, and decides nothing.",
    ),
    (
        "x-stykite-signature",
        "Stykite, scheme `hmac-sha256`: HMAC-SHA256 of the raw body, 64 hex digits in lower case. \
         Needed there.",
    ),
    (
        "x-api-key",
        "Stykite, scheme `token`: the secret. Needed there.",
    ),
    (
        "x-api-host",
        "Stykite, scheme `token`: `stykite`. Needed there.",
    ),
    (
        "webhook-id",
        "Kelviq and Standard Webhooks: the event's id, signed. Needed there.",
    ),
    (
        "webhook-timestamp",
        "Kelviq and Standard Webhooks: when it was signed, unix seconds. Needed there.",
    ),
    (
        "webhook-signature",
        "Kelviq: `v1,` and 64 hex digits. Standard Webhooks: up to 8 of `v1,` and base64, parted by \
         spaces. Needed there.",
    ),
    (
        "svix-id",
        "Standard Webhooks: another name of `webhook-id`.",
    ),
    (
        "svix-timestamp",
        "Standard Webhooks: another name of `webhook-timestamp`.",
    ),
    (
        "svix-signature",
        "Standard Webhooks: another name of `webhook-signature`.",
    ),
];
