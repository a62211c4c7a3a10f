//! The ledger's numbers as OpenMetrics.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::{Registry, Unit};

use crate::ledger::Numbers;

#[derive(Debug)]
struct Snapshot(Numbers);

/// Writes all metrics.
pub(super) fn render(numbers: &Numbers) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("subledger");
    registry.register_collector(Box::new(Snapshot(numbers.clone())));
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry)?;
    Ok(text)
}

impl Collector for Snapshot {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let numbers = &self.0;
        deliveries(numbers, &mut encoder)?;
        let counters = [
            ("commits", "Commits to the log", numbers.commits),
            (
                "committed_events",
                "Events committed to the log",
                numbers.committed_events,
            ),
        ];
        for (name, help, value) in counters {
            counter(&mut encoder, name, help, value)?;
        }
        let seconds = ConstGauge::new(numbers.last_commit_seconds);
        let kind = seconds.metric_type();
        let last = "last_commit";
        let help = "How long the last commit took, fsync included";
        seconds.encode(encoder.encode_descriptor(last, help, Some(&Unit::Seconds), kind)?)?;
        let gauges = [
            ("events", "Events in the log and folded", numbers.events),
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
                "queue_depth",
                "Submissions waiting for the writer",
                numbers.queue_depth,
            ),
            ("streams", "Readers who follow the log", numbers.streams),
            (
                "ready",
                "1 while the log is writable and the fold has caught up",
                numbers.ready.into(),
            ),
        ];
        for (name, help, value) in gauges {
            gauge(&mut encoder, name, help, None, value)?;
        }
        gauge(
            &mut encoder,
            "store",
            "Size of the store",
            Some(&Unit::Bytes),
            numbers.store_bytes,
        )
    }
}

fn deliveries(numbers: &Numbers, encoder: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
    let kind = ConstCounter::new(0_u64).metric_type();
    let help = "Webhooks by source and what became of them";
    let mut family = encoder.encode_descriptor("deliveries", help, None, kind)?;
    for (source, outcome, count) in &numbers.deliveries {
        let labels = [("source", source.as_str()), ("outcome", *outcome)];
        ConstCounter::new(*count).encode(family.encode_family(&labels)?)?;
    }
    Ok(())
}

fn counter(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    value: u64,
) -> Result<(), fmt::Error> {
    let metric = ConstCounter::new(value);
    metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)
}

fn gauge(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    unit: Option<&Unit>,
    value: u64,
) -> Result<(), fmt::Error> {
    let metric = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
    metric.encode(encoder.encode_descriptor(name, help, unit, metric.metric_type())?)
}
