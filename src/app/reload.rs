//! A configuration for a service that runs already: either all of it that can change changes, or
//! nothing does. It never stops a request, and never makes a key.

use crate::config::Config;
use crate::domain::key::KeyDigest;
use crate::ledger::Change;
use crate::providers::Built;

use super::admin_key::{ADMIN_KEY_VARIABLE, kept_admin_key, long_enough};
use super::{AppError, Env, Running, sources};

/// What came of a new configuration.
#[derive(Debug, Default)]
pub struct Reloaded {
    /// What the operator should know, a sentence each.
    pub notices: Vec<String>,
    /// Keys that have changed since the start and count only after a restart.
    pub needs_restart: Vec<String>,
}

impl Running {
    /// Takes over what can change while it runs: secrets, the admin key where it is in a file, and
    /// limits. `started` is the configuration that the service was started with.
    ///
    /// # Errors
    /// [`AppError`], a sentence; then everything is as it was.
    pub fn reload(
        &self,
        started: &Config,
        new: &Config,
        env: Env<'_>,
    ) -> Result<Reloaded, AppError> {
        let mut reloaded = Reloaded {
            notices: Vec::new(),
            needs_restart: restart_keys(started, new),
        };
        let mut on = Vec::new();
        for source in sources(new, env)? {
            let is_served = self.ledger.source(&source.name).is_some();
            let source_name = source.name;
            match source.built {
                Built::Off { reason, .. } if is_served => {
                    return Err(AppError::SourceOff {
                        source_name,
                        reason,
                    });
                }
                Built::On { provider, warnings } if is_served => {
                    let warnings = warnings.into_iter();
                    let sentences = warnings.map(|w| format!("source {source_name}: {w}"));
                    reloaded.notices.extend(sentences);
                    let before = started.sources.get(&source_name);
                    if before.is_some_and(|before| before.provider == provider.name()) {
                        on.push((source_name, provider));
                    }
                }
                Built::On { .. } => reloaded
                    .needs_restart
                    .push(format!("sources.{source_name}")),
                Built::Off { .. } => {}
            }
        }
        let admin_key = match env(ADMIN_KEY_VARIABLE) {
            Some(key) => Some(long_enough(key, ADMIN_KEY_VARIABLE)?),
            None => kept_admin_key(&started.data_dir)?,
        };
        // Nothing can fail any more.
        self.ledger.change(Change {
            sources: on,
            grace_days: new.access.grace_days,
            min_free_bytes: new.log.min_free_bytes,
        });
        if let Some(key) = admin_key {
            self.shared.exchange_admin_key(KeyDigest::of(&key));
        }
        reloaded.needs_restart.sort();
        reloaded.needs_restart.dedup();
        Ok(reloaded)
    }
}

/// The keys of a running service that differ and cannot change, as they are written.
fn restart_keys(started: &Config, new: &Config) -> Vec<String> {
    let (old_gateway, new_gateway) = (&started.gateway.razorpay, &new.gateway.razorpay);
    let secret = |secret: &Option<crate::config::values::SecretText>| {
        secret.as_ref().map(|text| text.expose().to_owned())
    };
    let rows = [
        ("data_dir", started.data_dir != new.data_dir),
        ("server.bind", started.server.bind != new.server.bind),
        (
            "server.public_url",
            started.server.public_url != new.server.public_url,
        ),
        ("log.engine", started.log.engine != new.log.engine),
        (
            "log.witness_path",
            started.log.witness_path != new.log.witness_path,
        ),
        ("audit.origin", started.audit.origin != new.audit.origin),
        (
            "checkout.gateway",
            started.checkout.gateway != new.checkout.gateway,
        ),
        (
            "gateway.sandbox.enabled",
            started.gateway.sandbox.enabled != new.gateway.sandbox.enabled,
        ),
        (
            "gateway.razorpay",
            secret(&old_gateway.key_id) != secret(&new_gateway.key_id)
                || secret(&old_gateway.key_secret) != secret(&new_gateway.key_secret)
                || old_gateway.base_url != new_gateway.base_url,
        ),
        ("catalog", started.catalog != new.catalog),
    ];
    let changed = rows.into_iter().filter(|(_, differs)| *differs);
    let mut keys: Vec<String> = changed.map(|(key, _)| key.to_owned()).collect();
    for (name, before) in &started.sources {
        let Some(after) = new.sources.get(name) else {
            keys.push(format!("sources.{name}"));
            continue;
        };
        if before.provider != after.provider {
            keys.push(format!("sources.{name}.provider"));
        }
        // What the key means is an event of its own, recorded at a start.
        if before.settings.get("customer_note") != after.settings.get("customer_note") {
            keys.push(format!("sources.{name}.customer_note"));
        }
    }
    keys
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn config(text: &str) -> Config {
        Config::parse("test.toml", text, std::iter::empty()).unwrap_or_default()
    }

    #[test]
    fn what_needs_a_restart_is_named_and_nothing_else() {
        let before = "[sources.a]\nprovider = 'razorpay'\nsecrets = [{ secret = 'one-secret' }]\n";
        let started = config(before);
        let other_secret = before.replace("one-secret", "two-secret");
        let rows = [
            (before.to_owned(), vec![]),
            (other_secret, vec![]),
            (format!("{before}[access]\ngrace_days = 9\n"), vec![]),
            (format!("{before}[log]\nmin_free_bytes = 9\n"), vec![]),
            (format!("{before}[server]\nlog_level = 'debug'\n"), vec![]),
            (
                format!("{before}[server]\nbind = '127.0.0.1:9'\n"),
                vec!["server.bind"],
            ),
            (format!("data_dir = 'x'\n{before}"), vec!["data_dir"]),
            (
                format!("{before}[gateway.razorpay]\nkey_secret = '12345678'\n"),
                vec!["gateway.razorpay"],
            ),
            (
                format!("{before}customer_note = 'x'\n"),
                vec!["sources.a.customer_note"],
            ),
            (
                before.replace("'razorpay'", "'stykite'"),
                vec!["sources.a.provider"],
            ),
            (String::new(), vec!["sources.a"]),
        ];
        for (text, keys) in rows {
            assert_eq!(restart_keys(&started, &config(&text)), keys, "{text}");
        }
    }
}
