//! What a commit writes to the log, and what it means when it is read again.
//!
//! A record holds after-images: the text of each document as the commit left it, in the order of
//! the changes, with a digest of the text before it (`was`; none: there was no document). On the
//! state that the commit was made on, replaying gives exactly the state that it made. On any other
//! (a person edited the file while the log was waiting) an operation holds only where it finds what
//! it expects; the others are handed back.

use std::fmt::Write as _;
use std::sync::Arc;

use uuid::Uuid;
use xxhash_rust::xxh3::xxh3_64;

use crate::engine::state::State;
use crate::error::{Error, ErrorKind, Result};
use crate::model::document::{Document, push_uuid};
use crate::model::json::{JsonText, Parser, parse};
use crate::model::schema::Schema;
use crate::storage::{Body, LeftOver, Record};

/// The collection that every store has.
const COLLECTION: &str = "documents";

/// The operations of a commit in the making, for its record.
#[derive(Clone, Debug, Default)]
pub(super) struct Operations(String);

impl Operations {
    /// A document is now what `state` holds in `slot`, and was `before`.
    pub(super) fn put(&mut self, state: &State, slot: u32, before: Option<u64>) -> Result<()> {
        self.begin("put");
        if state.implied(slot) == 0 {
            self.0.push_str(state.text(slot));
        } else {
            state.file_document(slot)?.write(&mut self.0);
        }
        self.end(before);
        Ok(())
    }

    /// A document is gone, and was `before`.
    pub(super) fn delete(&mut self, uuid: Uuid, before: u64) {
        self.begin("del");
        self.0.push('"');
        push_uuid(uuid, &mut self.0);
        self.0.push('"');
        self.end(Some(before));
    }

    /// The schema is now that of `state`, and was `before`.
    pub(super) fn define(&mut self, state: &State, before: Option<u64>) {
        self.begin("schema");
        state.schema.source.write(&mut self.0);
        self.end(before);
    }

    /// The JSON array.
    pub(super) fn into_text(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('[');
        }
        self.0.push(']');
        self.0
    }

    fn begin(&mut self, verb: &str) {
        let before = if self.0.is_empty() { '[' } else { ',' };
        // Writing to a text cannot fail.
        let _ = write!(self.0, r#"{before}{{"c":"{COLLECTION}","{verb}":"#);
    }

    fn end(&mut self, before: Option<u64>) {
        if let Some(before) = before {
            let _ = write!(self.0, r#","was":"{before:016x}""#);
        }
        self.0.push('}');
    }
}

/// The digest by which an operation knows the text that it replaces.
pub(super) fn digest(text: &str) -> u64 {
    xxh3_64(text.as_bytes())
}

/// The digest of the schema that a state has stored.
pub(super) fn schema_digest(state: &State) -> Option<u64> {
    state.envelope.schema.as_ref().map(|schema| digest(&schema.to_text()))
}

/// Puts the commits of a log on top of a state.
pub(super) struct Replay {
    merge: bool,
    held: u64,
    left: String,
}

/// One operation of a record.
#[derive(Default)]
struct Step<'a> {
    put: Option<JsonText<'static>>,
    delete: Option<&'a str>,
    schema: Option<&'a str>,
    was: Option<u64>,
}

impl Replay {
    /// `merge`: the state is not the one that the log was made for.
    pub(super) fn new(merge: bool) -> Replay {
        Replay { merge, held: 0, left: String::new() }
    }

    /// Replays one record.
    ///
    /// # Errors
    /// CORRUPT when an operation cannot be read although its checksum is right.
    pub(super) fn run(&mut self, state: &mut State, record: &Record) -> Result<()> {
        // A checkpoint that came to nothing has its number all the same.
        state.commit = state.commit.max(record.seq);
        let Body::Operations(operations) = &record.body else { return Ok(()) };
        self.steps(state, operations, record.seq).map_err(|error| {
            if error.kind() == ErrorKind::TooNew {
                return error.hint("use the newer library that wrote it");
            }
            let message = format!("commit {} of the log cannot be read: {error}", record.seq);
            error.with_kind(ErrorKind::Corrupt).named("LOG_DAMAGED").with_message(message)
        })?;
        let envelope = Arc::make_mut(&mut state.envelope);
        envelope.updated_at = Some(record.time.clone());
        envelope.created_at.get_or_insert_with(|| record.time.clone());
        Ok(())
    }

    /// What found no place; None when everything did.
    pub(super) fn into_left_over(self) -> Option<LeftOver> {
        match self.held {
            _ if self.left.is_empty() => None,
            0 => Some(LeftOver::All(self.left)),
            _ => Some(LeftOver::Some(self.left)),
        }
    }

    fn steps(&mut self, state: &mut State, operations: &str, seq: u64) -> Result<()> {
        let mut parser = Parser::new(operations);
        parser.array(&mut |parser| {
            let start = parser.offset();
            let step = Step::read(parser)?;
            if self.step(state, &step, seq)? {
                self.held += 1;
            } else {
                self.left.push_str(operations.get(start..parser.offset()).unwrap_or_default());
                self.left.push('\n');
            }
            Ok(())
        })?;
        // The checksum is right: a later version has put it there.
        parser.end().map_err(|_| unreadable("something behind its operations"))
    }

    /// Does one operation; false when it does not fit here.
    fn step(&self, state: &mut State, step: &Step<'_>, seq: u64) -> Result<bool> {
        if let Some(document) = &step.put {
            return self.put(state, document, step.was);
        }
        if let Some(uuid) = step.delete {
            return Ok(self.delete(state, uuid, step.was, seq));
        }
        let Some(schema) = step.schema else { return Err(unreadable("an operation")) };
        if self.merge && schema_digest(state) != step.was {
            return Ok(false);
        }
        let schema = Schema::from_file(&parse(schema)?)?;
        *state = state.with_schema(Arc::new(schema))?;
        Ok(true)
    }

    fn put(&self, state: &mut State, text: &JsonText<'_>, was: Option<u64>) -> Result<bool> {
        let mut document = Document::from_stored(text.as_text())?;
        let implied = document.complete(&state.schema);
        let slot = state.find_uuid(document.uuid.as_u128());
        if self.merge && slot.map(|slot| digest(state.text(slot))) != was {
            // It may be in the file already.
            let mut completed = String::new();
            document.write(&mut completed);
            return Ok(slot.is_some_and(|slot| state.text(slot) == completed));
        }
        if state.envelope.removal_of(document.uuid).is_some() {
            Arc::make_mut(&mut state.envelope).note_return(document.uuid);
        }
        match slot {
            Some(slot) => drop(state.change(slot, &mut document, implied)),
            None => drop(state.add(&mut document, implied)),
        }
        Ok(true)
    }

    fn delete(&self, state: &mut State, uuid: &str, was: Option<u64>, seq: u64) -> bool {
        let Ok(uuid) = Uuid::try_parse(uuid) else { return false };
        let Some(slot) = state.find_uuid(uuid.as_u128()) else { return true };
        let is_other = Some(digest(state.text(slot))) != was;
        // A document that has got children since is not taken from above them.
        if self.merge && is_other || state.forest().has_children(slot) {
            return false;
        }
        Arc::make_mut(&mut state.envelope).note_removal(uuid, seq);
        state.remove(slot);
        true
    }
}

impl<'a> Step<'a> {
    fn read(parser: &mut Parser<'a>) -> Result<Step<'a>> {
        let mut step = Step::default();
        parser.object(&mut |parser, name| {
            if name == "put" {
                step.put = Some(JsonText::next(parser)?);
                return Ok(());
            }
            let raw = parser.raw_value()?;
            match &*name {
                "del" => step.delete = Some(raw.trim_matches('"')),
                "schema" => step.schema = Some(raw),
                "was" => {
                    let was = u64::from_str_radix(raw.trim_matches('"'), 16);
                    step.was = Some(was.map_err(|_| unreadable("a digest"))?);
                }
                "c" if raw.trim_matches('"') == COLLECTION => {}
                "c" => return Err(unreadable(&format!("the collection {raw}"))),
                other => return Err(unreadable(&format!("the operation '{other}'"))),
            }
            Ok(())
        })?;
        Ok(step)
    }
}

#[cold]
fn unreadable(what: &str) -> Error {
    let message = format!("the log has {what}, which this version of the library does not know");
    Error::new(ErrorKind::TooNew, message)
}
