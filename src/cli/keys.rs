//! `subledger keys`: make, list and revoke keys, on a stopped store or a running service.

use std::process::ExitCode;
use std::sync::Arc;

use clap::builder::PossibleValue;
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::remote::Remote;
use super::{Common, Failure, Output, env, output};
use crate::app::{self, Acceptance, Till};
use crate::clock::SystemClock;
use crate::config::schema::EngineName;
use crate::domain::key::{KeyId, Scope};
use crate::http::customer_id;
use crate::ledger::{Actor, Ledger, NewKey, Request};

/// Every page of a list has this many.
const LIST_LIMIT: usize = 200;

/// Make, list and revoke keys.
///
/// Works on the stopped store of the configuration; or, with --url and the admin key, on a running
/// service. Making and revoking are events in the log. A key is shown once; only its SHA-256 is
/// kept.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    subledger keys create --label billing-ui --scope read\n  \
    subledger keys create --label app --scope client --customer user_42\n  \
    SUBLEDGER_ADMIN_KEY=… subledger keys list --url http://127.0.0.1:8080\n  \
    subledger keys revoke KEY-0MSC9073DVBTK --url https://ledger.example.com --key sl_…\n\
    Exit codes: 0 done; 1 refused, or it could not be done; 2 wrong usage.")]
pub(super) struct Keys {
    /// A running service, instead of the stopped store
    #[arg(long, global = true, value_name = "URL")]
    url: Option<String>,
    /// The key to ask it with [default: SUBLEDGER_ADMIN_KEY]
    #[arg(long, global = true, value_name = "KEY", requires = "url")]
    key: Option<String>,
    #[command(subcommand)]
    act: Act,
}

#[derive(Subcommand)]
enum Act {
    /// Make a key and print it, this once
    Create {
        /// What to call it: who has it, and what for
        #[arg(long)]
        label: String,
        /// What it may do
        #[arg(long)]
        scope: Scope,
        /// With scope client: the only customer it may ask about, by any id
        #[arg(long, value_name = "ID")]
        customer: Option<String>,
    },
    /// List the keys that are not revoked, newest first
    List,
    /// Revoke a key, for ever
    Revoke {
        /// As `list` shows it, KEY-…
        #[arg(value_name = "ID")]
        id: String,
    },
}

impl clap::ValueEnum for Scope {
    fn value_variants<'a>() -> &'a [Self] {
        &Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()))
    }
}

impl Keys {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, Failure> {
        let answer = match &self.url {
            Some(url) => self.act.ask(&Remote::new(url, self.key.as_deref())?)?,
            None => self.act.on_store(common)?,
        };
        match (common.output, &self.act) {
            (Output::Json, _) => output::json(&answer)?,
            (Output::Text, Act::Create { .. }) => {
                say!("id     {}", word(&answer, "id"))?;
                say!("key    {}", word(&answer, "key"))?;
                say!("Keep the key now: it is not shown again.")?;
            }
            (Output::Text, Act::List) => print(&answer)?,
            (Output::Text, Act::Revoke { id }) => say!("{id} is revoked")?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Act {
    fn ask(&self, remote: &Remote) -> Result<Value, Failure> {
        match self {
            Self::Create {
                label,
                scope,
                customer,
            } => {
                let body = json!({"label": label, "scope": scope, "customer": customer});
                remote.post("/v1/keys", &body)
            }
            Self::List => {
                let mut all = Vec::new();
                let mut path = format!("/v1/keys?limit={LIST_LIMIT}");
                loop {
                    let mut page = remote.get(&path)?;
                    if let Some(Value::Array(data)) = page.get_mut("data").map(Value::take) {
                        all.extend(data);
                    }
                    match page.get("next_cursor").and_then(Value::as_str) {
                        Some(next) => path = format!("/v1/keys?limit={LIST_LIMIT}&cursor={next}"),
                        None => return Ok(Value::Array(all)),
                    }
                }
            }
            Self::Revoke { id } => {
                let id = parsed(id)?;
                remote.delete(&format!("/v1/keys/{id}"))?;
                Ok(json!({"id": id, "revoked": true}))
            }
        }
    }

    fn on_store(&self, common: &Common) -> Result<Value, Failure> {
        let config = common.load()?;
        if config.log.engine == EngineName::Memory {
            return Err(
                "a log in memory ends with its process; ask the running service with --url".into(),
            );
        }
        let accept = Acceptance::default();
        let opened = app::open_ledger(
            &config,
            accept,
            Arc::new(SystemClock),
            &env,
            Till::default(),
        )?;
        let time = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()?;
        let done = time.block_on(self.on_ledger(&opened.ledger));
        opened.ledger.stop();
        done
    }

    async fn on_ledger(&self, ledger: &Ledger) -> Result<Value, Failure> {
        match self {
            Self::Create {
                label,
                scope,
                customer,
            } => {
                let customer = customer.as_deref().map(customer_id);
                let wanted = NewKey::new(label, *scope, customer.as_deref())?;
                let made = ledger.create_key(wanted, Request::of(Actor::Operator));
                let made = made.await?;
                let key = made.text.as_ref().map(crate::ledger::KeyText::expose);
                let view = &made.view;
                Ok(json!({
                    "id": view.id, "label": view.label, "scope": view.scope,
                    "customer": view.customer, "key": key,
                }))
            }
            Self::List => Ok(serde_json::to_value(
                ledger.keys(None, usize::MAX).value.data,
            )?),
            Self::Revoke { id } => {
                let id = parsed(id)?;
                if !ledger.revoke_key(id, Actor::Operator).await? {
                    return Err(
                        format!("there is no key {id}; `subledger keys list` shows them").into(),
                    );
                }
                Ok(json!({"id": id, "revoked": true}))
            }
        }
    }
}

fn parsed(id: &str) -> Result<KeyId, Failure> {
    let wrong = || format!("`{id}` is no key's id; `subledger keys list` shows them, as KEY-…");
    KeyId::parse(id).ok_or_else(|| wrong().into())
}

fn word<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer.get(name).and_then(Value::as_str).unwrap_or("-")
}

fn print(keys: &Value) -> std::io::Result<()> {
    let columns = [
        "id",
        "scope",
        "customer",
        "created_at",
        "created_by",
        "label",
    ];
    let rows: Vec<Vec<String>> = keys
        .as_array()
        .into_iter()
        .flatten()
        .map(|key| columns.map(|name| word(key, name).to_owned()).to_vec())
        .collect();
    if rows.is_empty() {
        return say!("no keys besides the admin key");
    }
    let head = ["ID", "SCOPE", "CUSTOMER", "CREATED", "BY", "LABEL"];
    output::table(&head, &rows)
}
