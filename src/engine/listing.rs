//! Listing, counting and cursors over one state.

use serde::Serialize;

use crate::engine::place;
use crate::engine::state::State;
use crate::error::{Error, Result};
use crate::ids::walk::Walk;
use crate::model::json::quote;
use crate::query::{Query, Selection, Sorted};

/// Goes over the documents that a query selects, in its order.
pub(crate) struct Scan {
    selection: Selection,
    source: Source,
    skip: u64,
    left: u64,
    last: Option<u32>,
}

enum Source {
    /// In the order of IDs, decided document by document.
    Walk(Walk),
    /// In another order, decided beforehand; offset and limit are applied.
    Sorted { slots: std::vec::IntoIter<u32>, has_more: bool },
}

impl Scan {
    /// Makes a query ready for `state`.
    ///
    /// # Errors
    /// Those of the query.
    pub(crate) fn new(query: &Query, state: &State) -> Result<Scan> {
        let selection = Selection::compile(query, state)?;
        let mut scan = Scan {
            source: Source::Sorted { slots: Vec::new().into_iter(), has_more: false },
            skip: 0,
            left: u64::MAX,
            last: None,
            selection,
        };
        if scan.selection.is_native_order() {
            let walk = match scan.selection.resume_place() {
                None => Some(Walk::new(state.forest())),
                Some(place) => place::walk_after(state, place),
            };
            let no_token =
                || Error::invalid("after is no page token").named("TOKEN").field("after");
            scan.source = Source::Walk(walk.ok_or_else(no_token)?);
            scan.skip = scan.selection.offset();
            scan.left = scan.selection.limit().unwrap_or(u64::MAX);
        } else {
            let Sorted { slots, has_more } = scan.selection.sort(state, state.slots());
            scan.source = Source::Sorted { slots: slots.into_iter(), has_more };
        }
        Ok(scan)
    }

    /// Appends the next document to `out`; false at the end.
    pub(crate) fn write_next(&mut self, state: &State, out: &mut String) -> bool {
        let Some(slot) = self.next(state) else { return false };
        let known = match &self.source {
            Source::Walk(walk) if self.selection.wants_whole_documents() => Some(walk.id()),
            _ => None,
        };
        match known {
            // The walk knows the ID, which would cost a rank on each level.
            Some(id) => state.write_output(slot, id, out),
            None => self.selection.write(state, slot, out),
        }
        self.last = Some(slot);
        true
    }

    fn next(&mut self, state: &State) -> Option<u32> {
        match &mut self.source {
            Source::Sorted { slots, .. } => slots.next(),
            Source::Walk(walk) => {
                if self.left == 0 {
                    return None;
                }
                loop {
                    let slot = walk.next(state.forest())?;
                    if !self.selection.matches(state, slot) {
                        continue;
                    }
                    if self.skip == 0 {
                        self.left -= 1;
                        return Some(slot);
                    }
                    self.skip -= 1;
                }
            }
        }
    }

    /// Whether documents are left that the limit kept out.
    fn has_more(&self, state: &State) -> bool {
        match &self.source {
            Source::Sorted { has_more, .. } => *has_more,
            Source::Walk(_) if self.left > 0 => false,
            Source::Walk(walk) => {
                let mut walk = walk.clone();
                let mut skip = self.skip;
                while let Some(slot) = walk.next(state.forest()) {
                    if self.selection.matches(state, slot) {
                        if skip == 0 {
                            return true;
                        }
                        skip -= 1;
                    }
                }
                false
            }
        }
    }

    /// The token, as a JSON text, from which a query goes on behind the last document given.
    pub(crate) fn token(&self, state: &State) -> String {
        let mut quoted = String::new();
        quote(&self.selection.token(state, self.last), &mut quoted);
        quoted
    }
}

/// Writes the page that a query asks for.
///
/// # Errors
/// Those of the query.
pub(crate) fn page(query: &Query, state: &State) -> Result<String> {
    let mut scan = Scan::new(query, state)?;
    let mut out = String::from(r#"{"documents":["#);
    let mut before = out.len();
    while scan.write_next(state, &mut out) {
        before = out.len();
        out.push(',');
    }
    out.truncate(before);
    out.push_str(r#"],"next":"#);
    match scan.has_more(state) {
        true => out.push_str(&scan.token(state)),
        false => out.push_str("null"),
    }
    out.push('}');
    Ok(out)
}

/// Counts the documents that a query selects, whatever its limit, offset and order.
///
/// # Errors
/// Those of the query.
pub(crate) fn count(query: &Query, state: &State) -> Result<u64> {
    let selection = Selection::compile(query, state)?;
    if selection.matches_everything() {
        return Ok(u64::from(state.len()));
    }
    Ok(state.slots().filter(|&slot| selection.matches(state, slot)).count() as u64)
}

/// How a query is answered.
#[derive(Serialize)]
pub(crate) struct Plan {
    access: &'static str,
    index: Option<&'static str>,
    estimated: u32,
    order: &'static str,
}

/// Tells how a query is answered: by a scan, as long as there are no indexes.
///
/// # Errors
/// Those of the query.
pub(crate) fn explain(query: &Query, state: &State) -> Result<Plan> {
    let selection = Selection::compile(query, state)?;
    let order = if selection.is_native_order() { "native" } else { "sort" };
    Ok(Plan { access: "scan", index: None, estimated: state.len(), order })
}
