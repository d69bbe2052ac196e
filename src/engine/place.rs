//! The place of a document in the default order, as bytes that page tokens carry.
//!
//! ```text
//! placed    00  then for each level from the root:
//!               codes 7 x u16 | number u32 (stable numbering, else 0) | created i64 + u32
//!               | slot u32 | UUID 16 bytes                              (50 bytes, big endian)
//! unplaced  01  created i64 + u32 | slot u32 | UUID 16 bytes
//! ```
//!
//! Compared as bytes, places of one state stand in the order of a walk. In another state, or in
//! another process, slots mean nothing: there the UUIDs say which documents were passed, and where
//! one has gone, its time and prefixes still say where it stood.

use crate::engine::state::State;
use crate::ids::walk::{Step, Walk};
use crate::model::document::Codes;
use crate::model::time::Time;

const PLACED: u8 = 0;
const UNPLACED: u8 = 1;
const STEP_BYTES: usize = 14 + 4 + 12 + 4 + 16;

/// The bytes for the document in `slot`.
pub(super) fn encode(state: &State, slot: u32) -> Vec<u8> {
    let forest = state.forest();
    let mut bytes = Vec::new();
    if !forest.is_placed(slot) {
        bytes.push(UNPLACED);
        push_identity(state, forest.created(slot), slot, &mut bytes);
        return bytes;
    }
    bytes.push(PLACED);
    for step in forest.steps(slot) {
        bytes.extend(step.codes.iter().flat_map(|code| code.to_be_bytes()));
        bytes.extend(step.number.to_be_bytes());
        push_identity(state, step.created, step.slot.unwrap_or(slot), &mut bytes);
    }
    bytes
}

/// A walk over what follows `place`; none when the bytes are no place.
pub(super) fn walk_after(state: &State, place: &[u8]) -> Option<Walk> {
    let (&kind, rest) = place.split_first()?;
    if kind == UNPLACED {
        let (created, slot, rest) = read_identity(state, rest)?;
        return rest.is_empty().then(|| Walk::after_unplaced(state.forest(), created, slot));
    }
    if kind != PLACED || rest.is_empty() || rest.len() % STEP_BYTES != 0 {
        return None;
    }
    let mut steps = Vec::new();
    for bytes in rest.chunks(STEP_BYTES) {
        steps.push(read_step(state, bytes)?);
    }
    Some(Walk::after(state.forest(), &steps))
}

fn push_identity(state: &State, created: Time, slot: u32, bytes: &mut Vec<u8>) {
    let (seconds, nanos) = created.parts();
    // Flipping the sign bit makes negative seconds compare as smaller.
    bytes.extend((seconds ^ i64::MIN).to_be_bytes());
    bytes.extend(nanos.to_be_bytes());
    bytes.extend(slot.to_be_bytes());
    bytes.extend(state.uuid(slot).to_be_bytes());
}

fn read_step(state: &State, bytes: &[u8]) -> Option<Step> {
    let (codes, rest) = bytes.split_first_chunk::<14>()?;
    let (number, rest) = rest.split_first_chunk::<4>()?;
    let (created, slot, _) = read_identity(state, rest)?;
    let mut read = Codes::default();
    for (code, pair) in read.iter_mut().zip(codes.chunks_exact(2)) {
        *code = u16::from_be_bytes(pair.try_into().ok()?);
    }
    Some(Step { codes: read, created, number: u32::from_be_bytes(*number), slot })
}

fn read_identity<'a>(state: &State, bytes: &'a [u8]) -> Option<(Time, Option<u32>, &'a [u8])> {
    let (seconds, rest) = bytes.split_first_chunk::<8>()?;
    let (nanos, rest) = rest.split_first_chunk::<4>()?;
    let (_slot, rest) = rest.split_first_chunk::<4>()?;
    let (uuid, rest) = rest.split_first_chunk::<16>()?;
    let seconds = i64::from_be_bytes(*seconds) ^ i64::MIN;
    let created = Time::from_unix(seconds, u32::from_be_bytes(*nanos));
    Some((created, state.find_uuid(u128::from_be_bytes(*uuid)), rest))
}
