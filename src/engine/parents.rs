//! Parents that a person gave in the file in words of their own: by a short ID, by `key:` and a
//! key, by a piece of a UUID.
//!
//! What they mean follows from the file alone, so that every process comes to the same. Keys and
//! UUIDs mean one document at any time. Short IDs mean what the person saw before the edit, as far
//! as the file tells: first the documents that have a UUID in it, because a store wrote them, and
//! whose parent is understood, with those that were found to hang below them; then all that have a
//! place. Both again and again, until nothing more is found.
//!
//! What leads nowhere stays as it was written, and the metadata remember it (`unresolved`): it must
//! not come to mean a stranger later, when there are more documents.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::engine::identify::{Identifier, identifier};
use crate::engine::state::State;
use crate::error::Result;
use crate::ids::forest::{Forest, Parent};
use crate::model::document::ParentRef;

/// So many levels of documents below each other are typed in one edit at most.
const TYPED_LEVELS_MAX: u32 = 100;

/// Parents that lead nowhere, by the UUIDs of the documents that give them.
type Unresolved = BTreeMap<Uuid, String>;

/// The parents that nobody has understood.
///
/// # Errors
/// INTERNAL when a stored text is damaged.
pub(super) fn unresolved(state: &State) -> Result<Unresolved> {
    let by_slot = waiting(state)?.into_iter();
    Ok(by_slot.map(|(slot, text)| (Uuid::from_u128(state.uuid(slot)), text)).collect())
}

/// Hangs documents below the parents that people gave in words of their own, but for those that are
/// `known` to lead nowhere. `new` are the documents that have no UUID in the file.
///
/// # Errors
/// INTERNAL when a stored text is damaged.
pub(super) fn settle(state: &mut State, new: &BTreeSet<u32>, known: &Unresolved) -> Result<()> {
    let mut waiting = waiting(state)?;
    waiting.retain(|(slot, text)| known.get(&Uuid::from_u128(state.uuid(*slot))) != Some(text));
    if waiting.is_empty() {
        return Ok(());
    }
    let mut seen = without(state, new)?;
    for _ in 0..TYPED_LEVELS_MAX {
        waiting.retain(|(_, text)| !is_ambiguous(state, &seen, text));
        let found = find(state, &seen, &waiting);
        let hung = hang_all(state, &found, &mut waiting)?;
        for &slot in &hung {
            seen.relocate(slot, &state.seat(&state.document(slot)?));
        }
        if hung.is_empty() {
            break;
        }
    }
    for _ in 0..TYPED_LEVELS_MAX {
        let found = find(state, state.forest(), &waiting);
        if hang_all(state, &found, &mut waiting)?.is_empty() {
            break;
        }
    }
    Ok(())
}

/// Whether a short ID means one document with those that were added by hand, and another without:
/// they may have been added before the person looked, or in the same edit.
fn is_ambiguous(state: &State, seen: &Forest, text: &str) -> bool {
    let Identifier::Short(id) = identifier(text) else { return false };
    match (seen.resolve(id), state.forest().resolve(id)) {
        (Ok(without), Ok(with)) => without != with,
        _ => false,
    }
}

/// Documents and the parents that they are found to name, where short IDs mean those of `forest`.
fn find(state: &State, forest: &Forest, waiting: &[(u32, String)]) -> Vec<(u32, u32)> {
    let found = waiting.iter().filter_map(|(slot, text)| {
        let parent = match identifier(text) {
            Identifier::Short(id) => forest.resolve(id),
            Identifier::Key(_) | Identifier::Uuid(_) | Identifier::Piece(_) => state.resolve(text),
        };
        Some((*slot, parent.ok()?))
    });
    found.collect()
}

/// Hangs documents below their parents where that can be, so that they wait no more; gives these.
fn hang_all(
    state: &mut State,
    found: &[(u32, u32)],
    waiting: &mut Vec<(u32, String)>,
) -> Result<BTreeSet<u32>> {
    let mut hung = BTreeSet::new();
    for &(slot, parent) in found {
        if hang(state, slot, parent)? {
            hung.insert(slot);
        }
    }
    waiting.retain(|(slot, _)| !hung.contains(slot));
    Ok(hung)
}

/// The documents whose parent is a text that is no UUID.
fn waiting(state: &State) -> Result<Vec<(u32, String)>> {
    let mut waiting = Vec::new();
    let Some(hierarchy) = state.schema.hierarchy() else { return Ok(waiting) };
    for &slot in state.violating() {
        let document = state.document(slot)?;
        if document.parent(&state.schema) == ParentRef::Unreadable {
            let text = document.given_parent(hierarchy).and_then(|given| given.text());
            waiting.extend(text.map(|text| (slot, text.to_owned())));
        }
    }
    Ok(waiting)
}

/// The trees as they are without some documents, and what hangs below these.
fn without(state: &State, slots: &BTreeSet<u32>) -> Result<Forest> {
    let mut forest = state.forest().clone();
    for &slot in slots {
        let mut seat = state.seat(&state.document(slot)?);
        seat.parent = Parent::Missing(None);
        forest.relocate(slot, &seat);
    }
    Ok(forest)
}

/// Hangs a document below another; false where that cannot be.
fn hang(state: &mut State, slot: u32, parent: u32) -> Result<bool> {
    let forest = state.forest();
    if forest.is_within(parent, slot) || !forest.fits_below(Some(slot), parent) {
        return Ok(false);
    }
    let schema = state.schema.clone();
    let Some(hierarchy) = schema.hierarchy() else { return Ok(false) };
    let mut document = state.file_document(slot)?;
    document.adopt_parent(hierarchy, Uuid::from_u128(state.uuid(parent)));
    let implied = document.complete(&schema);
    state.change(slot, &mut document, implied);
    Ok(true)
}
