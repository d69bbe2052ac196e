//! Walks over the entries of an index.

use std::collections::VecDeque;

use crate::engine::place;
use crate::engine::state::State;
use crate::index::{Entries, Entry};
use crate::query::{KeyRange, Selection, Source};

/// So many entries are looked for at once, more where more tie.
const RUN_LEN: usize = 16;

/// A walk over the entries between two positions.
#[derive(Clone)]
pub(super) struct EntryWalk {
    pub(super) index: usize,
    first: u32,
    end: u32,
    is_reversed: bool,
}

impl EntryWalk {
    pub(super) fn new(index: usize, (first, end): (u32, u32), is_reversed: bool) -> EntryWalk {
        EntryWalk { index, first, end, is_reversed }
    }

    /// The position of the next entry.
    pub(super) fn next(&mut self) -> Option<u32> {
        if self.first >= self.end {
            return None;
        }
        if self.is_reversed {
            self.end -= 1;
            return Some(self.end);
        }
        self.first += 1;
        Some(self.first - 1)
    }

    /// The entries that it leads along, one after the other, with their positions.
    pub(super) fn entries<'a>(
        &self,
        entries: &'a Entries,
    ) -> Box<dyn Iterator<Item = (u32, &'a Entry)> + 'a> {
        let range = self.first..self.end;
        match self.is_reversed {
            true => Box::new(range.rev().filter_map(|at| Some((at, entries.select(at)?)))),
            false => Box::new(range.zip(entries.iter_from(self.first))),
        }
    }

    /// How many entries are left.
    pub(super) fn len(&self) -> u32 {
        self.end - self.first
    }

    /// Leaves out as many entries as `count` says.
    pub(super) fn skip(&mut self, count: u64) {
        let count = u32::try_from(count).unwrap_or(u32::MAX).min(self.end - self.first);
        if self.is_reversed { self.end -= count } else { self.first += count }
    }

    /// Goes on at a position; backwards, before it.
    fn resume(&mut self, position: u32) {
        if self.is_reversed {
            self.end = self.end.min(position).max(self.first);
        } else {
            self.first = self.first.max(position).min(self.end);
        }
    }

    /// Goes on behind the entry of that key and identity, whether it is still there or not.
    pub(super) fn resume_behind(&mut self, state: &State, key: &[u8], identity: &[u8]) {
        let Some(entries) = state.entries(self.index) else { return };
        let is_reversed = self.is_reversed;
        let position = entries.position(|entry| {
            let order = entry.key.bytes().cmp(key);
            let order = order.then_with(|| state.identity(entry.slot).as_slice().cmp(identity));
            if is_reversed { order.is_lt() } else { order.is_le() }
        });
        self.resume(position);
    }

    /// Goes on behind all entries whose keys begin with `beginning`, or at the first of them.
    pub(super) fn resume_at(&mut self, state: &State, beginning: &[u8], behind: bool) {
        let Some(entries) = state.entries(self.index) else { return };
        let (first, end) = State::positions(entries, &KeyRange::beginning(beginning));
        self.resume(if behind == self.is_reversed { first } else { end });
    }
}

/// A walk over documents by the entries of an index, ties in the default order.
#[derive(Clone)]
pub(super) struct RunWalk {
    entries: EntryWalk,
    /// How many parts of the keys make the order.
    parts: usize,
    /// What is left of the entries that tie, in the order wanted.
    run: VecDeque<u32>,
    /// The run where the page begins holds documents of the page before.
    is_first: bool,
}

impl RunWalk {
    pub(super) fn new(
        selection: &Selection,
        state: &State,
        mut entries: EntryWalk,
        fixed: usize,
        parts: usize,
    ) -> RunWalk {
        let rule = state.rules().get(entries.index);
        let some = state.entries(entries.index).and_then(|it| it.select(entries.first));
        if let (Some(rule), Some(some)) = (rule, some) {
            if let Some(key) = selection.resume_key(rule, some.key.bytes(), fixed) {
                entries.resume_at(state, &key, false);
            }
        }
        RunWalk { entries, parts, run: VecDeque::new(), is_first: true }
    }

    /// The next document.
    pub(super) fn next(&mut self, selection: &Selection, state: &State) -> Option<u32> {
        while self.run.is_empty() {
            self.fill(state)?;
            if std::mem::replace(&mut self.is_first, false) {
                self.run.retain(|&slot| selection.is_behind_start(state, slot));
            }
        }
        self.run.pop_front()
    }

    /// Takes the next entries that tie, and some more like them, each with those that it ties with.
    fn fill(&mut self, state: &State) -> Option<()> {
        let entries = state.entries(self.entries.index)?;
        let rule = state.rules().get(self.entries.index)?;
        let mut ahead = self.entries.entries(entries).map(|(_, entry)| entry).peekable();
        let mut taken = 0;
        while self.run.len() < RUN_LEN {
            let Some(first) = ahead.next() else { break };
            let beginning = rule.beginning(first.key.bytes(), self.parts);
            let start = self.run.len();
            self.run.push_back(first.slot);
            let ties = |entry: &&Entry| entry.key.bytes().starts_with(beginning);
            self.run.extend(std::iter::from_fn(|| ahead.next_if(ties)).map(|entry| entry.slot));
            let run = self.run.make_contiguous().get_mut(start..).unwrap_or_default();
            taken += run.len() as u64;
            if run.len() > 1 {
                run.sort_by_cached_key(|&slot| place::encode(state, slot));
            }
        }
        drop(ahead);
        self.entries.skip(taken);
        (taken > 0).then_some(())
    }
}
