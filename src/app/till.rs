//! Who takes the money: the configured gateway, made ready, and the source by which the sandbox's
//! webhooks come in. The sandbox's secret is made here and leaves this room only as keys.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use super::{AppError, Env, kept};
use crate::config::schema::{EngineName, GatewayName};
use crate::config::values::SecretText;
use crate::config::{Config, ConfigError};
use crate::gateways::{Gateway, Razorpay, SANDBOX, Sandbox};
use crate::providers::{self, Built, Provider};
use crate::signature::{Key, Secret, SecretFault};

/// Where the secret of the sandbox's webhooks is kept, in the data folder.
pub const SANDBOX_SECRET_FILE: &str = "sandbox.secret";
/// The provider whose words the sandbox speaks.
const SPOKEN: &str = "razorpay";
/// 256 bits cannot be guessed.
const SECRET_BYTES: usize = 32;

/// A source with its provider.
pub type NamedSource = (String, Arc<dyn Provider>);

/// What a ledger needs to have checkouts paid.
#[derive(Default)]
pub struct Till {
    /// Who takes the money.
    pub(super) gateway: Option<Arc<dyn Gateway>>,
    /// The source of the sandbox's webhooks.
    pub(super) source: Option<NamedSource>,
}

impl Till {
    /// The configured gateway, of a service that listens at `address`. Makes the sandbox's secret
    /// where there is none, in the data folder, which has to be there.
    ///
    /// # Errors
    /// [`AppError`] where the gateway may not be used, or a secret of it is missing.
    pub(super) fn open(
        config: &Config,
        address: SocketAddr,
        env: Env<'_>,
    ) -> Result<Self, AppError> {
        match check(config, env)? {
            None => Ok(Self {
                gateway: None,
                source: kept_sandbox(config)?,
            }),
            Some(Chosen::Razorpay(razorpay)) => Ok(Self {
                gateway: Some(Arc::from(razorpay as Box<dyn Gateway>)),
                source: kept_sandbox(config)?,
            }),
            Some(Chosen::Sandbox) => {
                let secret = sandbox_secret(config)?;
                let source = source(&secret, true);
                let key = Secret::new(secret).and_then(|secret| Key::new(secret, Some(SANDBOX)));
                let key = key.map_err(|fault| unusable(config, &fault))?;
                Ok(Self {
                    gateway: Some(Arc::new(Sandbox::new(address, key))),
                    source,
                })
            }
        }
    }
}

enum Chosen {
    Sandbox,
    Razorpay(Box<Razorpay>),
}

/// Whether the configured gateway can be used, with its secrets; touches no data folder.
///
/// # Errors
/// [`ConfigError`] naming the key that is wrong.
pub fn check_gateway(config: &Config, env: Env<'_>) -> Result<(), ConfigError> {
    check(config, env).map(drop)
}

fn check(config: &Config, env: Env<'_>) -> Result<Option<Chosen>, ConfigError> {
    match config.gateway_in_use()? {
        None => Ok(None),
        Some(GatewayName::Sandbox) => Ok(Some(Chosen::Sandbox)),
        Some(GatewayName::Razorpay) => {
            let table = &config.gateway.razorpay;
            let key_id = resolved(config, "key_id", table.key_id.as_ref(), env)?;
            let key_secret = resolved(config, "key_secret", table.key_secret.as_ref(), env)?;
            let return_to = format!("{}/checkout/", config.server.public_url.as_str());
            let base_url = table.base_url.as_str();
            let razorpay = Razorpay::new(base_url, &key_id, key_secret, return_to);
            let razorpay = razorpay.map_err(|fault| refuse(config, "key_secret", &fault))?;
            Ok(Some(Chosen::Razorpay(Box::new(razorpay))))
        }
    }
}

fn resolved(
    config: &Config,
    key: &str,
    text: Option<&SecretText>,
    env: Env<'_>,
) -> Result<Secret, ConfigError> {
    let read_file = |path: &Path| std::fs::read_to_string(path);
    let text = text.map_or("", SecretText::expose);
    match Secret::resolve(text, env, &read_file) {
        Ok(Some(secret)) => Ok(secret),
        Ok(None) => Err(refuse(config, key, &"names a variable that is not set")),
        Err(fault) => Err(refuse(config, key, &fault)),
    }
}

fn refuse(config: &Config, key: &str, why: &dyn std::fmt::Display) -> ConfigError {
    config.refuse_gateway("razorpay", key, &why.to_string())
}

/// The source of the sandbox's webhooks for checking what it delivered once, where its secret is
/// kept. It takes nothing any more.
///
/// # Errors
/// [`AppError::DataDir`].
pub fn kept_sandbox(config: &Config) -> Result<Option<NamedSource>, AppError> {
    let secret = kept_secret(config)?;
    Ok(secret.and_then(|secret| source(&secret, false)))
}

fn source(secret: &str, takes_deliveries: bool) -> Option<NamedSource> {
    let mut entry = toml::Table::new();
    entry.insert("id".into(), SANDBOX.into());
    entry.insert("secret".into(), secret.into());
    entry.insert("verify_only".into(), (!takes_deliveries).into());
    let mut table = toml::Table::new();
    table.insert("secrets".into(), vec![toml::Value::Table(entry)].into());
    let no_file = |_: &Path| Err(io::ErrorKind::NotFound.into());
    match providers::build(SPOKEN, table, &|_| None, &no_file) {
        Ok(Built::On { provider, .. }) => Some((SANDBOX.to_owned(), provider)),
        Ok(Built::Off { .. }) | Err(_) => None,
    }
}

/// The sandbox's secret: from its file, else made now; of a log in memory it is kept nowhere.
fn sandbox_secret(config: &Config) -> Result<String, AppError> {
    if let Some(secret) = kept_secret(config)? {
        return Ok(secret);
    }
    let random: [u8; SECRET_BYTES] = rand::random();
    let secret = hex::encode(random);
    if config.log.engine == EngineName::Memory {
        return Ok(secret);
    }
    let path = config.data_dir.join(SANDBOX_SECRET_FILE);
    kept::write(&path, &secret).map_err(|cause| AppError::DataDir { path, cause })?;
    Ok(secret)
}

fn kept_secret(config: &Config) -> Result<Option<String>, AppError> {
    if config.log.engine == EngineName::Memory {
        return Ok(None);
    }
    let path = config.data_dir.join(SANDBOX_SECRET_FILE);
    kept::read(&path).map_err(|cause| AppError::DataDir { path, cause })
}

fn unusable(config: &Config, fault: &SecretFault) -> AppError {
    AppError::SandboxSecret {
        path: config.data_dir.join(SANDBOX_SECRET_FILE),
        fault: fault.to_string(),
    }
}

/// What the operator should know of who can reach the sandbox.
pub(super) fn notices(config: &Config, address: SocketAddr) -> Option<String> {
    let is_sandbox = matches!(config.gateway_in_use(), Ok(Some(GatewayName::Sandbox)));
    let is_reached = !address.ip().is_loopback() && !config.gateway.sandbox.enabled;
    (is_sandbox && is_reached).then(|| {
        format!(
            "the sandbox gateway takes no real money, and whoever reaches {address} can pay with \
             it: let nobody else reach that address, or set `gateway` in [checkout]"
        )
    })
}
