//! Opening a stopped store to look at it: what `replay` and `verify` share.

use super::{Common, Failure};
use crate::app::{self, Acceptance};
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;
use crate::config::schema::EngineName;
use crate::eventlog::{self, OpenOptions, Opened, Purpose, Witness};

/// Opens the configured store for reading. What would keep `serve` from starting and can be
/// looked past is printed as a warning; a store that is too short only where it is accepted.
pub(super) fn inspect(common: &Common, accept: Acceptance) -> Result<(Config, Opened), Failure> {
    let config = common.load()?;
    if config.log.engine == EngineName::Memory {
        return Err(
            "a log in memory ends with its process; set `engine = \"sled\"` in [log]".into(),
        );
    }
    let opened = eventlog::open(&options(&config, accept), SystemClock.now())?;
    for warning in &opened.warnings {
        eprintln!("subledger: {warning}");
    }
    Ok((config, opened))
}

/// What the log's witness remembers, also of a store that does not open.
pub(super) fn witness(common: &Common) -> Result<Option<Witness>, Failure> {
    Ok(Witness::read(
        &options(&common.load()?, Acceptance::default()).witness_path(),
    )?)
}

fn options(config: &Config, accept: Acceptance) -> OpenOptions {
    app::log_options(config, accept, Purpose::Inspect)
}
