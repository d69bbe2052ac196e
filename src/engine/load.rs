//! From the bytes of a store to a state, and back.

use std::borrow::Cow;
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
use crate::model::document::with_rev;
use crate::model::json::{Number, Object, Value, cut, line_column};
use crate::model::merge_conflict;
use crate::model::schema::{Numbering, Schema};

/// No file has a higher number: counting on from it would end.
const COMMIT_MAX: u64 = 1 << 53;

/// The name of the error about a stored schema that breaks the rules.
pub(super) const BROKEN_SCHEMA: &str = "BROKEN_SCHEMA";

/// Reads the bytes of a store. `schema` overrides the stored one.
///
/// # Errors
/// CORRUPT with line and column, also for a stored schema that breaks the rules; TOONEW, LIMIT.
pub(super) fn read(image: &[u8], schema: Option<Arc<Schema>>, commit_floor: u64) -> Result<State> {
    let text = merge_conflict::resolve(data_file::text(image)?)?;
    let mut loading = Loading { gathered: None, schema, offsets: Vec::new(), new: BTreeSet::new() };
    let envelope = data_file::read(&text, &mut loading);
    // What is wrong with a document comes before what is wrong behind it.
    let new = std::mem::take(&mut loading.new);
    let mut state = loading.into_state(&text)?;
    let mut envelope = envelope?;
    let unresolved = envelope.unresolved.clone();
    envelope.note_returns(|uuid| state.find_uuid(uuid.as_u128()).is_some());
    let known = [envelope.commit, envelope.rev_floor, commit_floor].into_iter().max();
    state.commit = state.commit.max(known.unwrap_or_default());
    if state.commit > COMMIT_MAX {
        return Err(commit_too_large(state.commit));
    }
    state.envelope = Arc::new(envelope);
    // The markers of a merge are to go with the next commit.
    state.is_foreign = matches!(text, Cow::Owned(_));
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
        self.gathered = Some(Gathered::new(Arc::clone(&schema), envelope.rev_floor));
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

/// A file that no store wrote.
pub(super) struct Foreign {
    /// The number under which it was taken in before.
    pub(super) edit: Option<u64>,
    /// The highest commit number that was given out.
    pub(super) commit_floor: u64,
}

/// Takes in a file that no store wrote, as a commit of its own. The documents that differ from the
/// last known state get its number as their revision, unless they have one that was never given out
/// here. Where no state is known, any may have been edited: all count as written by it, and in the
/// file only the floor tells so.
pub(super) fn mark_edit(state: &mut State, found: &Foreign, known: Option<&State>) -> Result<()> {
    let Foreign { edit, commit_floor } = *found;
    let number = edit.unwrap_or(state.commit.saturating_add(1));
    if let Some(known) = known {
        state.is_foreign = true;
        return mark_known_edit(state, number, commit_floor, known);
    }
    // Later work of another clone has numbers of its own, and after a power cut the header may be
    // older than the file: it speaks for itself.
    if state.envelope.commit < edit.unwrap_or(commit_floor.saturating_add(1)) {
        state.is_foreign = true;
        Arc::make_mut(&mut state.envelope).forget_removals(number);
        state.commit = state.commit.max(number);
        let all: Vec<(u32, u64)> = state.slots().map(|slot| (slot, number)).collect();
        state.count_from(number, &all)?;
    }
    Ok(())
}

fn mark_known_edit(state: &mut State, number: u64, floor: u64, known: &State) -> Result<()> {
    let mut last = note_removals(state, number, floor, known);
    let mut revs = Vec::new();
    for slot in state.slots() {
        let before = known.find_uuid(state.uuid(slot)).filter(|&before| {
            let text = with_rev(state.text(slot), known.rev(before));
            text.as_deref() == Some(known.text(before))
        });
        let rev = match before {
            Some(before) => known.rev(before),
            None if state.rev(slot) > floor => state.rev(slot),
            None => number,
        };
        last = last.max(rev);
        revs.push((slot, rev));
    }
    state.commit = state.commit.max(last);
    state.count_from(known.envelope.rev_floor, &revs)
}

#[cold]
fn commit_too_large(commit: u64) -> Error {
    let message = format!(
        "the commit number {commit} is too large to count on from; mend `commit` and `rev_floor` \
         in the metadata, and the `rev` of documents"
    );
    Error::new(ErrorKind::Limit, message).named("COMMIT_NUMBER").expected(format!("{COMMIT_MAX}"))
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

/// Notes which documents of the last known state an edit took out, beside those whose removal was
/// known before. Gives the number of the last removal that is new.
fn note_removals(state: &mut State, number: u64, floor: u64, known: &State) -> u64 {
    let gone = known.slots().filter(|slot| state.find_uuid(known.uuid(*slot)).is_none());
    let gone: Vec<u32> = gone.collect();
    let mut envelope = (*state.envelope).clone();
    let is_older = envelope.updated_at != known.envelope.updated_at;
    let mut last = 0;
    let mut removals: Vec<(Uuid, u64)> = known.envelope.removed_since(0).collect();
    for slot in gone {
        let uuid = Uuid::from_u128(known.uuid(slot));
        let told = envelope.removal_of(uuid).filter(|commit| *commit > floor);
        let commit = told.unwrap_or(number);
        last = last.max(commit);
        if told.is_none() && is_older && known.rev(slot) > envelope.commit {
            // It came after the text, as when another branch is checked out: nobody deleted it.
            envelope.forget_removals(number);
        } else {
            removals.push((uuid, commit));
        }
    }
    envelope.add_removals(&removals, known.envelope.removals_known_from());
    envelope.note_returns(|uuid| state.find_uuid(uuid.as_u128()).is_some());
    state.envelope = Arc::new(envelope);
    last
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
    let mut counts_from_floor = false;
    for slot in state.slots() {
        let implied = state.implied(slot);
        let left_out = names.iter().enumerate().filter(|(place, _)| implied & (1 << place) != 0);
        let left_out: Vec<&str> = left_out.map(|(_, name)| &**name).collect();
        let file_rev = state.file_rev(slot);
        counts_from_floor |= file_rev.is_some();
        writer.document(state.text(slot), &left_out, file_rev)?;
    }
    let mut envelope = (*state.envelope).clone();
    if !counts_from_floor {
        envelope.rev_floor = 0;
    }
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
