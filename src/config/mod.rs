//! The configuration: one file, overridden by the environment, checked as a whole before anything
//! starts. Knows the domain's catalogue; never what a source's settings mean to its provider.
//!
//! - [`schema`] the sections and their defaults, [`values`] and [`url`] the shapes of
//!   single values
//! - `document` where each key is written, `env` the overrides, `catalog` the catalogue's checks

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::domain::catalog::Catalog;

mod catalog;
mod document;
mod env;
mod error;
pub mod schema;
pub mod url;
pub mod values;

pub use error::{ConfigError, Place};
use error::{Origins, Problem};
use schema::{Access, Audit, Checkout, GatewayName, Gateways, Log, Server, Source};
use url::WebUrl;

/// The file that is read where none is named.
pub const DEFAULT_FILE: &str = "config.toml";
/// Far above any catalogue that is taken; a larger file is a mistake (a log, a dump).
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;
/// Each source is a route and a set of secrets tried on every delivery.
const MAX_SOURCES: usize = 100;
/// A source's name is part of every record and of a URL.
const MAX_SOURCE_NAME_BYTES: usize = 64;
/// Sources of events that come from the ledger itself.
const RESERVED_SOURCES: [&str; 4] = ["api", "scheduler", "catalogue", "sandbox"];
/// Where events are kept, from the working directory.
const DEFAULT_DATA_DIR: &str = "./data";

/// The whole configuration, checked. No Debug: it may hold secrets.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where events are kept.
    #[serde(deserialize_with = "values::path")]
    pub data_dir: PathBuf,
    /// The address of the service.
    pub server: Server,
    /// Where and how events are kept.
    pub log: Log,
    /// The webhook endpoints, by name.
    pub sources: BTreeMap<String, Source>,
    /// How long a customer is let in.
    pub access: Access,
    /// How the log signs its head.
    pub audit: Audit,
    /// The payment page.
    pub checkout: Checkout,
    /// A table a gateway.
    pub gateway: Gateways,
    /// Plans, prices, features, meters and add-ons, for every surface.
    pub catalog: Catalog,
    #[serde(skip)]
    origins: Origins,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from(DEFAULT_DATA_DIR),
            server: Server::default(),
            log: Log::default(),
            sources: BTreeMap::new(),
            access: Access::default(),
            audit: Audit::default(),
            checkout: Checkout::default(),
            gateway: Gateways::default(),
            catalog: Catalog::default(),
            origins: Origins::of(DEFAULT_FILE),
        }
    }
}

impl Config {
    /// Reads `path`, or `config.toml` where none is named, with `env` over it. Without a path a
    /// missing file means all defaults.
    ///
    /// # Errors
    /// One sentence with the line or the variable that is wrong.
    pub fn load(
        path: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let file = path.unwrap_or(Path::new(DEFAULT_FILE));
        let name = file.display().to_string();
        let unreadable = |reason: String| ConfigError::Unreadable {
            file: name.clone(),
            reason,
        };
        let mut bytes = Vec::new();
        match File::open(file).map(|opened| opened.take(MAX_FILE_BYTES + 1)) {
            Ok(mut opened) => {
                opened
                    .read_to_end(&mut bytes)
                    .map_err(|error| unreadable(error.to_string()))?;
            }
            Err(error) if path.is_none() && error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(error.to_string())),
        }
        if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE_BYTES) {
            return Err(unreadable(format!(
                "it is larger than {MAX_FILE_BYTES} bytes"
            )));
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| unreadable("it is not UTF-8 text; save it as UTF-8".to_owned()))?;
        Self::parse(&name, &text, env)
    }

    /// Reads the text of a file called `file`, with `env` over it.
    ///
    /// # Errors
    /// One sentence with the line or the variable that is wrong.
    pub fn parse(
        file: &str,
        text: &str,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let (mut config, mut table, mut origins) = document::read::<Self>(file, text)?;
        for found in env::overrides(env, &table)? {
            origins.override_with(&found.path, &found.variable);
            config = Self::overridden(&mut table, &found.path, found.readings)
                .map_err(|problem| origins.refuse(problem))?;
        }
        for (name, source) in &mut config.sources {
            if source.provider.is_empty() {
                source.provider.clone_from(name);
            }
        }
        config.check().map_err(|problem| origins.refuse(problem))?;
        config.origins = origins;
        Ok(config)
    }

    /// The configuration with one key set to the first of `readings` that its type takes.
    fn overridden(
        table: &mut toml::Table,
        path: &str,
        readings: Vec<toml::Value>,
    ) -> Result<Self, Problem> {
        let mut refused = Problem::new(path, "has no value");
        for (tried, value) in readings.into_iter().enumerate() {
            env::set(table, path, value)?;
            match document::reread(table, path) {
                Ok(config) => return Ok(config),
                Err(problem) if tried == 0 => refused = problem,
                Err(_) => {}
            }
        }
        Err(refused)
    }

    fn check(&self) -> Result<(), Problem> {
        if self.sources.len() > MAX_SOURCES {
            let message = format!("there are more than {MAX_SOURCES} sources; use a second ledger");
            return Err(Problem::new("sources", message));
        }
        for name in self.sources.keys() {
            check_source(name)?;
        }
        let razorpay = &self.gateway.razorpay;
        if !razorpay.base_url.is_secure() && !razorpay.base_url.is_loopback() {
            return Err(Problem::new(
                "gateway.razorpay.base_url",
                "`base_url` in [gateway.razorpay] must be https, because secrets are sent there",
            ));
        }
        if self.checkout.gateway == GatewayName::Razorpay
            && (razorpay.key_id.is_none() || razorpay.key_secret.is_none())
        {
            return Err(Problem::new(
                "checkout.gateway",
                "`gateway` in [checkout] is razorpay, which needs `key_id` and `key_secret` in \
                 [gateway.razorpay]",
            ));
        }
        catalog::check(&self.catalog)
    }

    /// The log's name in signed tree heads: `[audit] origin`, else the host of the public URL.
    #[must_use]
    pub fn audit_origin(&self) -> &str {
        match self.audit.origin.as_str() {
            "" => self.server.public_url.host(),
            origin => origin,
        }
    }

    /// Where the outside finds a service that listens there: `public_url`. Where nobody chose one,
    /// and only this machine can reach the service, the address itself.
    #[must_use]
    pub fn public_url_at(&self, listens_at: SocketAddr) -> String {
        let is_chosen = self.origins.is_set("server.public_url");
        if !is_chosen && listens_at.ip().is_loopback() {
            return WebUrl::of_address(listens_at).as_str().to_owned();
        }
        self.server.public_url.as_str().to_owned()
    }

    /// Whether pretended payments may be taken: to be asked before a sandbox checkout is served.
    ///
    /// # Errors
    /// The public URL can be reached from elsewhere, and `[gateway.sandbox]` is not enabled.
    pub fn allows_sandbox(&self) -> Result<(), ConfigError> {
        if self.gateway.sandbox.enabled || self.server.public_url.is_loopback() {
            return Ok(());
        }
        Err(self.origins.refuse(Problem::new(
            "server.public_url",
            "the sandbox gateway takes no real money, so it needs a `public_url` on this machine, \
             or `enabled = true` in [gateway.sandbox]",
        )))
    }

    /// Who takes the money at a checkout. `None` where nobody does: nothing is for sale, nobody
    /// chose a gateway, and the sandbox may not be the one that is left.
    ///
    /// # Errors
    /// [`Config::allows_sandbox`]'s, where the sandbox is chosen or there is something to sell.
    pub fn gateway_in_use(&self) -> Result<Option<GatewayName>, ConfigError> {
        let chosen = self.checkout.gateway;
        if chosen != GatewayName::Sandbox {
            return Ok(Some(chosen));
        }
        let nothing_to_sell = self.catalog.plans.is_empty() && self.catalog.addons.is_empty();
        match self.allows_sandbox() {
            Ok(()) => Ok(Some(chosen)),
            Err(_) if nothing_to_sell && !self.origins.is_set("checkout.gateway") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What is wrong with a key of `[gateway.<gateway>]`, with the place of that key.
    #[must_use]
    pub fn refuse_gateway(&self, gateway: &str, key: &str, message: &str) -> ConfigError {
        self.origins.refuse(Problem::new(
            format!("gateway.{gateway}.{key}"),
            format!("`{key}` in [gateway.{gateway}] {message}"),
        ))
    }

    /// Where a key of `[sources.<source>]` was set; where it was not, the table's own place.
    #[must_use]
    pub fn locate(&self, source: &str, key: &str) -> Option<&Place> {
        self.sources.get(source)?;
        self.origins.find(&format!("sources.{source}.{key}"))
    }

    /// What a provider has against one of its settings, with the place of that key.
    #[must_use]
    pub fn refuse_source(&self, source: &str, key: &str, message: &str) -> ConfigError {
        let path = format!("sources.{source}.{key}");
        self.origins.refuse(Problem::new(
            path,
            format!("`{key}` in [sources.{source}] {message}"),
        ))
    }
}

fn check_source(name: &str) -> Result<(), Problem> {
    let refuse = |message: String| Err(Problem::new(format!("sources.{name}"), message));
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
    if name.is_empty() || name.len() > MAX_SOURCE_NAME_BYTES || !name.bytes().all(plain) {
        return refuse(format!(
            "a source's name must be 1 to {MAX_SOURCE_NAME_BYTES} lower-case letters, digits, `-` \
             and `_`"
        ));
    }
    if RESERVED_SOURCES.contains(&name) {
        return refuse(format!(
            "the source name `{name}` is the ledger's own; choose another"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
