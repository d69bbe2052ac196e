//! Going along the documents of a query in its order, some of them ahead of the one that is given.

use crate::engine::entry_walk::{EntryWalk, RunWalk};
use crate::engine::state::State;
use crate::ids::walk::Walk;
use crate::index::Entry;
use crate::query::Selection;

/// Documents that are looked up at once.
const AHEAD_MAX: usize = 32;

/// Goes along a way, some documents ahead of the one that it gives: what lists need of documents is
/// loaded from memory for several of them at once, which takes little longer than for one.
#[derive(Clone)]
pub(super) struct Stream {
    pub(super) way: Way,
    ahead: Vec<Found>,
    /// How many of those ahead were given.
    given: usize,
    /// How far it goes ahead next time: the farther, the longer it goes on.
    reach: usize,
    /// The IDs of those ahead, where the way knows them, which would cost a rank on each level.
    pub(super) ids: String,
}

/// A walk that meets the documents in the order of the query.
#[derive(Clone)]
pub(super) enum Way {
    Walk(Trees),
    Runs(RunWalk),
    Entries(EntryWalk),
}

/// A walk in the order of IDs.
#[derive(Clone)]
pub(super) struct Trees {
    pub(super) walk: Walk,
    /// Whether documents are selected, where the prefix of their partition tells.
    pub(super) by_prefix: Vec<Option<bool>>,
}

impl Trees {
    /// The next document that may be selected.
    fn next(&mut self, state: &State) -> Option<Found> {
        loop {
            let by_prefix = &self.by_prefix;
            let decided = |prefix: u32| by_prefix.get(prefix as usize).copied().flatten();
            let is_wanted = |prefix| decided(prefix) != Some(false);
            let slot = self.walk.next_wanted(state.forest(), is_wanted)?;
            let is_selected = self.walk.prefix().and_then(decided);
            if is_selected != Some(false) {
                let is_sure = is_selected == Some(true);
                return Some(Found { slot, is_sure, ..Found::default() });
            }
        }
    }
}

/// A document, and the position of the entry by which it was found.
#[derive(Clone, Copy, Default)]
pub(super) struct Found {
    pub(super) slot: u32,
    pub(super) position: Option<u32>,
    /// Where its ID begins and ends among those ahead.
    pub(super) id: Option<(usize, usize)>,
    /// Its values alone tell that it is selected.
    pub(super) is_sure: bool,
}

impl Way {
    pub(super) fn next(&mut self, selection: &Selection, state: &State) -> Option<Found> {
        match self {
            Way::Walk(trees) => trees.next(state),
            Way::Runs(walk) => {
                walk.next(selection, state).map(|slot| Found { slot, ..Found::default() })
            }
            Way::Entries(walk) => {
                let position = walk.next()?;
                let entry = state.entries(walk.index)?.select(position)?;
                Some(Found::by_entry((position, entry)))
            }
        }
    }
}

impl Found {
    fn by_entry((position, entry): (u32, &Entry)) -> Found {
        Found { slot: entry.slot, position: Some(position), ..Found::default() }
    }
}

impl Stream {
    pub(super) fn new(way: Way) -> Stream {
        Stream { way, ahead: Vec::new(), given: 0, reach: 1, ids: String::new() }
    }

    /// The next document that is selected, of which `left` are wanted at most.
    pub(super) fn next_selected(
        &mut self,
        selection: &Selection,
        state: &State,
        is_sure: bool,
        left: u64,
    ) -> Option<Found> {
        loop {
            while let Some(&found) = self.ahead.get(self.given) {
                self.given += 1;
                if is_sure || found.is_sure || selection.matches(state, found.slot) {
                    return Some(found);
                }
            }
            if !self.go_ahead(selection, state, is_sure, left) {
                return None;
            }
        }
    }

    /// Goes ahead, past documents whose values alone keep them out; false at the end.
    fn go_ahead(&mut self, selection: &Selection, state: &State, is_sure: bool, left: u64) -> bool {
        let needed = if is_sure { left } else { u64::MAX };
        let count = usize::try_from(needed).unwrap_or(usize::MAX).min(self.reach);
        self.reach = AHEAD_MAX.min(self.reach * 2);
        self.ahead.clear();
        self.ids.clear();
        self.given = 0;
        self.look_up(selection, state, count);
        let any = !self.ahead.is_empty();
        if self.ahead.len() > 1 {
            state.prefetch_rows(self.slots());
        }
        if !is_sure {
            self.ahead.retain_mut(|found| {
                if found.is_sure {
                    return true;
                }
                let decided = selection.decide(&state.codes(found.slot));
                found.is_sure = decided == Some(true);
                decided != Some(false)
            });
        }
        if self.ahead.len() > 1 {
            self.prefetch(selection, state);
        }
        any
    }

    /// Goes along the way for the next `count` documents.
    fn look_up(&mut self, selection: &Selection, state: &State, count: usize) {
        if let Way::Entries(walk) = &mut self.way {
            let Some(entries) = state.entries(walk.index) else { return };
            self.ahead.extend(walk.entries(entries).take(count).map(Found::by_entry));
            return walk.skip(self.ahead.len() as u64);
        }
        while self.ahead.len() < count {
            let Some(mut found) = self.way.next(selection, state) else { break };
            if let Way::Walk(Trees { walk, .. }) = &self.way {
                let start = self.ids.len();
                found.id = walk.id().map(|id| {
                    self.ids.push_str(id);
                    (start, self.ids.len())
                });
            }
            self.ahead.push(found);
        }
    }

    /// Asks memory for what those ahead are read and written with.
    fn prefetch(&self, selection: &Selection, state: &State) {
        if selection.reads_texts() {
            state.prefetch_texts(self.slots());
        }
        if selection.wants_ids() && !matches!(self.way, Way::Walk(_)) {
            state.forest().prefetch_paths(self.slots());
        }
    }

    fn slots(&self) -> impl Iterator<Item = u32> + '_ {
        self.ahead.iter().map(|found| found.slot)
    }
}
