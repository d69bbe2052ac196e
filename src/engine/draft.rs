//! A commit in the making: a state of its own, which is published whole or not at all.
//!
//! Short IDs mean the state before the batch; conditions, UUIDs and keys see the operations before
//! their own.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::engine::batch::Batch;
use crate::engine::clock::Minter;
use crate::engine::identify::{Identifier, identifier};
use crate::engine::operation::{Operation, Target};
use crate::engine::replay::{self, Operations};
use crate::engine::source::During;
use crate::engine::state::State;
use crate::error::{Error, ErrorKind, Result};
use crate::model::data_file::Format;
use crate::model::document::{Document, check_document_bytes};
use crate::model::time::Time;
use crate::query::{Filter, Source};

/// What an operation did.
pub(crate) enum Outcome {
    /// It was about one document.
    One(u32),
    /// It was about several documents.
    Several(Vec<u32>),
    /// These documents, as they were, have gone.
    Deleted(Vec<String>),
}

/// A commit in the making.
pub(crate) struct Draft {
    pub(super) before: State,
    pub(super) state: State,
    pub(super) minter: Minter,
    /// What the system's clock said when the commit began.
    system_time: Duration,
    pub(super) number: u64,
    document_bytes_max: usize,
    names: BTreeMap<String, u32>,
    pub(super) batch: Option<Batch>,
    pub(super) operations: Operations,
    pub(super) changed: bool,
    /// The file gets another form, which no record of the log can tell.
    pub(super) reforms: bool,
    pub(super) last_time: Option<Time>,
}

impl Draft {
    /// Begins the commit after `state`.
    pub(super) fn new(
        state: State,
        minter: Minter,
        system_time: Duration,
        document_bytes_max: usize,
    ) -> Draft {
        Draft {
            number: state.commit + 1,
            before: state.clone(),
            state,
            minter,
            system_time,
            document_bytes_max,
            names: BTreeMap::new(),
            batch: None,
            operations: Operations::default(),
            changed: false,
            reforms: false,
            last_time: None,
        }
    }

    /// Does one operation.
    ///
    /// # Errors
    /// Those of the writes; the draft is of no use then.
    pub(crate) fn run(&mut self, operation: Operation) -> Result<Outcome> {
        match operation {
            Operation::Add { document, name } => {
                let slot = self.add(&document)?;
                if let Some(name) = name {
                    self.name(name, slot)?;
                }
                Ok(Outcome::One(slot))
            }
            Operation::Update { target: Target::Id(id), patch, guard } => {
                let slot = self.resolve(&id)?;
                self.update(Some(&id), slot, &patch, guard)?;
                Ok(Outcome::One(slot))
            }
            Operation::Update { target, patch, guard } => {
                let slots = self.targets(&target)?;
                for &slot in &slots {
                    self.update(None, slot, &patch, guard)?;
                }
                Ok(Outcome::Several(slots))
            }
            Operation::Replace { id, document, guard } => {
                self.replace(&id, &document, guard).map(Outcome::One)
            }
            Operation::Delete { target, cascade, guard } => {
                let slots = self.targets(&target)?;
                let id = if let Target::Id(id) = &target { Some(id.as_str()) } else { None };
                for &slot in &slots {
                    self.check_guard(id, slot, guard)?;
                }
                self.delete(&slots, cascade).map(Outcome::Deleted)
            }
        }
    }

    fn name(&mut self, name: String, slot: u32) -> Result<()> {
        if self.names.contains_key(&name) {
            let message = format!("two operations are named '{name}'");
            return Err(Error::invalid(message).field("as").actual(name));
        }
        self.names.insert(name, slot);
        Ok(())
    }

    /// What conditions and IDs of this batch mean.
    fn view(&self) -> During<'_> {
        During { before: &self.before, now: &self.state, names: &self.names }
    }

    /// The document that an ID names in this batch.
    pub(super) fn resolve(&self, id: &str) -> Result<u32> {
        self.view().resolve(id)
    }

    fn targets(&self, target: &Target) -> Result<Vec<u32>> {
        match target {
            Target::Id(id) => Ok(vec![self.resolve(id)?]),
            Target::Ids(ids) => {
                let mut seen = BTreeSet::new();
                let mut slots = Vec::with_capacity(ids.len());
                for id in ids {
                    let slot = self.resolve(id)?;
                    if seen.insert(slot) {
                        slots.push(slot);
                    }
                }
                Ok(slots)
            }
            Target::Where(condition) => {
                let source = self.view();
                let filter = Filter::compile(condition, &source)?;
                let matching = self.state.slots().filter(|&slot| filter.matches(&source, slot));
                let mut slots: Vec<u32> = matching.collect();
                slots.sort_by_cached_key(|&slot| self.state.place(slot));
                Ok(slots)
            }
        }
    }

    /// The next time of the clock.
    pub(super) fn tick(&mut self) -> Time {
        let time = self.minter.time(self.system_time);
        self.last_time = Some(time);
        time
    }

    /// A UUID that no document has: another process with the same seed may have given the first.
    pub(super) fn uuid_at(&mut self, time: Time) -> uuid::Uuid {
        loop {
            let uuid = self.minter.uuid(time);
            if self.state.find_uuid(uuid.as_u128()).is_none() {
                return uuid;
            }
        }
    }

    /// Writes a document that was there before.
    pub(super) fn put(&mut self, slot: u32, mut document: Document, implied: u8) -> Result<()> {
        document.rev = self.number;
        let before = replay::digest(self.state.text(slot));
        let keys = self.state.change(slot, &mut document, implied);
        self.check(slot)?;
        self.state.check_unique(slot, &keys, &self.before)?;
        self.operations.put(&self.state, slot, Some(before))?;
        self.changed = true;
        Ok(())
    }

    /// Writes a new document.
    pub(super) fn put_new(&mut self, mut document: Document) -> Result<u32> {
        document.rev = self.number;
        if self.state.envelope.removal_of(document.uuid).is_some() {
            Arc::make_mut(&mut self.state.envelope).note_return(document.uuid);
        }
        let (slot, keys) = self.state.add(&mut document, 0);
        self.check(slot)?;
        self.state.check_unique(slot, &keys, &self.before)?;
        self.operations.put(&self.state, slot, None)?;
        self.changed = true;
        Ok(slot)
    }

    /// Checks a document that was just written.
    fn check(&self, slot: u32) -> Result<()> {
        if self.state.violating().contains(&slot) {
            let problems = self.state.document(slot)?.problems(&self.state.schema);
            if let Some(problem) = problems.into_iter().next() {
                return Err(self.must_mend(slot, problem));
            }
        }
        check_document_bytes(self.state.text(slot).len(), self.document_bytes_max)
    }

    fn delete(&mut self, slots: &[u32], cascade: bool) -> Result<Vec<String>> {
        let mut doomed: BTreeSet<u32> = slots.iter().copied().collect();
        if cascade {
            for &slot in slots {
                doomed.extend(self.state.forest().descendants(slot));
            }
        }
        for &slot in slots {
            let held = self.state.forest().children(slot).filter(|child| !doomed.contains(child));
            let count = held.count();
            if count > 0 {
                return Err(self.has_children(slot, count));
            }
        }
        let mut ordered: Vec<u32> = doomed.into_iter().collect();
        ordered.sort_by_cached_key(|&slot| self.state.place(slot));
        let deleted = ordered.iter().map(|&slot| {
            let mut text = String::new();
            self.state.write_output(slot, self.before.forest().id(slot).as_deref(), &mut text);
            text
        });
        let deleted: Vec<String> = deleted.collect();
        // Children stand behind their parents.
        for &slot in ordered.iter().rev() {
            let uuid = uuid::Uuid::from_u128(self.state.uuid(slot));
            Arc::make_mut(&mut self.state.envelope).note_removal(uuid, self.number);
            self.operations.delete(uuid, replay::digest(self.state.text(slot)));
            self.state.remove(slot);
        }
        if !ordered.is_empty() {
            self.changed = true;
            self.tick();
        }
        Ok(deleted)
    }

    fn has_children(&self, slot: u32, count: usize) -> Error {
        let shown = self.before.forest().id(slot).unwrap_or_else(|| self.state.uuid_text(slot));
        let noun = if count == 1 { "child" } else { "children" };
        Error::new(ErrorKind::HasChildren, format!("{shown} has {count} {noun}"))
            .id(shown)
            .actual(count.to_string())
            .hint(r#"delete them first, or delete with "cascade":true"#)
    }

    /// Goes on with `state`: the same documents under another schema.
    pub(super) fn take_over(&mut self, state: State) {
        self.operations.define(&state, replay::schema_digest(&self.state));
        self.state = state;
        self.changed = true;
        self.tick();
    }

    /// Lets the file have the form `format` from this commit on.
    pub(super) fn reform(&mut self, format: Format) {
        if self.state.envelope.format != format {
            Arc::make_mut(&mut self.state.envelope).format = format;
            (self.changed, self.reforms) = (true, true);
        }
    }

    /// Ends the batch: stamps what the file tells of its last commit.
    pub(super) fn finish(&mut self) {
        let time = self.last_time.unwrap_or_else(|| self.minter.time(self.system_time));
        let envelope = Arc::make_mut(&mut self.state.envelope);
        envelope.updated_at = Some(time.to_text());
        envelope.created_at.get_or_insert_with(|| time.to_text());
        self.state.commit = self.number;
    }

    /// The slot of the document that an upsert is about, if it is there.
    pub(super) fn find_for_replace(&self, id: &str) -> Result<Option<u32>> {
        match identifier(id) {
            Identifier::Key(key) => {
                crate::model::document::check_key(key)?;
                Ok(self.state.find_key(key))
            }
            Identifier::Uuid(uuid) => Ok(self.state.find_uuid(uuid)),
            Identifier::Short(_) | Identifier::Piece(_) => self.resolve(id).map(Some),
        }
    }

    /// The number of the commit this makes, or of the last one if it changes nothing.
    pub(crate) fn commit(&self) -> u64 {
        if self.changed { self.number } else { self.state.commit }
    }

    /// Does one operation and returns what calls do: the document, or the results.
    ///
    /// # Errors
    /// As [`Draft::run`].
    pub(crate) fn answer(&mut self, operation: Operation) -> Result<String> {
        let mut answer = String::new();
        match self.run(operation)? {
            Outcome::One(slot) => answer = self.state.output(slot),
            other => self.write_outcome(&other, &mut answer),
        }
        Ok(answer)
    }

    /// The results of a batch, in the order of its operations.
    pub(crate) fn write_outcome(&self, outcome: &Outcome, out: &mut String) {
        let documents = |slots: &[u32], out: &mut String| {
            for (index, &slot) in slots.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                let id = self.state.forest().id(slot).filter(|_| self.state.is_live(slot));
                self.state.write_output(slot, id.as_deref(), out);
            }
        };
        match outcome {
            Outcome::One(slot) => {
                out.push_str(r#"{"document":"#);
                documents(&[*slot], out);
                out.push('}');
            }
            Outcome::Several(slots) => {
                out.push_str(r#"{"documents":["#);
                documents(slots, out);
                out.push_str("]}");
            }
            Outcome::Deleted(texts) => {
                out.push_str(r#"{"deleted":["#);
                out.push_str(&texts.join(","));
                out.push_str("]}");
            }
        }
    }
}
