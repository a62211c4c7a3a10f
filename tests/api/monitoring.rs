//! The metrics that a running ledger shows, against what is written about them: the reference, the
//! dashboard and the alerts name each of them, and nothing that is not there.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::world::{World, sample};

const DASHBOARD: &str = include_str!("../../docs/grafana-dashboard.json");
const ALERTS: &str = include_str!("../../docs/alerts.yml");
const OPERATIONS: &str = include_str!("../../docs/operations.md");

/// The families of an exposition, and the names of the samples that each may have.
fn families(text: &str) -> Vec<(String, Vec<String>)> {
    let lines = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let family = |line: &str| {
        let (name, kind) = line.split_once(' ').unwrap();
        let endings: &[&str] = match kind {
            "counter" => &["_total"],
            "gauge" => &[""],
            "histogram" => &["_bucket", "_count", "_sum"],
            "info" => &["_info"],
            other => panic!("{name} is of the kind {other}"),
        };
        let samples = endings.iter().map(|ending| format!("{name}{ending}"));
        (name.to_owned(), samples.collect())
    };
    lines.map(family).collect()
}

/// Every word of a text that looks like a metric of ours.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words
        .filter(|word| word.starts_with("subledger_"))
        .collect()
}

fn shown() -> Vec<(String, Vec<String>)> {
    let world = World::on_disk();
    world.razorpay(&sample("razorpay", "02"));
    families(&world.get_with("/metrics", &[]).text)
}

fn section<'a>(text: &'a str, heading: &str) -> &'a str {
    let (_, rest) = text.split_once(heading).unwrap();
    rest.split("\n## ").next().unwrap()
}

#[test]
fn every_metric_is_described_and_drawn() {
    let shown = shown();
    assert!(shown.len() > 15, "{shown:?}");
    let described = named(section(OPERATIONS, "\n## Metrics\n"));
    let drawn = named(DASHBOARD);
    for (family, samples) in &shown {
        let is_in = |text: &BTreeSet<&str>| {
            text.contains(family.as_str()) || samples.iter().any(|name| text.contains(&**name))
        };
        assert!(
            is_in(&described),
            "docs/operations.md says nothing of {family}"
        );
        assert!(is_in(&drawn), "the dashboard does not show {family}");
    }
}

#[test]
fn nothing_else_is_asked_for() {
    let shown = shown();
    let there: BTreeSet<&str> = shown
        .iter()
        .flat_map(|(family, samples)| samples.iter().chain([family]))
        .map(String::as_str)
        .collect();
    for (file, text) in [
        ("docs/grafana-dashboard.json", DASHBOARD),
        ("docs/alerts.yml", ALERTS),
        ("docs/operations.md", OPERATIONS),
    ] {
        let names = named(text);
        assert!(names.len() > 10, "{file}: {names:?}");
        for name in names {
            assert!(
                there.contains(name),
                "{file} names {name}, which is not there"
            );
        }
    }
}

/// How an anchor is made of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || *c == ' ');
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn every_alert_has_its_page() {
    let headings = OPERATIONS.lines().filter(|line| line.starts_with('#'));
    let anchors: BTreeSet<String> = headings
        .map(|line| anchor(line.trim_start_matches(['#', ' '])))
        .collect();
    let alerts: Vec<&str> = ALERTS
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert!(alerts.len() > 10, "{alerts:?}");
    for alert in alerts {
        let anchor = format!("alert-{}", alert.to_lowercase());
        assert!(
            ALERTS.contains(&format!("runbook: docs/operations.md#{anchor}\n"))
                || ALERTS.ends_with(&format!("#{anchor}")),
            "{alert} names no runbook"
        );
        assert!(
            anchors.contains(&anchor),
            "docs/operations.md has no {anchor}"
        );
    }
}

#[test]
fn the_dashboard_can_be_imported() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{panel}");
        if panel["type"] == "row" {
            continue;
        }
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{panel}");
        let defaults = &panel["fieldConfig"]["defaults"];
        assert!(defaults["unit"].is_string(), "{panel}");
        assert!(defaults["thresholds"]["steps"].is_array(), "{panel}");
    }
    assert_eq!(dashboard["templating"]["list"][0]["type"], "datasource");
}

/// Names that nobody configured, and paths that nobody serves, make no new label.
#[test]
fn strangers_make_no_labels() {
    let world = World::on_disk();
    for n in 0..50 {
        world.post(&format!("/webhooks/stranger-{n}"), &[], b"{}");
        world.get_with(&format!("/nowhere/{n}"), &[]);
        world.get(&format!("/v1/customers/stranger-{n}"));
    }
    let text = world.get_with("/metrics", &[]).text;
    assert!(
        !text.contains("stranger") && !text.contains("nowhere"),
        "{text}"
    );
    for line in [
        "subledger_deliveries_total{source=\"unknown\",outcome=\"refused\"} 50",
        "subledger_requests_total{route=\"/webhooks/{source}\",status=\"4xx\"} 50",
        "subledger_requests_total{route=\"/v1/customers/{id}\",status=\"4xx\"} 50",
        "subledger_requests_total{route=\"unmatched\",status=\"4xx\"} 50",
        "subledger_request_seconds_count{route=\"/webhooks/{source}\"} 50",
    ] {
        assert!(text.lines().any(|held| held == line), "{line}\n{text}");
    }
}

/// Silence is measured from the start, and from each event that was taken in.
#[test]
fn silence_is_measured() {
    let world = World::on_disk();
    let seconds = |source: &str| {
        let text = world.get_with("/metrics", &[]).text;
        let begin = format!("subledger_seconds_since_last_event{{source=\"{source}\"}} ");
        let line = text.lines().find_map(|line| line.strip_prefix(&*begin));
        line.map(str::to_owned)
    };
    world.set_time("2026-11-26T01:00:00Z");
    world.razorpay(&sample("razorpay", "02"));
    world.set_time("2026-11-26T01:00:07Z");
    assert_eq!(seconds("razorpay").as_deref(), Some("7"));
    assert_eq!(seconds("stykite").as_deref(), Some("3607"));
    assert_eq!(seconds("off"), None);
}
