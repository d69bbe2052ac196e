//! What an edit of the file undoes without its author having seen it.
//!
//! A text tells by its commit number which version it was made of. Whoever saved it had not seen
//! what was committed after that: where the text says otherwise it counts, and what it undoes is
//! kept aside.

use crate::engine::replay::{self, Operations};
use crate::engine::state::State;
use crate::error::Result;

/// The operations of `known` after commit `base` and before commit `end` that do not hold in
/// `edited`, one a line, as the log has them.
pub(super) fn overridden(known: &State, edited: &State, base: u64, end: u64) -> Result<String> {
    let mut lines = String::new();
    for slot in known.slots().filter(|slot| (base + 1..end).contains(&known.rev(*slot))) {
        let there = edited.find_uuid(known.uuid(slot));
        if there.is_some_and(|there| has_content(known, slot, edited, there)) {
            continue;
        }
        let was = there.map(|there| replay::digest(edited.text(there)));
        let mut operation = Operations::default();
        operation.put(known, slot, was)?;
        push_line(&mut lines, operation);
    }
    for (uuid, _) in known.envelope.removed_since(base).filter(|(_, commit)| *commit < end) {
        if let Some(there) = edited.find_uuid(uuid.as_u128()) {
            let mut operation = Operations::default();
            operation.delete(uuid, replay::digest(edited.text(there)));
            push_line(&mut lines, operation);
        }
    }
    Ok(lines)
}

/// Whether two versions of a document differ in nothing but their revisions.
fn has_content(known: &State, slot: u32, edited: &State, there: u32) -> bool {
    let Ok(mut document) = edited.document(there) else { return false };
    document.rev = known.rev(slot);
    let mut text = String::new();
    document.write(&mut text);
    text == known.text(slot)
}

/// A list of one operation, without the brackets.
fn push_line(lines: &mut String, operation: Operations) {
    let text = operation.into_text();
    lines.push_str(text.trim_start_matches('[').trim_end_matches(']'));
    lines.push('\n');
}
