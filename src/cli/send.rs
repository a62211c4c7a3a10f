//! `subledger send`: files signed like a provider and posted.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use super::post::{Poster, signed_headers};
use super::{Common, Failure, Output, env, output};
use crate::app;
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::providers::{Built, Provider};

/// Sign files like a provider and post them.
///
/// The source's own secret signs, so what is sent is what the provider would send. The same file
/// sent twice is a provider's retry: the ledger answers `duplicate`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    subledger send --source razorpay sample-events/razorpay/*.json\n  \
    echo '{\"event\":\"x\"}' | subledger send --source razorpay -\n  \
    subledger send --source stykite --to https://ledger.example.com event.json\n\
    Exit codes: 0 every file was answered 2xx; 1 one was not, or nothing could be sent.")]
pub(super) struct Send {
    /// The configured source to send as
    #[arg(long, value_name = "NAME")]
    source: String,
    /// The receiver: a base address, or a whole URL [default: the configured public_url]
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// The event id to send [default: made from the body]
    #[arg(long, value_name = "ID")]
    event_id: Option<String>,
    /// Print the headers that would be sent, and send nothing
    #[arg(long)]
    dry_run: bool,
    /// Bodies to send as they are; `-` reads standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Sent {
    file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Vec<(String, String)>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<serde_json::Value>,
}

impl Send {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, Failure> {
        let config = common.load()?;
        let provider = self.provider(&config)?;
        let url = self.url(&config);
        let poster = Poster::new();
        let mut all = Vec::new();
        for file in &self.files {
            let sent = self.send(file, &*provider, &poster, &url)?;
            if common.output == Output::Text {
                print(&sent)?;
            }
            all.push(sent);
        }
        if common.output == Output::Json {
            output::json(&all)?;
        }
        let taken = |sent: &Sent| {
            sent.http_status
                .is_none_or(|status| (200..300).contains(&status))
        };
        Ok(if all.iter().all(taken) {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        })
    }

    fn provider(&self, config: &Config) -> Result<Arc<dyn Provider>, Failure> {
        let sources = app::sources(config, &env)?;
        let names: Vec<_> = sources.iter().map(|source| source.name.clone()).collect();
        let found = sources
            .into_iter()
            .find(|source| source.name == self.source);
        let found = found.ok_or_else(|| {
            let known = if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            };
            format!(
                "there is no source `{}` in the configuration; there is: {known}",
                self.source
            )
        })?;
        match found.built {
            Built::On { provider, .. } => Ok(provider),
            Built::Off { reason, .. } => Err(format!(
                "source `{}` is off: {reason}; set it and send again",
                self.source
            )
            .into()),
        }
    }

    /// A base address gets the source's path; a URL with a path is used as it is.
    fn url(&self, config: &Config) -> String {
        let base = self
            .to
            .as_deref()
            .unwrap_or_else(|| config.server.public_url.as_str());
        let base = base.trim_end_matches('/');
        let authority = base.split_once("://").map_or(base, |(_, rest)| rest);
        if authority.contains('/') {
            base.to_owned()
        } else {
            format!("{base}/webhooks/{}", self.source)
        }
    }

    fn send(
        &self,
        file: &Path,
        provider: &dyn Provider,
        poster: &Poster,
        url: &str,
    ) -> Result<Sent, Failure> {
        let body =
            read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        let now = SystemClock.now();
        let headers = signed_headers(provider, &body, self.event_id.as_deref(), now)
            .ok_or_else(|| format!("source `{}` has no secret that signs today", self.source))?;
        let file = file.display().to_string();
        if self.dry_run {
            return Ok(Sent {
                file,
                headers: Some(headers),
                http_status: None,
                answer: None,
            });
        }
        let answer = poster.post(url, &headers, &body).map_err(|error| {
            format!("cannot post to {url}: {error}; is the service running there?")
        })?;
        let parsed = serde_json::from_str(&answer.body);
        let answer_body = parsed.unwrap_or(serde_json::Value::String(answer.body));
        Ok(Sent {
            file,
            headers: None,
            http_status: Some(answer.status),
            answer: Some(answer_body),
        })
    }
}

fn read(file: &Path) -> io::Result<Vec<u8>> {
    if file != Path::new("-") {
        return std::fs::read(file);
    }
    let mut body = Vec::new();
    io::stdin().read_to_end(&mut body)?;
    Ok(body)
}

fn print(sent: &Sent) -> io::Result<()> {
    if let Some(headers) = &sent.headers {
        say!("{}", sent.file)?;
        for (name, value) in headers {
            say!("  {name}: {value}")?;
        }
        return Ok(());
    }
    let answer = sent.answer.as_ref();
    let field = |name: &str| answer.and_then(|answer| answer.get(name)).cloned();
    let word = |name: &str| field(name).and_then(|value| value.as_str().map(str::to_owned));
    let outcome = word("code")
        .or_else(|| word("status"))
        .unwrap_or_else(|| "no receipt".into());
    let status = sent.http_status.unwrap_or_default();
    let seq = field("seq")
        .map(|seq| format!(" seq {seq}"))
        .unwrap_or_default();
    let reason = word("reason")
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default();
    say!("{status} {outcome}{reason}{seq}  {}", sent.file)?;
    if let Some(detail) = word("detail") {
        say!("    {detail}")?;
    }
    Ok(())
}
