//! A log of many events, made through the library: verified, interpreted, recorded and folded, as
//! over HTTP and without the sockets.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use subledger::app::{Acceptance, Till, open_ledger};
use subledger::clock::SystemClock;
use subledger::domain::delivery::Headers;
use subledger::ledger::Ledger;

use super::bodies;

/// Deliveries under way at a time: enough that commits are large.
const IN_FLIGHT: usize = 1_024;

/// Opens the ledger in `folder`.
pub(crate) fn open(folder: &Path) -> Ledger {
    let config = bodies::config(folder);
    let opened = open_ledger(
        &config,
        Acceptance::default(),
        Arc::new(SystemClock),
        &bodies::env,
        Till::default(),
    );
    opened.ok().unwrap().ledger
}

/// Takes in the events of those numbers.
pub(crate) fn fill(ledger: Ledger, numbers: std::ops::Range<usize>, customers: usize) -> Ledger {
    let ledger = Arc::new(ledger);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_time()
        .build()
        .unwrap();
    let next = Arc::new(AtomicUsize::new(numbers.start));
    let tasks: Vec<_> = (0..IN_FLIGHT)
        .map(|_| {
            let (ledger, next) = (Arc::clone(&ledger), Arc::clone(&next));
            let end = numbers.end;
            runtime.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= end {
                        return;
                    }
                    take_in(&ledger, number, customers).await;
                }
            })
        })
        .collect();
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    drop(runtime);
    Arc::into_inner(ledger).unwrap()
}

async fn take_in(ledger: &Ledger, number: usize, customers: usize) {
    let body = bodies::body(number, customers, false).into_bytes();
    let mut headers = Headers::default();
    headers.push("x-razorpay-event-id", format!("{number:014x}").as_bytes());
    headers.push("x-razorpay-signature", bodies::signature(&body).as_bytes());
    let source = ledger.source("razorpay").unwrap();
    ledger.ingest(source, &headers, &body.into()).await.unwrap();
}
