//! `subledger replay`: fold the log again and compare.

use std::io;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::remote::Remote;
use super::{Common, Failure, Output, output, store};
use crate::app::Acceptance;
use crate::domain::state::{CustomerNotes, State};
use crate::domain::time::Timestamp;
use crate::ledger::{Keepsake, Refold, Replayed, Step, Until, fields_that_differ};

/// Fold the stopped log from its first event and compare with what was kept at the last stop; with
/// --url, fold a running service's log beside its live state and compare the two.
///
/// The state is a pure function of the log, so a full replay must arrive at the very state that
/// was served. With --until or --source it folds a part, and there is nothing to compare with.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    subledger replay\n  \
    subledger replay --until 2027-03-31T23:59:59Z --customer user_42\n  \
    subledger replay --customer user_42 --diff\n  \
    subledger replay --url https://ledger.example.com --key sl_…\n\
    Exit codes: 0 identical, or nothing to compare with; 1 different: each difference is printed; \
    2 it could not run.")]
pub(super) struct Replay {
    /// Fold no event after this sequence number, or none recorded after this time (RFC 3339)
    #[arg(long, value_name = "SEQ|TIME", value_parser = until)]
    until: Option<Until>,
    /// Print this customer as the replay sees it, by any id
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Fold only this source's events
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// With --customer: print what each of the customer's events changed
    #[arg(long, requires = "customer")]
    diff: bool,
    /// A running service, instead of the stopped store
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// The key to ask it with, of scope audit [default: SUBLEDGER_ADMIN_KEY]
    #[arg(long, value_name = "KEY", requires = "url")]
    key: Option<String>,
}

fn until(text: &str) -> Result<Until, String> {
    let seq = text.parse().map(Until::Seq).ok();
    let time = || Timestamp::parse(text).map(Until::Time);
    seq.or_else(time)
        .ok_or_else(|| "write a sequence number, or a time like 2027-03-31T23:59:59Z".into())
}

#[derive(Serialize)]
struct Report {
    events: u64,
    last_seq: u64,
    seconds: f64,
    digest: String,
    /// Absent where there was nothing to compare with.
    identical: Option<bool>,
    compared_with: String,
    differences: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    steps: Vec<Step>,
}

impl From<Replayed> for Report {
    fn from(found: Replayed) -> Self {
        let told = found.differences.into_iter().map(|each| {
            let place = each
                .field
                .map(|field| format!(" {field}"))
                .unwrap_or_default();
            let (live, replayed) = (each.live, each.replayed);
            format!(
                "{} {}{place}: live {live}, replayed {replayed}",
                each.kind, each.id
            )
        });
        let more = found.differences_left_off;
        let more = (more > 0).then(|| format!("and {more} more"));
        Self {
            events: found.events,
            last_seq: found.until_seq,
            seconds: found.seconds,
            digest: found.digest,
            identical: found.identical,
            compared_with: found.compared_with,
            differences: told.chain(more).collect(),
            customer: found.customer,
            steps: found.steps,
        }
    }
}

impl Replay {
    pub(super) fn run(self, common: &Common) -> Result<ExitCode, Failure> {
        let report = match &self.url {
            Some(url) => self.ask(&Remote::new(url, self.key.as_deref())?)?,
            None => self.fold(common)?,
        };
        match common.output {
            Output::Json => output::json(&report)?,
            Output::Text => print(&report)?,
        }
        Ok(if report.identical == Some(false) {
            ExitCode::from(1)
        } else {
            ExitCode::SUCCESS
        })
    }

    /// Has a running service fold its log beside its live state.
    fn ask(&self, remote: &Remote) -> Result<Report, Failure> {
        let until = self.until.map(|until| match until {
            Until::Seq(seq) => json!(seq),
            Until::Time(time) => json!(time),
        });
        let given = [
            ("until", until),
            ("customer", self.customer.as_ref().map(|id| json!(id))),
            ("source", self.source.as_ref().map(|name| json!(name))),
            ("diff", self.diff.then_some(Value::Bool(true))),
        ];
        let given = given.into_iter();
        let question: Map<String, Value> = given
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        let lines = remote.post_lines("/v1/audit/replay", &question.into())?;
        let bar = output::progress(0, "replaying");
        let last = lines.last(|so_far| {
            let number = |name| so_far.get(name).and_then(Value::as_u64);
            bar.set_length(number("of").unwrap_or(0));
            bar.set_position(number("folded").unwrap_or(0));
        })?;
        bar.finish_and_clear();
        Ok(serde_json::from_value::<Replayed>(last)?.into())
    }

    fn fold(&self, common: &Common) -> Result<Report, Failure> {
        let (config, opened) = store::inspect(common, Acceptance::default())?;
        let refold = self.selection();
        let bar = output::progress(opened.engine.last()?.last_seq, "replaying");
        let begun = Instant::now();
        let mut events = 0_u64;
        let state = refold.state(&*opened.engine, CustomerNotes::new(), |stored| {
            events += 1;
            bar.set_position(stored.record.seq());
        })?;
        let seconds = begun.elapsed().as_secs_f64();
        bar.finish_and_clear();
        let kept = Keepsake::read(&config.data_dir.join(Keepsake::FILE_NAME));
        let replayed = Keepsake::of(&state);
        let replayed_to_kept = match &kept {
            Ok(Some(kept)) if kept.seq < replayed.seq && self.until.is_none() => {
                let until_kept = Refold {
                    until_seq: Some(kept.seq),
                    ..self.selection()
                };
                let notes = state.configured_notes();
                Some(Keepsake::of(&until_kept.state(
                    &*opened.engine,
                    notes,
                    |_| {},
                )?))
            }
            _ => None,
        };
        let (compared_with, differences) =
            self.compare(kept, replayed_to_kept.as_ref().unwrap_or(&replayed));
        let (customer, steps) = match &self.customer {
            None => (None, Vec::new()),
            Some(id) => {
                let view = state.customer(id, None);
                let view = view.ok_or_else(|| format!("the replay knows no customer `{id}`"))?;
                let steps = if self.diff {
                    self.steps(id, &state, &opened.engine)?
                } else {
                    vec![]
                };
                (Some(serde_json::to_value(view)?), steps)
            }
        };
        Ok(Report {
            events,
            last_seq: replayed.seq,
            seconds,
            digest: replayed.digest(),
            identical: differences.as_ref().map(Vec::is_empty),
            compared_with,
            differences: differences.unwrap_or_default(),
            customer,
            steps,
        })
    }

    fn selection(&self) -> Refold {
        let (until_seq, until) = match self.until {
            None => (None, None),
            Some(Until::Seq(seq)) => (Some(seq), None),
            Some(Until::Time(time)) => (None, Some(time)),
        };
        Refold {
            after: 0,
            until_seq,
            until,
            source: self.source.clone(),
        }
    }

    /// What the replay is compared with, and each difference; none where it cannot be compared.
    fn compare(
        &self,
        kept: io::Result<Option<Keepsake>>,
        replayed: &Keepsake,
    ) -> (String, Option<Vec<String>>) {
        let kept = match kept {
            Ok(Some(kept)) => kept,
            Ok(None) => {
                let why = "no state was kept: there was no clean stop, or the state was too large \
                           to be kept within its time";
                return (format!("nothing: {why}"), None);
            }
            Err(error) => {
                let why = format!("{} cannot be read: {error}", Keepsake::FILE_NAME);
                return (format!("nothing: {why}"), None);
            }
        };
        if self.source.is_some() {
            return ("nothing: only one source was folded".into(), None);
        }
        if kept.fold_version != replayed.fold_version {
            let versions = (kept.fold_version, replayed.fold_version);
            let why = format!(
                "kept by fold version {}, this is {}",
                versions.0, versions.1
            );
            return (format!("nothing: the state was {why}"), None);
        }
        if kept.seq != replayed.seq {
            let seqs = (kept.seq, replayed.seq);
            return (
                format!("nothing: kept at {}, replayed to {}", seqs.0, seqs.1),
                None,
            );
        }
        let found = kept.differences(replayed);
        let found = found.iter().map(ToString::to_string).collect();
        (format!("the state kept at {}", kept.seq), Some(found))
    }

    /// Folds once more, looking at the customer before and after each of its events.
    fn steps(
        &self,
        id: &str,
        known: &State,
        engine: &std::sync::Arc<dyn crate::eventlog::Engine>,
    ) -> Result<Vec<Step>, Failure> {
        let wanted = known.customer_events(id).unwrap_or_default();
        let mut state = State::new(known.configured_notes());
        let mut before = Value::Null;
        let mut steps = Vec::new();
        self.selection().walk(&**engine, |stored| {
            crate::ledger::fold(&mut state, stored);
            if wanted.binary_search(&stored.record.seq()).is_err() {
                return;
            }
            let view = state.customer(id, None);
            let after = view
                .and_then(|view| serde_json::to_value(view).ok())
                .unwrap_or_default();
            let changed = fields_that_differ(&before, &after).into_iter();
            let changed = changed.map(|(field, old, new)| format!("{field}: {old} -> {new}"));
            let event_type = stored.meaning.event_type.as_deref().map(str::to_owned);
            steps.push(Step {
                seq: stored.record.seq(),
                event_type,
                changed: changed.collect(),
            });
            before = after;
        })?;
        Ok(steps)
    }
}

fn print(report: &Report) -> Result<(), Failure> {
    for step in &report.steps {
        say!(
            "{}  {}",
            step.seq,
            step.event_type.as_deref().unwrap_or("-")
        )?;
        for line in &step.changed {
            say!("    {line}")?;
        }
    }
    if let Some(customer) = &report.customer {
        say!("{}", serde_json::to_string_pretty(customer)?)?;
    }
    for difference in &report.differences {
        say!("different  {difference}")?;
    }
    let verdict = match report.identical {
        Some(true) => "identical",
        Some(false) => "DIFFERENT",
        None => "folded",
    };
    say!(
        "{verdict}: {} events in {:.2} s, digest {}",
        report.events,
        report.seconds,
        report.digest
    )?;
    say!("compared with {}", report.compared_with)?;
    Ok(())
}
