//! The indexes of a state: made when all documents are in, then changed with each of them.
//!
//! Entries with equal keys stand in the order of creation, then of UUIDs: an order that outlives
//! the process, unlike slots.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::engine::facets::Facets;
use crate::engine::state::State;
use crate::error::{Error, ErrorKind, Result};
use crate::index::{Entries, Entry, Key, Members};
use crate::model::document::Codes;
use crate::query::{IndexRule, KeyRange};

/// Documents named in an error about duplicates at most.
const DUPLICATES_MAX: usize = 10;

/// The indexes of a state.
#[derive(Clone)]
pub(super) struct Indexes {
    pub(super) rules: Arc<Vec<IndexRule>>,
    /// By the place of their rule.
    entries: Arc<Vec<Entries>>,
    pub(super) facets: Facets,
    /// By revision; those of one commit in the order of arrival.
    pub(super) by_rev: Members,
}

/// What the indexes hold of a document.
pub(super) struct Held {
    slot: u32,
    keys: Vec<Vec<Key>>,
    codes: Codes,
}

impl State {
    /// Makes the indexes anew, for all documents.
    ///
    /// # Errors
    /// INVALID and LIMIT naming the member of the schema.
    pub(super) fn build_indexes(&mut self) -> Result<()> {
        let rules = IndexRule::all(self)?;
        let mut lists: Vec<Vec<Entry>> = rules.iter().map(|_| Vec::new()).collect();
        let mut facets = Facets::default();
        let mut slots: Vec<u32> = self.slots().collect();
        for &slot in &slots {
            let keys = IndexRule::all_keys(&rules, self, slot);
            for (list, keys) in lists.iter_mut().zip(keys) {
                list.extend(keys.into_iter().map(|key| Entry { key, slot }));
            }
            facets.add(self.codes(slot), slot);
        }
        let mut entries = Vec::with_capacity(rules.len());
        for mut list in lists {
            list.sort_unstable_by(|one, other| {
                one.key.cmp(&other.key).then_with(|| self.ties(one.slot, other.slot))
            });
            let mut made = Entries::default();
            for entry in list {
                made.insert(entry, &|one, other| self.ties(one, other));
            }
            entries.push(made);
        }
        slots.sort_by_key(|&slot| self.rev(slot));
        let mut by_rev = Members::new();
        for slot in slots {
            by_rev.insert(slot, &|one, other| self.by_rev(one, other));
        }
        let (rules, entries) = (Arc::new(rules), Arc::new(entries));
        self.indexes = Some(Indexes { rules, entries, facets, by_rev });
        Ok(())
    }

    /// The order of entries with equal keys.
    fn ties(&self, one: u32, other: u32) -> Ordering {
        let age = |slot| (self.forest().created(slot), self.uuid(slot));
        age(one).cmp(&age(other))
    }

    fn by_rev(&self, one: u32, other: u32) -> Ordering {
        (self.rev(one), one).cmp(&(self.rev(other), other))
    }

    /// The entries of the index at a place.
    pub(super) fn entries(&self, index: usize) -> Option<&Entries> {
        self.indexes.as_ref().and_then(|indexes| indexes.entries.get(index))
    }

    /// The positions of the entries in a range: the first, and the one behind the last.
    pub(super) fn positions(entries: &Entries, range: &KeyRange) -> (u32, u32) {
        let first = entries.position(|entry| entry.key.bytes() < range.from.as_slice());
        let end = match &range.to {
            Some(to) => entries.position(|entry| entry.key.bytes() < to.as_slice()),
            None => entries.len(),
        };
        (first, end.max(first))
    }

    /// What an entry stands by among those with its key: when its document was created, and the
    /// UUID.
    pub(super) fn identity(&self, slot: u32) -> Vec<u8> {
        let (seconds, nanos) = self.forest().created(slot).parts();
        let mut bytes = (seconds ^ i64::MIN).to_be_bytes().to_vec();
        bytes.extend(nanos.to_be_bytes());
        bytes.extend(self.uuid(slot).to_be_bytes());
        bytes
    }

    /// What the indexes hold of a document that is going to change; its entries are taken out if
    /// it is going to `move_`, since they could not be found afterwards.
    pub(super) fn held(&mut self, slot: u32, moves: bool) -> Option<Held> {
        let indexes = self.indexes.as_ref()?;
        let keys = IndexRule::all_keys(&indexes.rules, self, slot);
        let mut held = Held { slot, keys, codes: self.codes(slot) };
        self.edit_indexes(|state, indexes| {
            indexes.by_rev.remove(slot, &|one, other| state.by_rev(one, other));
        });
        if moves {
            let none = held.keys.iter().map(|_| Vec::new()).collect();
            let keys = std::mem::replace(&mut held.keys, none);
            self.exchange(slot, &keys, &held.keys);
        }
        Some(held)
    }

    /// Brings the indexes up to date after a change of the document that `held` is about.
    pub(super) fn index_again(&mut self, held: Option<Held>) {
        let Some(Held { slot, keys, codes }) = held else { return };
        let now = self.codes(slot);
        if now != codes {
            self.edit_indexes(|_, indexes| {
                indexes.facets.remove(codes, slot);
                indexes.facets.add(now, slot);
            });
        }
        self.index_entries(slot, &keys);
    }

    /// Takes a new document into the indexes.
    pub(super) fn index_new(&mut self, slot: u32) {
        let Some(indexes) = &self.indexes else { return };
        let none = vec![Vec::new(); indexes.rules.len()];
        let codes = self.codes(slot);
        self.edit_indexes(|_, indexes| indexes.facets.add(codes, slot));
        self.index_entries(slot, &none);
    }

    fn index_entries(&mut self, slot: u32, before: &[Vec<Key>]) {
        let Some(indexes) = &self.indexes else { return };
        let now = IndexRule::all_keys(&indexes.rules, self, slot);
        self.exchange(slot, before, &now);
        self.edit_indexes(|state, indexes| {
            indexes.by_rev.insert(slot, &|one, other| state.by_rev(one, other));
        });
    }

    /// Takes a document out of the indexes, before it goes.
    pub(super) fn unindex(&mut self, slot: u32) {
        let Some(held) = self.held(slot, true) else { return };
        self.edit_indexes(|_, indexes| indexes.facets.remove(held.codes, slot));
    }

    fn exchange(&mut self, slot: u32, before: &[Vec<Key>], now: &[Vec<Key>]) {
        if before == now {
            return;
        }
        self.edit_indexes(|state, indexes| {
            let ties = |one, other| state.ties(one, other);
            let entries = Arc::make_mut(&mut indexes.entries);
            for (entries, (before, now)) in entries.iter_mut().zip(before.iter().zip(now)) {
                for key in before.iter().filter(|key| !now.contains(key)) {
                    entries.remove(&Entry { key: key.clone(), slot }, &ties);
                }
                for key in now.iter().filter(|key| !before.contains(key)) {
                    entries.insert(Entry { key: key.clone(), slot }, &ties);
                }
            }
        });
    }

    /// Lets `edit` change the indexes while it sees the rest of the state.
    fn edit_indexes(&mut self, edit: impl FnOnce(&State, &mut Indexes)) {
        let Some(mut indexes) = self.indexes.take() else { return };
        edit(self, &mut indexes);
        self.indexes = Some(indexes);
    }

    /// The documents written after revision `rev`, in the order of their revisions.
    pub(super) fn slots_since(&self, rev: u64) -> impl Iterator<Item = u32> + '_ {
        let by_rev = self.indexes.as_ref().map(|indexes| &indexes.by_rev);
        by_rev.into_iter().flat_map(move |by_rev| {
            by_rev.iter_from(by_rev.position_by(|slot| self.rev(slot).cmp(&rev.saturating_add(1))))
        })
    }

    /// Checks that a document shares no key of a unique index.
    ///
    /// # Errors
    /// EXISTS naming the index, the key and the other document.
    pub(super) fn check_unique(&self, slot: u32) -> Result<()> {
        let Some(indexes) = &self.indexes else { return Ok(()) };
        let rules = indexes.rules.iter().zip(indexes.entries.iter());
        for (rule, entries) in rules.filter(|(rule, _)| rule.is_unique) {
            for key in rule.keys_of(self, slot) {
                let first = entries.position(|entry| entry.key < key);
                let mut same = entries.iter_from(first).take_while(|entry| entry.key == key);
                if let Some(other) = same.find(|entry| entry.slot != slot) {
                    return Err(self.not_unique(rule, other));
                }
            }
        }
        Ok(())
    }

    fn not_unique(&self, rule: &IndexRule, other: &Entry) -> Error {
        let shown = rule.show(other.key.bytes(), &self.schema).to_text();
        let message =
            format!("another document has the key {shown} in the unique index '{}'", rule.name);
        Error::new(ErrorKind::Exists, message)
            .named("NOT_UNIQUE")
            .field(format!("indexes.{}", rule.name))
            .actual(shown)
            .candidates(vec![self.uuid_text(other.slot)])
    }

    /// Documents that share a key of a unique index, by the names of these indexes.
    pub(super) fn duplicates(&self) -> Vec<(&str, Vec<u32>)> {
        let Some(indexes) = &self.indexes else { return Vec::new() };
        let rules = indexes.rules.iter().zip(indexes.entries.iter());
        let unique = rules.filter(|(rule, _)| rule.is_unique).map(|(rule, entries)| {
            let all: Vec<&Entry> = entries.iter_from(0).collect();
            let groups = all.chunk_by(|one, other| one.key == other.key);
            let shared = groups.filter(|group| group.len() > 1);
            (rule.name.as_str(), shared.flatten().map(|entry| entry.slot).collect())
        });
        unique.filter(|(_, slots): &(&str, Vec<u32>)| !slots.is_empty()).collect()
    }

    /// Checks that no documents share a key of a unique index that `old` did not have.
    ///
    /// # Errors
    /// CONSTRAINT naming the index and the first documents.
    pub(super) fn check_new_unique(&self, old: &State) -> Result<()> {
        for (name, slots) in self.duplicates() {
            let declared = |state: &State| {
                state.schema.indexes.iter().find(|index| index.name == name).cloned()
            };
            if declared(self) == declared(old) {
                continue;
            }
            let named = slots.iter().take(DUPLICATES_MAX).map(|&slot| self.uuid_text(slot));
            let message = format!(
                "the index '{name}' is to be unique, but {} documents share their keys with others",
                slots.len()
            );
            return Err(Error::new(ErrorKind::Constraint, message)
                .named("NOT_UNIQUE")
                .field(format!("indexes.{name}"))
                .actual(format!("{} documents", slots.len()))
                .candidates(named.collect())
                .hint("change them first, or declare the index without unique"));
        }
        Ok(())
    }
}
