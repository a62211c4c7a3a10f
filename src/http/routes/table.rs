//! The list itself: a line for each route. Who may ask stands beside what answers, and what is
//! answered beside both. It knows no more of a handler than its name.

use super::Access::{Key, Open};
use super::{Entry, delete, get, intake, post};
use crate::domain::customer::CustomerView;
use crate::domain::entitlement::Entitlements;
use crate::domain::key::KeyView;
use crate::domain::key::Scope::{Admin, Audit, Client, Read};
use crate::domain::payment::PaymentView;
use crate::domain::subscription::SubscriptionView;
use crate::http::error::Problem;
use crate::http::html::HTML;
use crate::http::ndjson::NDJSON;
use crate::http::v1::audit::{checkpoint, export, proofs, replay, verify};
use crate::http::v1::{List, customers, events, keys, payments, quarantine, stream, subscriptions};
use crate::http::{checkout, openapi, ops, webhook};
use crate::ledger::{self, AuditRunning, EventInFull, EventView, Stats};

/// Of two paths that match a request, the first is meant. They are tried in the order in which each
/// comes first, so what is asked most stands first.
pub(super) fn table() -> Vec<Entry> {
    let mut table = vec![intake(
        "/webhooks/{source}",
        "Takes in a webhook of a configured source",
        webhook::receive,
    )
    .note(
        "The signature is what counts; how it is made is the provider's. Every 200 means: on disk, \
         and seen by the next query.",
    )];
    table.extend(queries());
    table.extend(log());
    table.extend(audit());
    table.extend(commands());
    table.extend(paying());
    table.extend(super::stykite::table());
    table.extend(super::kelviq::table());
    table.extend(open());
    table
}

/// What is answered from memory.
fn queries() -> Vec<Entry> {
    vec![
        get(
            "/v1/subscriptions/{id}",
            Key(Client),
            "One subscription",
            subscriptions::show,
        )
        .shows::<SubscriptionView>()
        .at_any_moment(),
        get(
            "/v1/subscriptions",
            Key(Client),
            "Subscriptions, newest change first",
            subscriptions::index,
        )
        .note("A key of scope `client` must name a `customer`.")
        .query::<subscriptions::ListQuery>()
        .lists::<List<SubscriptionView>>()
        .refuses(&[Problem::NotFound("customer")])
        .lists_at_any_moment(),
        get(
            "/v1/customers/{id}",
            Key(Read),
            "One customer",
            customers::show,
        )
        .shows::<CustomerView>()
        .at_any_moment(),
        get(
            "/v1/customers/{id}/entitlements",
            Key(Client),
            "What a customer may use",
            customers::entitlements,
        )
        .shows::<Entitlements>()
        .at_any_moment(),
        get(
            "/v1/customers",
            Key(Read),
            "Customers, newest change first",
            customers::index,
        )
        .query::<customers::ListQuery>()
        .lists::<List<CustomerView>>(),
        get(
            "/v1/payments/{id}",
            Key(Read),
            "One payment",
            payments::show,
        )
        .shows::<PaymentView>()
        .at_any_moment(),
        get(
            "/v1/payments",
            Key(Read),
            "Payments, newest change first",
            payments::index,
        )
        .query::<payments::ListQuery>()
        .lists::<List<PaymentView>>()
        .lists_at_any_moment(),
        get(
            "/v1/stats",
            Key(Read),
            "How much of everything",
            events::stats,
        )
        .shows::<Stats>(),
    ]
}

/// What is read from the log.
fn log() -> Vec<Entry> {
    vec![
        get(
            "/v1/customers/{id}/events",
            Key(Read),
            "A customer's recorded events, oldest first",
            customers::events,
        )
        .query::<customers::EventsQuery>()
        .lists::<List<EventView>>()
        .lists_at_any_moment(),
        get(
            "/v1/events/stream",
            Key(Read),
            "The log as it grows, as Server-Sent Events",
            stream::follow,
        )
        .note(
            "Without a place it begins now. Each message has the sequence number as its id and one \
             event of `GET /v1/events` as its data; a comment comes every 15 s.",
        )
        .query::<stream::StreamQuery>()
        .header([
            stream::LAST_EVENT_ID,
            "^[0-9]*$",
            "The last sequence number seen; goes before `after`.",
        ])
        .writes("text/event-stream")
        .reads_the_log(),
        get(
            "/v1/events/{seq}",
            Key(Read),
            "One recorded event, with its body and what it means",
            events::show,
        )
        .shows::<EventInFull>()
        .reads_the_log(),
        get(
            "/v1/events",
            Key(Read),
            "Recorded events, oldest first",
            events::index,
        )
        .note("A page may end early; `next_cursor` goes on from there.")
        .query::<events::ListQuery>()
        .lists::<List<EventView>>()
        .reads_the_log(),
        get(
            "/v1/quarantine",
            Key(Read),
            "The events set aside, oldest first",
            events::quarantine,
        )
        .query::<events::QuarantineQuery>()
        .lists::<List<EventView>>()
        .reads_the_log(),
    ]
}

/// What the log is checked with.
fn audit() -> Vec<Entry> {
    let out_of_range = || Problem::OutOfRange("`seq` must be from 1 to 42 here.".into());
    vec![
        get(
            "/v1/audit/checkpoint",
            Key(Audit),
            "The log's head, signed: a C2SP tlog-checkpoint",
            checkpoint::show,
        )
        .note("Keep it elsewhere: it proves that nothing before it was changed since.")
        .writes(checkpoint::TEXT)
        .reads_the_log(),
        get(
            "/v1/audit/checkpoint/key",
            Key(Audit),
            "The key that checkpoints are verified with",
            checkpoint::key,
        )
        .writes(checkpoint::TEXT),
        get(
            "/v1/audit/inclusion",
            Key(Audit),
            "The proof that an event is in the log's tree",
            proofs::inclusion,
        )
        .query::<proofs::InclusionQuery>()
        .says::<proofs::InclusionShown>()
        .refuses(&[out_of_range()])
        .reads_the_log(),
        get(
            "/v1/audit/consistency",
            Key(Audit),
            "The proof that the log's tree begins with an earlier one",
            proofs::consistency,
        )
        .query::<proofs::ConsistencyQuery>()
        .says::<proofs::ConsistencyShown>()
        .refuses(&[out_of_range()])
        .reads_the_log(),
        post(
            "/v1/audit/verify",
            Key(Audit),
            "Checks every record, hash, checkpoint and signature",
            verify::verify,
        )
        .note(
            "Each line says how far it has come, and the last one is the verdict. Where there is \
             none, the last line is a problem.",
        )
        .asks::<verify::Question>()
        .writes(NDJSON)
        .refuses(&[audit_running()]),
        post(
            "/v1/audit/replay",
            Key(Audit),
            "Folds the log again and compares it with what is shown",
            replay::replay,
        )
        .note(
            "Each line says how far it has come, and the last one is the result. Where there is \
             none, the last line is a problem.",
        )
        .asks::<replay::Question>()
        .writes(NDJSON)
        .refuses(&[audit_running(), Problem::NotFound("customer")]),
        get(
            "/v1/audit/export",
            Key(Audit),
            "The log as text, with the signed checkpoint that proves it",
            export::export,
        )
        .note(
            "A line for each record, byte for byte as it is stored, and a last line that proves \
             them. Where that one is missing the export was broken off; a problem may stand there \
             instead.",
        )
        .query::<export::ExportQuery>()
        .writes(NDJSON)
        .refuses(&[out_of_range(), audit_running()])
        .reads_the_log(),
    ]
}

/// What is recorded.
fn commands() -> Vec<Entry> {
    vec![
        get(
            "/v1/keys",
            Key(Admin),
            "The keys that are not revoked, newest first",
            keys::index,
        )
        .query::<keys::ListQuery>()
        .lists::<List<KeyView>>(),
        post("/v1/keys", Key(Admin), "Makes a key", keys::create)
            .note("The answer is the only time that the key itself is shown.")
            .takes::<keys::KeyRequest>()
            .creates::<keys::KeyMade<'static>>(),
        post(
            "/v1/quarantine/{seq}/accept",
            Key(Admin),
            "Folds a stale event after all",
            quarantine::accept,
        )
        .note("Accepted once, an event stays so: every repetition is answered the same.")
        .may_take::<quarantine::Nothing>()
        .says::<quarantine::Accepted>()
        .refuses(&[
            Problem::NotAcceptable("Event 2 is not stale: it counts as it is.".into()),
            Problem::NotFound("event"),
        ]),
        delete(
            "/v1/keys/{id}",
            Key(Admin),
            "Revokes a key, for ever",
            keys::revoke,
        )
        .note("204 also where it was revoked before."),
    ]
}

/// One audit runs at a time.
fn audit_running() -> Problem {
    AuditRunning(ledger::Audit::Verify).into()
}

/// Where payers pay.
fn paying() -> Vec<Entry> {
    vec![
        get(
            "/checkout/{id}",
            Open,
            "The page on which a payer pays",
            checkout::show,
        )
        .note("One that is paid or called off leads to its own address, where it was given one.")
        .pages(),
        post(
            "/checkout/{id}",
            Open,
            "What the page's buttons do",
            checkout::act,
        )
        .note(
            "It always leads on: to the payment service, to where the merchant wants the payer, or \
             to the page, which says what is so now.",
        )
        .leads_on::<checkout::Form>(),
    ]
}

/// What needs no key.
fn open() -> Vec<Entry> {
    vec![
        get("/healthz", Open, "The process lives", ops::healthz).says::<ops::Word>(),
        get("/readyz", Open, "Webhooks can be stored", ops::readyz)
            .says::<ops::Word>()
            .refuses(&[Problem::Unavailable(
                "The disk is full; free some space.".into(),
            )]),
        get("/metrics", Open, "Numbers for monitoring", ops::metrics)
            .writes(ops::OPENMETRICS)
            .refuses(&[Problem::Internal(String::new())]),
        get(
            "/openapi.json",
            Open,
            "This interface as OpenAPI 3.1",
            openapi::json,
        )
        .writes("application/json"),
        get(
            "/docs",
            Open,
            "This interface as a page to read",
            openapi::html,
        )
        .writes(HTML),
    ]
}
