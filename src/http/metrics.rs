//! The ledger's numbers as OpenMetrics 1.0. It names and describes them; what counts them is
//! elsewhere, and no label ever holds what a client sent.

use std::fmt;
use std::time::Duration;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use super::requests::{Counted, Requests};
use crate::histogram::Reading;
use crate::ledger::Numbers;

type Encoder<'a, 'b> = &'a mut DescriptorEncoder<'b>;

#[derive(Debug)]
struct Snapshot {
    numbers: Numbers,
    requests: Vec<Counted>,
}

/// Writes all metrics.
pub(super) fn render(numbers: Numbers, requests: &Requests) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("subledger");
    let requests = requests.counted().collect();
    registry.register_collector(Box::new(Snapshot { numbers, requests }));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry)?;
    Ok(text)
}

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        build(&mut encoder)?;
        sources(&self.numbers, &mut encoder)?;
        requests(&self.requests, &mut encoder)?;
        writing(&self.numbers, &mut encoder)?;
        holdings(&self.numbers, &mut encoder)
    }
}

fn build(encoder: Encoder<'_, '_>) -> Result<(), fmt::Error> {
    let help = "The version that runs";
    let mut info = encoder.encode_descriptor("build", help, None, MetricType::Info)?;
    info.encode_info(&[("version", env!("CARGO_PKG_VERSION"))])
}

fn sources(numbers: &Numbers, encoder: Encoder<'_, '_>) -> Result<(), fmt::Error> {
    let help = "Webhooks by source and what became of them";
    let mut family = encoder.encode_descriptor("deliveries", help, None, MetricType::Counter)?;
    for source in &numbers.sources {
        for (outcome, count) in &source.deliveries {
            let labels = [("source", source.name.as_str()), ("outcome", *outcome)];
            count_of(&mut family, &labels, *count)?;
        }
    }
    let labels = [("source", "unknown"), ("outcome", "refused")];
    count_of(&mut family, &labels, numbers.unknown_source)?;
    let (name, help) = (
        "stale_deliveries",
        "Authentic webhooks signed at a time too far from this machine's clock",
    );
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
    for source in &numbers.sources {
        count_of(&mut family, &[("source", &*source.name)], source.stale)?;
    }
    let (name, help) = (
        "seconds_since_last_event",
        "Since a webhook of the source was last taken in, or since start where none was",
    );
    let mut family = encoder.encode_descriptor(name, help, None, MetricType::Gauge)?;
    for source in &numbers.sources {
        let labels = [("source", &*source.name)];
        let gauge = ConstGauge::new(signed(source.quiet_seconds));
        gauge.encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn requests(counted: &[Counted], encoder: Encoder<'_, '_>) -> Result<(), fmt::Error> {
    let help = "HTTP requests by route and class of status";
    let mut family = encoder.encode_descriptor("requests", help, None, MetricType::Counter)?;
    for route in counted {
        for (class, count) in &route.classes {
            let labels = [("route", route.template), ("status", *class)];
            count_of(&mut family, &labels, *count)?;
        }
    }
    let help = "From the head of an HTTP request to its answer";
    let kind = MetricType::Histogram;
    let mut family = encoder.encode_descriptor("request", help, Some(&Unit::Seconds), kind)?;
    for route in counted {
        let labels = [("route", route.template)];
        histogram(family.encode_family(&labels)?, &route.micros, seconds)?;
    }
    Ok(())
}

/// The writer: its queue and its commits.
fn writing(numbers: &Numbers, encoder: Encoder<'_, '_>) -> Result<(), fmt::Error> {
    let counters = [
        (
            "panicked_requests",
            "Requests answered 500 because of a bug",
            numbers.panicked_requests,
        ),
        ("commits", "Commits to the log", numbers.commits),
        (
            "committed_events",
            "Events committed to the log",
            numbers.committed_events,
        ),
        (
            "commit_faults",
            "Commits that failed",
            numbers.commit_faults,
        ),
    ];
    for (name, help, value) in counters {
        let metric = encoder.encode_descriptor(name, help, None, MetricType::Counter)?;
        ConstCounter::new(value).encode(metric)?;
    }
    let (help, kind) = (
        "How long a commit took, the disk's sync included",
        MetricType::Histogram,
    );
    let metric = encoder.encode_descriptor("commit", help, Some(&Unit::Seconds), kind)?;
    histogram(metric, &numbers.commit_micros, seconds)?;
    let help = "Events of one commit";
    let metric = encoder.encode_descriptor("batch_events", help, None, MetricType::Histogram)?;
    histogram(metric, &numbers.batch_events, whole)?;
    let help = "Submissions waiting for the writer";
    gauge(encoder, "queue_depth", help, None, numbers.queue_depth)?;
    let (help, unit) = (
        "Size of what waits for the writer or is being committed",
        Some(&Unit::Bytes),
    );
    gauge(encoder, "queue", help, unit, numbers.queue_bytes)?;
    let help = "Readers who follow the log";
    gauge(encoder, "streams", help, None, numbers.streams)
}

/// What the ledger holds, and whether it can take more.
fn holdings(numbers: &Numbers, encoder: Encoder<'_, '_>) -> Result<(), fmt::Error> {
    let gauges = [
        ("events", "Events in the log and folded", numbers.events),
        (
            "fold_lag_events",
            "Durable events that queries do not show yet",
            numbers.fold_lag,
        ),
        ("customers", "Customers", numbers.customers),
        (
            "quarantined_events",
            "Events set aside",
            numbers.quarantined,
        ),
        (
            "conflicting_events",
            "Events that came again with another body",
            numbers.conflicting,
        ),
        (
            "ready",
            "1 while the log is writable and the fold has caught up",
            numbers.ready.into(),
        ),
    ];
    for (name, help, value) in gauges {
        gauge(encoder, name, help, None, value)?;
    }
    let bytes = Some(&Unit::Bytes);
    let help = "Size of the store";
    gauge(encoder, "store", help, bytes, numbers.store_bytes)?;
    let help = "Free space of the store's disk";
    match numbers.free_bytes {
        Some(free) => gauge(encoder, "disk_free", help, bytes, free),
        None => Ok(()),
    }
}

fn count_of(
    family: &mut MetricEncoder<'_>,
    labels: &impl EncodeLabelSet,
    count: u64,
) -> Result<(), fmt::Error> {
    ConstCounter::new(count).encode(family.encode_family(labels)?)
}

fn gauge(
    encoder: Encoder<'_, '_>,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    value: u64,
) -> Result<(), fmt::Error> {
    let metric = encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?;
    ConstGauge::new(signed(value)).encode(metric)
}

fn histogram(
    mut metric: MetricEncoder<'_>,
    read: &Reading,
    shown: fn(u64) -> f64,
) -> Result<(), fmt::Error> {
    let within = read.buckets.iter();
    let mut buckets: Vec<_> = within.map(|(le, count)| (shown(*le), *count)).collect();
    // The encoder writes this bound as +Inf.
    buckets.push((f64::MAX, read.beyond));
    metric.encode_histogram::<NoLabelSet>(shown(read.sum), read.count(), &buckets, None)
}

fn seconds(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}

/// Exact as long as it may be shown at all; far above what a counter of events reaches.
fn whole(count: u64) -> f64 {
    // A duration of so many seconds is the same number.
    Duration::from_secs(count).as_secs_f64()
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
