//! `subledger demo`: the whole product in one command, in a folder that is removed at the end.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde_json::Value;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::post::{Poster, signed_headers};
use super::serve::Stops;
use super::{Common, Failure, Output, output, samples};
use crate::app::{self, Acceptance, App, ConfiguredSource};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::config::url::WebUrl;
use crate::domain::state::SubscriptionFilter;
use crate::ledger::Caller;
use crate::providers::{self, Built};

/// The throw-away ledger's secret; nothing of worth is signed with it. It is base64 too, for the
/// scheme that wants that.
const DEMO_SECRET: &str = "subledgerDemoSecret0";

/// More than the samples hold.
const SHOWN_MAX: usize = 50;

/// Show everything in a throw-away folder: post samples, print the result, serve until Ctrl-C.
///
/// Every sample is signed as its provider signs and posted over HTTP to a running service on sled.
/// It brings its own settings and folder: --config and --data change nothing here.
#[derive(Args)]
#[command(after_help = "Example:\n  subledger demo\nExit codes: 0 shown and stopped; 1 it failed.")]
pub(super) struct Demo {
    /// The port to serve on; 0 takes any free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    port: u16,
    /// Stop after printing instead of serving on
    #[arg(long)]
    once: bool,
}

struct Posted {
    source: String,
    file: String,
    outcome: String,
    seq: String,
}

impl Demo {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, Failure> {
        let folder = tempfile::Builder::new()
            .prefix("subledger-demo-")
            .tempdir()?;
        let mut config = demo_config()?;
        config.data_dir = folder.path().join("data");
        serve_at(&mut config, self.address()?);
        let no_env = |_: &str| None;
        let sources = app::sources(&config, &no_env)?;
        let clock = Arc::new(SystemClock);
        let app = App::open(&config, Acceptance::default(), clock, &no_env)?;
        let key = app.new_admin_key.clone().unwrap_or_default();
        let running = app.spawn()?;
        let base = format!("http://{}", running.address());
        let posted = post_all(&sources, &base)?;
        let filter = SubscriptionFilter::default();
        let page = running
            .ledger()
            .subscriptions(&Caller::ADMIN, &filter, None, SHOWN_MAX)
            .value;
        let shown = page
            .iter()
            .flat_map(|page| &page.data)
            .map(serde_json::to_value)
            .collect::<Result<Vec<_>, _>>()?;
        match common.output {
            Output::Json => output::json(&serde_json::json!({
                "url": base,
                "key": key,
                "deliveries": posted.iter().map(Posted::json).collect::<Vec<_>>(),
                "subscriptions": shown,
            }))?,
            Output::Text => print(&posted, &shown, &base)?,
        }
        if !self.once {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            let inside = runtime.enter();
            let (stops, hangup) = (Stops::catch()?, signal(SignalKind::hangup())?);
            drop(inside);
            if common.output == Output::Text {
                suggest(&shown, &base, &key)?;
            }
            runtime.block_on(told_to_stop(stops, hangup));
        }
        running.stop()?;
        Ok(ExitCode::SUCCESS)
    }

    /// Where to serve. A free port is chosen before anything is set up: pages and payers are sent
    /// to it.
    fn address(&self) -> std::io::Result<SocketAddr> {
        let wanted = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        if self.port != 0 {
            return Ok(wanted);
        }
        TcpListener::bind(wanted)?.local_addr()
    }
}

fn serve_at(config: &mut Config, address: SocketAddr) {
    config.server.bind = address;
    config.server.public_url = WebUrl::of_address(address);
}

impl Posted {
    fn json(&self) -> Value {
        serde_json::json!({"source": self.source, "file": self.file, "outcome": self.outcome, "seq": self.seq})
    }
}

/// One source a provider, under the provider's own name, and the shipped example catalogue.
fn demo_config() -> Result<Config, Failure> {
    let mut config = Config::parse(
        "config.toml",
        include_str!("../../config.toml"),
        std::iter::empty(),
    )?;
    config.sources.clear();
    for name in providers::names() {
        let settings = format!("secrets = [{{ secret = \"{DEMO_SECRET}\" }}]").parse()?;
        let source = crate::config::schema::Source {
            provider: name.to_owned(),
            settings,
        };
        config.sources.insert(name.to_owned(), source);
    }
    Ok(config)
}

/// Posts every sample once, and the last one of each source a second time: a provider's retry.
fn post_all(sources: &[ConfiguredSource], base: &str) -> Result<Vec<Posted>, Failure> {
    let poster = Poster::new();
    let all = samples::all();
    let mut posted = Vec::new();
    for source in sources {
        let Built::On { provider, .. } = &source.built else {
            continue;
        };
        let of_source = all.iter().filter(|sample| sample.provider == source.name);
        let url = format!("{base}/webhooks/{}", source.name);
        let last = of_source.clone().next_back();
        for sample in of_source.chain(last) {
            let headers = signed_headers(&**provider, sample.body, None, SystemClock.now());
            let headers = headers.ok_or("the demo's own secret does not sign")?;
            let answer = poster.post(&url, &headers, sample.body)?;
            let receipt: Value = serde_json::from_str(&answer.body)?;
            let word = |name: &str| receipt.get(name).and_then(Value::as_str);
            let outcome = word("status")
                .or_else(|| word("code"))
                .unwrap_or("no receipt");
            let reason = word("reason")
                .map(|reason| format!(" ({reason})"))
                .unwrap_or_default();
            posted.push(Posted {
                source: source.name.clone(),
                file: sample.name.clone(),
                outcome: format!("{outcome}{reason}"),
                seq: receipt
                    .get("seq")
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            });
        }
    }
    Ok(posted)
}

/// A terminal that closes, or an operator who expects a reload, may not end it.
async fn told_to_stop(mut stops: Stops, mut hangup: Signal) {
    loop {
        tokio::select! {
            _ = stops.next() => return,
            _ = hangup.recv() => tracing::warn!("SIGHUP changes nothing in a demo"),
        }
    }
}

fn print(posted: &[Posted], shown: &[Value], base: &str) -> Result<(), Failure> {
    say!("Webhooks signed as their providers sign, and posted to {base}/webhooks/…\n")?;
    let rows = posted.iter().map(|row| {
        vec![
            row.source.clone(),
            row.file.clone(),
            row.outcome.clone(),
            row.seq.clone(),
        ]
    });
    output::table(
        &["SOURCE", "FILE", "OUTCOME", "SEQ"],
        &rows.collect::<Vec<_>>(),
    )?;
    say!("\nWhat they add up to\n")?;
    let rows = shown.iter().map(|view| {
        let paths = [
            "/id",
            "/customer/customer_identifier",
            "/provider",
            "/status",
        ];
        let more = ["/paid_through", "/access/granted", "/access/reason"];
        paths
            .iter()
            .chain(&more)
            .map(|path| text(view, path))
            .collect()
    });
    let head = [
        "SUBSCRIPTION",
        "CUSTOMER",
        "PROVIDER",
        "STATUS",
        "PAID THROUGH",
        "ACCESS",
        "REASON",
    ];
    output::table(&head, &rows.collect::<Vec<Vec<String>>>())?;
    Ok(())
}

fn text(view: &Value, path: &str) -> String {
    let value = view.pointer(path);
    value.map_or_else(String::new, |value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    })
}

/// What to ask while it serves.
fn suggest(shown: &[Value], base: &str, key: &str) -> Result<(), Failure> {
    let first = shown
        .first()
        .map(|view| text(view, "/id"))
        .unwrap_or_default();
    say!("\nTry next (the key is good while this runs)\n")?;
    for (path, what) in [
        (
            format!("/v1/subscriptions/{first}"),
            "one subscription, and whether access is granted",
        ),
        (
            "/v1/customers/user_42".into(),
            "a customer by the merchant's own identifier",
        ),
        (
            "/v1/customers/user_42/events".into(),
            "every event that made it so",
        ),
        (
            "/v1/events/2".into(),
            "one event with its exact body and its evidence",
        ),
        ("/v1/quarantine".into(), "what was kept aside"),
        ("/v1/stats".into(), "how much of everything"),
    ] {
        say!("  # {what}")?;
        say!("  curl -s -H 'Authorization: Bearer {key}' {base}{path}")?;
    }
    say!("\nServing until Ctrl-C; the folder is removed then.")?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn its_own_address_is_what_it_tells() {
        for (port, once) in [(0, true), (0, false), (18_080, true)] {
            let mut config = demo_config().unwrap();
            let address = Demo { port, once }.address().unwrap();
            assert!(address.port() != 0 && (port == 0 || port == address.port()));
            serve_at(&mut config, address);
            let wanted = format!("http://{address}");
            assert_eq!(config.public_url_at(config.server.bind), wanted);
            assert_eq!(config.server.public_url.as_str(), wanted);
        }
    }
}
