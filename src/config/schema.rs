//! The sections of the configuration file and the default of every key. Knows no file and no
//! environment. Sections that may hold a secret have no Debug.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::url::WebUrl;
use super::values::{self, SecretText};

/// Where the service listens.
const DEFAULT_PORT: u16 = 8080;
/// The sled engine needs room to write one segment and to reopen; below this it may meet ENOSPC.
const DEFAULT_MIN_FREE_BYTES: u64 = 64 * 1024 * 1024;
/// Long enough for a provider's next try after a weekend.
const DEFAULT_GRACE_DAYS: u32 = 3;
/// The host of Razorpay's API.
const RAZORPAY_HOST: &str = "api.razorpay.com";

/// `[server]`: the address of the service.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// The address it listens on.
    #[serde(deserialize_with = "values::address")]
    pub bind: SocketAddr,
    /// The address under which customers and providers reach it.
    pub public_url: WebUrl,
    /// Which log lines are shown.
    pub log_level: LogLevel,
}

/// Which log lines are shown: those of a level and of all more urgent ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// None.
    Off,
    /// What needs an operator.
    Error,
    /// What may need one, such as a bad signature.
    Warn,
    /// What happens seldom: starts, stops, refusals.
    #[default]
    Info,
    /// A line a request.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT));
        Self {
            bind,
            public_url: WebUrl::of_address(bind),
            log_level: LogLevel::default(),
        }
    }
}

/// What keeps the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EngineName {
    /// The embedded store: durable.
    #[default]
    Sled,
    /// Nothing survives the process: for demonstrations and tests.
    Memory,
}

/// `[log]`: where and how events are kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// What keeps the log.
    pub engine: EngineName,
    /// Where the log's head is remembered; `None`: beside the store.
    #[serde(deserialize_with = "values::optional_path")]
    pub witness_path: Option<PathBuf>,
    /// With fewer bytes free on the store's disk nothing is written any more.
    pub min_free_bytes: u64,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            engine: EngineName::default(),
            witness_path: None,
            min_free_bytes: DEFAULT_MIN_FREE_BYTES,
        }
    }
}

/// `[sources.<name>]`: one webhook endpoint. What else it holds is its provider's business.
#[derive(Clone, Default)]
pub struct Source {
    /// The provider's registered name; where none is written, the source's own name.
    pub provider: String,
    /// All other keys of the table, raw. May hold secrets: keep it out of logs.
    pub settings: toml::Table,
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut settings = toml::Table::deserialize(deserializer)?;
        match settings.remove("provider") {
            Some(toml::Value::String(provider)) => Ok(Self { provider, settings }),
            None => Ok(Self {
                provider: String::new(),
                settings,
            }),
            Some(_) => Err(D::Error::custom("needs a string as its `provider`")),
        }
    }
}

/// `[access]`: how long a customer is let in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Access {
    /// Days of access after the paid period, while the provider tries again.
    #[serde(deserialize_with = "values::grace_days")]
    pub grace_days: u32,
}

impl Default for Access {
    fn default() -> Self {
        Self {
            grace_days: DEFAULT_GRACE_DAYS,
        }
    }
}

/// `[audit]`: how the log signs its head.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Audit {
    /// The log's name in signed tree heads; empty: the host of the public URL.
    #[serde(deserialize_with = "values::origin")]
    pub origin: String,
}

/// Who takes the money at a checkout.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GatewayName {
    /// Nobody: buttons that pretend, for development.
    #[default]
    Sandbox,
    /// Razorpay.
    Razorpay,
}

impl GatewayName {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Razorpay => "razorpay",
        }
    }
}

/// `[checkout]`: the payment page.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Checkout {
    /// Who takes the money.
    pub gateway: GatewayName,
}

/// `[gateway.*]`: a table a gateway.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Gateways {
    /// The one that pretends.
    pub sandbox: Sandbox,
    /// Razorpay.
    pub razorpay: Razorpay,
}

/// `[gateway.sandbox]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sandbox {
    /// Allows pretended payments at an address that other machines can reach.
    pub enabled: bool,
}

/// `[gateway.razorpay]`
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Razorpay {
    /// The API key's id.
    #[serde(deserialize_with = "values::optional_secret")]
    pub key_id: Option<SecretText>,
    /// The API key's secret.
    #[serde(deserialize_with = "values::optional_secret")]
    pub key_secret: Option<SecretText>,
    /// Where the API is.
    pub base_url: WebUrl,
}

impl Default for Razorpay {
    fn default() -> Self {
        Self {
            key_id: None,
            key_secret: None,
            base_url: WebUrl::of_host(RAZORPAY_HOST),
        }
    }
}
