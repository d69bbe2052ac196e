//! Listing, counting and cursors over one state.

use crate::engine::entry_walk::{EntryWalk, RunWalk};
use crate::engine::place;
use crate::engine::plan::{Access, Explanation, Plan, decided, decided_by_prefix, in_facets, plan};
use crate::engine::state::State;
use crate::engine::stream::{Found, Stream, Trees, Way};
use crate::error::{Error, Result};
use crate::ids::walk::Walk;
use crate::memory;
use crate::model::json::quote;
use crate::query::{IndexRule, Query, Reduction, Selection, Sorted, Source as _};

/// How many bytes are made room for at once where it is not sure that the documents will come; and
/// for what is around the documents of a page, its token, and the short ID of a document.
const UNSURE_BYTES_MAX: u64 = 64 << 10;
const FRAME_BYTES: usize = 32;
const TOKEN_BYTES: usize = 512;
const ID_BYTES: u64 = 24;

/// Goes over the documents that a query selects, in its order.
pub(crate) struct Scan {
    selection: Selection,
    source: Source,
    /// Whether all that comes from there is selected.
    is_sure: bool,
    skip: u64,
    left: u64,
    /// How many documents there are at most.
    estimated: u64,
    last: Option<Found>,
    /// Room for an ID.
    id: String,
}

/// Where the documents come from.
enum Source {
    /// One after the other, each asked whether it is selected.
    Stream(Stream),
    /// In another order, decided beforehand; offset and limit are applied.
    Sorted { slots: std::vec::IntoIter<u32>, has_more: bool },
}

impl Scan {
    /// Makes a query ready for `state`.
    ///
    /// # Errors
    /// Those of the query.
    pub(crate) fn new(query: Query, state: &State) -> Result<Scan> {
        let selection = Selection::compile(query, state)?;
        if selection.asked().is_some_and(|asked| asked.group.is_some()) {
            return Err(
                Error::invalid("groups are for list, which gives them all at once").field("group")
            );
        }
        let (skip, left) = (selection.offset(), selection.limit().unwrap_or(u64::MAX));
        let plan = plan(&selection, state);
        let (is_sure, estimated) = (plan.is_exact, plan.estimated);
        let source = source(&selection, state, plan)?;
        let (last, id) = (None, String::new());
        let mut scan = Scan { source, is_sure, skip, left, estimated, last, id, selection };
        scan.skip_unasked(state);
        Ok(scan)
    }

    /// About how many bytes the page will have, if it is full; more than that is grown into.
    fn expected_bytes(&self, state: &State) -> usize {
        if !self.selection.wants_all() {
            return 0;
        }
        let average = state.text_bytes().0 as u64 / u64::from(state.len()).max(1) + ID_BYTES;
        let bytes = self.left.min(self.estimated).saturating_mul(average);
        let bytes = if self.is_sure { bytes } else { bytes.min(UNSURE_BYTES_MAX) };
        let token = if self.left == u64::MAX { 0 } else { TOKEN_BYTES };
        usize::try_from(bytes).unwrap_or_default() + FRAME_BYTES + token
    }

    /// Leaves out the offset where nobody has to be asked.
    fn skip_unasked(&mut self, state: &State) {
        let Source::Stream(stream) = &mut self.source else { return };
        match &mut stream.way {
            Way::Entries(walk) if self.is_sure => walk.skip(std::mem::take(&mut self.skip)),
            Way::Walk(trees) if self.is_sure => {
                trees.walk.skip(state.forest(), std::mem::take(&mut self.skip));
            }
            _ => {}
        }
    }

    /// Appends the next document to `out`; false at the end.
    pub(crate) fn write_next(&mut self, state: &State, out: &mut String) -> bool {
        let Some(found) = self.next(state) else { return false };
        let key = if self.selection.wants_index_key() { self.key(state, found) } else { None };
        let write = |id: Option<&str>, out| self.selection.write(state, found.slot, id, key, out);
        match &self.source {
            Source::Stream(Stream { way: Way::Walk(_), ids, .. }) => {
                write(found.id.and_then(|(start, end)| ids.get(start..end)), out);
            }
            _ if self.selection.wants_ids() => {
                self.id.clear();
                let is_placed = state.forest().push_id(found.slot, &mut self.id).is_some();
                write(is_placed.then_some(self.id.as_str()), out);
            }
            _ => write(None, out),
        }
        self.last = Some(found);
        true
    }

    fn next(&mut self, state: &State) -> Option<Found> {
        match &mut self.source {
            Source::Sorted { slots, .. } => {
                slots.next().map(|slot| Found { slot, ..Found::default() })
            }
            Source::Stream(stream) => {
                if self.left == 0 {
                    return None;
                }
                let (selection, is_sure) = (&self.selection, self.is_sure);
                while self.skip > 0 {
                    match is_sure {
                        true => stream.way.next(selection, state)?,
                        false => stream.next_selected(selection, state, is_sure, u64::MAX)?,
                    };
                    self.skip -= 1;
                }
                let found = stream.next_selected(selection, state, is_sure, self.left)?;
                self.left -= 1;
                Some(found)
            }
        }
    }

    /// The key of the entry by which a document was found.
    fn key<'s>(&self, state: &'s State, found: Found) -> Option<&'s [u8]> {
        let entries = state.entries(self.selection.asked()?.index)?;
        entries.select(found.position?).map(|entry| entry.key.bytes())
    }

    /// Whether documents are left that the limit kept out.
    fn has_more(&self, state: &State) -> bool {
        match &self.source {
            Source::Sorted { has_more, .. } => *has_more,
            Source::Stream(_) if self.left > 0 => false,
            Source::Stream(stream) => {
                let mut stream = stream.clone();
                let mut next = || stream.next_selected(&self.selection, state, self.is_sure, 1);
                (0..=self.skip).all(|_| next().is_some())
            }
        }
    }

    /// The token, as a JSON text, from which a query goes on behind the last document given.
    pub(crate) fn token(&self, state: &State) -> String {
        let entry = self.last.and_then(|last| Some((self.key(state, last)?, last.slot)));
        let token = match entry {
            Some((key, slot)) => self.selection.entry_token(key, state.identity(slot)),
            None => self.selection.token(state, self.last.map(|last| last.slot)),
        };
        let mut quoted = String::new();
        quote(&token, &mut quoted);
        quoted
    }
}

/// Where the documents of a query come from.
fn source(selection: &Selection, state: &State, plan: Plan) -> Result<Source> {
    let sorted = |slots: &mut dyn Iterator<Item = u32>| {
        let Sorted { slots, has_more } = selection.sort(state, slots, plan.is_exact);
        Source::Sorted { slots: slots.into_iter(), has_more }
    };
    let stream = |way| Source::Stream(Stream::new(way));
    Ok(match plan.access {
        Access::Scan if !selection.is_native_order() => sorted(&mut state.slots()),
        Access::Scan => stream(Way::Walk(trees(selection, state, None)?)),
        Access::Subtree(top) => stream(Way::Walk(trees(selection, state, Some(top))?)),
        Access::Named(slots) | Access::Slots(slots) => {
            sorted(&mut slots.into_iter().filter(|&slot| state.is_live(slot)))
        }
        Access::Facets => sorted(&mut in_facets(selection, state)),
        Access::Gathered { index, positions } => {
            let entries = state.entries(index);
            let entries = entries.into_iter().flat_map(|entries| {
                positions
                    .iter()
                    .flat_map(|&(first, end)| entries.iter_from(first).take((end - first) as usize))
            });
            sorted(&mut entries.map(|entry| entry.slot))
        }
        Access::Ordered { index, positions, fixed, parts, is_reversed } => {
            let entries = EntryWalk::new(index, positions, is_reversed);
            stream(Way::Runs(RunWalk::new(selection, state, entries, fixed, parts)))
        }
        Access::Asked { index, positions, is_reversed } => {
            let mut walk = EntryWalk::new(index, positions, is_reversed);
            if let Some((key, identity)) = selection.resume_entry() {
                walk.resume_behind(state, key, identity);
            }
            stream(Way::Entries(walk))
        }
    })
}

/// A walk in the default order, from where the page begins; only over what lies below `top`, where
/// there is one.
fn trees(selection: &Selection, state: &State, top: Option<u32>) -> Result<Trees> {
    let level = top.and_then(|top| state.forest().level(top));
    let top = top.map(|top| place::encode(state, top));
    let after = match (selection.resume_place(), &top) {
        (Some(after), Some(top)) if after < top.as_slice() => Some(top.as_slice()),
        (None, Some(top)) => Some(top.as_slice()),
        (after, _) => after,
    };
    let walk = match after {
        None => Some(Walk::new(state.forest())),
        Some(place) => place::walk_after(state, place),
    };
    let walk =
        walk.ok_or_else(|| Error::invalid("after is no page token").named("TOKEN").field("after"))?;
    let walk = walk.staying_below(level.unwrap_or(0));
    Ok(Trees { walk, by_prefix: decided_by_prefix(selection, state) })
}

/// Writes the page that a query asks for.
///
/// # Errors
/// Those of the query.
pub(crate) fn page(query: Query, state: &State) -> Result<String> {
    if query.group.is_some() {
        return groups(query, state);
    }
    let mut scan = Scan::new(query, state)?;
    let mut out = memory::text(scan.expected_bytes(state));
    out.push_str(r#"{"documents":["#);
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
    if scan.selection.wants_total() {
        out.push_str(&format!(r#","total":{}"#, count_selected(&scan.selection, state)));
    }
    out.push('}');
    Ok(out)
}

/// Writes the groups of the entries that a query asks for: `{"groups":[{"key","value"}],"next"}`.
fn groups(query: Query, state: &State) -> Result<String> {
    let selection = Selection::compile(query, state)?;
    let mut out = String::from(r#"{"groups":["#);
    let mut next = None;
    let mut left = selection.limit().unwrap_or(u64::MAX);
    let mut skip = selection.offset();
    let mut groups = Groups::new(&selection, state);
    let mut last = None;
    while let Some(group) = groups.as_mut().and_then(|groups| groups.next().transpose()) {
        let (beginning, reduction) = group?;
        if skip > 0 {
            skip -= 1;
            continue;
        }
        if left == 0 {
            next = last;
            break;
        }
        left -= 1;
        let (Some(groups), comma) = (&groups, if last.is_some() { "," } else { "" }) else { break };
        let key = groups.rule.show(&beginning, &state.schema).to_text();
        let value = groups.rule.reduced(reduction).to_text();
        out.push_str(&format!(r#"{comma}{{"key":{key},"value":{value}}}"#));
        last = Some(beginning);
    }
    out.push_str(r#"],"next":"#);
    match next {
        Some(beginning) => quote(&selection.entry_token(&beginning, Vec::new()), &mut out),
        None => out.push_str("null"),
    }
    out.push('}');
    Ok(out)
}

/// Goes over the groups of entries that have the first parts of their keys in common.
struct Groups<'s> {
    selection: &'s Selection,
    state: &'s State,
    rule: &'s IndexRule,
    parts: usize,
    walk: EntryWalk,
}

impl<'s> Groups<'s> {
    fn new(selection: &'s Selection, state: &'s State) -> Option<Groups<'s>> {
        let asked = selection.asked()?;
        let positions = State::positions(state.entries(asked.index)?, &asked.range);
        let mut walk = EntryWalk::new(asked.index, positions, asked.is_descending);
        if let Some((beginning, _)) = selection.resume_entry() {
            walk.resume_at(state, beginning, true);
        }
        let rule = state.rules().get(asked.index)?;
        Some(Groups { selection, state, rule, parts: asked.group?, walk })
    }

    /// The next group that holds anything: how its keys begin, and what it comes to.
    fn next(&mut self) -> Result<Option<(Vec<u8>, Reduction)>> {
        loop {
            let Some(position) = self.walk.clone().next() else { return Ok(None) };
            let Some(entries) = self.state.entries(self.walk.index) else { return Ok(None) };
            let Some(first) = entries.select(position) else { return Ok(None) };
            let beginning = self.rule.beginning(first.key.bytes(), self.parts).to_vec();
            let mut group = self.walk.clone();
            self.walk.resume_at(self.state, &beginning, true);
            let len = group.len() - self.walk.len();
            if self.rule.only_counts() && self.selection.matches_everything() {
                return Ok(Some((beginning, Reduction::of_count(u64::from(len)))));
            }
            let mut reduction = Reduction::default();
            for _ in 0..len {
                let Some(entry) = group.next().and_then(|at| entries.select(at)) else { break };
                if self.selection.matches(self.state, entry.slot) {
                    self.rule.reduce(self.state, entry.slot, &mut reduction)?;
                }
            }
            if !reduction.is_empty() {
                return Ok(Some((beginning, reduction)));
            }
        }
    }
}

/// Counts the documents that a query selects, whatever its limit, offset and order.
///
/// # Errors
/// Those of the query.
pub(crate) fn count(query: Query, state: &State) -> Result<u64> {
    Ok(count_selected(&Selection::compile(query, state)?, state))
}

fn count_selected(selection: &Selection, state: &State) -> u64 {
    if selection.asked().is_none() {
        if selection.matches_everything() {
            return u64::from(state.len());
        }
        if let Some(sure) = decided(selection, state) {
            return sure;
        }
    }
    let plan = plan(selection, state);
    if plan.is_exact {
        return plan.estimated;
    }
    let selected = |slot: &u32| state.is_live(*slot) && selection.matches(state, *slot);
    let between = |index: usize, positions: &[(u32, u32)]| -> u64 {
        let Some(entries) = state.entries(index) else { return 0 };
        let within = positions.iter().map(|&(first, end)| {
            let entries = entries.iter_from(first).take((end - first) as usize);
            entries.filter(|entry| selected(&entry.slot)).count() as u64
        });
        within.sum()
    };
    match &plan.access {
        Access::Scan => state.slots().filter(selected).count() as u64,
        Access::Subtree(top) => {
            let below = state.forest().descendants(*top);
            below.iter().filter(|slot| selected(slot)).count() as u64
        }
        Access::Facets => in_facets(selection, state).filter(selected).count() as u64,
        Access::Named(slots) | Access::Slots(slots) => {
            slots.iter().filter(|slot| selected(slot)).count() as u64
        }
        Access::Gathered { index, positions } => between(*index, positions),
        Access::Ordered { index, positions, .. } | Access::Asked { index, positions, .. } => {
            between(*index, &[*positions])
        }
    }
}

/// Tells how a query is answered.
///
/// # Errors
/// Those of the query.
pub(crate) fn explain(query: Query, state: &State) -> Result<Explanation> {
    let selection = Selection::compile(query, state)?;
    Ok(plan(&selection, state).explain(&selection, state))
}
