//! `subledger check-config`: what a configuration switches on, or the one thing that is wrong.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;

use super::{Common, Failure, Output, env, output};
use crate::app;
use crate::config::schema::GatewayName;
use crate::providers::Built;

/// Check the configuration and say what it switches on.
///
/// Reads everything that `serve` reads, secrets included, and changes nothing.
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 it can be served; 1 something is wrong: one sentence says what."
)]
pub(super) struct CheckConfig {}

#[derive(Serialize)]
struct Summary {
    data_dir: String,
    bind: String,
    public_url: String,
    /// Who takes the money at a checkout; `null` where none can be opened.
    gateway: Option<&'static str>,
    sources: Vec<SourceSummary>,
    plans: usize,
    features: usize,
    addons: usize,
}

#[derive(Serialize)]
struct SourceSummary {
    name: String,
    provider: String,
    route: String,
    on: bool,
    notes: Vec<String>,
}

impl CheckConfig {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, Failure> {
        let config = common.load()?;
        app::check_gateway(&config, &env)?;
        let sources = app::sources(&config, &env)?.into_iter().map(|source| {
            let (on, notes) = match source.built {
                Built::On { warnings, .. } => (true, warnings),
                Built::Off { reason, .. } => (false, vec![reason]),
            };
            let provider = config.sources.get(&source.name).map(|s| s.provider.clone());
            SourceSummary {
                route: format!("/webhooks/{}", source.name),
                name: source.name,
                provider: provider.unwrap_or_default(),
                on,
                notes,
            }
        });
        let summary = Summary {
            data_dir: config.data_dir.display().to_string(),
            bind: config.server.bind.to_string(),
            public_url: config.server.public_url.as_str().to_owned(),
            gateway: config.gateway_in_use()?.map(GatewayName::as_str),
            sources: sources.collect(),
            plans: config.catalog.plans.len(),
            features: config.catalog.features.len(),
            addons: config.catalog.addons.len(),
        };
        match common.output {
            Output::Json => output::json(&summary)?,
            Output::Text => print(&summary)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn print(summary: &Summary) -> Result<(), Failure> {
    say!("The configuration can be served.")?;
    say!("  data in      {}", summary.data_dir)?;
    say!("  listens on   {}", summary.bind)?;
    say!("  known as     {}", summary.public_url)?;
    say!(
        "  catalogue    {}, {}, {}",
        output::count(summary.plans, "plan"),
        output::count(summary.features, "feature"),
        output::count(summary.addons, "add-on")
    )?;
    say!("  gateway      {}", summary.gateway.unwrap_or("none"))?;
    say!("")?;
    let rows: Vec<Vec<String>> = summary
        .sources
        .iter()
        .map(|source| {
            let state = if source.on { "on" } else { "off" };
            let notes = source.notes.join("; ");
            vec![
                source.name.clone(),
                source.provider.clone(),
                state.into(),
                source.route.clone(),
                notes,
            ]
        })
        .collect();
    output::table(&["SOURCE", "PROVIDER", "IS", "ROUTE", "NOTE"], &rows)?;
    Ok(())
}
