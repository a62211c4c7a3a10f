//! Folding what the store holds although this writer did not see it land: after a fault, or after
//! another writer's turn. Checks it as strictly as a start does.

use super::commit::Committer;
use crate::eventlog::engine::Fault;
use crate::eventlog::record::RecordDamage;

impl<M> Committer<M> {
    /// Folds what the store holds beyond what was folded.
    pub(super) fn catch_up(&mut self) -> Result<(), Fault> {
        let tail = self.engine.last()?;
        let lost = |what: &str| Fault::ReadOnly(what.to_owned());
        if tail.last_seq < self.head.seq() {
            return Err(lost("the store has lost acknowledged events"));
        }
        while self.head.seq() < tail.last_seq {
            let seq = self.head.seq().saturating_add(1);
            let page = self.engine.read(seq)?;
            let page = page.ok_or_else(|| lost("the store has a gap before its end"))?;
            let mut peaks = self.head.peaks.clone();
            let mut records = Vec::new();
            for (seq, record) in page.records() {
                let what = |error: RecordDamage| error.to_string();
                let record = record.map_err(|e| Fault::Damaged { seq, what: what(e) })?;
                peaks.push(record.leaf());
                records.push(record);
            }
            if page.first_seq() != seq || &peaks != page.peaks() {
                return Err(lost("the store's new end does not continue its log"));
            }
            let mut recorded_at = self.head.recorded_at;
            for record in &records {
                let content = self.fold.content_of(record);
                self.identities
                    .insert(record.identity(), content, record.seq());
                recorded_at = recorded_at.max(record.recorded_at());
                self.fold.recovered(record);
            }
            self.stamper.not_before(recorded_at);
            self.advance(&page, recorded_at);
        }
        Ok(())
    }
}
