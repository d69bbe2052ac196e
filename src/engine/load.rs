//! From the bytes of a store to a state, and back.

use std::collections::BTreeSet;
use std::sync::Arc;

use uuid::Uuid;

use crate::engine::parents;
use crate::engine::state::State;
use crate::engine::state::gathered::{Gathered, TwoOfOneUuid};
use crate::error::{Error, ErrorKind, Result};
use crate::ids::forest::Parent;
use crate::ids::numbering::Highest;
use crate::model::data_file::{self, Canonical, Envelope, Read, Reader, Writer};
use crate::model::json::{Number, Object, Value, cut, line_column};
use crate::model::merge_conflict;
use crate::model::schema::{Numbering, Schema};

/// The name of the error about a stored schema that breaks the rules.
pub(super) const BROKEN_SCHEMA: &str = "BROKEN_SCHEMA";

/// Reads the bytes of a store. `schema` overrides the stored one.
///
/// # Errors
/// CORRUPT with line and column, also for a stored schema that breaks the rules; TOONEW, LIMIT.
pub(super) fn read(image: &[u8], schema: Option<Arc<Schema>>, commit_floor: u64) -> Result<State> {
    let text = merge_conflict::resolve(data_file::text(image)?);
    let mut loading = Loading { gathered: None, schema, offsets: Vec::new(), new: BTreeSet::new() };
    let envelope = data_file::read(&text, &mut loading);
    // What is wrong with a document comes before what is wrong behind it.
    let new = std::mem::take(&mut loading.new);
    let mut state = loading.into_state(&text)?;
    let envelope = envelope?;
    let unresolved = envelope.unresolved.clone();
    state.commit = state.commit.max(envelope.commit).max(commit_floor);
    state.envelope = Arc::new(envelope);
    number_stably(&mut state, None)?;
    parents::settle(&mut state, &new, &unresolved)?;
    state.declare_indexes().map_err(broken_schema)?;
    Ok(state)
}

/// A state in the making.
struct Loading {
    /// None until the schema of the documents is known.
    gathered: Option<Gathered>,
    /// The schema instead of the stored one.
    schema: Option<Arc<Schema>>,
    /// Where the documents begin, by their slots.
    offsets: Vec<usize>,
    /// The documents that have no UUID in the file.
    new: BTreeSet<u32>,
}

impl Reader for Loading {
    fn schema(&mut self, envelope: &Envelope) -> Result<Arc<Schema>> {
        let schema = match &self.schema {
            Some(schema) => Arc::clone(schema),
            None => Arc::new(stored_schema(envelope)?),
        };
        self.gathered = Some(Gathered::new(Arc::clone(&schema)));
        Ok(schema)
    }

    fn document(&mut self, document: Read<'_>, offset: usize) -> Result<()> {
        let Some(gathered) = &mut self.gathered else { return Ok(()) };
        match document {
            Read::Canonical(Canonical { head, text }) => gathered.add(&head, text),
            Read::Free(mut document) => gathered.add_free(&mut document),
            Read::New(mut document) => {
                self.new.insert(self.offsets.len() as u32);
                gathered.add_free(&mut document);
            }
        }
        self.offsets.push(offset);
        Ok(())
    }
}

impl Loading {
    fn into_state(self, text: &str) -> Result<State> {
        let Some(gathered) = self.gathered else { return Ok(State::new(Arc::default())) };
        gathered.into_state().map_err(|TwoOfOneUuid { uuid, first, second }| {
            let offset = |slot| self.offsets.get(slot as usize).copied().unwrap_or_default();
            two_of_one_uuid(text, uuid, offset(first), offset(second))
        })
    }
}

/// Gives what a person edited the revision `rev`: the documents that differ from the last known
/// state, or all of them when none is known.
pub(super) fn mark_edit(state: &mut State, rev: u64, known: Option<&State>) -> Result<()> {
    // After a power cut the header may be older than the file, which then speaks for itself.
    let is_newer = state.envelope.commit >= rev;
    if !is_newer && mark_edited(state, rev, known)? {
        state.commit = state.commit.max(rev);
    }
    Ok(())
}

fn stored_schema(envelope: &Envelope) -> Result<Schema> {
    let Some(schema) = &envelope.schema else { return Ok(Schema::default()) };
    Schema::from_file(schema).map_err(broken_schema)
}

fn broken_schema(error: Error) -> Error {
    let message = format!(
        "the schema kept in the file breaks the rules: {error}; mend it there, or open with a \
         schema, which replaces it"
    );
    error
        .within("metadata.schema")
        .with_kind(ErrorKind::Corrupt)
        .named(BROKEN_SCHEMA)
        .with_message(message)
}

fn two_of_one_uuid(text: &str, uuid: Uuid, first: usize, second: usize) -> Error {
    let ((first, _), (second, _)) = (line_column(text, first), line_column(text, second));
    Error::new(
        ErrorKind::Corrupt,
        format!(
            "the documents in line {first} and line {second} have the same UUID; take one of them \
             out, or its uuid and it becomes a document of its own"
        ),
    )
    .named("DUPLICATE_UUID")
    .at(second, 1)
    .actual(uuid.hyphenated().to_string())
}

/// Gives the documents of an edited file the revision `rev`, but for those that `known` holds just
/// so: these keep the revision they have there. Returns whether anything was edited.
fn mark_edited(state: &mut State, rev: u64, known: Option<&State>) -> Result<bool> {
    note_removals(state, rev, known);
    let mut edited = known.is_none_or(|known| known.len() != state.len());
    let slots: Vec<u32> = state.slots().collect();
    for slot in slots {
        let before = known.and_then(|known| Some((known, known.find_uuid(state.uuid(slot))?)));
        let mut document = state.document(slot)?;
        let mut text = String::new();
        if let Some((known, old)) = before {
            document.rev = known.rev(old);
            document.write(&mut text);
        }
        if before.is_none_or(|(known, old)| known.text(old) != text) {
            document.rev = rev;
            edited = true;
        }
        if document.rev != state.rev(slot) {
            let implied = state.implied(slot);
            state.change(slot, &mut document, implied);
        }
    }
    Ok(edited)
}

/// Notes which documents of the last known state an edit took out; without one, nobody knows.
fn note_removals(state: &mut State, rev: u64, known: Option<&State>) {
    let Some(known) = known else {
        return Arc::make_mut(&mut state.envelope).forget_removals(rev);
    };
    let gone = known.slots().map(|slot| known.uuid(slot));
    let gone: Vec<u128> = gone.filter(|uuid| state.find_uuid(*uuid).is_none()).collect();
    for uuid in gone {
        let uuid = Uuid::from_u128(uuid);
        if !state.envelope.has_removed(uuid) {
            Arc::make_mut(&mut state.envelope).note_removal(uuid, rev);
        }
    }
}

/// Gives the numbers of stable numbering to a state whose documents are all in. `old` is the state
/// whose memory of numbers it takes over; without one, that of its own file.
pub(super) fn number_stably(state: &mut State, old: Option<&State>) -> Result<()> {
    if state.schema.numbering != Numbering::Stable {
        return Ok(());
    }
    let mut highest = Highest::new();
    let mut claims = std::collections::BTreeMap::new();
    for slot in state.slots() {
        let parent = match state.forest().parent(slot) {
            Parent::Root => None,
            Parent::Slot(parent) => Some(parent),
            Parent::Missing(_) => continue,
        };
        for (prefix, _) in state.document(slot)?.numbers.iter() {
            let number = state.document(slot)?.number(prefix);
            let entry = highest.entry((parent, prefix.clone())).or_insert(0);
            *entry = number.max(*entry);
            claims.insert((slot, prefix.clone()), number);
        }
    }
    let remembered = match old {
        Some(old) if old.forest().numbers_stay() => remembered(old),
        _ => old.unwrap_or(state).envelope.numbers.clone(),
    };
    remember(state, &remembered, &mut highest);
    let claim =
        |slot, prefix: &str| claims.get(&(slot, prefix.to_owned())).copied().unwrap_or_default();
    let assigned = state.forest_mut().number_stably(highest, &claim);
    for (slot, number) in assigned {
        let Some(prefix) = state.forest().number(slot).map(|(prefix, _)| prefix.to_owned()) else {
            continue;
        };
        let mut document = state.document(slot)?;
        document.set_number(prefix, number);
        let mut text = String::new();
        document.write(&mut text);
        state.put_text(slot, &text);
    }
    Ok(())
}

/// Adds the numbers that the metadata remember, by parent UUID and prefix.
fn remember(state: &State, numbers: &Object, highest: &mut Highest) {
    for (parent, prefixes) in numbers.iter() {
        let slot = Uuid::try_parse(parent).ok().and_then(|u| state.find_uuid(u.as_u128()));
        let Value::Object(prefixes) = prefixes else { continue };
        // The numbers below a parent that has gone have gone with it.
        if !parent.is_empty() && slot.is_none() {
            continue;
        }
        for (prefix, number) in prefixes.iter() {
            let Value::Number(number) = number else { continue };
            let number = number.as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
            let entry = highest.entry((slot, prefix.clone())).or_insert(0);
            *entry = number.max(*entry);
        }
    }
}

/// Gives the bytes of the file of a store to `take`, piece by piece.
///
/// # Errors
/// Those of `take`.
pub(super) fn write(state: &State, take: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<()> {
    let mut writer = Writer::new(state.envelope.format, take);
    let names: Vec<_> = state.schema.dimensions.iter().map(|it| cut::written(&it.name)).collect();
    for slot in state.slots() {
        let implied = state.implied(slot);
        let left_out = names.iter().enumerate().filter(|(place, _)| implied & (1 << place) != 0);
        let left_out: Vec<&str> = left_out.map(|(_, name)| &**name).collect();
        writer.document(state.text(slot), &left_out)?;
    }
    let mut envelope = (*state.envelope).clone();
    envelope.commit = state.commit;
    envelope.numbers = remembered(state);
    envelope.unresolved = parents::unresolved(state)?;
    writer.finish(&envelope)
}

/// The highest numbers given, as the metadata keep them.
fn remembered(state: &State) -> Object {
    let mut numbers = Object::default();
    for ((parent, prefix), number) in state.forest().highest_numbers() {
        let parent = parent.map(|slot| state.uuid_text(slot)).unwrap_or_default();
        let number = Value::Number(Number::from(u64::from(number)));
        match numbers.get_mut(&parent) {
            Some(Value::Object(prefixes)) => {
                prefixes.insert(prefix, number);
            }
            _ => {
                let prefixes: Object = [(prefix, number)].into_iter().collect();
                numbers.insert(parent, Value::Object(prefixes));
            }
        }
    }
    numbers
}
