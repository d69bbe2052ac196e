//! The indexes of a state. Each part is made when it is first used, of all documents, and changed
//! with each of them from then on: most processes never use most parts.
//!
//! States with the same documents share the parts. A state that is going to change makes them its
//! own first ([`State::own_indexes`]), so that a part is of just the documents of its state.
//!
//! Entries with equal keys stand in the order of creation, then of UUIDs: an order that outlives
//! the process, unlike slots.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use crate::engine::facets::Facets;
use crate::engine::lazy::Lazy;
use crate::engine::state::State;
use crate::error::{Error, ErrorKind, Result};
use crate::index::{Entries, Entry, Key, Members};
use crate::model::document::Codes;
use crate::query::{IndexRule, KeyRange, Source};

/// Documents named in an error about duplicates at most.
const DUPLICATES_MAX: usize = 10;
/// Entries of a range that are looked at before its end is searched for.
const FEW: usize = 4;

/// The indexes of a state.
#[derive(Clone)]
pub(super) struct Indexes {
    pub(super) rules: Arc<Vec<IndexRule>>,
    parts: Arc<Parts>,
}

/// What is made of the documents.
#[derive(Clone)]
struct Parts {
    /// By the place of their rule.
    entries: Vec<Lazy<Entries>>,
    facets: Lazy<Facets>,
    /// By revision; those of one commit in the order of arrival.
    by_rev: Lazy<Members>,
}

/// The keys of a document by the place of their rule; none where the entries were not made.
#[derive(Default, PartialEq)]
pub(super) struct Keys(Vec<Option<Vec<Key>>>);

/// What the indexes hold of a document.
pub(super) struct Held {
    slot: u32,
    keys: Keys,
    codes: Codes,
}

impl Keys {
    /// The keys in the index at a place, if its entries were made.
    fn of(&self, index: usize) -> Option<&[Key]> {
        self.0.get(index)?.as_deref()
    }

    /// The keys that have entries in the index at a place.
    fn listed(&self, index: usize) -> &[Key] {
        self.of(index).unwrap_or_default()
    }
}

impl State {
    /// Makes the rules of the indexes ready, for parts to be made by them.
    ///
    /// # Errors
    /// INVALID and LIMIT naming the member of the schema.
    pub(super) fn declare_indexes(&mut self) -> Result<()> {
        let rules = Arc::new(IndexRule::all(self)?);
        let entries = rules.iter().map(|_| Lazy::default()).collect();
        let (facets, by_rev) = (Lazy::default(), Lazy::default());
        let parts = Arc::new(Parts { entries, facets, by_rev });
        self.indexes = Some(Indexes { rules, parts });
        Ok(())
    }

    /// The entries of the index at a place.
    pub(super) fn entries(&self, index: usize) -> Option<&Entries> {
        let Indexes { rules, parts } = self.indexes.as_ref()?;
        let (rule, entries) = rules.get(index).zip(parts.entries.get(index))?;
        Some(entries.get(|| self.make_entries(rule)))
    }

    /// The documents by the combination of their values in the dimensions.
    pub(super) fn facets(&self) -> Option<&Facets> {
        let facets = &self.indexes.as_ref()?.parts.facets;
        Some(facets.get(|| Facets::of(self.slots().map(|slot| (self.codes(slot), slot)))))
    }

    /// The documents by their revisions.
    fn by_rev(&self) -> Option<&Members> {
        let by_rev = &self.indexes.as_ref()?.parts.by_rev;
        Some(by_rev.get(|| {
            let mut slots: Vec<u32> = self.slots().collect();
            slots.sort_by_key(|&slot| self.rev(slot));
            Members::of(&slots)
        }))
    }

    fn make_entries(&self, rule: &IndexRule) -> Entries {
        let of = |slot| rule.keys_of(self, slot).into_iter().map(move |key| Entry { key, slot });
        let mut list: Vec<Entry> = self.slots().flat_map(of).collect();
        list.sort_unstable_by(|one, other| {
            one.key.cmp(&other.key).then_with(|| self.ties(one.slot, other.slot))
        });
        Entries::from_list(list)
    }

    /// Makes the parts this state's own, before its documents change. What somebody wants and is
    /// not there is made first, for all states with these documents; so the next state has it, too.
    pub(super) fn own_indexes(&mut self) {
        let Some(indexes) = &mut self.indexes else { return };
        if Arc::get_mut(&mut indexes.parts).is_some() {
            return;
        }
        self.make_wanted();
        if let Some(indexes) = &mut self.indexes {
            Arc::make_mut(&mut indexes.parts);
        }
    }

    fn make_wanted(&self) {
        let Some(Indexes { parts, .. }) = &self.indexes else { return };
        for (index, _) in parts.entries.iter().enumerate().filter(|(_, it)| it.is_wanted()) {
            self.entries(index);
        }
        if parts.facets.is_wanted() {
            self.facets();
        }
        if parts.by_rev.is_wanted() {
            self.by_rev();
        }
    }

    /// The order of entries with equal keys.
    fn ties(&self, one: u32, other: u32) -> Ordering {
        let age = |slot| (self.forest().created(slot), self.uuid(slot));
        age(one).cmp(&age(other))
    }

    fn cmp_by_rev(&self, one: u32, other: u32) -> Ordering {
        (self.rev(one), one).cmp(&(self.rev(other), other))
    }

    /// The positions of the entries in a range: the first, and the one behind the last.
    pub(super) fn positions(entries: &Entries, range: &KeyRange) -> (u32, u32) {
        let first = entries.position(|entry| entry.key.bytes() < range.from.as_slice());
        let Some(to) = &range.to else { return (first, entries.len()) };
        let is_within = |entry: &Entry| entry.key.bytes() < to.as_slice();
        // Most ranges are of one value, and few documents have it.
        let found = (first..).zip(entries.iter_from(first).take(FEW));
        let end = found.skip_while(|(_, entry)| is_within(entry)).map(|(end, _)| end).next();
        (first, end.unwrap_or_else(|| entries.position(is_within).max(first)))
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
    /// it `moves`, since they could not be found afterwards.
    pub(super) fn held(&mut self, slot: u32, moves: bool) -> Option<Held> {
        self.own_indexes();
        let mut held = Held { slot, keys: self.keys(slot, None)?, codes: self.codes(slot) };
        self.edit_indexes(|state, parts| {
            if let Some(by_rev) = parts.by_rev.made_mut() {
                by_rev.remove(slot, &|one, other| state.cmp_by_rev(one, other));
            }
        });
        if moves {
            let keys = std::mem::take(&mut held.keys);
            self.exchange(slot, &keys, &held.keys);
        }
        Some(held)
    }

    /// Brings the indexes up to date after a change of the document that `held` is about, which
    /// holds `data` now. Gives its keys.
    pub(super) fn index_again(&mut self, held: Option<Held>, data: &str) -> Keys {
        let Some(Held { slot, keys, codes }) = held else { return Keys::default() };
        let now = self.codes(slot);
        if now != codes {
            self.edit_facets(|facets| {
                facets.remove(codes, slot);
                facets.add(now, slot);
            });
        }
        self.index_entries(slot, &keys, data)
    }

    /// Takes a new document, which holds `data`, into the indexes, which the state has made its own
    /// before. Gives its keys.
    pub(super) fn index_new(&mut self, slot: u32, data: &str) -> Keys {
        let codes = self.codes(slot);
        self.edit_facets(|facets| facets.add(codes, slot));
        self.index_entries(slot, &Keys::default(), data)
    }

    fn index_entries(&mut self, slot: u32, before: &Keys, data: &str) -> Keys {
        let Some(now) = self.keys(slot, Some(data)) else { return Keys::default() };
        self.exchange(slot, before, &now);
        self.edit_indexes(|state, parts| {
            if let Some(by_rev) = parts.by_rev.made_mut() {
                by_rev.insert(slot, &|one, other| state.cmp_by_rev(one, other));
            }
        });
        now
    }

    /// Takes a document out of the indexes, before it goes.
    pub(super) fn unindex(&mut self, slot: u32) {
        let Some(held) = self.held(slot, true) else { return };
        self.edit_facets(|facets| facets.remove(held.codes, slot));
    }

    /// The keys of a document in each index whose entries were made.
    fn keys(&self, slot: u32, data: Option<&str>) -> Option<Keys> {
        let Indexes { rules, parts } = self.indexes.as_ref()?;
        let rules = rules.iter().zip(&parts.entries);
        let made = rules.map(|(rule, entries)| entries.made().map(|_| rule));
        Some(Keys(IndexRule::keys_in(made, self, slot, data)))
    }

    fn exchange(&mut self, slot: u32, before: &Keys, now: &Keys) {
        if before == now {
            return;
        }
        self.edit_indexes(|state, parts| {
            let ties = |one, other| state.ties(one, other);
            for (index, entries) in parts.entries.iter_mut().enumerate() {
                let Some(entries) = entries.made_mut() else { continue };
                let (before, now) = (before.listed(index), now.listed(index));
                for key in before.iter().filter(|key| !now.contains(key)) {
                    entries.remove(&Entry { key: key.clone(), slot }, &ties);
                }
                for key in now.iter().filter(|key| !before.contains(key)) {
                    entries.insert(Entry { key: key.clone(), slot }, &ties);
                }
            }
        });
    }

    fn edit_facets(&mut self, edit: impl FnOnce(&mut Facets)) {
        self.edit_indexes(|_, parts| {
            if let Some(facets) = parts.facets.made_mut() {
                edit(facets);
            }
        });
    }

    /// Lets `edit` change the parts while it sees the rest of the state.
    fn edit_indexes(&mut self, edit: impl FnOnce(&State, &mut Parts)) {
        let Some(mut indexes) = self.indexes.take() else { return };
        edit(self, Arc::make_mut(&mut indexes.parts));
        self.indexes = Some(indexes);
    }

    /// The documents written after revision `rev`, in the order of their revisions.
    pub(super) fn slots_since(&self, rev: u64) -> impl Iterator<Item = u32> + '_ {
        self.by_rev().into_iter().flat_map(move |by_rev| {
            by_rev.iter_from(by_rev.position_by(|slot| self.rev(slot).cmp(&rev.saturating_add(1))))
        })
    }

    /// Checks that a document, whose `keys` these are, shares none of a unique index.
    ///
    /// # Errors
    /// EXISTS naming the index, the key and the other document, as it was `before`.
    pub(super) fn check_unique(&self, slot: u32, keys: &Keys, before: &State) -> Result<()> {
        for (index, rule) in self.unique_rules() {
            let keys = match keys.of(index) {
                Some(keys) => Cow::Borrowed(keys),
                None => Cow::Owned(rule.keys_of(self, slot)),
            };
            for key in keys.iter() {
                let Some(entries) = self.entries(index) else { continue };
                let first = entries.position(|entry| entry.key < *key);
                let mut same = entries.iter_from(first).take_while(|entry| entry.key == *key);
                if let Some(other) = same.find(|entry| entry.slot != slot) {
                    return Err(self.not_unique(rule, other, before));
                }
            }
        }
        Ok(())
    }

    /// The rules of the unique indexes, and their places.
    fn unique_rules(&self) -> impl Iterator<Item = (usize, &IndexRule)> {
        self.rules().iter().enumerate().filter(|(_, rule)| rule.is_unique)
    }

    #[cold]
    fn not_unique(&self, rule: &IndexRule, other: &Entry, before: &State) -> Error {
        let known = if before.is_live(other.slot) { before } else { self };
        let shown = rule.show(other.key.bytes(), &self.schema).to_text();
        let message = format!(
            "another document has the key {shown} in the unique index '{}': {}",
            rule.name,
            known.named(other.slot)
        );
        Error::new(ErrorKind::Exists, message)
            .named("NOT_UNIQUE")
            .field(format!("indexes.{}", rule.name))
            .actual(shown)
            .candidates(vec![self.uuid_text(other.slot)])
    }

    /// Documents that share a key of a unique index, by the names of these indexes.
    pub(super) fn duplicates(&self) -> Vec<(&str, Vec<u32>)> {
        let unique = self.unique_rules();
        let unique = unique.map(|(index, rule)| (rule.name.as_str(), self.duplicates_in(index)));
        unique.filter(|(_, slots)| !slots.is_empty()).collect()
    }

    /// Documents that share a key of the index at a place.
    fn duplicates_in(&self, index: usize) -> Vec<u32> {
        let entries = self.entries(index);
        let all: Vec<&Entry> = entries.into_iter().flat_map(|it| it.iter_from(0)).collect();
        let groups = all.chunk_by(|one, other| one.key == other.key);
        let shared = groups.filter(|group| group.len() > 1);
        shared.flatten().map(|entry| entry.slot).collect()
    }

    /// Checks that no documents share a key of a unique index that `old` did not have.
    ///
    /// # Errors
    /// CONSTRAINT naming the index and the first documents.
    pub(super) fn check_new_unique(&self, old: &State) -> Result<()> {
        for (index, IndexRule { name, .. }) in self.unique_rules() {
            let declared =
                |state: &State| state.schema.indexes.iter().find(|it| it.name == *name).cloned();
            if declared(self) == declared(old) {
                continue;
            }
            let slots = self.duplicates_in(index);
            if slots.is_empty() {
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

#[cfg(test)]
mod tests;
