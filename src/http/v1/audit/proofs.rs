//! `/v1/audit/inclusion` and `/v1/audit/consistency`: RFC 6962 proofs about the log.

use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpResponse, web};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::http::Shared;
use crate::http::error::Problem;
use crate::http::limits::LEDGER_SEQ;
use crate::http::v1::{blocking, invalid, seq};
use crate::ledger::Shown;
use crate::ledger::audit::{Consistency, Inclusion, OutOfRange};

/// 32 bytes in base64.
#[derive(Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
struct Hash(#[schemars(regex(pattern = "^[0-9A-Za-z+/]{43}=$"))] String);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct InclusionQuery {
    /// The event's sequence number. Its leaf's index is one less.
    #[schemars(with = "u64", range(min = 1))]
    seq: Option<String>,
    /// The number of events of the tree; left out, all there are.
    #[schemars(with = "Option<u64>", range(min = 1))]
    size: Option<String>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct ConsistencyQuery {
    /// The number of events of the earlier tree.
    #[schemars(with = "u64", range(min = 1))]
    from: Option<String>,
    /// The number of events of the later tree.
    #[schemars(with = "u64", range(min = 1))]
    to: Option<String>,
}

/// That an event is in the tree.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "InclusionProof")]
pub(in crate::http) struct InclusionShown {
    seq: u64,
    leaf_index: u64,
    /// How many events the tree is of.
    size: u64,
    leaf_hash: Hash,
    root: Hash,
    /// From the leaf up.
    hashes: Vec<Hash>,
}

/// That a tree begins with an earlier one.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ConsistencyProof")]
pub(in crate::http) struct ConsistencyShown {
    from: u64,
    to: u64,
    from_root: Hash,
    to_root: Hash,
    hashes: Vec<Hash>,
}

impl From<[u8; 32]> for Hash {
    fn from(hash: [u8; 32]) -> Self {
        Self(STANDARD.encode(hash))
    }
}

impl From<Inclusion> for InclusionShown {
    fn from(proof: Inclusion) -> Self {
        Self {
            seq: proof.seq,
            leaf_index: proof.seq.saturating_sub(1),
            size: proof.size,
            leaf_hash: proof.leaf.into(),
            root: proof.root.into(),
            hashes: proof.hashes.into_iter().map(Hash::from).collect(),
        }
    }
}

impl From<Consistency> for ConsistencyShown {
    fn from(proof: Consistency) -> Self {
        Self {
            from: proof.from,
            to: proof.to,
            from_root: proof.from_root.into(),
            to_root: proof.to_root.into(),
            hashes: proof.hashes.into_iter().map(Hash::from).collect(),
        }
    }
}

impl From<OutOfRange> for Problem {
    fn from(why: OutOfRange) -> Self {
        Self::OutOfRange(format!("{why}."))
    }
}

/// `GET /v1/audit/inclusion`
pub(in crate::http) async fn inclusion(
    query: web::Query<InclusionQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let (event, size) = (needed("seq", &query.seq)?, seq("size", &query.size)?);
    let found = blocking(move || shared.ledger.inclusion(event, size)).await??;
    Ok(answer(found.map(InclusionShown::from)))
}

/// `GET /v1/audit/consistency`
pub(in crate::http) async fn consistency(
    query: web::Query<ConsistencyQuery>,
    shared: web::Data<Shared>,
) -> Result<HttpResponse, Problem> {
    let (from, to) = (needed("from", &query.from)?, needed("to", &query.to)?);
    let found = blocking(move || shared.ledger.consistency(from, to)).await??;
    Ok(answer(found.map(ConsistencyShown::from)))
}

fn needed(name: &str, text: &Option<String>) -> Result<u64, Problem> {
    seq(name, text)?.ok_or_else(|| invalid(format!("`{name}` is needed: a sequence number.")))
}

fn answer(shown: Shown<impl Serialize>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((LEDGER_SEQ, shown.seq.to_string()))
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(shown.value)
}
