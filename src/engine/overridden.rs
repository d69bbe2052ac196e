//! What an edit of the file undoes without its author having seen it.
//!
//! A text tells by its commit number which version it was made of. Whoever saved it had not seen
//! what was committed after that: where the text says otherwise it counts, and what it undoes is
//! kept aside. Another process may have taken the edit in without knowing of a commit of this one;
//! then a document is gone that nobody deleted, or older than it was.

use std::ops::Range;

use crate::engine::replay::{self, Operations};
use crate::engine::state::State;
use crate::error::Result;

/// The operations of `known` that do not hold in `now`, one a line, as the log has them. `unseen`
/// are the commits that the author of an edit had not seen; without an edit it is None.
pub(super) fn overridden(known: &State, now: &State, unseen: Option<Range<u64>>) -> Result<String> {
    let mut lines = String::new();
    for slot in known.slots() {
        let there = now.find_uuid(known.uuid(slot));
        let is_undone = match &unseen {
            Some(unseen) => {
                let has_content = |there| has_content(known, slot, now, there);
                unseen.contains(&known.rev(slot)) && !there.is_some_and(has_content)
            }
            None => match there {
                Some(there) => now.rev(there) < known.rev(slot),
                None => !is_deleted(known, slot, now),
            },
        };
        if is_undone {
            let was = there.map(|there| replay::digest(now.text(there)));
            let mut operation = Operations::default();
            operation.put(known, slot, was)?;
            push_line(&mut lines, operation);
        }
    }
    let Some(unseen) = unseen else { return Ok(lines) };
    for (uuid, _) in known.envelope.removed_since(0).filter(|(_, at)| unseen.contains(at)) {
        if let Some(there) = now.find_uuid(uuid.as_u128()) {
            let mut operation = Operations::default();
            operation.delete(uuid, replay::digest(now.text(there)));
            push_line(&mut lines, operation);
        }
    }
    Ok(lines)
}

/// Whether two versions of a document differ in nothing but their revisions.
fn has_content(known: &State, slot: u32, now: &State, there: u32) -> bool {
    let Ok(mut document) = now.document(there) else { return false };
    document.rev = known.rev(slot);
    let mut text = String::new();
    document.write(&mut text);
    text == known.text(slot)
}

/// Whether it is known that a document was deleted.
fn is_deleted(known: &State, slot: u32, now: &State) -> bool {
    let uuid = known.uuid(slot);
    now.envelope.removed_since(0).any(|(removed, _)| removed.as_u128() == uuid)
}

/// A list of one operation, without the brackets.
fn push_line(lines: &mut String, operation: Operations) {
    let text = operation.into_text();
    lines.push_str(text.trim_start_matches('[').trim_end_matches(']'));
    lines.push('\n');
}
